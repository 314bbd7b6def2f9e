// Apache: modules/md/md_acmev2_drive.c, md_acme_order.c, md_acme_drive.c (md_acme_drive_setup_cred_chain)

import Bytes
import Kernel

extension Renewal {
    /// One certificate, by an order that may have been begun before.
    func obtain(_ kind: KeyKind, _ client: ACMEClient) throws(ACMEError) {
        var isNew = false
        order = (try? store.json(.staging, domain.name, "order.json")).flatMap { Order(stored: $0) }
        if var known = order {
            set("Loaded order from staging")
            do throws(ACMEError) {
                try client.update(&known)
                order = known.status == .invalid ? nil : known
            } catch {
                guard error.status == StatusCode.notFound || error.status == StatusCode.access else { throw error }
                order = nil
            }
            if order == nil { purgeOrder() }
        }
        if order == nil {
            try newOrder(kind, client)
            isNew = true
        }
        do throws(ACMEError) {
            try startChallenges(client)
        } catch {
            // Old authorisations that failed: once more with an order of our own.
            guard !isNew, error.status == StatusCode.invalid else { throw error }
            purgeOrder()
            try newOrder(kind, client)
            try startChallenges(client)
        }
        try awaitAuthorizations(client)
        try awaitOrder(client, "Waiting for order to become ready", [.ready, .processing, .valid])
        let key = try privateKey(kind)
        if order?.status == .ready { try finalize(kind, key, client) }
        try awaitOrder(client, "Waiting for finalized order to become valid", [.valid])
        set("Retrieving \(kind.name) certificate chain for \(domain.name)")
        guard let order else { throw ACMEError(StatusCode.general, "the order is gone") }
        let chain = try client.certificates(order)
        guard chain[0].matches(key) else {
            purgeOrder()
            throw ACMEError(StatusCode.general, "Certificate and private key do not match.")
        }
        try save { () throws(Store.Failure) in
            try store.save(chain, .staging, domain.name, kind.fileName("pubcert"))
        }
    }

    private func newOrder(_ kind: KeyKind, _ client: ACMEClient) throws(ACMEError) {
        var replaces: String?
        if staged.account != nil, domain.usesRenewalInfo, client.directory.renewalInfo != nil {
            replaces = stock.certificate(kind)?.renewalIdentifier
        }
        set(
            "Creating new order, key-spec=\(domain.keys.isEmpty ? "default" : kind.specification), profile=\(staged.profile ?? "none"), replacing-cert=\(replaces ?? "none")"
        )
        var profile: String?
        if let wanted = staged.profile {
            profile = client.directory.profiles.first { $0.lowercased() == wanted.lowercased() }
            if profile == nil, staged.isProfileMandatory {
                throw ACMEError(
                    StatusCode.invalid, "mandatory ACME profile '\(wanted)' is not offered by CA",
                    problem: "apache:profile-not-offered")
            }
        }
        let names = DNSName.minimal(domain.domains)
        do throws(ACMEError) {
            order = try client.order(names, profile: profile, replaces: replaces)
        } catch {
            // RFC 9773 section 5: somebody replaced that certificate already.
            guard replaces != nil, error.problem?.hasSuffix("alreadyReplaced") == true else { throw error }
            order = try client.order(names, profile: profile)
        }
        try saveOrder()
    }
    func saveOrder() throws(ACMEError) {
        guard let order else { return }
        try save { () throws(Store.Failure) in try store.save(order.json, .staging, domain.name, "order.json") }
    }
    /// Takes down what was set up for challenges and forgets the order.
    func purgeOrder() {
        let known = order ?? (try? store.json(.staging, domain.name, "order.json")).flatMap { Order(stored: $0) }
        for setup in known?.setups ?? [] { tearDown(setup) }
        store.remove(.staging, domain.name, "order.json")
        order = nil
    }

    private func privateKey(_ kind: KeyKind) throws(ACMEError) -> PrivateKey {
        let file = kind.fileName("privkey")
        if let key = try? store.key(.staging, domain.name, file) { return key }
        let key: PrivateKey
        do throws(CryptographyError) {
            key = try PrivateKey(generating: kind)
        } catch { throw ACMEError(StatusCode.general, error.description) }
        try save { () throws(Store.Failure) in try store.save(key, .staging, domain.name, file) }
        return key
    }
    private func finalize(_ kind: KeyKind, _ key: PrivateKey, _ client: ACMEClient) throws(ACMEError) {
        set("Creating \(kind.name) CSR")
        let request: [UInt8]
        do throws(CryptographyError) {
            request = try CertificateRequest.make(
                DNSName.minimal(domain.domains), key: key, mustStaple: domain.mustStaple)
        } catch { throw ACMEError(StatusCode.general, error.description) }
        set("Submitting \(kind.name) CSR to CA")
        guard var current = order else { return }
        try client.finalize(&current, request: request)
        order = current
        try saveOrder()
    }

    // MARK: Waiting

    /// Looks again and again, with growing pauses or those the CA asks for.
    private func wait(_ what: String, _ look: () throws(ACMEError) -> (isDone: Bool, retryAfter: Int?))
        throws(ACMEError)
    {
        let end = MonotonicTime.milliseconds + settings.patience
        var nap: UInt64 = 100
        while true {
            let (isDone, retryAfter) = try look()
            if isDone { return }
            let pause = retryAfter.map { UInt64(min(max($0, 1), 60)) * 1000 } ?? nap
            guard MonotonicTime.milliseconds + pause < end else { throw ACMEError(StatusCode.timeUp, what) }
            _ = Poll.readable([], milliseconds: Int32(clamping: pause))
            nap = min(nap * 2, 10_000)
        }
    }
    private func awaitAuthorizations(_ client: ACMEClient) throws(ACMEError) {
        for url in order?.authorizations ?? [] {
            set("Monitoring challenge status for \(domain.name): \(url)")
            try wait("Error waiting on domain names to be validated") { () throws(ACMEError) in
                let (authorization, retryAfter) = try client.authorization(url)
                switch authorization.status {
                case .valid: return (true, nil)
                case .pending: return (false, retryAfter)
                default: throw failure(of: authorization)
                }
            }
        }
    }
    func failure(of authorization: Authorization) -> ACMEError {
        let type = authorization.error["type"].string
        let detail =
            authorization.error["detail"].string
            ?? "the authorization is \(authorization.json["status"].string ?? "unknown")"
        var error = ACMEError(
            StatusCode.invalid,
            "domain authorization for \(authorization.domain) failed, CA considers answer to challenge invalid: \(detail)",
            problem: type)
        error.subproblems = authorization.error["subproblems"]
        return error
    }
    private func awaitOrder(_ client: ACMEClient, _ activity: String, _ wanted: Set<Order.Status>) throws(ACMEError) {
        set(activity)
        try wait("\(activity): the time is over") { () throws(ACMEError) in
            guard var current = order else { throw ACMEError(StatusCode.general, "the order is gone") }
            let retryAfter = try client.update(&current)
            order = current
            if wanted.contains(current.status) { return (true, nil) }
            guard current.status != .invalid else {
                var error = ACMEError(
                    StatusCode.invalid,
                    current.error["detail"].string ?? "ACME server order status is 'invalid'.",
                    problem: current.error["type"].string)
                error.subproblems = current.error["subproblems"]
                throw error
            }
            return (false, retryAfter)
        }
        try saveOrder()
    }
}
