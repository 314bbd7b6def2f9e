// Apache: modules/ssl/mod_ssl.c (ssl_config_cmds)

import Bytes
import ServerCore

/// The directives for servers and directories.
enum DirectiveTable {
    static let rows: [Directive] = [
        Directive(
            "SSLPassPhraseDialog", .server,
            "SSL dialog mechanism for the pass phrase query ('builtin', '|/path/to/pipe_program', or 'exec:/path/to/cgi_program')",
            .take1(TLSDirectives.passPhraseDialog)),
        Directive(
            "SSLSessionCache", .server,
            "SSL Session Cache storage ('none', 'nonenotnull', 'dbm:/path/to/file')",
            .take1(TLSDirectives.sessionCache)),
        Directive(
            "SSLCryptoDevice", .server,
            "SSL external Crypto Device usage ('builtin', '...')",
            .take1(TLSDirectives.cryptoDevice)),
        Directive(
            "SSLRandomSeed", .server,
            "SSL Pseudo Random Number Generator (PRNG) seeding source ('startup|connect builtin|file:/path|exec:/path [bytes]')",
            .take23(TLSDirectives.randomSeed)),
        Directive(
            "SSLVHostSNIPolicy", .server,
            "SSL VirtualHost SNI compatibility policy setting",
            .take1(TLSDirectives.sniPolicy)),
        Directive(
            "SSLEngine", .server,
            "SSL switch for the protocol engine ('on', 'off')",
            .take1(TLSDirectives.engine)),
        Directive(
            "SSLFIPS", .server,
            "Enable FIPS-140 mode (`on', `off')",
            .flag(TLSDirectives.fips)),
        Directive(
            "SSLCipherSuite", .server.union(.authConfig),
            "Colon-delimited list of permitted SSL Ciphers, optional preceded by protocol identifier ('XXX:...:XXX' - see manual)",
            .take12(TLSDirectives.cipherSuite)),
        Directive(
            "SSLCertificateFile", .server,
            "SSL Server Certificate file ('/path/to/file' - PEM or DER encoded)",
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server].certificateFiles.append(try TLSDirectives.file(context, word))
            }),
        Directive(
            "SSLCertificateKeyFile", .server,
            "SSL Server Private Key file ('/path/to/file' - PEM or DER encoded)",
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server].keyFiles.append(try TLSDirectives.file(context, word))
            }),
        Directive(
            "SSLCertificateChainFile", .server,
            "SSL Server CA Certificate Chain file ('/path/to/file' - PEM encoded)",
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server].chainFile = .set(try TLSDirectives.file(context, word))
            }),
        Directive(
            "SSLSessionTicketKeyFile", .server,
            "TLS session ticket encryption/decryption key file (RFC 5077) ('/path/to/file' - file with 48 bytes of random data)",
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server].ticketKeyFile = .set(try TLSDirectives.file(context, word))
            }),
        Directive(
            "SSLCACertificatePath", .server.union(.authConfig),
            "SSL CA Certificate path ('/path/to/dir' - contains PEM encoded files)",
            .take1 { context, word throws(DirectiveError) in
                let path = try TLSDirectives.directory(context, word)
                try TLSDirectives.onlyForServer(context)
                context.server[TLS.server].authorityPath = .set(path)
            }),
        Directive(
            "SSLCACertificateFile", .server.union(.authConfig),
            "SSL CA Certificate file ('/path/to/file' - PEM encoded)",
            .take1 { context, word throws(DirectiveError) in
                let path = try TLSDirectives.file(context, word)
                try TLSDirectives.onlyForServer(context)
                context.server[TLS.server].authorityFile = .set(path)
            }),
        Directive(
            "SSLCADNRequestPath", .server,
            "SSL CA Distinguished Name path ('/path/to/dir' - symlink hashes to PEM of acceptable CA names to request)",
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server].authorityNamesPath = .set(try TLSDirectives.directory(context, word))
            }),
        Directive(
            "SSLCADNRequestFile", .server,
            "SSL CA Distinguished Name file ('/path/to/file' - PEM encoded to derive acceptable CA names to request)",
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server].authorityNamesFile = .set(try TLSDirectives.file(context, word))
            }),
        Directive(
            "SSLCARevocationPath", .server,
            "SSL CA Certificate Revocation List (CRL) path ('/path/to/dir' - contains PEM encoded files)",
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server].revocationPath = .set(try TLSDirectives.directory(context, word))
            }),
        Directive(
            "SSLCARevocationFile", .server,
            "SSL CA Certificate Revocation List (CRL) file ('/path/to/file' - PEM encoded)",
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server].revocationFile = .set(try TLSDirectives.file(context, word))
            }),
        Directive(
            "SSLCARevocationCheck", .server,
            "SSL CA Certificate Revocation List (CRL) checking mode",
            .rawArgs(TLSDirectives.revocationCheck)),
        Directive(
            "SSLVerifyClient", .server.union(.authConfig),
            "SSL Client verify type ('none', 'optional', 'require', 'optional_no_ca')",
            .take1(TLSDirectives.verifyClient)),
        Directive(
            "SSLVerifyDepth", .server.union(.authConfig),
            "SSL Client verify depth ('N' - number of intermediate certificates)",
            .take1(TLSDirectives.verifyDepth)),
        Directive(
            "SSLSessionCacheTimeout", .server,
            "SSL Session Cache object lifetime ('N' - number of seconds)",
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server].sessionCacheTimeout = .set(
                    try TLSDirectives.natural(word, "SSLSessionCacheTimeout: Invalid argument"))
            }),
        Directive(
            "SSLProtocol", .server,
            "Enable or disable various SSL protocols ('[+-][SSLv3|TLSv1|TLSv1.1|TLSv1.2] ...' - see manual)",
            .rawArgs(TLSDirectives.protocols)),
        .onOff("SSLHonorCipherOrder", "Use the server's cipher ordering preference", \.honorCipherOrder),
        Directive(
            "SSLCompression", .server,
            "Enable SSL level compression (`on', `off')",
            .flag(TLSDirectives.compression)),
        .onOff("SSLSessionTickets", "Enable or disable TLS session tickets(`on', `off')", \.sessionTickets),
        .onOff("SSLInsecureRenegotiation", "Enable support for insecure renegotiation", \.insecureRenegotiation),
        Directive(
            "SSLUserName", .server.union(.authConfig),
            "Set user name to SSL variable value",
            .take1 { context, word in context[TLS.directory].userName = .set(word) }),
        .onOff("SSLStrictSNIVHostCheck", "Strict SNI virtual host checking", \.strictSNICheck),
        Directive(
            "SSLOptions", .options,
            "Set one or more options to configure the SSL engine('[+-]option[=value] ...' - see manual)",
            .rawArgs(TLSDirectives.options)),
        Directive(
            "SSLRequireSSL", .authConfig,
            "Require the SSL protocol for the per-directory context (no arguments)",
            .noArgs { context in context[TLS.directory].requiresSSL = true }),
        Directive(
            "SSLRequire", .authConfig,
            "Require a boolean expression to evaluate to true for granting access(arbitrary complex boolean expression - see manual)",
            .rawArgs(TLSDirectives.require)),
        Directive(
            "SSLRenegBufferSize", .authConfig,
            "Configure the amount of memory that will be used for buffering the request body if a per-location SSL renegotiation is required due to changed access control requirements",
            .take1(TLSDirectives.bufferSize)),
        Directive(
            "SSLOpenSSLConfCmd", .server,
            "OpenSSL configuration command",
            .take2(TLSDirectives.openSSLCommand)),
        Directive(
            "SSLSRPVerifierFile", .server,
            "SRP verifier file ('/path/to/file' - created by srptool)",
            .unsupported(
                "OpenSSL's support for SRP is deprecated and not built in here: remove this line")),
        Directive(
            "SSLSRPUnknownUserSeed", .server,
            "SRP seed for unknown users (to avoid leaking a user's existence) ('some secret text')",
            .unsupported(
                "OpenSSL's support for SRP is deprecated and not built in here: remove this line")),
    ]
}

extension Directive {
    /// A directive of a server that is on or off.
    static func onOff(
        _ name: StaticString, _ usage: StaticString,
        _ path: any WritableKeyPath<TLSServerConfig, Setting<Bool>> & Sendable
    ) -> Directive {
        Directive(name, .server, usage, .flag { context, on in context.server[TLS.server][keyPath: path] = .set(on) })
    }
    /// A directive of a server that takes a number from 0 on.
    static func number(
        _ name: StaticString, _ usage: StaticString,
        _ path: any WritableKeyPath<TLSServerConfig, Setting<Int>> & Sendable
    ) -> Directive {
        Directive(
            name, .server, usage,
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server][keyPath: path] = .set(
                    try TLSDirectives.natural(word, "\(name): invalid argument"))
            })
    }
}
