// Apache: modules/ssl/mod_ssl.c (ssl_config_cmds), ssl_engine_config.c (ssl_cmd_SSLProxy…)

import Bytes
import ConfigLanguage
import ServerCore

/// `SSLProxy…`: TLS to other servers.
enum OutgoingDirectives {
    private static let place: Allowed = [.server, .directory]

    static let rows: [Directive] = switches + authorities + machine + checks

    /// They belong to servers and into `<Proxy>`, nowhere else (PROXY_CONF).
    private static func checkPlace(_ context: DirectiveContext) throws(DirectiveError) {
        guard context.path != nil else { return }
        let inner = context.enclosing.last
        if inner != "proxy", inner != "proxymatch" { throw DirectiveError("\(context.directive) not allowed here") }
    }
    private static func flag(
        _ name: StaticString, _ usage: StaticString,
        _ path: any WritableKeyPath<OutgoingTLSConfig, Setting<Bool>> & Sendable
    ) -> Directive {
        Directive(
            name, place, usage,
            .flag { context, on throws(DirectiveError) in
                try checkPlace(context)
                context[TLS.outgoing][keyPath: path] = .set(on)
            })
    }
    private static func file(
        _ name: StaticString, _ usage: StaticString, isDirectory: Bool = false,
        _ path: any WritableKeyPath<OutgoingTLSConfig, Setting<ByteString>> & Sendable
    ) -> Directive {
        Directive(
            name, place, usage,
            .take1 { context, word throws(DirectiveError) in
                try checkPlace(context)
                let found =
                    isDirectory ? try TLSDirectives.directory(context, word) : try TLSDirectives.file(context, word)
                context[TLS.outgoing][keyPath: path] = .set(found)
            })
    }

    private static let switches: [Directive] = [
        flag("SSLProxyEngine", "SSL switch for the proxy protocol engine ('on', 'off')", \.isEnabled),
        Directive(
            "SSLProxyProtocol", place,
            "SSL Proxy: enable or disable SSL protocol flavors ('[+-][SSLv3|TLSv1|TLSv1.1|TLSv1.2] ...' - see manual)",
            .rawArgs { context, line throws(DirectiveError) in
                try checkPlace(context)
                context[TLS.outgoing].versions = .set(try TLSDirectives.versions(context, line))
            }),
        Directive(
            "SSLProxyCipherSuite", place,
            "SSL Proxy: colon-delimited list of permitted SSL ciphers , optionally preceded by protocol specifier ('XXX:...:XXX' - see manual)",
            .take12 { context, first, second throws(DirectiveError) in
                try checkPlace(context)
                let (kind, list) = second.map { (first, $0) } ?? ("SSL", first)
                switch kind {
                case "SSL": context[TLS.outgoing].cipherSuite = .set(list + ":!aNULL:!eNULL:!EXP")
                case "TLSv1.3": context[TLS.outgoing].suites = .set(list)
                default: throw DirectiveError("protocol '\(kind)' not supported")
                }
            }),
        Directive(
            "SSLProxyVerify", place, "SSL Proxy: whether to verify the remote certificate ('on' or 'off')",
            .take1 { context, word throws(DirectiveError) in
                try checkPlace(context)
                switch word {
                case "none", "off": context[TLS.outgoing].verify = .set(.none)
                case "optional": context[TLS.outgoing].verify = .set(.optional)
                case "require", "on": context[TLS.outgoing].verify = .set(.require)
                case "optional_no_ca": context[TLS.outgoing].verify = .set(.optionalNoCA)
                default: throw DirectiveError("SSLProxyVerify: Invalid argument '\(word)'")
                }
            }),
        Directive(
            "SSLProxyVerifyDepth", place,
            "SSL Proxy: maximum certificate verification depth ('N' - number of intermediate certificates)",
            .take1 { context, word throws(DirectiveError) in
                try checkPlace(context)
                context[TLS.outgoing].depth = .set(
                    try TLSDirectives.natural(word, "SSLProxyVerifyDepth: Invalid argument '\(word)'"))
            }),
    ]

    private static let authorities: [Directive] = [
        file(
            "SSLProxyCACertificateFile",
            "SSL Proxy: file containing server certificates ('/path/to/file' - PEM encoded certificates)",
            \.authorityFile),
        file(
            "SSLProxyCACertificatePath",
            "SSL Proxy: directory containing server certificates ('/path/to/dir' - contains PEM encoded certificates)",
            isDirectory: true, \.authorityPath),
        file(
            "SSLProxyCARevocationPath",
            "SSL Proxy: CA Certificate Revocation List (CRL) path ('/path/to/dir' - contains PEM encoded files)",
            isDirectory: true, \.revocationPath),
        file(
            "SSLProxyCARevocationFile",
            "SSL Proxy: CA Certificate Revocation List (CRL) file ('/path/to/file' - PEM encoded)", \.revocationFile),
        Directive(
            "SSLProxyCARevocationCheck", place, "SSL Proxy: CA Certificate Revocation List (CRL) checking mode",
            .rawArgs { context, line throws(DirectiveError) in
                try checkPlace(context)
                context[TLS.outgoing].revocationCheck = .set(try TLSDirectives.revocationMode(context, line))
            }),
    ]

    private static let machine: [Directive] = [
        file(
            "SSLProxyMachineCertificateFile",
            "SSL Proxy: file containing client certificates ('/path/to/file' - PEM encoded certificates)",
            \.machineFile),
        file(
            "SSLProxyMachineCertificatePath",
            "SSL Proxy: directory containing client certificates ('/path/to/dir' - contains PEM encoded certificates)",
            isDirectory: true, \.machinePath),
        file(
            "SSLProxyMachineCertificateChainFile",
            "SSL Proxy: file containing issuing certificates of the client certificate (`/path/to/file' - PEM encoded certificates)",
            \.machineChain),
    ]

    private static let checks: [Directive] = [
        flag("SSLProxyCheckPeerExpire", "SSL Proxy: check the peer certificate's expiration date", \.checksExpiry),
        flag("SSLProxyCheckPeerCN", "SSL Proxy: check the peer certificate's CN", \.checksCommonName),
        flag(
            "SSLProxyCheckPeerName",
            "SSL Proxy: check the peer certificate's name (must be present in subjectAltName extension or CN",
            \.checksName),
    ]
}
