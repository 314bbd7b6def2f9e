// Apache: modules/proxy/mod_proxy_http.c (ap_proxy_http_process_response, process_proxy_header)

import Bytes
import EventLoop
import HTTP
import Kernel
import ServerCore

/// Reads what a backend answers, interim answers first, and makes it the request's answer.
struct HTTPAnswer {
    let request: Request
    let exchange: HTTPExchange
    let target: ProxyTarget
    let worker: ProxyWorker?
    private let upgrade: ByteString?
    /// The body that waits for `100 Continue`.
    private let waits: HTTPRequestBody?
    private let mayRepeat: Bool
    private let originalStatus: Int
    private let originalLine: ByteString?
    /// Interim answers passed on for one request (AP_MAX_INTERIM_RESPONSES).
    private static let interimLimit = 10

    init(
        _ request: Request, _ exchange: HTTPExchange, _ target: ProxyTarget, _ worker: ProxyWorker?,
        upgrade: ByteString?, waits: HTTPRequestBody?, mayRepeat: Bool
    ) {
        self.request = request
        self.exchange = exchange
        self.target = target
        self.worker = worker
        self.upgrade = upgrade
        self.waits = waits
        self.mayRepeat = mayRepeat
        originalStatus = request.status
        originalLine = request.statusLine
    }

    /// Nil asks for another connection.
    func read() async -> Outcome? {
        var waiting = waits
        if waiting != nil, let ping = worker?.parameters.ping { exchange.timeout = ping }
        let limit = worker?.parameters.responseFieldSize ?? ResponseHeadReader.standardLimit
        let badLine = request.server[Proxy.server].badHeader.value(default: .isError)
        for _ in 0..<Self.interimLimit {
            let head: ResponseHeadReader
            var isSimple = false
            switch await exchange.readHead(limit, badLine) {
            case .head(let read): head = read
            case .simple(let read):
                head = read
                isSimple = true
            case .failed(let failure): return malformed(failure)
            case .lost(let error):
                if mayRepeat, !exchange.hasAnswered, Self.isLost(error) { return await repeatRequest() }
                return lost(error, isWaiting: waiting != nil)
            case .ended:
                if mayRepeat, !exchange.hasAnswered { return await repeatRequest() }
                return lost(nil, isWaiting: waiting != nil)
            case .lostInFields(let error):
                request.log(
                    .warning, "proxy_http",
                    "\(HTTPExchange.prefix(error))AH10404: Error reading headers from backend")
                return corrupt(nil)
            }
            for remark in head.remarks { tell(remark) }
            if isSimple { return takeSimple(head) }
            guard let closes = takeFields(head) else { return corrupt(head) }
            if head.status == 101 {
                if let refusal = refuseUpgrade() { return refusal }
                return await switchProtocols(head, waiting)
            }
            if (100...199).contains(head.status) { await passInterim(head) }
            if let body = waiting, head.status == 100 || head.status >= 200 {
                waiting = nil
                exchange.timeout = exchange.backend.timeout
                let wants = head.status == 100 || !closes && head.minor > 0
                if wants { await send(body) }
            }
            if (100...199).contains(head.status) { continue }
            return await conclude(head)
        }
        exchange.abandon()
        return ProxyHandler.error(
            request, 502, "Too many (\(Self.interimLimit)) interim responses from origin server")
    }
    private static func isLost(_ error: IOError) -> Bool {
        error == .errno(.connectionReset) || error == .errno(.brokenPipe)
    }
    private func repeatRequest() async -> Outcome? {
        exchange.abandon()
        return await BackendPool.of(request).enter(exchange.backend) ? nil : .status(503)
    }
    /// The backend wants the body, or has answered without waiting for it.
    private func send(_ body: HTTPRequestBody) async {
        switch body {
        case .none, .refused: return
        case .bytes(let bytes, _):
            try? await exchange.stream.sendAll(bytes, timeout: exchange.timeout)
        case .stream(let source, let length):
            let pump = BodyPump(request, source, exchange.stream, length: length, timeout: exchange.timeout)
            exchange.pump = pump
            pump.start()
        }
    }

    // MARK: Fields

