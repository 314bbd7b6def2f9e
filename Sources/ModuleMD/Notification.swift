// Apache: modules/md/mod_md.c (notify), modules/md/md_util.c (md_util_exec)

import ACME
import Bytes
import EventLoop
import Kernel
import ServerCore

/// `MDNotifyCmd` and `MDMessageCmd`.
enum Notification {
    /// Seconds between two messages of the same kind.
    private static func interval(_ reason: String) -> Int64 {
        switch reason {
        case "renewing", "errored", "ocsp-errored": 3600
        case "renewed", "installed", "expiring", "ocsp-renewed": 86400
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
            // As md_result_log says it.
            let activity = result.activity.map { " while[\($0)]" } ?? ""
            let problem = result.problem.map { " problem[\($0)]" } ?? ""
            log(
                .error,
                "(\(result.status))\(StatusCode.text(result.status)): md[\(job.name)]\(activity)\(problem) detail[\(detail)]"
            )
            job.note(type, status: type == "message-error" ? reason : result.problem, detail: detail)
            return (false, job)
        }
        if reason == "renewed", let command = config.notifyCommand {
            let code = execute(words(command) + [ByteString(job.name)], log)
            if code != 0 { return failed("AH10108", "MDNotifyCmd", command, code, "notify-error") }
        }
        if let command = config.messageCommand {
            let code = execute(words(command) + [ByteString(reason), ByteString(job.name)], log)
            if code != 0 { return failed("AH10109", "MDMessageCmd", command, code, "message-error") }
        }
        job.note(kind)
        return (true, job)
    }
    private static func words(_ command: String) -> [ByteString] {
        SectionWords.words(ByteString(command))
    }
    /// Runs a program to its end; what it says on its standard error goes to the log.
    /// - Returns: Its exit status or what signal ended it; 255 where it could not be started.
    static func execute(_ arguments: [ByteString], _ log: (LogLevel, String) -> Void) -> Int32 {
        guard let program = arguments.first, let (reader, writer) = try? Pipe().split() else { return 255 }
        defer { File.close(reader) }
        let pid = try? Process.spawn(
            program, arguments: arguments, environment: Environment.all, directory: nil, error: writer)
        File.close(writer)
        guard let pid else { return 255 }
        var said: [UInt8] = []
        while case .bytes(let count) = File.read(reader, into: &said, count: 4096), count > 0 {
            while let end = said.firstIndex(of: 10) {
                log(.info, "cmd(\(program)) stderr: \(ByteString(said[..<end]))")
                said.removeSubrange(...end)
            }
        }
        if !said.isEmpty { log(.info, "cmd(\(program)) stderr: \(ByteString(said))") }
        guard let exit = Process.reap(pid, wait: true) else { return 255 }
        return exit.code ?? exit.signal ?? 255
    }

    // MARK: In the parent

    /// Says `installed`, with the parent's privileges: the command may read the keys.
    /// - Parameter waits: While the server starts. Later a process of its own waits for the command.
    static func installed(
        _ name: String, _ store: Store, _ config: GlobalConfig, waits: Bool,
        _ log: @escaping (LogLevel, String) -> Void
    ) {
        func tell() {
            let (_, job) = send("installed", Job(store, name, .domains), config, log)
            job.save(store, .domains)
        }
        guard config.messageCommand != nil, !waits else { return tell() }
        do throws(Errno) {
            guard case .child = try Process.fork() else { return }
            // docs/decisions/0002: locks do not hold on the main thread of a forked process.
            try ForkedThread.run {
                tell()
                Process.exitNow(0)
            }
        } catch { log(.error, "(\(error.rawValue))\(error): cannot start the process for MDMessageCmd") }
    }
}
