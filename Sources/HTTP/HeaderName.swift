// Apache: apr_table_t keys of r->headers_in and r->headers_out
import Bytes

/// The header field names the server knows, as one byte; every other name is `.other` and is compared as text.
///
/// Raw values from 1 to 63 are fields that requests carry: a set of them is a `UInt64` with bit `rawValue`
/// (`RequestHead.present`). From 64 on come the fields of responses only.
public enum HeaderName: UInt8, Sendable, Hashable, CaseIterable {
    case other = 0
    case host = 1, connection, userAgent, referer, accept, acceptEncoding, acceptLanguage, acceptCharset
    case authorization, proxyAuthorization, cookie, cookie2, ifModifiedSince, ifNoneMatch, ifMatch
    case ifUnmodifiedSince, ifRange, `if`, range, contentLength, contentType, contentEncoding, contentLanguage
    case contentLocation, contentMD5, contentRange, contentDisposition, transferEncoding, te, trailer, expect
    case upgrade, via, date, pragma, cacheControl, keepAlive, proxyConnection, proxy, maxForwards, from
    case origin, xForwardedFor, xForwardedHost, xForwardedServer, xForwardedProto, xRealIP, forwarded
    case xRequestedWith, upgradeInsecureRequests, dnt, negotiate, http2Settings, destination, depth, overwrite
    case lockToken, timeout, secFetchMode, secWebSocketKey, accessControlRequestMethod, lastModified, warning
    case eTag = 64, expires, server, location, setCookie, vary, allow, wwwAuthenticate, proxyAuthenticate
    case authenticationInfo, acceptRanges, age, retryAfter, status, alternates, tcn, variantVary, link
    case refresh, xPoweredBy, xFrameOptions, xContentTypeOptions, xXSSProtection, strictTransportSecurity
    case contentSecurityPolicy, referrerPolicy, accessControlAllowOrigin, proxyStatus, xSendfile
    case xAccelRedirect, altSvc, sourcemap

    /// The bit of this name in `RequestHead.present`; zero for `.other` and for names of responses.
    @inlinable public var bit: UInt64 { rawValue == 0 || rawValue > 63 ? 0 : 1 << UInt64(rawValue) }

    /// The name as it is usually written; empty for `.other`.
    public var text: StaticString {
        let table = HeaderNameTable.shared
        return table.texts[Int(rawValue)]
    }

    /// The token of a name in any case; `.other` for a name that is not known.
    public init(_ name: borrowing Span<UInt8>) {
        self = HeaderNameTable.shared.find(name, 0..<name.count)
    }
    public init(_ name: ByteString) { self.init(name.bytes.span) }
}

/// A name of at most 32 bytes in lower case, packed; the first byte is the lowest of `first`.
struct HeaderNameKey: Sendable, Equatable {
    var first: UInt64
    var second: UInt64
    var third: UInt64
    var fourth: UInt64

    @inline(__always) init(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        let start = range.lowerBound
        let count = range.count
        first = bytes.lowercasedWord(from: start, count: count)
        second = count > 8 ? bytes.lowercasedWord(from: start &+ 8, count: count &- 8) : 0
        third = count > 16 ? bytes.lowercasedWord(from: start &+ 16, count: count &- 16) : 0
        fourth = count > 24 ? bytes.lowercasedWord(from: start &+ 24, count: count &- 24) : 0
    }

    /// Where the search in the table begins.
    @inline(__always) var slot: Int {
        let mixed = (first ^ (second &* 0x9E37_79B9_7F4A_7C15) ^ (third << 7) ^ (fourth << 13)) &* 0xD6E8_FEB8_6659_FD93
        return Int(mixed >> 54)
    }
}

/// The table behind `HeaderName`: keys found by hash, with open addressing.
struct HeaderNameTable: Sendable {
    static let shared = HeaderNameTable()

    /// By raw value.
    let texts: [StaticString]
    /// By raw value.
    let keys: [HeaderNameKey]
    /// From `HeaderNameKey.slot` on; `.other` is an empty slot.
    let slots: [HeaderName]

    /// The token of the name in `range`; what is found is a token of RFC 9110, because it is equal to one.
    @inline(__always) func find(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> HeaderName {
        guard range.count <= 32 else { return .other }
        let key = HeaderNameKey(bytes, range)
        var slot = key.slot
        while true {
            let candidate = slots[slot]
            if candidate == .other || keys[Int(candidate.rawValue)] == key { return candidate }
            slot = (slot &+ 1) & 1023
        }
    }

    private init() {
        var texts = [StaticString](repeating: "", count: 64 + Self.responseNames.count)
        for (index, name) in Self.requestNames.enumerated() { texts[1 + index] = name }
        for (index, name) in Self.responseNames.enumerated() { texts[64 + index] = name }

        let none: [UInt8] = []
        var keys = [HeaderNameKey](repeating: HeaderNameKey(none.span, 0..<0), count: texts.count)
        var slots = [HeaderName](repeating: .other, count: 1024)
        for name in HeaderName.allCases where name != .other {
            let bytes = ByteString(texts[Int(name.rawValue)]).bytes
            let key = HeaderNameKey(bytes.span, 0..<bytes.count)
            keys[Int(name.rawValue)] = key
            var slot = key.slot
            while slots[slot] != .other { slot = (slot + 1) & 1023 }
            slots[slot] = name
        }
        self.texts = texts
        self.keys = keys
        self.slots = slots
    }

    private static let requestNames: [StaticString] = [
        "Host", "Connection", "User-Agent", "Referer", "Accept", "Accept-Encoding", "Accept-Language",
        "Accept-Charset", "Authorization", "Proxy-Authorization", "Cookie", "Cookie2", "If-Modified-Since",
        "If-None-Match", "If-Match", "If-Unmodified-Since", "If-Range", "If", "Range", "Content-Length",
        "Content-Type", "Content-Encoding", "Content-Language", "Content-Location", "Content-MD5", "Content-Range",
        "Content-Disposition", "Transfer-Encoding", "TE", "Trailer", "Expect", "Upgrade", "Via", "Date", "Pragma",
        "Cache-Control", "Keep-Alive", "Proxy-Connection", "Proxy", "Max-Forwards", "From", "Origin",
        "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Server", "X-Forwarded-Proto", "X-Real-IP", "Forwarded",
        "X-Requested-With", "Upgrade-Insecure-Requests", "DNT", "Negotiate", "HTTP2-Settings", "Destination",
        "Depth", "Overwrite", "Lock-Token", "Timeout", "Sec-Fetch-Mode", "Sec-WebSocket-Key",
        "Access-Control-Request-Method", "Last-Modified", "Warning",
    ]
    private static let responseNames: [StaticString] = [
        "ETag", "Expires", "Server", "Location", "Set-Cookie", "Vary", "Allow", "WWW-Authenticate",
        "Proxy-Authenticate", "Authentication-Info", "Accept-Ranges", "Age", "Retry-After", "Status", "Alternates",
        "TCN", "Variant-Vary", "Link", "Refresh", "X-Powered-By", "X-Frame-Options", "X-Content-Type-Options",
        "X-XSS-Protection", "Strict-Transport-Security", "Content-Security-Policy", "Referrer-Policy",
        "Access-Control-Allow-Origin", "Proxy-Status", "X-Sendfile", "X-Accel-Redirect", "Alt-Svc", "SourceMap",
    ]
}
