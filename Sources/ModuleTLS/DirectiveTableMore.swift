// Apache: modules/ssl/mod_ssl.c (ssl_config_cmds)

import Bytes
import ServerCore

/// The directives about stapling, and those for what is not built.
enum DirectiveTableMore {
    static let rows: [Directive] = passwords + OutgoingDirectives.rows + revocation

    private static let passwords: [Directive] = [
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

    private static let revocation: [Directive] = [
        Directive(
            "SSLStaplingCache", .server,
            "SSL Stapling Response Cache storage (`dbm:/path/to/file')",
            .take1(TLSDirectives.staplingCache)),
        Directive(
            "SSLUseStapling", .server,
            "SSL switch for the OCSP Stapling protocol (`on', `off')",
            .flag { context, on in context.server[TLS.server].stapling.isEnabled = .set(on) }),
        Directive(
            "SSLStaplingResponseTimeSkew", .server,
            "SSL stapling option for maximum time difference in OCSP responses",
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server].stapling.timeSkew = .set(
                    try TLSDirectives.natural(word, "SSLStaplingResponseTimeSkew: invalid argument"))
            }),
        Directive(
            "SSLStaplingResponderTimeout", .server,
            "SSL stapling option for OCSP responder timeout",
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server].stapling.responderTimeout = .set(
                    try TLSDirectives.natural(word, "SSLStaplingResponderTimeout: invalid argument"))
            }),
        Directive(
            "SSLStaplingResponseMaxAge", .server,
            "SSL stapling option for maximum age of OCSP responses",
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server].stapling.maximumAge = .set(
                    try TLSDirectives.natural(word, "SSLStaplingResponseMaxAge: invalid argument"))
            }),
        Directive(
            "SSLStaplingStandardCacheTimeout", .server,
            "SSL stapling option for normal OCSP Response Cache Lifetime",
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server].stapling.cacheTimeout = .set(
                    try TLSDirectives.natural(word, "SSLStaplingStandardCacheTimeout: invalid argument"))
            }),
        Directive(
            "SSLStaplingReturnResponderErrors", .server,
            "SSL stapling switch to return Status Errors Back to Client(`on', `off')",
            .flag { context, on in context.server[TLS.server].stapling.returnsErrors = .set(on) }),
        Directive(
            "SSLStaplingFakeTryLater", .server,
            "SSL stapling switch to send tryLater response to client on error (`on', `off')",
            .flag { context, on in context.server[TLS.server].stapling.fakesTryLater = .set(on) }),
        Directive(
            "SSLStaplingErrorCacheTimeout", .server,
            "SSL stapling option for OCSP Response Error Cache Lifetime",
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server].stapling.errorCacheTimeout = .set(
                    try TLSDirectives.natural(word, "SSLStaplingErrorCacheTimeout: invalid argument"))
            }),
        Directive(
            "SSLStaplingForceURL", .server,
            "SSL stapling option to Force the OCSP Stapling URL",
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server].stapling.forceURL = .set(word)
            }),
    ]
}
