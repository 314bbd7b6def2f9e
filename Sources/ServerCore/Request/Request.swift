// Apache: include/httpd.h (request_rec)

import Bytes
import EventLoop
import HTTP
import Kernel

/// One request on its way through the phases. Lives on one loop, belongs to one task, and is never shared.
///
/// Names are request_rec's. What a phase reads of the client beyond target, method and Host must be read through
/// `header(_:)`, `remoteAddress` and the like: they note the dependency, so that the outcome of the walk can be
/// kept for the next request that agrees in everything that was looked at (docs/FLOW.md, "Plans").
public final class Request {
    public let connection: Connection
    public var server: Server
    /// The request this one was made for (subrequest), or that was internally redirected to this one.
    public internal(set) var main: Request?
    public internal(set) var previous: Request?
    public internal(set) var next: Request?

    // What the client said.
    public var method: ByteString
    public var methodNumber: Method
    /// `GET /x HTTP/1.1`, as logged by %r.
    public var requestLine: ByteString
    public var unparsedURI: ByteString
    /// 0.9 is 9, 1.0 is 1000, 1.1 is 1001, as HTTP_VERSION().
    public var protocolNumber: Int
    public var hostname: ByteString?
    public var isHeadOnly: Bool
    public var assumedHTTP09 = false
    /// The forward-proxy kind of request (`GET http://other/`).
    public var isProxyRequest = false
    /// µs since the epoch.
    public var requestTime: Int64

    // What it means.
    public var uri: ByteString
    public var args: ByteString?
    public var pathInfo: ByteString = ""
    public var filename: ByteString?
    public var canonicalFilename: ByteString?
    public var finfo: FileStatus?
    public var perDirectory: PerDirectoryConfig
    public var handler: ByteString?
    /// Setting it makes it untrusted; see ``setContentType(_:isTrusted:)``.
    public var contentType: ByteString? { didSet { isContentTypeTrusted = false } }
    /// The type comes from the server's configuration, so it may name a handler (AP_REQUEST_TRUSTED_CT).
    public private(set) var isContentTypeTrusted = false
    public var contentEncoding: ByteString?
    public var contentLanguages: [ByteString] = []
    public var user: ByteString?
    public var authType: ByteString?
    /// `r->ap_auth_type` requirement already satisfied by access control (Satisfy any).
    /// What programs and scripts are told (r->subprocess_env).
    public var env: Table {
        _read {
            addPendingVariables()
            yield environment
        }
        _modify {
            addPendingVariables()
            yield &environment
        }
    }
    private var environment = Table()
    /// Adds variables that nobody has asked for yet, once somebody does: those of CGI, where a script was told them already.
    public var pendingVariables: (@Sendable (Request) -> Void)?
    private func addPendingVariables() {
        guard let add = pendingVariables else { return }
        pendingVariables = nil
        add(self)
    }
    /// Whether one of the variables is set that Apache itself obeys (`nokeepalive`, `no-gzip`), which are never CGI's.
    public func isSet(_ name: StaticString) -> Bool { environment.contains(name) }
    public var notes = Table()
    public var vlistValidator: ByteString?
    /// Which URL part a `<Location>` or `ProxyPass` matched; CONTEXT_PREFIX and CONTEXT_DOCUMENT_ROOT.
    public var contextPrefix: ByteString?
    public var contextDocumentRoot: ByteString?
    public var usedPathInfo: AcceptPathInfo = .default

    // The answer.
    public var status = 200
    /// Overrides the reason line: `403 Go away`.
    public var statusLine: ByteString?
    public var headersOut = Table()
    /// Sent with errors too, and kept over internal redirects.
    public var errHeadersOut = Table()
    public var responseBody: ResponseBody = .none
    public var noCache = false
    public var noLocalCopy = false
    public var mtime: Int64 = 0
    /// Bit set by Method.bit; what OPTIONS and 405 report.
    public var allowed: UInt64 = 0
    public var outputFilters: [OutputFilter] = []
    /// Wraps what is sent, behind the choice of ranges and before chunks are made (AP_FTYPE_CONNECTION - 1). For the
    /// speed of sending only: it must give the same bytes.
    public var pacing: ((any BodySource) -> any BodySource)?
    public var bytesSent: Int64 = 0
    public var expectingContinue = false
    /// Port of the Host field; 0 without one.
    public internal(set) var hostPort: UInt16 = 0
    /// The status of a request that could not be read.
    var pendingStatus = 400
    /// Date and Server of the answer come from another server (mod_proxy).
    public var isProxyResponse = false
    var answersAsHTTP10 = false
    public var trailersIn = Table()
    /// Fields behind the body, where the protocol has a place for them (trailers_out).
    public var trailersOut = Table()
    /// Bytes of status line and fields (%O).
    public internal(set) var headerBytesSent = 0
    /// Bytes that chunks add to the body (%O).
    public internal(set) var framingBytesSent: Int64 = 0
    /// Bytes of the request: line, fields and what was read of the body (%I). Known when the request is logged.
    public internal(set) var bytesReceived: Int64 = 0
    /// The client's name, when a lookup found one.
    public var resolvedRemoteHost: ByteString?
    /// Status, fields and body are final and went through their filters.
    var isPrepared = false
    public internal(set) var isErrorResponse = false
    /// Do not add `AddDefaultCharset`'s charset.
    public var suppressCharset = false
    /// The body's length is not told though it is known: Apache's content length filter sees such a body without its
    /// end, or has already seen another one pass (errors that are found further down).
    public var isLengthUntold = false
    /// The handler's body is the whole answer, head included (CGI programs named `nph-…`); the connection ends with it.
    public var hasOwnHead = false
    /// A handler may let POST deliver a plain file (r->deliver_script).
    public var deliverScript = true

