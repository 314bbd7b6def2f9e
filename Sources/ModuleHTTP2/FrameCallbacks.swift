// nghttp2/nghttp2.h: the callbacks. Each finds its session and notes what happened; nothing else runs inside of nghttp2.

import CNGHTTP2

/// nghttp2's table of callbacks, one for the process.
@safe struct FrameCallbacks: @unchecked Sendable {
    static let shared = FrameCallbacks()
    let pointer: OpaquePointer?

    private init() {
        var made: OpaquePointer?
        guard unsafe nghttp2_session_callbacks_new(&made) == 0 else {
            unsafe pointer = nil
            return
        }
        unsafe nghttp2_session_callbacks_set_on_begin_frame_callback(made) { _, head, user in
            if let head = unsafe head?.pointee, head.type <= UInt8(NGHTTP2_HEADERS.rawValue) {
                unsafe FrameCallbacks.session(user).requestFrameBegins(head.stream_id)
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(made) { _, frame, user in
            unsafe FrameCallbacks.onBeginHeaders(frame, user)
        }
        unsafe nghttp2_session_callbacks_set_on_header_callback(made) {
            _, _, name, nameCount, value, valueCount, _, user in
            unsafe FrameCallbacks.session(user).field(
                UnsafeBufferPointer(start: name, count: nameCount), UnsafeBufferPointer(start: value, count: valueCount)
            )
        }
        unsafe nghttp2_session_callbacks_set_on_invalid_header_callback(made) { _, frame, _, _, _, _, _, user in
            if let frame = unsafe frame { unsafe FrameCallbacks.session(user).invalidField(frame.pointee.hd.stream_id) }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(made) { _, frame, user in
            unsafe FrameCallbacks.onFrame(frame, user)
        }
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made) { _, _, id, data, count, user in
            unsafe FrameCallbacks.session(user).data(id, UnsafeBufferPointer(start: data, count: count))
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(made) { _, id, code, user in
            unsafe FrameCallbacks.session(user).closed(id, code)
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_frame_send_callback(made) { _, frame, user in
            if let frame = unsafe frame?.pointee, unsafe frame.hd.type == UInt8(NGHTTP2_RST_STREAM.rawValue) {
                unsafe FrameCallbacks.session(user).resetSent(frame.hd.stream_id, frame.rst_stream.error_code)
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_frame_not_send_callback(made) { _, frame, _, user in
            if let frame = unsafe frame?.pointee, unsafe frame.hd.type == UInt8(NGHTTP2_HEADERS.rawValue) {
                unsafe FrameCallbacks.session(user).headNotSent(frame.hd.stream_id)
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_send_data_callback(made) { _, frame, head, count, source, user in
            guard let frame = unsafe frame, let source = unsafe source else {
                return Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
            }
            return unsafe FrameCallbacks.session(user).append(
                source.pointee.fd, head: UnsafeBufferPointer(start: head, count: 9), count: count,
                padding: Int(frame.pointee.data.padlen))
        }
        unsafe nghttp2_session_callbacks_set_data_source_read_length_callback(made) {
            _, _, _, sessionWindow, streamWindow, maxFrame, user in
            let limit = unsafe FrameCallbacks.session(user).options.maxDataFrame
            let room = min(Int(sessionWindow), Int(streamWindow), Int(maxFrame))
            return limit > 0 ? min(limit, room) : room
        }
        unsafe nghttp2_session_callbacks_set_select_padding_callback(made) { _, frame, limit, user in
            guard let frame = unsafe frame else { return 0 }
            let length = unsafe frame.pointee.hd.length
            let bits = unsafe FrameCallbacks.session(user).options.paddingBits
            guard bits > 0 else { return length }
            return min(limit, length + Int.random(in: 0...(1 << bits) - 1))
        }
        unsafe pointer = made
    }

    static let read: nghttp2_data_source_read_callback = { _, _, _, limit, flags, source, user in
        guard let source = unsafe source else { return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
        return unsafe session(user).available(source.pointee.fd, limit: limit, flags: flags)
    }

    @inline(__always)
    private static func session(_ user: UnsafeMutableRawPointer?) -> FrameSession {
        // SAFETY: `user` is the session whose nghttp2 session calls, which it owns.
        unsafe Unmanaged<FrameSession>.fromOpaque(user.unsafelyUnwrapped).takeUnretainedValue()
    }
    @inline(__always)
    private static func with<R>(_ user: UnsafeMutableRawPointer?, _ body: (FrameSession) -> R) -> R {
        // SAFETY: as above; the session lives as long as a call into nghttp2.
        unsafe Unmanaged<FrameSession>.fromOpaque(user.unsafelyUnwrapped)._withUnsafeGuaranteedRef(body)
    }
    private static func onBeginHeaders(
        _ frame: UnsafePointer<nghttp2_frame>?, _ user: UnsafeMutableRawPointer?
    ) -> Int32 {
        guard let frame = unsafe frame else { return 0 }
        guard unsafe frame.pointee.hd.type == UInt8(NGHTTP2_HEADERS.rawValue) else { return 0 }
        let isRequest = unsafe frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
        return unsafe session(user).headBegins(frame.pointee.hd.stream_id, isRequest: isRequest)
    }
    private static func onFrame(_ frame: UnsafePointer<nghttp2_frame>?, _ user: UnsafeMutableRawPointer?) -> Int32 {
        guard let frame = unsafe frame else { return 0 }
        let head = unsafe frame.pointee.hd
        let session = unsafe session(user)
        let endsStream = head.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
        let type = UInt32(head.type)
        if type == NGHTTP2_HEADERS.rawValue {
            session.headEnds(head.stream_id, endsStream: endsStream, size: head.length)
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
        return 0
    }
}