    /// Status, reason and fields become the request's; nil when they cannot. True: the backend closes.
    private func takeFields(_ head: ResponseHeadReader) -> Bool? {
        let cookies = request.headersOut.values(of: "Set-Cookie")
        var fields = ProxyAnswer.fields(request, head)
        if fields.contains("Transfer-Encoding"), fields.contains("Content-Length") {
            // RFC 9112, section 6.3: the length is ignored, and what follows is not trusted.
            fields.unset("Content-Length")
            request.log(
                .debug, "proxy_http",
                "AH01107: server \(exchange.backend.host):\(exchange.backend.port) returned Transfer-Encoding and Content-Length"
            )
            exchange.closes = true
        }
        let coding = fields["Transfer-Encoding"]
        let offered = fields["Upgrade"]
        let closes = ForwardedFields.clearConnection(&fields)
        if closes || head.minor < 1 { exchange.closes = true }
        for name: StaticString in ["Keep-Alive", "Proxy-Authenticate", "TE", "Trailer", "Upgrade"] {
            fields.unset(name)
        }
        // The framing of the body is needed even where Connection names its field.
        if let coding { fields.set("Transfer-Encoding", coding) }
        if let offered { request.notes.set("proxy-upgrade", offered) } else { request.notes.unset("proxy-upgrade") }
        for cookie in cookies { fields.add("Set-Cookie", cookie) }
        if let via = ForwardedFields.via(request) { fields.add("Via", via) }
        request.headersOut = fields
        request.status = head.status
        request.statusLine = head.statusLine
        request.notes.set("proxy-status", head.statusLine)
        if let type = fields["Content-Type"] { request.contentType = type }
        return closes
    }
    private func tell(_ remark: ResponseHeadReader.Remark) {
        let place: ByteString = "\(request.uri) (\(request.method))"
        switch remark {
        case .startsBody:
            request.log(
                .warning, "proxy_http",
                "AH01098: Starting body due to bogus non-header in headers returned by \(place)")
        case .noHeaders: request.log(.warning, "proxy_http", "AH01099: No HTTP headers returned by \(place)")
        case .ignored:
            request.log(.warning, "proxy_http", "AH01100: Ignoring bogus HTTP header returned by \(place)")
        }
    }

    /// `proxy-interim-response` decides about what the client did not ask for.
    private func passInterim(_ head: ResponseHeadReader) async {
        let policy = request.env["proxy-interim-response"]
        let fields = request.headersOut
        request.headersOut.removeAll()
        if let policy, !policy.equalsIgnoringCase("RFC") {
            if !policy.equalsIgnoringCase("Suppress") {
                request.log(.warning, "proxy_http", "AH01108: undefined proxy interim response policy")
            }
            return
        }
        if policy != nil, head.status == 100 { request.first.expectingContinue = true }
        await request.sendInterim(status: head.status, statusLine: head.statusLine, fields)
    }

    // MARK: The answer

    private func conclude(_ head: ResponseHeadReader) async -> Outcome {
        if let outcome = ProxyAnswer.override(request, head.status) {
            discard(head.status)
            return outcome
        }
        if let offered = request.notes["proxy-upgrade"],
            worker?.mayUpgrade(to: offered, standard: target.scheme.hasPrefix("ws") ? "WebSocket" : nil) ?? false
        {
            request.headersOut.set("Connection", "Upgrade")
            request.headersOut.set("Upgrade", offered)
        }
        let hasBody = !request.isHeadOnly && head.status != 204 && head.status != 304
        let framing: AnswerFraming
        if hasBody {
            guard let known = self.framing() else { return spoiled() }
            framing = known
        } else {
            framing = .none
        }
        if hasBody { request.headersOut.unset("Transfer-Encoding") }
        // An error document that comes from a backend keeps the error's status.
        if request[Proxy.directory].overrides(originalStatus) {
            request.status = originalStatus
            request.statusLine = originalLine
        }
        exchange.begin(framing, prefix: head.simpleStart.isEmpty ? nil : head.simpleStart)
        if exchange.isBadFromTheStart {
            request.log(
                .error, "proxy_http",
                "(70008)Partial results are valid but processing is incomplete: AH01110: error reading response")
            exchange.abandon()
            return spoiled()
        }
        deliver()
        return .ok
    }
    /// The body cannot be read, and nothing was sent yet (ap_proxy_backend_broke).
    private func spoiled() -> Outcome {
        request.statusLine = nil
        request.noCache = true
        request.isLengthUntold = true
        return .status(502)
    }
    private func deliver() {
        if exchange.hasGivenAll {
            exchange.finish()
            request.responseBody = .none
        } else {
            request.responseBody = .stream(exchange)
        }
    }
    /// RFC 9112, section 6.3; nil when the length is none.
    private func framing() -> AnswerFraming? {
        if let coding = request.headersOut["Transfer-Encoding"] {
            if FieldList.isChunked(coding) { return .chunked }
            request.log(
                .info, "http", "AH02555: Unknown Transfer-Encoding: \(coding); using read-until-close")
            return .untilClose
        }
        let lengths = request.headersOut.values(of: "Content-Length")
        guard let first = lengths.first else { return .untilClose }
        guard first.allSatisfy(ASCII.isDigit), let length = UInt64(first.string), length <= UInt64(Int64.max),
            lengths.allSatisfy({ $0 == first })
        else {
            request.log(.info, "http", "AH01587: Invalid Content-Length")
            request.log(.error, "proxy_http", "(22)Invalid argument: AH01110: error reading response")
            exchange.abandon()
            return nil
        }
        if lengths.count > 1 { request.headersOut.set("Content-Length", first) }
        return .length(length)
    }

