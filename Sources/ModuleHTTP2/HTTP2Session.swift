// Apache: modules/http2/h2_session.c, h2_c1.c, h2_mplx.c

import Bytes
import CNGHTTP2
import EventLoop
import HTTP
import Kernel
import ServerCore

/// One connection of HTTP/2. The channel stays parked: what comes is read and dealt with at once, requests that a plan answers
/// included; every other request is a task. What is to be sent goes out at the end of the loop's turn, all of it together.
final class HTTP2Session: ConnectionSession, TurnEndListener {
    let stream: ClientStream
    let worker: Worker
    let frames: FrameSession
    let config: HTTP2Config
    private let server: Server
    private let sessionFacts: SessionFacts
    /// Frames that the socket did not take.
    private var unsent: [UInt8] = []
    private var isBlocked = false
    private var isDirty = false
    private var isClosed = false
    private var isEnding = false
    /// The client gets time to read the last frames before the socket is closed.
    private var lingers = true
    private var isDraining = false
    /// What was pushed.
    var diary: PushDiary
    /// Nothing new is begun.
    var isLeaving: Bool { isClosed || isEnding || isDraining }
    private var requestCount = 0
    /// Tasks at work, also for streams that the client reset.
    private var running = 0
    private var waiting: [PendingRequest] = []
    private struct PendingRequest {
        let stream: HTTP2Stream
        let head: [UInt8]
        let status: Int
        let note: (name: ByteString, value: ByteString)?
    }
    private var resets = TokenBucket(burst: 200, rate: 20)
    private var idles = TokenBucket(burst: 2000, rate: 200)

    /// - Returns: nil without memory.
    init?(_ connection: Connection, _ stream: ClientStream, _ protocolName: ByteString, _ scratch: FrameScratch) {
        self.stream = stream
        worker = connection.worker
        server = stream.transport?.selectedServer ?? connection.baseServer
        config = HTTP2Config.of(server)
        diary = PushDiary(limit: config.pushDiarySize.value(default: 256))
        sessionFacts = SessionFacts(
            tag: "\(Int(Process.id))-\(Int(clamping: connection.id))", protocolName: protocolName)
        guard let frames = FrameSession(config.frameOptions(server), scratch) else { return nil }
        self.frames = frames
    }
    private var scratch: FrameScratch { frames.scratch }
    private var loop: EventLoop { stream.loop }

    /// Begins with what was read of the connection.
    func begin(_ input: [UInt8]) -> Bool {
        guard frames.begin(enablesConnect: config.webSockets.value(default: false)) else { return false }
        setDeadline()
        markDirty()
        if !input.isEmpty { feed(input.span) }
        return true
    }
    /// Begins with a request of HTTP/1 that becomes stream 1.
    func begin(_ input: [UInt8], settings: [UInt8], head: [UInt8], isHead: Bool) -> Bool {
        guard let slot = frames.upgrade(settings: settings, isHead: isHead) else { return false }
        guard frames.begin(enablesConnect: config.webSockets.value(default: false)) else { return false }
        begun()
        start(slot, 1, head, status: 0, hasBody: false, note: nil)
        setDeadline()
        markDirty()
        if !input.isEmpty { feed(input.span) }
        return true
    }

    // MARK: ConnectionSession

    func readable() {
        guard !isClosed, !isBlocked else { return }
        for _ in 0..<4 {
            switch stream.receive() {
            case .bytes(0):
                logEnd()
                return close(linger: false)
            case .bytes(let count):
                loop.withInput(count) { feed($0) }
                if isClosed || isEnding { return }
                if count < EventLoop.inputSize { if stream.transport?.hasPendingInput != true { return } }
            case .wouldBlock: return
            case .failed:
                logEnd()
                return close(linger: false)
            }
        }
        recallPending()
    }
    /// No event tells of what the transport holds already.
    private func recallPending() {
        if !isClosed, stream.transport?.hasPendingInput == true { loop.recall(stream.channel) }
    }
    func deadlinePassed() {
        guard !isClosed else { return }
        // A request that is at work here has its own timeouts; answers that are stuck only because the client gives no room
        // have none but this.
        if running > 0 || frames.slots.contains(where: { $0.stream != nil }) { return setDeadline() }
        if isEnding || isDraining && frames.openCount == 0 { return close(linger: false) }
        if !isEnding, resetUnfinished() {
            setDeadline()
            return markDirty()
        }
        // Who has begun something and does not go on is not waited for.
        goAway(UInt32(NGHTTP2_NO_ERROR.rawValue), lingers: frames.openCount == 0)
    }
    func childStops() {
        guard !isClosed, !isDraining else { return }
        isDraining = true
        // Requests that are on their way still count; once the client has seen the notice, the last one is named.
        frames.submitShutdownNotice()
        frames.submitPing()
        loop.setDeadline(stream.channel, milliseconds: 1000)
        markDirty()
    }
    func markDirty() {
        guard !isDirty, !isClosed else { return }
        isDirty = true
        worker.atTurnEnd(self)
    }
    func turnEnded() {
        isDirty = false
        flush()
    }

