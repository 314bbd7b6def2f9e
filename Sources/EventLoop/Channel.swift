// Apache: include/httpd.h (conn_rec's socket), server/mpm/event/event.c (conn_state)
import Kernel

/// A descriptor that a loop watches: its place in the loop's table, and which of the place's users it is.
///
/// A value that outlived its channel is harmless: every call treats it as closed.
public struct Channel: Sendable, Hashable {
    /// The place: a small number that is used again after `close`, for the caller's own tables.
    public let index: UInt32
    let generation: UInt32
    @inline(__always) var data: UInt64 { UInt64(generation) << 32 | UInt64(index) }
}

/// Why waiting or moving bytes on a channel ended.
public enum IOError: Error, Sendable, Hashable {
    /// The time given for progress passed.
    case timedOut
    /// The channel was closed on this side, or the stream ended where more was needed.
    case closed
    /// The loop stops.
    case stopped
    case errno(Errno)
}

/// What a loop tells its user. Every call is made on the loop's thread, between its other work; none may block.
public protocol LoopDelegate: AnyObject {
    /// A listener has connections: take them with `accept` until it gives nil.
    func listenerReady(_ channel: Channel)
    /// A connection could not be taken for want of descriptors or memory. The listener rests a moment by itself.
    func acceptFailed(_ listener: Channel, _ error: Errno)
    /// A parked channel has input, or its other end is gone. Read until `wouldBlock`, a short read, or the end;
    /// what is left over comes in another call in the next turn. Call `unpark` when a task takes the channel over.
    func channelReadable(_ channel: Channel, tag: Int)
    /// The deadline of a parked channel passed.
    func channelTimedOut(_ channel: Channel, tag: Int)
    /// Watched directories changed: call `drainFileChanges`. It comes before any channel of the same batch of events.
    func filesChanged()
    /// All events and jobs of this turn are done: the moment to write collected log lines.
    func turnEnded()
}
extension LoopDelegate {
    public func acceptFailed(_ listener: Channel, _ error: Errno) {}
    public func filesChanged() {}
    public func turnEnded() {}
}
