// Apache: server/mpm/event/event.c (process_socket, close_worker_sockets)
import Kernel

/// Taking descriptors in and giving them back.
extension EventLoop {
    func insert(_ descriptor: Int32, tag: Int, flags: Slot.Flags) -> Channel {
        assertOnThread()
        let channel = table.insert(descriptor, tag: tag, flags: flags)
        wheel.grow(to: (Int(channel.index) + 1) * 2)
        return channel
    }
    /// Frees a channel's place; whoever waits on it gets `closed`.
    func release(_ channel: Channel) {
        assertOnThread()
        guard let slot = unsafe table.find(channel) else { return }
        unsafe resumeWaiters(slot, .closed)
        wheel.clear(Int(channel.index) * 2)
        wheel.clear(Int(channel.index) * 2 + 1)
        table.remove(channel.index)
    }

    /// Takes over a connected, non-blocking socket: the loop closes it from now on. It is parked, and taken to be ready
    /// for both directions until a call finds otherwise, so `receive` may be tried at once.
    /// `tag` is the caller's (an index, for example). On an error the descriptor stays the caller's.
    public func adopt(_ descriptor: Int32, tag: Int) throws(Errno) -> Channel {
        try adopt(descriptor, tag, [.parked, .readReady, .writeReady, .inputOnly], Self.inputEvents)
    }
    /// Takes over one end of a pipe, or of anything else that is read and written like one, and makes it non-blocking.
    /// It is not parked.
    public func adoptPipe(_ descriptor: Int32, tag: Int) throws(Errno) -> Channel {
        File.setNonBlocking(descriptor, true)
        return try adopt(descriptor, tag, [.pipe, .readReady, .writeReady, .inputOnly], Self.inputEvents)
    }
    /// Takes over a listener. With several processes or loops on one listener, the kernel wakes only some of them.
    public func adoptListener(_ descriptor: Int32, tag: Int) throws(Errno) -> Channel {
        try adopt(descriptor, tag, .listener, Self.listenerEvents)
    }
    private func adopt(_ descriptor: Int32, _ tag: Int, _ flags: Slot.Flags, _ events: UInt32) throws(Errno) -> Channel
    {
        let channel = insert(descriptor, tag: tag, flags: flags)
        do throws(Errno) {
            try epoll.add(descriptor, events, data: channel.data)
        } catch {
            release(channel)
            throw error
        }
        return channel
    }
    private static var inputEvents: UInt32 {
        Epoll.Mask.readable | Epoll.Mask.readHangUp | Epoll.Mask.edge
    }
    /// From the first wait for room on, a channel is told of it. Room that is there already is told at once.
    func watchForRoom(_ channel: Channel, _ slot: UnsafeMutablePointer<Slot>) throws(Errno) {
        guard unsafe slot.pointee.flags.contains(.inputOnly) else { return }
        unsafe slot.pointee.flags.remove(.inputOnly)
        try epoll.modify(
            unsafe slot.pointee.descriptor, Self.inputEvents | Epoll.Mask.writable, data: channel.data)
    }
    private static var listenerEvents: UInt32 { Epoll.Mask.readable | Epoll.Mask.exclusive }

    // MARK: - Listeners

    /// Takes a connection from a listener; nil when none waits. When the process or the system is out of descriptors or
    /// memory the delegate is told (`acceptFailed`), and the listener rests for a quarter of a second.
    public func accept(_ listener: Channel) -> (descriptor: Int32, peer: SocketAddress)? {
        guard let slot = unsafe table.find(listener) else { return nil }
        do throws(Errno) {
            return try Socket.accept(unsafe slot.pointee.descriptor)
        } catch {
            unsafe unlisten(slot, .resting)
            wheel.set(Int(listener.index) * 2, at: tick(after: 250))
            delegate?.acceptFailed(listener, error)
            return nil
        }
    }
    /// Stops taking connections from a listener for now; they stay in the kernel's queue.
    public func pause(_ listener: Channel) {
        guard let slot = unsafe table.find(listener) else { return }
        unsafe unlisten(slot, .paused)
    }
    /// Takes connections again.
    public func resume(_ listener: Channel) {
        guard let slot = unsafe table.find(listener) else { return }
        unsafe listen(slot, listener, .paused)
    }
    /// Ends listening on this loop; the descriptor stays open and is the caller's.
    public func remove(_ listener: Channel) { _ = detach(listener) }

