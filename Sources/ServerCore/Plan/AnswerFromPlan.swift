// No Apache counterpart: see Plan.swift.

import Bytes
import EventLoop
import HTTP
import Kernel

/// What became of the input of a parked connection.
enum WakeResult {
    case parked, closed
    case needsTask([UInt8])
}

extension Worker {
    /// Fields that make a request more than a plain wish for the whole thing.
    private static let disqualifying: UInt64 =
        Conditions.bits | HeaderName.range.bit | HeaderName.expect.bit | HeaderName.upgrade.bit
        | HeaderName.contentLength.bit | HeaderName.transferEncoding.bit

    /// Answers as many of the complete requests in `input` as plans cover; the rest is for a task.
    func answerFromPlans(_ channel: Channel, _ input: inout MutableSpan<UInt8>) -> WakeResult {
        let index = Int(channel.index)
        guard let sharing = sharing(index) else { return .needsTask(Array(copying: input.span, from: 0)) }
        var position = 0
        let end = input.count
        while position < end {
            head.reset(start: position)
            head.isTrial = true
            let options = candidateOptions(parked[index].candidates)
            guard case .complete(let length) = head.parse(&input, to: end, options),
                let plan = findPlan(head, input.span, parked[index], sharing)
            else { break }
            switch send(plan, channel, input.span, length: length) {
            case .sent: position += length
            case .closed: return .closed
            case .lingering: return .parked
            case .unsent(let rest):
                return finishLater(plan, channel, rest, Array(copying: input.span, from: position + length))
            }
        }
        if position == end {
            loop.setDeadline(channel, milliseconds: keepAliveMilliseconds)
            return .parked
        }
        return .needsTask(Array(copying: input.span, from: position))
    }

    func findPlan(
        _ head: borrowing RequestHead, _ input: borrowing Span<UInt8>, _ state: ParkedConnection, _ sharing: UInt32
    ) -> Plan? {
        guard !isStopping, head.present & Self.disqualifying == 0, !head.isSimple, head.method.isGet,
            head.version == .http11 || head.version == .http20 || head.version == .http10,
            head.repeated & HeaderName.host.bit == 0,
            head.version == .http10 || head.has(.host)
        else { return nil }
        let host = head.first(.host)
        return plans.find(
            PlanCache.hash(head.requestLine, host, input), head, host, input, candidates: state.candidates,
            sharing: sharing,
            epoch: files.epoch, remote: state.remote, second: loop.realTime / 1_000_000)
    }

    enum PlanSend {
        case sent, closed, lingering
        /// The socket is full: so many bytes of head and body, or of the file, are out.
        case unsent(UnsentPlan)
    }
    struct UnsentPlan {
        var bytes: [UInt8]
        var file: (OpenFile, offset: Int64, count: Int64)?
        var keepsAlive: Bool
    }

    private func send(
        _ plan: Plan, _ channel: Channel, _ input: borrowing Span<UInt8>, length: Int
    ) -> PlanSend {
        let request = plan.request
        request.headersInStorage.take(head, input)
        prepare(request, channel)
        request.bytesReceived = Int64(length)
        scores?.requestStarted(request)
        output.removeAll(keepingCapacity: true)
        output.append(contentsOf: plan.start)
        appendDate(to: &output)
        output.append(contentsOf: plan.beforeKeepAlive)
        let keepsAlive = appendKeepAlive(request.last, channel, input)
        output.append(contentsOf: plan.afterKeepAlive)
        let last = request.last
        last.headerBytesSent = output.count
        last.bytesSent = Int64(plan.body.count)
        output.append(contentsOf: plan.body)
        var sent = 0
        let transport = request.connection.transport
        if transport == nil {
            if case .bytes(let count) = loop.send(channel, output, more: plan.file != nil) { sent = count }
        } else {
            while sent < output.count,
                case .bytes(let count) = transport?.send(output, from: sent, more: plan.file != nil), count > 0
            { sent += count }
        }
        var fileSent: Int64 = 0
        if let file = plan.file, sent == output.count {
            while fileSent < plan.fileCount,
                case .bytes(let count) = request.connection.stream.sendFile(
                    file.descriptor, offset: fileSent, count: Int(plan.fileCount - fileSent)), count > 0
            { fileSent += Int64(count) }
        }
        last.bytesSent += plan.fileCount
        for log in loggers { log(request) }
        scores?.requestFinished(request)
        request.connection.transport = nil
        guard sent == output.count, fileSent == plan.fileCount else {
            let file = plan.file.map { ($0, offset: fileSent, count: plan.fileCount - fileSent) }
            return .unsent(UnsentPlan(bytes: Array(output[sent...]), file: file, keepsAlive: keepsAlive))
        }
        if keepsAlive { return .sent }
        finishConnection(channel, clientEnds: request.connection.clientEnds && length == input.count)
        ended()
        return .lingering
    }

