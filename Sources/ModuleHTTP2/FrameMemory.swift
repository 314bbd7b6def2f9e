// nghttp2/nghttp2.h: nghttp2_mem

import CNGHTTP2

/// The memory of nghttp2's sessions, for all of a loop.
///
/// Small blocks, which come and go with every stream, are kept for the next one: the C library's own lists of free blocks are
/// shorter than what 32 streams at once need. And there is one buffer for frames on their way out: each session would keep one
/// of 16 kB for its whole life, though it needs it only while nghttp2 writes one frame, which is taken out before it writes
/// another (``FrameSession/collect(limit:)``). Frames that do not fit into it get memory of their own.
@safe final class FrameMemory {
    @safe private struct Lists {
        /// Kept blocks of each size, linked through their first words.
        var kept = unsafe InlineArray<33, UnsafeMutableRawPointer?>(repeating: nil)
        var counts = InlineArray<33, Int>(repeating: 0)
        var frame: UnsafeMutableRawPointer
        /// The next block of this very size is the session's buffer for frames.
        var isMakingSession = false
    }
    private let lists: UnsafeMutablePointer<Lists>
    /// For nghttp2, which takes a copy.
    let table: UnsafeMutablePointer<nghttp2_mem>

    /// What session_new asks for: a frame's head, its length of padding, and the most a frame holds by default.
    private static let frameSize = 9 + 1 + 16384
    /// Blocks have the sizes 32, 64 … 1024; larger ones are not kept.
    private static let step = 32
    private static let classes = 32
    /// Of each size so many bytes are kept.
    private static let limit = 128 * 1024
    /// Before each block: its class (0: none) and its size.
    private static let headSize = 16

    init() {
        unsafe lists = .allocate(capacity: 1)
        unsafe lists.initialize(to: Lists(frame: .allocate(byteCount: Self.frameSize, alignment: 16)))
        unsafe table = .allocate(capacity: 1)
        unsafe table.initialize(
            to: nghttp2_mem(
                mem_user_data: lists,
                malloc: { size, user in unsafe FrameMemory.allocate(size, user) },
                free: { block, user in unsafe FrameMemory.free(block, user) },
                calloc: { count, size, user in
                    let (total, overflows) = count.multipliedReportingOverflow(by: size)
                    guard !overflows, let block = unsafe FrameMemory.allocate(total, user) else { return nil }
                    unsafe block.initializeMemory(as: UInt8.self, repeating: 0, count: total)
                    return unsafe block
                },
                realloc: { block, size, user in unsafe FrameMemory.reallocate(block, size, user) }))
    }
    /// All sessions are gone.
    deinit {
        for index in 0...Self.classes {
            while let block = unsafe lists.pointee.kept[index] {
                unsafe lists.pointee.kept[index] = unsafe block.load(as: UnsafeMutableRawPointer?.self)
                unsafe (block - Self.headSize).deallocate()
            }
        }
        unsafe lists.pointee.frame.deallocate()
        unsafe lists.deinitialize(count: 1)
        unsafe lists.deallocate()
        unsafe table.deallocate()
    }

    /// Has `body` make a session, whose buffer for frames is the shared one.
    func makeSession<R>(_ body: () -> R) -> R {
        unsafe lists.pointee.isMakingSession = true
        defer { unsafe lists.pointee.isMakingSession = false }
        return body()
    }

    private static func of(_ user: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<Lists> {
        // SAFETY: `user` is `lists`, which lies as long as the sessions.
        unsafe user.unsafelyUnwrapped.assumingMemoryBound(to: Lists.self)
    }
    private static func allocate(_ size: Int, _ user: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        let lists = unsafe of(user)
        if size == frameSize, unsafe lists.pointee.isMakingSession {
            unsafe lists.pointee.isMakingSession = false
            return unsafe lists.pointee.frame
        }
        guard size >= 0, size < 1 << 40 else { return nil }
        let index = (max(size, 1) + step - 1) / step
        guard index <= classes else { return unsafe fresh(0, size) }
        guard let block = unsafe lists.pointee.kept[index] else { return unsafe fresh(index, index * step) }
        unsafe lists.pointee.kept[index] = unsafe block.load(as: UnsafeMutableRawPointer?.self)
        unsafe lists.pointee.counts[index] -= 1
        return unsafe block
    }
    private static func fresh(_ index: Int, _ size: Int) -> UnsafeMutableRawPointer {
        let start = UnsafeMutableRawPointer.allocate(byteCount: headSize + size, alignment: 16)
        unsafe start.storeBytes(of: index, as: Int.self)
        unsafe start.storeBytes(of: size, toByteOffset: 8, as: Int.self)
        return unsafe start + headSize
    }
    private static func free(_ block: UnsafeMutableRawPointer?, _ user: UnsafeMutableRawPointer?) {
        let lists = unsafe of(user)
        guard let block = unsafe block, unsafe block != lists.pointee.frame else { return }
        let start = unsafe block - headSize
        let index = unsafe start.load(as: Int.self)
        guard index > 0, unsafe lists.pointee.counts[index] * (index * step + headSize) < limit else {
            return unsafe start.deallocate()
        }
        unsafe block.storeBytes(of: lists.pointee.kept[index], as: UnsafeMutableRawPointer?.self)
        unsafe lists.pointee.kept[index] = unsafe block
        unsafe lists.pointee.counts[index] += 1
    }
    private static func reallocate(
        _ block: UnsafeMutableRawPointer?, _ size: Int, _ user: UnsafeMutableRawPointer?
    ) -> UnsafeMutableRawPointer? {
        guard let block = unsafe block else { return unsafe allocate(size, user) }
        let isFrame = unsafe block == of(user).pointee.frame
        let known = unsafe isFrame ? frameSize : (block - headSize).load(fromByteOffset: 8, as: Int.self)
        if size <= known { return unsafe block }
        guard let made = unsafe allocate(size, user) else { return nil }
        unsafe made.copyMemory(from: block, byteCount: known)
        unsafe free(block, user)
        return unsafe made
    }
}
