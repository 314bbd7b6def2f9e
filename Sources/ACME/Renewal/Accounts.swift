// Apache: modules/md/md_acme_acct.c, md_acme_drive.c (md_acme_drive_set_acct)

/// An account of the store: `account.json` with `account.pem`.
struct StoredAccount {
    var url: String
    var authority: String
    var contacts: [String]
    var isValid: Bool
    var binding: ACMEClient.ExternalBinding?
    var json: JSON

    init?(_ json: JSON) {
        guard let url = json["url"].string, let authority = json["ca-url"].string else { return nil }
        self.url = url
        self.authority = authority
        self.json = json
        contacts = json["contact"].isNull ? json["registration"]["contact"].strings : json["contact"].strings
        isValid = json["status"].string == "valid"
        if let identifier = json["eab"]["kid"].string, let key = json["eab"]["hmac"].string {
            binding = ACMEClient.ExternalBinding(identifier: identifier, key: key)
        }
    }
    init(
        _ registration: ACMEClient.Registration, authority: String, agreement: String?,
        binding: ACMEClient.ExternalBinding?
    ) {
        url = registration.url
        self.authority = authority
        contacts = registration.json["contact"].strings
        isValid = true
        self.binding = binding
        json = [
            "status": .string(registration.json["status"].string ?? "valid"), "url": .string(url),
            "ca-url": .string(authority), "contact": JSON(contacts), "registration": registration.json,
            "agreement": JSON(agreement), "orders": registration.json["orders"],
        ]
        if let binding { json["eab"] = ["kid": .string(binding.identifier), "hmac": .string(binding.key)] }
    }
    /// Made at this CA, and with the same external binding.
    func fits(_ authority: String?, _ binding: ACMEClient.ExternalBinding?) -> Bool {
        self.authority == authority && self.binding == binding
    }

    /// The folder name of the account with number `number`.
    static func folder(_ authority: String, _ number: Int) -> String {
        let digits = String(number)
        return prefix(authority) + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
    static func prefix(_ authority: String) -> String { "ACME-\((RequestURL(authority)?.host ?? "").suffix(16))-" }

    /// Valid ones of this CA in the store.
    static func find(_ store: Store, _ authority: String, _ binding: ACMEClient.ExternalBinding?) -> [String] {
        store.names(.accounts).filter { name in
            guard name.hasPrefix(prefix(authority)), let json = try? store.json(.accounts, name, "account.json"),
                let account = StoredAccount(json)
            else { return false }
            return account.isValid && account.fits(authority, binding)
        }
    }
}

extension Renewal {
    private var binding: ACMEClient.ExternalBinding? { domain.binding?.identifier == "none" ? nil : domain.binding }

    /// The one staged, the one the domain had, another one of this CA, or a new one.
    func chooseAccount(_ client: ACMEClient) throws(ACMEError) {
        set("Selecting account to use for \(domain.name)")
        client.forgetAccount()
        if try use(.staging, domain.name, client) { return }
        let known = domain.account ?? staged.account
        if let known, try use(.accounts, known, client) {
            staged.account = known
            return try saveStaged()
        }
        for name in StoredAccount.find(store, client.url, binding) where name != known {
            if try use(.accounts, name, client) {
                staged.account = name
                return try saveStaged()
            }
        }
        try register(client)
    }
    private func saveStaged() throws(ACMEError) {
        try save { () throws(Store.Failure) in try store.save(staged, .staging) }
    }
    /// - Returns: Whether that account exists and the CA knows it.
    private func use(_ group: Store.Group, _ name: String, _ client: ACMEClient) throws(ACMEError) -> Bool {
        guard let json = try? store.json(group, name, "account.json"), var account = StoredAccount(json),
            account.fits(client.url, binding), let key = try? store.key(group, name, "account.pem")
        else { return false }
        client.use(account.url, key: key)
        do throws(ACMEError) {
            _ = try client.updateAccount()
            return true
        } catch {
            client.forgetAccount()
            guard
                [StatusCode.notFound, StatusCode.access, StatusCode.invalid].contains(error.status)
                    || error.problem.flatMap(ACMEError.name(ofProblem:)) == "accountdoesnotexist"
            else { throw error }
            account.json["status"] = .null
            if group == .accounts { try? store.save(account.json, group, name, "account.json") }
            return false
        }
    }
    private func register(_ client: ACMEClient) throws(ACMEError) {
        set("Creating new ACME account for \(domain.name)")
        guard !domain.contacts.isEmpty else {
            throw ACMEError(
                StatusCode.invalid,
                "No contact information is available for MD \(domain.name). Configure one using the MDContactEmail or ServerAdmin directive."
            )
        }
        guard domain.agreement != nil else {
            throw ACMEError(
                StatusCode.invalid,
                "the CA requires you to accept the terms-of-service as specified in <\(client.directory.termsOfService ?? "(null)")>. Please read the document that you find at that URL and, if you agree to the conditions, configure \"MDCertificateAgreement accepted\" in your Apache. Then (graceful) restart the server to activate."
            )
        }
        if client.directory.requiresExternalAccount, binding == nil {
            say(
                "the CA requires 'External Account Binding' which is not configured. This means you need to obtain a 'Key ID' and a 'HMAC' from the CA and configure that using the MDExternalAccountBinding directive in your config. The creation of a new ACME account will most likely fail, but an attempt is made anyway."
            )
        }
        let key: PrivateKey
        do throws(CryptographyError) {
            // MD_ACME_ACCT_PKEY_BITS
            key = try PrivateKey(generating: .rsa(bits: 3072))
        } catch { throw ACMEError(StatusCode.general, error.description) }
        let registration = try client.register(
            key, contacts: domain.contacts, agrees: client.directory.termsOfService != nil, binding: binding)
        let account = StoredAccount(
            registration, authority: client.url, agreement: client.directory.termsOfService, binding: binding)
        staged.account = nil
        try saveStaged()
        try save { () throws(Store.Failure) in
            try store.save(account.json, .staging, domain.name, "account.json")
            try store.save(key, .staging, domain.name, "account.pem")
        }
    }
}
