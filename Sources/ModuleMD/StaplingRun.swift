// Apache: modules/md/md_ocsp.c (md_ocsp_renew, ostat_on_req_status), modules/md/mod_md_ocsp.c (run_watchdog)

import ACME
import Kernel
import ServerCore

/// The renewal process's part in stapling: asks responders for answers that are due.
struct StaplingRun {
    private struct Attempt {
        var nextRun: Int64 = 0
        var errors = 0
    }
    private let registry: Registry
    private let log: (LogLevel, String) -> Void
    private var attempts: [String: Attempt] = [:]
    private var now: Int64 { RealTime.now / 1_000_000 }

    init(_ registry: Registry, _ log: @escaping (LogLevel, String) -> Void) {
        self.registry = registry
        self.log = log
        for certificate in registry.stapling.certificates {
            let status = CertificateStatus(registry.store, certificate.name, certificate.id)
            attempts[certificate.id] = Attempt(nextRun: status.map(start) ?? 0)
        }
        guard !attempts.isEmpty else { return }
        log(.debug, "AH10197: md ocsp watchdog start, ocsp stapling \(attempts.count) certificates")
    }
    private func start(_ status: CertificateStatus) -> Int64 {
        registry.config.statusRenewWindow.start(from: status.from, to: status.until)
    }

    /// Asks for what is due now or within a minute.
    /// - Returns: When to be called again, in seconds since the epoch; nil: there is nothing to do.
    mutating func process() -> Int64? {
        guard !registry.stapling.certificates.isEmpty else { return nil }
        var hasRevoked = false
        for certificate in registry.stapling.certificates {
            let attempt = attempts[certificate.id, default: Attempt()]
            guard attempt.nextRun <= (attempt.errors > 0 ? now : now + 60) else { continue }
            if ask(certificate) == .revoked { hasRevoked = true }
        }
        // Who renews certificates is to look at once.
        if hasRevoked { return now + 1 }
        let next = attempts.values.map(\.nextRun).min() ?? 0
        return max(now + 1, min(next, now + 3600))
    }
    private mutating func ask(_ certificate: StapledCertificate) -> CertificateStatus.State? {
        var job = Job(registry.store, certificate.name, .ocsp)
        var attempt = attempts[certificate.id, default: Attempt()]
        defer { attempts[certificate.id] = attempt }
        var state: CertificateStatus.State?
        job.lastRun = now
        var result = RenewalResult()
        result.activity = "status of certid \(certificate.id), contacting \(certificate.responder)"
        do throws(ACMEError) {
            let status = try certificate.ask(registry.settings)
            do throws(Store.Failure) {
                try status.save(registry.store, certificate.name, certificate.id)
            } catch { throw ACMEError(StatusCode.general, "error saving OCSP status: \(error)") }
            result.detail =
                "certificate status is \(status.state.rawValue.uppercased()), status valid \(RFC822.text(status.from)) - \(RFC822.text(status.until))"
            state = status.state
            attempt = Attempt(nextRun: max(start(status), now + 61))
            job.isFinished = true
            job.errors = 0
            job.note("finished")
            finish(&job, result, "ocsp-renewed")
        } catch {
            attempt.errors += 1
            let delay = Job.delay(
                errors: attempt.errors, problem: nil, first: registry.config.retryDelay / 1000)
            attempt.nextRun = now + 1 + max(1, delay)
            result = RenewalResult(error, activity: result.activity)
            log(.debug, "OCSP status update failed (\(attempt.errors). time): \(error)")
            job.isFinished = false
            job.errors = attempt.errors
            job.note("ocsp-error", status: result.problem, detail: result.detail)
            finish(&job, result, "ocsp-errored")
        }
        return state
    }
    private func finish(_ job: inout Job, _ result: RenewalResult, _ event: String) {
        job.last = result
        (_, job) = Notification.send(event, job, registry.config, log)
        job.save(registry.store, .ocsp)
    }
}
