// Apache: modules/ssl/ssl_engine_init.c (modssl_ctx_t); openssl/ssl.h SSL_CTX

import Bytes
import CTLS
import ServerCore

/// One server's SSL_CTX: certificates, keys, and what is spoken. Made in the parent, used by all children.
@safe final class TLSContext: @unchecked Sendable {
    let context: OpaquePointer
    /// For callbacks: whose it is.
    unowned let server: Server
    var versions: TLSVersions = []
    /// Its certificate is a stand-in until mod_md has one.
    var isFallback = false
    var sessions: SessionCache?
    var tickets: TicketKeys?
    /// SSLOCSPResponderCertificateFile.
    var responderCertificates: [Certificate] = []
    /// Certificates whose status another module provides.
    var provided: [[UInt8]] = []
    /// Set with `SSLUseStapling`.
    var staples: Stapling.Setup?

    init?(_ server: Server) {
        guard let made = unsafe SSL_CTX_new(TLS_server_method()) else { return nil }
        unsafe context = made
        self.server = server
        unsafe _ = ctls_ctx_set_owner(made, Unmanaged.passUnretained(self).toOpaque())
        unsafe _ = ctls_ctx_mode(
            made,
            Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS))
        unsafe ctls_ctx_read_ahead(made)
        unsafe _ = SSL_CTX_set_options(
            made, Self.workarounds | Self.ignoreUnexpectedEnd | Self.noResumptionOnRenegotiation)
        unsafe SSL_CTX_set_default_passwd_cb(made) { _, _, _, _ in 0 }
        unsafe _ = ctls_ctx_dh_auto(made)
    }
    deinit { unsafe SSL_CTX_free(context) }

    static func bit(_ number: UInt64) -> UInt64 { 1 << number }
    private static let ignoreUnexpectedEnd = bit(7)
    private static let noCompression = bit(17)
    /// SSL_OP_ALL.
    private static let workarounds = bit(31) | bit(11) | bit(6) | bit(4)
    private static let noResumptionOnRenegotiation = bit(16)
    private static let unsafeLegacyRenegotiation = bit(18)
    private static let serverPreference = bit(22)
    private static let noTicket = bit(14)

    // MARK: - What is spoken

    func allow(_ versions: TLSVersions) {
        self.versions = versions
        unsafe _ = ctls_ctx_min_version(context, versions.lowest)
        unsafe _ = ctls_ctx_max_version(context, versions.highest)
        var disabled: UInt64 = 0
        for (version, option) in TLSVersions.disabling where !versions.contains(version) { disabled |= option }
        unsafe _ = SSL_CTX_set_options(context, disabled)
    }
    func set(compression: Bool, tickets: Bool, honoursOrder: Bool, insecureRenegotiation: Bool) {
        var options: UInt64 = 0
        if !compression { options |= Self.noCompression }
        if !tickets { options |= Self.noTicket }
        if honoursOrder { options |= Self.serverPreference }
        if insecureRenegotiation { options |= Self.unsafeLegacyRenegotiation }
        unsafe _ = SSL_CTX_set_options(context, options)
    }
    /// Ciphers up to TLS 1.2; false: none of them is known.
    func setCiphers(_ list: ByteString) -> Bool {
        unsafe list.withCString { unsafe SSL_CTX_set_cipher_list(context, $0) == 1 }
    }
    func setSuites(_ list: ByteString) -> Bool {
        unsafe list.withCString { unsafe SSL_CTX_set_ciphersuites(context, $0) == 1 }
    }
    /// Sessions of one context are not resumed in another. At most 32 bytes.
    func setSessionContext(_ name: [UInt8]) {
        unsafe _ = name.withUnsafeBufferPointer {
            unsafe SSL_CTX_set_session_id_context(context, $0.baseAddress, UInt32(min(name.count, 32)))
        }
    }
    func setSessionTimeout(_ seconds: Int) { unsafe _ = SSL_CTX_set_timeout(context, seconds) }
    func setSessionCacheMode(_ mode: Int32) { unsafe _ = ctls_ctx_cache_mode(context, Int(mode)) }

    // MARK: - Certificates

    /// A PEM certificate and, where `withChain`, what follows it.
    func useCertificate(_ file: ByteString, withChain: Bool) -> Bool {
        OpenSSLError.clear()
        return unsafe file.withCString {
            withChain
                ? unsafe SSL_CTX_use_certificate_chain_file(context, $0) == 1
                : unsafe SSL_CTX_use_certificate_file(context, $0, SSL_FILETYPE_PEM) == 1
        }
    }
    /// The certificate in use has its key.
    var hasMatchingKey: Bool { unsafe SSL_CTX_check_private_key(context) == 1 }
    enum KeyOutcome { case ok, unreadable, mismatch }
    func useKey(_ file: ByteString, passphrase: ByteString? = nil) -> KeyOutcome {
        OpenSSLError.clear()
        guard let key = PrivateKey(file: file, passphrase: passphrase) else { return .unreadable }
        guard unsafe SSL_CTX_use_PrivateKey(context, key.key) == 1, unsafe SSL_CTX_check_private_key(context) == 1
        else {
            return .mismatch
        }
        return .ok
    }
    /// The certificate that was given last.
    var certificate: Certificate? {
        guard let found = unsafe SSL_CTX_get0_certificate(context) else { return nil }
        return unsafe Certificate(borrowing: found)
    }
    /// The certificates of a file, to be sent besides the server's own; the number, or nil where the file is unreadable.
    func useChain(_ file: ByteString, skippingFirst: Bool) -> Int? {
        guard let list = Certificate.all(in: file) else { return nil }
        unsafe _ = ctls_ctx_clear_extra_chain(context)
        var count = 0
        for certificate in list.dropFirst(skippingFirst ? 1 : 0) {
            guard unsafe ctls_ctx_add_extra_chain(context, certificate.retained()) == 1 else { return nil }
            count += 1
        }
        return count
    }
    /// An elliptic curve that a certificate file names.
    func useCurve(_ nid: Int32) { unsafe _ = ctls_ctx_one_curve(context, nid) }

    // MARK: - Client certificates

    func loadAuthorities(file: ByteString?, path: ByteString?) -> Bool {
        if let file, unsafe file.withCString({ unsafe SSL_CTX_load_verify_file(context, $0) }) != 1 { return false }
        if let path, unsafe path.withCString({ unsafe SSL_CTX_load_verify_dir(context, $0) }) != 1 { return false }
        return true
    }
    /// Names of acceptable authorities, as clients are told; how many there are.
    func addAuthorityNames(file: ByteString?, path: ByteString?) -> Int {
        guard let list = unsafe X509_NAME_stack() else { return 0 }
        if let file { unsafe _ = file.withCString { unsafe SSL_add_file_cert_subjects_to_stack(list, $0) } }
        if let path { unsafe _ = path.withCString { unsafe SSL_add_dir_cert_subjects_to_stack(list, $0) } }
        unsafe SSL_CTX_set_client_CA_list(context, list)
        return Int(unsafe ctls_name_list_count(list))
    }
    private func X509_NAME_stack() -> OpaquePointer? { unsafe OPENSSL_sk_new_null() }
    var authorityNameCount: Int {
        guard let list = unsafe SSL_CTX_get_client_CA_list(context) else { return 0 }
        return Int(unsafe ctls_name_list_count(list))
    }
    func setVerify(_ mode: Int32) { unsafe SSL_CTX_set_verify(context, mode, TLSCallbacks.verify) }
    func loadRevocations(file: ByteString?, path: ByteString?, flags: UInt) -> Bool {
        guard let store = unsafe SSL_CTX_get_cert_store(context) else { return false }
        if let file, unsafe file.withCString({ unsafe X509_STORE_load_file(store, $0) }) != 1 { return false }
        if let path, unsafe path.withCString({ unsafe X509_STORE_load_path(store, $0) }) != 1 { return false }
        if flags != 0 { unsafe _ = X509_STORE_set_flags(store, flags) }
        return true
    }

    // MARK: - SSLOpenSSLConfCmd

    /// Applies commands in order; the first that fails, with Apache's number for how it failed.
    func configure(_ commands: [(name: ByteString, value: ByteString)]) -> (index: Int, unknown: Bool)? {
        guard let settings = unsafe SSL_CONF_CTX_new() else { return commands.isEmpty ? nil : (0, false) }
        defer { unsafe SSL_CONF_CTX_free(settings) }
        unsafe _ = SSL_CONF_CTX_set_flags(
            settings, UInt32(SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_SERVER | SSL_CONF_FLAG_CERTIFICATE))
        unsafe SSL_CONF_CTX_set_ssl_ctx(settings, context)
        for (index, command) in commands.enumerated() {
            OpenSSLError.clear()
            let result = unsafe command.name.withCString { name in
                unsafe command.value.withCString { unsafe SSL_CONF_cmd(settings, name, $0) }
            }
            if result <= 0 { return (index, result == -2) }
        }
        return unsafe SSL_CONF_CTX_finish(settings) == 1 ? nil : (commands.count, false)
    }
    /// Whether OpenSSL knows a command of this name for servers.
    static func knowsCommand(_ name: ByteString) -> Bool {
        guard let settings = unsafe SSL_CONF_CTX_new() else { return false }
        defer { unsafe SSL_CONF_CTX_free(settings) }
        unsafe _ = SSL_CONF_CTX_set_flags(
            settings, UInt32(SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_SERVER | SSL_CONF_FLAG_CERTIFICATE))
        return unsafe name.withCString { unsafe SSL_CONF_cmd_value_type(settings, $0) } != SSL_CONF_TYPE_UNKNOWN
    }
    func installCallbacks() { unsafe TLSCallbacks.install(context) }
}

