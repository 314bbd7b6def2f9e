// PHP: main/fastcgi.c (fcgi_accept_request)
import Bytes
import Kernel

/// Where a worker's connections come from: the pool's listener, and the queue of those that had to wait.
final class ConnectionSource {
    enum Next {
        case connection(Int32, SocketAddress)
        /// To be closed after the log was told: whoever sees the end may look there.
        case refused(Int32, SocketAddress)
        /// A signal came, or somebody else was faster: look whether to go on, and ask again.
        case none
        /// The listener takes no more.
        case ended
    }
    private let listener: Int32
    /// -1: none.
    private var queue: Int32
    private var allowed: AllowedClients?
    /// Told how many microseconds a connection from the queue had waited.
    var tellWait: (UInt64) -> Void = { _ in }

    init(listener: Int32, queue: Int32) {
        self.listener = listener
        self.queue = queue
        // With a queue, waiting is for both, so accepting must not wait for one; without, accepting is the waiting.
        File.setNonBlocking(listener, queue >= 0)
    }
    /// `listen.allowed_clients`, which holds for TCP listeners; nil: everybody.
    func allow(_ list: ByteString?, problem: (ByteString) -> Void) {
        guard let list, let local = try? Socket.localAddress(listener), local != .none else { return }
        allowed = AllowedClients(list, problem: problem)
    }

    /// Waits for a connection.
    func next() -> Next {
        guard queue >= 0 else { return accept() }
        guard case .ready(let isWaiting, let hasNew) = Socket.waitReadable(queue, listener, milliseconds: -1) else {
            return .none
        }
        if isWaiting {
            switch QueuedConnection.take(from: queue) {
            case .connection(let one):
                tellWait(MonotonicTime.microseconds &- one.accepted)
                File.setNonBlocking(one.descriptor, false)
                return check(one.descriptor, (try? Socket.peerAddress(one.descriptor)) ?? .none)
            case .closed:
                queue = -1
                File.setNonBlocking(listener, false)
            case .none: break
            }
        }
        return hasNew ? accept() : .none
    }
    private func accept() -> Next {
        do throws(Errno) {
            let (descriptor, peer) = try Socket.acceptBlocking(listener)
            return check(descriptor, peer)
        } catch {
            // The listener is shared: another process may have taken its blocking away.
            if error == .wouldBlock, queue < 0 { _ = Socket.waitReadable(listener, milliseconds: -1) }
            return error == .interrupted || error == .connectionAborted || error == .wouldBlock ? .none : .ended
        }
    }
    private func check(_ descriptor: Int32, _ peer: SocketAddress) -> Next {
        if let allowed, !allowed.allows(peer) {
            return .refused(descriptor, peer)
        }
        return .connection(descriptor, peer)
    }
}
