// Apache: modules/ssl/ssl_engine_init.c

import Bytes
import CTLS
import Expressions
import Kernel
import ServerCore
import Synchronization

/// What outlives a reload, so that sessions do: made by the parent when the first configuration needs it.
enum SharedState {
    static let tickets = try? TicketKeys(random: SessionCallbacks.random, now: SessionCallbacks.now)
    private static let caches = Mutex<[Int: SessionCache]>([:])
    static func cache(size: Int) -> SessionCache? {
        caches.withLock { known in
            if let cache = known[size] { return cache }
            let made = try? SessionCache(size: size)
            known[size] = made
            return made
        }
    }
}

/// Makes every server's settings ready, in the parent and before it gives up its privileges: only it reads private keys.
enum TLSInit {
    static func makeState(_ configuration: Configuration) throws(DirectiveError) -> TLSState {
        let main = configuration.mainServer!
        try setFIPS(main)
        let policy = main[TLS.server].sniPolicy.value(default: .secure)
        var contexts: [TLSContext?] = []
        var keys: [ByteString?] = []
        for server in configuration.servers {
            contexts.append(server.isTLS ? try make(server, asksForPhrases: true) : nil)
            keys.append(server.isTLS ? policyKey(server, policy) : nil)
        }
        warnAboutPorts(configuration)
        if case .shared = main[TLS.server].sessionCache.value(default: .none) {
        } else {
            configuration.say(
                .warning, "ssl", "AH01873: Init: Session Cache is not configured [hint: SSLSessionCache]")
        }
        return TLSState(
            contexts: contexts, policy: policy, policyKeys: keys,
            managed: ManagedCertificates(configuration.certificateBoard))
    }

    static func fail(_ server: Server, _ lines: [ByteString], dies: Bool = true) -> DirectiveError {
        var all = lines + OpenSSLError.lines()
        if dies {
            if server.isVirtual, let log = server.errorLogName {
                all.append(
                    "AH02311: Fatal error initialising mod_ssl, exiting. See \(server.configuration.serverRelative(log)) for more information"
                )
            } else {
                all.append("AH02312: Fatal error initialising mod_ssl, exiting.")
            }
        }
        return DirectiveError(fatal: all.map(\.string).joined(separator: "\n"))
    }

    /// - Parameter asksForPhrases: Otherwise encrypted keys are left out.
    static func make(_ server: Server, asksForPhrases: Bool) throws(DirectiveError) -> TLSContext {
        OpenSSLError.clear()
        let config = server[TLS.server]
        guard let context = TLSContext(server) else {
            throw fail(server, ["AH02231: No SSL protocols available [hint: SSLProtocol]"])
        }
        let versions = config.versions.value(default: [.tls12, .tls13])
        guard !versions.isEmpty else {
            throw fail(server, ["AH02231: No SSL protocols available [hint: SSLProtocol]"])
        }
        context.allow(versions)
        context.set(
            compression: false, tickets: config.sessionTickets.value(default: true),
            honoursOrder: config.honorCipherOrder.value(default: false),
            insecureRenegotiation: config.insecureRenegotiation.value(default: false))
        context.setSessionContext(Digest.md5(server.sslID.bytes))
        context.setSessionTimeout(config.sessionCacheTimeout.value(default: 300))
        context.installCallbacks()
        try setSessions(context, server, config)
        try setClientVerification(context, server, config)
        let ciphers = config.cipherSuite.value(default: "\(Self.defaultCiphers):!aNULL:!eNULL:!EXP")
        guard context.setCiphers(ciphers) else {
            throw fail(server, ["AH01898: Unable to configure permitted SSL ciphers"])
        }
        if let suites = config.suites.value, !context.setSuites(suites) {
            throw fail(server, ["AH10127: Unable to configure permitted TLSv1.3 ciphers"])
        }
        try setRevocation(context, server, config)
        if let chain = config.chainFile.value {
            guard context.useChain(chain, skippingFirst: config.certificateFiles.contains(chain)) != nil else {
                throw fail(server, ["AH01903: Failed to configure CA certificate chain!"])
            }
        }
        try useCertificates(context, server, config, asksForPhrases)
        useParameters(context, server, config.certificateFiles.first)
        context.responderCertificates = try responderCertificates(server, config)
        if let failed = context.configure(config.commands.map { ($0.name, $0.value) }) {
            guard failed.index < config.commands.count else {
                throw fail(server, ["AH02547: SSL_CONF_CTX_finish() failed"])
            }
            let command = config.commands[failed.index]
            throw fail(
                server,
                ["AH02407: \"SSLOpenSSLConfCmd \(command.name) \(command.value)\" failed for \(server.sslID)"])
        }
        if unsafe KernelTLS.isWanted(context.context), !KernelTLS.isThere {
            server.configuration.say(
                .warning, "ssl",
                "Init: (\(server.sslID)) SSLOpenSSLConfCmd Options KTLS has no effect: this kernel has no TLS [hint: modprobe tls]"
            )
        }
        guard context.hasMatchingKey || !asksForPhrases else {
            throw fail(server, ["AH02572: Failed to configure at least one certificate and key for \(server.sslID)"])
        }
        try prepareStapling(context, server)
        return context
    }
    /// `SSLFIPS`: for all of the process.
    private static func setFIPS(_ main: Server) throws(DirectiveError) {
        let isWanted = main[TLS.server].fips.value(default: false)
        guard isWanted != (EVP_default_properties_is_fips_enabled(nil) == 1) else { return }
        let isDone = EVP_default_properties_enable_fips(nil, isWanted ? 1 : 0) == 1
        let isThere = unsafe OSSL_PROVIDER_available(nil, "fips") == 1
        guard isDone, isThere || !isWanted else {
            throw fail(main, ["AH01885: Could not enable FIPS mode"])
        }
    }
    private static let defaultCiphers: ByteString = "DEFAULT"

