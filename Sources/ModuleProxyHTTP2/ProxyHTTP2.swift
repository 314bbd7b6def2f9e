// Apache: modules/http2/mod_proxy_http2.c

import Bytes
import EventLoop
import HTTP
import Kernel
import Modules
import ServerCore

/// `h2://` and `h2c://` backends.
public enum ProxyHTTP2 {
    public static let module = ModuleDefinition("proxy_http2", .http, directives: []) { hooks in
        let scheme = ProxyScheme(
            canonicalize: { request, url in ProxyScheme.canonicalizeHTTP(request, url, module: "proxy_http2") },
            serve: serve)
        for name: ByteString in ["h2", "h2c"] { hooks.addProvider(scheme, to: ProxyScheme.group, as: name) }
    }

    @Sendable private static func serve(_ request: Request, _ url: ByteString, _ worker: ProxyWorker?) async -> Outcome
    {
        guard let target = ProxyTarget(url) else {
            return ProxyHandler.error(request, 400, "URI has no hostname: \(url)")
        }
        let backend: Backend
        switch await Backend.find(request, target, worker, module: "proxy_http2", protocols: ["h2"]) {
        case .backend(let found): backend = found
        case .refused(let outcome): return outcome
        }
        for attempt in 0..<2 {
            guard let session = await session(request, backend, worker) else {
                return .status(503)
            }
            guard let (stream, body) = submit(request, target, session) else { continue }
            let exchange = HTTP2Exchange(request, backend, session, stream)
            if let body { exchange.pump(body) }
            if let outcome = await answer(request, exchange, mayRepeat: attempt == 0) { return outcome }
        }
        return .status(503)
    }

    /// A connection that takes another request, or a new one.
    private static func session(_ request: Request, _ backend: Backend, _ worker: ProxyWorker?) async -> ClientSession?
    {
        let sessions = ClientSessions.of(request)
        if backend.isReusable, let known = sessions.find(backend) { return known }
        guard let stream = await backend.open(request, worker) else {
            request.log(
                .error, "proxy_http2", "AH03352: H2: failed to make connection to backend: \(backend.host)")
            return nil
        }
        guard await shakeHands(stream, backend) else {
            BackendPool.of(request).close(stream)
            return nil
        }
        let idle = UInt64(backend.idleSeconds ?? 60) * 1000
        guard let session = ClientSession(stream, timeout: backend.timeout, idleTimeout: idle) else {
            BackendPool.of(request).close(stream)
            return nil
        }
        if backend.isReusable { sessions.keep(session, backend) }
        return session
    }

    /// Nothing is sent before the backend agreed to speak HTTP/2.
    private static func shakeHands(_ stream: ClientStream, _ backend: Backend) async -> Bool {
        guard let transport = stream.transport else { return true }
        var nothing: [UInt8] = []
        while !transport.isEstablished {
            switch transport.receive(into: &nothing, upTo: 0) {
            case .bytes: continue
            case .failed: return false
            case .wouldBlock:
                do throws(IOError) {
                    try await stream.wait(reading: true, timeout: backend.timeout)
                } catch { return false }
            }
        }
        return true
    }

    /// Makes the request; with its body, where it has one.
    private static func submit(
        _ request: Request, _ target: ProxyTarget, _ session: ClientSession
    ) -> (ClientRequest, (any BodySource)?)? {
        let body = request.isSubrequest ? nil : request.body
        let fields = ForwardedFields(request, target, expectsContinue: false)
        var block = FieldBlock()
        block.add(":method", request.method)
        block.add(":scheme", target.scheme == "h2" ? "https" : "http")
        block.add(":authority", fields.host)
        block.add(":path", target.path.isEmpty ? "/" : target.path)
        for (name, value) in fields.table.pairs where !name.isEmpty { block.add(name, value) }
        if body != nil, !request.isBodyFiltered, case .length(let length) = request.bodyFraming {
            block.add("content-length", ByteString(decimal: length))
        }
        guard let stream = session.request(block, hasBody: body != nil) else { return nil }
        return (stream, body)
    }

    /// Nil asks again.
    private static func answer(_ request: Request, _ exchange: HTTP2Exchange, mayRepeat: Bool) async -> Outcome? {
        while true {
            switch await exchange.readHead() {
            case .untouched:
                exchange.finish()
                return mayRepeat ? nil : .status(503)
            case .timedOut:
                request.notes.set("proxy_timedout", "1")
                return .status(504)
            case .refused(let status):
                exchange.finish()
                return .status(status)
            case .lost:
                exchange.finish()
                return .status(502)
            case .head(let head):
                var fields = ProxyAnswer.fields(request, head.fields)
                if (100...199).contains(head.status) {
                    await request.sendInterim(status: head.status, fields)
                    continue
                }
                if let via = ForwardedFields.via(request) { fields.add("Via", via) }
                request.status = head.status
                request.statusLine = nil
                request.headersOut = fields
                if let type = fields["Content-Type"] { request.contentType = type }
                if let outcome = ProxyAnswer.override(request, head.status) {
                    exchange.cancel()
                    return outcome
                }
                deliver(request, exchange)
                return .ok
            }
        }
    }
    private static func deliver(_ request: Request, _ exchange: HTTP2Exchange) {
        let hasBody = !request.isHeadOnly && request.status != 204 && request.status != 304
        if !hasBody || exchange.hasGivenAll {
            exchange.finish()
            request.responseBody = .none
        } else {
            request.responseBody = .stream(exchange)
        }
    }
}