    /// Nobody wants the body of an answer with this status.
    private func discard(_ status: Int) {
        let hasBody = !request.isHeadOnly && status != 204 && status != 304
        guard hasBody else {
            exchange.begin(.none, prefix: nil)
            return exchange.finish()
        }
        guard let framing = framing() else { return exchange.abandon() }
        exchange.begin(framing, prefix: nil)
        exchange.discard()
    }

    /// No head came at all (HTTP/0.9).
    private func takeSimple(_ head: ResponseHeadReader) -> Outcome {
        request.status = 200
        request.statusLine = "200 OK"
        exchange.closes = true
        exchange.begin(request.isHeadOnly ? .none : .untilClose, prefix: head.simpleStart)
        deliver()
        return .ok
    }

    // MARK: Upgrades

    private func refuseUpgrade() -> Outcome? {
        let offered = request.notes["proxy-upgrade"]
        if let offered, let upgrade, offered.equalsIgnoringCase(upgrade) { return nil }
        exchange.abandon()
        return ProxyHandler.error(
            request, 502, "Unexpected Upgrade: \(offered ?? "n/a") (expecting \(upgrade ?? "n/a"))")
    }
    /// Both sides change to another protocol: what comes from now on is passed on as it is.
    private func switchProtocols(_ head: ResponseHeadReader, _ waiting: HTTPRequestBody?) async -> Outcome {
        if let waiting {
            request.first.expectingContinue = false
            await send(waiting)
        }
        // On a stream, only who asked for a WebSocket can change.
        guard request.connection.secondary == nil || request.connection.requestStream?.webSocketAccept != nil else {
            exchange.abandon()
            return .status(502)
        }
        request.headersOut.set("Connection", "Upgrade")
        request.headersOut.set("Upgrade", request.notes["proxy-upgrade"] ?? "")
        var text: [UInt8] = []
        text.append("HTTP/1.1 ")
        text.append(head.statusLine)
        text.append("\r\n")
        request.headersOut.appendFieldLines(to: &text)
        text.append("\r\n")
        let tunnel = Tunnel(request, exchange, opening: text)
        request.hasOwnHead = true
        request.responseBody = .stream(tunnel)
        return .ok
    }

    // MARK: Errors

    private func lost(_ error: IOError?, isWaiting: Bool) -> Outcome {
        defer { exchange.abandon() }
        if let fault = exchange.pump?.failure {
            request.log(
                .error, "proxy",
                "AH02608: read request body failed to \(exchange.backend.place) (\(exchange.backend.host)) from \(request.useragentAddress.text) ()"
            )
            return .status(fault.requestStatus)
        }
        if let transport = exchange.stream.transport, !transport.isEstablished {
            return ProxyHandler.error(request, 500, "Error during SSL Handshake with remote server")
        }
        let backend = exchange.backend
        request.log(
            .error, "proxy_http",
            "\(HTTPExchange.prefix(error))AH01102: error reading status line from remote server \(backend.host):\(backend.port)"
        )
        if error == .timedOut {
            request.notes.set("proxy_timedout", "1")
            if isWaiting { return ProxyHandler.error(request, 503, "Timeout on 100-Continue") }
        }
        return ProxyHandler.error(request, 502, "Error reading from remote server")
    }
    private func malformed(_ failure: ResponseHeadReader.Failure) -> Outcome {
        let backend = exchange.backend
        defer { exchange.abandon() }
        switch failure {
        case .noStatusLine:
            request.log(
                .error, "proxy_http",
                "AH01102: error reading status line from remote server \(backend.host):\(backend.port)")
            return ProxyHandler.error(request, 502, "Error reading from remote server")
        case .statusLine(let line):
            return ProxyHandler.error(request, 502, "Corrupt status line returned by remote server: \(line)")
        case .tooLong(let start, let end):
            let limit = worker?.parameters.responseFieldSize ?? ResponseHeadReader.standardLimit
            request.log(
                .warning, "proxy_http",
                "(28)No space left on device: AH10124: header size is over the limit allowed by ResponseFieldSize (\(limit) bytes). Bad response header: '\(start)[...]\(end)'"
            )
        case .badField, .tooMany: break
        }
        return corrupt(nil)
    }
    private func corrupt(_ head: ResponseHeadReader?) -> Outcome {
        request.log(
            .warning, "proxy_http",
            "AH01106: bad HTTP/1.\(head?.minor ?? 1) header returned by \(request.uri) (\(request.method))")
        request.headersOut.removeAll()
        request.statusLine = nil
        exchange.abandon()
        return .status(502)
    }
}
