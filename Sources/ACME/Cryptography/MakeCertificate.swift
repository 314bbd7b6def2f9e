// Apache: modules/md/md_crypt.c (md_cert_self_sign, md_cert_make_tls_alpn_01, md_cert_req_create)

import COpenSSL
import Kernel

/// Who signs what is made.
public struct Issuer: Sendable {
    public let certificate: Certificate
    public let key: PrivateKey
    public init(_ certificate: Certificate, _ key: PrivateKey) {
        self.certificate = certificate
        self.key = key
    }
}

extension Certificate {
    /// What stands in a new certificate.
    struct Content {
        var commonName: String
        var organization: String?
        var key: PrivateKey
        var days: Int
        var names: [String] = []
        /// By OpenSSL's NIDs with values in its configuration language.
        var extensions: [(nid: Int32, value: String)] = []
        /// pe-acmeIdentifier, DER.
        var acmeIdentifier: [UInt8]?
    }

    /// A stand-in until there is a real one: signed by its own key.
    public static func fallback(_ names: [String], key: PrivateKey, days: Int = 14) throws(CryptographyError)
        -> Certificate
    {
        try make(
            Content(
                commonName: "temporary-certificate", key: key, days: days, names: names,
                extensions: [
                    (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
                    (NID_ext_key_usage, "serverAuth"),
                ]))
    }
    /// RFC 8737 section 3: what a server shows under ALPN `acme-tls/1`.
    public static func challenge(_ name: String, keyAuthorization: String, key: PrivateKey) throws(CryptographyError)
        -> Certificate
    {
        let digest = MessageDigest.sha256(Array(keyAuthorization.utf8))
        return try make(
            Content(
                commonName: "tls-alpn-01-challenge", key: key, days: 7, names: [name],
                extensions: [(NID_basic_constraints, "critical,CA:FALSE")],
                acmeIdentifier: [4, UInt8(truncatingIfNeeded: digest.count)] + digest))
    }
    /// The root of a certification authority of one's own.
    public static func authority(_ name: String, key: PrivateKey, days: Int) throws(CryptographyError) -> Certificate {
        try make(
            Content(
                commonName: name, organization: "Martinet", key: key, days: days,
                extensions: [
                    (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
                    (NID_key_usage, "critical,keyCertSign,cRLSign"), (NID_subject_key_identifier, "hash"),
                ]))
    }
    /// For a server, issued by an authority of one's own. Names may be addresses (`IP:127.0.0.1`).
    public static func server(_ names: [String], key: PrivateKey, days: Int, issuer: Issuer) throws(CryptographyError)
        -> Certificate
    {
        try make(
            Content(
                commonName: names.first ?? "", key: key, days: days, names: names,
                extensions: [
                    (NID_basic_constraints, "critical,CA:FALSE"),
                    (NID_key_usage, "critical,digitalSignature,keyEncipherment"), (NID_ext_key_usage, "serverAuth"),
                    (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid"),
                ]), issuer: issuer)
    }

    static func make(_ content: Content, issuer: Issuer? = nil) throws(CryptographyError) -> Certificate {
        guard let raw = unsafe X509_new() else { throw CryptographyError("no memory") }
        let certificate = unsafe Certificate(owning: raw)
        guard certificate.setNumbers(content), certificate.setNames(content, issuer) else {
            throw CryptographyError("cannot make a certificate for \(content.commonName)")
        }
        let signer = unsafe issuer?.certificate.raw ?? raw
        for (nid, value) in content.extensions
        where unsafe certificates_add_extension(raw, signer, nid, value) != 1 {
            throw CryptographyError("cannot add an extension for \(content.commonName)")
        }
        if !content.names.isEmpty, unsafe certificates_add_names(raw, content.names.joined(separator: "\n")) != 1 {
            throw CryptographyError("cannot add the names of \(content.commonName)")
        }
        if let identifier = content.acmeIdentifier,
            unsafe certificates_add_raw(
                raw, "1.3.6.1.5.5.7.1.31", 1, identifier, Int32(truncatingIfNeeded: identifier.count)) != 1
        {
            throw CryptographyError("cannot add pe-acmeIdentifier for \(content.commonName)")
        }
        let key = issuer?.key ?? content.key
        guard unsafe X509_sign(raw, key.raw, key.digest) > 0 else {
            throw CryptographyError("cannot sign the certificate for \(content.commonName)")
        }
        return certificate
    }
    private func setNumbers(_ content: Content) -> Bool {
        guard var serial = try? Random.bytes(16) else { return false }
        serial[0] = serial[0] & 0x7F | 0x40
        let number = unsafe BN_bin2bn(serial, Int32(serial.count), nil)
        defer { unsafe BN_free(number) }
        let now = Int(RealTime.now / 1_000_000)
        return unsafe BN_to_ASN1_INTEGER(number, X509_get_serialNumber(raw)) != nil
            && X509_set_version(raw, 2) == 1 && X509_set_pubkey(raw, content.key.raw) == 1
            && ASN1_TIME_set(X509_getm_notBefore(raw), now) != nil
            && ASN1_TIME_adj(X509_getm_notAfter(raw), now, Int32(clamping: content.days), 0) != nil
    }
    private func setNames(_ content: Content, _ issuer: Issuer?) -> Bool {
        let name = unsafe X509_NAME_new()
        defer { unsafe X509_NAME_free(name) }
        func add(_ field: String, _ value: String) -> Bool {
            unsafe X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, value, -1, -1, 0) == 1
        }
        if let organization = content.organization, !add("O", organization) { return false }
        // RFC 5280: a common name has 64 characters at most; the alternative names say it all.
        if content.commonName.utf8.count <= 64, !add("CN", content.commonName) { return false }
        let signer = unsafe issuer.map { unsafe X509_get_subject_name($0.certificate.raw) } ?? name
        return unsafe X509_set_subject_name(raw, name) == 1 && X509_set_issuer_name(raw, signer) == 1
    }
}

/// A request for a certificate (PKCS #10), in DER.
public enum CertificateRequest {
    /// - Parameter mustStaple: Ask for the TLS feature extension (RFC 7633).
    public static func make(_ names: [String], key: PrivateKey, mustStaple: Bool) throws(CryptographyError) -> [UInt8] {
        let request = unsafe X509_REQ_new()
        let subject = unsafe X509_NAME_new()
        defer {
            unsafe X509_REQ_free(request)
            unsafe X509_NAME_free(subject)
        }
        let first = names.first ?? ""
        if first.utf8.count < 64 {
            _ = unsafe X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, first, -1, -1, 0)
            unsafe X509_REQ_set_subject_name(request, subject)
        }
        guard
            unsafe certificates_request_extensions(request, names.joined(separator: "\n"), mustStaple ? 1 : 0) == 1,
            unsafe X509_REQ_set_pubkey(request, key.raw) == 1, unsafe X509_REQ_sign(request, key.raw, key.digest) > 0
        else { throw CryptographyError("cannot make a certificate request for \(first)") }
        return unsafe try Memory.collect { unsafe i2d_X509_REQ_bio($0, request) == 1 }
    }
}
