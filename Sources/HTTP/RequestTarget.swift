// Apache: server/protocol.c (ap_parse_uri); APR-util: uri/apr_uri.c
import Bytes

/// The pieces of a request-target, as ranges of the buffer. What is absent is empty and its flag is off:
/// `GET /?` has a query, which is empty.
public struct RequestTarget: Sendable, Hashable {
    public var scheme: ByteRange = .empty
    /// Everything between `//` and the path: user, host and port.
    public var authority: ByteRange = .empty
    /// Without brackets and port; IPv6 addresses have `hostIsBracketed`.
    public var host: ByteRange = .empty
    /// The digits after the colon.
    public var portText: ByteRange = .empty
    /// As Apache's `apr_port_t`: what `portText` says, cut to 16 bits; 0 when there is none.
    public var port: UInt16 = 0
    /// Not unescaped. Empty with `has(.path)` off: `/` (or `*` for OPTIONS) is meant.
    public var path: ByteRange = .empty
    /// Without the question mark.
    public var query: ByteRange = .empty
    public var fragment: ByteRange = .empty
    public var parts: Parts = []
    public var hostIsBracketed = false

    public struct Parts: OptionSet, Sendable, Hashable {
        public let rawValue: UInt8
        @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
        @inlinable public static var scheme: Parts { Parts(rawValue: 1) }
        @inlinable public static var authority: Parts { Parts(rawValue: 2) }
        @inlinable public static var host: Parts { Parts(rawValue: 4) }
        @inlinable public static var port: Parts { Parts(rawValue: 8) }
        @inlinable public static var path: Parts { Parts(rawValue: 16) }
        @inlinable public static var query: Parts { Parts(rawValue: 32) }
        @inlinable public static var fragment: Parts { Parts(rawValue: 64) }
        @inlinable public static var userInfo: Parts { Parts(rawValue: 128) }
    }

    public init() {}
    @inlinable public func has(_ part: Parts) -> Bool { parts.contains(part) }

    /// Parses the bytes in `range` as `ap_parse_uri` does: further slashes after the first are dropped, CONNECT takes
    /// `host:port`, everything else is a URI or a path. Returns false where Apache answers 400.
    public mutating func parse(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, isConnect: Bool) -> Bool {
        self = RequestTarget()
        var start = range.lowerBound
        let end = range.upperBound
        while start + 1 < end, bytes[start] == Self.slash, bytes[start + 1] == Self.slash { start += 1 }
        if isConnect { return parseHostInfo(bytes, start, end) }
        return parseURI(bytes, start, end)
    }

    /// Parses any URI reference: `apr_uri_parse`.
    public mutating func parseReference(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        self = RequestTarget()
        return parseURI(bytes, range.lowerBound, range.upperBound)
    }

    // MARK: - The grammar

    private static let slash = UInt8(ascii: "/")
    private static let colon = UInt8(ascii: ":")

    private mutating func parseURI(_ bytes: borrowing Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        guard start < end else { return true }
        if bytes[start] == Self.slash {
            // Two slashes begin an authority, three or more are a path (RFC 3986, section 4.2).
            if start + 1 < end, bytes[start + 1] == Self.slash, !(start + 2 < end && bytes[start + 2] == Self.slash) {
                return parseAuthority(bytes, start + 2, end)
            }
            parsePath(bytes, start, end)
            return true
        }
        var at = start
        if ASCII.isAlpha(bytes[at]) {
            at += 1
            while at < end, ByteSet.scheme.contains(bytes[at]) { at += 1 }
        }
        if at != start, at < end, bytes[at] == Self.colon {
            scheme = ByteRange(start..<at)
            parts.insert(.scheme)
            at += 1
        } else {
            at = start
        }
        if at + 1 < end, bytes[at] == Self.slash, bytes[at + 1] == Self.slash {
            return parseAuthority(bytes, at + 2, end)
        }
        if at == start {
            // A relative path has no colon in its first segment.
            var scan = start
            while scan < end, bytes[scan] != Self.slash {
                if bytes[scan] == Self.colon { return false }
                scan += 1
            }
        }
        parsePath(bytes, at, end)
        return true
    }

