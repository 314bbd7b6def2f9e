// Apache: modules/http2/h2_stream.c, h2_bucket_beam.c

import Bytes
import CNGHTTP2
import EventLoop
import Kernel
import ServerCore

/// One request that a task serves: the body that came and was not read, the wait for more of it, and the wait for room.
final class HTTP2Stream: RequestStream {
    let facts: StreamFacts
    let channel: Channel
    let hasBody: Bool
    private(set) var bytesReceived: Int64
    var trailers: [(name: ByteString, value: ByteString)] = []
    var untaken: Int64 = 0
    /// Its place among the session's; -1 when nghttp2 has forgotten it.
    var slot: Int32
    private weak var session: HTTP2Session?
    private let loop: EventLoop
    private var incoming: [UInt8] = []
    private var isEnded: Bool
    private var error: IOError?
    private var isDrained = true
    private var reading: LoopCondition?
    private var writing: LoopCondition?
    private let timeoutOverride: UInt64?
    /// Its place among the connection's answers, if it is pushed.
    var priority: PushPriority?
    let isSecure: Bool
    let webSocketAccept: ByteString?

    init(
        _ session: HTTP2Session, _ facts: StreamFacts, slot: Int32, hasBody: Bool, headSize: Int,
        webSocketKey: ByteString?
    ) {
        self.session = session
        self.facts = facts
        self.slot = slot
        // What follows the head of such a request is no body of it.
        self.hasBody = hasBody && webSocketKey == nil
        webSocketAccept = webSocketKey.map(WebSocket.accept)
        channel = session.stream.channel
        loop = session.stream.loop
        isEnded = !hasBody
        isSecure = session.stream.transport?.isSecure ?? false
        bytesReceived = Int64(headSize)
        timeoutOverride = session.config.streamTimeout
    }

    // MARK: Told by the session

    func arrived(_ bytes: ArraySlice<UInt8>) {
        bytesReceived += Int64(bytes.count)
        guard error == nil else { return }
        incoming.append(contentsOf: bytes)
        reading?.notify()
    }
    func ended() {
        isEnded = true
        reading?.notify()
    }
    /// Everything given was taken; whoever waits is woken a little later.
    func noteDrained() { isDrained = true }
    func drained() { writing?.notify() }
    /// nghttp2 closed the stream, or the connection is gone.
    func closed(_ code: UInt32) {
        if slot >= 0, let pending = session?.frames.slots[Int(slot)].pending { untaken = Int64(pending) }
        slot = -1
        // The end of an answer that was given as a whole is no error for who gave it.
        if code != 0 || !isDrained || !isEnded { error = error ?? .closed }
        reading?.notify()
        writing?.notify()
    }
    /// Bytes that nobody read.
    func takeUnread() -> Int {
        defer { incoming = [] }
        return incoming.count
    }

    // MARK: RequestStream

    func receive(timeout: UInt64) async throws(IOError) -> ByteString? {
        while true {
            if !incoming.isEmpty {
                let piece = ByteString(incoming)
                incoming = []
                session?.consumed(facts.id, piece.count)
                return piece
            }
            if isEnded { return nil }
            if let error { throw error }
            if slot < 0 { throw .closed }
            if reading == nil { reading = LoopCondition(loop) }
            try await reading?.wait(timeout: timeoutOverride ?? timeout)
        }
    }
    func sendInterim(_ fields: FieldBlock, of request: Request?) {
        guard slot >= 0, let session else { return }
        var fields = fields
        let isHint = fields.values(of: ":status").first == "103"
        if isHint, facts.mayPush, let request { session.pushResources(on: self, request, &fields) }
        session.markDirty()
        // Without H2EarlyHints it was for what is pushed only.
        if isHint, !session.config.earlyHints.value(default: false) { return }
        session.frames.submitInterim(slot, fields)
    }
    func sendHead(_ fields: FieldBlock, of request: Request, isLast: Bool) {
        guard slot >= 0, let session else { return }
        guard facts.mayPush || facts.initiatedOn != 0 else { return session.answer(slot, fields, hasBody: !isLast) }
        var fields = fields
        session.pushResources(on: self, request, &fields)
        session.prioritize(self, fields)
        session.answer(slot, fields, hasBody: !isLast)
    }
    func send(_ piece: ResponseBody.Piece, isLast: Bool, timeout: UInt64) async throws(IOError) {
        guard slot >= 0, let session else { throw error ?? .closed }
        let frames = session.frames
        frames.slots[Int(slot)].give(piece, isLast: isLast)
        isDrained = false
        frames.resume(slot)
        session.markDirty()
        try await waitForRoom(timeout)
    }
    func finish(trailers: FieldBlock?, timeout: UInt64) async throws(IOError) {
        guard slot >= 0, let session else { throw error ?? .closed }
        session.frames.slots[Int(slot)].isLast = true
        session.frames.slots[Int(slot)].hasTrailers = trailers != nil
        if let trailers { session.frames.submitTrailers(slot, trailers) }
        session.frames.resume(slot)
        session.markDirty()
    }
    private func waitForRoom(_ timeout: UInt64) async throws(IOError) {
        while !isDrained {
            if let error { throw error }
            if writing == nil { writing = LoopCondition(loop) }
            try await writing?.wait(timeout: timeoutOverride ?? timeout)
        }
    }
    func abort() { reset(UInt32(NGHTTP2_INTERNAL_ERROR.rawValue)) }
    func refuse() { reset(UInt32(NGHTTP2_HTTP_1_1_REQUIRED.rawValue)) }
    private func reset(_ code: UInt32) {
        error = error ?? .closed
        guard slot >= 0, let session else { return }
        session.frames.reset(slot, code)
        session.markDirty()
    }
    func served() {
        error = error ?? .closed
        reading?.notify()
        session?.served(self)
    }
}
