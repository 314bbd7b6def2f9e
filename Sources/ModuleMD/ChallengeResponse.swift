// Apache: modules/md/mod_md.c (md_http_challenge_pr, md_answer_challenge). RFC 8555 section 8.3, RFC 8737

import ACME
import Bytes
import ServerCore

/// What the CA looks for.
enum ChallengeResponse {
    private static let prefix: ByteString = "/.well-known/acme-challenge/"

    /// http-01, before anything else of the server can refuse or redirect.
    @Sendable static func answer(_ request: Request) -> Outcome {
        guard request.isInitial, request.uri.hasPrefix(prefix), let registry = request.configuration.managedDomains
        else {
            return .declined
        }
        let token = request.uri.from(prefix.count)
        let host = request.hostname?.string ?? ""
        let domain = registry.entry(for: host)?.domain
        if let domain, !domain.challenges.isEmpty, !domain.challenges.contains("http-01") { return .declined }
        guard !token.isEmpty, !token.contains(UInt8(ascii: "/")), DNSName.isName(host, needsDomain: false) else {
            return .declined
        }
        if let found = request.blockingResult as? Found { return reply(request, found, domain) }
        let store = registry.store
        request.blockingWork = {
            do throws(Store.Failure) {
                return Found(bytes: try store.bytes(.challenges, host.lowercased(), "acme-http-01.txt"))
            } catch { return Found(isMissing: error.isNotFound) }
        }
        return .suspended
    }
    private struct Found: Sendable {
        var bytes: [UInt8]?
        var isMissing = false
    }
    private static func reply(_ request: Request, _ found: Found, _ domain: ManagedDomain?) -> Outcome {
        request.blockingResult = nil
        if let bytes = found.bytes {
            guard request.methodNumber.isGet else { return .status(501) }
            request.responseBody = .bytes(ByteString(bytes))
            return .ok
        }
        guard let domain, domain.willRenew else { return .declined }
        if found.isMissing { return .status(404) }
        request.log(
            .error, ManagedDomains.log, "AH10081: loading challenge \(request.uri.from(prefix.count)) from store")
        return .status(500)
    }

    /// tls-alpn-01; RSA keys first, since a CA may prefer them.
    @Sendable static func certificate(_ name: ByteString, _ configuration: Configuration) -> CertificatePair? {
        let host = name.lowercased.string
        guard let registry = configuration.managedDomains, DNSName.isName(host, needsDomain: false),
            let domain = registry.entry(for: host)?.domain
        else { return nil }
        for kind in domain.keyKinds.sorted(by: { $0.name == "rsa" && $1.name != "rsa" }) {
            let store = registry.store
            guard
                let certificate = try? store.bytes(
                    .challenges, host, "acme-tls-alpn-01-" + kind.fileName("pubcert")),
                let key = try? store.bytes(.challenges, host, "acme-tls-alpn-01-" + kind.fileName("privkey"))
            else { continue }
            return CertificatePair(certificate: certificate, key: key)
        }
        configuration.mainServer.log(
            .info, ManagedDomains.log, ByteString("AH10080: \(host): unknown tls-alpn-01 challenge host"))
        return nil
    }
}
