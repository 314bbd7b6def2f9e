// PHP: main/fastcgi.c (fcgi_accept_request, safe_read, safe_write), sapi/fpm/fpm/fpm_signals.c (sig_soft_quit)
import CLinux
import Glibc

/// Blocking sockets, for a process that does one thing at a time.
extension Socket {
    /// Waits for a connection; the new socket blocks. Throws `interrupted` when a signal came, and `connectionAborted` when the
    /// connection ended before it was taken. The peer's address is `unmapped`, `.none` for unix sockets.
    public static func acceptBlocking(_ listener: Int32) throws(Errno) -> (descriptor: Int32, peer: SocketAddress) {
        var raw = clinux_address()
        let descriptor = unsafe clinux_accept_blocking(listener, &raw)
        if descriptor < 0 { throw Errno.last }
        return (descriptor, SocketAddress(raw).unmapped)
    }
    /// Appends at most `limit` bytes that are there already to `buffer`; never waits.
    public static func receiveNow(_ socket: Int32, into buffer: inout [UInt8], upTo limit: Int) -> IOResult {
        unsafe withUnsafeTemporaryAllocation(byteCount: Swift.min(Swift.max(limit, 1), 65536), alignment: 16) {
            memory in
            let result = transfer { unsafe clinux_receive_now(socket, memory.baseAddress, memory.count) }
            if case .bytes(let count) = result { unsafe buffer.append(contentsOf: memory.prefix(count)) }
            return result
        }
    }
    /// As ``receive(_:into:upTo:)``, through memory that is used again.
    public static func receive(
        _ socket: Int32, into buffer: inout [UInt8], upTo limit: Int, through room: ReceiveRoom, wait: Bool = true
    ) -> IOResult {
        let memory = unsafe UnsafeMutableRawBufferPointer(rebasing: room.memory.prefix(Swift.max(limit, 1)))
        let result =
            wait
            ? unsafe receive(socket, memory)
            : transfer { unsafe clinux_receive_now(socket, memory.baseAddress, memory.count) }
        if case .bytes(let count) = result { unsafe buffer.append(contentsOf: memory.prefix(count)) }
        return result
    }
    /// The same, but the bytes stay in the socket as well, until ``drop(_:count:through:)`` takes them.
    public static func look(
        _ socket: Int32, into buffer: inout [UInt8], upTo limit: Int, through room: ReceiveRoom, wait: Bool = true
    ) -> IOResult {
        let memory = unsafe UnsafeMutableRawBufferPointer(rebasing: room.memory.prefix(Swift.max(limit, 1)))
        let result = transfer { unsafe clinux_look(socket, memory.baseAddress, memory.count, wait ? 1 : 0) }
        if case .bytes(let count) = result { unsafe buffer.append(contentsOf: memory.prefix(count)) }
        return result
    }
    /// Takes bytes that are there, as ``look(_:into:upTo:through:wait:)`` found, out of the socket.
    public static func drop(_ socket: Int32, count: Int, through room: ReceiveRoom) {
        var left = count
        while left > 0 {
            let memory = unsafe UnsafeMutableRawBufferPointer(rebasing: room.memory.prefix(left))
            let result = transfer { unsafe clinux_receive_now(socket, memory.baseAddress, memory.count) }
            guard case .bytes(let taken) = result, taken > 0 else { return }
            left -= taken
        }
    }
    /// What ``waitReadable(_:_:milliseconds:)`` came to.
    public enum Readiness: Sendable, Equatable {
        /// Readable, or ended.
        case ready(first: Bool, second: Bool)
        case timedOut
        /// A signal came.
        case interrupted
    }
    /// Waits until one of two descriptors (-1: only the first) has something; `milliseconds` -1 waits without end.
    public static func waitReadable(_ first: Int32, _ second: Int32 = -1, milliseconds: Int32) -> Readiness {
        let found = clinux_wait_readable(first, second, milliseconds)
        if found < 0 { return .interrupted }
        return found == 0 ? .timedOut : .ready(first: found & 1 != 0, second: found & 2 != 0)
    }
    /// Sends all of `bytes` on a blocking socket. False when the peer has gone.
    public static func sendAll(_ socket: Int32, _ bytes: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBytes {
            unsafe clinux_send_both(socket, $0.baseAddress, $0.count, nil, 0) == 0
        }
    }
    /// Sends `head` and then memory of the caller's, all of both, with one call where that suffices. False when the peer has gone.
    @unsafe public static func sendAll(_ socket: Int32, _ head: [UInt8], _ body: UnsafeRawBufferPointer) -> Bool {
        unsafe head.withUnsafeBytes {
            unsafe clinux_send_both(socket, $0.baseAddress, $0.count, body.baseAddress, body.count) == 0
        }
    }
}

/// Leaving when the present work is done (SIGQUIT in a worker). System calls are restarted, so a script notices nothing.
public enum SoftQuit {
    /// Installs the handler. When the signal comes, an accept that waits on `listener` fails in this process.
    public static func install(listener: Int32) throws(Errno) {
        _ = try check { clinux_soft_quit_install(listener) }
    }
    /// True once the signal has come.
    public static var isWanted: Bool { clinux_soft_quit_wanted() != 0 }
    /// Names the connection that waits for a next request (-1: none): its input ends when the signal comes. Set it, then look
    /// at ``isWanted``, then wait.
    public static func setIdle(_ connection: Int32) { clinux_soft_quit_idle(connection) }
}

/// 64 KiB to receive into. What is never used of it takes no memory.
@safe
public final class ReceiveRoom {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

    public init() {}
    deinit { unsafe memory.deallocate() }
}
