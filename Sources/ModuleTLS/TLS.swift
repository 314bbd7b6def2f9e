// Apache: modules/ssl/mod_ssl.c

import Bytes
import EventLoop
import Kernel
import Modules
import ServerCore

/// The modules of this target, for the composition's list.
public let tlsModules: [ModuleDefinition] = [TLS.sharedCache, TLS.module]

/// mod_ssl: HTTPS, over OpenSSL.
public enum TLS {
    static let server = ConfigKey<TLSServerConfig>()
    static let directory = ConfigKey<TLSDirectoryConfig>()
    static let outgoing = ConfigKey<OutgoingTLSConfig>()

    /// mod_socache_shmcb: the cache itself is ``SessionCache``.
    static let sharedCache = ModuleDefinition("socache_shmcb", .cache, directives: [])

    public static let module = ModuleDefinition(
        "ssl", .core,
        directives: DirectiveTable.rows + StaplingDirectives.rows + RevocationDirectives.rows + OutgoingDirectives.rows
    ) { hooks in
        hooks.onCheckConfig { configuration in
            for server in configuration.servers { server.usesTLS = server.isTLS }
        }
        hooks.onTestConfig { configuration throws(DirectiveError) in try TLSTest.run(configuration) }
        hooks.onPostConfig { configuration throws(DirectiveError) in
            configuration.moduleState[ObjectIdentifier(TLSState.self)] = try TLSInit.makeState(configuration)
        }
        hooks.onPostConfig(OutgoingTLS.prepare)
        hooks.setOutgoingSecurity(OutgoingTLS.open)
        hooks.setTransport(transport)
        hooks.setTLSVariables(TLSVariables.lookup, extensions: TLSVariables.peerExtensions)
        hooks.onPostReadRequest(TLSRequests.checkServer, before: ["mod_setenvif.c"])
        hooks.onAccessChecker(TLSRequests.checkAccess)
        hooks.onCheckUserID(TLSRequests.checkUser, order: .first)
        hooks.onAuthChecker(TLSRequests.checkAuthorization)
        hooks.onFixups(TLSRequests.setVariables)
        TLSAuthorization.register(&hooks)
    }

    @Sendable private static func transport(_ server: Server) -> TransportMaker? {
        guard let state = server.configuration.tls, state.context(of: server) != nil else { return nil }
        return { worker, channel in
            guard let context = state.context(of: server) else { return nil }
            return TLSTransport(worker, channel, context, worker.candidates(of: channel))
        }
    }
}

/// What the parent made of the directives, for all children.
final class TLSState: @unchecked Sendable {
    /// By the servers' numbers; nil is a server without TLS.
    private var contexts: [TLSContext?]
    let policy: SNIPolicy
    /// What servers must have in common for connections to change between them, by number (create_sni_policy_hash);
    /// nil is a server without TLS, which has nothing in common with another.
    let policyKeys: [ByteString?]
    let managed: ManagedCertificates

    init(contexts: [TLSContext?], policy: SNIPolicy, policyKeys: [ByteString?], managed: ManagedCertificates) {
        self.managed = managed
        self.contexts = contexts
        self.policy = policy
        self.policyKeys = policyKeys
    }
    func context(of server: Server) -> TLSContext? {
        server.number < contexts.count ? contexts[server.number] : nil
    }
    /// What answers an ACME challenge which a ClientHello asks for (RFC 8737).
    func challenge(_ transport: TLSTransport, _ protocols: [ByteString]) -> CertificateInMemory? {
        guard protocols.contains("acme-tls/1"), let name = transport.serverName else { return nil }
        let configuration = transport.worker.configuration
        guard let source = configuration.provider(CertificateSource.group, "md"),
            let pair = source.challenge(name, configuration)
        else { return nil }
        return CertificateInMemory(pair)
    }

    /// Whether a connection whose handshake was for `first` may ask for `second`.
    func allows(_ first: Server, _ second: Server) -> Bool {
        switch policy {
        case .insecure: true
        case .strict: first === second
        case .secure, .authonly:
            first === second
                || policyKey(first).map { $0 == policyKey(second) } ?? false
        }
    }
    private func policyKey(_ server: Server) -> ByteString? {
        server.number < policyKeys.count ? policyKeys[server.number] : nil
    }
}

extension Configuration {
    var tls: TLSState? { moduleState[ObjectIdentifier(TLSState.self)] as? TLSState }
}

extension Server {
    /// `name:port`, as messages name servers (ssl_util_vhostid).
    var sslID: ByteString {
        let port = port != 0 ? port : isTLS ? 443 : 80
        return "\(serverName ?? configuration.hostName):\(port)"
    }
    /// SSLEngine, or `Listen … https` on one of its ports where it has a certificate.
    var isTLS: Bool {
        let config = self[TLS.server]
        if let said = config.isEnabled.value { return said }
        guard !config.certificateFiles.isEmpty else { return false }
        return configuration.process.listens.contains { listen in
            listen.scheme == "https"
                && (isVirtual ? addresses.contains { $0.port == listen.port } : port == listen.port)
        }
    }
}

extension TLSTransport {
    /// `SSLVerifyClient` and its like, as they hold for the connection now.
    var verification: VerificationRules {
        let config = server[TLS.server]
        return VerificationRules(
            mode: requestVerify ?? config.verifyClient.value(default: .none),
            depth: requestDepth ?? config.verifyDepth.value(default: 1),
            allowsMissingRevocations: config.revocationCheck.value?.allowsMissing ?? false)
    }
}
