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

    /// Takes over a connected, non-blocking socket or pipe: the loop closes it from now on. It is parked, and taken to
    /// be ready for both directions until a call finds otherwise, so `receive` may be tried at once.
    /// `tag` is the caller's (an index, for example). On an error the descriptor is closed.
    public func adopt(_ descriptor: Int32, tag: Int) throws(Errno) -> Channel {
        let channel = insert(descriptor, tag: tag, flags: [.parked, .readReady, .writeReady])
        let mask = Epoll.Mask.readable | Epoll.Mask.writable | Epoll.Mask.readHangUp | Epoll.Mask.edge
        do throws(Errno) {
            try epoll.add(descriptor, mask, data: channel.data)
        } catch {
            close(channel)
            throw error
        }
        return channel
    }
    /// Takes over a listener. With several processes or loops on one listener, the kernel wakes only some of them.
    public func adoptListener(_ descriptor: Int32, tag: Int) throws(Errno) -> Channel {
        let channel = insert(descriptor, tag: tag, flags: .listener)
        do throws(Errno) {
            try epoll.add(descriptor, Epoll.Mask.readable | Epoll.Mask.exclusive, data: channel.data)
        } catch {
            close(channel)
            throw error
        }
        return channel
    }
    /// Stops taking connections from a listener for now; they stay in the kernel's queue.
    public func pauseListener(_ channel: Channel) {
        guard let slot = unsafe table.find(channel), unsafe !slot.pointee.flags.contains(.paused) else { return }
        unsafe slot.pointee.flags.insert(.paused)
        epoll.remove(unsafe slot.pointee.descriptor)
    }
    public func resumeListener(_ channel: Channel) throws(Errno) {
        guard let slot = unsafe table.find(channel), unsafe slot.pointee.flags.contains(.paused) else { return }
        unsafe slot.pointee.flags.remove(.paused)
        try epoll.add(
            unsafe slot.pointee.descriptor, Epoll.Mask.readable | Epoll.Mask.exclusive, data: channel.data)
    }
    /// Takes a connection from a listener; nil when none waits. See `Socket.accept`.
    public func accept(_ listener: Channel) throws(Errno) -> (descriptor: Int32, peer: SocketAddress)? {
        guard let slot = unsafe table.find(listener) else { return nil }
        return try Socket.accept(unsafe slot.pointee.descriptor)
    }

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
    /// Waiting with a timeout replaces it.
    public func setDeadline(_ channel: Channel, _ milliseconds: UInt64?) {
        guard unsafe table.find(channel) != nil else { return }
        let node = Int(channel.index) * 2
        if let milliseconds { wheel.set(node, at: tick(after: milliseconds)) } else { wheel.clear(node) }
    }
    /// Gives the channel to the delegate: input, hang-up and the deadline are told to it. Input that is there already
    /// is told in the next turn.
    public func park(_ channel: Channel, deadline milliseconds: UInt64?) {
        guard let slot = unsafe table.find(channel) else { return }
        unsafe slot.pointee.flags.insert(.parked)
        setDeadline(channel, milliseconds)
        parkedWithInput(channel)
    }
    /// A task takes the channel: events are only remembered until somebody waits for them, and the deadline is gone.
    public func unpark(_ channel: Channel) {
        guard let slot = unsafe table.find(channel) else { return }
        unsafe slot.pointee.flags.remove(.parked)
        wheel.clear(Int(channel.index) * 2)
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
    /// Takes the descriptor out of the loop, open; nil when the channel was closed.
    public func detach(_ channel: Channel) -> Int32? {
        guard let slot = unsafe table.find(channel) else { return nil }
        let descriptor = unsafe slot.pointee.descriptor
        epoll.remove(descriptor)
        release(channel)
        return descriptor
    }
}
