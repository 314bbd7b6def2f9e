// Apache: modules/proxy/mod_proxy_fcgi.c (fcgi_do_request, send_environment, dispatch)

import Bytes
import EventLoop
import FastCGI
import HTTP
import Kernel
import ServerCore

/// Asks an application and makes its answer the request's.
enum FastCGIAnswer {
    /// What differs between the modules that speak FastCGI.
    struct Manners: Sendable {
        /// Fills `Request.env`; a status refuses.
        var environment: @Sendable (Request) -> Outcome?
        /// `ProxyErrorOverride`.
        var overrides: @Sendable (Request, Int) -> Bool = { _, _ in false }
        /// Nothing but the walk decides about variables and backend: they may be kept with it.
        var keepsRecipe = false
        /// A `Location` below `/` without a status is answered by this server itself, as for CGI.
        var redirectsInternally = false
    }

    static func answer(
        _ request: Request, _ backend: Backend, _ manners: Manners, _ recipe: ScriptRecipe? = nil
    ) async -> Outcome {
        let input = await ScriptInput.prepare(request)
        if case .refused(let status) = input { return .status(status) }
        let pool = BackendPool.of(request)
        var opening: [UInt8] = []
        var kept = backend.isReusable ? pool.take(backend)?.channel : nil
        while true {
            let isKept = kept != nil
            guard let channel = await connection(kept, request, backend) else { return .status(503) }
            kept = nil
            if opening.isEmpty {
                if let recipe {
                    recipe.appendOpening(request, to: &opening)
                } else {
                    let before = request.env
                    if let refusal = manners.environment(request) {
                        request.loop.close(channel)
                        return refusal
                    }
                    encodeVariables(request, backend, &opening)
                    if manners.keepsRecipe, let walk = request.keptWalk, walk.prepared == nil {
                        walk.prepared = ScriptRecipe(request, backend, before: before)
                    }
                }
                encodeBody(input, &opening)
            }
            let exchange = FastCGIExchange(request, backend, channel)
            if let refusal = await begin(exchange, opening, input, isKept: isKept) {
                // A kept connection that was closed under our hands: nothing was answered, so ask again on a new one.
                if refusal == .declined { continue }
                return refusal
            }
            return await conclude(exchange, manners)
        }
    }

    private static func connection(
        _ kept: Channel?, _ request: Request, _ backend: Backend
    ) async -> Channel? {
        if let kept { return kept }
        var advice = ByteString()
        if let stream = await backend.connect(request, advice: &advice) { return stream.channel }
        request.log(
            .error, backend.module, "AH01079: failed to make connection to backend: \(backend.host)\(advice)")
        return nil
    }

    /// BEGIN_REQUEST and all PARAMS, in one buffer.
    private static func encodeVariables(_ request: Request, _ backend: Backend, _ output: inout [UInt8]) {
        let environment = request.env
        let text = environment.storage
        output.reserveCapacity(text.count + environment.count * 4 + 64)
        let id = FastCGIExchange.requestID
        RecordEncoder.appendBeginRequest(id: id, keepsConnection: backend.isReusable, to: &output)
        var encoder = ParamsEncoder(id: id, output: &output)
        let span = text.span
        for index in 0..<environment.count {
            let (name, value) = environment.ranges(at: index)
            encoder.append(name: span.extracting(name), value: span.extracting(value), to: &output)
        }
        encoder.finish(&output)
    }
    /// The body, where it is at hand, and its end.
    private static func encodeBody(_ input: ScriptInput, _ output: inout [UInt8]) {
        let id = FastCGIExchange.requestID
        switch input {
        case .stream: return
        case .bytes(let body): RecordEncoder.appendStdin(id: id, body.span, to: &output)
        case .none, .refused: break
        }
        RecordEncoder.appendEnd(of: .stdin, id: id, to: &output)
    }

    /// Sends the request and reads the head. An outcome ends it; `.declined` asks to try again.
    private static func begin(
        _ exchange: FastCGIExchange, _ opening: [UInt8], _ input: ScriptInput, isKept: Bool
    ) async -> Outcome? {
        let request = exchange.request
        let backend = exchange.backend
        do throws(IOError) {
            try await request.loop.sendAll(exchange.channel, opening, timeout: backend.timeout)
        } catch {
            exchange.abandon()
            if isKept { return .declined }
            request.log(
                .error, backend.module, "\(prefix(error))AH01073: Failed Writing Request to \(portText(request)):")
            return .status(503)
        }
        if case .stream(let source) = input {
            let pump = ScriptInputPump(exchange, source)
            exchange.pump = pump
            pump.start()
        } else if !backend.isReusable, BackendPool.of(request).readsNothingMore(backend),
            let descriptor = request.loop.descriptor(exchange.channel)
        {
            Socket.shutdownWrite(descriptor)
        }
        guard let failure = await exchange.readHead() else { return nil }
        if isKept, !exchange.hasAnswered, exchange.pump == nil, failure.isLostConnection, request.methodNumber.isGet {
            exchange.abandon()
            return .declined
        }
        return refusal(of: exchange, failure)
    }

