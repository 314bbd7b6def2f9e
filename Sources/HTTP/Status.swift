// Apache: modules/http/http_protocol.c (status_lines, ap_get_status_line_ex, ap_status_drops_connection)
import Bytes

/// A response status code. Any number may be sent; the named ones have a reason phrase.
public struct Status: RawRepresentable, Sendable, Hashable {
    public var rawValue: UInt16
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
    @inlinable public init(_ code: Int) { rawValue = UInt16(clamping: code) }
    @inlinable public var code: Int { Int(rawValue) }
}

extension Status {
    @inlinable public static var `continue`: Status { Status(100) }
    @inlinable public static var switchingProtocols: Status { Status(101) }
    @inlinable public static var ok: Status { Status(200) }
    @inlinable public static var created: Status { Status(201) }
    @inlinable public static var accepted: Status { Status(202) }
    @inlinable public static var noContent: Status { Status(204) }
    @inlinable public static var resetContent: Status { Status(205) }
    @inlinable public static var partialContent: Status { Status(206) }
    @inlinable public static var multiStatus: Status { Status(207) }
    @inlinable public static var multipleChoices: Status { Status(300) }
    @inlinable public static var movedPermanently: Status { Status(301) }
    @inlinable public static var found: Status { Status(302) }
    @inlinable public static var seeOther: Status { Status(303) }
    @inlinable public static var notModified: Status { Status(304) }
    @inlinable public static var useProxy: Status { Status(305) }
    @inlinable public static var temporaryRedirect: Status { Status(307) }
    @inlinable public static var permanentRedirect: Status { Status(308) }
    @inlinable public static var badRequest: Status { Status(400) }
    @inlinable public static var unauthorized: Status { Status(401) }
    @inlinable public static var forbidden: Status { Status(403) }
    @inlinable public static var notFound: Status { Status(404) }
    @inlinable public static var methodNotAllowed: Status { Status(405) }
    @inlinable public static var notAcceptable: Status { Status(406) }
    @inlinable public static var proxyAuthenticationRequired: Status { Status(407) }
    @inlinable public static var requestTimeout: Status { Status(408) }
    @inlinable public static var conflict: Status { Status(409) }
    @inlinable public static var gone: Status { Status(410) }
    @inlinable public static var lengthRequired: Status { Status(411) }
    @inlinable public static var preconditionFailed: Status { Status(412) }
    @inlinable public static var requestEntityTooLarge: Status { Status(413) }
    @inlinable public static var requestURITooLarge: Status { Status(414) }
    @inlinable public static var unsupportedMediaType: Status { Status(415) }
    @inlinable public static var rangeNotSatisfiable: Status { Status(416) }
    @inlinable public static var expectationFailed: Status { Status(417) }
    @inlinable public static var misdirectedRequest: Status { Status(421) }
    @inlinable public static var unprocessableEntity: Status { Status(422) }
    @inlinable public static var locked: Status { Status(423) }
    @inlinable public static var failedDependency: Status { Status(424) }
    @inlinable public static var upgradeRequired: Status { Status(426) }
    @inlinable public static var tooManyRequests: Status { Status(429) }
    @inlinable public static var internalServerError: Status { Status(500) }
    @inlinable public static var notImplemented: Status { Status(501) }
    @inlinable public static var badGateway: Status { Status(502) }
    @inlinable public static var serviceUnavailable: Status { Status(503) }
    @inlinable public static var gatewayTimeout: Status { Status(504) }
    @inlinable public static var versionNotSupported: Status { Status(505) }
    @inlinable public static var variantAlsoVaries: Status { Status(506) }
    @inlinable public static var insufficientStorage: Status { Status(507) }
    @inlinable public static var loopDetected: Status { Status(508) }

    @inlinable public var isInformational: Bool { rawValue / 100 == 1 }
    @inlinable public var isSuccess: Bool { rawValue / 100 == 2 }
    @inlinable public var isRedirect: Bool { rawValue / 100 == 3 }
    @inlinable public var isClientError: Bool { rawValue / 100 == 4 }
    @inlinable public var isServerError: Bool { rawValue / 100 == 5 }
    /// 4xx or 5xx.
    @inlinable public var isError: Bool { isClientError || isServerError }
    /// 100 to 599: `ap_is_HTTP_VALID_RESPONSE`.
    @inlinable public var isValid: Bool { rawValue >= 100 && rawValue < 600 }
    /// 204 and 304 never have a body: `AP_STATUS_IS_HEADER_ONLY`.
    @inlinable public var isHeaderOnly: Bool { rawValue == 204 || rawValue == 304 }
    /// Statuses after which Apache closes: what the client sends next cannot be trusted.
    @inlinable public var dropsConnection: Bool {
        switch rawValue {
        case 400, 408, 411, 413, 414, 500, 501, 503: true
        default: false
        }
    }

