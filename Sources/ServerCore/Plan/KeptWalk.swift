// No Apache counterpart: Apache walks for every request. See Plan.swift.

import Bytes
import Kernel

/// What the phases made of a request whose handler answers anew each time (a script): kept for the next request that agrees in
/// everything the walk looked at, as with ``Plan``. Belongs to one loop and is not changed once it is kept, but for
/// what the handler adds.
public final class KeptWalk {
    let key: [UInt8]
    let candidates: UInt32
    let sharing: UInt32
    let epoch: UInt64
    private let dependencies: InputDependencies
    private let conditions: [(name: ByteString, value: ByteString?)]
    private let remoteAddress: SocketAddress?
    private let second: Int64?

    private let uri: ByteString
    private let args: ByteString?
    private let pathInfo: ByteString
    private let filename: ByteString?
    private let canonicalFilename: ByteString?
    private let finfo: FileStatus?
    private let perDirectory: PerDirectoryConfig
    private let handler: ByteString?
    private let contentType: ByteString?
    private let isContentTypeTrusted: Bool
    private let contentEncoding: ByteString?
    private let contentLanguages: [ByteString]
    private let user: ByteString?
    private let authType: ByteString?
    private let env: Table
    private let notes: Table
    private let vlistValidator: ByteString?
    private let context: (prefix: ByteString?, documentRoot: ByteString?)
    private let usedPathInfo: AcceptPathInfo
    private let headersOut: Table
    private let errHeadersOut: Table
    private let allowed: UInt64
    private let noCache: Bool
    private let noLocalCopy: Bool
    private let mtime: Int64

    /// What the module that answers has worked out of all this.
    public var prepared: AnyObject?

    /// Nil when the outcome is this request's alone.
    init?(_ request: Request, key: [UInt8], candidates: UInt32, sharing: UInt32, epoch: UInt64) {
        guard !request.dependencies.everything, request.outputFilters.isEmpty, request.inputFilters.isEmpty,
            request.moduleState.isEmpty, request.pacing == nil, request.status == 200, request.statusLine == nil,
            !request.isProxyRequest
        else { return nil }
        self.key = key
        self.candidates = candidates
        self.sharing = sharing
        self.epoch = epoch
        dependencies = request.dependencies
        conditions = request.dependencies.headers.filter { !$0.equalsIgnoringCase("Host") }.map {
            ($0, request.headersInStorage[$0])
        }
        remoteAddress = request.dependencies.remoteAddress ? request.connection.remoteAddress : nil
        second = request.dependencies.second ? request.requestTime / 1_000_000 : nil
        uri = request.uri
        args = request.args
        pathInfo = request.pathInfo
        filename = request.filename
        canonicalFilename = request.canonicalFilename
        finfo = request.finfo
        perDirectory = request.perDirectory
        handler = request.handler
        contentType = request.contentType
        isContentTypeTrusted = request.isContentTypeTrusted
        contentEncoding = request.contentEncoding
        contentLanguages = request.contentLanguages
        user = request.user
        authType = request.authType
        env = request.env
        notes = request.notes
        vlistValidator = request.vlistValidator
        context = (request.contextPrefix, request.contextDocumentRoot)
        usedPathInfo = request.usedPathInfo
        headersOut = request.headersOut
        errHeadersOut = request.errHeadersOut
        allowed = request.allowed
        noCache = request.noCache
        noLocalCopy = request.noLocalCopy
        mtime = request.mtime
    }

    /// Whether the walk would come to the same for this request, which has the same key.
    func agrees(_ request: Request) -> Bool {
        if let second, second != request.requestTime / 1_000_000 { return false }
        if let remoteAddress, !remoteAddress.hasSameHost(as: request.connection.remoteAddress) { return false }
        for condition in conditions where request.headersInStorage[condition.name] != condition.value { return false }
        return true
    }

    /// Takes the request to where the walk led.
    func apply(to request: Request) {
        request.dependencies.formUnion(dependencies)
        request.uri = uri
        request.args = args
        request.pathInfo = pathInfo
        request.filename = filename
        request.canonicalFilename = canonicalFilename
        request.finfo = finfo
        request.perDirectory = perDirectory
        request.handler = handler
        request.setContentType(contentType, isTrusted: isContentTypeTrusted)
        request.contentEncoding = contentEncoding
        request.contentLanguages = contentLanguages
        request.user = user
        request.authType = authType
        request.env = env
        request.notes = notes
        request.vlistValidator = vlistValidator
        (request.contextPrefix, request.contextDocumentRoot) = context
        request.usedPathInfo = usedPathInfo
        request.headersOut = headersOut
        request.errHeadersOut = errHeadersOut
        request.allowed = allowed
        request.noCache = noCache
        request.noLocalCopy = noLocalCopy
        request.mtime = mtime
        request.phase = nil
        request.keptWalk = self
    }
}

/// The walks one loop keeps, by request line, Host and (behind an internal redirect) URL.
struct WalkCache {
    private var walks: [[UInt8]: [KeptWalk]] = [:]
    /// Beyond it everything is forgotten and made anew as needed.
    static let limit = 2048
    /// Different outcomes for one key, by fields that were compared.
    static let variantLimit = 4

    static func key(_ request: Request) -> [UInt8] {
        var key = PlanCache.key(request.requestLine, request.headersInStorage["Host"])
        if request.previous != nil {
            key.append(10)
            key.append(request.unparsedURI)
        }
        return key
    }
    func find(_ key: [UInt8], _ request: Request, candidates: UInt32, sharing: UInt32, epoch: UInt64) -> KeptWalk? {
        walks[key]?.first {
            $0.epoch == epoch && $0.candidates == candidates && $0.sharing == sharing && $0.agrees(request)
        }
    }
    mutating func insert(_ walk: KeptWalk) {
        if walks.count >= Self.limit { walks.removeAll(keepingCapacity: true) }
        var others = walks[walk.key] ?? []
        others.removeAll { $0.epoch != walk.epoch }
        walks[walk.key] = [walk] + others.prefix(Self.variantLimit - 1)
    }
}

extension ProcessRequest {
    /// ``resolve(_:)``, or what it came to when it was last done for such a request.
    static func resolveOrRecall(_ request: Request) async -> Outcome {
        let worker = request.connection.worker
        guard !request.dependencies.everything, !request.isSubrequest,
            let sharing = worker.sharing(Int(request.connection.channel.index), request.connection.secondary)
        else { return await resolve(request) }
        let (epoch, unreliable) = (request.files.epoch, request.files.unreliableAnswers)
        let candidates = worker.parked[Int(request.connection.channel.index)].candidates
        let key = WalkCache.key(request)
        if let walk = worker.walks.find(key, request, candidates: candidates, sharing: sharing, epoch: epoch) {
            walk.apply(to: request)
            return .ok
        }
        let outcome = await resolve(request)
        // Without a handler of its own it is a file, and the whole answer is kept (Plan).
        if outcome == .ok, request.handler != nil, epoch == request.files.epoch,
            unreliable == request.files.unreliableAnswers,
            let walk = KeptWalk(request, key: key, candidates: candidates, sharing: sharing, epoch: epoch)
        {
            request.keptWalk = walk
            worker.walks.insert(walk)
        }
        return outcome
    }
}