    /// The application failed before anything was passed on.
    private static func refusal(of exchange: FastCGIExchange, _ failure: FastCGIFailure) -> Outcome {
        let request = exchange.request
        defer { exchange.abandon() }
        if let fault = exchange.pump?.failure {
            request.log(
                .error, exchange.backend.module,
                "AH01075: Error dispatching request to \(portText(request)): (reading input brigade)")
            switch fault {
            case .status(let status): return .status(status)
            case .timedOut: return .status(408)
            case .closed: return .status(400)
            }
        }
        report(failure, exchange)
        BackendPool.of(request).forgetMultiplexing(exchange.backend)
        return .status(failure == .timedOut ? 504 : 503)
    }

    /// The head is there, or none will come.
    private static func conclude(_ exchange: FastCGIExchange, _ manners: Manners) async -> Outcome {
        let request = exchange.request
        let module = exchange.backend.module
        guard exchange.isHeadComplete else {
            let failure = exchange.headFailure ?? .noHead
            request.log(.error, module, failure.message(script: ScriptHead.scriptName(request)))
            request.log(.error, module, "AH01070: Error parsing script headers")
            request.log(
                .error, module, "(22)Invalid argument: AH01075: Error dispatching request to \(portText(request)): ")
            exchange.abandon()
            request.status = 500
            request.responseBody = .none
            return .ok
        }
        let isCurrent = ScriptHead.apply(exchange.head, to: request, module: module)
        if !request.isSet("ap_trust_cgilike_cl") { request.headersOut.unset("Content-Length") }
        request.headersOut.unset("Transfer-Encoding")
        if isCurrent {
            exchange.drainInBackground()
            return .ok
        }
        if manners.redirectsInternally, request.status == 200, let location = request.headersOut["Location"] {
            exchange.drainInBackground()
            return await redirect(request, location)
        }
        if manners.overrides(request, request.status) {
            let status = request.status
            request.status = 200
            exchange.drainInBackground()
            return .status(status)
        }
        // Nothing is passed on before there is a body or the end: filters see an answer without a body as such.
        if let failure = await exchange.readStart() { return refusal(of: exchange, failure) }
        deliver(exchange)
        return .ok
    }

    private static func deliver(_ exchange: FastCGIExchange) {
        let request = exchange.request
        exchange.drainsWhenCancelled = request.isHeadOnly || Status(request.status).isHeaderOnly
        if exchange.isEnded, exchange.hasGivenAll {
            exchange.finish()
            request.responseBody = .none
        } else {
            request.responseBody = .stream(exchange)
        }
    }

    /// `Location` alone: a path of this server is answered in its place, anything else is a 302.
    private static func redirect(_ request: Request, _ location: ByteString) async -> Outcome {
        guard location.first == UInt8(ascii: "/") else { return .status(302) }
        request.method = "GET"
        request.methodNumber = .get
        request.headersIn.unset("Content-Length")
        request.headersIn.unset("Transfer-Encoding")
        request.doNotReuse()
        return await request.internalRedirect(to: location)
    }

    // MARK: Messages

    static func report(_ failure: FastCGIFailure, _ exchange: FastCGIExchange) {
        let request = exchange.request
        let module = exchange.backend.module
        if request.connection.aborted { return }
        switch failure {
        case .endOfFile:
            request.log(.error, module, "AH01067: Failed to read FastCGI header")
            request.log(
                .error, module, "(70014)End of file found: AH01075: Error dispatching request to \(portText(request)): "
            )
        case .timedOut:
            request.log(
                .error, module,
                "(70007)The timeout specified has expired: AH01075: Error dispatching request to \(portText(request)): (polling)"
            )
        case .errno(let errno):
            request.log(.error, module, "AH01067: Failed to read FastCGI header")
            request.log(
                .error, module,
                "(\(errno.rawValue))\(errno.description): AH01075: Error dispatching request to \(portText(request)): ")
        case .version(let version):
            request.log(.error, module, "AH01068: Got bogus version \(version)")
            request.log(
                .error, module, "(22)Invalid argument: AH01075: Error dispatching request to \(portText(request)): ")
        case .requestID(let id):
            request.log(.error, module, "AH01069: Got bogus rid \(id), expected \(FastCGIExchange.requestID)")
            request.log(
                .error, module, "(22)Invalid argument: AH01075: Error dispatching request to \(portText(request)): ")
        case .length:
            request.log(
                .error, module, "(22)Invalid argument: AH01075: Error dispatching request to \(portText(request)): ")
        case .stopped: break
        }
    }
    /// This server's own port where it is not the scheme's, which is what Apache names here.
    private static func portText(_ request: Request) -> ByteString {
        let port = request.serverPort
        return port == (request.connection.isSecure ? 443 : 80) ? "" : ":\(port)"
    }
    private static func prefix(_ error: IOError) -> ByteString {
        switch error {
        case .errno(let errno): "(\(errno.rawValue))\(errno.description): "
        case .timedOut: "(70007)The timeout specified has expired: "
        case .closed, .stopped: ""
        }
    }
}
