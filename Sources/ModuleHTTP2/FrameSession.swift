// nghttp2/nghttp2.h: one session of HTTP/2, with memory in and memory out

import Bytes
import CNGHTTP2
import Kernel
import ServerCore

/// What happened on a connection, noted while nghttp2 reads or writes frames, and dealt with afterwards.
struct FrameEvent {
    enum Kind: UInt8 {
        /// A request's head is in `text[start..<end]`; `code` is a status to refuse it with, or 0.
        case request
        /// A piece of a request body is in `text[start..<end]`.
        case data
        /// The request is whole.
        case ended
        /// nghttp2 forgot the stream; `code` is the error, 0 for a stream that ended well.
        case closed
        /// The client reset the stream.
        case reset
        /// All that was given for the stream was taken.
        case drained
        /// A head could not be sent.
        case notSent
        case goAway
        case pingAcknowledged
        /// A frame that moves nothing: PING, SETTINGS, PRIORITY …
        case idle
        /// The client gave room to send.
        case window
        /// A frame of a request that the client has ended.
        case stray
    }
    var kind: Kind
    var hasBody = false
    var slot: Int32 = -1
    var id: Int32 = 0
    var start = 0
    var end = 0
    var code: UInt32 = 0
}

/// What nghttp2's callbacks write into; one for all sessions of a loop, because only one is at work at a time. It lies behind
/// a pointer: the callbacks come many times for one request, and each is a leaf that nothing else can run inside of.
@safe final class FrameScratch {
    @safe struct Contents {
        var events: [FrameEvent] = []
        var text: [UInt8] = []
        var output: [UInt8] = []
        var pairs: [nghttp2_nv] = unsafe []
        var builder = HeadBuilder()
        var closedStreams: [HTTP2Stream] = []
    }
    private let contents: UnsafeMutablePointer<Contents>

    init() {
        unsafe contents = .allocate(capacity: 1)
        unsafe contents.initialize(to: Contents())
    }
    deinit {
        unsafe contents.deinitialize(count: 1)
        unsafe contents.deallocate()
    }
    var events: [FrameEvent] {
        _read { yield unsafe contents.pointee.events }
        _modify { yield unsafe &contents.pointee.events }
    }
    /// Heads and bodies that events name.
    var text: [UInt8] {
        _read { yield unsafe contents.pointee.text }
        _modify { yield unsafe &contents.pointee.text }
    }
    /// Frames to send.
    var output: [UInt8] {
        _read { yield unsafe contents.pointee.output }
        _modify { yield unsafe &contents.pointee.output }
    }
    @unsafe var pairs: [nghttp2_nv] {
        _read { yield unsafe contents.pointee.pairs }
        _modify { yield unsafe &contents.pointee.pairs }
    }
    /// The head that is being read.
    var builder: HeadBuilder {
        _read { yield unsafe contents.pointee.builder }
        _modify { yield unsafe &contents.pointee.builder }
    }
    /// Streams that `closed` events are about.
    var closedStreams: [HTTP2Stream] {
        _read { yield unsafe contents.pointee.closedStreams }
        _modify { yield unsafe &contents.pointee.closedStreams }
    }

    func empty() {
        events.removeAll(keepingCapacity: true)
        if text.capacity > 1 << 18 { text = [] } else { text.removeAll(keepingCapacity: true) }
    }
}

/// One stream as nghttp2's callbacks see it.
struct FrameSlot {
    var id: Int32 = 0
    var isUsed = false
    var stream: HTTP2Stream?
    /// A Host field that is not the request's host.
    var originalHost: [UInt8] = []
    // What is to be sent: bytes, or a part of a file.
    var bytes: [UInt8] = []
    var offset = 0
    var file: OpenFile?
    var fileOffset: Int64 = 0
    var fileCount: Int64 = 0
    var isLast = false
    var hasTrailers = false
    /// nghttp2 asked for more and there was nothing.
    var isDeferred = false
    var remoteEnded = false
    /// Bytes of the request body that nobody read.
    var discarded = 0
    /// The head of the answer was given.
    var isAnswered = false

