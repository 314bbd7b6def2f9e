// Apache: srclib/apr/network_io/unix/sockaddr.c
import Bytes
import CLinux
import Glibc

/// Names and addresses through the system's resolver. These calls block: use `EventLoop.blocking`.
public enum Resolver {
    /// Why a name has no address; `description` is `gai_strerror`'s text.
    public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// An `EAI_` code.
        public var code: Int32
        public var description: String { unsafe String(cString: gai_strerror(code)) }
        /// The name exists nowhere, as opposed to a resolver that did not answer.
        public var isUnknownName: Bool { code == EAI_NONAME }
    }
    public enum Family: Sendable { case any, v4, v6 }

    /// Addresses of a host name or address text, in the system's order of preference, with `port` set.
    public static func addresses(
        of name: ByteString, port: UInt16 = 0, family: Family = .any
    ) throws(Failure) -> [SocketAddress] {
        let wanted =
            switch family {
            case .any: AF_UNSPEC
            case .v4: AF_INET
            case .v6: AF_INET6
            }
        var list = [clinux_address](repeating: clinux_address(), count: 64)
        let count = unsafe list.withUnsafeMutableBufferPointer { room in
            unsafe name.withCPath { unsafe clinux_resolve($0, nil, wanted, 0, room.baseAddress, 64) }
        }
        guard count >= 0 else { throw Failure(code: name.contains(0) ? EAI_NONAME : count) }
        return list.prefix(Int(count)).map { raw in
            var address = SocketAddress(raw)
            address.port = port
            return address
        }
    }
    /// The host name of an address, or nil.
    public static func name(of address: SocketAddress) -> ByteString? {
        guard address.kind != 0 else { return nil }
        var raw = address.raw
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1025) { room in
            guard let start = room.baseAddress, unsafe clinux_reverse(&raw, start, 1025) == 0 else { return nil }
            return unsafe ByteString(cString: start)
        }
    }
}
