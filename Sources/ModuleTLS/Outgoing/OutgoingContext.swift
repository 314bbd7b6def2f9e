// Apache: modules/ssl/ssl_engine_init.c (ssl_init_proxy_ctx, ssl_init_proxy_certs), ssl_engine_kernel.c (ssl_callback_proxy_cert)

import Bytes
import CTLS
import Kernel
import ServerCore

/// The SSL_CTX for connections to other servers under one configuration. Made in the parent, used by all children.
@safe final class OutgoingTLSContext: @unchecked Sendable {
    let context: OpaquePointer
    let config: OutgoingTLSConfig
    /// Names the context among others.
    let number: Int
    /// Certificates that this server may show of itself, with their keys.
    private(set) var pairs: [MachineCertificate] = []

    /// Nil: OpenSSL refuses; `complaint` says what.
    init?(_ config: OutgoingTLSConfig, number: Int, complaint: inout ByteString) {
        OpenSSLError.clear()
        guard let made = unsafe SSL_CTX_new(TLS_client_method()) else {
            complaint = "AH02231: No SSL protocols available [hint: SSLProxyProtocol]"
            return nil
        }
        unsafe context = made
        self.config = config
        self.number = number
        unsafe _ = ctls_ctx_set_owner(made, Unmanaged.passUnretained(self).toOpaque())
        unsafe _ = ctls_ctx_mode(
            made,
            Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS))
        unsafe ctls_ctx_read_ahead(made)
        // SSL_OP_ALL, SSL_OP_NO_COMPRESSION, SSL_OP_IGNORE_UNEXPECTED_EOF
        unsafe _ = SSL_CTX_set_options(made, 1 << 31 | 1 << 17 | 1 << 11 | 1 << 7 | 1 << 6 | 1 << 4)
        unsafe _ = ctls_ctx_cache_mode(made, Int(SSL_SESS_CACHE_OFF))
        if let why = configure() ?? loadMachineCertificates() {
            complaint = why
            return nil
        }
    }
    deinit { unsafe SSL_CTX_free(context) }

    private func configure() -> ByteString? {
        let versions = config.versions.value(default: [.tls12, .tls13])
        guard !versions.isEmpty else { return "AH02231: No SSL protocols available [hint: SSLProxyProtocol]" }
        unsafe _ = ctls_ctx_min_version(context, versions.lowest)
        unsafe _ = ctls_ctx_max_version(context, versions.highest)
        let ciphers = config.cipherSuite.value(default: "DEFAULT:!aNULL:!eNULL:!EXP")
        guard unsafe ciphers.withCString({ unsafe SSL_CTX_set_cipher_list(context, $0) }) == 1 else {
            return "AH01898: Unable to configure permitted SSL ciphers"
        }
        if let suites = config.suites.value,
            unsafe suites.withCString({ unsafe SSL_CTX_set_ciphersuites(context, $0) }) != 1
        {
            return "AH01898: Unable to configure permitted SSL ciphers"
        }
        if let file = config.authorityFile.value,
            unsafe file.withCString({ unsafe SSL_CTX_load_verify_file(context, $0) }) != 1
        {
            return "AH01895: Unable to configure verify locations for client authentication"
        }
        if let path = config.authorityPath.value,
            unsafe path.withCString({ unsafe SSL_CTX_load_verify_dir(context, $0) }) != 1
        {
            return "AH01895: Unable to configure verify locations for client authentication"
        }
        let mode = config.verify.value(default: .none)
        if mode != .none { unsafe SSL_CTX_set_verify(context, mode.flags, OutgoingTLSContext.verify) }
        return loadRevocations()
    }
    private func loadRevocations() -> ByteString? {
        let check = config.revocationCheck.value(default: .init())
        let (file, path) = (config.revocationFile.value, config.revocationPath.value)
        guard file != nil || path != nil else {
            return check.mode == .none
                ? nil
                : "AH01899: CRL checking has been enabled, but neither SSLProxyCARevocationFile nor SSLProxyCARevocationPath is configured"
        }
        let failure: ByteString = "AH01900: unable to configure X.509 CRL storage for certificate revocation"
        guard let store = unsafe SSL_CTX_get_cert_store(context) else { return failure }
        if let file, unsafe file.withCString({ unsafe X509_STORE_load_file(store, $0) }) != 1 { return failure }
        if let path, unsafe path.withCString({ unsafe X509_STORE_load_path(store, $0) }) != 1 { return failure }
        switch check.mode {
        case .none: break
        case .leaf: unsafe _ = X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK))
        case .chain:
            unsafe _ = X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL))
        }
        return nil
    }

    // MARK: This server's own certificates

    private func loadMachineCertificates() -> ByteString? {
        var files: [ByteString] = []
        if let file = config.machineFile.value { files.append(file) }
        if let path = config.machinePath.value {
            let names = ((try? Directory.entries(path)) ?? []).map(\.name).sorted()
            files += names.filter { $0.first != UInt8(ascii: ".") }.map { "\(path)/\($0)" }
        }
        guard !files.isEmpty else { return nil }
        unsafe SSL_CTX_set_post_handshake_auth(context, 1)
        unsafe ctls_client_callback(context) { ssl, certificate, key in
            guard let ssl = unsafe ssl, let certificate = unsafe certificate, let key = unsafe key,
                let owner = unsafe ctls_ctx_owner(SSL_get_SSL_CTX(ssl))
            else { return 0 }
            let context = unsafe Unmanaged<OutgoingTLSContext>.fromOpaque(owner).takeUnretainedValue()
            return unsafe context.choose(ssl, certificate, key)
        }
        for file in files {
            if let why = load(file) { return why }
        }
        if let chain = config.machineChain.value, let store = unsafe SSL_CTX_get_cert_store(context) {
            unsafe _ = chain.withCString { unsafe X509_STORE_load_file(store, $0) }
        }
        return nil
    }
    private func load(_ file: ByteString) -> ByteString? {
        guard let bio = unsafe file.withCString({ unsafe BIO_new_file($0, "r") }) else { return nil }
        defer { unsafe BIO_free(bio) }
        guard let list = unsafe ctls_read_infos(bio) else { return nil }
        defer { unsafe ctls_infos_free(list) }
        for index in 0..<(unsafe ctls_info_count(list)) {
            guard let certificate = unsafe ctls_info_certificate(list, index) else { continue }
            guard let key = unsafe ctls_info_key(list, index) else {
                if unsafe ctls_info_is_encrypted(list, index) == 1 {
                    return
                        "AH02252: incomplete client cert configured for SSL proxy (missing or encrypted private key?)"
                }
                // A certificate alone is trusted as an issuer.
                if let store = unsafe SSL_CTX_get_cert_store(context) {
                    unsafe _ = X509_STORE_add_cert(store, certificate)
                }
                continue
            }
            guard unsafe X509_check_private_key(certificate, key) == 1 else {
                return "AH02326: proxy client certificate and private key do not match"
            }
            unsafe pairs.append(MachineCertificate(certificate, key))
        }
        OpenSSLError.clear()
        return nil
    }
    /// The first certificate whose issuer the other end takes.
    private func choose(
        _ ssl: OpaquePointer, _ certificate: UnsafeMutablePointer<OpaquePointer?>,
        _ key: UnsafeMutablePointer<OpaquePointer?>
    ) -> Int32 {
        for pair in pairs where unsafe ctls_peer_takes(ssl, X509_get_issuer_name(pair.certificate)) == 1 {
            unsafe X509_up_ref(pair.certificate)
            unsafe EVP_PKEY_up_ref(pair.key)
            unsafe certificate.pointee = pair.certificate
            unsafe key.pointee = pair.key
            return 1
        }
        return 0
    }

    // MARK: The other end's certificate

    /// ssl_callback_SSLVerify, for connections from here.
    static let verify: @convention(c) (Int32, OpaquePointer?) -> Int32 = { ok, store in
        guard let store = unsafe store,
            let ssl = unsafe X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
            let owner = unsafe ctls_ctx_owner(SSL_get_SSL_CTX(OpaquePointer(ssl)))
        else { return ok }
        let context = unsafe Unmanaged<OutgoingTLSContext>.fromOpaque(owner).takeUnretainedValue()
        return unsafe context.judge(ok == 1, store) ? 1 : 0
    }
    @unsafe private func judge(_ isFine: Bool, _ store: OpaquePointer) -> Bool {
        let error = unsafe X509_STORE_CTX_get_error(store)
        var isFine = isFine
        if config.verify.value == .optionalNoCA, ClientVerification.isMissingAuthority(error) { isFine = true }
        if error == X509_V_ERR_UNABLE_TO_GET_CRL, config.revocationCheck.value?.allowsMissing ?? false { isFine = true }
        guard isFine else { return false }
        if unsafe Int(X509_STORE_CTX_get_error_depth(store)) > config.depth.value(default: 1) {
            unsafe X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_CHAIN_TOO_LONG)
            return false
        }
        return true
    }
    /// What mod_ssl looks at when the handshake is done: dates and names. The complaint, if any.
    @unsafe func complaint(_ ssl: OpaquePointer, name: ByteString?) -> ByteString? {
        let certificate = unsafe SSL_get0_peer_certificate(ssl)
        if config.checksExpiry.value(default: true) {
            guard let certificate = unsafe certificate,
                unsafe X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0,
                unsafe X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0
            else { return "AH02004: SSL Proxy: Peer certificate is expired" }
        }
        guard let name else { return nil }
        let checksName = config.checksName.value(default: true)
        let checksCommonName = config.checksCommonName.value(default: true)
        guard
            checksName && (checksCommonName || config.checksName.value == true) || config.checksCommonName.value == true
        else { return nil }
        let mismatch: ByteString = "AH02411: SSL Proxy: Peer certificate does not match for hostname \(name)"
        guard let certificate = unsafe certificate else { return mismatch }
        let flags = UInt32(X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT)
        let isHost = unsafe name.withCString { unsafe X509_check_host(certificate, $0, name.count, flags, nil) } == 1
        if isHost { return nil }
        let isAddress = unsafe name.withCString { unsafe X509_check_ip_asc(certificate, $0, 0) } == 1
        return isAddress ? nil : mismatch
    }
}

/// A certificate and its key, held.
@safe final class MachineCertificate: @unchecked Sendable {
    let certificate: OpaquePointer
    let key: OpaquePointer
    init(_ certificate: OpaquePointer, _ key: OpaquePointer) {
        unsafe X509_up_ref(certificate)
        unsafe EVP_PKEY_up_ref(key)
        unsafe self.certificate = certificate
        unsafe self.key = key
    }
    deinit {
        unsafe X509_free(certificate)
        unsafe EVP_PKEY_free(key)
    }
}
