// Apache: modules/md/md_acme_drive.c, md_acmev2_drive.c, md_reg.c (md_reg_renew)

import Bytes
import Kernel

/// What all renewals share.
public struct RenewalSettings: Sendable {
    public var userAgent: String
    /// `MDHttpProxy`
    public var proxy: String?
    /// `MDCACertificateFile`
    public var certificatesFile: String?
    /// Port 80 and 443 of the world lead here (`MDPortMap`).
    public var canHTTP = true
    public var canHTTPS = true
    /// Milliseconds (`MDActivationDelay`); negative: one second, always.
    public var activationDelay: Int64 = 0
    /// `MDRetryFailover`
    public var retryFailover = 13
    /// `MDChallengeDns01`
    public var dns01Command: String?
    public var dns01Version = 1
    /// How long to wait for the CA's checks, in milliseconds.
    public var patience: UInt64 = 300_000

    public init(userAgent: String) { self.userAgent = userAgent }
}

/// Gets new certificates for one domain into the staging area. May be run again after an error, and goes on where it was.
public final class Renewal {
    let store: Store
    /// As configured.
    let domain: ManagedDomain
    /// As staged: with the CA and the account of this run.
    var staged: ManagedDomain
    /// What it has now.
    let stock: CertificateStock
    let settings: RenewalSettings
    /// Runs in a row that failed.
    let attempt: Int
    public private(set) var result = RenewalResult()
    /// Told of every change.
    private let observe: (RenewalResult) -> Void
    /// Told of events (`challenge-setup:http-01:example.org`); false stops what was about to be done.
    let raise: (String) -> Bool
    /// Programs run with this.
    let execute: ([ByteString]) -> Int32
    var challengeTypes: [String] = []
    var order: Order?

    public init(
        _ domain: ManagedDomain, _ stock: CertificateStock, _ store: Store, _ settings: RenewalSettings,
        attempt: Int = 0,
        observe: @escaping (RenewalResult) -> Void = { _ in }, raise: @escaping (String) -> Bool = { _ in true },
        execute: @escaping ([ByteString]) -> Int32 = { _ in 127 }
    ) {
        self.domain = domain
        self.store = store
        self.stock = stock
        self.settings = settings
        self.attempt = attempt
        self.observe = observe
        self.raise = raise
        self.execute = execute
        staged = domain
    }

    func set(_ activity: String?) {
        result.activity = activity
        observe(result)
    }
    func say(_ detail: String) {
        result.detail = detail
        observe(result)
    }

    /// Why no renewal can succeed with these settings (md_reg_test_init).
    public static func fault(_ domain: ManagedDomain, _ settings: RenewalSettings) -> String? {
        do throws(ACMEError) {
            _ = try usableChallenges(domain, settings)
            return nil
        } catch { return error.detail }
    }

    /// When the CA wants the certificates renewed, as soon as any: seconds since the epoch. nil where it says nothing.
    public static func advice(
        _ domain: ManagedDomain, _ stock: CertificateStock, _ settings: RenewalSettings
    ) -> (at: Int64, explanation: String?)? {
        let certificates = stock.certificates.compactMap { $0 }
        guard !domain.isStatic, !certificates.isEmpty, let authority = domain.authorities.first,
            let client = try? client(authority, settings)
        else { return nil }
        var best: (at: Int64, explanation: String?)?
        for certificate in certificates {
            guard let window = try? client.renewalWindow(certificate) else { continue }
            let random = Int64((try? Random.bytes(1))?[0] ?? 0)
            let at = window.start + (window.end - window.start) * random / 256
            if at < best?.at ?? Int64.max { best = (at, window.explanation) }
        }
        return best
    }

    /// Works until the certificates are staged or something fails; ``result`` says which.
    public func run() {
        do throws(ACMEError) {
            challengeTypes = try Self.usableChallenges(domain, settings)
            say(
                "MDomain \(domain.name) initialized with support for ACME challenges \(challengeTypes.joined(separator: " "))"
            )
            try renew()
        } catch {
            let activity = result.activity
            result = RenewalResult(error, activity: activity)
            observe(result)
        }
    }
    private func renew() throws(ACMEError) {
        guard !domain.authorities.isEmpty else {
            throw ACMEError(
                StatusCode.incomplete, "The managed domain \(domain.name) is missing MDCertificateAuthority")
        }
        let authority = try openStaging()
        var isFirst = false
        if !isComplete {
            try getAll(authority)
            purgeOrder()
            isFirst = true
        }
        finish(isFirst: isFirst)
    }

