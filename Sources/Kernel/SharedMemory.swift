// Apache: server/scoreboard.c, srclib/apr/shmem/unix/shm.c
import CLinux
import Glibc
import Synchronization

/// Memory that is shared with the children forked after it was made. It begins as zeros.
@safe
public struct SharedMemory: ~Copyable, @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    /// Bytes.
    public let size: Int

    public init(size: Int) throws(Errno) {
        guard size > 0 else { throw .invalid }
        guard let address = unsafe clinux_map_shared(size) else { throw Errno.last }
        unsafe start = address
        self.size = size
    }
    deinit { _ = unsafe clinux_unmap(start, size) }

    /// The 64-bit word number `index`, to be used with atomic operations. `index` must be in `0..<size / 8`.
    public borrowing func word(_ index: Int) -> SharedWord {
        precondition(index >= 0 && index < size / 8, "shared memory index")
        return unsafe SharedWord(at: start + index * 8)
    }
    /// The raw bytes, for a record layout of the caller's.
    @unsafe public borrowing func base() -> UnsafeMutableRawPointer { unsafe start }
}

/// One atomic 64-bit word in shared memory, valid while its `SharedMemory` lives.
@safe
public struct SharedWord: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Atomic<UInt64>>
    init(at address: UnsafeMutableRawPointer) {
        unsafe pointer = address.assumingMemoryBound(to: Atomic<UInt64>.self)
    }
    public func load() -> UInt64 { unsafe pointer.pointee.load(ordering: .relaxed) }
    public func store(_ value: UInt64) { unsafe pointer.pointee.store(value, ordering: .relaxed) }
    /// Adds and returns the new value; wraps around.
    @discardableResult public func add(_ value: UInt64) -> UInt64 {
        unsafe pointer.pointee.wrappingAdd(value, ordering: .relaxed).newValue
    }
    @discardableResult public func subtract(_ value: UInt64) -> UInt64 {
        unsafe pointer.pointee.wrappingSubtract(value, ordering: .relaxed).newValue
    }
    public func compareExchange(expected: UInt64, desired: UInt64) -> Bool {
        unsafe pointer.pointee.compareExchange(expected: expected, desired: desired, ordering: .acquiringAndReleasing)
            .exchanged
    }
}
