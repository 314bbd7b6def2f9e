// Apache: modules/md/mod_md.c (md_require_https_maybe)

import ACME
import Bytes
import ServerCore

/// `MDRequireHttps`
enum RequireHTTPS {
    /// MD_HSTS_MAX_AGE_DEFAULT
    private static let strictTransport: ByteString = "max-age=15768000"

    @Sendable static func redirect(_ request: Request) -> Outcome {
        guard let registry = request.configuration.managedDomains, !request.uri.hasPrefix("/.well-known/") else {
            return .declined
        }
        let number = request.server.number
        guard registry.entries.contains(where: { $0.servers.contains(number) }) else { return .declined }
        let host = request.serverNameForURL.string
        guard
            let domain = registry.entries.first(where: { $0.servers.contains(number) && $0.domain.contains(host) })?
                .domain
        else { return .declined }
        guard !request.connection.isSecure else {
            if domain.requireHTTPS == .permanent, request.headersOut["Strict-Transport-Security"] == nil {
                request.headersOut.set("Strict-Transport-Security", strictTransport)
            }
            return .declined
        }
        guard domain.requireHTTPS != .off else { return .declined }
        let query = request.args.map { "?" + $0 } ?? ""
        request.headersOut.set("Location", "https://\(request.serverNameForURL)\(request.uri)\(query)")
        let isPermanent = domain.requireHTTPS == .permanent
        return .status(request.methodNumber.isGet ? isPermanent ? 301 : 302 : isPermanent ? 308 : 307)
    }
}