    // MARK: Reading

    private func feed(_ bytes: borrowing Span<UInt8>) {
        markDirty()
        scratch.setDate(worker.dateField)
        var at = 0
        while at < bytes.count, !isClosed, !isEnding {
            // In pieces, so that what compressed fields become stays bounded.
            let end = min(at + 16384, bytes.count)
            let isGood = frames.receive(bytes.extracting(at..<end))
            handleEvents()
            at = end
            if !isGood {
                // nghttp2 has said why, where the protocol allows it.
                if frames.lastError == Int32(NGHTTP2_ERR_FLOODED.rawValue) {
                    return goAway(UInt32(NGHTTP2_ENHANCE_YOUR_CALM.rawValue))
                }
                if frames.lastError == Int32(NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue) {
                    return goAway(UInt32(NGHTTP2_PROTOCOL_ERROR.rawValue))
                }
                return goAway(UInt32(NGHTTP2_INTERNAL_ERROR.rawValue))
            }
        }
    }

    /// Deals with what nghttp2 reported.
    private func handleEvents() {
        var index = 0
        var isUseful = false
        while index < scratch.events.count {
            let event = scratch.events[index]
            index += 1
            switch event.kind {
            case .request:
                isUseful = true
                request(event)
            case .data:
                isUseful = true
                data(event)
            case .ended: if let stream = streamOf(event) { stream.ended() }
            case .closed:
                isUseful = true
                closed(event)
            case .drained: drained(event)
            case .notSent: frames.reset(event.slot, UInt32(NGHTTP2_INTERNAL_ERROR.rawValue))
            case .window: if !frames.takeWindowCredit() { idle() }
            case .idle: idle()
            case .pingAcknowledged: if isDraining { frames.submitGoAway() } else { idle() }
            case .promised: if let stream = streamOf(event) { applyPriority(stream) }
            case .stray: goAway(UInt32(NGHTTP2_STREAM_CLOSED.rawValue))
            case .reset, .goAway: break
            }
        }
        scratch.empty()
        scratch.closedStreams.removeAll(keepingCapacity: true)
        if frames.takeClosed() {
            isUseful = true
            if frames.openCount == 0 { markDirty() }
        }
        if isUseful, !isClosed { setDeadline() }
        if config.maxStreamErrors > 0, frames.flowErrors > config.maxStreamErrors {
            goAway(UInt32(NGHTTP2_PROTOCOL_ERROR.rawValue))
        }
    }
    private func streamOf(_ event: FrameEvent) -> HTTP2Stream? {
        guard event.slot >= 0, Int(event.slot) < frames.slots.count, frames.slots[Int(event.slot)].id == event.id else {
            return nil
        }
        return frames.slots[Int(event.slot)].stream
    }
    /// A frame that asks for nothing: a few are fine.
    private func idle() {
        if !idles.take(now: loop.milliseconds) { goAway(UInt32(NGHTTP2_ENHANCE_YOUR_CALM.rawValue)) }
    }

    private func facts(_ id: Int32, initiatedOn: Int32 = 0) -> StreamFacts {
        StreamFacts(
            session: sessionFacts, id: id, initiatedOn: initiatedOn, mayPush: initiatedOn == 0 && mayPush)
    }
    /// The client has left.
    private func logEnd() {
        log(
            .debug,
            "AH03401: h2_session(\(sessionFacts.tag),\(frames.openCount == 0 ? "IDLE" : "BUSY"),\(frames.openCount)): conn error -> shutdown, remote.emitted=\(requestCount)"
        )
    }
    func log(_ level: LogLevel, _ message: @autoclosure () -> ByteString) {
        guard level <= server.logLevels.level(for: "http2") else { return }
        worker.facts(of: stream.channel).log(level, "http2", message())
    }
    private func begun() {
        requestCount += 1
        if frames.openCount == 1 { worker.markWaiting(stream.channel, false) }
    }

