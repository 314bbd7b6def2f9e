// Apache: server/listen.c, srclib/apr/network_io/unix/sockets.c
import Bytes
import CLinux
import Glibc

/// Two sockets that are connected to each other.
public struct SocketPair: ~Copyable {
    public let first: Descriptor
    public let second: Descriptor
    /// Gives both away.
    public consuming func split() -> (first: Int32, second: Int32) { (first.take(), second.take()) }
}

/// Sockets: all closed on exec and non-blocking.
public enum Socket {
    /// What a listener is made with.
    public struct ListenOptions: Sendable {
        /// `ListenBackLog`; the kernel caps it at `net.core.somaxconn`.
        public var backlog: Int32 = 511
        public var reusePort = false
        /// `AcceptFilter http data`: wake when the first bytes are there (seconds; nil for off).
        public var deferAcceptSeconds: Int32?
        /// An IPv6 listener takes IPv6 only. Apache's build for Debian leaves it off: `Listen 80` takes both.
        public var v6Only = false
        public init() {}
    }

    /// A TCP listener.
    public static func listen(
        _ address: SocketAddress, options: ListenOptions = ListenOptions()
    ) throws(Errno) -> Descriptor {
        let socket = Descriptor(try check { clinux_socket(address.isIPv6 ? AF_INET6 : AF_INET, streamType) })
        try set(socket.raw, SOL_SOCKET, SO_REUSEADDR, 1)
        if options.reusePort { try set(socket.raw, SOL_SOCKET, SO_REUSEPORT, 1) }
        if address.isIPv6 { try set(socket.raw, level(IPPROTO_IPV6), IPV6_V6ONLY, options.v6Only ? 1 : 0) }
        // As Apache: answers of any size leave at once, and accepted sockets inherit it.
        try set(socket.raw, level(IPPROTO_TCP), TCP_NODELAY, 1)
        if let seconds = options.deferAcceptSeconds {
            try set(socket.raw, level(IPPROTO_TCP), TCP_DEFER_ACCEPT, seconds)
        }
        var raw = address.raw
        _ = try check { unsafe clinux_bind(socket.raw, &raw) }
        _ = try check { Glibc.listen(socket.raw, options.backlog) }
        return socket
    }
    /// What `Listen PORT` without an address binds: `[::]` for both families, or `0.0.0.0` where IPv6 is absent.
    public static func listenAny(
        port: UInt16, options: ListenOptions = ListenOptions()
    ) throws(Errno) -> Descriptor {
        do throws(Errno) {
            return try listen(.anyV6(port: port), options: options)
        } catch {
            guard error == .familyNotSupported || error == .addressNotAvailable else { throw error }
            return try listen(.anyV4(port: port), options: options)
        }
    }
    /// A unix listener. An old socket at `path` is removed first; the file gets `mode`.
    public static func listenUnix(_ path: ByteString, mode: UInt32 = 0o666, backlog: Int32 = 511) throws(Errno)
        -> Descriptor
    {
        let socket = Descriptor(try check { clinux_socket(AF_UNIX, streamType) })
        if let old = try? FileStatus(link: path), old.kind == .socket { try File.unlink(path) }
        _ = try check { unsafe path.withCPath { unsafe clinux_bind_unix(socket.raw, $0, path.count) } }
        if path.first != UInt8(ascii: "@") { try File.setMode(path, mode) }
        _ = try check { Glibc.listen(socket.raw, backlog) }
        return socket
    }

    /// One waiting connection, or nil when there is none. Connections that ended before they were taken are skipped.
    /// Throws what the caller must act on (`tooManyFiles`, `noMemory`).
    public static func accept(_ listener: Int32) throws(Errno) -> (descriptor: Int32, peer: SocketAddress)? {
        while true {
            var raw = clinux_address()
            let descriptor = unsafe clinux_accept(listener, &raw)
            if descriptor >= 0 { return (descriptor, SocketAddress(raw).unmapped) }
            switch errno {
            case EAGAIN: return nil
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP,
                ENETUNREACH:
                continue
            default: throw Errno.last
            }
        }
    }

