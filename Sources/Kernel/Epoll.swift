// Apache: srclib/apr/poll/unix/epoll.c
import CLinux
import Glibc

/// One epoll descriptor and room for a batch of its events.
@safe
public struct Epoll: ~Copyable {
    let descriptor: Descriptor
    let room: UnsafeMutableRawPointer
    let capacity: Int32

    /// Bits of an event.
    public enum Mask {
        public static let readable: UInt32 = 0x1
        public static let writable: UInt32 = 0x4
        public static let error: UInt32 = 0x8
        public static let hangUp: UInt32 = 0x10
        /// The other end will send no more.
        public static let readHangUp: UInt32 = 0x2000
        public static let exclusive: UInt32 = 1 << 28
        public static let oneShot: UInt32 = 1 << 30
        public static let edge: UInt32 = 1 << 31
    }

    public init(capacity: Int = 256) throws(Errno) {
        descriptor = Descriptor(try check { clinux_epoll_create() })
        self.capacity = Int32(clamping: capacity)
        unsafe room = .allocate(byteCount: capacity * clinux_epoll_event_size(), alignment: 16)
    }
    deinit { unsafe room.deallocate() }

    public borrowing func add(_ fd: Int32, _ mask: UInt32, data: UInt64) throws(Errno) {
        _ = try check { clinux_epoll_control(descriptor.raw, 1, fd, mask, data) }
    }
    public borrowing func modify(_ fd: Int32, _ mask: UInt32, data: UInt64) throws(Errno) {
        _ = try check { clinux_epoll_control(descriptor.raw, 3, fd, mask, data) }
    }
    public borrowing func remove(_ fd: Int32) { _ = clinux_epoll_control(descriptor.raw, 2, fd, 0, 0) }

    /// How many events came within the time (-1: without end); an interruption counts as none.
    public borrowing func wait(milliseconds: Int32) -> Int {
        Int(max(0, unsafe clinux_epoll_wait(descriptor.raw, room, capacity, milliseconds)))
    }
    /// Event `index` of the last `wait`; `index` must be below its result.
    @inline(__always) public borrowing func mask(_ index: Int) -> UInt32 {
        unsafe clinux_event_mask(room, Int32(truncatingIfNeeded: index))
    }
    @inline(__always) public borrowing func data(_ index: Int) -> UInt64 {
        unsafe clinux_event_data(room, Int32(truncatingIfNeeded: index))
    }
}

/// A counter another thread can raise to wake a loop (`eventfd`).
public struct WakeDescriptor: ~Copyable {
    public let descriptor: Descriptor
    public init() throws(Errno) { descriptor = Descriptor(try check { clinux_eventfd() }) }
    public borrowing func wake() {
        var one: UInt64 = 1
        let number = descriptor.raw
        _ = transfer { unsafe write(number, &one, 8) }
    }
    public borrowing func clear() {
        var value: UInt64 = 0
        let number = descriptor.raw
        _ = transfer { unsafe read(number, &value, 8) }
    }
}
