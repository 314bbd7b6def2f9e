// Apache: modules/http2/h2_request.c: the fields of a request, before anybody looks at them

import Bytes

/// Fields of requests as nghttp2 gave them, one after the other: two lengths, name, value. What a loop reads at once goes
/// through one of these. Requests that are the same are the same bytes here, so a known one is answered without another look.
@safe final class RawFields {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0
    /// What does not fit is turned into text at once, which has limits of its own.
    static let capacity = 1 << 16

    init() { unsafe memory = .allocate(byteCount: Self.capacity, alignment: 8) }
    deinit { unsafe memory.deallocate() }

    /// False when there is no room.
    func append(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Bool {
        let size = 8 + name.count + value.count
        guard size <= Self.capacity - count else { return false }
        let lengths = UInt64(truncatingIfNeeded: name.count) << 32 | UInt64(truncatingIfNeeded: value.count)
        unsafe memory.storeBytes(of: lengths, toByteOffset: count, as: UInt64.self)
        let start = unsafe memory.baseAddress.unsafelyUnwrapped + count + 8
        if let from = name.baseAddress { unsafe start.copyMemory(from: from, byteCount: name.count) }
        if let from = value.baseAddress {
            unsafe (start + name.count).copyMemory(from: from, byteCount: value.count)
        }
        count += size
        return true
    }
    func read<R>(_ range: Range<Int>, _ body: (borrowing Span<UInt8>) -> R) -> R {
        body(unsafe Span(_unsafeBytes: UnsafeRawBufferPointer(rebasing: memory[range])))
    }
    /// Calls `body` for each field until it says false.
    func forEach(in range: Range<Int>, _ body: (borrowing Span<UInt8>, borrowing Span<UInt8>) -> Bool) -> Bool {
        var at = range.lowerBound
        while at < range.upperBound {
            let lengths = unsafe memory.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            let name = at + 8..<at + 8 + Int(lengths >> 32)
            let value = name.upperBound..<name.upperBound + Int(lengths & 0xFFFF_FFFF)
            guard read(name, { name in read(value) { body(name, $0) } }) else { return false }
            at = value.upperBound
        }
        return true
    }
    /// Forgets what is behind `start`.
    func cut(to start: Int) { count = start }
}
