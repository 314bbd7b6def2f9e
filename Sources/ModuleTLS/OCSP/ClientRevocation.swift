// Apache: modules/ssl/ssl_engine_ocsp.c (modssl_verify_ocsp)

import Bytes
import CTLS
import EventLoop
import ServerCore

/// Asks OCSP responders whether clients' certificates were revoked (`SSLOCSPEnable`).
///
/// OpenSSL cannot let a server's handshake wait for that. So the handshake is finished and the connection held until the responder has
/// answered: nothing of the client is read before, and a client that does not pass is cut off. Resumed sessions are asked about again.
enum ClientRevocation {
    /// How far it is with one connection.
    enum State { case unchecked, pending, passed }

    /// Whether the connection waits; when a responder must be asked it begins with that. For a handshake that is done.
    static func mustWait(_ transport: TLSTransport) -> Bool {
        switch transport.revocation {
        case .passed: return false
        case .pending: return true
        case .unchecked: break
        }
        guard applies(transport) else {
            transport.revocation = .passed
            return false
        }
        transport.revocation = .pending
        transport.loop.spawnLocal {
            if await check(transport) {
                transport.revocation = .passed
            } else if transport.isOpen {
                transport.breakOff(OpenSSLError.take())
            }
            transport.goOn()
        }
        return true
    }
    static func applies(_ transport: TLSTransport) -> Bool {
        let check = transport.server[TLS.server].revocation.check.value(default: .init())
        return check.mode != .none && transport.clientCertificate != nil
    }

    /// Whether the client's certificate (and those of its chain, where that is wanted) stands.
    static func check(_ transport: TLSTransport) async -> Bool {
        let config = transport.server[TLS.server].revocation
        let check = config.check.value(default: .init())
        let connection = transport.worker.facts(of: transport.channel)
        // The issuer of a certificate that was let pass without one is not known.
        if transport.isGenerous { return refuse(transport, connection, X509_V_ERR_APPLICATION_VERIFICATION) }
        let chain = transport.verifiedChain
        for (index, certificate) in chain.enumerated() where index == 0 || check.mode == .chain {
            if certificate.isSelfIssued { continue }
            let issuer =
                index + 1 < chain.count ? chain[index + 1] : transport.context?.issuer(of: certificate)
            let status = await ask(certificate, issuer, transport, connection)
            guard transport.isOpen else { return false }
            switch status {
            case V_OCSP_CERTSTATUS_GOOD: continue
            case V_OCSP_CERTSTATUS_REVOKED: return refuse(transport, connection, X509_V_ERR_CERT_REVOKED)
            default: return refuse(transport, connection, X509_V_ERR_APPLICATION_VERIFICATION)
            }
        }
        return true
    }
    private static func refuse(_ transport: TLSTransport, _ connection: Connection, _ error: Int32) -> Bool {
        transport.verifyError = Int(error)
        let reason = transport.verifyErrorText ?? ""
        connection.log(.info, "ssl", "AH02039: Certificate Verification: Error (\(error)): \(reason)")
        return false
    }

