// PHP: no counterpart (`pm.queue_timeout`)
import Kernel

/// A connection that waits for a worker in a packet socket between supervisor and workers.
///
/// The kernel does the handing over: whoever of the workers is idle first receives it. When it has waited too long, the
/// supervisor takes it back from the same end and answers that the service is unavailable.
public struct QueuedConnection: Sendable {
    /// Owned by whoever took it.
    public var descriptor: Int32
    /// When it was accepted, in microseconds of `MonotonicTime`.
    public var accepted: UInt64

    /// What a look into the queue came to.
    public enum Taken: Sendable {
        case connection(QueuedConnection)
        case none
        /// There is no supervisor any more: no connection will come, and the socket stays readable. Do not wait for it again.
        case closed
    }
    /// The connection that waits longest. Never waits itself.
    public static func take(from queue: Int32) -> Taken {
        do throws(Errno) {
            guard let message = try PacketSocket.receive(queue, capacity: 16, wait: false) else { return .closed }
            guard let descriptor = message.descriptors.first else { return .none }
            for other in message.descriptors.dropFirst() { File.close(other) }
            return .connection(QueuedConnection(descriptor: descriptor, accepted: time(message.bytes)))
        } catch { return error == .wouldBlock ? .none : .closed }
    }
    /// When the connection that waits longest was accepted; nil when none waits.
    static func oldest(in queue: Int32) -> UInt64? {
        guard let message = try? PacketSocket.peek(queue) else { return nil }
        return time(message.bytes)
    }
    /// Puts a connection at the end. The descriptor stays the caller's to close. False when there is no room.
    static func put(_ descriptor: Int32, accepted: UInt64, into queue: Int32) -> Bool {
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: accepted >> (8 * UInt64($0))) }
        if case .bytes = PacketSocket.send(queue, bytes, descriptors: [descriptor]) { return true }
        return false
    }
    private static func time(_ bytes: [UInt8]) -> UInt64 {
        bytes.prefix(8).enumerated().reduce(0) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) }
    }
}