    /// The request body; reading it sends `100 Continue` where the client waits for one.
    public var body: (any BodySource)?
    public var bodyFraming: BodyFraming = .none
    public var inputFilters: [InputFilter] = []
    /// Filters read the body before the handler does, so that its length is not what the client said.
    public internal(set) var isBodyFiltered = false

    /// See ``Outcome/suspended``.
    public var blockingWork: (@Sendable () -> any Sendable)?
    public var blockingResult: (any Sendable)?
    /// The same for what waits on the loop instead of blocking: for the client itself. It leaves what it found with the module.
    public var loopWork: (() async -> Void)?

    /// A module took the path before it was decoded; it stays as it is.
    var keepsPathEncoded = false
    /// The phase to run next; nil when all were run.
    var phase: Phase? = .normalizePath
    var authorizationStep = Authorization.Step.access
    /// A lookup of a file rather than of a URL.
    public internal(set) var isFileSubrequest = false

    /// Where modules keep what they know of this request between phases, by key.
    public var moduleState: [ObjectIdentifier: Any] = [:]

    /// Where the walk led, when others may use it too.
    public internal(set) var keptWalk: KeptWalk?
    /// What the walk looked at; see ``Plan``.
    public internal(set) var dependencies = InputDependencies()
    var headersInStorage = Table()

    public init(connection: Connection, server: Server, method: ByteString, unparsedURI: ByteString) {
        self.connection = connection
        self.server = server
        self.method = method
        methodNumber = Method(method)
        self.unparsedURI = unparsedURI
        requestLine = ""
        protocolNumber = 1001
        isHeadOnly = method == "HEAD"
        requestTime = connection.loop.realTime
        uri = unparsedURI
        perDirectory = server.lookupDefaults
    }

    /// The request is over and logged: undoes the references in both directions, between redirects and between a request and
    /// the source of its body, that would keep it in memory for ever. The first of a chain is told.
    func letGo() {
        var request: Request? = self
        while let current = request {
            current.responseBody = .none
            current.body = nil
            current.outputFilters = []
            current.inputFilters = []
            current.pacing = nil
            current.moduleState = [:]
            current.keptWalk = nil
            request = current.next
            current.next = nil
        }
    }

    /// Sets the media type and whether it may choose the handler (ap_set_content_type_ex).
    public func setContentType(_ type: ByteString?, isTrusted: Bool) {
        contentType = type
        isContentTypeTrusted = isTrusted
    }

    public var loop: EventLoop { connection.loop }
    public var configuration: Configuration { server.configuration }
    /// What the loop knows of the file system; phases ask here, never the kernel, so that answers can be remembered.
    public var files: FileCache { connection.worker.files }
    /// mod_proxy answers, in whatever way it came to that (r->proxyreq): `LimitRequestBody` does not hold.
    var isProxied: Bool {
        isProxyRequest || handler.map { $0 == "proxy-server" || $0.hasPrefix("proxy:") } ?? false
    }
    public var isSubrequest: Bool { main != nil }
    /// True for the request the client sent, false for subrequests and internal redirects.
    public var isInitial: Bool { main == nil && previous == nil }
    /// The last of a chain of internal redirects: the one that was answered.
    public var last: Request {
        var request = self
        while let next = request.next { request = next }
        return request
    }
    /// The first of the chain, the one the client sent.
    public var first: Request {
        var request = self
        while let earlier = request.main ?? request.previous { request = earlier }
        return request
    }

    /// A module's per-directory configuration for this request.
    public subscript<Value>(key: ConfigKey<Value>) -> Value {
        _read { yield perDirectory.vector[key] }
    }

    // MARK: Request fields

    /// The value of a request field; several of one name come joined with ", ".
    public func header(_ name: ByteString) -> ByteString? {
        dependencies.note(header: name)
        return headersInStorage[name]
    }
    /// Every request field. Whoever reads all of them makes the request uncacheable.
    public var headersIn: Table {
        get {
            dependencies.everything = true
            return headersInStorage
        }
        set {
            dependencies.everything = true
            headersInStorage = newValue
        }
    }
    /// For loggers, which run for every request anyway: appends without a note and without allocating.
    public func append(header name: ByteString, to buffer: inout [UInt8]) -> Bool {
        headersInStorage.append(valueOf: name, to: &buffer)
    }

    // MARK: Who asks

    /// The client's address as the server sees it (mod_remoteip may have changed it).
    public var remoteAddress: SocketAddress {
        dependencies.remoteAddress = true
        return useragentAddress
    }
    public lazy var useragentAddress: SocketAddress = connection.remoteAddress

    /// The answer depends on more than what the request says: time, randomness, a file that is not watched.
    public func doNotReuse() { dependencies.everything = true }
    /// The answer names the time: it is good for other requests of this second.
    public func dependsOnSecond() { dependencies.second = true }
}

/// What of the client's input the walk of a request has read beyond request line and Host.
public struct InputDependencies: Sendable {
    public internal(set) var headers: [ByteString] = []
    public internal(set) var remoteAddress = false
    /// More than can be compared cheaply: the outcome is for this request only.
    public internal(set) var everything = false
    /// The current second (`Expires`).
    public internal(set) var second = false

    mutating func note(header name: ByteString) {
        if everything { return }
        for known in headers where known.equalsIgnoringCase(name) { return }
        headers.append(name)
    }
    mutating func formUnion(_ other: InputDependencies) {
        for name in other.headers { note(header: name) }
        remoteAddress = remoteAddress || other.remoteAddress
        everything = everything || other.everything
        second = second || other.second
    }
}
