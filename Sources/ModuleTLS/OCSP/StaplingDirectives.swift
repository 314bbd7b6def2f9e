// Apache: modules/ssl/mod_ssl.c (ssl_config_cmds), ssl_engine_config.c (ssl_cmd_SSLStapling*)

import Bytes
import ServerCore

/// The directives about stapling.
enum StaplingDirectives {
    static let rows: [Directive] = [
        Directive(
            "SSLStaplingCache", .server,
            "SSL Stapling Response Cache storage (`dbm:/path/to/file')",
            .take1(TLSDirectives.staplingCache)),
        .onOff("SSLUseStapling", "SSL switch for the OCSP Stapling protocol (`on', `off')", \.stapling.isEnabled),
        .number(
            "SSLStaplingResponseTimeSkew", "SSL stapling option for maximum time difference in OCSP responses",
            \.stapling.timeSkew),
        .number(
            "SSLStaplingResponderTimeout", "SSL stapling option for OCSP responder timeout", \.stapling.responderTimeout
        ),
        .number(
            "SSLStaplingResponseMaxAge", "SSL stapling option for maximum age of OCSP responses", \.stapling.maximumAge),
        .number(
            "SSLStaplingStandardCacheTimeout", "SSL stapling option for normal OCSP Response Cache Lifetime",
            \.stapling.cacheTimeout),
        .onOff(
            "SSLStaplingReturnResponderErrors",
            "SSL stapling switch to return Status Errors Back to Client(`on', `off')", \.stapling.returnsErrors),
        .onOff(
            "SSLStaplingFakeTryLater", "SSL stapling switch to send tryLater response to client on error (`on', `off')",
            \.stapling.fakesTryLater),
        .number(
            "SSLStaplingErrorCacheTimeout", "SSL stapling option for OCSP Response Error Cache Lifetime",
            \.stapling.errorCacheTimeout),
        Directive(
            "SSLStaplingForceURL", .server,
            "SSL stapling option to Force the OCSP Stapling URL",
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server].stapling.forceURL = .set(word)
            }),
    ]
}