    private static func setSessions(
        _ context: TLSContext, _ server: Server, _ config: TLSServerConfig
    ) throws(DirectiveError) {
        var cache: SessionCache?
        if case .shared(_, let size) = server.configuration.mainServer[TLS.server].sessionCache.value(default: .none) {
            cache = SharedState.cache(size: size)
            if cache == nil {
                throw fail(server, ["AH00622: Could not allocate shared memory segment for shmcb cache"])
            }
        }
        var tickets = SharedState.tickets
        if let file = config.ticketKeyFile.value {
            guard let bytes = try? File.readWhole(file, limit: 4096), let keys = try? TicketKeys(file: bytes) else {
                throw fail(server, ["AH02287: Failed to read ticket key file \(file): (-1)"])
            }
            tickets = keys
        }
        context.installSessions(cache, tickets: tickets)
    }

    private static func useCertificates(
        _ context: TLSContext, _ server: Server, _ config: TLSServerConfig, _ asksForPhrases: Bool
    ) throws(DirectiveError) {
        var files = config.certificateFiles
        var keyFiles = config.keyFiles
        // mod_md adds what it has to what the virtual host names itself.
        if let source = server.configuration.provider(CertificateSource.group, "md"),
            let managed = source.files(server), files.isEmpty || !managed.isFallback
        {
            while keyFiles.count < files.count { keyFiles.append(files[keyFiles.count]) }
            files += managed.pairs.map(\.certificate)
            keyFiles += managed.pairs.map(\.key)
            context.isFallback = managed.isFallback
            if managed.isFallback {
                server.configuration.say(
                    .warning, "ssl",
                    "AH10085: Init: \(server.sslID) will respond with '503 Service Unavailable' for now. There are no SSL certificates configured and no other module contributed any."
                )
            }
        }
        for (index, file) in files.enumerated() {
            let id: ByteString = "\(server.sslID):\(index)"
            let hasChainFile = config.chainFile.value != nil
            guard context.useCertificate(file, withChain: !hasChainFile) else {
                throw fail(
                    server,
                    [
                        hasChainFile
                            ? "AH02561: Failed to configure certificate \(id), check \(file)"
                            : "AH02562: Failed to configure certificate \(id) (with chain), check \(file)"
                    ], dies: false)
            }
            let keyFile = index < keyFiles.count ? keyFiles[index] : file
            switch context.useKey(keyFile) {
            case .ok: break
            case .mismatch:
                OpenSSLError.clear()
                throw fail(
                    server, ["AH02565: Certificate and private key \(id) from \(file) and \(keyFile) do not match"],
                    dies: false)
            case .unreadable:
                if !asksForPhrases, PassPhrases.areNeeded(keyFile) { continue }
                try useEncryptedKey(context, server, id, keyFile, file)
            }
            if let certificate = context.certificate { check(certificate, id, server) }
            if !context.isFallback, ProvidedStaples.prime(server, file: file, chain: config.chainFile.value) {
                unsafe ProvidedStaples.install(context.context)
                if let certificate = context.certificate { context.provided.append(certificate.fingerprint) }
            }
            server.configuration.say(
                .info, "ssl", "AH02568: Certificate and private key \(id) configured from \(file) and \(keyFile)")
        }
    }
    private static func useEncryptedKey(
        _ context: TLSContext, _ server: Server, _ id: ByteString, _ keyFile: ByteString, _ file: ByteString
    ) throws(DirectiveError) {
        let first = OpenSSLError.lines()
        let dialog = server.configuration.mainServer[TLS.server].passPhraseDialog.value(default: "builtin")
        var attempts = PassPhrases.Attempts(dialog, server, id, keyFile)
        while let phrase = attempts.next() {
            switch context.useKey(keyFile, passphrase: phrase) {
            case .ok: return PassPhrases.remember(phrase)
            case .mismatch:
                OpenSSLError.clear()
                throw fail(
                    server, ["AH02565: Certificate and private key \(id) from \(file) and \(keyFile) do not match"],
                    dies: false)
            case .unreadable: continue
            }
        }
        OpenSSLError.clear()
        throw fail(
            server, ["AH02564: Failed to configure encrypted (?) private key \(id), check \(keyFile)"] + first,
            dies: false)
    }

