// nghttp2/nghttp2.h: what the callbacks do while frames are read

import Bytes
import CNGHTTP2
import Kernel
import ServerCore

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
}
