// Apache: modules/md/mod_md.c (notify), modules/md/md_util.c (md_util_exec)

import ACME
import Bytes
import Kernel
import ServerCore

/// `MDNotifyCmd` and `MDMessageCmd`.
enum Notification {
    /// Seconds between two messages of the same kind.
    private static func interval(_ reason: String) -> Int64 {
        switch reason {
        case "renewing": 3600
        case "available-renewal", "renewed": 28 * 86400
        case "expiring", "ocsp-renewed": 86400
        case "errored", "ocsp-errored": 3600
        default: 0
        }
    }
    /// - Returns: Whether the commands succeeded or none was due, and the job with what is to be remembered.
    static func send(
        _ reason: String, _ job: Job, _ config: GlobalConfig, _ log: (LogLevel, String) -> Void
    ) -> (Bool, Job) {
        var job = job
        let now = RealTime.now / 1_000_000
        let kind = "message-\(reason)"
        let interval = interval(reason)
        if interval > 0, let latest = job.latest(kind), now - latest < interval {
            log(.debug, "AH10267: \(job.name): rate limiting notification about '\(reason)'")
            return (true, job)
        }
        func failed(_ number: String, _ directive: String, _ command: String, _ code: Int32, _ type: String) -> (
            Bool, Job
        ) {
            let detail = "\(directive) \(command) failed with exit code \(code)."
            var result = job.last ?? RenewalResult()
            result.status = StatusCode.general
            result.problem = "urn:org:apache:httpd:log:\(number):"
            result.detail = detail
            job.last = result
            log(.error, "\(number): \(job.name): \(detail)")
            job.note(type, status: type == "message-error" ? reason : result.problem, detail: detail)
            return (false, job)
        }
        if reason == "renewed", let command = config.notifyCommand {
            let code = execute(words(command) + [ByteString(job.name)])
            if code != 0 { return failed("AH10108", "MDNotifyCmd", command, code, "notify-error") }
        }
        if let command = config.messageCommand {
            let code = execute(words(command) + [ByteString(reason), ByteString(job.name)])
            if code != 0 { return failed("AH10109", "MDMessageCmd", command, code, "message-error") }
        }
        job.note(kind)
        return (true, job)
    }
    private static func words(_ command: String) -> [ByteString] {
        SectionWords.words(ByteString(command))
    }
    /// Runs a program to its end. 127: it could not be started.
    static func execute(_ arguments: [ByteString]) -> Int32 {
        guard let program = arguments.first,
            let pid = try? Process.spawn(program, arguments: arguments, environment: Environment.all, directory: nil)
        else { return 127 }
        guard let exit = Process.reap(pid, wait: true) else { return 127 }
        return exit.code ?? 128 + (exit.signal ?? 0)
    }
}
