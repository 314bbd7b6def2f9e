// Apache: modules/md/md_acme_acct.c (md_acme_acct_register, md_acme_use_acct, md_acme_acct_update), md_reg.c (md_reg_delete_acct)

/// Accounts at CAs, made and unmade by hand.
public enum AccountCommands {
    /// Makes an account at this CA and keeps it in the store.
    /// - Returns: The name of its folder.
    public static func register(
        _ contacts: [String], _ authority: String, agrees: Bool, _ settings: RenewalSettings, _ store: Store
    ) throws(ACMEError) -> String {
        let client = try Renewal.client(authority, settings)
        let key: PrivateKey
        do throws(CryptographyError) { key = try PrivateKey(generating: .rsa(bits: 3072)) } catch {
            throw ACMEError(error)
        }
        let made = try client.register(key, contacts: contacts, agrees: agrees)
        let account = StoredAccount(
            made, authority: authority, agreement: client.directory.termsOfService, binding: nil)
        guard
            let name = (0..<1000).lazy.map({ StoredAccount.folder(authority, $0) })
                .first(where: { !store.exists(.accounts, $0, "account.json") })
        else { throw ACMEError(StatusCode.general, "error saving account") }
        do throws(Store.Failure) {
            try store.save(account.json, .accounts, name, "account.json")
            try store.save(key, .accounts, name, "account.pem")
        } catch { throw ACMEError(StatusCode.general, "\(error)") }
        return name
    }
    /// Asks the CA whether it knows the account.
    public static func validate(_ name: String, _ settings: RenewalSettings, _ store: Store) throws(ACMEError) {
        let (client, _) = try open(name, settings, store)
        let state = try client.updateAccount()["status"].string ?? "valid"
        guard state == "valid" else { throw ACMEError(StatusCode.invalid, "the account is \(state)") }
    }
    /// Tells the CA that the account is no longer used, and forgets it in any case.
    public static func delete(_ name: String, _ settings: RenewalSettings, _ store: Store) throws(ACMEError) {
        defer { store.purge(.accounts, name) }
        let (client, _) = try open(name, settings, store)
        try client.deactivateAccount()
    }
    public static func exists(_ name: String, _ store: Store) -> Bool { store.exists(.accounts, name, "account.json") }

    /// RFC 8555 section 7.3.5: a new key for the account, at the CA and in the store.
    public static func changeKey(_ name: String, _ settings: RenewalSettings, _ store: Store) throws(ACMEError) {
        let (client, _) = try open(name, settings, store)
        let key: PrivateKey
        do throws(CryptographyError) { key = try PrivateKey(generating: .rsa(bits: 3072)) } catch {
            throw ACMEError(error)
        }
        // The new one is in the store before the CA hears of it, so that it cannot be lost.
        func keep(_ file: String) throws(ACMEError) {
            do throws(Store.Failure) {
                try store.save(key, .accounts, name, file)
            } catch { throw ACMEError(StatusCode.general, "\(error)") }
        }
        defer { store.remove(.accounts, name, "account-next.pem") }
        try keep("account-next.pem")
        try client.changeKey(to: key)
        try keep("account.pem")
    }
    /// RFC 8555 section 7.6: the CA is to say that the certificates of this domain are no longer good.
    /// - Parameter reason: RFC 5280 section 5.3.1.
    public static func revoke(_ domain: ManagedDomain, reason: Int?, _ settings: RenewalSettings, _ store: Store)
        throws(ACMEError)
    {
        guard let account = domain.account else {
            throw ACMEError(StatusCode.notFound, "\(domain.name) has no account at a CA")
        }
        let (client, _) = try open(account, settings, store)
        var count = 0
        for certificate in CertificateStock(domain, store).certificates {
            guard let certificate else { continue }
            try client.revoke(certificate, reason: reason)
            count += 1
        }
        guard count > 0 else { throw ACMEError(StatusCode.notFound, "\(domain.name) has no certificate") }
    }

    private static func open(_ name: String, _ settings: RenewalSettings, _ store: Store) throws(ACMEError)
        -> (ACMEClient, StoredAccount)
    {
        guard let json = try? store.json(.accounts, name, "account.json"), let account = StoredAccount(json),
            let key = try? store.key(.accounts, name, "account.pem")
        else { throw ACMEError(StatusCode.notFound, "no account \(name) in the store") }
        let client = try Renewal.client(account.authority, settings)
        client.use(account.url, key: key)
        return (client, account)
    }
}
