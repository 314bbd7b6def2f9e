// Apache: modules/ssl/ssl_engine_vars.c; openssl/ssl.h

import Bytes
import CTLS
import Expressions
import ServerCore

/// Facts of OpenSSL itself.
enum TLSFacts {
    static let interface: ByteString = "mod_ssl/2.4.68"
    /// `OpenSSL/3.0.15`, as the headers name it.
    static let library: ByteString = {
        let text = unsafe OpenSSL_version(OPENSSL_VERSION).map { unsafe ByteString(String(cString: $0)) } ?? ""
        let words = text.words()
        return words.count > 1 ? "\(words[0])/\(words[1])" : text
    }()
}

extension TLSTransport {
    /// `TLSv1.3`
    var version: ByteString {
        unsafe ssl == nil ? "" : SSL_get_version(ssl).map { unsafe ByteString(String(cString: $0)) } ?? ""
    }
    var isTLS13: Bool { unsafe ssl != nil && SSL_version(ssl) >= 0x304 }
    var cipher: (name: ByteString, usedBits: Int, bits: Int)? {
        guard let ssl = unsafe ssl, let cipher = unsafe SSL_get_current_cipher(ssl),
            let name = unsafe SSL_CIPHER_get_name(cipher)
        else { return nil }
        var bits: Int32 = 0
        let used = unsafe ctls_bits(cipher, &bits)
        return (ByteString(unsafe String(cString: name)), Int(used), Int(bits))
    }
    /// For ALPN too, which comes when the cipher is chosen and not yet in use.
    var parameters: TLSParameters? {
        guard let ssl = unsafe ssl else { return nil }
        let pending = unsafe SSL_get_pending_cipher(ssl).flatMap { unsafe SSL_CIPHER_get_name($0) }
        let name = unsafe pending.map { unsafe ByteString(String(cString: $0)) } ?? cipher?.name
        return name.map { TLSParameters(version: version, cipher: $0) }
    }
    var sessionID: ByteString {
        guard let ssl = unsafe ssl, let session = unsafe SSL_get_session(ssl) else { return "" }
        var count: UInt32 = 0
        guard let id = unsafe SSL_SESSION_get_id(session, &count), count > 0 else { return "" }
        return Digest.hexadecimal(unsafe Array(UnsafeBufferPointer(start: id, count: Int(count))))
    }
    var isResumed: Bool { unsafe ssl != nil && SSL_session_reused(ssl) == 1 }
    var isSecureRenegotiationSupported: Bool { unsafe ssl != nil && ctls_secure_renegotiation(ssl) == 1 }
    var clientCertificate: Certificate? {
        guard let ssl = unsafe ssl, let found = unsafe SSL_get1_peer_certificate(ssl) else { return nil }
        return unsafe Certificate(owning: found)
    }
    var clientChain: [Certificate] {
        guard let ssl = unsafe ssl, let chain = unsafe SSL_get_peer_cert_chain(ssl) else { return [] }
        let count = unsafe ctls_cert_count(chain)
        return (0..<count).compactMap { index in
            unsafe ctls_cert_at(chain, index).map { unsafe Certificate(borrowing: $0) }
        }
    }
    var serverCertificate: Certificate? {
        guard let ssl = unsafe ssl, let found = unsafe SSL_get_certificate(ssl) else { return nil }
        return unsafe Certificate(borrowing: found)
    }
    /// How many certificates stand above the client's own, as it was verified; nil without one, and for a resumed session.
    var verifiedDepth: Int? {
        guard let ssl = unsafe ssl, let chain = unsafe SSL_get0_verified_chain(ssl) else { return nil }
        return unsafe Int(ctls_cert_count(chain)) - 1
    }
    var verifyResult: Int { unsafe ssl == nil ? 0 : SSL_get_verify_result(ssl) }
    /// `SUCCESS`, `NONE`, `GENEROUS` or `FAILED:reason`.
    func verification(_ certificate: Certificate?) -> ByteString {
        let result = verifyResult
        if result == X509_V_OK, verifyError == 0 {
            guard certificate != nil else { return "NONE" }
            return isGenerous ? "GENEROUS" : "SUCCESS"
        }
        return "FAILED:\(Self.text(ofError: verifyError != 0 ? verifyError : result))"
    }
    var verifyErrorText: ByteString? { verifyError == 0 ? nil : Self.text(ofError: verifyError) }
    private static func text(ofError code: Int) -> ByteString {
        unsafe X509_verify_cert_error_string(code).map { unsafe ByteString(String(cString: $0)) } ?? ""
    }
}

extension Certificate {
    var decimalSerial: ByteString {
        guard let number = unsafe ASN1_INTEGER_to_BN(X509_get0_serialNumber(pointer), nil) else { return "" }
        defer { unsafe BN_free(number) }
        guard let text = unsafe BN_bn2dec(number) else { return "" }
        defer { unsafe CRYPTO_free(text, "", 0) }
        return ByteString(unsafe String(cString: text))
    }
}
