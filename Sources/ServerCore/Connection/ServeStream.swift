// Apache: modules/http2/h2_c2.c (c2_process), h2_request.c (h2_create_request_rec)

import Bytes
import EventLoop
import HTTP
import Kernel

extension Worker {
    /// Answers a request from the plans, log and all, if its head is one that a plan answered before. `bytes` is the head as
    /// the client wrote it, in any form that says the same whenever it is the same.
    public func recalledAnswer(
        _ channel: Channel, _ bytes: borrowing Span<UInt8>, _ facts: StreamFacts
    ) -> PlannedAnswer? {
        let index = Int(channel.index)
        let state = parked[index]
        guard !isStopping, let sharing = state.hasTransport || facts.mayPush ? sharing(index, facts) : 0,
            let (plan, fields, size) = plans.recent.find(
                bytes, candidates: state.candidates, sharing: sharing, epoch: files.epoch),
            let planned = plan.planned, plan.isFor(state.remote, second: loop.realTime / 1_000_000),
            !plan.mayPush(facts)
        else { return nil }
        let request = plan.request
        let connection = request.connection
        request.headersInStorage = fields
        request.bytesReceived = size
        if connection.id == state.id, plan.isSimple {
            request.requestTime = loop.realTime
            if state.hasTransport { connection.transport = transport(channel) }
        } else {
            prepare(request, channel)
            connection.keepAlives = 1
        }
        note(plan, connection, facts)
        return planned
    }

    /// The same for a head that has to be parsed: `text[start..<end]` is what HTTP/1 would write. `bytes` as above, to recall
    /// it by.
    public func plannedAnswer(
        _ channel: Channel, _ text: inout [UInt8], from start: Int, to end: Int, _ facts: StreamFacts,
        _ bytes: borrowing Span<UInt8>
    ) -> PlannedAnswer? {
        guard let sharing = sharing(Int(channel.index), facts) else { return nil }
        let state = parked[Int(channel.index)]
        // Out of the object for as long as it is at work: accesses to a local are free.
        var head = RequestHead()
        swap(&head, &self.head)
        defer { swap(&head, &self.head) }
        head.reset(start: start)
        head.isTrial = true
        let options = candidateOptions(state.candidates).ofStream
        var input = text.mutableSpan
        guard case .complete = head.parse(&input, to: end, options),
            let plan = findPlan(head, input.span, state, sharing), let planned = plan.planned, !plan.mayPush(facts)
        else { return nil }
        let request = plan.request
        request.headersInStorage.take(head, input.span)
        prepare(request, channel)
        request.connection.keepAlives = 1
        request.bytesReceived = Int64(end - start)
        let last = request.last
        last.headerBytesSent = planned.fields.weight
        last.bytesSent = plan.bodyCount
        if bytes.count > 0 {
            plans.recent.insert(
                bytes, candidates: state.candidates, sharing: sharing, plan, request.headersInStorage,
                size: request.bytesReceived)
        }
        note(plan, request.connection, facts)
        return planned
    }
    /// Logs and counts a request that `plan` answers.
    private func note(_ plan: Plan, _ connection: Connection, _ facts: StreamFacts) {
        let request = plan.request
        connection.secondary = facts
        for log in loggers { log(request) }
        scores?.requestAnswered(request, bytesSent: plan.bodyCount)
        if plan.sharing != 0 { connection.transport = nil }
    }

    /// Serves one request of a stream, in a task: now or as soon as there may be one more. `text` is its head as HTTP/1 would
    /// write it; `status` is not 0 for one that can only be refused.
    public func start(
        _ stream: any RequestStream, head text: [UInt8], status: Int = 0,
        note: (name: ByteString, value: ByteString)? = nil
    ) {
        startStream {
            await self.serve(stream, text, status, note)
            stream.served()
        }
    }

    private func serve(
        _ stream: any RequestStream, _ text: [UInt8], _ status: Int, _ note: (name: ByteString, value: ByteString)?
    ) async {
        guard loop.isOpen(stream.channel) else { return }
        let state = parked[Int(stream.channel.index)]
        let (epoch, unreliable) = (files.epoch, files.unreliableAnswers)
        let connection = facts(of: stream.channel)
        connection.secondary = stream.facts
        connection.requestStream = stream
        connection.keepAlives = 1
        guard let read = read(connection, text) else { return stream.abort() }
        let request: Request
        switch read {
        case .request(let made): request = made
        case .failed(let made):
            request = made
        case .unanswered, .idle, .gone: return stream.abort()
        }
        if status != 0 { request.pendingStatus = status }
        scores?.requestStarted(request)
        connection.server = request.server
        if let note { request.env.set(note.name, note.value) }
        var declared: UInt64?
        if case .length(let length) = request.bodyFraming { declared = length }
        request.body = stream.hasBody ? StreamBody(stream, request, declared: declared) : nil
        if case .failed = read {
            await ErrorResponse.die(request, request.pendingStatus)
        } else if status != 0 {
            await ErrorResponse.die(request, status)
        } else {
            let outcome = ProcessRequest.runAll(configuration.hooks.postReadRequest, request)
            switch outcome {
            case .status, .done: await ErrorResponse.finish(request, outcome)
            default: await ProcessRequest.process(request)
            }
        }
        let answer = request.last
        let sent: Bool
        if answer.status == 403, let cause = Self.needsOwnConnection(request) {
            request.log(
                .debug, "http2", "AH03061: h2_stream(\(stream.facts.tag)): renegotiate forbidden, cause: \(cause)")
            drop(answer)
            stream.refuse()
            sent = false
        } else if CheckFields.pass(answer) {
            sent = await send(answer, on: stream)
        } else {
            drop(answer)
            stream.abort()
            sent = false
        }
        request.bytesReceived = stream.bytesReceived
        finish(request)
        let hadBody = request.body != nil
        let isKept =
            sent && status == 0 && !hadBody
            && plan(
                request, answer, epoch: epoch, unreliable: unreliable, candidates: state.candidates)
        if !isKept { request.letGo() }
    }

    /// An answer that cannot be put into frames is none (h2_stream.c).
    private func drop(_ answer: Request) {
        if case .stream(let source) = answer.responseBody { source.cancel() }
        answer.connection.aborted = true
    }
    /// Why a request can only be answered on a connection that it does not share: it asks for another handshake.
    private static func needsOwnConnection(_ request: Request) -> ByteString? {
        var current: Request? = request
        while let one = current {
            if let cause = one.notes["ssl-renegotiate-forbidden"] { return cause }
            current = one.next
        }
        return nil
    }

    /// The request of a head that lies in `text` whole.
    private func read(_ connection: Connection, _ text: [UInt8]) -> ReadOutcome? {
        let reader = ConnectionReader(connection.stream, timeout: 0, buffer: text)
        return read(connection, reader, requestOptions(connection.baseServer).ofStream)
    }
}

extension Plan {
    /// What is pushed follows from a whole answer.
    func mayPush(_ facts: StreamFacts) -> Bool { facts.mayPush && planned?.fields.hasLinks == true }
}

extension RequestOptions {
    /// For heads of streams: what limits there are was checked with the fields, which are not the lines written of them.
    var ofStream: RequestOptions {
        var options = self
        options.limitRequestLine = 2 * max(limitRequestLine, 64) + 64
        options.limitRequestFields = 0
        options.limitRequestFieldSize = max(limitRequestFieldSize, limitRequestLine, 8190) + 64
        return options
    }
}
