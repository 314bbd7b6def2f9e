// nghttp2/nghttp2.h: one client session of HTTP/2, with memory in and memory out

import Bytes
import CNGHTTP2
import ServerCore

/// What a session hears of its frames. Called from within ``ClientFrames/receive(_:)`` and ``ClientFrames/collect(into:limit:)``.
protocol ClientFrameListener: AnyObject {
    func headBegins(_ stream: Int32)
    func field(_ stream: Int32, _ name: ByteString, _ value: ByteString)
    /// A head is whole: of an interim answer, of the answer, or the fields behind the body.
    func headEnds(_ stream: Int32, endsStream: Bool)
    func data(_ stream: Int32, _ bytes: [UInt8])
    func dataEnds(_ stream: Int32)
    func closed(_ stream: Int32, code: UInt32)
    func goAway(last: Int32)
    /// At most `limit` bytes of the request body; `isEnd`: nothing follows. Nil: there is nothing at the moment.
    func body(_ stream: Int32, limit: Int) -> (bytes: ArraySlice<UInt8>, isEnd: Bool)?
}

@safe final class ClientFrames {
    private let session: OpaquePointer
    weak var listener: (any ClientFrameListener)?

    /// Bytes a stream may send before somebody takes them.
    static let window: UInt32 = 1 << 18

    /// - Returns: nil without memory.
    init?() {
        guard let callbacks = unsafe ClientCallbacks.shared.pointer else { return nil }
        var option: OpaquePointer?
        guard unsafe nghttp2_option_new(&option) == 0 else { return nil }
        defer { unsafe nghttp2_option_del(option) }
        unsafe nghttp2_option_set_no_auto_window_update(option, 1)
        unsafe nghttp2_option_set_no_closed_streams(option, 1)
        unsafe nghttp2_option_set_max_outbound_ack(option, 200)
        var made: OpaquePointer?
        guard unsafe nghttp2_session_client_new2(&made, callbacks, nil, option) == 0, let made = unsafe made else {
            return nil
        }
        unsafe session = made
        unsafe nghttp2_session_set_user_data(session, Unmanaged.passUnretained(self).toOpaque())
    }
    deinit { unsafe nghttp2_session_del(session) }

    /// The preface and our SETTINGS.
    func begin() -> Bool {
        let settings = [
            nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: Self.window),
        ]
        guard unsafe nghttp2_submit_settings(session, 0, settings, settings.count) == 0 else { return false }
        return unsafe nghttp2_session_set_local_window_size(session, 0, 0, Int32.max) == 0
    }
    /// A request; its stream, or nil where the connection takes none any more.
    func submit(_ fields: FieldBlock, hasBody: Bool) -> Int32? {
        var pairs: [nghttp2_nv] = unsafe []
        unsafe pairs.reserveCapacity(fields.entries.count)
        let id = unsafe fields.text.withUnsafeBufferPointer { text -> Int32 in
            guard let start = unsafe UnsafeMutablePointer(mutating: text.baseAddress) else { return -1 }
            for entry in fields.entries {
                unsafe pairs.append(
                    nghttp2_nv(
                        name: start + Int(entry.name.lowerBound), value: start + Int(entry.value.lowerBound),
                        namelen: entry.name.count, valuelen: entry.value.count, flags: 0))
            }
            return unsafe pairs.withUnsafeBufferPointer { list in
                guard hasBody else {
                    return unsafe nghttp2_submit_request(session, nil, list.baseAddress, list.count, nil, nil)
                }
                var provider = unsafe nghttp2_data_provider(
                    source: nghttp2_data_source(fd: 0), read_callback: ClientCallbacks.read)
                return unsafe nghttp2_submit_request(session, nil, list.baseAddress, list.count, &provider, nil)
            }
        }
        return id > 0 ? id : nil
    }
    /// Reads frames; false when the connection cannot go on.
    func receive(_ bytes: [UInt8]) -> Bool {
        let result = unsafe bytes.withUnsafeBufferPointer {
            unsafe nghttp2_session_mem_recv(session, $0.baseAddress, $0.count)
        }
        return result == bytes.count
    }
    /// Appends what is to be sent; false when the connection cannot go on.
    func collect(into output: inout [UInt8], limit: Int) -> Bool {
        while output.count < limit {
            var data: UnsafePointer<UInt8>?
            let count = unsafe nghttp2_session_mem_send(session, &data)
            if count == 0 { return true }
            guard count > 0 else { return false }
            unsafe output.append(contentsOf: UnsafeBufferPointer(start: data, count: count))
        }
        return true
    }
    var isOver: Bool { unsafe nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0 }
    /// Streams that the other end takes at once.
    var streamLimit: Int {
        Int(
            unsafe nghttp2_session_get_remote_settings(
                session, nghttp2_settings_id(rawValue: NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue)))
    }
    /// Somebody took this much of a body: the other end may send as much again.
    func consume(_ stream: Int32, _ count: Int) {
        _ = unsafe nghttp2_session_consume(session, stream, count)
    }
    func resume(_ stream: Int32) { _ = unsafe nghttp2_session_resume_data(session, stream) }
    func reset(_ stream: Int32) {
        _ = unsafe nghttp2_submit_rst_stream(session, 0, stream, UInt32(NGHTTP2_CANCEL.rawValue))
    }
    func terminate() { _ = unsafe nghttp2_session_terminate_session(session, UInt32(NGHTTP2_NO_ERROR.rawValue)) }
    static var refused: UInt32 { UInt32(NGHTTP2_REFUSED_STREAM.rawValue) }
}

