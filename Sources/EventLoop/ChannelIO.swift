// Apache: server/core_filters.c
import Bytes
import Glibc
import Kernel

/// Moving bytes now, without waiting. A call on a channel that is known not to be ready costs no system call.
extension EventLoop {
    // MARK: - Receiving

    /// Receives into the loop's own buffer, which `withInput` shows: no copy and no allocation. The buffer is
    /// overwritten by the next receive of any channel.
    public func receive(_ channel: Channel) -> IOResult {
        unsafe receive(channel, input)
    }
    /// The loop's buffer, for who receives into it from elsewhere than the channel (TLS). Good as long as the loop.
    @unsafe public var inputMemory: UnsafeMutableRawBufferPointer { unsafe input }
    /// The first `count` bytes of the loop's buffer, as `receive` left them.
    @inline(__always)
    public func withInput<R, E: Error>(_ count: Int, _ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        let size = min(max(count, 0), Self.inputSize)
        let start = unsafe input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let bytes = unsafe UnsafeBufferPointer(start: UnsafePointer(start), count: size)
        return try unsafe body(Span(_unsafeElements: bytes))
    }
    /// As `withInput`, for readers that rewrite what they read in place.
    @inline(__always)
    public func withMutableInput<R, E: Error>(
        _ count: Int, _ body: (inout MutableSpan<UInt8>) throws(E) -> R
    ) throws(E) -> R {
        let size = min(max(count, 0), Self.inputSize)
        let start = unsafe input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        var bytes = unsafe MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(start: start, count: size))
        return try body(&bytes)
    }
    /// Receives and appends at most `limit` bytes (never more than `inputSize` in one call).
    public func receive(_ channel: Channel, into buffer: inout [UInt8], upTo limit: Int) -> IOResult {
        let size = min(max(limit, 0), Self.inputSize)
        let result = unsafe receive(channel, UnsafeMutableRawBufferPointer(rebasing: input[0..<size]))
        if case .bytes(let count) = result { unsafe buffer.append(contentsOf: input[0..<count]) }
        return result
    }
    /// Receives into the caller's memory.
    @unsafe public func receive(_ channel: Channel, _ memory: UnsafeMutableRawBufferPointer) -> IOResult {
        guard let slot = unsafe table.find(channel) else { return .failed(.badDescriptor) }
        guard unsafe slot.pointee.flags.contains(.readReady) else { return .wouldBlock }
        if unsafe memory.isEmpty { return .bytes(0) }
        let result = unsafe receive(slot, memory)
        switch result {
        case .bytes(let count):
            // A short read took everything, unless the end of the stream is behind it.
            if count > 0, count < memory.count, unsafe !slot.pointee.flags.contains(.hungUp) {
                unsafe slot.pointee.flags.remove(.readReady)
            }
        case .wouldBlock: unsafe slot.pointee.flags.remove(.readReady)
        case .failed: break
        }
        return result
    }

    @inline(__always)
    private func receive(_ slot: UnsafeMutablePointer<Slot>, _ memory: UnsafeMutableRawBufferPointer) -> IOResult {
        if unsafe slot.pointee.flags.contains(.pipe) { return unsafe File.read(slot.pointee.descriptor, memory) }
        return unsafe Socket.receive(slot.pointee.descriptor, memory)
    }

    // MARK: - Sending

    /// Sends `bytes` from `offset` on, as much as fits.
    /// `more`: a file follows at once, so that both share packets.
    public func send(_ channel: Channel, _ bytes: [UInt8], from offset: Int = 0, more: Bool = false) -> IOResult {
        guard offset >= 0, offset <= bytes.count else { return .bytes(0) }
        return unsafe bytes.withUnsafeBytes { all in
            unsafe sendMemory(channel, UnsafeRawBufferPointer(rebasing: all[offset...]), more: more)
        }
    }
    /// Sends what a span shows, as much as fits.
    public func send(_ channel: Channel, _ bytes: Span<UInt8>) -> IOResult {
        unsafe bytes.withUnsafeBytes { unsafe sendMemory(channel, $0) }
    }
    /// Sends a head and a body with one system call; `offset` counts through both.
    public func send(_ channel: Channel, _ head: [UInt8], _ body: [UInt8], from offset: Int = 0) -> IOResult {
        guard offset < head.count else { return send(channel, body, from: max(0, offset - head.count)) }
        guard !body.isEmpty else { return send(channel, head, from: max(0, offset)) }
        return unsafe head.withUnsafeBytes { first in
            unsafe body.withUnsafeBytes { second in
                var pieces = unsafe (
                    piece(UnsafeRawBufferPointer(rebasing: first[max(0, offset)...])), piece(second)
                )
                return unsafe withUnsafeMutableBytes(of: &pieces) { list in
                    unsafe sendPieces(channel, list.bindMemory(to: iovec.self))
                }
            }
        }
    }
    /// Sends pieces with one system call, at most 64 of them; `offset` counts through all.
    public func send(_ channel: Channel, pieces: [[UInt8]], from offset: Int = 0) -> IOResult {
        unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: 64) { list in
            var used = 0
            var skip = max(0, offset)
            for index in pieces.indices where used < 64 {
                let size = pieces[index].count
                if skip >= size {
                    skip -= size
                    continue
                }
                // The arrays are held by `pieces`, which nobody changes during this call.
                unsafe pieces[index].withUnsafeBytes { bytes in
                    unsafe (list.baseAddress.unsafelyUnwrapped + used).initialize(
                        to: piece(UnsafeRawBufferPointer(rebasing: bytes[skip...])))
                }
                skip = 0
                used += 1
            }
            if used == 0 { return .bytes(0) }
            return unsafe sendPieces(channel, UnsafeMutableBufferPointer(rebasing: list[0..<used]))
        }
    }
    /// Somebody who wrote past the loop found no room: the next edge of the descriptor says that there is some.
    public func noteFull(_ channel: Channel) { unsafe table.find(channel)?.pointee.flags.remove(.writeReady) }
    /// Sends `count` bytes of an open file from `offset`, as much as fits. 0 bytes: the file is shorter than that.
    public func sendFile(_ channel: Channel, _ file: Int32, offset: Int64, count: Int) -> IOResult {
        guard let slot = unsafe table.find(channel) else { return .failed(.brokenPipe) }
        guard unsafe slot.pointee.flags.contains(.writeReady) else { return .wouldBlock }
        let result = Socket.sendFile(unsafe slot.pointee.descriptor, file, offset: offset, count: count)
        // A short count may be the end of the file: only `wouldBlock` says that the socket is full.
        if case .wouldBlock = result { unsafe slot.pointee.flags.remove(.writeReady) }
        return result
    }

    @inline(__always)
    private func sendMemory(_ channel: Channel, _ bytes: UnsafeRawBufferPointer, more: Bool = false) -> IOResult {
        guard let slot = unsafe table.find(channel) else { return .failed(.brokenPipe) }
        guard unsafe slot.pointee.flags.contains(.writeReady) else { return .wouldBlock }
        if unsafe bytes.isEmpty { return .bytes(0) }
        let result =
            unsafe slot.pointee.flags.contains(.pipe)
            ? File.write(slot.pointee.descriptor, bytes) : Socket.send(slot.pointee.descriptor, bytes, more: more)
        unsafe noteSent(slot, result, bytes.count)
        return result
    }
    private func sendPieces(_ channel: Channel, _ pieces: UnsafeMutableBufferPointer<iovec>) -> IOResult {
        guard let slot = unsafe table.find(channel) else { return .failed(.brokenPipe) }
        guard unsafe slot.pointee.flags.contains(.writeReady) else { return .wouldBlock }
        var total = 0
        for index in pieces.indices { total += unsafe pieces[index].iov_len }
        let result =
            unsafe slot.pointee.flags.contains(.pipe)
            ? File.write(slot.pointee.descriptor, pieces: pieces) : Socket.send(slot.pointee.descriptor, pieces: pieces)
        unsafe noteSent(slot, result, total)
        return result
    }
    @inline(__always)
    private func noteSent(_ slot: UnsafeMutablePointer<Slot>, _ result: IOResult, _ wanted: Int) {
        switch result {
        case .bytes(let count): if count < wanted { unsafe slot.pointee.flags.remove(.writeReady) }
        case .wouldBlock: unsafe slot.pointee.flags.remove(.writeReady)
        case .failed: break
        }
    }
    @inline(__always)
    private func piece(_ bytes: UnsafeRawBufferPointer) -> iovec {
        unsafe iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
    }
}