    func endRest(_ slot: UnsafeMutablePointer<Slot>, _ index: Int) {
        let generation = unsafe slot.pointee.generation
        unsafe listen(slot, Channel(index: UInt32(index), generation: generation), .resting)
    }
    private func unlisten(_ slot: UnsafeMutablePointer<Slot>, _ why: Slot.Flags) {
        let was = unsafe slot.pointee.flags
        guard was.contains(.listener) else { return }
        unsafe slot.pointee.flags.insert(why)
        if was.isDisjoint(with: [.paused, .resting]) { epoll.remove(unsafe slot.pointee.descriptor) }
    }
    private func listen(_ slot: UnsafeMutablePointer<Slot>, _ channel: Channel, _ why: Slot.Flags) {
        guard unsafe slot.pointee.flags.contains(why) else { return }
        unsafe slot.pointee.flags.remove(why)
        guard unsafe slot.pointee.flags.isDisjoint(with: [.paused, .resting]) else { return }
        do throws(Errno) {
            try epoll.add(unsafe slot.pointee.descriptor, Self.listenerEvents, data: channel.data)
        } catch {
            unsafe slot.pointee.flags.insert(.resting)
            wheel.set(Int(channel.index) * 2, at: tick(after: 250))
            delegate?.acceptFailed(channel, error)
        }
    }

    // MARK: - Channels

    public func isOpen(_ channel: Channel) -> Bool { unsafe table.find(channel) != nil }
    /// The descriptor, for socket options and for libraries that do their own calls; it stays the loop's.
    public func descriptor(_ channel: Channel) -> Int32? {
        guard let slot = unsafe table.find(channel) else { return nil }
        return unsafe slot.pointee.descriptor
    }
    public func tag(_ channel: Channel) -> Int? {
        guard let slot = unsafe table.find(channel) else { return nil }
        return unsafe slot.pointee.tag
    }
    public func setTag(_ channel: Channel, _ tag: Int) {
        guard let slot = unsafe table.find(channel) else { return }
        unsafe slot.pointee.tag = tag
    }
    /// How many channels are open, listeners and sleepers included.
    public var channelCount: Int { table.count }

    /// Sets, moves or (nil) removes the deadline of a parked channel, in milliseconds from this turn's time.
    /// Waiting for the channel's input replaces it.
    public func setDeadline(_ channel: Channel, milliseconds: UInt64?) {
        guard unsafe table.find(channel) != nil else { return }
        let node = Int(channel.index) * 2
        if let milliseconds { wheel.set(node, at: tick(after: milliseconds)) } else { wheel.clear(node) }
    }
    /// Gives the channel to the delegate: input, hang-up and the deadline are told to it. Input that is there already
    /// is told in the next turn.
    public func park(_ channel: Channel, deadline milliseconds: UInt64?) {
        guard let slot = unsafe table.find(channel) else { return }
        unsafe slot.pointee.flags.insert(.parked)
        setDeadline(channel, milliseconds: milliseconds)
        parkedWithInput(channel)
    }
    /// Input of a parked channel lies elsewhere (in a library's buffer), where no event tells of it: the delegate is told in
    /// the next turn.
    public func recall(_ channel: Channel) {
        guard let slot = unsafe table.find(channel) else { return }
        unsafe slot.pointee.flags.insert(.readReady)
        parkedWithInput(channel)
    }
    /// A task takes the channel: events are only remembered until somebody waits for them, and the deadline is gone.
    public func unpark(_ channel: Channel) {
        guard let slot = unsafe table.find(channel) else { return }
        unsafe slot.pointee.flags.remove(.parked)
        wheel.clear(Int(channel.index) * 2)
    }
    /// All channels that are parked now. It looks at the whole table: for shutting down.
    public var parkedChannels: [Channel] {
        (0..<table.used).compactMap { index in
            let slot = unsafe table.slots[index]
            guard slot.flags.contains(.parked) else { return nil }
            return Channel(index: UInt32(index), generation: slot.generation)
        }
    }
    /// Whether the other end has closed its sending half or is gone, as far as events have told.
    public func isHungUp(_ channel: Channel) -> Bool {
        guard let slot = unsafe table.find(channel) else { return true }
        return unsafe slot.pointee.flags.contains(.hungUp)
    }
    /// After a library's own read found nothing more: wait for the next event.
    public func markDrained(_ channel: Channel) {
        guard let slot = unsafe table.find(channel), unsafe !slot.pointee.flags.contains(.hungUp) else { return }
        unsafe slot.pointee.flags.remove(.readReady)
    }
    /// After a library's own write found no room.
    public func markFull(_ channel: Channel) {
        guard let slot = unsafe table.find(channel) else { return }
        unsafe slot.pointee.flags.remove(.writeReady)
    }

    /// Closes the descriptor; events and deadlines still under way for it are dropped.
    public func close(_ channel: Channel) {
        guard let slot = unsafe table.find(channel) else { return }
        let descriptor = unsafe slot.pointee.descriptor
        release(channel)
        if descriptor >= 0 { File.close(descriptor) }
    }
    /// Takes the descriptor out of the loop, open and the caller's again; nil when the channel was closed.
    public func detach(_ channel: Channel) -> Int32? {
        guard let slot = unsafe table.find(channel) else { return nil }
        let descriptor = unsafe slot.pointee.descriptor
        epoll.remove(descriptor)
        release(channel)
        return descriptor
    }
}
