// Apache: modules/http/http_core.c ap_process_http_async_connection, server/protocol.c ap_read_request,
//         server/connection.c ap_start_lingering_close

import Bytes
import EventLoop
import HTTP
import Kernel

extension Worker {
    /// A parked connection has input. A request that a plan answers is answered here, at once; everything else gets
    /// a task for as long as it has something to do.
    func wake(_ channel: Channel) {
        let state = parked[Int(channel.index)]
        if state.hasSession || state.hasTransport { return wakeOther(channel) }
        guard case .bytes(let count) = loop.receive(channel) else {
            if loop.isHungUp(channel) { drop(channel) }
            return
        }
        guard count > 0 else { return drop(channel) }
        answer(channel, count)
    }
    /// Deals with what is in the loop's buffer.
    func answer(_ channel: Channel, _ count: Int) {
        let rest = loop.withMutableInput(count) { input in answerFromPlans(channel, &input) }
        switch rest {
        case .parked: return
        case .closed: drop(channel)
        case .needsTask(let bytes):
            loop.unpark(channel)
            start(channel, bytes)
        }
    }

    /// Serves requests until the connection is idle or over.
    func serve(_ channel: Channel, _ bytes: [UInt8]) async {
        let state = parked[Int(channel.index)]
        let stream = stream(channel)
        let reader = ConnectionReader(stream, timeout: configuration.mainServer.timeoutMilliseconds, buffer: bytes)
        var keepAlives = Int(state.keepAlives)
        var hasLogged = state.hasLogged
        while true {
            // A connection's facts last for one request: a plan may keep them.
            let connection = Connection(
                worker: self, channel: channel, localAddress: state.local, remoteAddress: state.remote,
                candidates: candidates(state.candidates), keepAlives: keepAlives, id: state.id)
            connection.hasLogged = hasLogged
            connection.transport = stream.transport
            connection.reader = reader
            reader.timeout = connection.baseServer.timeoutMilliseconds
            if keepAlives == 0, await beginsOtherwise(connection, reader) { return finished() }
            let end = await serveRequest(connection, reader)
            keepAlives = connection.keepAlives
            hasLogged = connection.hasLogged
            if end == .again { continue }
            finished()
            switch end {
            case .again, .park: return park(connection)
            case .changed: return
            case .close:
                finishConnection(channel, clientEnds: connection.clientEnds && reader.available == 0)
                return ended()
            case .abort:
                closeNow(channel)
                return ended()
            }
        }
    }

    /// `changed`: the connection speaks another protocol now, and is its session's.
    enum RequestEnd { case again, park, close, abort, changed }

    /// Closes a connection whose answer may still be under way.
    func finishConnection(_ channel: Channel, clientEnds: Bool) {
        let transport = transport(channel)
        transport?.shutdown()
        detach(channel)
        if clientEnds { loop.close(channel) } else { loop.lingeringClose(channel) }
        transport?.end()
    }

    /// Gives the task back: nothing of the connection stays but its slot.
    private func park(_ connection: Connection) {
        guard loop.isOpen(connection.channel) else {
            closeNow(connection.channel)
            return ended()
        }
        parked[Int(connection.channel.index)].keepAlives = UInt32(clamping: connection.keepAlives)
        parked[Int(connection.channel.index)].hasLogged = connection.hasLogged
        markIdle(connection.channel, true)
        loop.park(
            connection.channel, deadline: UInt64(connection.server.keepAliveTimeout.value(default: 5000)))
        if let transport = connection.transport, transport.hasPendingInput { loop.recall(connection.channel) }
    }

    /// Reads one request, answers it, logs it.
    private func serveRequest(_ connection: Connection, _ reader: ConnectionReader) async -> RequestEnd {
        reader.compact()
        let start = reader.consumed
        let (epoch, unreliable) = (files.epoch, files.unreliableAnswers)
        let request: Request
        switch await readRequest(connection, reader) {
        case .request(let read): request = read
        case .failed(let failed):
            await ErrorResponse.die(failed, failed.pendingStatus)
            // Apache ends the connection after any of these, but says so only where the status means it.
            let sent = await send(failed.last.withCheckedFields(), reader)
            failed.bytesReceived = reader.consumed - start
            finish(failed)
            failed.letGo()
            return sent ? .close : .abort
        case .unanswered(let request):
            logUnanswered(request)
            return .close
        case .idle: return .park
        case .gone: return .abort
        }
        scores?.requestStarted(request)
        connection.server = request.server
        reader.timeout = request.server.timeoutMilliseconds
        if let end = await upgrade(request, reader) { return end }
        attachBody(request, reader)
        let outcome = ProcessRequest.runAll(configuration.hooks.postReadRequest, request)
        switch outcome {
        case .status, .done: await ErrorResponse.finish(request, outcome)
        default: await ProcessRequest.process(request)
        }
        let answer = await request.last.withCheckedFields()
        let sent = await send(answer, reader)
        let bodyRead = sent ? await discardRest(request, answer) : false
        request.bytesReceived = reader.consumed - start
        finish(request)
        let isKept =
            sent
            && plan(
                request, answer, epoch: epoch, unreliable: unreliable,
                candidates: parked[Int(connection.channel.index)].candidates)
        if !isKept { request.letGo() }
        guard sent else { return .abort }
        if !bodyRead || request.body != nil { connection.clientEnds = false }
        guard connection.keepAlive == .keepAlive, bodyRead else { return .close }
        return reader.available > 0 ? .again : .park
    }

    /// Log and status page; the request is over.
    func finish(_ request: Request) {
        scores?.requestState(request.connection, .logging)
        for log in configuration.hooks.logTransaction.functions { log(request) }
        scores?.requestFinished(request)
    }

    func logUnanswered(_ request: Request) {
        request.status = request.pendingStatus
        finish(request)
    }

    /// What the handler left of the body must not be taken for the next request.
    private func discardRest(_ request: Request, _ answer: Request) async -> Bool {
        guard let body = request.body, request.connection.keepAlive == .keepAlive else { return true }
        if request.expectingContinue { return false }
        do throws(BodyError) {
            while try await body.next() != nil {}
            return true
        } catch { return false }
    }

    private func attachBody(_ request: Request, _ reader: ConnectionReader) {
        switch request.bodyFraming {
        case .none: request.body = nil
        case .length(let length): request.body = LengthBody(reader, request, length: length)
        case .chunked: request.body = ChunkedBody(reader, request, options: requestOptions(request.server))
        }
    }
}