/// What `SSLProtocol` allows.
struct TLSVersions: OptionSet, Sendable, Hashable {
    let rawValue: UInt8
    static let tls10 = TLSVersions(rawValue: 1)
    static let tls11 = TLSVersions(rawValue: 2)
    static let tls12 = TLSVersions(rawValue: 4)
    static let tls13 = TLSVersions(rawValue: 8)
    static let all: TLSVersions = [.tls10, .tls11, .tls12, .tls13]

    static let numbers: [(version: TLSVersions, number: Int32, name: ByteString)] = [
        (.tls10, 0x301, "TLSv1"), (.tls11, 0x302, "TLSv1.1"), (.tls12, 0x303, "TLSv1.2"), (.tls13, 0x304, "TLSv1.3"),
    ]
    /// SSL_OP_NO_TLSv1 and its like, for holes between the lowest and the highest.
    static let disabling: [(TLSVersions, UInt64)] = [
        (.tls10, 1 << 26), (.tls11, 1 << 28), (.tls12, 1 << 27), (.tls13, 1 << 29),
    ]
    var lowest: Int32 { Self.numbers.first { contains($0.version) }?.number ?? 0 }
    var highest: Int32 { Self.numbers.last { contains($0.version) }?.number ?? 0 }
}

/// A private key in memory.
@safe final class PrivateKey: @unchecked Sendable {
    // SAFETY: never changes; OpenSSL counts references atomically.
    let key: OpaquePointer
    /// Reads a PEM file; nil where it cannot be read, or is encrypted and `passphrase` does not open it.
    init?(file: ByteString, passphrase: ByteString?) {
        guard let bio = unsafe file.withCString({ unsafe BIO_new_file($0, "r") }) else { return nil }
        defer { unsafe BIO_free(bio) }
        var phrase = (passphrase ?? "").bytes
        phrase.append(0)
        let read = unsafe phrase.withUnsafeMutableBytes { bytes in
            unsafe PEM_read_bio_PrivateKey(
                bio, nil,
                { buffer, size, _, given in
                    guard let buffer = unsafe buffer, let given = unsafe given else { return 0 }
                    let count = unsafe strlen(given.assumingMemoryBound(to: CChar.self))
                    guard count < Int(size) else { return 0 }
                    unsafe memcpy(buffer, given, count)
                    return Int32(count)
                }, bytes.baseAddress)
        }
        guard let read = unsafe read else { return nil }
        unsafe key = read
    }
    deinit { unsafe EVP_PKEY_free(key) }
}

extension ByteString {
    /// Calls with the bytes and a zero behind them.
    @unsafe func withCString<R>(_ body: (UnsafePointer<CChar>) throws -> R) rethrows -> R {
        var copy = bytes
        copy.append(0)
        return try unsafe copy.withUnsafeBytes { all in
            let start = unsafe all.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self)
            return try unsafe body(start)
        }
    }
}
