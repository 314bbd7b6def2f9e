// Apache: modules/ssl/ssl_util_stapling.c (modssl_init_stapling, ssl_stapling_init_cert)

import Bytes
import CTLS
import ServerCore
import Synchronization

extension Stapling {
    /// What the parent makes ready for a server with `SSLUseStapling`, when its certificates are there. nil: no cache.
    static func prepare(_ context: TLSContext, _ server: Server) -> Setup? {
        let config = server[TLS.server]
        guard
            case .shared(_, let size) = server.configuration.mainServer[TLS.server].staplingCache.value(default: .none),
            let cache = SharedState.staples(size: size)
        else { return nil }
        var setup = Setup(cache: cache, rules: StaplingRules(config.stapling))
        for (index, certificate) in context.certificates.enumerated() {
            if context.provided.contains(certificate.fingerprint) { continue }
            if !add(certificate, context, server, &setup) {
                server.configuration.say(
                    .error, "ssl", "AH02604: Unable to configure certificate \(server.sslID):\(index) for stapling")
            }
        }
        return setup
    }
    private static func add(
        _ certificate: Certificate, _ context: TLSContext, _ server: Server, _ setup: inout Setup
    ) -> Bool {
        let say = { (text: ByteString) in server.configuration.say(.error, "ssl", text.string) }
        guard let issuer = context.issuer(of: certificate) else {
            say("AH02217: ssl_stapling_init_cert: can't retrieve issuer certificate! \(certificate.logText)")
            return false
        }
        guard let question = CertificateQuestion(certificate, issuer: issuer) else {
            say(
                "AH02815: ssl_stapling_init_cert: can't create CertID for OCSP request \(certificate.logText)")
            return false
        }
        if question.responder == nil, setup.rules.forceURL == nil {
            say(
                "AH02218: ssl_stapling_init_cert: no OCSP URI in certificate and no SSLStaplingForceURL set \(certificate.logText)"
            )
            return false
        }
        setup.questions[certificate.fingerprint] = question
        return true
    }
}

extension TLSContext {
    /// Every certificate that is shown, one for each kind of key.
    var certificates: [Certificate] {
        var list: [Certificate] = []
        var more = unsafe ctls_ctx_set_current(context, Int(SSL_CERT_SET_FIRST))
        while more == 1 {
            if let found = unsafe SSL_CTX_get0_certificate(context) {
                unsafe list.append(Certificate(borrowing: found))
            }
            more = unsafe ctls_ctx_set_current(context, Int(SSL_CERT_SET_NEXT))
        }
        unsafe _ = ctls_ctx_set_current(context, Int(SSL_CERT_SET_FIRST))
        return list
    }
    func issuer(of certificate: Certificate) -> Certificate? {
        defer { OpenSSLError.clear() }
        var more = unsafe ctls_ctx_set_current(context, Int(SSL_CERT_SET_FIRST))
        while more == 1, unsafe SSL_CTX_get0_certificate(context) != certificate.pointer {
            more = unsafe ctls_ctx_set_current(context, Int(SSL_CERT_SET_NEXT))
        }
        return unsafe ctls_issuer(context, certificate.pointer).map { unsafe Certificate(owning: $0) }
    }
    /// Answers clients that ask for the certificate's status.
    func staple(with setup: Stapling.Setup) {
        staples = setup
        unsafe _ = ctls_ctx_status(context) { ssl, _ in unsafe StapleCallback.staple(ssl) }
    }
}

extension SharedState {
    private static let stapleCaches = Mutex<[Int: SessionCache]>([:])
    /// The cache of stapled answers.
    static func staples(size: Int) -> SessionCache? {
        stapleCaches.withLock { known in
            if let cache = known[size] { return cache }
            let made = try? SessionCache(forAnswers: size)
            known[size] = made
            return made
        }
    }
}
