// Apache: modules/http2/h2_c2.c (c2_process), h2_request.c (h2_create_request_rec)

import Bytes
import EventLoop
import HTTP
import Kernel

/// An answer that a plan has for a request of a stream.
public struct PlannedAnswer {
    public let fields: FieldBlock
    public let body: [UInt8]
    /// The body instead, when it is larger.
    public let file: OpenFile?
    public let fileCount: Int64
}

extension Worker {
    /// Answers a request from the plans, log and all, if one agrees: what is to be sent. `text[start..<end]` is its head as
    /// HTTP/1 would write it.
    public func plannedAnswer(
        _ channel: Channel, _ text: inout [UInt8], from start: Int, to end: Int, _ facts: StreamFacts,
        bytesReceived: Int64
    ) -> PlannedAnswer? {
        guard let sharing = sharing(Int(channel.index)) else { return nil }
        let state = parked[Int(channel.index)]
        // Out of the object for as long as it is at work: accesses to a local are free.
        var head = RequestHead()
        swap(&head, &self.head)
        defer { swap(&head, &self.head) }
        head.reset(start: start)
        head.isTrial = true
        let options = candidateOptions(state.candidates)
        var bytes = text.mutableSpan
        guard case .complete = head.parse(&bytes, to: end, options),
            let plan = findPlan(head, bytes.span, state, sharing),
            let fields = plan.fields
        else { return nil }
        let request = plan.request
        prepare(request, plan, channel, head, bytes.span)
        request.connection.secondary = facts
        request.bytesReceived = bytesReceived
        scores?.requestStarted(request)
        let last = request.last
        last.headerBytesSent = fields.weight
        last.bytesSent = Int64(plan.body.count) + plan.fileCount
        request.connection.keepAlives = 1
        for log in configuration.hooks.logTransaction.functions { log(request) }
        scores?.requestFinished(request)
        request.connection.transport = nil
        return PlannedAnswer(fields: fields, body: plan.body, file: plan.file, fileCount: plan.fileCount)
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
        let answer = await request.last.withCheckedFields()
        let sent = await send(answer, on: stream)
        request.bytesReceived = stream.bytesReceived
        finish(request)
        let hadBody = request.body != nil
        let isKept =
            sent && status == 0 && !hadBody
            && plan(
                request, answer, epoch: epoch, unreliable: unreliable, candidates: state.candidates)
        if !isKept { request.letGo() }
    }

    /// The request of a head that lies in `text` whole.
    private func read(_ connection: Connection, _ text: [UInt8]) -> ReadOutcome? {
        let reader = ConnectionReader(connection.stream, timeout: 0, buffer: text)
        return read(connection, reader)
    }
}
