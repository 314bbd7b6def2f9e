// Apache: modules/ssl/ssl_engine_io.c (bio_filter_in_read, bio_filter_out_write); openssl/bio.h

import CTLS
import EventLoop
import Kernel

/// A channel, as a BIO finds it. Lives at least as long as the BIO's SSL object.
final class ChannelEnd {
    let loop: EventLoop
    let channel: Channel
    init(_ loop: EventLoop, _ channel: Channel) {
        self.loop = loop
        self.channel = channel
    }
}

/// A BIO that receives from and sends to a channel, as the loop does it: a call on a channel that is known not to be ready costs no
/// system call.
enum ChannelBIO {
    @unsafe static func make(for transport: ChannelEnd) -> OpaquePointer? {
        guard let method = unsafe methods.pointer, let bio = unsafe BIO_new(method) else { return nil }
        unsafe BIO_set_data(bio, Unmanaged.passUnretained(transport).toOpaque())
        unsafe BIO_set_init(bio, 1)
        return unsafe bio
    }

    /// Made once and never changed.
    @safe private struct Methods: @unchecked Sendable {
        let pointer: OpaquePointer?
    }
    private static let methods: Methods = {
        guard let made = unsafe BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "channel") else {
            return unsafe Methods(pointer: nil)
        }
        unsafe _ = BIO_meth_set_read(made) { bio, bytes, count in unsafe ChannelBIO.read(bio, bytes, count) }
        unsafe _ = BIO_meth_set_write(made) { bio, bytes, count in unsafe ChannelBIO.write(bio, bytes, count) }
        unsafe _ = BIO_meth_set_ctrl(made) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return unsafe Methods(pointer: made)
    }()

    private static func transport(_ bio: OpaquePointer?) -> ChannelEnd? {
        guard let data = unsafe BIO_get_data(bio) else { return nil }
        return unsafe Unmanaged<ChannelEnd>.fromOpaque(data).takeUnretainedValue()
    }
    private static func read(_ bio: OpaquePointer?, _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int32) -> Int32 {
        guard let transport = unsafe transport(bio), count > 0 else { return 0 }
        unsafe ctls_bio_clear_retry(bio)
        let memory = unsafe UnsafeMutableRawBufferPointer(start: bytes, count: Int(count))
        switch unsafe transport.loop.receive(transport.channel, memory) {
        case .bytes(let got): return Int32(clamping: got)
        case .wouldBlock:
            unsafe ctls_bio_retry_read(bio)
            return -1
        case .failed: return -1
        }
    }
    private static func write(_ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ count: Int32) -> Int32 {
        guard let transport = unsafe transport(bio), let bytes = unsafe bytes, count > 0 else { return 0 }
        unsafe ctls_bio_clear_retry(bio)
        let result = unsafe bytes.withMemoryRebound(to: UInt8.self, capacity: Int(count)) {
            transport.loop.send(transport.channel, unsafe Span(_unsafeStart: $0, count: Int(count)))
        }
        switch result {
        case .bytes(let sent): return Int32(clamping: sent)
        case .wouldBlock:
            unsafe ctls_bio_retry_write(bio)
            return -1
        case .failed: return -1
        }
    }
}
