// Apache: modules/md/mod_md_ocsp.c, modules/md/md_ocsp.c (md_ocsp_prime, md_ocsp_get_status)

import ACME
import Bytes
import Kernel
import ServerCore
import Synchronization

/// `MDStapling`: OCSP answers are asked for by the renewal process, kept in the store, and read there by the children.
enum Stapling {
    /// The folder of the store for this server's certificates; nil: nothing is stapled here (staple_here).
    private static func name(_ server: Server, _ registry: Registry) -> String? {
        let assigned = registry.entries.filter { $0.servers.contains(server.number) }
        if assigned.count == 1, assigned[0].domain.stapling { return assigned[0].domain.name }
        let settings = server[ManagedDomains.server].settings.over(
            server.configuration.mainServer[ManagedDomains.server].settings)
        guard settings.stapling ?? false, settings.staplesOthers ?? true else { return nil }
        return assigned.count == 1 ? assigned[0].domain.name : CertificateStatus.others
    }
    /// Whether some certificate might be stapled.
    static func isWanted(_ configuration: Configuration, _ domains: [ManagedDomain]) -> Bool {
        domains.contains(where: \.stapling)
            || configuration.servers.contains { $0[ManagedDomains.server].settings.stapling ?? false }
    }

    @Sendable static func prime(_ server: Server, _ pem: [UInt8]) -> Bool {
        guard let registry = server.configuration.managedDomains, let name = name(server, registry) else {
            return false
        }
        switch registry.stapling.add(name, pem) {
        case .added: return true
        case .noResponder(let serial):
            server.log(
                .debug, ManagedDomains.log,
                ByteString("md[\(name)]: certificate with serial \(serial) has no OCSP responder URL"))
        case .unreadable:
            server.log(
                .error, ManagedDomains.log,
                ByteString("AH10268: init stapling for: \(name), unable to parse PEM data"))
        case .noIssuer:
            server.log(
                .error, ManagedDomains.log,
                ByteString("AH10269: init stapling for: \(name), need at least 2 certificates in PEM data"))
        }
        // Its successor may have a responder.
        return name != CertificateStatus.others
    }
    @Sendable static func response(_ server: Server, _ id: [UInt8]) -> [UInt8]? {
        guard let registry = server.configuration.managedDomains, let name = name(server, registry) else { return nil }
        let id = MessageDigest.hexadecimal(id)
        // One that several servers show is looked after under one name.
        let known = registry.stapling.certificates.first { $0.id == id }?.name
        return registry.status(known ?? name, id)?.response
    }
}

/// Certificates whose OCSP answers are looked after. In a child: the answers it read.
final class StapleRegistry: Sendable {
    enum Outcome: Sendable { case added, noResponder(serial: String), unreadable, noIssuer }
    struct Known: Sendable {
        var status: CertificateStatus?
        /// When the file was changed, in microseconds; 0 for never.
        var modified: Int64 = 0
        /// Seconds since the epoch.
        var lookedAt: Int64 = 0
    }
    private let list = Mutex<[StapledCertificate]>([])
    let known = Mutex<[String: Known]>([:])

    var certificates: [StapledCertificate] { list.withLock { $0 } }

    /// Takes those of a domain away, whose certificates are replaced.
    func forget(_ name: String) { list.withLock { $0.removeAll { $0.name == name } } }
    @discardableResult
    func add(_ name: String, _ pem: [UInt8]) -> Outcome {
        let chain = Certificate.chain(pem: pem)
        guard let first = chain.first else { return .unreadable }
        guard chain.count > 1 else { return .noIssuer }
        guard let stapled = StapledCertificate(name, first, issuer: chain[1]) else {
            return .noResponder(serial: first.serial)
        }
        list.withLock { list in
            if !list.contains(where: { $0.id == stapled.id }) { list.append(stapled) }
        }
        return .added
    }
}

extension Registry {
    /// What is known of a certificate. A child looks into the store when it knows nothing, and again once the answer is due
    /// to be renewed: the more often the less time is left.
    func status(_ name: String, _ id: String) -> CertificateStatus? {
        let now = RealTime.now / 1_000_000
        return stapling.known.withLock { known in
            var entry = known[id] ?? StapleRegistry.Known()
            let pause: Int64
            if let status = entry.status {
                let left = status.until - now
                let isDue = config.statusRenewWindow.start(from: status.from, to: status.until) <= now
                pause = !isDue ? 3600 : left >= 86400 ? 3600 : left >= 60 ? 60 : 1
            } else {
                pause = 1
            }
            guard now - entry.lookedAt >= pause else { return entry.status }
            entry.lookedAt = now
            if let modified = store.modified(.ocsp, name, CertificateStatus.file(id)), modified != entry.modified,
                let status = CertificateStatus(store, name, id)
            {
                entry.status = status
                entry.modified = modified
            }
            // Nothing is better than something that is no longer true.
            if let status = entry.status, status.until < now { entry.status = nil }
            known[id] = entry
            return entry.status
        }
    }
    /// Whether one of the domain's certificates was revoked, as far as is known (md_reg_has_revoked_certs).
    func hasRevoked(_ domain: ManagedDomain, _ certificates: [Certificate?]) -> Bool {
        guard domain.stapling else { return false }
        return certificates.contains { certificate in
            guard let certificate, certificate.ocspResponder != nil else { return false }
            return CertificateStatus(store, domain.name, certificate.stapleID)?.state == .revoked
        }
    }
}
