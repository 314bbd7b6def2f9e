// Apache: modules/md/mod_md_status.c (md_status_handler, md_http_cert_status), modules/md/md_status.c

import ACME
import Bytes
import HTTP
import ServerCore

/// `SetHandler md-status` and `/.httpd/certificate-status`.
enum StatusHandlers {
    /// All domains, or the one the URL ends in.
    @Sendable static func domains(_ request: Request) async -> Outcome {
        guard request.handler == "md-status" else { return .declined }
        guard let registry = request.configuration.managedDomains else { return .declined }
        guard request.methodNumber.isGet else { return .status(501) }
        request.doNotReuse()
        let entries = registry.current(request.configuration)
        let name = (request.pathInfo.split(on: UInt8(ascii: "/")).last ?? "").string
        var json: JSON
        if !name.isEmpty {
            guard
                let entry = entries.first(where: { $0.domain.name == name })
                    ?? entries.first(where: { $0.domain.contains(name) })
            else { return .declined }
            json = domain(entry, registry, withLog: true)
        } else {
            json = ["version": .string(ManagedDomains.version)]
            json["managed-domains"] = .array(entries.map { domain($0, registry, withLog: false) })
        }
        return send(json, request)
    }
    /// What the world may know of a host's certificate.
    @Sendable static func certificate(_ request: Request) -> Outcome {
        guard request.uri == "/.httpd/certificate-status", let registry = request.configuration.managedDomains,
            registry.config.hasCertificateStatus, let host = request.hostname?.string,
            let entry = registry.current(request.configuration).first(where: { $0.domain.contains(host) })
        else { return .declined }
        request.doNotReuse()
        guard request.methodNumber.isGet else { return .status(501) }
        let whole = domain(entry, registry, withLog: false)
        var json: JSON = .emptyObject
        json["valid"] = whole["cert"]["valid"]
        for kind in entry.domain.keyKinds {
            var known: JSON = .emptyObject
            for name in ["valid", "serial", "sha256-fingerprint"] { known[name] = whole["cert"][kind.name][name] }
            json[kind.name] = known
        }
        let renewal = whole["renewal"]
        if !renewal.isNull { json["renewal"] = ["cert": renewal["cert"].isNull ? .emptyObject : renewal["cert"]] }
        _ = send(json, request)
        return .done
    }
    private static func send(_ json: JSON, _ request: Request) -> Outcome {
        request.contentType = "application/json"
        request.responseBody = .bytes(ByteString(json.text(indented: true)))
        return .ok
    }

    // MARK: Parts

    /// Static files have numbers for names.
    private static func named(_ entry: Registry.Entry) -> [(String, Certificate)] {
        entry.certificates.enumerated().compactMap { index, certificate in
            guard let certificate else { return nil }
            let kinds = entry.domain.keyKinds
            return (entry.domain.isStatic || index >= kinds.count ? String(index) : kinds[index].name, certificate)
        }
    }
    private static func staged(_ domain: ManagedDomain, _ store: Store) -> [(String, Certificate)] {
        domain.keyKinds.compactMap { kind in
            (try? store.chain(.staging, domain.name, kind.fileName("pubcert"))).map { (kind.name, $0[0]) }
        }
    }
    private static func json(_ certificate: Certificate) -> JSON {
        [
            "issuer-name": .string(certificate.issuer), "issuer-uri": JSON(certificate.issuerURL),
            "valid": period(certificate.notBefore, certificate.notAfter), "serial": .string(certificate.serial),
            "sha256-fingerprint": .string(certificate.fingerprint),
        ]
    }
    private static func period(_ from: Int64, _ until: Int64) -> JSON {
        ["from": .string(RFC822.text(from)), "until": .string(RFC822.text(until))]
    }
    private static func certificates(
        _ list: [(String, Certificate)], withIdentifier: Bool, _ status: (Certificate) -> JSON = { _ in .null }
    ) -> JSON {
        var json: JSON = .emptyObject
        for (name, certificate) in list {
            var entry = Self.json(certificate)
            if withIdentifier { entry["ari-cert-id"] = JSON(certificate.renewalIdentifier) }
            entry["ocsp"] = status(certificate)
            json[name] = entry
        }
        let from = list.map(\.1.notBefore).max()
        let until = list.map(\.1.notAfter).min()
        if let from, let until, from <= until { json["valid"] = period(from, until) }
        return json
    }
    /// What the CA says of it.
    private static func status(_ certificate: Certificate, _ name: String, _ registry: Registry, withLog: Bool) -> JSON
    {
        var json: JSON = .emptyObject
        if certificate.ocspResponder != nil {
            let status = CertificateStatus(registry.store, name, certificate.stapleID)
            json["status"] = .string((status?.state ?? .unknown).rawValue)
            json["valid"] = status?.period ?? .null
        }
        if var job = try? registry.store.json(.ocsp, name, "job.json") {
            if !withLog { job["log"] = .null }
            json["renewal"] = job
        }
        return json == .emptyObject ? .null : json
    }
    static func domain(_ entry: Registry.Entry, _ registry: Registry, withLog: Bool) -> JSON {
        let domain = entry.domain
        var json = domain.publicJSON
        json["cert"] = certificates(named(entry), withIdentifier: true) { certificate in
            domain.stapling ? status(certificate, domain.name, registry, withLog: withLog) : .null
        }
        json["renew-at"] = .string(RFC822.text(entry.stock.renewAt))
        json["stapling"] = .bool(domain.stapling)
        json["watched"] = .bool(domain.isWatched)
        let known = Job.json(registry.store, domain.name)
        guard known != nil || entry.stock.shouldRenew else { return json }
        json["renew"] = true
        if var renewal = known {
            if !withLog { renewal["log"] = .null }
            renewal["cert"] = certificates(staged(domain, registry.store), withIdentifier: true)
            json["renewal"] = renewal
        }
        return json
    }
}
