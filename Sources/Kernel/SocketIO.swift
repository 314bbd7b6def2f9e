// Apache: srclib/apr/network_io/unix/sendrecv.c
import Bytes
import Glibc

/// Moving bytes through descriptors. None of these blocks on a non-blocking descriptor.
extension Socket {
    /// Receives into memory the caller owns.
    @unsafe @inline(__always)
    public static func receive(_ socket: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> IOResult {
        transfer { unsafe recv(socket, buffer.baseAddress, buffer.count, 0) }
    }
    /// Looks at what waits without taking it.
    public static func peek(_ socket: Int32) -> IOResult {
        var byte: UInt8 = 0
        return transfer { unsafe recv(socket, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) }
    }
    /// Sends memory the caller owns. A closed peer is `.failed(.brokenPipe)`, never a signal.
    @unsafe @inline(__always)
    public static func send(_ socket: Int32, _ bytes: UnsafeRawBufferPointer, more: Bool = false) -> IOResult {
        let flags = Int32(MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
        return transfer { unsafe Glibc.send(socket, bytes.baseAddress, bytes.count, flags) }
    }
    /// Sends from `offset` on.
    public static func send(_ socket: Int32, _ bytes: [UInt8], from offset: Int = 0) -> IOResult {
        guard offset >= 0, offset <= bytes.count else { return .bytes(0) }
        return unsafe bytes.withUnsafeBytes { unsafe send(socket, UnsafeRawBufferPointer(rebasing: $0[offset...])) }
    }
    /// Sends up to 64 pieces with one call.
    @unsafe public static func send(_ socket: Int32, pieces: UnsafeMutableBufferPointer<iovec>) -> IOResult {
        var message = unsafe msghdr()
        unsafe message.msg_iov = pieces.baseAddress
        unsafe message.msg_iovlen = pieces.count
        return transfer { unsafe sendmsg(socket, &message, Int32(MSG_NOSIGNAL)) }
    }
    /// Sends `count` bytes of a file from `offset` on. 0 bytes: the file is shorter than that.
    public static func sendFile(_ socket: Int32, _ file: Int32, offset: Int64, count: Int) -> IOResult {
        var position = off_t(offset)
        return transfer { unsafe sendfile(socket, file, &position, count) }
    }
    /// Appends at most `limit` bytes to `buffer`.
    public static func receive(_ socket: Int32, into buffer: inout [UInt8], upTo limit: Int) -> IOResult {
        unsafe withUnsafeTemporaryAllocation(byteCount: Swift.min(Swift.max(limit, 1), 65536), alignment: 16) {
            memory in
            let result = unsafe receive(socket, memory)
            if case .bytes(let count) = result { unsafe buffer.append(contentsOf: memory.prefix(count)) }
            return result
        }
    }
}