/// nghttp2's table of callbacks, one for the process.
@safe struct ClientCallbacks: @unchecked Sendable {
    static let shared = ClientCallbacks()
    let pointer: OpaquePointer?

    private init() {
        var made: OpaquePointer?
        guard unsafe nghttp2_session_callbacks_new(&made) == 0 else {
            unsafe pointer = nil
            return
        }
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(made) { _, frame, user in
            if let frame = unsafe frame {
                unsafe ClientCallbacks.listener(user)?.headBegins(frame.pointee.hd.stream_id)
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_header_callback(made) {
            _, frame, name, nameCount, value, valueCount, _, user in
            guard let frame = unsafe frame else { return 0 }
            let nameBytes = unsafe ByteString(Array(UnsafeBufferPointer(start: name, count: nameCount)))
            let valueBytes = unsafe ByteString(Array(UnsafeBufferPointer(start: value, count: valueCount)))
            unsafe ClientCallbacks.listener(user)?.field(frame.pointee.hd.stream_id, nameBytes, valueBytes)
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(made) { _, frame, user in
            unsafe ClientCallbacks.onFrame(frame, user)
        }
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made) { _, _, id, data, count, user in
            let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: count))
            unsafe ClientCallbacks.listener(user)?.data(id, bytes)
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(made) { _, id, code, user in
            unsafe ClientCallbacks.listener(user)?.closed(id, code: code)
            return 0
        }
        unsafe pointer = made
    }

    static let read: nghttp2_data_source_read_callback = { _, id, buffer, limit, flags, _, user in
        guard let listener = unsafe listener(user), let piece = listener.body(id, limit: limit) else {
            return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        }
        if piece.isEnd { unsafe flags?.pointee |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue) }
        guard let buffer = unsafe buffer else { return 0 }
        var at = 0
        for byte in piece.bytes.prefix(limit) {
            unsafe buffer[at] = byte
            at += 1
        }
        return at
    }

    private static func listener(_ user: UnsafeMutableRawPointer?) -> (any ClientFrameListener)? {
        // SAFETY: `user` is the object whose nghttp2 session calls, which it owns.
        guard let user = unsafe user else { return nil }
        return unsafe Unmanaged<ClientFrames>.fromOpaque(user).takeUnretainedValue().listener
    }
    private static func onFrame(_ frame: UnsafePointer<nghttp2_frame>?, _ user: UnsafeMutableRawPointer?) -> Int32 {
        guard let frame = unsafe frame, let listener = unsafe listener(user) else { return 0 }
        let head = unsafe frame.pointee.hd
        let endsStream = head.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
        let type = UInt32(head.type)
        if type == NGHTTP2_HEADERS.rawValue {
            listener.headEnds(head.stream_id, endsStream: endsStream)
        } else if type == NGHTTP2_DATA.rawValue, endsStream {
            listener.dataEnds(head.stream_id)
        } else if type == NGHTTP2_GOAWAY.rawValue {
            listener.goAway(last: unsafe frame.pointee.goaway.last_stream_id)
        }
        return 0
    }
}
