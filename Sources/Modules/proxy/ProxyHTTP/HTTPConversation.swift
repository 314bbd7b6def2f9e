// Apache: modules/proxy/mod_proxy_http.c (proxy_http_handler, ap_proxy_http_request, ap_proxy_http_process_response)

import Bytes
import EventLoop
import HTTP
import Kernel
import ServerCore

/// Asks a backend for one request and makes its answer the request's.
struct HTTPConversation {
    let request: Request
    let backend: Backend
    let target: ProxyTarget
    let worker: ProxyWorker?
    private let pool: BackendPool
    /// `force-proxy-request-1.0`
    private let isOld: Bool
    /// What the client wants to change the connection into, where that is allowed.
    private let upgrade: ByteString?
    /// The backend says whether it wants the body before it gets it.
    private let waits: Bool

    init(_ request: Request, _ backend: Backend, _ target: ProxyTarget, _ worker: ProxyWorker?) {
        self.request = request
        self.backend = backend
        self.target = target
        self.worker = worker
        pool = BackendPool.of(request)
        isOld = request.isSet("force-proxy-request-1.0")
        var wanted: ByteString?
        if !isOld, let name = request.header("Upgrade"),
            worker?.mayUpgrade(to: name, standard: Self.standardUpgrade(target.scheme))
                ?? (Self.standardUpgrade(target.scheme)?.equalsIgnoringCase(name) ?? false)
        {
            wanted = name
        }
        upgrade = wanted
        let forwards = request.first.expectingContinue && request[Proxy.directory].forward100.value(default: true)
        let pings = worker?.parameters.ping != nil && request.body != nil
        waits = !isOld && !request.isSubrequest && (forwards || pings)
    }
    private static func standardUpgrade(_ scheme: ByteString) -> ByteString? {
        scheme == "ws" || scheme == "wss" ? "WebSocket" : nil
    }

    // MARK: Asking

    func run() async -> Outcome {
        let body: HTTPRequestBody
        if let saved = SavedBody.of(request) {
            body = saved
        } else {
            body = await HTTPRequestBody.prepare(request, isOld: isOld, waits: waits)
        }
        if case .refused(let status) = body {
            request.log(
                .error, "proxy",
                "AH01095: prefetch request body failed to \(backend.place) (\(backend.host)) from \(request.useragentAddress.text) ()"
            )
            return .status(status)
        }
        if worker?.record != nil, case .stream = body {} else { SavedBody.save(body, request) }
        guard await pool.enter(backend) else {
            request.server.log(
                .error, "proxy",
                "(70007)The timeout specified has expired: AH00941: \(backend.label): failed to acquire connection for (\(backend.host):\(backend.port))"
            )
            return .status(503)
        }
        let head = makeHead(body)
        var kept = backend.isReusable ? pool.take(backend) : nil
        while true {
            let isKept = kept != nil
            let stream: ClientStream
            if let kept {
                stream = kept
            } else if let made = await backend.open(request, worker) {
                stream = made
            } else {
                pool.leave(backend)
                request.log(
                    .error, "proxy_http", "AH01114: HTTP: failed to make connection to backend: \(backend.host)")
                return .status(503)
            }
            kept = nil
            let exchange = HTTPExchange(request, backend, stream, worker)
            if !backend.isReusable { exchange.closes = true }
            // A kept connection that was closed under our hands: nothing was answered, so ask again on a new one.
            let mayRepeat = isKept && Self.isRepeatable(request, body)
            guard let outcome = await converse(exchange, head, body, mayRepeat: mayRepeat) else { continue }
            return outcome
        }
    }
    /// Asking twice does no harm (RFC 9110, section 9.2.2), and can be done.
    private static func isRepeatable(_ request: Request, _ body: HTTPRequestBody) -> Bool {
        if case .stream = body { return false }
        switch request.methodNumber {
        case .get, .head, .options, .trace, .put, .delete: return true
        default: return false
        }
    }
    /// Request line and fields, and the body with them where it is at hand.
    private func makeHead(_ body: HTTPRequestBody) -> [UInt8] {
        if waits { request.notes.set("proxy-100-continue", "1") }
        let fields = ForwardedFields(request, target, expectsContinue: waits)
        var head: [UInt8] = []
        head.reserveCapacity(1024)
        head.append(request.method)
        head.append(" ")
        head.append(target.path)
        head.append(isOld ? " HTTP/1.0\r\nHost: " : " HTTP/1.1\r\nHost: ")
        head.append(fields.host)
        head.append("\r\n")
        fields.table.appendFieldLines(to: &head)
        switch body {
        case .bytes(let bytes, let saysLength):
            if saysLength || !bytes.isEmpty { Self.append(length: UInt64(bytes.count), to: &head) }
        case .stream(_, let length):
            if let length {
                Self.append(length: length, to: &head)
            } else {
                head.append("Transfer-Encoding: chunked\r\n")
            }
        case .none, .refused: break
        }
        if !isOld {
            if let upgrade {
                head.append("Connection: Upgrade\r\nUpgrade: ")
                head.append(upgrade)
                head.append("\r\n")
            } else {
                head.append(backend.isReusable ? "Connection: Keep-Alive\r\n" : "Connection: close\r\n")
            }
        }
        head.append("\r\n")
        if !waits, case .bytes(let bytes, _) = body { head.append(contentsOf: bytes) }
        return head
    }
    private static func append(length: UInt64, to head: inout [UInt8]) {
        head.append("Content-Length: ")
        head.append(ByteString(decimal: length))
        head.append("\r\n")
    }

    /// Sends the request and reads the answer's head; nil asks for another connection.
    private func converse(
        _ exchange: HTTPExchange, _ head: [UInt8], _ body: HTTPRequestBody, mayRepeat: Bool
    ) async -> Outcome? {
        do throws(IOError) {
            try await exchange.stream.sendAll(head, timeout: backend.timeout)
            worker?.record?.add(sent: head.count, received: 0)
        } catch {
            exchange.abandon()
            if mayRepeat, await pool.enter(backend) { return nil }
            return refuse(sending: error, exchange)
        }
        if !waits, case .stream(let source, let length) = body { startPump(exchange, source, length) }
        return await HTTPAnswer(
            request, exchange, target, worker, upgrade: upgrade, waits: waits ? body : nil, mayRepeat: mayRepeat
        ).read()
    }
    private func startPump(_ exchange: HTTPExchange, _ source: any BodySource, _ length: UInt64?) {
        let pump = BodyPump(request, source, exchange.stream, length: length, timeout: backend.timeout)
        exchange.pump = pump
        pump.start()
    }
    /// The request could not be sent.
    private func refuse(sending error: IOError, _ exchange: HTTPExchange) -> Outcome {
        request.log(
            .error, "proxy",
            "\(HTTPExchange.prefix(error))AH01084: pass request body failed to \(backend.place) (\(backend.host))")
        defer {
            request.log(
                .error, "proxy_http",
                "AH01097: pass request body failed to \(backend.place) (\(backend.host)) from \(request.useragentAddress.text) ()"
            )
        }
        if let transport = exchange.stream.transport, !transport.isEstablished {
            return ProxyHandler.error(request, 500, "Error during SSL Handshake with remote server")
        }
        return .status(error == .timedOut ? 504 : 502)
    }
}
