// Apache: modules/md/md_reg.c (md_reg_sync_start, md_reg_sync_finish)

import ACME

/// The store's domains follow the configuration.
enum StoreSync {
    /// A domain that is new by name but shares names with one that is no longer configured is that one.
    static func rename(_ domains: [ManagedDomain], _ store: Store) {
        let configured = Set(domains.map(\.name))
        var free = store.names(.domains).filter { !configured.contains($0) }.compactMap {
            try? store.domain(.domains, $0)
        }
        let stored = Set(store.names(.domains))
        for domain in domains where !stored.contains(domain.name) {
            guard let old = closest(free, domain) else { continue }
            try? store.rename(.domains, old.name, to: domain.name)
            try? store.rename(.staging, old.name, to: domain.name)
            free.removeAll { $0.name == old.name }
        }
    }
    /// One that has all our names, or else most of them.
    private static func closest(_ candidates: [ManagedDomain], _ domain: ManagedDomain) -> ManagedDomain? {
        if let all = candidates.first(where: { domain.domains.allSatisfy($0.contains) }) { return all }
        var best: (count: Int, domain: ManagedDomain)?
        for candidate in candidates {
            let count = domain.domains.count(where: candidate.contains)
            if count > best?.count ?? 0 { best = (count, candidate) }
        }
        return best?.domain
    }
    /// What the store knows and the configuration does not say is kept; what changed is written.
    static func finish(_ entry: Registry.Entry, _ store: Store) throws(Store.Failure) -> Registry.Entry {
        var entry = entry
        let stock = CertificateStock(entry.domain, store)
        entry.certificates = stock.certificates
        (entry.domain.state, entry.domain.stateDescription) = stock.state
        let old = try? store.domain(.domains, entry.domain.name)
        if let old {
            if entry.domain.contacts.isEmpty { entry.domain.contacts = old.contacts }
            entry.domain.authority = entry.domain.authority ?? old.authority
            entry.domain.account = entry.domain.account ?? old.account
        }
        if old?.json != entry.domain.json { try store.save(entry.domain, .domains) }
        return entry
    }
}
