// Apache: server/connection.c (ap_lingering_close)
import Kernel

extension EventLoop {
    /// Closes so that the other end can read all that was sent: a plain close with input unread would make the kernel
    /// send a reset, which destroys answers under way. Ends the sending half, then reads and forgets input until the
    /// other end closes too, is silent for 2 seconds, or 30 seconds have passed. The channel is gone for the caller.
    public func lingeringClose(_ channel: Channel) {
        guard let descriptor = descriptor(channel) else { return }
        Socket.shutdownWrite(descriptor)
        unpark(channel)
        // Most clients have closed already, or do so with the last bytes that are here now.
        if isDrainedToTheEnd(channel) { return close(channel) }
        let deadline = milliseconds &+ 30_000
        lingeringCount += 1
        spawnLocal { [self] in
            defer { lingeringCount -= 1 }
            do throws(IOError) {
                while milliseconds < deadline {
                    try await waitReadable(channel, timeout: 2_000)
                    if isDrainedToTheEnd(channel) { break }
                    await Task.yield()
                }
            } catch {}
            close(channel)
        }
    }
    private func isDrainedToTheEnd(_ channel: Channel) -> Bool {
        // Bounded: a client that sends without end must not hold the loop.
        for _ in 0..<4 {
            switch receive(channel) {
            case .bytes(0), .failed: return true
            case .bytes: continue
            case .wouldBlock: return false
            }
        }
        return false
    }
}