    private func request(_ event: FrameEvent) {
        guard Int(event.slot) < frames.slots.count, frames.slots[Int(event.slot)].id == event.id, !isEnding else {
            return
        }
        begun()
        let (facts, raw) = (facts(event.id), event.isRaw ? event.start..<event.end : 0..<0)
        if event.isRaw, !event.hasBody,
            let planned = scratch.raw.read(raw, { worker.recalledAnswer(stream.channel, $0, facts) })
        {
            return answer(event.slot, planned)
        }
        guard let head = event.isRaw ? frames.text(of: event) : event else { return }
        let key = scratch.webSockets.first { $0.id == event.id }?.key
        if head.code == 0, !head.hasBody, key == nil,
            let planned = scratch.raw.read(
                raw,
                { worker.plannedAnswer(stream.channel, &scratch.text, from: head.start, to: head.end, facts, $0) })
        {
            return answer(event.slot, planned)
        }
        let original = scratch.originalHosts.first { $0.id == event.id }?.host
        start(
            head.slot, head.id, Array(scratch.text[head.start..<head.end]), status: Int(head.code),
            hasBody: head.hasBody, note: original.map { ("H2_ORIGINAL_HOST", ByteString($0)) }, webSocketKey: key)
    }
    /// Begins to answer a request of ours (``pushResources(on:_:_:)``).
    func startPushed(_ slot: Int32, _ id: Int32, _ head: [UInt8], on initiator: Int32, _ priority: PushPriority?) {
        start(slot, id, head, status: 0, hasBody: false, note: nil, on: initiator, priority)
        markDirty()
    }
    private func start(
        _ slot: Int32, _ id: Int32, _ head: [UInt8], status: Int, hasBody: Bool,
        note: (name: ByteString, value: ByteString)?, webSocketKey: ByteString? = nil, on initiator: Int32 = 0,
        _ priority: PushPriority? = nil
    ) {
        let facts = facts(id, initiatedOn: initiator)
        let made = HTTP2Stream(
            self, facts, slot: slot, hasBody: hasBody, headSize: head.count, webSocketKey: webSocketKey)
        made.priority = priority
        frames.slots[Int(slot)].stream = made
        let request = PendingRequest(stream: made, head: head, status: status, note: note)
        // Streams that were reset do not make room before their tasks are done.
        guard running < Int(config.maxStreams) else { return waiting.append(request) }
        run(request)
    }
    private func run(_ request: PendingRequest) {
        running += 1
        worker.start(request.stream, head: request.head, status: request.status, note: request.note)
    }
    /// A task is done.
    func served(_ stream: HTTP2Stream) {
        running -= 1
        if stream.slot >= 0, Int(stream.slot) < frames.slots.count { frames.slots[Int(stream.slot)].stream = nil }
        while running < Int(config.maxStreams), !waiting.isEmpty, !isClosed { run(waiting.removeFirst()) }
        let unread = stream.takeUnread()
        if unread > 0, !isClosed { discard(stream.slot, unread) }
        if isDraining { markDirty() }
    }
    func consumed(_ id: Int32, _ count: Int) {
        guard !isClosed else { return }
        frames.consume(id, count)
        markDirty()
    }
    private func data(_ event: FrameEvent) {
        guard let stream = streamOf(event), !frames.isAnswerWhole(event.slot) else {
            return discard(event.slot, event.end - event.start)
        }
        stream.arrived(scratch.text[event.start..<event.end])
    }
    private func closed(_ event: FrameEvent) {
        if let index = scratch.closedStreams.firstIndex(where: { $0.facts.id == event.id }) {
            let stream = scratch.closedStreams[index]
            if let at = waiting.firstIndex(where: { $0.stream === stream }) { waiting.remove(at: at) }
            stream.closed(event.code)
        }
        // Who begins streams only to have them reset, by whichever side, makes work for nothing.
        if event.code != 0, !resets.take(now: loop.milliseconds) { goAway(UInt32(NGHTTP2_ENHANCE_YOUR_CALM.rawValue)) }
    }
    private func drained(_ event: FrameEvent) {
        guard let stream = streamOf(event) else { return }
        stream.drained()
    }
    /// Bytes of a request body that nobody wants. The rest of a short one is let in, because clients take a reset for a failure
    /// even when their answer is whole; a longer one, for which the window would have to be opened, is refused (RFC 9113,
    /// section 8.1).
    private func discard(_ slot: Int32, _ count: Int) {
        frames.consumeConnection(count)
        markDirty()
        guard slot >= 0, Int(slot) < frames.slots.count, frames.slots[Int(slot)].isUsed else { return }
        frames.slots[Int(slot)].discarded += count
        if frames.slots[Int(slot)].discarded >= Int(frames.options.windowSize) / 2, frames.isAnswerWhole(slot) {
            frames.reset(slot, UInt32(NGHTTP2_NO_ERROR.rawValue))
        }
    }
    /// Ends streams that have nothing left but a request that does not end; false when there is none.
    private func resetUnfinished() -> Bool {
        var wasReset = false
        for index in frames.slots.indices where frames.isAnswerWhole(Int32(index)) && !frames.slots[index].remoteEnded {
            frames.reset(Int32(index), UInt32(NGHTTP2_NO_ERROR.rawValue))
            wasReset = true
        }
        return wasReset
    }