    var pending: Int { file == nil ? bytes.count - offset : Int(clamping: fileCount) }
}

/// The settings of one session.
struct FrameOptions {
    var maxStreams: UInt32 = 100
    var windowSize: UInt32 = 65535
    var maxHeaderBlock = 0
    var maxDataFrame = 0
    var paddingBits = 0
    var limits = HeadLimits()
}

@safe final class FrameSession {
    private let session: OpaquePointer
    let scratch: FrameScratch
    let options: FrameOptions
    /// As in ``FrameScratch``.
    private let state: UnsafeMutablePointer<State>
    private struct State {
        var slots: [FrameSlot] = []
        var free: [Int32] = []
        var openCount = 0
        /// Streams that we reset last: frames for them may be on their way still.
        var ownResets: [Int32] = []
        var nextReset = 0
    }
    var slots: [FrameSlot] {
        _read { yield unsafe state.pointee.slots }
        _modify { yield unsafe &state.pointee.slots }
    }
    /// Streams that nghttp2 knows.
    var openCount: Int { unsafe state.pointee.openCount }
    /// Resets that were sent for flow control (`H2MaxStreamErrors`).
    private(set) var flowErrors = 0
    private(set) var lastStream: Int32 = 0
    private(set) var isHeadOpen = false
    /// A head whose rest is still to come.
    private var openHead: (builder: HeadBuilder, text: [UInt8])?
    /// The last stream was named in a GOAWAY.
    private(set) var isGoingAway = false
    /// No new stream is wanted.
    var refusesStreams = false
    private(set) var lastError: Int32 = 0
    private var outputLimit = 65536