    /// ssl_check_public_cert.
    private static func check(_ certificate: Certificate, _ id: ByteString, _ server: Server) {
        let say = { (text: ByteString) in server.configuration.say(.warning, "ssl", text.string) }
        if let constraints = certificate.basicConstraints {
            if constraints.isAuthority {
                say("AH01906: \(id) server certificate is a CA certificate (BasicConstraints: CA == TRUE !?)")
            }
            if constraints.pathLength > 0 {
                say(
                    "AH01907: \(id) server certificate is not a leaf certificate (BasicConstraints: pathlen == \(constraints.pathLength) > 0 !?)"
                )
            }
        }
        if !certificate.matches(server.serverName ?? server.configuration.hostName) {
            say("AH01909: \(id) server certificate does NOT include an ID which matches the server name")
        }
    }

    private static func setClientVerification(
        _ context: TLSContext, _ server: Server, _ config: TLSServerConfig
    ) throws(DirectiveError) {
        let mode = config.verifyClient.value(default: .none)
        context.setVerify(mode.flags)
        let (file, path) = (config.authorityFile.value, config.authorityPath.value)
        if file != nil || path != nil {
            guard context.loadAuthorities(file: file, path: path) else {
                throw fail(server, ["AH01895: Unable to configure verify locations for client authentication"])
            }
            let names = (config.authorityNamesFile.value, config.authorityNamesPath.value)
            let count =
                names.0 != nil || names.1 != nil
                ? context.addAuthorityNames(file: names.0, path: names.1)
                : context.addAuthorityNames(file: file, path: path)
            guard count > 0 else {
                OpenSSLError.clear()
                throw fail(
                    server,
                    ["AH01896: Unable to determine list of acceptable CA certificates for client authentication"])
            }
        }
        if mode == .require, context.authorityNameCount == 0 {
            server.configuration.say(
                .warning, "ssl",
                "AH01897: Init: Oops, you want to request client authentication, but no CAs are known for verification!?  [Hint: SSLCACertificate*]"
            )
        }
    }

    private static func setRevocation(
        _ context: TLSContext, _ server: Server, _ config: TLSServerConfig
    ) throws(DirectiveError) {
        let check = config.revocationCheck.value(default: .init())
        let (file, path) = (config.revocationFile.value, config.revocationPath.value)
        guard file != nil || path != nil else {
            if check.mode != .none {
                throw fail(
                    server,
                    [
                        "AH01899: Host \(server.sslID): CRL checking has been enabled, but neither SSLCARevocationFile nor SSLCARevocationPath is configured"
                    ])
            }
            return
        }
        let flags: UInt =
            switch check.mode {
            case .none: 0
            case .leaf: UInt(X509_V_FLAG_CRL_CHECK)
            case .chain: UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL)
            }
        guard context.loadRevocations(file: file, path: path, flags: flags) else {
            throw fail(
                server,
                [
                    "AH01901: Host \(server.sslID): unable to configure X.509 CRL storage for certificate revocation"
                ])
        }
        if check.mode == .none {
            server.configuration.say(
                .warning, "ssl",
                "AH01902: Host \(server.sslID): X.509 CRL storage locations configured, but CRL checking (SSLCARevocationCheck) is not enabled"
            )
        }
    }

    /// ssl_init_CheckServers.
    private static func warnAboutPorts(_ configuration: Configuration) {
        for server in configuration.servers {
            if server.isTLS, server.port == 80 {
                configuration.say(
                    .warning, "ssl",
                    "AH01915: Init: (\(server.sslID)) You configured HTTPS(443) on the standard HTTP(80) port!")
            } else if !server.isTLS, server.port == 443 {
                configuration.say(
                    .warning, "ssl",
                    "AH01916: Init: (\(server.sslID)) You configured HTTP(80) on the standard HTTPS(443) port!")
            }
        }
    }

    /// What two servers must agree in under `SSLVHostSNIPolicy` (create_sni_policy_hash).
    private static func policyKey(_ server: Server, _ policy: SNIPolicy) -> ByteString {
        guard policy == .secure || policy == .authonly else { return "" }
        let config = server[TLS.server]
        func text(_ setting: Setting<ByteString>) -> String { setting.value?.string ?? "" }
        let check = config.revocationCheck.value
        var parts = [
            "\(config.verifyClient.value(default: .none))", "\(config.verifyDepth.value(default: 1))",
            text(config.authorityNamesPath), text(config.authorityNamesFile), text(config.authorityPath),
            text(config.authorityFile), text(config.revocationPath), text(config.revocationFile),
            check.map { "\($0.mode) \($0.allowsMissing)" } ?? "",
        ]
        parts += config.commands.map { "\($0.name)=\($0.value)" }
        if policy == .secure {
            parts += [
                "\(config.versions.value(default: [.tls12, .tls13]).rawValue)", text(config.cipherSuite),
                text(config.suites),
            ]
            parts += config.certificateFiles.map(\.string).sorted() + config.keyFiles.map(\.string).sorted()
        }
        return ByteString(parts.joined(separator: "\n"))
    }
}
