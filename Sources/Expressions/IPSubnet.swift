// Apache: apr/network_io/unix/sockaddr.c (apr_ipsubnet_create, apr_ipsubnet_test)
import Bytes

/// An IPv4 or IPv6 address without port and zone: 16 bytes in the value itself.
public struct IPAddress: Sendable, Hashable {
    /// The 16 bytes in network order, as two numbers; an IPv4 address is its mapped form `::ffff:a.b.c.d`.
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }
    /// An IPv4 address from its 32 bits in host order: 127.0.0.1 is 0x7f000001.
    public init(v4 bits: UInt32) { self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(bits)) }

    /// From 4 or 16 bytes in network order; nil for any other count.
    public init?(bytes: some Collection<UInt8>) {
        func number(_ part: some Sequence<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: self.init(v4: UInt32(truncatingIfNeeded: number(bytes)))
        case 16: self.init(high: number(bytes.prefix(8)), low: number(bytes.dropFirst(8)))
        default: return nil
        }
    }

    /// IPv4, or IPv6 that carries it.
    public var isV4: Bool { high == 0 && low >> 32 == 0xFFFF }
    /// The 32 bits in host order of an address that `isV4`.
    public var v4: UInt32 { UInt32(truncatingIfNeeded: low) }

    /// As `inet_pton`: four decimal numbers, or RFC 4291 section 2.2 text. No names, no zones.
    public init?(_ text: ByteString) {
        if let bits = Self.parseV4(text.bytes[...]) {
            self.init(v4: bits)
        } else if let groups = Self.parseV6(text) {
            self.init(bytes: groups)
        } else {
            return nil
        }
    }

    static func parseV4(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy(ASCII.isDigit),
                part.count == 1 || part.first != UInt8(ascii: "0")
            else { return nil }
            let octet = part.reduce(0 as UInt32) { $0 * 10 + UInt32($1 &- 48) }
            guard octet <= 255 else { return nil }
            bits = bits << 8 | octet
        }
        return bits
    }

    private static func parseV6(_ text: ByteString) -> [UInt8]? {
        var head: [UInt8] = []
        var tail: [UInt8]?
        var rest = text.bytes[...]
        if rest.starts(with: [58, 58]) {
            tail = []
            rest = rest.dropFirst(2)
        }
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 58) ?? rest.endIndex
            let part = rest[rest.startIndex..<end]
            if end == rest.endIndex, part.contains(UInt8(ascii: ".")) {
                guard let bits = parseV4(part) else { return nil }
                let octets = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bits >> UInt32($0)) }
                if tail == nil { head += octets } else { tail? += octets }
                rest = []
                break
            }
            guard (1...4).contains(part.count) else { return nil }
            var group: UInt16 = 0
            for byte in part {
                guard let digit = ASCII.hexValue(byte) else { return nil }
                group = group << 4 | UInt16(digit)
            }
            let octets = [UInt8(group >> 8), UInt8(group & 255)]
            if tail == nil { head += octets } else { tail? += octets }
            guard head.count + (tail?.count ?? 0) <= 16 else { return nil }
            if end == rest.endIndex { break }
            rest = rest[(end + 1)...]
            if rest.first == 58 {
                guard tail == nil else { return nil }
                tail = []
                rest = rest.dropFirst()
            } else if rest.isEmpty {
                return nil
            }
        }
        guard let tail else { return head.count == 16 ? head : nil }
        guard head.count + tail.count <= 14 else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }
}

/// Why a subnet was refused.
public enum IPSubnetError: Error, Sendable, Equatable {
    /// Looks like no address at all (`APR_EINVAL`); a host name perhaps.
    case notAnAddress
    /// `APR_EBADIP`.
    case badAddress
    /// `APR_EBADMASK`.
    case badMask

    /// `apr_strerror` of the status.
    public var message: String {
        switch self {
        case .notAnAddress: "Invalid argument"
        case .badAddress: "The specified IP address is invalid."
        case .badMask: "The specified network mask is invalid."
        }
    }
}