    /// verify_ocsp_status.
    private static func ask(
        _ certificate: Certificate, _ issuer: Certificate?, _ transport: TLSTransport, _ connection: Connection
    ) async -> Int32 {
        let config = transport.server[TLS.server].revocation
        guard let url = responder(certificate, config, connection) else {
            return config.check.value(default: .init()).allowsNoResponder
                ? V_OCSP_CERTSTATUS_GOOD : V_OCSP_CERTSTATUS_UNKNOWN
        }
        let hasNonce = config.usesNonce.value(default: true)
        guard let issuer, let question = CertificateQuestion(certificate, issuer: issuer),
            let request = CertificateRequest(question, hasNonce: hasNonce)
        else {
            connection.log(.error, "ssl", "AH01921: could not retrieve certificate id")
            return V_OCSP_CERTSTATUS_UNKNOWN
        }
        let client = ResponderClient(
            loop: transport.loop, url: url, proxy: config.proxy.value,
            timeout: UInt64(clamping: config.responderTimeout.value(default: 10)) &* 1000
        ) { level, text in connection.log(level, "ssl", text) }
        guard let bytes = await client.ask(request.bytes), transport.isOpen else { return V_OCSP_CERTSTATUS_UNKNOWN }
        return judge(bytes, request, question, certificate, transport, connection)
    }
    /// determine_responder_uri.
    private static func responder(
        _ certificate: Certificate, _ config: RevocationConfig, _ connection: Connection
    ) -> ResponderURL? {
        let said = config.responder.value
        let named = config.overrides.value(default: false) ? said : certificate.ocspResponder ?? said
        guard let named else {
            connection.log(
                .debug, "ssl", "AH01918: no OCSP responder specified in certificate and no default configured")
            return nil
        }
        guard let url = ResponderURL(named) else {
            connection.log(.debug, "ssl", "AH01919: failed to parse OCSP responder URI '\(named)'")
            return nil
        }
        guard url.isHTTP else {
            connection.log(.debug, "ssl", "AH01920: cannot handle OCSP responder URI '\(named)'")
            return nil
        }
        return url
    }
    private static func judge(
        _ bytes: [UInt8], _ request: CertificateRequest, _ question: CertificateQuestion, _ certificate: Certificate,
        _ transport: TLSTransport, _ connection: Connection
    ) -> Int32 {
        let config = transport.server[TLS.server].revocation
        func refuse(_ text: ByteString) -> Int32 {
            connection.log(.error, "ssl", text)
            for line in OpenSSLError.lines() { connection.log(.error, "ssl", line) }
            return V_OCSP_CERTSTATUS_UNKNOWN
        }
        let answer = question.read(
            bytes, skew: config.timeSkew.value(default: 300), maximumAge: config.maximumAge.value)
        guard answer.response >= 0 else { return refuse("AH01988: failed to decode OCSP response data") }
        guard answer.response == OCSP_RESPONSE_STATUS_SUCCESSFUL else {
            return refuse("AH01922: OCSP response not successful: \(answer.response)")
        }
        guard answer.is_basic == 1 else { return refuse("AH01923: could not retrieve OCSP basic response") }
        switch transport.context?.verify(bytes, request, config) ?? 2 {
        case 0: break
        case 1: return refuse("AH01924: Bad OCSP responder answer (bad nonce)")
        default: return refuse("AH01925: failed to verify the OCSP response")
        }
        guard answer.is_found == 1 else {
            return refuse("AH02272: failed to retrieve OCSP response status \(certificate.logText)")
        }
        let isGood = answer.status == V_OCSP_CERTSTATUS_GOOD
        if answer.status != V_OCSP_CERTSTATUS_UNKNOWN, answer.is_timely == 0 {
            return refuse("AH02273: OCSP response outside validity period \(certificate.logText)")
        }
        let result: ByteString =
            isGood ? "good" : answer.status == V_OCSP_CERTSTATUS_REVOKED ? "revoked" : "unknown"
        connection.log(
            isGood ? .info : .error, "ssl",
            "AH03239: OCSP validation completed, certificate status: \(result) (\(answer.status), \(answer.reason)) \(certificate.logText)"
        )
        return answer.status
    }
}

extension TLSTransport {
    /// The settings in use.
    var context: TLSContext? { unsafe TLSContext.owner(of: ssl) }
    /// The client's certificate and its issuers as they were found when it was verified; a resumed session knows the first only.
    var verifiedChain: [Certificate] {
        guard let ssl = unsafe ssl else { return [] }
        if let chain = unsafe SSL_get0_verified_chain(ssl), unsafe ctls_cert_count(chain) > 0 {
            let count = unsafe ctls_cert_count(chain)
            return (0..<count).compactMap { index in
                unsafe ctls_cert_at(chain, index).map { unsafe Certificate(borrowing: $0) }
            }
        }
        return clientCertificate.map { [$0] } ?? []
    }
}

extension TLSContext {
    /// 0: the answer is trusted; 1: its nonce is another; 2: its signature is nobody's we trust.
    func verify(_ bytes: [UInt8], _ request: CertificateRequest, _ config: RevocationConfig) -> Int32 {
        let list = unsafe ctls_certificates()
        defer { unsafe ctls_certificates_free(list) }
        for certificate in responderCertificates {
            unsafe _ = ctls_certificates_add(list, certificate.retained())
        }
        let checksSignature = !config.skipsVerification.value(default: false)
        return unsafe bytes.withUnsafeBufferPointer {
            unsafe ctls_verify_answer(
                $0.baseAddress, $0.count, request.request, config.usesNonce.value(default: true) ? 1 : 0,
                checksSignature ? 1 : 0, list, SSL_CTX_get_cert_store(context),
                responderCertificates.isEmpty ? 0 : UInt(OCSP_TRUSTOTHER))
        }
    }
}
