// Apache: modules/md/mod_md_drive.c

import ACME
import Bytes
import Kernel
import ServerCore

/// The process that renews: a loop over the domains, asleep most of the time.
enum RenewalProcess {
    static let service = ServiceProcess(name: "certificate renewal", run: run, notice: activate)

    private static var now: Int64 { RealTime.now / 1_000_000 }

    @Sendable private static func run(_ configuration: Configuration, _ report: Int32) {
        guard let registry = configuration.managedDomains else { return sleep(86_400_000) }
        Process.setName("martinet renew")
        let log = { (level: LogLevel, text: String) in
            configuration.mainServer.log(level, ManagedDomains.log, ByteString(text))
        }
        let watched = registry.entries.filter(\.domain.isWatched)
        log(.debug, "AH10054: md watchdog start, auto drive \(watched.count) mds")
        // One that follows after an activation goes on where the last one was.
        if !registry.hasActivated {
            for entry in watched { forgetErrors(entry.domain.name, registry, log) }
            sleep(registry.config.initialDelay)
        }
        var staples = StaplingRun(registry, log)
        while true {
            var next = now + spread(registry.config.checkInterval / 1000)
            var isActivated = false
            for entry in watched {
                var run = DomainRun(entry, registry, log)
                run.process()
                if run.isReady {
                    _ = File.write(report, Array("\(entry.domain.name)\n".utf8))
                    isActivated = true
                }
                if run.job.nextRun > 0 { next = min(next, run.job.nextRun) }
                // Certificates of a few days are not left to the next look (`MDCheckInterval`).
                if entry.stock.renewAt > now { next = min(next, entry.stock.renewAt) }
            }
            if !isActivated, let time = staples.process() { next = min(next, time) }
            // The parent knows the new certificates: it starts this process again with them.
            if isActivated { return sleep(200) }
            let pause = max(1, next - now)
            log(.debug, "AH10107: next run in \(Duration.describe(pause * 1000))")
            sleep(pause * 1000)
        }
    }
    /// After a start, renewals that failed begin afresh.
    private static func forgetErrors(_ name: String, _ registry: Registry, _ log: (LogLevel, String) -> Void) {
        let job = Job(registry.store, name)
        guard job.errors > 0 else { return }
        log(
            .notice,
            "AH10064: md(\(name)): previous drive job showed \(job.errors) errors, purging STAGING area to reset.")
        registry.store.purge(.staging, name)
        registry.store.purge(.challenges, name)
    }
    private static func spread(_ seconds: Int64) -> Int64 {
        let random = Int64((try? Random.bytes(1))?[0] ?? 128) - 128
        return max(1, seconds + seconds * random / 256)
    }
    private static func sleep(_ milliseconds: Int64) {
        var rest = milliseconds
        while rest > 0 {
            let piece = min(rest, 3_600_000)
            _ = Poll.readable([], milliseconds: Int32(piece))
            rest -= piece
        }
    }

    /// In the parent: the names of domains whose certificates are staged and ready, a line each.
    @Sendable private static func activate(_ configuration: Configuration, _ bytes: [UInt8]) {
        guard let registry = configuration.managedDomains else { return }
        for line in bytes.split(separator: 10) {
            let name = String(decoding: line, as: UTF8.self)
            guard registry.entries.contains(where: { $0.domain.name == name }) else { continue }
            do throws(ACMEError) {
                guard try registry.activate(name, configuration) else { continue }
                configuration.mainServer.log(
                    .notice, ManagedDomains.log,
                    ByteString("The Managed Domain \(name) has a new certificate, which is in use from now on"))
                Notification.installed(name, registry.store, registry.config, waits: false) { level, text in
                    configuration.mainServer.log(level, ManagedDomains.log, ByteString(text))
                }
            } catch {
                configuration.mainServer.log(
                    .error, ManagedDomains.log,
                    ByteString("AH10069: \(name): error loading staged set, purging it: \(error)"))
                registry.store.purge(.staging, name)
                registry.store.purge(.challenges, name)
            }
        }
    }
}

/// One look at one domain.
private struct DomainRun {
    private let domain: ManagedDomain
    private let stock: CertificateStock
    private let registry: Registry
    private let log: (LogLevel, String) -> Void
    private(set) var job: Job
    /// Its certificates are staged and may be used.
    private(set) var isReady = false

    init(_ entry: Registry.Entry, _ registry: Registry, _ log: @escaping (LogLevel, String) -> Void) {
        domain = entry.domain
        stock = entry.stock
        self.registry = registry
        self.log = log
        job = Job(registry.store, entry.domain.name)
    }
    private var now: Int64 { RealTime.now / 1_000_000 }

