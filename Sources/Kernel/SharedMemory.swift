// Apache: server/scoreboard.c, srclib/apr/shmem/unix/shm.c
import Bytes
import CLinux
import Glibc
import Synchronization

/// Memory that is shared with the children forked after it was made. It begins as zeros.
@safe
public struct SharedMemory: ~Copyable, @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    /// Bytes.
    public let size: Int
    /// The file behind the memory, closed on exec; -1 when it has none.
    public let descriptor: Int32

    public init(size: Int) throws(Errno) {
        guard size > 0 else { throw .invalid }
        guard let address = unsafe clinux_map_shared(size) else { throw Errno.last }
        unsafe start = address
        self.size = size
        descriptor = -1
    }
    /// Memory with a descriptor, so that it can be handed to programs that are executed (`Descriptor.inherit`) or to other
    /// processes. Its size cannot be changed, by nobody who has the descriptor. `name` is seen in /proc only.
    public init(named name: ByteString, size: Int) throws(Errno) {
        guard size > 0 else { throw .invalid }
        let file = Descriptor(try check { unsafe name.withCPath { unsafe clinux_memory_file($0, size) } })
        guard let address = unsafe clinux_map_file(file.raw, size) else { throw Errno.last }
        unsafe start = address
        self.size = size
        descriptor = file.take()
    }
    /// Maps the memory behind a descriptor that came from elsewhere, and takes the descriptor over: it is closed on exec from
    /// now on. Fails with `invalid` when it is empty. When it fails, the descriptor is closed.
    public init(descriptor: Int32) throws(Errno) {
        let file = Descriptor(descriptor)
        let status = try FileStatus(descriptor: descriptor)
        guard status.isRegular, status.size > 0, let size = Int(exactly: status.size) else { throw .invalid }
        file.inherit(false)
        guard let address = unsafe clinux_map_file(file.raw, size) else { throw Errno.last }
        unsafe start = address
        self.size = size
        self.descriptor = file.take()
    }
    deinit {
        _ = unsafe clinux_unmap(start, size)
        if descriptor >= 0 { close(descriptor) }
    }

    /// The 64-bit word number `index`, to be used with atomic operations. `index` must be in `0..<size / 8`.
    public borrowing func word(_ index: Int) -> SharedWord {
        precondition(index >= 0 && index < size / 8, "shared memory index")
        return unsafe SharedWord(at: start + index * 8)
    }
    /// The raw bytes, for a record layout of the caller's.
    @unsafe public borrowing func base() -> UnsafeMutableRawPointer { unsafe start }
}

/// A file in memory without a name: a note for a program that is executed.
public enum MemoryFile {
    /// The descriptor of a file that holds `bytes`, closed on exec. `name` is seen in /proc only.
    public static func make(named name: ByteString, _ bytes: [UInt8]) throws(Errno) -> Int32 {
        let file = Descriptor(try check { unsafe name.withCPath { unsafe clinux_memory_file($0, bytes.count) } })
        try File.writeAll(file.raw, bytes)
        return file.take()
    }
    /// All of such a file, whatever has been read of it already.
    public static func read(_ descriptor: Int32, limit: Int) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            switch File.read(descriptor, into: &bytes, count: 65_536, offset: Int64(bytes.count)) {
            case .bytes(0): return bytes
            case .bytes: if bytes.count > limit { throw .fileTooBig }
            case .wouldBlock: throw .wouldBlock
            case .failed(let error): throw error
            }
        }
    }
}

/// One atomic 64-bit word in shared memory, valid while its `SharedMemory` lives.
@safe
public struct SharedWord: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Atomic<UInt64>>
    init(at address: UnsafeMutableRawPointer) {
        unsafe pointer = address.assumingMemoryBound(to: Atomic<UInt64>.self)
    }
    @inline(__always) public func load() -> UInt64 { unsafe pointer.pointee.load(ordering: .relaxed) }
    @inline(__always) public func store(_ value: UInt64) { unsafe pointer.pointee.store(value, ordering: .relaxed) }
    /// What was written before by this thread is seen by whoever sees `value` with `loadAcquiring`.
    @inline(__always) public func storeReleasing(_ value: UInt64) {
        unsafe pointer.pointee.store(value, ordering: .releasing)
    }
    @inline(__always) public func loadAcquiring() -> UInt64 { unsafe pointer.pointee.load(ordering: .acquiring) }
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
