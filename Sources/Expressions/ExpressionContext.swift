// Apache: server/util_expr_eval.c
import Bytes

/// Variables whose value is a fact of the request, its connection or the server. Raw values are their names.
public enum ExpressionVariable: String, CaseIterable, Sendable {
    case requestMethod = "REQUEST_METHOD"
    case requestScheme = "REQUEST_SCHEME"
    case requestURI = "REQUEST_URI"
    case requestFilename = "REQUEST_FILENAME"
    case remoteHost = "REMOTE_HOST"
    case remoteIdent = "REMOTE_IDENT"
    case remoteUser = "REMOTE_USER"
    case serverAdmin = "SERVER_ADMIN"
    case serverName = "SERVER_NAME"
    case serverPort = "SERVER_PORT"
    case serverProtocol = "SERVER_PROTOCOL"
    case scriptFilename = "SCRIPT_FILENAME"
    case pathInfo = "PATH_INFO"
    case queryString = "QUERY_STRING"
    /// `true` or `false`.
    case isSubrequest = "IS_SUBREQ"
    case documentRoot = "DOCUMENT_ROOT"
    case authType = "AUTH_TYPE"
    case theRequest = "THE_REQUEST"
    /// Of the response.
    case contentType = "CONTENT_TYPE"
    case handler = "HANDLER"
    case requestLogID = "REQUEST_LOG_ID"
    /// Name of the file's owner.
    case scriptUser = "SCRIPT_USER"
    case scriptGroup = "SCRIPT_GROUP"
    /// The environment's `DOCUMENT_URI` (set for SSI), or the request's URI.
    case documentURI = "DOCUMENT_URI"
    case contextPrefix = "CONTEXT_PREFIX"
    case contextDocumentRoot = "CONTEXT_DOCUMENT_ROOT"
    case requestStatus = "REQUEST_STATUS"
    /// The user agent's address; mod_remoteip may have changed it.
    case remoteAddress = "REMOTE_ADDR"
    case remotePort = "REMOTE_PORT"
    /// `on` or `off`.
    case https = "HTTPS"
    /// `on` or `off`; `off` for IPv4 in IPv6.
    case ipv6 = "IPV6"
    case connectionLogID = "CONN_LOG_ID"
    /// The peer of the connection.
    case connectionRemoteAddress = "CONN_REMOTE_ADDR"
    /// `on` or `off`.
    case http2 = "HTTP2"
    case serverSoftware = "SERVER_SOFTWARE"
}

/// Operators that ask about a file.
public enum FileTest: UInt8, Sendable {
    /// `-d`
    case directory
    /// `-e`
    case exists
    /// `-f`: a regular file.
    case file
    /// `-s`: a regular file that is not empty.
    case nonEmptyFile
    /// `-L` and `-h`: a symbolic link.
    case link
    /// `-x`: any execute bit, of the link itself if it is one.
    case executable
}

/// What reading a file for `file()` gave.
public enum ExpressionFile: Sendable, Equatable {
    case contents(ByteString)
    case cannotOpen
    /// It has more bytes than the limit.
    case tooLarge
    case cannotRead
}

/// Local time, as its variables show it.
public struct ExpressionTime: Sendable, Equatable {
    public var year: Int
    /// 1–12
    public var month: Int
    public var day: Int
    public var hour: Int
    public var minute: Int
    public var second: Int
    /// 0 is Sunday.
    public var weekday: Int

    public init(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, weekday: Int) {
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second, self.weekday) = (hour, minute, second, weekday)
    }
}

/// Where an evaluation gets its facts from: the server's view of a request.
///
/// Every access of an evaluation passes through here, once per access, so that the host can note what a result depends on.
/// A nil string is an empty string to the language. Methods are called on the thread that evaluates.
public protocol ExpressionContext {
    func variable(_ variable: ExpressionVariable) -> ByteString?
    /// The current local time.
    var now: ExpressionTime { get }
    /// Local time of the requested file's last change (`r->mtime`); 1970 when there is none.
    var lastModified: ExpressionTime { get }
    /// A header of the request. `varying` is false where reading does not make the response depend on it.
    func requestHeader(_ name: ByteString, varying: Bool) -> ByteString?
    /// A header of the response, of the ordinary table or else of the one for errors.
    func responseHeader(_ name: ByteString) -> ByteString?
    /// The request's notes (`r->notes`).
    func note(_ name: ByteString) -> ByteString?
    /// The request's environment (`r->subprocess_env`).
    func environment(_ name: ByteString) -> ByteString?
    /// The server's own environment (getenv).
    func processEnvironment(_ name: ByteString) -> ByteString?
    /// The user agent's address; nil makes `-R` false.
    var remoteAddress: IPAddress? { get }
    func fileTest(_ test: FileTest, _ path: ByteString) -> Bool
    /// Size of a regular file; nil for anything else.
    func fileSize(_ path: ByteString) -> Int?
    /// All of a file of at most `limit` bytes.
    func fileContents(_ path: ByteString, limit: Int) -> ExpressionFile
    /// `-F`: whether a subrequest for the file gets a status below 300 and the file exists.
    func lookupFile(_ path: ByteString) -> Bool
    /// `-U` and `-A`: whether a subrequest for the URI gets a status below 400. The host answers false
    /// when the request is itself a subrequest of a request with the same URI.
    func lookupURI(_ uri: ByteString) -> Bool
    /// The address of a host name, for the left side of `-ipmatch`; Apache asks the resolver, which also knows short
    /// forms such as 127.1. Ordinary addresses do not get here.
    func resolve(_ name: ByteString) -> IPAddress?
    /// A variable that an `ExpressionLookup` answered for.
    func moduleVariable(_ number: Int, _ name: ByteString) -> ByteString?
    /// A function that an `ExpressionLookup` answered for.
    func moduleFunction(_ number: Int, _ name: ByteString, _ argument: ByteString) -> ByteString?
    /// A list function that an `ExpressionLookup` answered for.
    func moduleList(_ number: Int, _ name: ByteString, _ argument: ByteString) -> [ByteString]
    /// To be merged into the response's `Vary`: names of headers, separated by ", ", perhaps repeated. Called once after a
    /// condition that read headers, unless the evaluation failed. (Strings never add to `Vary` in Apache.)
    func vary(on names: ByteString)
    /// A message of level debug.
    func logDebug(_ message: @autoclosure () -> String)
}

extension ExpressionContext {
    public func resolve(_ name: ByteString) -> IPAddress? { nil }
    public func moduleVariable(_ number: Int, _ name: ByteString) -> ByteString? { nil }
    public func moduleFunction(_ number: Int, _ name: ByteString, _ argument: ByteString) -> ByteString? { nil }
    public func moduleList(_ number: Int, _ name: ByteString, _ argument: ByteString) -> [ByteString] { [] }
    public func vary(on names: ByteString) {}
    public func logDebug(_ message: @autoclosure () -> String) {}
}
