// Apache: modules/ssl/ssl_util_stapling.c (stapling_cb)

import Bytes
import CTLS
import EventLoop
import ServerCore

/// Stapling in the handshake. A handshake whose answer must be fetched first waits, without a task; the loop goes on.
enum StapleCallback {
    /// Staples what there is for the certificate that OpenSSL chose.
    static func staple(_ ssl: OpaquePointer?) -> Int32 {
        guard let ssl = unsafe ssl, let transport = unsafe TLSTransport.owner(of: ssl), !transport.isForChallenge,
            let setup = unsafe TLSContext.owner(of: ssl)?.staples, let certificate = transport.serverCertificate
        else { return SSL_TLSEXT_ERR_NOACK }
        if unsafe ProvidedStaples.staple(ssl) == SSL_TLSEXT_ERR_OK { return SSL_TLSEXT_ERR_OK }
        let server = transport.server
        server.log(.debug, "ssl", "AH01951: stapling_cb: OCSP Stapling callback called")
        let fingerprint = certificate.fingerprint
        guard let question = setup.questions[fingerprint] else {
            server.log(
                .info, "ssl", "AH01926: stapling_get_certinfo: stapling not supported for certificate")
            return SSL_TLSEXT_ERR_NOACK
        }
        if StapleFetches.responder(question, setup, server) == nil {
            server.log(.error, "ssl", "AH01955: stapling_cb: fatal error renewing response")
            return SSL_TLSEXT_ERR_ALERT_FATAL
        }
        guard case .response(let bytes) = Stapling.find(fingerprint, setup, server),
            let memory = unsafe CRYPTO_malloc(bytes.count, nil, 0)
        else {
            server.log(.debug, "ssl", "AH01957: stapling_cb: no suitable response available")
            return SSL_TLSEXT_ERR_NOACK
        }
        server.log(.debug, "ssl", "AH01956: stapling_cb: setting response")
        unsafe memory.copyMemory(from: bytes, byteCount: bytes.count)
        // The memory is OpenSSL's from now on.
        unsafe _ = ctls_set_status_response(ssl, memory, bytes.count)
        return SSL_TLSEXT_ERR_OK
    }
    /// Whether the handshake waits for answers that are being fetched: called when the server is known.
    static func mustWait(_ transport: TLSTransport, _ context: TLSContext) -> Bool {
        guard let setup = context.staples else { return false }
        switch transport.staplesAwaited {
        case .none:
            let missing = setup.questions.filter { entry in
                guard case .missing = Stapling.find(entry.key, setup, transport.server) else { return false }
                return StapleFetches.responder(entry.value, setup, transport.server) != nil
            }
            transport.staplesAwaited = missing.count
            let fetches = StapleFetches.of(transport.worker)
            for (fingerprint, question) in missing {
                fetches.fetch(fingerprint, question, setup, transport, waits: true)
            }
            for (fingerprint, question) in setup.questions
            where missing[fingerprint] == nil && Stapling.isDue(fingerprint, setup) {
                fetches.fetch(fingerprint, question, setup, transport, waits: false)
            }
            return !missing.isEmpty
        case .some(let count): return count > 0
        }
    }
}

/// The answers that one loop is fetching, and who waits for them.
final class StapleFetches {
    private struct Waiter {
        weak var transport: TLSTransport?
    }
    private var waiting: [[UInt8]: [Waiter]] = [:]
    private static let key = ObjectIdentifier(StapleFetches.self)

    static func of(_ worker: Worker) -> StapleFetches {
        if let known = worker.moduleState[key] as? StapleFetches { return known }
        let made = StapleFetches()
        worker.moduleState[key] = made
        return made
    }
    /// Whom to ask; nil, and why is logged, where nobody can be asked.
    static func responder(
        _ question: CertificateQuestion, _ setup: Stapling.Setup, _ server: Server
    ) -> ResponderURL? {
        guard let text = setup.rules.forceURL ?? question.responder else {
            server.log(.error, "ssl", "AH02621: stapling_renew_response: no uri for responder")
            return nil
        }
        guard let url = ResponderURL(text) else {
            server.log(.error, "ssl", "AH01939: stapling_renew_response: Error parsing uri \(text)")
            return nil
        }
        guard url.isHTTP else {
            server.log(.error, "ssl", "AH01940: stapling_renew_response: Unsupported uri \(text)")
            return nil
        }
        return url
    }
    /// Asks for one answer, once for all handshakes that need it meanwhile.
    /// - Parameter waits: The handshake goes on with the answer only.
    func fetch(
        _ fingerprint: [UInt8], _ question: CertificateQuestion, _ setup: Stapling.Setup, _ transport: TLSTransport,
        waits: Bool
    ) {
        let (server, loop) = (transport.server, transport.loop)
        guard let url = Self.responder(question, setup, server) else { return }
        let isUnderWay = waiting[fingerprint] != nil
        waiting[fingerprint, default: []] += waits ? [Waiter(transport: transport)] : []
        guard !isUnderWay else { return }
        let connection = transport.worker.facts(of: transport.channel)
        server.log(.debug, "ssl", "AH01938: stapling_renew_response: querying responder")
        let client = ResponderClient(
            loop: loop, url: url, proxy: server[TLS.server].revocation.proxy.value,
            timeout: UInt64(clamping: setup.rules.responderTimeout) &* 1000
        ) { level, text in connection.log(level, "ssl", text) }
        loop.spawnLocal { [self] in
            var response: [UInt8]?
            if let request = CertificateRequest(question, hasNonce: false) {
                response = await client.ask(request.bytes)
            }
            Stapling.keep(response, fingerprint, question, setup, server)
            ended(fingerprint)
        }
    }
    private func ended(_ fingerprint: [UInt8]) {
        for waiter in waiting.removeValue(forKey: fingerprint) ?? [] { waiter.transport?.stapleArrived() }
    }
}

extension TLSTransport {
    /// One of the answers that the handshake waits for is there, or never will be.
    func stapleArrived() {
        guard let count = staplesAwaited, count > 0 else { return }
        staplesAwaited = count - 1
        if count == 1 { goOn() }
    }
    /// The handshake goes on by itself: nothing of the client is awaited.
    func goOn() {
        if loop.isOpen(channel), isOpen { loop.recall(channel) }
    }
}
