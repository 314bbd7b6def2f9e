// zlib.h: deflate and inflate of raw streams, and CRC-32

import Bytes
import CZlib

/// One compressing or decompressing stream without zlib's or gzip's own header.
@safe final class ZlibStream {
    enum Flush: Int32 {
        case none = 0
        /// Everything given so far can be decompressed from what comes out.
        case sync = 2
        case finish = 4
    }
    enum Outcome: Equatable {
        /// All input was taken, and all output that it makes now was given.
        case ok
        case end
        /// zlib's code, and its word about it.
        case failed(Int32, String)
    }
    private let stream: UnsafeMutablePointer<z_stream>
    private let compresses: Bool
    private static let room = 16384

    /// nil with zlib's code in `error` when it has no memory.
    init?(compressing level: Int32, window: Int32, memory: Int32, error: inout Int32) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        compresses = true
        error = unsafe deflateInit2_(
            stream, level, Z_DEFLATED, window, memory, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        if error != Z_OK { return nil }
    }
    init?(decompressing window: Int32, error: inout Int32) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        compresses = false
        error = unsafe inflateInit2_(stream, window, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        if error != Z_OK { return nil }
    }
    deinit {
        _ = compresses ? unsafe deflateEnd(stream) : unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Bytes taken and given so far.
    var totalIn: UInt64 { UInt64(unsafe stream.pointee.total_in) }
    var totalOut: UInt64 { UInt64(unsafe stream.pointee.total_out) }

    /// Feeds `input` from `position` on, which moves past what was taken; appends what comes out. Stops when `limit`
    /// bytes of output came in this call and there may be more.
    func run(
        _ input: [UInt8], _ position: inout Int, into output: inout [UInt8], limit: Int = Int.max, flush: Flush
    ) -> Outcome {
        let start = min(max(position, 0), input.count)
        var given = 0
        var taken = 0
        let outcome = unsafe input.withUnsafeBytes { bytes -> Outcome in
            let first = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            unsafe stream.pointee.next_in = first.map { unsafe UnsafeMutablePointer(mutating: $0 + start) }
            unsafe stream.pointee.avail_in = UInt32(clamping: bytes.count - start)
            let before = unsafe stream.pointee.avail_in
            defer {
                taken = Int(before - (unsafe stream.pointee.avail_in))
                unsafe stream.pointee.next_in = nil
                unsafe stream.pointee.avail_in = 0
            }
            return unsafe withUnsafeTemporaryAllocation(byteCount: Self.room, alignment: 16) { room in
                while given < limit {
                    let (code, made) = unsafe step(room, flush)
                    unsafe output.append(contentsOf: room[0..<made])
                    given += made
                    if code == Z_STREAM_END { return .end }
                    // Nothing to do is no error: all was taken and given.
                    if code == Z_BUF_ERROR { return .ok }
                    if code != Z_OK { return .failed(code, message) }
                    if unsafe stream.pointee.avail_out > 0 { return .ok }
                }
                return .ok
            }
        }
        position = start + taken
        return outcome
    }
    private func step(_ room: UnsafeMutableRawBufferPointer, _ flush: Flush) -> (code: Int32, made: Int) {
        unsafe stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_out = UInt32(room.count)
        let code = compresses ? unsafe deflate(stream, flush.rawValue) : unsafe inflate(stream, flush.rawValue)
        return (code, room.count - Int(unsafe stream.pointee.avail_out))
    }
    private var message: String { unsafe stream.pointee.msg.map { unsafe String(cString: $0) } ?? "(null)" }

    /// CRC-32 of `bytes[range]` after that of what came before.
    static func checksum(_ crc: UInt32, _ bytes: [UInt8], from start: Int = 0) -> UInt32 {
        let start = min(max(start, 0), bytes.count)
        return unsafe bytes.withUnsafeBytes { all in
            guard let first = unsafe all.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return crc }
            return UInt32(
                truncatingIfNeeded: unsafe crc32(UInt(crc), first + start, UInt32(clamping: all.count - start)))
        }
    }
}