    mutating func process() {
        guard now >= job.nextRun else { return }
        job.nextRun = 0
        if job.isFinished, job.isRenewalNotified {
            return awaitUse()
        }
        guard domain.state != .missingInformation else { return }
        var explanation: String?
        let isRenewing = domain.willRenew && isDue(&explanation)
        if isRenewing { renew(explanation) }
        if !job.isFinished, stock.shouldWarn { warn(isAll: !isRenewing) }
    }
    /// By the certificate's age, or because the CA says so (RFC 9773).
    private mutating func isDue(_ explanation: inout String?) -> Bool {
        let renewAt = stock.renewAt
        if registry.hasRevoked(domain, stock.certificates) {
            log(.debug, "AH10500: md(\(domain.name)): need to renew, OCSP reports revoked certificate(s)")
            return true
        }
        guard renewAt > now else {
            log(.debug, "AH10512: md(\(domain.name)): need to renew now")
            return true
        }
        guard domain.usesRenewalInfo, let advice = Renewal.advice(domain, stock, registry.settings),
            advice.at <= renewAt
        else { return false }
        explanation = advice.explanation
        guard advice.at > now else {
            log(
                .notice,
                "AH10517: md(\(domain.name)): CA advises renew via ARI now\(explanation.map { ", for explanation see \($0)" } ?? "")"
            )
            return true
        }
        if advice.at - now < 86400 { job.nextRun = advice.at }
        return false
    }
    private mutating func renew(_ explanation: String?) {
        let name = domain.name
        guard notify("renewing") else {
            log(
                .info,
                "AH10060: \(name): event-handler for 'renewing' returned \(StatusCode.general), preventing renewal to proceed."
            )
            return save()
        }
        job.isFinished = false
        job.lastRun = now
        job.note("starting")
        if let explanation {
            job.note("progress", detail: "Renewal triggered by CA via ARI, explanation at \(explanation)")
        }
        save()
        let result = drive()
        job.last = result
        guard result.status == StatusCode.success else { return failed(result) }
        job.isFinished = true
        job.validFrom = result.readyAt
        job.errors = 0
        job.note("finished")
        // `renewed` is said when the certificates may be used (`MDActivationDelay`).
        if result.readyAt > now {
            job.nextRun = result.readyAt
            return save()
        }
        save()
        if !job.isRenewalNotified {
            guard notify("renewed") else {
                tryLater(job.last?.problem)
                return save()
            }
            job.isNotified = true
            job.isRenewalNotified = true
            log(.notice, "AH10059: The Managed Domain \(name) has been setup.")
        }
        save()
        awaitUse()
    }
    /// The staged certificates are used once they are valid, or by the next start.
    private mutating func awaitUse() {
        guard !registry.config.activatesAtRestart else { return }
        isReady = job.validFrom <= now
        if !isReady { job.nextRun = job.validFrom }
    }
    /// In whole seconds, and not earlier than that.
    private func later(_ seconds: Int64) -> Int64 { now + 1 + max(1, seconds) }
    private mutating func drive() -> RenewalResult {
        let store = registry.store
        let (config, log) = (registry.config, log)
        var job = job
        var last = RenewalResult()
        var savedAt: UInt64 = 0
        let renewal = Renewal(
            domain, stock, store, registry.settings, attempt: job.errors,
            observe: { result in
                guard result != last else { return }
                last = result
                let words = [result.activity, result.detail, result.problem.map { "problem: \($0)" }].compactMap { $0 }
                if !words.isEmpty { job.note("progress", detail: words.joined(separator: ", ")) }
                job.last = result
                guard MonotonicTime.milliseconds - savedAt > 500 else { return }
                savedAt = MonotonicTime.milliseconds
                job.save(store)
            },
            raise: { event in
                let (isFine, entry) = Notification.send(event, job, config, log)
                job = entry
                return isFine
            }, execute: { Notification.execute($0, log) })
        renewal.run()
        self.job = job
        return renewal.result
    }
    private mutating func failed(_ result: RenewalResult) {
        tryLater(result.problem)
        log(
            .error,
            "(\(result.status))\(StatusCode.text(result.status)): AH10056: processing \(domain.name): \(result.detail ?? "")"
        )
        job.note("renewal-error", status: result.problem, detail: result.detail)
        _ = notify("errored")
        log(
            .info,
            "AH10057: \(domain.name): encountered error for the \(job.errors). time, next run in \(Duration.describe(max(0, job.nextRun - now) * 1000))"
        )
        save()
    }
    /// - Parameter isAll: There was no renewal, whose errors would count.
    private mutating func warn(isAll: Bool) {
        if notify("expiring") {
            job.isNotified = true
            if isAll { job.errors = 0 }
        } else if isAll {
            tryLater(job.last?.problem)
        }
        save()
    }
    private mutating func tryLater(_ problem: String?) {
        job.errors += 1
        job.nextRun = later(
            Job.delay(errors: job.errors, problem: problem, first: registry.config.retryDelay / 1000))
    }
    private func save() { job.save(registry.store) }

    private mutating func notify(_ reason: String) -> Bool {
        let (isFine, entry) = Notification.send(reason, job, registry.config, log)
        job = entry
        return isFine
    }
}
