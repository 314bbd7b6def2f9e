// nghttp2/nghttp2.h: one session of HTTP/2, with memory in and memory out

import Bytes
import CNGHTTP2
import Kernel
import ServerCore

@safe final class FrameSession {
    let session: OpaquePointer
    let scratch: FrameScratch
    let options: FrameOptions
    /// As in ``FrameScratch``.
    let state: UnsafeMutablePointer<State>
    struct State {
        var slots: [FrameSlot] = []
        var free: [Int32] = []
        var openCount = 0
        var lastStream: Int32 = 0
        /// Streams that we reset last: frames for them may be on their way still.
        var ownResets: [Int32] = []
        var nextReset = 0
        /// Resets that were sent for flow control.
        var flowErrors = 0
        /// DATA frames that were sent and not yet answered by WINDOW_UPDATE, for stream and connection.
        var windowCredit = 0
        /// A stream ended since somebody asked.
        var hasClosed = false
        var outputLimit = 65536
        var head = OpenHead.none
        var headID: Int32 = 0
        var headSlot: Int32 = -1
        var isHeadMalformed = false
    }
    /// The head that is being read.
    enum OpenHead {
        case none
        /// Its fields lie in `scratch.raw` from here on.
        case raw(Int)
        /// `scratch.builder` makes text of it.
        case text
        /// The rest comes with other input.
        case kept(HeadBuilder, [UInt8])
    }
    var slots: [FrameSlot] {
        _read { yield unsafe state.pointee.slots }
        _modify { yield unsafe &state.pointee.slots }
    }
    /// Streams that nghttp2 knows.
    var openCount: Int { unsafe state.pointee.openCount }
    /// Resets that were sent for flow control (`H2MaxStreamErrors`).
    var flowErrors: Int { unsafe state.pointee.flowErrors }
    /// The last stream was named in a GOAWAY.
    private(set) var isGoingAway = false
    /// No new stream is wanted.
    var refusesStreams = false
    private(set) var lastError: Int32 = 0
    /// Whether a stream ended since the last call.
    func takeClosed() -> Bool {
        defer { unsafe state.pointee.hasClosed = false }
        return unsafe state.pointee.hasClosed
    }
    /// A WINDOW_UPDATE came; false when there was nothing to give room for.
    func takeWindowCredit() -> Bool {
        guard unsafe state.pointee.windowCredit > 0 else { return false }
        unsafe state.pointee.windowCredit -= 1
        return true
    }

    /// - Returns: nil without memory.
    init?(_ options: FrameOptions, _ scratch: FrameScratch) {
        self.options = options
        self.scratch = scratch
        guard let callbacks = unsafe FrameCallbacks.shared(for: options).pointer else { return nil }
        var option: OpaquePointer?
        guard unsafe nghttp2_option_new(&option) == 0 else { return nil }
        defer { unsafe nghttp2_option_del(option) }
        unsafe nghttp2_option_set_no_auto_window_update(option, 1)
        unsafe nghttp2_option_set_no_closed_streams(option, 1)
        // Blanks around values are cut, as HTTP/1 does, not refused.
        unsafe nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(option, 1)
        unsafe nghttp2_option_set_builtin_recv_extension_type(option, UInt8(NGHTTP2_PRIORITY_UPDATE.rawValue))
        unsafe nghttp2_option_set_server_fallback_rfc7540_priorities(option, 1)
        unsafe nghttp2_option_set_max_outbound_ack(option, 200)
        unsafe nghttp2_option_set_stream_reset_rate_limit(option, 500, 50)
        if options.maxHeaderBlock > 0 {
            unsafe nghttp2_option_set_max_send_header_block_length(option, options.maxHeaderBlock)
        }
        var made: OpaquePointer?
        let result = scratch.memory.makeSession {
            unsafe nghttp2_session_server_new3(&made, callbacks, nil, option, scratch.memory.table)
        }
        guard result == 0, let made = unsafe made else { return nil }
        unsafe session = made
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(to: State())
        unsafe nghttp2_session_set_user_data(session, Unmanaged.passUnretained(self).toOpaque())
    }
    deinit {
        unsafe nghttp2_session_del(session)
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }

    // MARK: Connection