/// An address with a mask: `10.1`, `10.1.0.0/16`, `10.1.0.0/255.255.0.0`, `2001:db8::/32`.
public struct IPSubnet: Sendable, Hashable {
    private let isV4: Bool
    private let high: UInt64
    private let low: UInt64
    private let highMask: UInt64
    private let lowMask: UInt64

    /// `address` or `address/mask` in one text.
    public init(_ text: ByteString) throws(IPSubnetError) {
        if let slash = text.firstIndex(of: UInt8(ascii: "/")) {
            try self.init(address: text.upTo(slash), mask: text.from(slash + 1))
        } else {
            try self.init(address: text, mask: nil)
        }
    }

    /// `mask` is a number of bits from 1, or an IPv4 netmask. Without one, an IPv4 address may have less than four parts.
    public init(address text: ByteString, mask: ByteString?) throws(IPSubnetError) {
        guard Self.looksLikeAddress(text) else { throw .notAnAddress }
        var highMask = UInt64.max
        var lowMask = UInt64.max
        var address: IPAddress
        if let exact = IPAddress(text) {
            // An IPv4 subnet is written as one.
            if exact.isV4, text.contains(UInt8(ascii: ":")) { throw .badAddress }
            address = exact
        } else if mask == nil, let (network, networkMask) = Self.network(text) {
            address = IPAddress(v4: network)
            lowMask = UInt64.max << 32 | UInt64(networkMask)
        } else {
            throw .badAddress
        }
        if let mask {
            let width = address.isV4 ? 32 : 128
            if let bits = Self.bits(mask), bits > 0, bits <= width {
                let fixed = 128 - width + bits
                highMask = fixed >= 64 ? .max : ~(.max >> UInt64(fixed))
                lowMask = fixed >= 128 ? .max : fixed <= 64 ? 0 : ~(.max >> UInt64(fixed - 64))
            } else if address.isV4, let netmask = IPAddress.parseV4(mask.bytes[...]) {
                lowMask = UInt64.max << 32 | UInt64(netmask)
            } else {
                throw .badMask
            }
        }
        isV4 = address.isV4
        address = IPAddress(high: address.high & highMask, low: address.low & lowMask)
        (high, low) = (address.high, address.low)
        (self.highMask, self.lowMask) = (highMask, lowMask)
    }

    /// `apr_ipsubnet_test`: an IPv4 subnet holds IPv4 addresses and their mapped form, an IPv6 one the others.
    public func contains(_ address: IPAddress) -> Bool {
        address.isV4 == isV4 && address.high & highMask == high && address.low & lowMask == low
    }

    private static func looksLikeAddress(_ text: ByteString) -> Bool {
        if text.contains(UInt8(ascii: ":")) { return true }
        return text.allSatisfy { ASCII.isDigit($0) || $0 == UInt8(ascii: ".") }
    }

    /// As C's `strtol`, of the whole text.
    private static func bits(_ text: ByteString) -> Int? {
        let start = text.bytes.firstIndex { !ASCII.isSpace($0) } ?? text.count
        return text.from(start).decimal
    }

    /// `10`, `10.1`, `10.1.`: the missing octets are masked out.
    private static func network(_ text: ByteString) -> (UInt32, UInt32)? {
        var parts = text.split(on: UInt8(ascii: "."))
        if parts.count > 1, parts[parts.count - 1].isEmpty { parts.removeLast() }
        guard (1...4).contains(parts.count) else { return nil }
        var (address, mask): (UInt32, UInt32) = (0, 0)
        for (index, part) in parts.enumerated() {
            guard !part.isEmpty, part.allSatisfy(ASCII.isDigit), let octet = part.decimal, octet <= 255 else {
                return nil
            }
            let shift = UInt32(24 - 8 * index)
            address |= UInt32(octet) << shift
            mask |= 255 << shift
        }
        return (address, mask)
    }
}
