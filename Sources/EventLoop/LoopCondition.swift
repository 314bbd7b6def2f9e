// Apache: apr_thread_cond.h; here both sides are on the loop's thread.

/// One task waits, another piece of the loop's work tells it to go on. A word that comes while nobody waits is kept: the next
/// wait returns at once. Used on the loop's thread only.
public final class LoopCondition {
    private let loop: EventLoop
    private var waiting: Channel?
    private var isSet = false

    public init(_ loop: EventLoop) { self.loop = loop }

    /// Waits for `notify`. `timeout` is milliseconds; nil waits without end. Throws `.timedOut`, and `.stopped` when the loop ends.
    public func wait(timeout: UInt64?) async throws(IOError) {
        if isSet {
            isSet = false
            return
        }
        // A place in the loop's table without a descriptor: it has a deadline and a waiter, as any channel.
        let place = loop.insert(-1, tag: 0, flags: [])
        waiting = place
        let outcome = await loop.wait(place, .read, timeout: timeout)
        waiting = nil
        loop.release(place)
        if isSet {
            isSet = false
            return
        }
        if let error = outcome.error { throw error }
    }
    /// Lets the waiting task go on, in its turn.
    public func notify() {
        isSet = true
        guard let waiting else { return }
        loop.resumeReader(of: waiting)
    }
}

extension EventLoop {
    func resumeReader(of channel: Channel) {
        guard let slot = unsafe table.find(channel), unsafe slot.pointee.reader != 0 else { return }
        unsafe resumeReader(slot, .ready)
    }
}