    /// "404 Not Found"; for a code without a phrase "499 Status 499", for one that is no status the line of 500.
    public var line: ByteString {
        if let text = knownLine { return ByteString(text) }
        return (100...999).contains(rawValue) ? "\(code) Status \(code)" : ByteString("500 Internal Server Error")
    }
    /// Appends `line` without making it.
    public func appendLine(to output: inout [UInt8]) {
        if let text = knownLine { output.append(text) } else { output.append(line) }
    }
    /// The line for error pages, where a code without a phrase counts as 500: `ap_get_status_line`.
    public var errorLine: StaticString { knownLine ?? "500 Internal Server Error" }

    /// Code and phrase, if Apache knows the code.
    public var knownLine: StaticString? {
        switch rawValue {
        case 200: "200 OK"
        case 304: "304 Not Modified"
        case 404: "404 Not Found"
        case 100..<300: Self.successLine(rawValue)
        case 300..<400: Self.redirectLine(rawValue)
        case 400..<500: Self.clientErrorLine(rawValue)
        default: Self.serverErrorLine(rawValue)
        }
    }

    private static func successLine(_ code: UInt16) -> StaticString? {
        switch code {
        case 100: "100 Continue"
        case 101: "101 Switching Protocols"
        case 102: "102 Processing"
        case 201: "201 Created"
        case 202: "202 Accepted"
        case 203: "203 Non-Authoritative Information"
        case 204: "204 No Content"
        case 205: "205 Reset Content"
        case 206: "206 Partial Content"
        case 207: "207 Multi-Status"
        case 208: "208 Already Reported"
        case 226: "226 IM Used"
        default: nil
        }
    }
    private static func redirectLine(_ code: UInt16) -> StaticString? {
        switch code {
        case 300: "300 Multiple Choices"
        case 301: "301 Moved Permanently"
        case 302: "302 Found"
        case 303: "303 See Other"
        case 305: "305 Use Proxy"
        case 307: "307 Temporary Redirect"
        case 308: "308 Permanent Redirect"
        default: nil
        }
    }
    private static func clientErrorLine(_ code: UInt16) -> StaticString? {
        switch code {
        case 400: "400 Bad Request"
        case 401: "401 Unauthorized"
        case 402: "402 Payment Required"
        case 403: "403 Forbidden"
        case 405: "405 Method Not Allowed"
        case 406: "406 Not Acceptable"
        case 407: "407 Proxy Authentication Required"
        case 408: "408 Request Timeout"
        case 409: "409 Conflict"
        case 410: "410 Gone"
        case 411: "411 Length Required"
        case 412: "412 Precondition Failed"
        case 413: "413 Request Entity Too Large"
        case 414: "414 Request-URI Too Long"
        case 415: "415 Unsupported Media Type"
        case 416: "416 Requested Range Not Satisfiable"
        case 417: "417 Expectation Failed"
        case 421: "421 Misdirected Request"
        case 422: "422 Unprocessable Entity"
        case 423: "423 Locked"
        case 424: "424 Failed Dependency"
        case 426: "426 Upgrade Required"
        case 428: "428 Precondition Required"
        case 429: "429 Too Many Requests"
        case 431: "431 Request Header Fields Too Large"
        case 451: "451 Unavailable For Legal Reasons"
        default: nil
        }
    }
    private static func serverErrorLine(_ code: UInt16) -> StaticString? {
        switch code {
        case 500: "500 Internal Server Error"
        case 501: "501 Not Implemented"
        case 502: "502 Bad Gateway"
        case 503: "503 Service Unavailable"
        case 504: "504 Gateway Timeout"
        case 505: "505 HTTP Version Not Supported"
        case 506: "506 Variant Also Negotiates"
        case 507: "507 Insufficient Storage"
        case 508: "508 Loop Detected"
        case 510: "510 Not Extended"
        case 511: "511 Network Authentication Required"
        default: nil
        }
    }
}