    private mutating func parsePath(_ bytes: borrowing Span<UInt8>, _ start: Int, _ end: Int) {
        var at = start
        while at < end, bytes[at] != UInt8(ascii: "?"), bytes[at] != UInt8(ascii: "#") { at += 1 }
        if at > start {
            path = ByteRange(start..<at)
            parts.insert(.path)
        }
        guard at < end else { return }
        if bytes[at] == UInt8(ascii: "?") {
            let hash = bytes.firstIndex(of: UInt8(ascii: "#"), from: at + 1, to: end)
            query = ByteRange(at + 1..<hash)
            parts.insert(.query)
            guard hash < end else { return }
            at = hash
        }
        fragment = ByteRange(at + 1..<end)
        parts.insert(.fragment)
    }

    private mutating func parseAuthority(_ bytes: borrowing Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        var at = start
        while at < end, bytes[at] != Self.slash, bytes[at] != UInt8(ascii: "?"), bytes[at] != UInt8(ascii: "#") {
            at += 1
        }
        authority = ByteRange(start..<at)
        parts.insert(.authority)
        var hostStart = start
        var back = at
        while back > start {
            back -= 1
            if bytes[back] == UInt8(ascii: "@") {
                parts.insert(.userInfo)
                hostStart = back + 1
                break
            }
        }
        guard parseHost(bytes, hostStart, at) else { return false }
        parsePath(bytes, at, end)
        return true
    }

    private mutating func parseHost(_ bytes: borrowing Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        parts.insert(.host)
        var colon: Int
        if start < end, bytes[start] == UInt8(ascii: "[") {
            let bracket = bytes.firstIndex(of: UInt8(ascii: "]"), from: start, to: end)
            guard bracket < end else { return false }
            hostIsBracketed = true
            colon = bracket + 1 < end && bytes[bracket + 1] == Self.colon ? bracket + 1 : end
            // Apache drops the last byte before the port, whatever it is.
            host = ByteRange(start + 1..<max(start + 1, colon - 1))
        } else {
            colon = bytes.firstIndex(of: Self.colon, from: start, to: end)
            host = ByteRange(start..<colon)
        }
        guard colon < end else { return true }
        parts.insert(.port)
        portText = ByteRange(colon + 1..<end)
        if portText.isEmpty {
            port = Self.defaultPort(bytes, scheme)
            return true
        }
        return parsePort(bytes)
    }

    private mutating func parseHostInfo(_ bytes: borrowing Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        authority = ByteRange(start..<end)
        parts.insert(.authority)
        var from = start
        var colon: Int
        if start < end, bytes[start] == UInt8(ascii: "[") {
            let bracket = bytes.firstIndex(of: UInt8(ascii: "]"), from: start, to: end)
            guard bracket + 1 < end, bytes[bracket + 1] == Self.colon else { return false }
            hostIsBracketed = true
            from = start + 1
            colon = bracket + 1
            host = ByteRange(from..<bracket)
        } else {
            colon = bytes.firstIndex(of: Self.colon, from: start, to: end)
            guard colon < end else { return false }
            host = ByteRange(from..<colon)
        }
        parts.formUnion([.host, .port])
        portText = ByteRange(colon + 1..<end)
        return !portText.isEmpty && parsePort(bytes)
    }

    /// As `strtol` over the whole text: blanks and a sign may come first, too large a number saturates.
    private mutating func parsePort(_ bytes: borrowing Span<UInt8>) -> Bool {
        var at = portText.start
        let end = portText.end
        while at < end, ASCII.isSpace(bytes[at]) { at += 1 }
        var negative = false
        if at < end, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") {
            negative = bytes[at] == UInt8(ascii: "-")
            at += 1
        }
        guard at < end else { return false }
        var number: Int = 0
        while at < end {
            guard ASCII.isDigit(bytes[at]) else { return false }
            let (times, high) = number.multipliedReportingOverflow(by: 10)
            let (sum, higher) = times.addingReportingOverflow(Int(bytes[at] &- 48))
            number = high || higher ? .max : sum
            at += 1
        }
        port = UInt16(truncatingIfNeeded: negative ? 0 &- number : number)
        return true
    }

    private static func defaultPort(_ bytes: borrowing Span<UInt8>, _ scheme: ByteRange) -> UInt16 {
        if bytes.equalsIgnoringCase("http", in: scheme.range) { return 80 }
        if bytes.equalsIgnoringCase("https", in: scheme.range) { return 443 }
        if bytes.equalsIgnoringCase("ftp", in: scheme.range) { return 21 }
        return 0
    }
}
