// Apache: srclib/apr/file_io/unix/readwrite.c
import Bytes
import Glibc

/// Reading and writing open files.
extension File {
    /// Appends up to `count` bytes from `offset` of the file; `.bytes(0)` is its end.
    public static func read(_ descriptor: Int32, into buffer: inout [UInt8], count: Int, offset: Int64) -> IOResult {
        unsafe append(to: &buffer, atMost: count) { memory in
            unsafe pread(descriptor, memory.baseAddress, memory.count, off_t(offset))
        }
    }
    /// Appends up to `count` bytes from a pipe or from the file's own position; `.bytes(0)` is the end.
    public static func read(_ descriptor: Int32, into buffer: inout [UInt8], count: Int) -> IOResult {
        unsafe append(to: &buffer, atMost: count) { memory in
            unsafe Glibc.read(descriptor, memory.baseAddress, memory.count)
        }
    }

    @unsafe private static func append(
        to buffer: inout [UInt8], atMost count: Int, _ call: (UnsafeMutableRawBufferPointer) -> Int
    ) -> IOResult {
        guard count > 0 else { return .bytes(0) }
        // Small reads pass through the stack; large ones get their own storage, so that nothing is cleared first.
        if count <= 65536 {
            return unsafe withUnsafeTemporaryAllocation(byteCount: count, alignment: 16) { memory in
                let result = transfer { unsafe call(memory) }
                if case .bytes(let moved) = result { unsafe buffer.append(contentsOf: memory.prefix(moved)) }
                return result
            }
        }
        var result = IOResult.bytes(0)
        let piece = unsafe [UInt8](unsafeUninitializedCapacity: count) { memory, used in
            result = transfer { unsafe call(UnsafeMutableRawBufferPointer(memory)) }
            if case .bytes(let moved) = result { used = moved }
        }
        buffer.append(contentsOf: piece)
        return result
    }

    /// A whole file. Fails with `fileTooBig` when it is larger than `limit`.
    public static func readWhole(_ path: ByteString, limit: Int) throws(Errno) -> [UInt8] {
        let file = try open(path)
        return try readWhole(file.raw, limit: limit)
    }
    /// The rest of an open file.
    public static func readWhole(_ descriptor: Int32, limit: Int) throws(Errno) -> [UInt8] {
        var result: [UInt8] = []
        let status = try FileStatus(descriptor: descriptor)
        if status.isDirectory { throw .isDirectory }
        if status.size > Int64(limit) { throw .fileTooBig }
        result.reserveCapacity(Int(status.size) + 1)
        while true {
            switch read(descriptor, into: &result, count: 65536) {
            case .bytes(0): return result
            case .bytes: if result.count > limit { throw .fileTooBig }
            case .wouldBlock: throw .wouldBlock
            case .failed(let error): throw error
            }
        }
    }

    /// One `write`.
    public static func write(_ descriptor: Int32, _ bytes: [UInt8], from offset: Int = 0) -> IOResult {
        guard offset >= 0, offset <= bytes.count else { return .bytes(0) }
        return unsafe bytes.withUnsafeBytes { all in
            let rest = unsafe UnsafeRawBufferPointer(rebasing: all[offset...])
            return transfer { unsafe Glibc.write(descriptor, rest.baseAddress, rest.count) }
        }
    }
    /// One `read` into memory the caller owns.
    @unsafe public static func read(_ descriptor: Int32, _ memory: UnsafeMutableRawBufferPointer) -> IOResult {
        transfer { unsafe Glibc.read(descriptor, memory.baseAddress, memory.count) }
    }
    /// One `write` of memory the caller owns.
    @unsafe public static func write(_ descriptor: Int32, _ memory: UnsafeRawBufferPointer) -> IOResult {
        transfer { unsafe Glibc.write(descriptor, memory.baseAddress, memory.count) }
    }
    /// One `writev`.
    @unsafe public static func write(_ descriptor: Int32, pieces: UnsafeMutableBufferPointer<iovec>) -> IOResult {
        transfer { unsafe writev(descriptor, pieces.baseAddress, Int32(clamping: pieces.count)) }
    }
    /// Writes everything; waits where the descriptor blocks.
    public static func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) throws(Errno) {
        var done = 0
        while done < bytes.count {
            switch write(descriptor, bytes, from: done) {
            case .bytes(let count): done += count
            case .wouldBlock: try waitWritable(descriptor)
            case .failed(let error): throw error
            }
        }
    }
    /// Writes a file anew: created or truncated.
    public static func writeWhole(_ path: ByteString, _ bytes: [UInt8], mode: UInt32 = 0o644) throws(Errno) {
        let file = try open(path, [.writeOnly, .create, .truncate], mode: mode)
        try writeAll(file.raw, bytes)
    }
    private static func waitWritable(_ descriptor: Int32) throws(Errno) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = try check { unsafe poll(&entry, 1, -1) }
    }
}
