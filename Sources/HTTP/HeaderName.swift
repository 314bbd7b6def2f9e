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

    /// The token of a name in any case; `.other` for a name that is not known or is no token.
    public init(_ name: borrowing Span<UInt8>) {
        self = HeaderNameTable.shared.scan(name, from: 0, to: name.count, stop: 0).token
    }
    public init(_ name: ByteString) { self.init(name.bytes.span) }
}

/// The table behind `HeaderName`: names packed into four words, found by a hash of those words.
struct HeaderNameTable: Sendable {
    static let shared = HeaderNameTable()

    /// By raw value.
    let texts: [StaticString]
    /// By raw value: the lower-case name, most significant byte first, eight bytes to a word.
    let keys: [SIMD4<UInt64>]
    /// Open addressing, by `slot(of:)`; zero is empty.
    let slots: [HeaderName]
    /// A `tchar` in lower case, or zero for what ends a name.
    let lowered: [UInt8]

    /// Ends where the name ends; `isToken` is false for an empty name.
    struct Scan {
        var end: Int
        var token: HeaderName
    }

    /// Reads a name from `start` up to the first byte that is no `tchar`, or to `end`.
    /// Names longer than 32 bytes are `.other`. `stop`: the byte that must follow a known name, or 0 for the end.
    @inline(__always)
    func scan(_ bytes: borrowing Span<UInt8>, from start: Int, to end: Int, stop: UInt8) -> Scan {
        var at = start
        var key = SIMD4<UInt64>.zero
        var word: UInt64 = 0
        while at < end {
            let low = lowered[Int(bytes[at])]
            if low == 0 { break }
            word = word << 8 | UInt64(low)
            at += 1
            let count = at &- start
            if count & 7 == 0, count <= 32 {
                key[(count &- 1) >> 3] = word
                word = 0
            }
        }
        let count = at &- start
        let ended = stop == 0 ? at == end : at < end && bytes[at] == stop
        guard ended, count > 0, count <= 32 else { return Scan(end: at, token: .other) }
        if count & 7 != 0 { key[count >> 3] = word }
        return Scan(end: at, token: find(key))
    }

    @inline(__always) static func slot(of key: SIMD4<UInt64>) -> Int {
        let mixed =
            (key[0] ^ (key[1] &* 0x9E37_79B9_7F4A_7C15) ^ (key[2] << 7) ^ (key[3] << 13)) &* 0xD6E8_FEB8_6659_FD93
        return Int(mixed >> 54)
    }

    @inline(__always) private func find(_ key: SIMD4<UInt64>) -> HeaderName {
        var slot = Self.slot(of: key)
        while true {
            let candidate = slots[slot]
            if candidate == .other || keys[Int(candidate.rawValue)] == key { return candidate }
            slot = (slot &+ 1) & 1023
        }
    }

    private init() {
        var lowered = [UInt8](repeating: 0, count: 256)
        for byte in UInt8.min...UInt8.max where ByteSet.token.contains(byte) { lowered[Int(byte)] = ASCII.lower(byte) }
        let names = Self.requestNames
        var texts = [StaticString](repeating: "", count: 64 + Self.responseNames.count)
        for (index, name) in names.enumerated() { texts[1 + index] = name }
        for (index, name) in Self.responseNames.enumerated() { texts[64 + index] = name }

        var keys = [SIMD4<UInt64>](repeating: .zero, count: texts.count)
        var slots = [HeaderName](repeating: .other, count: 1024)
        for name in HeaderName.allCases where name != .other {
            let bytes = ByteString(texts[Int(name.rawValue)]).bytes
            var key = SIMD4<UInt64>.zero
            for (index, byte) in bytes.enumerated() {
                key[index >> 3] = key[index >> 3] << 8 | UInt64(ASCII.lower(byte))
            }
            keys[Int(name.rawValue)] = key
            var slot = Self.slot(of: key)
            while slots[slot] != .other { slot = (slot + 1) & 1023 }
            slots[slot] = name
        }
        self.texts = texts
        self.keys = keys
        self.slots = slots
        self.lowered = lowered
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