    // MARK: Writing

    private func answer(_ slot: Int32, _ planned: PlannedAnswer) {
        guard !isClosed else { return }
        if !frames.submit(slot, planned) { frames.reset(slot, UInt32(NGHTTP2_INTERNAL_ERROR.rawValue)) }
        markDirty()
    }
    func answer(_ slot: Int32, _ fields: FieldBlock, hasBody: Bool) {
        guard !isClosed else { return }
        if !frames.submitHead(slot, fields, date: worker.dateField, hasBody: hasBody) {
            frames.reset(slot, UInt32(NGHTTP2_INTERNAL_ERROR.rawValue))
        }
        markDirty()
    }

    /// Sends what there is, as far as the socket takes it.
    private func flush() {
        guard !isClosed, !isBlocked else { return }
        for _ in 0..<16 {
            scratch.output.removeAll(keepingCapacity: true)
            let isGood = frames.collect(limit: 65536)
            handleEvents()
            if isClosed { return }
            if !isGood { return close(linger: false) }
            if scratch.output.isEmpty { return settle() }
            if !send() { return }
        }
        // The others' turn.
        markDirty()
    }
    /// False when the socket is full or gone.
    private func send() -> Bool {
        var done = 0
        while done < scratch.output.count {
            switch stream.send(scratch.output, from: done) {
            case .bytes(let count): done += count
            case .wouldBlock:
                unsent = Array(scratch.output[done...])
                block()
                return false
            case .failed:
                close(linger: false)
                return false
            }
        }
        if frames.openCount > 0 { setDeadline() }
        return true
    }
    /// The client takes nothing: nothing is read of it either, until it does.
    private func block() {
        isBlocked = true
        loop.unpark(stream.channel)
        let timeout = server.timeoutMilliseconds
        loop.spawnLocal { [self] in
            do throws(IOError) {
                try await stream.sendAll(unsent, timeout: timeout)
            } catch { return close(linger: false) }
            unsent = []
            isBlocked = false
            guard !isClosed else { return }
            loop.park(stream.channel, deadline: nil)
            setDeadline()
            recallPending()
            flush()
        }
    }
    /// Nothing is left to send: is the connection over?
    private func settle() {
        if scratch.output.capacity > 1 << 18 { scratch.output = [] }
        if frames.isOver { return close(linger: lingers) }
        guard frames.openCount == 0 else { return }
        frames.forgetSlots()
        worker.markWaiting(stream.channel, true)
        guard running == 0 else { return }
        if isEnding || isDraining && isGoingAway { close(linger: lingers) }
    }
    private var isGoingAway: Bool { frames.isGoingAway }

    // MARK: The end

    /// Says goodbye, then closes.
    private func goAway(_ code: UInt32, lingers: Bool = true) {
        guard !isClosed, !isEnding else { return }
        isEnding = true
        self.lingers = lingers && code != UInt32(NGHTTP2_ENHANCE_YOUR_CALM.rawValue)
        frames.terminate(code)
        markDirty()
    }
    /// The connection never began.
    func giveUp() { close(linger: false) }
    private func close(linger: Bool) {
        guard !isClosed else { return }
        isClosed = true
        waiting = []
        for slot in frames.slots where slot.isUsed { slot.stream?.closed(UInt32(NGHTTP2_CANCEL.rawValue)) }
        frames.slots = []
        worker.end(stream.channel, linger: linger && !isBlocked)
    }
    private func setDeadline() {
        guard !isBlocked, !isClosed else { return }
        let isIdle = frames.openCount == 0 && requestCount > 0
        let timeout = isIdle ? UInt64(server.keepAliveTimeout.value(default: 5000)) : server.timeoutMilliseconds
        loop.setDeadline(stream.channel, milliseconds: isDraining ? min(1000, timeout) : timeout)
    }
}

/// So many at once, and so many a second in the long run.
struct TokenBucket {
    private var tokens: UInt64
    private let burst: UInt64
    private let rate: UInt64
    private var last: UInt64 = 0

    init(burst: UInt64, rate: UInt64) {
        self.burst = burst
        self.rate = rate
        tokens = burst
    }
    /// `now` in milliseconds. False: that was too many.
    mutating func take(now: UInt64) -> Bool {
        let earned = (now &- last) / 1000 &* rate
        if earned > 0 {
            tokens = last == 0 ? burst : min(burst, tokens &+ min(earned, burst))
            last = now
        }
        guard tokens > 0 else { return false }
        tokens -= 1
        return true
    }
}
