// nghttp2/nghttp2.h: the callbacks. Each finds its session and notes what happened; nothing else runs inside of nghttp2.

import CNGHTTP2

/// nghttp2's table of callbacks, two for the process: most sessions leave the size of DATA frames to nghttp2.
@safe struct FrameCallbacks: @unchecked Sendable {
    private static let usual = FrameCallbacks(limitsData: false)
    private static let limiting = FrameCallbacks(limitsData: true)
    static func shared(for options: FrameOptions) -> FrameCallbacks {
        options.maxDataFrame > 0 || options.paddingBits > 0 ? limiting : usual
    }
    let pointer: OpaquePointer?

    private init(limitsData: Bool) {
        var made: OpaquePointer?
        guard unsafe nghttp2_session_callbacks_new(&made) == 0 else {
            unsafe pointer = nil
            return
        }
        unsafe nghttp2_session_callbacks_set_on_begin_frame_callback(made) { _, head, user in
            if let head = unsafe head?.pointee, head.type <= UInt8(NGHTTP2_HEADERS.rawValue) {
                unsafe FrameCallbacks.with(user) { $0.requestFrameBegins(head.stream_id) }
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(made) { _, frame, user in
            unsafe FrameCallbacks.onBeginHeaders(frame, user)
        }
        unsafe nghttp2_session_callbacks_set_on_header_callback(made) {
            _, _, name, nameCount, value, valueCount, _, user in
            let name = unsafe UnsafeBufferPointer(start: name, count: nameCount)
            let value = unsafe UnsafeBufferPointer(start: value, count: valueCount)
            return unsafe FrameCallbacks.with(user) { unsafe $0.field(name, value) }
        }
        unsafe nghttp2_session_callbacks_set_on_invalid_header_callback(made) { _, frame, _, _, _, _, _, user in
            if let id = unsafe frame?.pointee.hd.stream_id { unsafe FrameCallbacks.with(user) { $0.invalidField(id) } }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(made) { _, frame, user in
            unsafe FrameCallbacks.onFrame(frame, user)
        }
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made) { _, _, id, data, count, user in
            let bytes = unsafe UnsafeBufferPointer(start: data, count: count)
            unsafe FrameCallbacks.with(user) { unsafe $0.data(id, bytes) }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(made) { _, id, code, user in
            unsafe FrameCallbacks.with(user) { $0.closed(id, code) }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_frame_send_callback(made) { _, frame, user in
            guard let frame = unsafe frame else { return 0 }
            let type = unsafe frame.pointee.hd.type
            if type == UInt8(NGHTTP2_RST_STREAM.rawValue) {
                let (id, code) = unsafe (frame.pointee.hd.stream_id, frame.pointee.rst_stream.error_code)
                unsafe FrameCallbacks.with(user) { $0.resetSent(id, code) }
            } else if type == UInt8(NGHTTP2_PUSH_PROMISE.rawValue) {
                let id = unsafe frame.pointee.push_promise.promised_stream_id
                unsafe FrameCallbacks.with(user) { $0.promiseSent(id) }
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_frame_not_send_callback(made) { _, frame, _, user in
            guard let frame = unsafe frame else { return 0 }
            let type = unsafe frame.pointee.hd.type
            if type == UInt8(NGHTTP2_HEADERS.rawValue) {
                let id = unsafe frame.pointee.hd.stream_id
                unsafe FrameCallbacks.with(user) { $0.headNotSent(id) }
            } else if type == UInt8(NGHTTP2_PUSH_PROMISE.rawValue) {
                let id = unsafe frame.pointee.push_promise.promised_stream_id
                unsafe FrameCallbacks.with(user) { $0.promiseNotSent(id) }
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_send_data_callback(made) { _, frame, head, count, source, user in
            guard let frame = unsafe frame, let source = unsafe source else {
                return Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
            }
            let (slot, padding) = unsafe (source.pointee.fd, Int(frame.pointee.data.padlen))
            let head = unsafe UnsafeBufferPointer(start: head, count: 9)
            return unsafe FrameCallbacks.with(user) {
                unsafe $0.append(slot, head: head, count: count, padding: padding)
            }
        }
        if limitsData { unsafe Self.limitData(made) }
        unsafe pointer = made
    }
    /// `H2MaxDataFrameLen`, `H2Padding`.
    private static func limitData(_ made: OpaquePointer?) {
        unsafe nghttp2_session_callbacks_set_data_source_read_length_callback(made) {
            _, _, _, sessionWindow, streamWindow, maxFrame, user in
            let limit = unsafe FrameCallbacks.with(user) { $0.options.maxDataFrame }
            let room = min(Int(sessionWindow), Int(streamWindow), Int(maxFrame), 16384)
            return limit > 0 ? min(limit, room) : room
        }
        unsafe nghttp2_session_callbacks_set_select_padding_callback(made) { _, frame, limit, user in
            guard let frame = unsafe frame else { return 0 }
            let length = unsafe frame.pointee.hd.length
            let bits = unsafe FrameCallbacks.with(user) { $0.options.paddingBits }
            guard bits > 0 else { return length }
            return min(limit, length + Int.random(in: 0...(1 << bits) - 1))
        }
    }

    static let read: nghttp2_data_source_read_callback = { _, _, _, limit, flags, source, user in
        guard let slot = unsafe source?.pointee.fd else { return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
        return unsafe with(user) { unsafe $0.available(slot, limit: limit, flags: flags) }
    }

    /// The session that `user` is, for as long as `body` runs.
    @inline(__always)
    private static func with<R>(_ user: UnsafeMutableRawPointer?, _ body: (FrameSession) -> R) -> R {
        // SAFETY: `user` is the session whose nghttp2 session calls, which it owns.
        unsafe Unmanaged<FrameSession>.fromOpaque(user.unsafelyUnwrapped)._withUnsafeGuaranteedRef(body)
    }
    private static func onBeginHeaders(
        _ frame: UnsafePointer<nghttp2_frame>?, _ user: UnsafeMutableRawPointer?
    ) -> Int32 {
        guard let frame = unsafe frame else { return 0 }
        guard unsafe frame.pointee.hd.type == UInt8(NGHTTP2_HEADERS.rawValue) else { return 0 }
        let isRequest = unsafe frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
        let id = unsafe frame.pointee.hd.stream_id
        return unsafe with(user) { $0.headBegins(id, isRequest: isRequest) }
    }
    private static func onFrame(_ frame: UnsafePointer<nghttp2_frame>?, _ user: UnsafeMutableRawPointer?) -> Int32 {
        guard let frame = unsafe frame else { return 0 }
        let head = unsafe frame.pointee.hd
        unsafe with(user) { onFrame(head, $0) }
        return 0
    }
    private static func onFrame(_ head: nghttp2_frame_hd, _ session: FrameSession) {
        let endsStream = head.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
        let type = UInt32(head.type)
        if type == NGHTTP2_HEADERS.rawValue {
            session.headEnds(head.stream_id, endsStream: endsStream)
        } else if type == NGHTTP2_DATA.rawValue {
            session.dataFrame(head.stream_id, endsStream: endsStream)
            if head.length == 0, !endsStream { session.note(FrameEvent(kind: .idle, id: head.stream_id)) }
        } else if type == NGHTTP2_RST_STREAM.rawValue {
            session.note(FrameEvent(kind: .reset, id: head.stream_id))
        } else if type == NGHTTP2_GOAWAY.rawValue {
            session.note(FrameEvent(kind: .goAway))
        } else if type == NGHTTP2_WINDOW_UPDATE.rawValue {
            session.note(FrameEvent(kind: .window, id: head.stream_id))
        } else if type == NGHTTP2_PING.rawValue, head.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 {
            session.note(FrameEvent(kind: .pingAcknowledged))
        } else {
            session.note(FrameEvent(kind: .idle, id: head.stream_id))
        }
    }
}
