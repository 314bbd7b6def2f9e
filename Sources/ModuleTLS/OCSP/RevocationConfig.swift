// Apache: modules/ssl/ssl_private.h (modssl_ctx_t, ocsp_*)

import Bytes
import ServerCore

/// `SSLOCSP…`: whether responders are asked about clients' certificates. Times are seconds.
struct RevocationConfig: Sendable {
    struct Check: Sendable, Equatable {
        enum Mode: Sendable { case none, leaf, chain }
        var mode = Mode.none
        /// A certificate for which no responder is known passes (`no_ocsp_for_cert_ok`).
        var allowsNoResponder = false
    }
    var check: Setting<Check> = .inherited
    var responder: Setting<ByteString> = .inherited
    var overrides: Setting<Bool> = .inherited
    var timeSkew: Setting<Int> = .inherited
    var maximumAge: Setting<Int> = .inherited
    var responderTimeout: Setting<Int> = .inherited
    var usesNonce: Setting<Bool> = .inherited
    var proxy: Setting<ResponderURL> = .inherited
    var skipsVerification: Setting<Bool> = .inherited
    var certificates: Setting<ByteString> = .inherited

    static func merged(_ base: RevocationConfig, _ child: RevocationConfig) -> RevocationConfig {
        RevocationConfig(
            check: child.check.or(base.check), responder: child.responder.or(base.responder),
            overrides: child.overrides.or(base.overrides), timeSkew: child.timeSkew.or(base.timeSkew),
            maximumAge: child.maximumAge.or(base.maximumAge),
            responderTimeout: child.responderTimeout.or(base.responderTimeout),
            usesNonce: child.usesNonce.or(base.usesNonce), proxy: child.proxy.or(base.proxy),
            skipsVerification: child.skipsVerification.or(base.skipsVerification),
            certificates: child.certificates.or(base.certificates))
    }
}
