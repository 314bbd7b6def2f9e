// Apache: server/vhost.c (fix_hostname); APR: network_io/unix/sockaddr.c (apr_parse_addr_port)
import Bytes

/// A host name as a client sent it, checked; letters keep their case.
public struct HostName: Sendable, Hashable {
    /// Without brackets, port and one trailing dot. Empty for an empty `Host:` field.
    public var name: ByteRange
    /// The port that was sent with it; 0 when there was none.
    public var port: UInt16
    /// An IPv6 address, which is in brackets on the wire.
    public var isBracketed: Bool

    public init(name: ByteRange, port: UInt16 = 0, isBracketed: Bool = false) {
        self.name = name
        self.port = port
        self.isBracketed = isBracketed
    }

    /// Checks the value of a `Host` field, which may be empty.
    public static func parse(
        field bytes: borrowing Span<UInt8>, _ range: Range<Int>, isStrict: Bool
    ) throws(RequestError) -> HostName {
        if range.isEmpty { return HostName(name: ByteRange(range)) }
        if try isNumeric(bytes, range, isStrict) { return HostName(name: ByteRange(range)) }
        let malformed = RequestError(.malformedHost, ByteRange(range))
        guard let split = splitPort(bytes, range) else { throw malformed }
        var name = split.name
        let isBracketed = bytes[range.lowerBound] == UInt8(ascii: "[")
        if isBracketed {
            guard bytes[name.upperBound - 1] == UInt8(ascii: "]"), name.count >= 2,
                IPv6Text.isAddress(bytes, name.lowerBound + 1..<name.upperBound - 1)
            else { throw malformed }
            name = name.lowerBound + 1..<name.upperBound - 1
        } else {
            guard let checked = checked(bytes, name, isStrict) else { throw malformed }
            name = checked
        }
        return HostName(name: ByteRange(name), port: split.port, isBracketed: isBracketed)
    }

    /// Checks the host of an absolute request-target; brackets and port were taken off by the parser of the target.
    public static func parse(
        target bytes: borrowing Span<UInt8>, _ target: RequestTarget, isStrict: Bool
    ) throws(RequestError) -> HostName {
        let range = target.host.range
        if range.isEmpty { return HostName(name: target.host, port: target.port) }
        if try isNumeric(bytes, range, isStrict) { return HostName(name: target.host, port: target.port) }
        let malformed = RequestError(.malformedHost, target.host)
        if bytes.firstIndex(of: UInt8(ascii: ":"), from: range.lowerBound, to: range.upperBound) < range.upperBound {
            guard IPv6Text.looksLikeAddress(bytes, range) else { throw malformed }
            return HostName(name: target.host, port: target.port, isBracketed: true)
        }
        guard let name = checked(bytes, range, isStrict) else { throw malformed }
        return HostName(name: ByteRange(name), port: target.port)
    }

    // MARK: - Rules

    /// Digits only: a name in unsafe mode, an error in strict mode.
    private static func isNumeric(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ isStrict: Bool
    ) throws(RequestError) -> Bool {
        for index in range where !ASCII.isDigit(bytes[index]) { return false }
        if isStrict { throw RequestError(.numericHost, ByteRange(range)) }
        return true
    }

    /// Takes `:port` off. A colon without digits stays part of the name, as in APR.
    private static func splitPort(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>
    ) -> (name: Range<Int>, port: UInt16)? {
        var at = range.upperBound
        while at > range.lowerBound, ASCII.isDigit(bytes[at - 1]) { at -= 1 }
        guard at > range.lowerBound, bytes[at - 1] == UInt8(ascii: ":"), at < range.upperBound else {
            return (range, 0)
        }
        guard at - 1 > range.lowerBound else { return nil }
        var port = 0
        for index in at..<range.upperBound { port = min(port * 10 + Int(bytes[index] &- 48), 65_536) }
        guard port >= 1, port <= 65_535 else { return nil }
        return (range.lowerBound..<at - 1, UInt16(port))
    }

    /// The rules for names and IPv4 addresses; returns the name without its trailing dot.
    private static func checked(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ isStrict: Bool
    ) -> Range<Int>? {
        var previous: UInt8 = 0
        for index in range {
            let byte = bytes[index]
            if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\") { return nil }
            if byte == UInt8(ascii: "."), previous == byte { return nil }
            previous = byte
        }
        let name = previous == UInt8(ascii: ".") ? range.lowerBound..<range.upperBound - 1 : range
        return !isStrict || isStrictName(bytes, name) ? name : nil
    }