    /// Our SETTINGS, and a window for the connection that is never in the way of the streams' own.
    /// - Parameter enablesConnect: Extended CONNECT is understood (RFC 8441).
    func begin(enablesConnect: Bool) -> Bool {
        var settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue), value: options.maxStreams),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES.rawValue), value: 1),
        ]
        if options.windowSize != 65535 {
            settings.append(
                nghttp2_settings_entry(
                    settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: options.windowSize))
        }
        if enablesConnect {
            settings.append(
                nghttp2_settings_entry(
                    settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL.rawValue), value: 1))
        }
        guard unsafe nghttp2_submit_settings(session, 0, settings, settings.count) == 0 else { return false }
        return unsafe nghttp2_session_set_local_window_size(session, 0, 0, Int32.max) == 0
    }
    /// The connection began with a request of HTTP/1 that is stream 1 now. `settings` is what HTTP2-Settings said.
    func upgrade(settings: [UInt8], isHead: Bool) -> Int32? {
        guard unsafe nghttp2_session_upgrade2(session, settings, settings.count, isHead ? 1 : 0, nil) == 0 else {
            return nil
        }
        let slot = takeSlot(1)
        slots[Int(slot)].remoteEnded = true
        return slot
    }
    /// Reads frames; false when the connection cannot go on, for which what is to be sent says why.
    func receive(_ bytes: borrowing Span<UInt8>) -> Bool {
        let count = bytes.count
        takeHeadUp()
        defer { keepHead() }
        let result = unsafe bytes.withUnsafeBufferPointer {
            unsafe nghttp2_session_mem_recv(session, $0.baseAddress, count)
        }
        if result < 0 { lastError = Int32(clamping: result) }
        return result == count
    }
    /// Appends frames to `scratch.output` until there are `limit` bytes or no more; false when the connection cannot go on.
    func collect(limit: Int) -> Bool {
        unsafe state.pointee.outputLimit = limit
        while scratch.output.count < limit {
            var data: UnsafePointer<UInt8>?
            let count = unsafe nghttp2_session_mem_send(session, &data)
            if count == 0 { return true }
            guard count > 0 else {
                lastError = Int32(clamping: count)
                return false
            }
            unsafe scratch.output.append(contentsOf: UnsafeBufferPointer(start: data, count: count))
        }
        return true
    }
    var wantsToSend: Bool { unsafe nghttp2_session_want_write(session) != 0 }
    /// Neither reads nor writes are wanted: the connection is over.
    var isOver: Bool { unsafe nghttp2_session_want_read(session) == 0 && !wantsToSend }
    /// Bytes that the client lets the connection send.
    var remoteWindow: Int32 { unsafe nghttp2_session_get_remote_window_size(session) }

    /// Ends the connection: GOAWAY and nothing after it.
    func terminate(_ code: UInt32) { _ = unsafe nghttp2_session_terminate_session(session, code) }
    /// Tells that the connection will end; streams the client has begun by now are still served.
    func submitShutdownNotice() { _ = unsafe nghttp2_submit_shutdown_notice(session) }
    func submitPing() { _ = unsafe nghttp2_submit_ping(session, 0, nil) }
    /// No stream after the last one that came.
    func submitGoAway() {
        let last = unsafe nghttp2_session_get_last_proc_stream_id(session)
        isGoingAway = true
        _ = unsafe nghttp2_submit_goaway(session, 0, last, 0, nil, 0)
    }

    // MARK: Streams

    func takeSlot(_ id: Int32) -> Int32 {
        unsafe state.pointee.openCount += 1
        if id & 1 == 1 { unsafe state.pointee.lastStream = max(state.pointee.lastStream, id) }
        let slot: Int32
        if let reused = unsafe state.pointee.free.popLast() {
            slot = reused
        } else {
            slots.append(FrameSlot())
            slot = Int32(slots.count - 1)
        }
        slots[Int(slot)].id = id
        slots[Int(slot)].isUsed = true
        // Numbers from 1 on, as pointers that nobody follows.
        if id == 0 { return slot }
        _ = unsafe nghttp2_session_set_stream_user_data(session, id, UnsafeMutableRawPointer(bitPattern: Int(slot) + 1))
        return slot
    }
    func slot(of id: Int32) -> Int32? {
        guard let data = unsafe nghttp2_session_get_stream_user_data(session, id) else { return nil }
        return Int32(clamping: Int(bitPattern: data) - 1)
    }
    func release(_ slot: Int32) {
        unsafe state.pointee.openCount -= 1
        slots[Int(slot)] = FrameSlot()
        unsafe state.pointee.free.append(slot)
    }
    /// An idle connection keeps next to nothing; room for one stream is what the next request needs.
    func forgetSlots() {
        guard openCount == 0, unsafe slots.count > 1 || !state.pointee.ownResets.isEmpty else { return }
        slots = []
        unsafe state.pointee.free = []
        unsafe state.pointee.ownResets = []
        unsafe state.pointee.nextReset = 0
    }

    /// The body of a request was read so far: the client may send as much more.
    func consume(_ id: Int32, _ count: Int) {
        guard count > 0 else { return }
        _ = unsafe nghttp2_session_consume(session, id, count)
    }
    /// Bytes of a body that nobody will read.
    func consumeConnection(_ count: Int) {
        guard count > 0 else { return }
        _ = unsafe nghttp2_session_consume_connection(session, count)
    }
    /// How much the client lets a stream send; nothing to do with what the connection may.
    func remoteWindow(_ slot: Int32) -> Int32 {
        unsafe nghttp2_session_get_stream_remote_window_size(session, slots[Int(slot)].id)
    }
}
