// Apache: modules/ssl/mod_ssl.c (ssl_hook_ssl_bind_outgoing), ssl_engine_init.c (ssl_proxy_section_post_config)

import Bytes
import EventLoop
import Modules
import ServerCore

/// TLS to backends: what mod_ssl offers to the proxy modules.
enum OutgoingTLS {
    /// In the parent: a context for every configuration that a server or a `<Proxy>` section has.
    @Sendable static func prepare(_ configuration: Configuration) throws(DirectiveError) {
        let state = OutgoingTLSState()
        for server in configuration.servers {
            let base = server.lookupDefaults.vector[TLS.outgoing]
            try state.add(base)
            // A request goes through every section that agrees; each on top of the server, and all of them in turn.
            var whole = base
            for section in Proxy.sections(of: server) {
                let own = section.vector[TLS.outgoing]
                try state.add(OutgoingTLSConfig.merged(base, own))
                whole = OutgoingTLSConfig.merged(whole, own)
                try state.add(whole)
            }
        }
        configuration.moduleState[ObjectIdentifier(OutgoingTLSState.self)] = state
    }

    @Sendable static func open(_ request: Request, _ wish: OutgoingSecurityWish) -> OutgoingSecurity? {
        guard let context = context(request) else { return nil }
        let server = request.server
        return OutgoingSecurity(name: "tls\(context.number)\(wish.protocols.first ?? "")") { loop, channel in
            OutgoingTransport(loop, channel, context, wish, server)
        }
    }
    private static func context(_ request: Request) -> OutgoingTLSContext? {
        let worker = request.connection.worker
        let key = ObjectIdentifier(OutgoingTLSChoices.self)
        let choices: OutgoingTLSChoices
        if let known = worker.moduleState[key] as? OutgoingTLSChoices {
            choices = known
        } else {
            choices = OutgoingTLSChoices()
            worker.moduleState[key] = choices
        }
        return choices.context(request)
    }
}

/// Every context the parent made.
final class OutgoingTLSState: @unchecked Sendable {
    private(set) var contexts: [OutgoingTLSContext] = []

    func add(_ config: OutgoingTLSConfig) throws(DirectiveError) {
        guard config.isEnabled.value(default: false), find(config) == nil else { return }
        var complaint = ByteString()
        guard let made = OutgoingTLSContext(config, number: contexts.count, complaint: &complaint) else {
            let lines = [complaint] + OpenSSLError.lines() + ["AH02312: Fatal error initialising mod_ssl, exiting."]
            throw DirectiveError(fatal: lines.map(\.string).joined(separator: "\n"))
        }
        contexts.append(made)
    }
    func find(_ config: OutgoingTLSConfig) -> OutgoingTLSContext? { contexts.first { $0.config == config } }
}

/// Which context a request's configuration has, remembered by one loop.
final class OutgoingTLSChoices {
    private var known: [ObjectIdentifier: (config: PerDirectoryConfig, context: OutgoingTLSContext?)] = [:]

    func context(_ request: Request) -> OutgoingTLSContext? {
        let here = request.perDirectory
        let key = ObjectIdentifier(here)
        if let found = known[key] { return found.context }
        if known.count >= 256 { known.removeAll() }
        let context = find(request)
        // The configuration is held, so that its identity stays its own.
        known[key] = (here, context)
        return context
    }
    private func find(_ request: Request) -> OutgoingTLSContext? {
        let config = request[TLS.outgoing]
        guard config.isEnabled.value(default: false) else { return nil }
        let state = request.configuration.moduleState[ObjectIdentifier(OutgoingTLSState.self)] as? OutgoingTLSState
        if let found = state?.find(config) { return found }
        // Sections in an unforeseen order: made here, as far as files can be read.
        var complaint = ByteString()
        let made = OutgoingTLSContext(config, number: 1000 + known.count, complaint: &complaint)
        if made == nil { request.server.log(.error, "ssl", complaint) }
        return made
    }
}
