// Apache: modules/ssl/ssl_engine_vars.c, ssl_util_ssl.c; openssl/x509.h X509

import Bytes
import CTLS

/// A certificate.
@safe final class Certificate: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes a reference over.
    @unsafe init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }
    /// Takes a reference of its own.
    @unsafe init(borrowing pointer: OpaquePointer) {
        unsafe _ = X509_up_ref(pointer)
        unsafe self.pointer = pointer
    }
    deinit { unsafe X509_free(pointer) }

    /// A reference for OpenSSL to keep.
    @unsafe func retained() -> OpaquePointer {
        unsafe _ = X509_up_ref(pointer)
        return unsafe pointer
    }
    /// Every PEM certificate of a file; nil where it cannot be read or a certificate is broken.
    static func all(in file: ByteString) -> [Certificate]? {
        guard let bio = unsafe file.withCString({ unsafe BIO_new_file($0, "r") }) else { return nil }
        defer { unsafe BIO_free(bio) }
        var list: [Certificate] = []
        OpenSSLError.clear()
        while let read = unsafe PEM_read_bio_X509(bio, nil, { _, _, _, _ in 0 }, nil) {
            unsafe list.append(Certificate(owning: read))
        }
        // The end of the file is told as an error, too.
        let errors = OpenSSLError.take()
        if let last = errors.last,
            OpenSSLError.library(last) != ERR_LIB_PEM || OpenSSLError.reason(last) != PEM_R_NO_START_LINE
        {
            return nil
        }
        return list
    }

    // MARK: - Facts

    var pem: ByteString {
        unsafe Self.text { bio in unsafe PEM_write_bio_X509(bio, self.pointer) == 1 } ?? ""
    }
    var version: Int { unsafe X509_get_version(pointer) + 1 }
    var serial: ByteString {
        unsafe Self.text { bio in unsafe i2a_ASN1_INTEGER(bio, X509_get0_serialNumber(self.pointer)) > 0 } ?? ""
    }
    var notBefore: ByteString { unsafe Self.time(X509_get0_notBefore(pointer)) }
    var notAfter: ByteString { unsafe Self.time(X509_get0_notAfter(pointer)) }
    /// Whole days until it expires; 0 when it has.
    var remainingDays: Int {
        var (days, seconds) = (Int32(0), Int32(0))
        guard unsafe ASN1_TIME_diff(&days, &seconds, nil, X509_get0_notAfter(pointer)) == 1 else { return 0 }
        return max(0, Int(days))
    }
    var signatureAlgorithm: ByteString {
        Self.shortName(unsafe X509_get_signature_nid(pointer))
    }
    var keyAlgorithm: ByteString {
        var algorithm: OpaquePointer?
        guard unsafe X509_PUBKEY_get0_param(&algorithm, nil, nil, nil, X509_get_X509_PUBKEY(pointer)) == 1 else {
            return ""
        }
        return Self.longName(unsafe OBJ_obj2nid(algorithm))
    }
    var subject: Name? { unsafe X509_get_subject_name(pointer).map { unsafe Name($0, of: self) } }
    var issuer: Name? { unsafe X509_get_issuer_name(pointer).map { unsafe Name($0, of: self) } }

    /// Whether it is an authority's, and how long a chain it allows; nil without BasicConstraints.
    var basicConstraints: (isAuthority: Bool, pathLength: Int)? {
        guard unsafe X509_get_extension_flags(pointer) & UInt32(EXFLAG_BCONS) != 0 else { return nil }
        return (unsafe X509_check_ca(pointer) == 1, unsafe X509_get_pathlen(pointer))
    }
    /// Whether one of its names is `host`; wildcards count.
    func matches(_ host: ByteString) -> Bool {
        let names = alternativeNames(.dns) + (subject?.values("CN") ?? [])
        return names.contains { name in
            if name.equalsIgnoringCase(host) { return true }
            guard name.hasPrefix("*."), let dot = host.firstIndex(of: UInt8(ascii: ".")) else { return false }
            return host.from(dot).equalsIgnoringCase(name.from(1))
        }
    }
    enum NameKind { case dns, email, userPrincipal, dnsService }
    /// subjectAltName entries of one kind.
    func alternativeNames(_ kind: NameKind) -> [ByteString] {
        guard let raw = unsafe X509_get_ext_d2i(pointer, NID_subject_alt_name, nil, nil) else { return [] }
        let list = OpaquePointer(raw)
        defer { unsafe ctls_general_names_free(list) }
        var found: [ByteString] = []
        let count = unsafe ctls_general_name_count(list)
        for index in 0..<count {
            guard let name = unsafe ctls_general_name_at(list, index) else { continue }
            switch kind {
            case .dns, .email:
                let wanted = kind == .dns ? GEN_DNS : GEN_EMAIL
                guard unsafe ctls_general_name_kind(name) == wanted, let text = unsafe ctls_general_name_text(name)
                else { continue }
                unsafe found.append(Self.bytes(text))
            case .userPrincipal, .dnsService:
                let nid = kind == .userPrincipal ? NID_ms_upn : NID_SRVName
                guard let value = unsafe ctls_general_name_other(name, nid) else { continue }
                let type = unsafe value.pointee.type
                guard kind == .userPrincipal ? type == V_ASN1_UTF8STRING : type == V_ASN1_IA5STRING,
                    let text = unsafe value.pointee.value.asn1_string
                else { continue }
                unsafe found.append(Self.bytes(UnsafePointer(text)))
            }
        }
        return found
    }

    /// The values of all extensions of one kind, as text; none where there is no such name.
    func extensions(_ name: ByteString) -> [ByteString] {
        defer { OpenSSLError.clear() }
        guard let kind = unsafe name.withCString({ unsafe OBJ_txt2obj($0, 0) }) else { return [] }
        defer { unsafe ASN1_OBJECT_free(kind) }
        let count = unsafe X509_get_ext_count(pointer)
        return (0..<count).compactMap { index in
            guard let found = unsafe X509_get_ext(pointer, index),
                unsafe OBJ_cmp(X509_EXTENSION_get_object(found), kind) == 0
            else { return nil }
            return unsafe Self.text { bio in
                unsafe X509V3_EXT_print(bio, found, 0, 0) == 1
                    || ctls_print_text(bio, X509_EXTENSION_get_data(found)) == 1
            }
        }
    }

    // MARK: - OpenSSL's values as bytes

    @unsafe static func bytes(_ text: UnsafePointer<ASN1_STRING>) -> ByteString {
        let count = unsafe Int(ASN1_STRING_length(text))
        guard count > 0, let start = unsafe ASN1_STRING_get0_data(text) else { return "" }
        return ByteString(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
    }
    /// What a function writes into a BIO.
    static func text(_ write: (OpaquePointer) -> Bool) -> ByteString? {
        guard let bio = unsafe BIO_new(BIO_s_mem()) else { return nil }
        defer { unsafe BIO_free(bio) }
        guard unsafe write(bio) else { return nil }
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe ctls_memory(bio, &start)
        guard count > 0, let first = unsafe start else { return "" }
        return ByteString(unsafe UnsafeBufferPointer(start: first, count: count).map { UInt8(bitPattern: $0) })
    }
    private static func time(_ value: UnsafePointer<ASN1_TIME>?) -> ByteString {
        guard let value = unsafe value else { return "" }
        return unsafe text { bio in unsafe ASN1_TIME_print(bio, value) == 1 } ?? ""
    }
    static func shortName(_ nid: Int32) -> ByteString {
        nid == NID_undef
            ? "UNKNOWN" : unsafe OBJ_nid2sn(nid).map { unsafe ByteString(String(cString: $0)) } ?? "UNKNOWN"
    }
    static func longName(_ nid: Int32) -> ByteString {
        nid == NID_undef
            ? "UNKNOWN" : unsafe OBJ_nid2ln(nid).map { unsafe ByteString(String(cString: $0)) } ?? "UNKNOWN"
    }

    /// A distinguished name.
    @safe struct Name {
        private let pointer: OpaquePointer
        /// Keeps the name's memory.
        private let owner: Certificate?
        @unsafe init(_ pointer: OpaquePointer, of owner: Certificate?) {
            unsafe self.pointer = pointer
            self.owner = owner
        }
        /// RFC 2253's way (`CN=…,OU=…`), or `/C=…/CN=…`.
        func text(legacy: Bool = false) -> ByteString {
            if legacy {
                guard let line = unsafe X509_NAME_oneline(pointer, nil, 0) else { return "" }
                defer { unsafe CRYPTO_free(line, "", 0) }
                return ByteString(unsafe String(cString: line))
            }
            let flags = ctls_name_flags()
            return unsafe Certificate.text { bio in unsafe X509_NAME_print_ex(bio, self.pointer, 0, flags) >= 0 } ?? ""
        }
        /// Every value of one kind of entry, in order.
        func values(_ kind: ByteString) -> [ByteString] {
            let nid = Self.nids.first { $0.name.equalsIgnoringCase(kind) }?.nid ?? NID_undef
            guard nid != NID_undef else { return [] }
            return entries.filter { $0.nid == nid }.map(\.value)
        }
        var entries: [(nid: Int32, value: ByteString)] {
            let count = unsafe ctls_name_count(pointer)
            return (0..<count).compactMap { index in
                guard let entry = unsafe X509_NAME_get_entry(pointer, index),
                    let data = unsafe X509_NAME_ENTRY_get_data(entry)
                else { return nil }
                let nid = unsafe OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry))
                let value = unsafe Certificate.text { bio in
                    unsafe ASN1_STRING_print_ex(
                        bio, data, UInt(ASN1_STRFLGS_ESC_CTRL) | UInt(ASN1_STRFLGS_UTF8_CONVERT)) >= 0
                }
                return (nid, value ?? "")
            }
        }
        /// The parts that have variables (ssl_var_lookup_ssl_cert_dn_rec).
        static let nids: [(name: ByteString, nid: Int32)] = [
            ("C", NID_countryName), ("ST", NID_stateOrProvinceName), ("SP", NID_stateOrProvinceName),
            ("L", NID_localityName), ("O", NID_organizationName), ("OU", NID_organizationalUnitName),
            ("CN", NID_commonName), ("T", NID_title), ("I", NID_initials), ("G", NID_givenName), ("S", NID_surname),
            ("D", NID_description), ("UID", NID_userId), ("Email", NID_pkcs9_emailAddress),
        ]
    }
}