    /// Decides on the CA and makes the staging area ready.
    private func openStaging() throws(ACMEError) -> String {
        set("Checking staging area")
        var reset = false
        var previous: ManagedDomain?
        if let found = try? store.domain(.staging, domain.name) {
            previous = found
            let old = store.modified(.staging, domain.name, "md.json") ?? 0
            reset = store.modified(.domains, domain.name, "md.json") ?? 0 > old || found.domains != domain.domains
        } else {
            reset = true
        }
        var authority = previous?.authority
        if let chosen = authority, domain.authorities.count > 1, attempt >= settings.retryFailover {
            // Often enough with this CA: the next one, from a clean start.
            authority = domain.authorities.firstIndex(of: chosen).map {
                domain.authorities[($0 + 1) % domain.authorities.count]
            }
            reset = true
        }
        let chosen = authority ?? domain.authorities[0]
        if reset {
            set("Resetting staging area")
            clearStaging()
            previous = nil
        }
        set("Assessing current status")
        if previous?.state == .missingInformation {
            throw ACMEError(
                StatusCode.incomplete, "The managed domain \(domain.name) is missing required information")
        }
        if let previous { staged = previous }
        if previous == nil || previous?.authorities != domain.authorities {
            set("Resetting staging for \(domain.name)")
            clearStaging()
            staged = domain
            staged.authority = chosen
            staged.account = nil
            try save { () throws(Store.Failure) in try store.save(staged, .staging) }
        }
        return chosen
    }
    /// All but the job, which is somebody else's.
    private func clearStaging() {
        let job = try? store.json(.staging, domain.name, "job.json")
        store.purge(.staging, domain.name)
        if let job { try? store.save(job, .staging, domain.name, "job.json") }
    }
    func save(_ call: () throws(Store.Failure) -> Void) throws(ACMEError) {
        do throws(Store.Failure) { try call() } catch { throw ACMEError(StatusCode.general, "\(error)") }
    }

    private func has(_ kind: KeyKind) -> Bool {
        store.exists(.staging, domain.name, kind.fileName("privkey"))
            && (try? store.chain(.staging, domain.name, kind.fileName("pubcert"))) != nil
    }
    private var isComplete: Bool { domain.keyKinds.allSatisfy(has) }

    private func getAll(_ authority: String) throws(ACMEError) {
        set("Contacting ACME server for \(domain.name) at \(authority)")
        let client = try Self.client(authority, settings)
        for kind in domain.keyKinds where !has(kind) {
            set("Driving ACME to renew \(kind.name) certificate for \(domain.name)")
            try chooseAccount(client)
            try obtain(kind, client)
            purgeOrder()
        }
    }
    static func client(_ authority: String, _ settings: RenewalSettings) throws(ACMEError) -> ACMEClient {
        let trust: TrustStore
        do throws(CryptographyError) {
            trust = try TrustStore(file: settings.certificatesFile)
        } catch { throw ACMEError(StatusCode.general, error.description) }
        let http = HTTPClient(
            userAgent: settings.userAgent, trust: trust, proxy: settings.proxy.flatMap { RequestURL($0) })
        return try ACMEClient(authority, http)
    }

    /// Says from when on the new certificates are to be used.
    private func finish(isFirst: Bool) {
        set(nil)
        let now = RealTime.now / 1_000_000
        var ready: Int64 = 0
        for kind in domain.keyKinds {
            let file = kind.fileName("pubcert")
            guard let chain = try? store.chain(.staging, domain.name, file) else { continue }
            ready = max(ready, chain[0].notBefore, (store.modified(.staging, domain.name, file) ?? 0) / 1_000_000)
        }
        if domain.state == .complete {
            let until = stock.validUntil ?? 0
            if settings.activationDelay < 0 {
                if isFirst { ready = now + 1 }
            } else if until > ready {
                ready += min(settings.activationDelay / 1000, until - ready)
            }
        }
        result = RenewalResult()
        result.readyAt = ready
        let when = RFC822.text(ready)
        say(
            ready > now
                ? "The certificate for the managed domain has been renewed successfully and can be used from \(when) on."
                : "The certificate for the managed domain has been renewed successfully and can be used (valid since \(when))."
        )
    }
}
