// Apache: server/mpm/event/event.c (poll callbacks)
import Kernel

/// How waiting ended.
enum Outcome: UInt8 {
    case ready, timedOut, closed, stopped

    var error: IOError? {
        switch self {
        case .ready: nil
        case .timedOut: .timedOut
        case .closed: .closed
        case .stopped: .stopped
        }
    }
}
enum Side { case read, write }

extension EventLoop {
    typealias Waiter = UnsafeContinuation<Outcome, Never>

    /// Suspends until the side is ready, its time has passed, or the channel or loop ends. One waiter for each side.
    func wait(_ channel: Channel, _ side: Side, timeout: UInt64?) async -> Outcome {
        if isStopping { return .stopped }
        let node = Int(channel.index) * 2 + (side == .read ? 0 : 1)
        guard let slot = unsafe table.find(channel) else { return .closed }
        let taken = side == .read ? unsafe slot.pointee.reader : unsafe slot.pointee.writer
        assert(taken == 0, "two tasks wait for the same side of a channel")
        if taken != 0 { return .closed }
        if side == .write {
            do throws(Errno) {
                try unsafe watchForRoom(channel, slot)
            } catch { return .closed }
        }
        if let timeout { wheel.set(node, at: tick(after: timeout)) } else { wheel.clear(node) }
        let outcome = await unsafe withUnsafeContinuation { (continuation: Waiter) in
            let word = unsafe unsafeBitCast(continuation, to: UInt.self)
            guard let slot = unsafe table.find(channel) else {
                unsafe continuation.resume(returning: .closed)
                return
            }
            if side == .read { unsafe slot.pointee.reader = word } else { unsafe slot.pointee.writer = word }
        }
        if timeout != nil, unsafe table.find(channel) != nil { wheel.clear(node) }
        return outcome
    }
    func resumeReader(_ slot: UnsafeMutablePointer<Slot>, _ outcome: Outcome) {
        let word = unsafe slot.pointee.reader
        unsafe slot.pointee.reader = 0
        unsafe unsafeBitCast(word, to: Waiter.self).resume(returning: outcome)
    }
    func resumeWriter(_ slot: UnsafeMutablePointer<Slot>, _ outcome: Outcome) {
        let word = unsafe slot.pointee.writer
        unsafe slot.pointee.writer = 0
        unsafe unsafeBitCast(word, to: Waiter.self).resume(returning: outcome)
    }
    func resumeWaiters(_ slot: UnsafeMutablePointer<Slot>, _ outcome: Outcome) {
        if unsafe slot.pointee.reader != 0 { unsafe resumeReader(slot, outcome) }
        if unsafe slot.pointee.writer != 0 { unsafe resumeWriter(slot, outcome) }
    }
    /// Ends another task's wait for input of the channel: it gets `.stopped`. Nothing that came is lost.
    public func interruptReading(_ channel: Channel) {
        guard let slot = unsafe table.find(channel), unsafe slot.pointee.reader != 0 else { return }
        unsafe resumeReader(slot, .stopped)
    }
    /// The loop ends: nobody waits any longer.
    func resumeAll() {
        for index in 0..<table.used { unsafe resumeWaiters(table.slots + index, .stopped) }
    }
    var stillWaiting: Bool {
        for index in 0..<table.used {
            if unsafe table.slots[index].reader != 0 || table.slots[index].writer != 0 { return true }
        }
        return false
    }

    /// Waits for input or the end of the stream. Milliseconds; nil waits without end.
    public func waitReadable(_ channel: Channel, timeout: UInt64?) async throws(IOError) {
        guard let slot = unsafe table.find(channel) else { throw .closed }
        if unsafe slot.pointee.flags.contains(.readReady) { return }
        if let error = await wait(channel, .read, timeout: timeout).error { throw error }
    }
    /// Waits until something can be sent.
    public func waitWritable(_ channel: Channel, timeout: UInt64?) async throws(IOError) {
        guard let slot = unsafe table.find(channel) else { throw .closed }
        if unsafe slot.pointee.flags.contains(.writeReady) { return }
        if let error = await wait(channel, .write, timeout: timeout).error { throw error }
    }
    /// Waits once for any descriptor (a pipe, a `SignalSource`) to have input. It stays the caller's and stays open.
    /// Regular files cannot be waited for: `.errno(.permission)`.
    public func waitReadable(descriptor: Int32, timeout: UInt64?) async throws(IOError) {
        try await waitOnce(descriptor, .read, timeout)
    }
    /// Waits once until any descriptor takes output.
    public func waitWritable(descriptor: Int32, timeout: UInt64?) async throws(IOError) {
        try await waitOnce(descriptor, .write, timeout)
    }
    private func waitOnce(_ descriptor: Int32, _ side: Side, _ timeout: UInt64?) async throws(IOError) {
        let channel = insert(descriptor, tag: 0, flags: [])
        let events = side == .read ? Epoll.Mask.readable | Epoll.Mask.readHangUp : Epoll.Mask.writable
        do throws(Errno) {
            try epoll.add(descriptor, events | Epoll.Mask.oneShot, data: channel.data)
        } catch {
            release(channel)
            throw .errno(error)
        }
        let outcome = await wait(channel, side, timeout: timeout)
        epoll.remove(descriptor)
        release(channel)
        if let error = outcome.error { throw error }
    }
}