    /// Gives the plan's request the facts of this one, for the loggers.
    func prepare(_ request: Request, _ channel: Channel) {
        let state = parked[Int(channel.index)]
        let connection = request.connection
        connection.channel = channel
        if state.hasTransport { connection.transport = transport(channel) }
        connection.remoteAddress = state.remote
        connection.id = state.id
        connection.keepAlives = Int(state.keepAlives)
        connection.aborted = false
        connection.hasLogged = state.hasLogged
        request.requestTime = loop.realTime
        request.useragentAddress = state.remote
        var current = request
        while let next = current.next {
            next.requestTime = request.requestTime
            next.useragentAddress = state.remote
            next.headersInStorage = request.headersInStorage
            current = next
        }
    }

    /// The fields of ap_set_keepalive for this client; whether the connection stays.
    private func appendKeepAlive(_ request: Request, _ channel: Channel, _ input: borrowing Span<UInt8>) -> Bool {
        let server = request.server
        let index = Int(channel.index)
        let limit = server.maxKeepAliveRequests.value(default: 100)
        let left = limit - Int(parked[index].keepAlives)
        let timeout = server.keepAliveTimeout.value(default: 5000)
        var saysClose = false
        var saysKeepAlive = false
        if let said = head.first(.connection) {
            saysClose = FieldList.hasToken(input, said.range, "close")
            saysKeepAlive = !saysClose && FieldList.hasToken(input, said.range, "keep-alive")
        }
        let keeps =
            server.keepAlive.value(default: true) && timeout > 0 && (limit == 0 || left > 0) && !saysClose
            && (saysKeepAlive || head.version >= .http11) && !Status(request.status).dropsConnection
        guard keeps else {
            request.connection.clientEnds = saysClose
            output.append("Connection: close\r\n")
            request.connection.keepAlive = .close
            return false
        }
        request.connection.keepAlive = .keepAlive
        parked[index].keepAlives += 1
        request.connection.keepAlives += 1
        keepAliveMilliseconds = UInt64(timeout)
        if saysKeepAlive {
            output.append("Keep-Alive: timeout=")
            output.append(decimal: timeout / 1000)
            if limit != 0 {
                output.append(", max=")
                output.append(decimal: left)
            }
            output.append("\r\nConnection: Keep-Alive\r\n")
        }
        return true
    }

    /// The client takes its time: a task sends the rest, then serves what else is there.
    private func finishLater(_ plan: Plan, _ channel: Channel, _ rest: UnsentPlan, _ input: [UInt8]) -> WakeResult {
        loop.unpark(channel)
        let timeout = plan.request.server.timeoutMilliseconds
        let clientEnds = plan.request.connection.clientEnds && input.isEmpty
        let stream = stream(channel)
        loop.spawnLocal { [self] in
            do throws(IOError) {
                try await stream.sendAll(rest.bytes, timeout: timeout, more: rest.file != nil)
                if let (file, offset, count) = rest.file {
                    let sent = try await stream.sendFile(
                        file.descriptor, offset: offset, count: Int(count), timeout: timeout)
                    if Int64(sent) < count { throw .closed }
                }
            } catch {
                closeNow(channel)
                return ended()
            }
            if !rest.keepsAlive {
                finishConnection(channel, clientEnds: clientEnds)
                ended()
            } else if input.isEmpty {
                loop.park(channel, deadline: keepAliveMilliseconds)
                if stream.transport?.hasPendingInput ?? false { loop.recall(channel) }
            } else {
                await serve(channel, input)
            }
        }
        return .parked
    }

    // MARK: Making plans

    /// Keeps the answer of a request that was just sent, if it qualifies; says whether it does.
    func plan(
        _ request: Request, _ answer: Request, epoch: UInt64, unreliable: UInt64, candidates: UInt32
    ) -> Bool {
        var dependencies = request.dependencies
        var redirected = request.next
        while let current = redirected {
            dependencies.formUnion(current.dependencies)
            redirected = current.next
        }
        guard !dependencies.everything, request.methodNumber.isGet, request.isInitial, request.body == nil,
            epoch == files.epoch, unreliable == files.unreliableAnswers, !request.isProxyRequest,
            answer.status != 304, answer.status != 206, answer.status != 412, answer.status < 500,
            !Status(answer.status).dropsConnection, !request.headersInStorage.contains("Range"),
            !answer.isSet("nokeepalive"),
            let sharing = sharing(Int(request.connection.channel.index), request.connection.secondary),
            let head = PlannedHead(answer), let body = PlannedBody(answer)
        else { return false }
        let key = PlanCache.key(request.requestLine, request.headersInStorage["Host"])
        plans.insert(
            PlanCache.hash(key: key),
            Plan(
                key: key, candidates: candidates, sharing: sharing, epoch: epoch, request: request,
                dependencies: dependencies,
                head: head, body: body, fields: request.connection.secondary == nil ? nil : FieldBlock(answer)))
        // The plan's request must not keep what only this request needed.
        answer.responseBody = .none
        request.body = nil
        request.connection.transport = nil
        return true
    }
}

extension [UInt8] {
    /// The bytes of `span` from `start` on.
    init(copying span: borrowing Span<UInt8>, from start: Int) {
        self.init()
        append(span, start..<span.count)
    }
}
