// Apache: modules/ssl/mod_ssl.c (ssl_config_cmds), ssl_engine_config.c (ssl_cmd_SSLOCSP*)

import Bytes
import ServerCore

/// The directives about asking OCSP responders for clients' certificates.
enum RevocationDirectives {
    static let rows: [Directive] = [
        Directive(
            "SSLOCSPEnable", .server,
            "Enable use of OCSP to verify certificate revocation mode ('on', 'leaf', 'off')", .rawArgs(enable)),
        Directive(
            "SSLOCSPDefaultResponder", .server, "URL of the default OCSP Responder",
            .take1 { context, word in context.server[TLS.server].revocation.responder = .set(word) }),
        .onOff(
            "SSLOCSPOverrideResponder", "Force use of the default responder URL ('on', 'off')", \.revocation.overrides),
        .number("SSLOCSPResponseTimeSkew", "Maximum time difference in OCSP responses", \.revocation.timeSkew),
        .number("SSLOCSPResponseMaxAge", "Maximum age of OCSP responses", \.revocation.maximumAge),
        .number("SSLOCSPResponderTimeout", "OCSP responder query timeout", \.revocation.responderTimeout),
        .onOff(
            "SSLOCSPUseRequestNonce", "Whether OCSP queries use a nonce or not ('on', 'off')", \.revocation.usesNonce),
        Directive(
            "SSLOCSPProxyURL", .server, "Proxy URL to use for OCSP requests",
            .take1 { context, word throws(DirectiveError) in
                guard let url = ResponderURL(word) else {
                    throw DirectiveError("SSLOCSPProxyURL: Cannot parse URL \(word)")
                }
                context.server[TLS.server].revocation.proxy = .set(url)
            }),
        .onOff(
            "SSLOCSPNoVerify", "Do not verify OCSP Responder certificate ('on', 'off')", \.revocation.skipsVerification),
        Directive(
            "SSLOCSPResponderCertificateFile", .server,
            "Trusted OCSP responder certificates(`/path/to/file' - PEM encoded certificates)",
            .take1 { context, word throws(DirectiveError) in
                context.server[TLS.server].revocation.certificates = .set(try TLSDirectives.file(context, word))
            }),
    ]

    /// ssl_cmd_ocspcheck_parse.
    @Sendable private static func enable(_ context: DirectiveContext, _ line: ByteString) throws(DirectiveError) {
        var check = RevocationConfig.Check()
        let words = line.argumentWords
        switch words.first ?? "" {
        case "off": check.mode = .none
        case "leaf": check.mode = .leaf
        case "on": check.mode = .chain
        default: throw DirectiveError("\(context.directive): Invalid argument '\(words.first ?? "")'")
        }
        for word in words.dropFirst() {
            guard word == "no_ocsp_for_cert_ok" else {
                throw DirectiveError("\(context.directive): Invalid argument '\(word)'")
            }
            check.allowsNoResponder = true
        }
        context.server[TLS.server].revocation.check = .set(check)
    }
}
