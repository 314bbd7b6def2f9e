// nghttp2/nghttp2.h: what the callbacks do while frames are read

import Bytes
import CNGHTTP2
import Kernel
import ServerCore

extension FrameSession {
    func note(_ event: FrameEvent) { scratch.events.append(event) }

    func headBegins(_ id: Int32, isRequest: Bool) -> Int32 {
        unsafe state.pointee.isHeadMalformed = false
        unsafe state.pointee.headID = id
        if isRequest {
            if refusesStreams { return Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
            unsafe state.pointee.headSlot = takeSlot(id)
            unsafe state.pointee.head = .raw(scratch.raw.count)
        } else {
            unsafe state.pointee.headSlot = slot(of: id) ?? -1
            unsafe state.pointee.head = .text
            scratch.builder.begin(at: scratch.text.count, isTrailer: true, options.limits)
        }
        return 0
    }
    func field(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Int32 {
        if case .raw(let start) = unsafe state.pointee.head {
            if unsafe scratch.raw.append(name, value) { return 0 }
            guard becomeText(start) else { return dropHead() }
        }
        let (name, value) = unsafe (Span(_unsafeElements: name), Span(_unsafeElements: value))
        return scratch.builder.add(name, value, to: &scratch.text) ? 0 : dropHead()
    }
    /// The client is far beyond the limits: nghttp2 resets the stream.
    private func dropHead() -> Int32 {
        unsafe state.pointee.head = .none
        return Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    }
    /// Makes text of the head that is being read, as far as it came; false when the client is far beyond the limits.
    private func becomeText(_ start: Int) -> Bool {
        unsafe state.pointee.head = .text
        let isGood = build(start..<scratch.raw.count)
        scratch.raw.cut(to: start)
        return isGood
    }
    /// Has the builder begin with the fields in `range`.
    private func build(_ range: Range<Int>) -> Bool {
        scratch.builder.begin(at: scratch.text.count, isTrailer: false, options.limits)
        return scratch.raw.forEach(in: range) { scratch.builder.add($0, $1, to: &scratch.text) }
    }
    /// Makes text of a head that was noted raw: `event` with its place, or nil where the client is so far beyond the limits
    /// that it gets no answer.
    func text(of event: FrameEvent) -> FrameEvent? {
        var made = event
        made.isRaw = false
        guard build(event.start..<event.end) else {
            reset(event.slot, UInt32(NGHTTP2_INTERNAL_ERROR.rawValue))
            return nil
        }
        scratch.builder.finish(&scratch.text, endsStream: !event.hasBody)
        made.start = scratch.builder.start
        made.end = scratch.text.count
        made.code = UInt32(scratch.builder.progress.status)
        noteProgress(event.id)
        return made
    }
    private func noteProgress(_ id: Int32) {
        let host = scratch.builder.progress.originalHost
        if !host.isEmpty { scratch.originalHosts.append((id, host)) }
        let key = scratch.builder.progress.webSocketKey
        if !key.isEmpty { scratch.webSockets.append((id, key)) }
    }
    /// A field that no HTTP allows: the request is malformed (RFC 9113, section 8.1.1).
    func invalidField(_ id: Int32) {
        unsafe state.pointee.isHeadMalformed = true
        _ = unsafe nghttp2_submit_rst_stream(session, 0, id, UInt32(NGHTTP2_PROTOCOL_ERROR.rawValue))
    }
    func headEnds(_ id: Int32, endsStream: Bool) {
        let head = unsafe state.pointee.head
        unsafe state.pointee.head = .none
        guard unsafe state.pointee.headID == id, unsafe !state.pointee.isHeadMalformed else { return }
        let slot = unsafe state.pointee.headSlot
        guard slot >= 0, unsafe state.pointee.slots[Int(slot)].id == id else { return }
        if endsStream { unsafe state.pointee.slots[Int(slot)].remoteEnded = true }
        var event = FrameEvent(kind: .request, hasBody: !endsStream, slot: slot, id: id)
        switch head {
        case .raw(let start):
            event.isRaw = true
            event.start = start
            event.end = scratch.raw.count
            note(event)
        case .text where scratch.builder.isTrailer:
            slots[Int(slot)].stream?.trailers = scratch.builder.takeTrailers()
            if endsStream { ended(slot, id) }
        case .text:
            scratch.builder.finish(&scratch.text, endsStream: endsStream)
            event.start = scratch.builder.start
            event.end = scratch.text.count
            event.code = UInt32(scratch.builder.progress.status)
            noteProgress(id)
            note(event)
        case .none, .kept: break
        }
    }
    /// Before input is read: a head that was begun goes on.
    func takeHeadUp() {
        guard case .kept(let builder, let text) = unsafe state.pointee.head else { return }
        unsafe state.pointee.head = .text
        scratch.builder = builder
        scratch.builder.move(to: scratch.text.count)
        scratch.text.append(contentsOf: text)
    }
    /// After it: what is begun is kept apart, because the next input may be another session's.
    func keepHead() {
        if case .raw(let start) = unsafe state.pointee.head, !becomeText(start) {
            reset(unsafe state.pointee.headSlot, UInt32(NGHTTP2_INTERNAL_ERROR.rawValue))
        }
        guard case .text = unsafe state.pointee.head else { return }
        let (from, to) = (scratch.builder.start, scratch.text.count)
        unsafe state.pointee.head = .kept(scratch.builder, from < to ? Array(scratch.text[from..<to]) : [])
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
        forget(slot, id, code)
    }
    private func forget(_ slot: Int32, _ id: Int32, _ code: UInt32) {
        unsafe state.pointee.hasClosed = true
        if let stream = slots[Int(slot)].stream {
            // Whoever serves it is told after this: by then the slot may be another stream's.
            stream.slot = -1
            stream.untaken = Int64(slots[Int(slot)].pending)
            scratch.closedStreams.append(stream)
            note(FrameEvent(kind: .closed, id: id, code: code))
        } else if code != 0 {
            note(FrameEvent(kind: .closed, slot: slot, id: id, code: code))
        }
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
        if code == UInt32(NGHTTP2_FLOW_CONTROL_ERROR.rawValue) { unsafe state.pointee.flowErrors += 1 }
    }
    /// A frame of a request begins. On a stream that the client has ended there must be none (RFC 9113, section 5.1); on one
    /// that we have reset it may have been sent before the client knew.
    func requestFrameBegins(_ id: Int32) {
        guard id & 1 == 1, unsafe id <= state.pointee.lastStream, unsafe nghttp2_session_find_stream(session, id) == nil
        else { return }
        if unsafe state.pointee.ownResets.contains(id) { return }
        note(FrameEvent(kind: .stray, id: id))
    }
    func promiseSent(_ id: Int32) {
        guard let slot = slot(of: id) else { return }
        note(FrameEvent(kind: .promised, slot: slot, id: id))
    }
    /// The stream that was to be pushed never began.
    func promiseNotSent(_ id: Int32) {
        guard let slot = slots.firstIndex(where: { $0.isUsed && $0.id == id }) else { return }
        forget(Int32(slot), id, UInt32(NGHTTP2_REFUSED_STREAM.rawValue))
    }
    func headNotSent(_ id: Int32) {
        guard let slot = slot(of: id) else { return }
        note(FrameEvent(kind: .notSent, slot: slot, id: id))
    }
}
