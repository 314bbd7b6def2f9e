// Apache: modules/md/md_crypt.c (md_cert_*)

import Bytes
import COpenSSL

/// An X.509 certificate.
@safe
public final class Certificate: @unchecked Sendable {
    // SAFETY: an X509 is not changed after it was made; what OpenSSL caches in it is under its own lock.
    let raw: OpaquePointer

    init(owning raw: OpaquePointer) { unsafe self.raw = raw }
    deinit { unsafe X509_free(raw) }

    /// All certificates of a PEM text, in its order. Text that has none gives none.
    public static func chain(pem: [UInt8]) -> [Certificate] {
        guard let size = Int32(exactly: pem.count) else { return [] }
        return unsafe pem.withUnsafeBytes { bytes in
            let bio = unsafe BIO_new_mem_buf(bytes.baseAddress, size)
            defer { unsafe BIO_free(bio) }
            var list: [Certificate] = []
            while let raw = unsafe PEM_read_bio_X509(bio, nil, nil, nil) {
                unsafe list.append(Certificate(owning: raw))
            }
            ERR_clear_error()
            return list
        }
    }
    public init(der: [UInt8]) throws(CryptographyError) {
        let read: OpaquePointer? = unsafe der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return unsafe d2i_X509(nil, &start, bytes.count)
        }
        guard let read = unsafe read else { throw CryptographyError("cannot read the certificate") }
        unsafe raw = read
    }
    public var pem: [UInt8] {
        unsafe (try? Memory.collect { unsafe PEM_write_bio_X509($0, raw) == 1 }) ?? []
    }
    public var der: [UInt8] {
        unsafe (try? Memory.collect { unsafe i2d_X509_bio($0, raw) == 1 }) ?? []
    }

    /// Seconds since the epoch.
    public var notBefore: Int64 { unsafe certificates_seconds(X509_get0_notBefore(raw)) }
    /// Seconds since the epoch.
    public var notAfter: Int64 { unsafe certificates_seconds(X509_get0_notAfter(raw)) }

    /// Upper-case hexadecimal digits.
    public var serial: String {
        let number = unsafe ASN1_INTEGER_to_BN(X509_get0_serialNumber(raw), nil)
        defer { unsafe BN_free(number) }
        guard let text = unsafe BN_bn2hex(number) else { return "" }
        defer { unsafe CRYPTO_free(text, nil, 0) }
        return unsafe String(cString: text)
    }
    /// `/C=…/CN=…`
    public var issuer: String { unsafe oneLine(X509_get_issuer_name(raw)) }
    public var subject: String { unsafe oneLine(X509_get_subject_name(raw)) }
    private func oneLine(_ name: OpaquePointer?) -> String {
        guard let text = unsafe X509_NAME_oneline(name, nil, 0) else { return "" }
        defer { unsafe CRYPTO_free(text, nil, 0) }
        return unsafe String(cString: text)
    }
    /// Lower-case hexadecimal digits of SHA-1 over the DER form: what mod_md knows a certificate's OCSP answers by.
    public var stapleID: String { MessageDigest.hexadecimal(MessageDigest.sha1(der)) }
    /// Lower-case hexadecimal digits of SHA-256 over the DER form.
    public var fingerprint: String { MessageDigest.hexadecimal(MessageDigest.sha256(der)) }

    /// What subjectAltName says: DNS names, URIs and addresses.
    public var names: [String] {
        var found: [String] = []
        unsafe withUnsafeMutablePointer(to: &found) { list in
            unsafe certificates_each_name(
                raw,
                { context, kind, bytes, count in
                    let bytes = unsafe Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
                    let list = unsafe context?.assumingMemoryBound(to: [String].self)
                    unsafe list?.pointee.append(kind == 0 ? String(decoding: bytes, as: UTF8.self) : addressText(bytes))
                }, list)
        }
        return found
    }
    public var ocspResponder: String? { access(NID_ad_OCSP) }
    public var issuerURL: String? { access(NID_ad_ca_issuers) }
    public var mustStaple: Bool { unsafe certificates_must_staple(raw) != 0 }
    private func access(_ method: Int32) -> String? {
        guard let text = unsafe certificates_access(raw, method) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }

    /// RFC 9773 section 4.1: authority key identifier and serial number, each in base64url; nil without the former.
    public var renewalIdentifier: String? {
        guard let key = unsafe X509_get0_authority_key_id(raw) else { return nil }
        let keyBytes = unsafe Array(
            UnsafeBufferPointer(start: ASN1_STRING_get0_data(key), count: Int(ASN1_STRING_length(key))))
        var serial = Self.bytes(ofHexadecimal: serial)
        if let first = serial.first, first & 0x80 != 0 { serial.insert(0, at: 0) }
        return "\(Base64URL.encode(keyBytes)).\(Base64URL.encode(serial))"
    }
    private static func bytes(ofHexadecimal text: String) -> [UInt8] {
        let digits = text.utf8.compactMap(ASCII.hexValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    public func matches(_ key: PrivateKey) -> Bool {
        defer { ERR_clear_error() }
        return unsafe X509_check_private_key(raw, key.raw) == 1
    }
    /// `rsa` with bits, or the curve; nil for others.
    public var keyKind: KeyKind? {
        guard let key = unsafe X509_get0_pubkey(raw) else { return nil }
        switch unsafe EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA: return unsafe .rsa(bits: Int(EVP_PKEY_get_bits(key)))
        case EVP_PKEY_EC:
            var room = [CChar](repeating: 0, count: 64)
            guard unsafe EVP_PKEY_get_group_name(key, &room, room.count, nil) == 1 else { return nil }
            return .curve(String(decoding: room.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        default: return nil
        }
    }
    /// Signed by this key, that is: issued by itself.
    public var isSelfSigned: Bool {
        unsafe X509_get_subject_name(raw).map { _ in unsafe X509_self_signed(raw, 0) == 1 } ?? false
    }
}

private func addressText(_ bytes: [UInt8]) -> String {
    switch bytes.count {
    case 4: return bytes.map { String($0) }.joined(separator: ".")
    case 16:
        return stride(from: 0, to: 16, by: 4).map { MessageDigest.hexadecimal(Array(bytes[$0..<$0 + 4])) }
            .joined(separator: ":")
    default: return ""
    }
}