    /// Letters, digits, `-`, `_` and dots; four parts without leading zeros when there are no letters; the last part of
    /// a name begins with a letter (RFC 1123, section 2.1; RFC 3986, section 7.4).
    private static func isStrictName(_ bytes: borrowing Span<UInt8>, _ name: Range<Int>) -> Bool {
        var isNumeric = true
        var hasLeadingZero = false
        var dots = 0
        var partStart = name.lowerBound
        for index in name {
            let byte = bytes[index]
            if byte == UInt8(ascii: ".") {
                dots += 1
                partStart = index + 1
                if index + 2 < name.upperBound, bytes[index + 1] == UInt8(ascii: "0"), ASCII.isDigit(bytes[index + 2]) {
                    hasLeadingZero = true
                }
            } else if ASCII.isAlpha(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") {
                isNumeric = false
            } else if !ASCII.isDigit(byte) {
                return false
            }
        }
        if isNumeric {
            guard let first = name.first, dots == 3, !hasLeadingZero, bytes[first] != UInt8(ascii: ".") else {
                return false
            }
            return !(name.count > 1 && bytes[first] == UInt8(ascii: "0") && ASCII.isDigit(bytes[first + 1]))
        }
        return dots == 0 || partStart >= name.upperBound || ASCII.isAlpha(bytes[partStart])
    }
}

/// IPv6 addresses as text (RFC 4291, section 2.2).
enum IPv6Text {
    /// What `inet_pton` takes: eight groups, `::` at most once, dotted IPv4 at the end.
    static func isAddress(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        var at = range.lowerBound
        let end = range.upperBound
        var groups = 0
        var hasGap = false
        if at < end, bytes[at] == UInt8(ascii: ":") {
            guard at + 1 < end, bytes[at + 1] == UInt8(ascii: ":") else { return false }
            at += 1
        }
        var groupStart = at
        var digits = 0
        while at < end {
            let byte = bytes[at]
            if ASCII.hexValue(byte) != nil {
                digits += 1
                guard digits <= 4 else { return false }
            } else if byte == UInt8(ascii: ":") {
                if digits == 0 {
                    guard !hasGap else { return false }
                    hasGap = true
                } else {
                    guard at + 1 < end else { return false }
                    groups += 1
                    guard groups <= 8 else { return false }
                    digits = 0
                }
                groupStart = at + 1
            } else if byte == UInt8(ascii: ".") {
                guard isIPv4(bytes, groupStart..<end) else { return false }
                groups += 2
                return hasGap ? groups <= 7 : groups == 8
            } else {
                return false
            }
            at += 1
        }
        if digits > 0 { groups += 1 }
        return hasGap ? groups <= 7 : groups == 8
    }

    static func isIPv4(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        var parts = 0
        var number = 0
        var digits = 0
        for index in range {
            let byte = bytes[index]
            if ASCII.isDigit(byte) {
                if digits > 0, number == 0 { return false }
                number = number * 10 + Int(byte &- 48)
                digits += 1
                guard number <= 255 else { return false }
            } else if byte == UInt8(ascii: "."), digits > 0, parts < 3 {
                parts += 1
                number = 0
                digits = 0
            } else {
                return false
            }
        }
        return parts == 3 && digits > 0
    }

    /// Apache's weaker check for hosts of request-targets: `fix_hostname_v6_literal`.
    static func looksLikeAddress(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        var hasGap = false
        for index in range {
            let byte = bytes[index]
            let after: UInt8 = index + 1 < range.upperBound ? bytes[index + 1] : 0
            if byte == UInt8(ascii: ":") {
                if after == UInt8(ascii: ".") { return false }
                if after == UInt8(ascii: ":") {
                    if hasGap { return false }
                    hasGap = true
                }
            } else if byte == UInt8(ascii: ".") {
                if after == UInt8(ascii: ":") || after == UInt8(ascii: ".") { return false }
            } else if ASCII.hexValue(byte) == nil {
                return false
            }
        }
        return true
    }
}
