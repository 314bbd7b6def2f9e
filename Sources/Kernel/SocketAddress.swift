// Apache: srclib/apr/network_io/unix/sockaddr.c
import Bytes
import CLinux
import Glibc

/// An Internet address and port: a small value without storage of its own.
///
/// IPv4 peers of a dual-stack listener are kept as IPv4, so they print and compare as Apache shows them.
public struct SocketAddress: Sendable, Hashable {
    /// The address in network order; IPv4 fills the first 4 bytes of `high`.
    var high: UInt64
    var low: UInt64
    var scope: UInt32
    /// In host order.
    public var port: UInt16
    var kind: UInt8

    /// Neither family: a unix socket's peer.
    public static let none = SocketAddress(high: 0, low: 0, scope: 0, port: 0, kind: 0)
    /// 127.0.0.1.
    public static func loopback(port: UInt16) -> SocketAddress {
        SocketAddress(v4: (127, 0, 0, 1), port: port)
    }
    /// 0.0.0.0.
    public static func anyV4(port: UInt16) -> SocketAddress { SocketAddress(v4: (0, 0, 0, 0), port: port) }
    /// ::, which on a listener takes IPv4 too.
    public static func anyV6(port: UInt16) -> SocketAddress {
        SocketAddress(high: 0, low: 0, scope: 0, port: port, kind: 6)
    }

    init(high: UInt64, low: UInt64, scope: UInt32, port: UInt16, kind: UInt8) {
        self.high = high
        self.low = low
        self.scope = scope
        self.port = port
        self.kind = kind
    }
    public init(v4 bytes: (UInt8, UInt8, UInt8, UInt8), port: UInt16) {
        let value = UInt64(bytes.0) << 24 | UInt64(bytes.1) << 16 | UInt64(bytes.2) << 8 | UInt64(bytes.3)
        self.init(high: (value << 32).bigEndian, low: 0, scope: 0, port: port, kind: 4)
    }
    /// From 4 or 16 bytes in network order; nil for another count. A v4-mapped address stays IPv6.
    public init?(bytes: [UInt8], port: UInt16) {
        switch bytes.count {
        case 4: self.init(v4: (bytes[0], bytes[1], bytes[2], bytes[3]), port: port)
        case 16:
            var halves: (UInt64, UInt64) = (0, 0)
            for index in 0..<8 {
                halves.0 = halves.0 << 8 | UInt64(bytes[index])
                halves.1 = halves.1 << 8 | UInt64(bytes[index + 8])
            }
            self.init(high: halves.0.bigEndian, low: halves.1.bigEndian, scope: 0, port: port, kind: 6)
        default: return nil
        }
    }
    /// Parses dotted IPv4, or IPv6 without brackets and with an optional `%interface`; nil for anything else.
    public init?(_ text: ByteString, port: UInt16) {
        guard text.count < 64 else { return nil }
        var raw = clinux_address()
        let found = unsafe text.withCPath { unsafe clinux_parse_address($0, &raw) }
        guard found == 1 else { return nil }
        self.init(raw)
        self.port = port
    }

    init(_ raw: clinux_address) {
        var copy = raw
        let halves = unsafe withUnsafeBytes(of: &copy.bytes) {
            unsafe ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        switch Int32(raw.family) {
        case AF_INET: self.init(high: halves.0, low: 0, scope: 0, port: raw.port, kind: 4)
        case AF_INET6:
            self.init(high: halves.0, low: halves.1, scope: raw.scope, port: raw.port, kind: 6)
        default: self = .none
        }
    }
    var raw: clinux_address {
        var result = clinux_address()
        result.family = UInt16(kind == 4 ? AF_INET : kind == 6 ? AF_INET6 : AF_UNSPEC)
        result.port = port
        result.scope = scope
        unsafe withUnsafeMutableBytes(of: &result.bytes) {
            unsafe $0.storeBytes(of: high, as: UInt64.self)
            unsafe $0.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
        }
        return result
    }

    public var isIPv4: Bool { kind == 4 }
    public var isIPv6: Bool { kind == 6 }
    /// An IPv6 value that carries an IPv4 address (`::ffff:a.b.c.d`).
    public var isV4Mapped: Bool { kind == 6 && high == 0 && low.bigEndian >> 32 == 0xFFFF }
    /// The address without IPv6 mapping; what the server works with for a peer.
    public var unmapped: SocketAddress {
        guard isV4Mapped else { return self }
        return SocketAddress(
            high: (low.bigEndian << 32).bigEndian, low: 0, scope: 0, port: port, kind: 4)
    }
    /// 127.0.0.0/8 or ::1, mapped or not.
    public var isLoopback: Bool {
        let plain = unmapped
        if plain.kind == 4 { return plain.high.bigEndian >> 56 == 127 }
        return plain.kind == 6 && plain.high == 0 && plain.low.bigEndian == 1
    }
    /// 0.0.0.0 or ::.
    public var isAny: Bool { high == 0 && low == 0 && kind != 0 }
    /// The address without its port, for comparing hosts.
    public func hasSameHost(as other: SocketAddress) -> Bool {
        let left = unmapped
        let right = other.unmapped
        return left.kind == right.kind && left.high == right.high && left.low == right.low
    }
    /// 4 or 16 bytes in network order; none for `.none`.
    public var bytes: [UInt8] {
        var result: [UInt8] = []
        guard kind != 0 else { return result }
        for index in 0..<(kind == 4 ? 4 : 16) { result.append(byte(index)) }
        return result
    }
    /// One byte in network order, without an array: index 0..<4 or 0..<16 (others give 0).
    public func byte(_ index: Int) -> UInt8 {
        switch index {
        case 0..<8: UInt8(truncatingIfNeeded: high.bigEndian >> UInt64(56 - index * 8))
        case 8..<16: UInt8(truncatingIfNeeded: low.bigEndian >> UInt64(120 - index * 8))
        default: 0
        }
    }

    /// The address without its port, as Apache logs it: a v4-mapped address as IPv4, IPv6 without brackets.
    public var text: ByteString {
        var result: [UInt8] = []
        append(to: &result)
        return ByteString(result)
    }
    /// Appends `text`; allocates nothing beyond the buffer's growth.
    public func append(to output: inout [UInt8]) {
        let plain = unmapped
        if plain.kind == 4 {
            for index in 0..<4 {
                if index > 0 { output.append(UInt8(ascii: ".")) }
                output.append(decimal: Int(plain.byte(index)))
            }
        } else if plain.kind == 6 {
            var raw = plain.raw
            unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 80) { buffer in
                let count = unsafe clinux_print_address(&raw, buffer.baseAddress, 80)
                unsafe output.append(contentsOf: UnsafeRawBufferPointer(buffer).prefix(count))
            }
        }
    }
    /// `address:port`, IPv6 in brackets.
    public var textWithPort: ByteString {
        var result: [UInt8] = []
        let bracketed = unmapped.kind == 6
        if bracketed { result.append(UInt8(ascii: "[")) }
        append(to: &result)
        if bracketed { result.append(UInt8(ascii: "]")) }
        result.append(UInt8(ascii: ":"))
        result.append(decimal: Int(port))
        return ByteString(result)
    }
}

extension SocketAddress: CustomStringConvertible {
    public var description: String { textWithPort.string }
}

/// Where to connect to or listen on.
public enum Endpoint: Sendable, Hashable {
    case ip(SocketAddress)
    /// A path of at most 107 bytes; `@` first means the abstract namespace.
    case unix(ByteString)

    /// `address:port` or the path.
    public var text: ByteString {
        switch self {
        case .ip(let address): address.textWithPort
        case .unix(let path): path
        }
    }
}
