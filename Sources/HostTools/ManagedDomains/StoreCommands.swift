// Apache: modules/md/md_reg.c (check_values, md_reg_add, md_reg_update)

import ACME
import Bytes
import Kernel

/// What `a2md` does with a store.
struct StoreCommands {
    let store: Store
    let options: A2MD.Options

    func attempt<Value>(_ call: () throws(Store.Failure) -> Value) throws(A2MD.Failure) -> Value {
        do throws(Store.Failure) { return try call() } catch { throw A2MD.Failure(error) }
    }
    func attempt<Value>(_ call: () throws(ACMEError) -> Value) throws(A2MD.Failure) -> Value {
        do throws(ACMEError) { return try call() } catch { throw A2MD.Failure(error) }
    }
    private var domains: [ManagedDomain] { store.names(.domains).compactMap { try? store.domain(.domains, $0) } }

    /// A domain of the store as its certificates are now.
    func domain(_ name: String) throws(A2MD.Failure) -> ManagedDomain {
        let found = try attempt { () throws(Store.Failure) in try store.domain(.domains, name) }
        return assessed(found)
    }
    private func assessed(_ domain: ManagedDomain) -> ManagedDomain {
        var domain = domain
        (domain.state, domain.stateDescription) = CertificateStock(domain, store).state
        return domain
    }
    func shown(_ domain: ManagedDomain) -> JSON {
        var json = domain.publicJSON
        json["renew"] = .bool(CertificateStock(domain, store).shouldRenew)
        return json
    }
    private func output(_ domain: ManagedDomain) -> A2MD.Output { A2MD.Output(domains: [shown(domain)]) }

    // MARK: Checked

    func list(_ names: [String]) throws(A2MD.Failure) -> A2MD.Output {
        guard !names.isEmpty else { return A2MD.Output(domains: domains.map { shown(assessed($0)) }) }
        var output = A2MD.Output()
        for name in names { output.domains.append(shown(try domain(name))) }
        return output
    }
    func add(_ names: [String]) throws(A2MD.Failure) -> A2MD.Output {
        let domain = assessed(try new(names))
        try check(domain)
        guard !store.exists(.domains, domain.name, "md.json") else {
            throw A2MD.Failure(Int(Errno.exists.rawValue), "\(domain.name) is in the store")
        }
        try attempt { () throws(Store.Failure) in try store.save(domain, .domains) }
        return output(domain)
    }
    private func new(_ names: [String]) throws(A2MD.Failure) -> ManagedDomain {
        guard !names.isEmpty else { throw .usage }
        var domain = ManagedDomain(names)
        domain.authorities = options.authority.map { [$0] } ?? []
        return domain
    }
    func update(_ words: [String]) throws(A2MD.Failure) -> A2MD.Output {
        guard words.count > 1 else { throw .usage }
        var domain = try domain(words[0])
        let values = Array(words.dropFirst(2))
        switch words[1] {
        case "domains": domain.domains = DNSName.unique(values)
        case "ca":
            guard let url = values.first else { throw .usage }
            domain.authorities = [url]
            if values.count > 1 { domain.protocolName = values[1] }
        case "account": domain.account = values.first
        case "contacts":
            guard !values.isEmpty else { throw .usage }
            domain.contacts = values.map(URIWords.contact)
        case "agreement": domain.agreement = values.first
        default: throw .usage
        }
        try check(domain)
        domain = assessed(domain)
        try attempt { () throws(Store.Failure) in try store.save(domain, .domains) }
        return output(domain)
    }
    private func check(_ domain: ManagedDomain) throws(A2MD.Failure) {
        func refuse(_ detail: String) -> A2MD.Failure { A2MD.Failure(StatusCode.invalid, detail) }
        guard !domain.domains.isEmpty else { throw refuse("empty domain list: \(domain.name)") }
        for name in domain.domains where !DNSName.isName(name) && !DNSName.isWildcard(name) {
            throw refuse("md \(domain.name) with invalid domain name: \(name)")
        }
        for other in domains where other.name != domain.name {
            guard let name = domain.overlap(with: other) else { continue }
            throw refuse("md \(domain.name) shares domain '\(name)' with md \(other.name)")
        }
        for contact in domain.contacts {
            guard let fault = URIWords.fault(contact) else { continue }
            throw refuse("contact for \(domain.name) invalid (\(fault)): \(contact)")
        }
        for url in domain.authorities + [domain.agreement].compactMap({ $0 }) where url != "accepted" {
            guard let fault = URIWords.fault(url) else { continue }
            throw refuse("CA url for \(domain.name) invalid (\(fault)): \(url)")
        }
    }

    // MARK: Unchecked

    /// `a2md store …`
    func plain(_ words: [String]) throws(A2MD.Failure) -> A2MD.Output {
        let rest = Array(words.dropFirst())
        switch words.first {
        case "list": return A2MD.Output(domains: domains.map(\.publicJSON))
        case "add":
            let domain = try new(rest)
            guard !store.exists(.domains, domain.name, "md.json") else {
                throw A2MD.Failure(Int(Errno.exists.rawValue), "\(domain.name) is in the store")
            }
            try attempt { () throws(Store.Failure) in try store.save(domain, .domains) }
            return A2MD.Output(domains: [domain.publicJSON])
        case "update":
            guard let name = rest.first else { throw .usage }
            var domain = try attempt { () throws(Store.Failure) in try store.domain(.domains, name) }
            if let url = options.authority { domain.authorities = [url] }
            if rest.count > 1 {
                guard rest[1] == "domains", rest.count > 2 else { throw .usage }
                domain.domains = DNSName.unique(Array(rest.dropFirst(2)))
            }
            try attempt { () throws(Store.Failure) in try store.save(domain, .domains) }
            return A2MD.Output(domains: [domain.publicJSON])
        case "remove": return try remove(rest)
        default: throw .usage
        }
    }
    private func remove(_ words: [String]) throws(A2MD.Failure) -> A2MD.Output {
        var words = OptionWords(words, values: "", names: ["force": "f"])
        var isForced = false
        while let (option, _) = try words.next() {
            guard option == "f" else { throw .usage }
            isForced = true
        }
        guard !words.rest.isEmpty else { throw .usage }
        for name in words.rest {
            guard store.exists(.domains, name, "md.json") else {
                if isForced { continue }
                throw A2MD.Failure(StatusCode.notFound, "\(name) is not in the store")
            }
            store.purge(.domains, name)
        }
        return A2MD.Output()
    }
}