    /// Begins to connect. The socket is connected when it gets writable and `connectResult` is nil.
    /// Throws `.wouldBlock` where a unix listener's queue is full.
    public static func connect(_ endpoint: Endpoint, from source: SocketAddress? = nil) throws(Errno) -> Descriptor {
        switch endpoint {
        case .ip(let address):
            let socket = Descriptor(try check { clinux_socket(address.isIPv6 ? AF_INET6 : AF_INET, streamType) })
            try set(socket.raw, level(IPPROTO_TCP), TCP_NODELAY, 1)
            if let source {
                var raw = source.raw
                _ = try check { unsafe clinux_bind(socket.raw, &raw) }
            }
            var raw = address.raw
            if unsafe clinux_connect(socket.raw, &raw) < 0, errno != EINPROGRESS, errno != EINTR { throw Errno.last }
            return socket
        case .unix(let path):
            let socket = Descriptor(try check { clinux_socket(AF_UNIX, streamType) })
            _ = try check { unsafe path.withCPath { unsafe clinux_connect_unix(socket.raw, $0, path.count) } }
            return socket
        }
    }
    /// A datagram socket that talks to a unix path (`@name` for an abstract one): the system log, a service manager.
    /// It blocks.
    public static func datagram(to path: ByteString) throws(Errno) -> Descriptor {
        let socket = Descriptor(try check { clinux_socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue)) })
        _ = try check { unsafe path.withCPath { unsafe clinux_connect_unix(socket.raw, $0, path.count) } }
        File.setNonBlocking(socket.raw, false)
        return socket
    }
    /// The pending error of a socket (SO_ERROR), which is how a connect ended; nil for success.
    public static func connectResult(_ socket: Int32) -> Errno? {
        var value: Int32 = 0
        if unsafe clinux_get_option(socket, SOL_SOCKET, SO_ERROR, &value) < 0 { return Errno.last }
        return value == 0 ? nil : Errno(rawValue: value)
    }
    /// A connected pair of unix stream sockets.
    public static func pair() throws(Errno) -> SocketPair {
        var ends: (Int32, Int32) = (-1, -1)
        let type = streamType | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        _ = try check {
            unsafe withUnsafeMutableBytes(of: &ends) {
                unsafe socketpair(AF_UNIX, type, 0, $0.baseAddress?.assumingMemoryBound(to: Int32.self))
            }
        }
        return SocketPair(first: Descriptor(ends.0), second: Descriptor(ends.1))
    }

    /// The address a socket is bound to (`unmapped`); `.none` for unix sockets.
    public static func localAddress(_ socket: Int32) throws(Errno) -> SocketAddress {
        var raw = clinux_address()
        _ = try check { unsafe clinux_local_address(socket, &raw) }
        return SocketAddress(raw).unmapped
    }
    /// The other end's address (`unmapped`); `.none` for unix sockets.
    public static func peerAddress(_ socket: Int32) throws(Errno) -> SocketAddress {
        var raw = clinux_address()
        _ = try check { unsafe clinux_peer_address(socket, &raw) }
        return SocketAddress(raw).unmapped
    }
    /// What a listener that was inherited is bound to.
    public static func localEndpoint(_ socket: Int32) throws(Errno) -> Endpoint {
        var raw = clinux_address()
        _ = try check { unsafe clinux_local_address(socket, &raw) }
        guard Int32(raw.family) == AF_UNIX else { return .ip(SocketAddress(raw)) }
        var path = [UInt8](repeating: 0, count: 128)
        let count = try check {
            unsafe path.withUnsafeMutableBytes {
                unsafe clinux_local_path(socket, $0.baseAddress?.assumingMemoryBound(to: CChar.self), 128)
            }
        }
        return .unix(ByteString(path[0..<count]))
    }
    /// Whether this machine has an address of the family.
    public static var hasIPv6: Bool { clinux_interface_has(AF_INET6) != 0 }

    public static func setNoDelay(_ socket: Int32, _ on: Bool) {
        try? set(socket, level(IPPROTO_TCP), TCP_NODELAY, on ? 1 : 0)
    }
    /// Holds partial segments back until it is turned off.
    public static func setCork(_ socket: Int32, _ on: Bool) {
        try? set(socket, level(IPPROTO_TCP), TCP_CORK, on ? 1 : 0)
    }
    /// Whether the kernel can make TLS records (tls.rst). Where that is a module, root's question loads it.
    public static var hasKernelTLS: Bool {
        guard let raw = try? check({ clinux_socket(AF_INET, streamType) }) else { return false }
        let socket = Descriptor(raw)
        do throws(Errno) {
            _ = try check { unsafe setsockopt(socket.raw, level(IPPROTO_TCP), TCP_ULP, "tls", 3) }
            return true
        } catch {
            // It is there, but this socket has no peer.
            return error == .notConnected
        }
    }
    public static func setKeepAlive(_ socket: Int32, _ on: Bool) {
        try? set(socket, SOL_SOCKET, SO_KEEPALIVE, on ? 1 : 0)
    }
    public static func setSendBuffer(_ socket: Int32, _ bytes: Int32) { try? set(socket, SOL_SOCKET, SO_SNDBUF, bytes) }
    /// Of a listener: how many seconds to wait for a client's first bytes; 0 does not wait.
    public static func setDeferAccept(_ socket: Int32, _ seconds: Int32) {
        try? set(socket, level(IPPROTO_TCP), TCP_DEFER_ACCEPT, seconds)
    }
    public static func setReceiveBuffer(_ socket: Int32, _ bytes: Int32) {
        try? set(socket, SOL_SOCKET, SO_RCVBUF, bytes)
    }
    /// Close sends a reset and forgets what is unsent.
    public static func setResetOnClose(_ socket: Int32) {
        var value = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(socket, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }
    /// Ends the sending half; what was sent is still delivered.
    public static func shutdownWrite(_ socket: Int32) { _ = shutdown(socket, Int32(SHUT_WR)) }
    public static func shutdownBoth(_ socket: Int32) { _ = shutdown(socket, Int32(SHUT_RDWR)) }

    static var streamType: Int32 { Int32(SOCK_STREAM.rawValue) }
    static func level(_ value: some BinaryInteger) -> Int32 { Int32(value) }
    static func set(_ socket: Int32, _ level: Int32, _ name: Int32, _ value: Int32) throws(Errno) {
        _ = try check { clinux_set_option(socket, level, name, value) }
    }
}
