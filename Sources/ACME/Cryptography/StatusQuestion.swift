// RFC 6960. Apache: modules/md/md_ocsp.c (ocsp_req_make, ostat_on_resp)

import Bytes
import COpenSSL
import Kernel

/// A question about one certificate for the OCSP responder of its issuer.
@safe
public final class StatusQuestion {
    private let raw: OpaquePointer
    private let certificate: Certificate
    private let issuer: Certificate

    public init(_ certificate: Certificate, issuer: Certificate) throws(CryptographyError) {
        guard let made = unsafe certificates_ocsp_request(certificate.raw, issuer.raw) else {
            throw CryptographyError("unable to create OCSP certid")
        }
        unsafe raw = made
        self.certificate = certificate
        self.issuer = issuer
    }
    deinit { unsafe OCSP_REQUEST_free(raw) }

    public var der: [UInt8] { unsafe (try? Memory.collect { unsafe certificates_ocsp_write($0, raw) == 1 }) ?? [] }

    /// What the answer says of the certificate. It must be signed by the issuer, or by somebody the issuer certified to
    /// answer for it (mod_md does not look), and for this time.
    public func read(_ answer: [UInt8]) throws(ACMEError) -> CertificateStatus {
        var detail: Int32 = 0
        var from: UnsafePointer<ASN1_TIME>?
        var until: UnsafePointer<ASN1_TIME>?
        var kept: OpaquePointer?
        let result = unsafe certificates_ocsp_read(
            answer, answer.count, raw, certificate.raw, issuer.raw, &detail, &from, &until, &kept)
        defer { unsafe OCSP_BASICRESP_free(kept) }
        if let fault = Self.fault(result, detail) { throw fault }
        let now = RealTime.now / 1_000_000
        let begin = unsafe from.map { unsafe certificates_seconds($0) } ?? now
        // Without nextUpdate: half a day.
        let end = unsafe until.map { unsafe certificates_seconds($0) } ?? begin + 43200
        return CertificateStatus(
            state: result == V_OCSP_CERTSTATUS_GOOD ? .good : .revoked, response: answer, from: begin, until: end)
    }
    private static func fault(_ result: Int32, _ detail: Int32) -> ACMEError? {
        switch result {
        case V_OCSP_CERTSTATUS_GOOD, V_OCSP_CERTSTATUS_REVOKED: return nil
        case Int32(certificates_ocsp_unreadable):
            return ACMEError(StatusCode.invalid, "response body does not parse as OCSP response")
        case Int32(certificates_ocsp_refused):
            return ACMEError(StatusCode.invalid, "OCSP response status is, unsuccessfully, \(detail)")
        case Int32(certificates_ocsp_empty):
            return ACMEError(StatusCode.invalid, "OCSP response has no basicresponse")
        case Int32(certificates_ocsp_nonce): return ACMEError(StatusCode.invalid, "OCSP nonce mismatch in response")
        case Int32(certificates_ocsp_signature):
            return ACMEError(StatusCode.invalid, "OCSP response is not signed by the issuer")
        case Int32(certificates_ocsp_other):
            return ACMEError(StatusCode.invalid, "OCSP response, no matching status reported")
        case Int32(certificates_ocsp_future):
            return ACMEError(StatusCode.invalid, "OCSP response is not for this time")
        default: return ACMEError(StatusCode.notFound, "OCSP basicresponse says cert is unknown")
        }
    }
}
