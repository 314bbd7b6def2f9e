// Apache: modules/md/md_reg.c (run_load_staging), modules/md/md_acme_drive.c (acme_preload)

/// Takes staged certificates into use.
public enum Activation {
    /// Moves a complete staged set to `domains`, the old one to `archive`.
    /// - Returns: false when nothing is staged. Sets that cannot be used are thrown as errors; the caller purges them.
    public static func activate(_ name: String, _ store: Store) throws(ACMEError) -> Bool {
        guard store.exists(.staging, name, "md.json") else { return false }
        let job = Job(store, name)
        do {
            var domain = try store.domain(.staging, name)
            guard let authority = domain.authority else {
                throw ACMEError(StatusCode.notFound, "effective CA url not set")
            }
            var sets: [(KeyKind, PrivateKey, [Certificate])] = []
            for (index, kind) in domain.keyKinds.enumerated() {
                let key = try store.key(.staging, name, kind.fileName("privkey"))
                let chain = try store.chain(.staging, name, kind.fileName("pubcert"))
                guard chain[0].matches(key) else {
                    throw ACMEError(
                        StatusCode.general,
                        "certificate and private key do not match in staged credentials #\(index)")
                }
                sets.append((kind, key, chain))
            }
            store.purge(.tmp, name)
            try keepAccount(&domain, authority, store)
            try store.save(domain, .tmp)
            for (kind, key, chain) in sets {
                try store.save(key, .tmp, name, kind.fileName("privkey"))
                try store.save(chain, .tmp, name, kind.fileName("pubcert"))
            }
            job.save(store, .tmp)
            try store.move(name, from: .tmp, to: .domains)
        } catch let error as ACMEError {
            throw error
        } catch let error as Store.Failure {
            throw ACMEError(error.isNotFound ? StatusCode.notFound : StatusCode.general, "\(error)")
        } catch { throw ACMEError(StatusCode.general, "\(error)") }
        store.purge(.staging, name)
        store.purge(.challenges, name)
        return true
    }
    /// A new account leaves the staging area; several domains may have made the same one.
    private static func keepAccount(_ domain: inout ManagedDomain, _ authority: String, _ store: Store) throws {
        let binding = domain.binding?.identifier == "none" ? nil : domain.binding
        guard let json = try? store.json(.staging, domain.name, "account.json") else {
            if domain.account == nil { domain.account = StoredAccount.find(store, authority, binding).first }
            return
        }
        let key = try store.key(.staging, domain.name, "account.pem")
        var name = domain.account ?? StoredAccount.find(store, authority, binding).first
        if name == nil {
            name = (0..<1000).map { StoredAccount.folder(authority, $0) }
                .first { !store.exists(.accounts, $0, "account.json") }
        }
        guard let name else { throw ACMEError(StatusCode.general, "error saving account") }
        try store.save(json, .accounts, name, "account.json")
        try store.save(key, .accounts, name, "account.pem")
        domain.account = name
    }
}
