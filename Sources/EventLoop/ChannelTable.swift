// Apache: server/mpm/event/event.c (event_conn_state_t)
import Kernel

/// All that is kept of a channel: 40 bytes here and 32 in the timer wheel.
struct Slot {
    var descriptor: Int32 = -1
    var generation: UInt32 = 0
    var flags: Flags = []
    /// The next free place, while this one is free.
    var nextFree: UInt32 = .max
    var tag = 0
    /// Continuations as words; 0: nobody waits.
    var reader: UInt = 0
    var writer: UInt = 0

    struct Flags: OptionSet {
        var rawValue: UInt32
        static let used = Flags(rawValue: 1)
        static let listener = Flags(rawValue: 2)
        /// Events without a waiter go to the delegate.
        static let parked = Flags(rawValue: 4)
        static let readReady = Flags(rawValue: 8)
        static let writeReady = Flags(rawValue: 16)
        /// The other end sends no more, or is gone: reads go on until they say so.
        static let hungUp = Flags(rawValue: 32)
        static let paused = Flags(rawValue: 64)
        /// A listener that could not be served: it waits for its deadline.
        static let resting = Flags(rawValue: 256)
        /// Not a socket: read and written with the calls of files.
        static let pipe = Flags(rawValue: 512)
        /// Nobody waited for room to send yet, so the kernel is not asked to tell of it: an event for each answer that the
        /// other end has read would wake the loop for nothing.
        static let inputOnly = Flags(rawValue: 1024)
        /// In the list of parked channels that still have input.
        static let queued = Flags(rawValue: 128)
    }
}

/// Places for channels, reused last-freed first. The pointer moves when the table grows.
@safe
struct ChannelTable: ~Copyable {
    private(set) var slots: UnsafeMutablePointer<Slot>
    private(set) var capacity: Int
    private var firstFree: UInt32 = .max
    private var fresh = 0
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = capacity
        unsafe slots = .allocate(capacity: capacity)
    }
    deinit { unsafe slots.deallocate() }

    /// How many places were ever used.
    var used: Int { fresh }

    mutating func insert(_ descriptor: Int32, tag: Int, flags: Slot.Flags) -> Channel {
        let index: UInt32
        if firstFree != .max {
            index = firstFree
            firstFree = unsafe slots[Int(index)].nextFree
        } else {
            if fresh == capacity { grow() }
            index = UInt32(fresh)
            unsafe (slots + fresh).initialize(to: Slot())
            fresh += 1
        }
        count += 1
        let slot = unsafe slots + Int(index)
        unsafe slot.pointee.descriptor = descriptor
        unsafe slot.pointee.flags = flags.union(.used)
        unsafe slot.pointee.tag = tag
        return Channel(index: index, generation: unsafe slot.pointee.generation)
    }
    mutating func remove(_ index: UInt32) {
        let slot = unsafe slots + Int(index)
        unsafe slot.pointee.generation &+= 1
        unsafe slot.pointee.flags = []
        unsafe slot.pointee.descriptor = -1
        unsafe slot.pointee.reader = 0
        unsafe slot.pointee.writer = 0
        unsafe slot.pointee.nextFree = firstFree
        firstFree = index
        count -= 1
    }
    private mutating func grow() {
        let larger = UnsafeMutablePointer<Slot>.allocate(capacity: capacity * 2)
        unsafe larger.moveInitialize(from: slots, count: fresh)
        unsafe slots.deallocate()
        unsafe slots = larger
        capacity *= 2
    }
    /// The place of a live channel, or nil. The pointer is good until the next `insert`.
    @inline(__always)
    func find(_ channel: Channel) -> UnsafeMutablePointer<Slot>? {
        guard Int(channel.index) < fresh else { return nil }
        let slot = unsafe slots + Int(channel.index)
        guard unsafe slot.pointee.generation == channel.generation, unsafe slot.pointee.flags.contains(.used) else {
            return nil
        }
        return unsafe slot
    }
}