    /// - Returns: nil without memory.
    init?(_ options: FrameOptions, _ scratch: FrameScratch) {
        self.options = options
        self.scratch = scratch
        guard let callbacks = unsafe FrameCallbacks.shared.pointer else { return nil }
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
        guard unsafe nghttp2_session_server_new2(&made, callbacks, nil, option) == 0, let made = unsafe made else {
            return nil
        }
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
    func begin(enablesConnect: Bool = false) -> Bool {
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
        if isHeadOpen, let (builder, text) = openHead {
            scratch.builder = builder
            scratch.builder.move(to: scratch.text.count)
            scratch.text.append(contentsOf: text)
            openHead = nil
        }
        defer { if isHeadOpen { openHead = (scratch.builder, Array(scratch.text[scratch.builder.start...])) } }
        let result = unsafe bytes.withUnsafeBufferPointer {
            unsafe nghttp2_session_mem_recv(session, $0.baseAddress, count)
        }
        if result < 0 { lastError = Int32(clamping: result) }
        return result == count
    }
    /// Appends frames to `scratch.output` until there are `limit` bytes or no more; false when the connection cannot go on.
    func collect(limit: Int) -> Bool {
        outputLimit = limit
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
        lastStream = max(lastStream, id)
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
        _ = unsafe nghttp2_session_set_stream_user_data(session, id, UnsafeMutableRawPointer(bitPattern: Int(slot) + 1))
        return slot
    }
    private func slot(of id: Int32) -> Int32? {
        guard let data = unsafe nghttp2_session_get_stream_user_data(session, id) else { return nil }
        return Int32(clamping: Int(bitPattern: data) - 1)
    }
    private func release(_ slot: Int32) {
        unsafe state.pointee.openCount -= 1
        slots[Int(slot)] = FrameSlot()
        unsafe state.pointee.free.append(slot)
    }
    /// An idle connection keeps nothing.
    func forgetSlots() {
        guard openCount == 0 else { return }
        slots = []
        unsafe state.pointee.free = []
        unsafe state.pointee.ownResets = []
        unsafe state.pointee.nextReset = 0
    }

    /// Sends a head. `hasBody`: `give` says what follows.
    func submitHead(_ slot: Int32, _ fields: FieldBlock, date: [UInt8], hasBody: Bool) -> Bool {
        let id = slots[Int(slot)].id
        slots[Int(slot)].isAnswered = true
        if !hasBody { slots[Int(slot)].isLast = true }
        return unsafe withPairs(fields, date) { pairs, count in
            guard hasBody else { return unsafe nghttp2_submit_response(session, id, pairs, count, nil) == 0 }
            var provider = unsafe nghttp2_data_provider(
                source: nghttp2_data_source(fd: slot), read_callback: FrameCallbacks.read)
            return unsafe nghttp2_submit_response(session, id, pairs, count, &provider) == 0
        }
    }
    /// Gives a stream its whole body.
    func give(_ slot: Int32, _ planned: PlannedAnswer) {
        Self.fill(&slots[Int(slot)], planned)
    }
    private static func fill(_ slot: inout FrameSlot, _ planned: PlannedAnswer) {
        slot.bytes = planned.body
        slot.file = planned.file
        slot.fileCount = planned.fileCount
        slot.isLast = true
    }
    /// All of the answer was given to nghttp2.
    func isAnswerWhole(_ slot: Int32) -> Bool {
        guard slot >= 0, Int(slot) < slots.count else { return false }
        let index = Int(slot)
        return slots[index].isUsed && slots[index].isAnswered && slots[index].isLast && slots[index].pending == 0
    }
    func submitInterim(_ slot: Int32, _ fields: FieldBlock) {
        let id = slots[Int(slot)].id
        _ = unsafe withPairs(fields, []) { pairs, count in
            unsafe nghttp2_submit_headers(session, 0, id, nil, pairs, count, nil) == 0
        }
    }
    func submitTrailers(_ slot: Int32, _ fields: FieldBlock) {
        let id = slots[Int(slot)].id
        _ = unsafe withPairs(fields, []) { pairs, count in
            unsafe nghttp2_submit_trailer(session, id, pairs, count) == 0
        }
    }
    /// Names a request that we make an answer to, unasked. Its stream's slot; nil where the client does not want any.
    func submitPush(on slot: Int32, _ fields: FieldBlock) -> Int32? {
        let id = slots[Int(slot)].id
        var promised: Int32 = 0
        _ = unsafe withPairs(fields, []) { pairs, count in
            promised = unsafe nghttp2_submit_push_promise(session, 0, id, pairs, count, nil)
            return true
        }
        guard promised > 0 else { return nil }
        let made = takeSlot(promised)
        slots[Int(made)].remoteEnded = true
        return made
    }
    func reset(_ slot: Int32, _ code: UInt32) {
        let id = slots[Int(slot)].id
        _ = unsafe nghttp2_submit_rst_stream(session, 0, id, code)
    }
    /// Has nghttp2 ask again for what there is to send on a stream.
    func resume(_ slot: Int32) {
        guard slots[Int(slot)].isDeferred else { return }
        slots[Int(slot)].isDeferred = false
        _ = unsafe nghttp2_session_resume_data(session, slots[Int(slot)].id)
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

    /// nghttp2's form of a field section; it copies all of it.
    private func withPairs(
        _ fields: FieldBlock, _ date: [UInt8], _ body: (UnsafePointer<nghttp2_nv>?, Int) -> Bool
    ) -> Bool {
        unsafe fields.text.withUnsafeBufferPointer { text in
            unsafe date.withUnsafeBufferPointer { dateText in
                unsafe Self.dateName.withUnsafeBufferPointer { dateName in
                    unsafe scratch.pairs.removeAll(keepingCapacity: true)
                    guard let start = unsafe UnsafeMutablePointer(mutating: text.baseAddress) else { return false }
                    for entry in fields.entries {
                        unsafe scratch.pairs.append(
                            nghttp2_nv(
                                name: start + Int(entry.name.lowerBound), value: start + Int(entry.value.lowerBound),
                                namelen: entry.name.count, valuelen: entry.value.count, flags: 0))
                    }
                    if fields.hasDate, !date.isEmpty {
                        unsafe scratch.pairs.append(
                            nghttp2_nv(
                                name: UnsafeMutablePointer(mutating: dateName.baseAddress),
                                value: UnsafeMutablePointer(mutating: dateText.baseAddress), namelen: 4,
                                valuelen: date.count, flags: 0))
                    }
                    return unsafe scratch.pairs.withUnsafeBufferPointer { unsafe body($0.baseAddress, $0.count) }
                }
            }
        }
    }
    private static let dateName = Array("date".utf8)
}

// MARK: - What the callbacks do

extension FrameSession {
    func note(_ event: FrameEvent) { scratch.events.append(event) }

    func headBegins(_ id: Int32, isRequest: Bool) -> Int32 {
        if isRequest {
            if refusesStreams { return Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
            guard unsafe nghttp2_session_get_stream_user_data(session, id) == nil else { return 0 }
            _ = takeSlot(id)
        }
        isHeadOpen = true
        scratch.builder.begin(at: scratch.text.count, isTrailer: !isRequest, options.limits)
        return 0
    }
    func field(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Int32 {
        let name = unsafe Span(_unsafeElements: name)
        let value = unsafe Span(_unsafeElements: value)
        return scratch.builder.add(name, value, to: &scratch.text)
            ? 0 : Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    }
    /// A field that no HTTP allows: the request is malformed (RFC 9113, section 8.1.1).
    func invalidField(_ id: Int32) {
        scratch.builder.setMalformed()
        _ = unsafe nghttp2_submit_rst_stream(session, 0, id, UInt32(NGHTTP2_PROTOCOL_ERROR.rawValue))
    }
    func headEnds(_ id: Int32, endsStream: Bool, size: Int) {
        isHeadOpen = false
        guard let slot = slot(of: id) else { return }
        if scratch.builder.isTrailer {
            let trailers = scratch.builder.takeTrailers()
            if scratch.builder.progress.isMalformed { return }
            slots[Int(slot)].stream?.trailers = trailers
        } else {
            if scratch.builder.progress.isMalformed { return }
            scratch.builder.finish(&scratch.text, endsStream: endsStream)
            if !scratch.builder.progress.originalHost.isEmpty {
                slots[Int(slot)].originalHost = scratch.builder.progress.originalHost
            }
            var event = FrameEvent(kind: .request, hasBody: !endsStream, slot: slot, id: id)
            event.start = scratch.builder.start
            event.end = scratch.text.count
            event.code = UInt32(scratch.builder.progress.status)
            note(event)
        }
        if endsStream { ended(slot, id) }
    }
    func dataFrame(_ id: Int32, endsStream: Bool) {
        guard endsStream, let slot = slot(of: id) else { return }
        ended(slot, id)
    }
    private func ended(_ slot: Int32, _ id: Int32) {
        slots[Int(slot)].remoteEnded = true
        note(FrameEvent(kind: .ended, slot: slot, id: id))
    }
    func data(_ id: Int32, _ bytes: UnsafeBufferPointer<UInt8>) {
        guard let slot = slot(of: id) else { return consume(id, bytes.count) }
        var event = FrameEvent(kind: .data, slot: slot, id: id)
        event.start = scratch.text.count
        unsafe scratch.text.append(contentsOf: bytes)
        event.end = scratch.text.count
        note(event)
    }
    func closed(_ id: Int32, _ code: UInt32) {
        guard let slot = slot(of: id) else { return }
        var event = FrameEvent(kind: .closed, slot: slot, id: id)
        event.code = code
        if let stream = slots[Int(slot)].stream {
            // Whoever serves it is told after this: by then the slot may be another stream's.
            stream.slot = -1
            event.slot = -1
            scratch.closedStreams.append(stream)
        }
        note(event)
        release(slot)
    }
    func resetSent(_ id: Int32, _ code: UInt32) {
        if unsafe state.pointee.ownResets.count < 128 {
            unsafe state.pointee.ownResets.append(id)
        } else {
            let next = unsafe state.pointee.nextReset
            unsafe state.pointee.ownResets[next] = id
            unsafe state.pointee.nextReset = (next + 1) & 127
        }
        if code == UInt32(NGHTTP2_FLOW_CONTROL_ERROR.rawValue) { flowErrors += 1 }
    }
    /// A frame of a request begins. On a stream that the client has ended there must be none (RFC 9113, section 5.1); on one
    /// that we have reset it may have been sent before the client knew.
    func requestFrameBegins(_ id: Int32) {
        guard id & 1 == 1, id <= lastStream, unsafe nghttp2_session_find_stream(session, id) == nil else { return }
        if unsafe state.pointee.ownResets.contains(id) { return }
        note(FrameEvent(kind: .stray, id: id))
    }
    func headNotSent(_ id: Int32) {
        guard let slot = slot(of: id) else { return }
        note(FrameEvent(kind: .notSent, slot: slot, id: id))
    }

    /// nghttp2 asks how much there is to send: up to `limit` bytes, which ``append(_:_:_:)`` then takes.
    func available(_ slot: Int32, limit: Int, flags: UnsafeMutablePointer<UInt32>?) -> Int {
        let index = Int(slot)
        guard index < slots.count else { return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
        let pending = slots[index].pending
        if pending == 0, !slots[index].isLast {
            slots[index].isDeferred = true
            return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        }
        let count = min(pending, limit)
        unsafe flags?.pointee |= UInt32(NGHTTP2_DATA_FLAG_NO_COPY.rawValue)
        if count == pending, slots[index].isLast {
            unsafe flags?.pointee |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
            if slots[index].hasTrailers {
                unsafe flags?.pointee |= UInt32(NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue)
            }
        }
        return count
    }
    /// Appends a DATA frame: its head, padding as nghttp2 chose it, and `count` bytes of the stream.
    func append(_ slot: Int32, head: UnsafeBufferPointer<UInt8>, count: Int, padding: Int) -> Int32 {
        let index = Int(slot)
        guard index < slots.count, slots[index].pending >= count else {
            return Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
        }
        // nghttp2 goes on by itself until it is told to stop.
        guard scratch.output.count < outputLimit else { return Int32(NGHTTP2_ERR_WOULDBLOCK.rawValue) }
        let start = scratch.output.count
        unsafe scratch.output.append(contentsOf: head)
        if padding > 0 { scratch.output.append(UInt8(truncatingIfNeeded: padding - 1)) }
        guard take(&slots[index], count) else {
            // The file is shorter than was promised.
            scratch.output.removeSubrange(start...)
            return Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
        }
        if padding > 1 { scratch.output.append(contentsOf: repeatElement(0, count: padding - 1)) }
        if slots[index].pending == 0, let stream = slots[index].stream {
            stream.noteDrained()
            note(FrameEvent(kind: .drained, slot: slot, id: slots[index].id))
        }
        return 0
    }
    private func take(_ slot: inout FrameSlot, _ count: Int) -> Bool {
        guard let file = slot.file else {
            scratch.output.append(contentsOf: slot.bytes[slot.offset..<slot.offset + count])
            slot.offset += count
            if slot.offset == slot.bytes.count {
                slot.bytes = []
                slot.offset = 0
            }
            return true
        }
        guard
            case .bytes(let got) = File.read(
                file.descriptor, into: &scratch.output, count: count, offset: slot.fileOffset), got == count
        else { return false }
        slot.fileOffset += Int64(count)
        slot.fileCount -= Int64(count)
        if slot.fileCount == 0 { slot.file = nil }
        return true
    }
}
