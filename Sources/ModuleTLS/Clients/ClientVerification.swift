// Apache: modules/ssl/ssl_engine_kernel.c (ssl_callback_SSLVerify)

import Bytes
import CTLS
import ServerCore

/// `SSLVerifyClient`.
enum VerifyMode: Sendable, Equatable {
    case none, optional, require, optionalNoCA

    /// SSL_VERIFY_PEER and SSL_VERIFY_FAIL_IF_NO_PEER_CERT.
    var flags: Int32 {
        switch self {
        case .none: 0
        case .require: SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
        case .optional, .optionalNoCA: SSL_VERIFY_PEER
        }
    }
}

enum ClientVerification {
    /// What is made of one certificate of a client's chain.
    @unsafe static func judge(_ isFine: Bool, _ store: OpaquePointer, _ transport: TLSTransport) -> Bool {
        let rules = transport.verification
        var isFine = isFine
        let error = unsafe X509_STORE_CTX_get_error(store)
        let depth = unsafe Int(X509_STORE_CTX_get_error_depth(store))
        let connection = transport.worker.facts(of: transport.channel)
        if rules.mode == .none { return true }
        if isMissingAuthority(error), rules.mode == .optionalNoCA {
            connection.log(
                .debug, "ssl",
                "AH02038: Certificate Verification: Verifiable Issuer is configured as optional, therefore we're accepting the certificate"
            )
            transport.isGenerous = true
            isFine = true
        }
        if error == X509_V_ERR_UNABLE_TO_GET_CRL, rules.allowsMissingRevocations { isFine = true }
        if isFine {
            if rules.depth < depth {
                connection.log(
                    .error, "ssl",
                    "AH02040: Certificate Verification: Certificate Chain too long (chain has \(depth) certificates, but maximum allowed are only \(rules.depth))"
                )
                unsafe X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_CHAIN_TOO_LONG)
                transport.verifyError = Int(X509_V_ERR_CERT_CHAIN_TOO_LONG)
                return false
            }
            return true
        }
        let reason =
            unsafe X509_verify_cert_error_string(Int(error)).map { unsafe ByteString(String(cString: $0)) } ?? ""
        let said: ByteString = "Certificate Verification: Error (\(error)): \(reason)"
        if connection.logLevel(for: "ssl") >= .info {
            let certificate = unsafe X509_STORE_CTX_get_current_cert(store).map { unsafe Certificate(borrowing: $0) }
            connection.log(
                .info, "ssl", "AH02276: \(said)\(certificate.map(description) ?? " [certificate: -not available-]")")
        } else {
            connection.log(.error, "ssl", "AH02039: \(said)")
        }
        transport.verifyError = Int(error)
        return false
    }
    /// ssl_log_cert_error.
    private static func description(_ certificate: Certificate) -> ByteString {
        func text(_ name: Certificate.Name?) -> ByteString {
            let text = name?.text() ?? ""
            return text.isEmpty ? "-empty-" : text
        }
        return
            " [subject: \(text(certificate.subject)) / issuer: \(text(certificate.issuer)) / serial: \(certificate.serial) / notbefore: \(certificate.notBefore) / notafter: \(certificate.notAfter)]"
    }
    static func isMissingAuthority(_ error: Int32) -> Bool {
        [
            X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_CERT_UNTRUSTED,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
        ].contains(error)
    }
}

/// What a client's certificate must be like.
struct VerificationRules: Sendable {
    var mode = VerifyMode.none
    var depth = 1
    var allowsMissingRevocations = false
}
