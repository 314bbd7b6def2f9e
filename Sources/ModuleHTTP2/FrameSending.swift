// nghttp2/nghttp2.h: answers, and what the callbacks do while frames are written

import Bytes
import CNGHTTP2
import Kernel
import ServerCore

extension FrameSession {
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
    /// Sends a planned answer.
    func submit(_ slot: Int32, _ planned: PlannedAnswer) -> Bool {
        let id = slots[Int(slot)].id
        slots[Int(slot)].give(planned)
        slots[Int(slot)].isAnswered = true
        let head = unsafe PreparedHead.of(planned, date: scratch.date)
        guard planned.hasBody else {
            return unsafe nghttp2_submit_response(session, id, head.pairs, head.count, nil) == 0
        }
        var provider = unsafe nghttp2_data_provider(
            source: nghttp2_data_source(fd: slot), read_callback: FrameCallbacks.read)
        return unsafe nghttp2_submit_response(session, id, head.pairs, head.count, &provider) == 0
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
        let made = takeSlot(0)
        var promised: Int32 = 0
        _ = unsafe withPairs(fields, []) { pairs, count in
            // The stream begins when the promise is sent.
            promised = unsafe nghttp2_submit_push_promise(
                session, 0, id, pairs, count, UnsafeMutableRawPointer(bitPattern: Int(made) + 1))
            return true
        }
        guard promised > 0 else {
            release(made)
            return nil
        }
        slots[Int(made)].id = promised
        slots[Int(made)].remoteEnded = true
        return made
    }
    /// The client takes answers that it did not ask for.
    var takesPushes: Bool {
        unsafe nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_ENABLE_PUSH) == 1
    }
    /// Puts a pushed answer in its place, by whichever kind of priorities the client knows; the other one is not heard.
    func prioritize(_ id: Int32, behind initiator: Int32, _ priority: PushPriority) {
        var tree = nghttp2_priority_spec()
        var simple = nghttp2_extpri(urgency: UInt32(NGHTTP2_EXTPRI_DEFAULT_URGENCY), inc: 0)
        let weight = Int32(clamping: min(max(priority.weight, 1), 256))
        switch priority.place {
        case .after:
            unsafe nghttp2_priority_spec_init(&tree, initiator, weight, 0)
            simple.urgency += 1
        case .interleaved:
            unsafe nghttp2_priority_spec_init(&tree, 0, weight, 0)
            simple.inc = 1
        case .before:
            unsafe nghttp2_priority_spec_init(&tree, id, 16, 0)
            _ = unsafe nghttp2_session_change_stream_priority(session, initiator, &tree)
            unsafe nghttp2_priority_spec_init(&tree, 0, 16, 0)
            simple.urgency -= 1
        }
        _ = unsafe nghttp2_session_change_stream_priority(session, id, &tree)
        _ = unsafe nghttp2_session_change_extpri_stream_priority(session, id, &simple, 1)
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

    // MARK: What the callbacks do

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
        let start = scratch.output.count
        unsafe scratch.output.append(contentsOf: head)
        if padding > 0 { scratch.output.append(UInt8(truncatingIfNeeded: padding - 1)) }
        guard slots[index].take(count, to: &scratch.output) else {
            // The file is shorter than was promised.
            scratch.output.removeSubrange(start...)
            return Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
        }
        if padding > 1 { scratch.output.append(contentsOf: repeatElement(0, count: padding - 1)) }
        // One for the stream and one for the connection.
        if unsafe state.pointee.windowCredit < 1 << 20 { unsafe state.pointee.windowCredit += 2 }
        if slots[index].pending == 0, let stream = slots[index].stream {
            stream.noteDrained()
            note(FrameEvent(kind: .drained, slot: slot, id: slots[index].id))
        }
        // nghttp2 goes on by itself until it is told to stop.
        return unsafe scratch.output.count < state.pointee.outputLimit ? 0 : Int32(NGHTTP2_ERR_PAUSE.rawValue)
    }
}
