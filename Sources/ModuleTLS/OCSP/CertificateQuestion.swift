// Apache: modules/ssl/ssl_util_stapling.c (certinfo); openssl/ocsp.h

import Bytes
import CTLS

/// What an OCSP responder is asked about one certificate.
@safe final class CertificateQuestion: @unchecked Sendable {
    // SAFETY: never changes after it was made.
    let id: OpaquePointer
    /// The responder that the certificate names.
    let responder: ByteString?

    /// nil where OpenSSL cannot name the certificate.
    init?(_ certificate: Certificate, issuer: Certificate) {
        guard let made = unsafe OCSP_cert_to_id(nil, certificate.pointer, issuer.pointer) else { return nil }
        unsafe id = made
        responder = certificate.ocspResponder
    }
    deinit { unsafe OCSP_CERTID_free(id) }

    var serial: ByteString {
        unsafe Certificate.text { bio in unsafe i2a_ASN1_INTEGER(bio, ctls_id_serial(self.id)) > 0 } ?? "[n/a]"
    }
    /// What `bytes`, a response, says. `maximumAge` nil is any age.
    func read(_ bytes: [UInt8], skew: Int, maximumAge: Int?) -> ctls_answer {
        defer { OpenSSLError.clear() }
        return unsafe bytes.withUnsafeBufferPointer {
            unsafe ctls_read_answer($0.baseAddress, $0.count, id, skew, maximumAge ?? -1)
        }
    }
}

/// A question on its way, which knows its nonce.
@safe final class CertificateRequest {
    let request: OpaquePointer
    /// In DER.
    let bytes: [UInt8]

    init?(_ question: CertificateQuestion, hasNonce: Bool) {
        guard let made = unsafe ctls_ocsp_request(question.id, hasNonce ? 1 : 0) else { return nil }
        unsafe request = made
        let size = unsafe i2d_OCSP_REQUEST(made, nil)
        guard size > 0 else {
            unsafe OCSP_REQUEST_free(made)
            return nil
        }
        var room = [UInt8](repeating: 0, count: Int(size))
        unsafe room.withUnsafeMutableBufferPointer { buffer in
            var at = buffer.baseAddress
            unsafe _ = i2d_OCSP_REQUEST(made, &at)
        }
        bytes = room
    }
    deinit { unsafe OCSP_REQUEST_free(request) }
}

extension Certificate {
    /// SHA-1 over the DER form.
    var fingerprint: [UInt8] {
        var id = [UInt8](repeating: 0, count: 20)
        var count: UInt32 = 0
        guard unsafe X509_digest(pointer, EVP_sha1(), &id, &count) == 1 else { return [] }
        return id
    }
    /// The first OCSP responder that it names.
    var ocspResponder: ByteString? {
        var text = [CChar](repeating: 0, count: 4096)
        let count = unsafe text.withUnsafeMutableBufferPointer {
            unsafe ctls_responder(pointer, $0.baseAddress, Int32($0.count))
        }
        return count > 0 ? ByteString(text[0..<Int(count)].map { UInt8(bitPattern: $0) }) : nil
    }
    var isSelfIssued: Bool { unsafe X509_check_issued(pointer, pointer) == X509_V_OK }
    /// What Apache adds to a line about a certificate (ssl_log_cert_error).
    var logText: ByteString {
        "[subject: \(subject?.text() ?? "-empty-") / issuer: \(issuer?.text() ?? "-empty-") / serial: \(serial) / notbefore: \(notBefore) / notafter: \(notAfter)]"
    }
}
