// unix(7): SCM_RIGHTS
import CLinux
import Glibc

/// Sockets that carry whole messages, and descriptors with them, between processes of one machine (`SOCK_SEQPACKET`).
public enum PacketSocket {
    /// Most descriptors in one message.
    public static let mostDescriptors = 16

    public struct Message: Sendable {
        public var bytes: [UInt8]
        /// Owned by the receiver, closed on exec.
        public var descriptors: [Int32]
    }

    /// A connected pair, closed on exec; receiving blocks.
    public static func pair() throws(Errno) -> SocketPair {
        var ends: (Int32, Int32) = (-1, -1)
        _ = try check {
            unsafe withUnsafeMutableBytes(of: &ends) {
                unsafe clinux_packet_pair($0.baseAddress?.assumingMemoryBound(to: Int32.self))
            }
        }
        return SocketPair(first: Descriptor(ends.0), second: Descriptor(ends.1))
    }
    /// Never waits: `.wouldBlock` where the other end has not taken enough. The descriptors stay the sender's as well.
    public static func send(_ socket: Int32, _ bytes: [UInt8], descriptors: [Int32] = []) -> IOResult {
        transfer {
            unsafe bytes.withUnsafeBytes { data in
                unsafe descriptors.withUnsafeBufferPointer {
                    unsafe clinux_send_descriptors(
                        socket, data.baseAddress, data.count, $0.baseAddress, Int32($0.count))
                }
            }
        }
    }
    /// The next message of at most `capacity` bytes (longer ones are cut); nil when the other end has closed.
    /// Throws `.wouldBlock` when there is none and `wait` is false.
    public static func receive(_ socket: Int32, capacity: Int = 4096, wait: Bool) throws(Errno) -> Message? {
        try receive(socket, capacity: capacity, look: false, wait: wait)
    }
    /// The next message without taking it; its descriptors are left out. Throws `.wouldBlock` when there is none.
    public static func peek(_ socket: Int32, capacity: Int = 64) throws(Errno) -> Message? {
        try receive(socket, capacity: capacity, look: true, wait: false)
    }
    private static func receive(_ socket: Int32, capacity: Int, look: Bool, wait: Bool) throws(Errno) -> Message? {
        var bytes = [UInt8](repeating: 0, count: max(1, capacity))
        var descriptors = [Int32](repeating: -1, count: mostDescriptors)
        var found: Int32 = 0
        let count = unsafe bytes.withUnsafeMutableBytes { room in
            unsafe descriptors.withUnsafeMutableBufferPointer {
                unsafe clinux_receive_descriptors(
                    socket, room.baseAddress, room.count, $0.baseAddress, Int32($0.count), &found, look ? 1 : 0,
                    wait ? 0 : 1)
            }
        }
        if count < 0 { throw Errno.last }
        // An empty packet and the end look alike; nobody here sends empty ones.
        if count == 0 { return nil }
        return Message(bytes: Array(bytes.prefix(count)), descriptors: Array(descriptors.prefix(Int(found))))
    }
}

extension Socket {
    /// Connections that wait to be accepted at a listener, TCP or unix, and how many can wait; nil where the kernel does not
    /// tell.
    public static func listenQueue(_ listener: Int32) -> (waiting: Int, length: Int)? {
        var waiting: UInt32 = 0
        var length: UInt32 = 0
        guard
            unsafe clinux_listen_queue(listener, &waiting, &length) == 0
                || clinux_unix_queue(listener, &waiting, &length) == 0
        else { return nil }
        return (Int(waiting), Int(length))
    }
    /// The user at the other end of a unix socket.
    public static func peerUser(_ socket: Int32) throws(Errno) -> UInt32 {
        var uid: uid_t = 0
        _ = try check { unsafe clinux_peer_user(socket, &uid) }
        return uid
    }
}
