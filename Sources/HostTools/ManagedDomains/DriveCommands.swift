// Apache: modules/md/md_reg.c (md_reg_renew, md_reg_load_staging), md_acme_acct.c

import ACME
import Bytes
import Kernel

/// Conversations of `a2md` with CAs.
extension StoreCommands {
    /// Gets what is due and puts it in place. A running server uses it after its next reload.
    func drive(_ words: [String]) throws(A2MD.Failure) -> A2MD.Output {
        var words = OptionWords(words, values: "c", names: ["challenge": "c", "force": "f"])
        var challenges: [String] = []
        var isForced = false
        while let (option, value) = try words.next() {
            switch option {
            case "c": challenges.append(value)
            case "f": isForced = true
            default: throw .usage
            }
        }
        let names = words.rest.isEmpty ? store.names(.domains) : words.rest
        var output = A2MD.Output()
        for name in names {
            output.domains.append(shown(try drive(name, challenges, isForced)))
        }
        return output
    }
    private func drive(_ name: String, _ challenges: [String], _ isForced: Bool) throws(A2MD.Failure) -> ManagedDomain {
        var domain = try domain(name)
        let stock = CertificateStock(domain, store)
        guard isForced || stock.shouldRenew else { return domain }
        guard domain.protocolName == "ACME" else {
            throw A2MD.Failure(StatusCode.invalid, "Unknown CA protocol: \(domain.protocolName ?? "")")
        }
        let configured = domain.challenges
        if !challenges.isEmpty { domain.challenges = challenges }
        store.purge(.staging, name)
        let renewal = Renewal(
            domain, stock, store, options.settings,
            observe: { result in
                guard options.verbosity > 0 else { return }
                let text = [result.activity, result.detail].compactMap { $0 }.joined(separator: ": ")
                Console.error(ByteString("\(name): \(text)\n"))
            },
            execute: { arguments in Command.status(arguments) })
        renewal.run()
        let result = renewal.result
        guard result.status == StatusCode.success else {
            store.purge(.challenges, name)
            throw A2MD.Failure(
                result.status, [result.detail, result.problem].compactMap { $0 }.joined(separator: " "))
        }
        _ = try attempt { () throws(ACMEError) in try Activation.activate(name, store) }
        var new = try self.domain(name)
        new.challenges = configured
        try attempt { () throws(Store.Failure) in try store.save(new, .domains) }
        return new
    }
    func revoke(_ words: [String]) throws(A2MD.Failure) -> A2MD.Output {
        var words = OptionWords(words, values: "r", names: ["reason": "r"])
        var reason: Int?
        while let (option, value) = try words.next() {
            guard option == "r", let number = Int(value), (0...10).contains(number) else { throw .usage }
            reason = number
        }
        guard !words.rest.isEmpty else { throw .usage }
        for name in words.rest {
            let domain = try domain(name)
            try attempt { () throws(ACMEError) in
                try AccountCommands.revoke(domain, reason: reason, options.settings, store)
            }
        }
        return A2MD.Output()
    }
    /// `a2md acme …`
    func account(_ words: [String]) throws(A2MD.Failure) -> A2MD.Output {
        let rest = Array(words.dropFirst())
        guard let name = rest.first else { throw .usage }
        switch words[0] {
        case "newreg": return try register(rest)
        case "validate":
            try attempt { () throws(ACMEError) in try AccountCommands.validate(name, options.settings, store) }
        case "newkey":
            try attempt { () throws(ACMEError) in try AccountCommands.changeKey(name, options.settings, store) }
        case "delreg":
            guard AccountCommands.exists(name, store) else {
                throw A2MD.Failure(StatusCode.notFound, "no account \(name) in the store")
            }
            do throws(ACMEError) {
                try AccountCommands.delete(name, options.settings, store)
            } catch {
                Console.error(ByteString("a2md: \(name) is forgotten here, but the CA was not told: \(error)\n"))
            }
        default: throw .usage
        }
        return A2MD.Output()
    }
    private func register(_ addresses: [String]) throws(A2MD.Failure) -> A2MD.Output {
        guard let authority = options.authority else {
            throw A2MD.Failure(StatusCode.invalid, "which CA: -a URL")
        }
        let contacts = addresses.map(URIWords.contact)
        for contact in contacts {
            guard let fault = URIWords.fault(contact) else { continue }
            throw A2MD.Failure(StatusCode.invalid, "contact invalid (\(fault)): \(contact)")
        }
        let name = try attempt { () throws(ACMEError) in
            try AccountCommands.register(
                contacts, authority, agrees: options.agreement != nil, options.settings, store)
        }
        return A2MD.Output(lines: ["registered: \(name)"])
    }
}
