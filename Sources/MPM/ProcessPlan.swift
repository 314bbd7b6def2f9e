// Apache: server/mpm/event/event.c (event_pre_config, event_check_config)

import Kernel
import ServerCore

/// What Apache's process settings mean for an engine whose requests are tasks (docs/mpm.md).
public struct ProcessPlan: Sendable {
    /// Child processes: `StartServers`.
    public var children: Int
    /// Event loops, each with a thread, in a child.
    public var loopsPerChild: Int
    /// Requests that may be at work at once in one loop: a share of `MaxRequestWorkers`.
    public var requestsPerLoop: Int
    /// Open connections of one loop, idle ones included; what descriptors allow.
    public var connectionsPerLoop: Int
    /// `MaxConnectionsPerChild`; 0 for no limit.
    public var maxConnectionsPerChild: Int
    /// The bounds Apache would use, after its corrections.
    public var maxRequestWorkers: Int
    public var serverLimit: Int
    public var threadsPerChild: Int
    /// In Apache's words.
    public var warnings: [String] = []

    public init(_ settings: ProcessSettings, isSingle: Bool = false, isRestart: Bool = false) {
        let checks = Checks(settings, isRestart: isRestart)
        let processors = max(1, Process.availableProcessors)
        serverLimit = checks.serverLimit
        threadsPerChild = checks.threadsPerChild
        maxRequestWorkers = checks.maxWorkers
        warnings = checks.warnings
        let start = settings.startServers.map { max(1, $0) } ?? min(processors, 3)
        children = isSingle ? 1 : min(start, checks.activeLimit)
        loopsPerChild = isSingle ? 1 : max(1, processors / children)
        let loops = children * loopsPerChild
        requestsPerLoop = max(1, (checks.maxWorkers + loops - 1) / loops)
        maxConnectionsPerChild = max(0, settings.maxConnectionsPerChild)
        // A request may need a file, a connection to an application and a pipe besides its own.
        let descriptors = Int(clamping: Process.limit("nofile")?.hard ?? 1024)
        let room = max(64, descriptors - 128) / loopsPerChild
        connectionsPerLoop = min(100_000, max(16, room - min(room / 2, 3 * requestsPerLoop)))
    }

    /// Apache's corrections, with its warnings: one wording for the terminal, one for the log of a restart.
    private struct Checks {
        var serverLimit: Int
        var threadLimit: Int
        var threadsPerChild: Int
        var maxWorkers: Int
        var activeLimit = 1
        var warnings: [String] = []

        static let maxServerLimit = 20000
        static let maxThreadLimit = 20000

        init(_ settings: ProcessSettings, isRestart: Bool) {
            serverLimit = settings.serverLimit ?? 16
            threadLimit = settings.threadLimit ?? 64
            threadsPerChild = settings.threadsPerChild
            maxWorkers = settings.maxRequestWorkers ?? 400
            checkServerLimit(isRestart)
            checkThreads(isRestart)
            checkWorkers(isRestart)
            checkStart(settings, isRestart)
        }
        private mutating func warn(_ isRestart: Bool, _ startup: String, _ restart: String) {
            warnings.append(isRestart ? restart : startup)
        }
        private mutating func checkServerLimit(_ isRestart: Bool) {
            let limit = Self.maxServerLimit
            if serverLimit > limit {
                warn(
                    isRestart,
                    "AH00497: WARNING: ServerLimit of \(serverLimit) exceeds compile-time limit of \(limit) servers, decreasing to \(limit).",
                    "AH00498: ServerLimit of \(serverLimit) exceeds compile-time limit of \(limit), decreasing to match"
                )
                serverLimit = limit
            } else if serverLimit < 1 {
                warn(
                    isRestart, "AH00499: WARNING: ServerLimit of \(serverLimit) not allowed, increasing to 1.",
                    "AH00500: ServerLimit of \(serverLimit) not allowed, increasing to 1")
                serverLimit = 1
            }
        }
        private mutating func checkThreads(_ isRestart: Bool) {
            let limit = Self.maxThreadLimit
            if threadLimit > limit {
                warn(
                    isRestart,
                    "AH00502: WARNING: ThreadLimit of \(threadLimit) exceeds compile-time limit of \(limit) threads, decreasing to \(limit).",
                    "AH00503: ThreadLimit of \(threadLimit) exceeds compile-time limit of \(limit), decreasing to match"
                )
                threadLimit = limit
            } else if threadLimit < 1 {
                warn(
                    isRestart, "AH00504: WARNING: ThreadLimit of \(threadLimit) not allowed, increasing to 1.",
                    "AH00505: ThreadLimit of \(threadLimit) not allowed, increasing to 1")
                threadLimit = 1
            }
            if threadsPerChild > threadLimit {
                warn(
                    isRestart,
                    "AH00507: WARNING: ThreadsPerChild of \(threadsPerChild) exceeds ThreadLimit of \(threadLimit) threads, decreasing to \(threadLimit). To increase, please see the ThreadLimit directive.",
                    "AH00508: ThreadsPerChild of \(threadsPerChild) exceeds ThreadLimit of \(threadLimit), decreasing to match"
                )
                threadsPerChild = threadLimit
            } else if threadsPerChild < 1 {
                warn(
                    isRestart, "AH00509: WARNING: ThreadsPerChild of \(threadsPerChild) not allowed, increasing to 1.",
                    "AH00510: ThreadsPerChild of \(threadsPerChild) not allowed, increasing to 1")
                threadsPerChild = 1
            }
        }
        private mutating func checkWorkers(_ isRestart: Bool) {
            if maxWorkers < threadsPerChild {
                warn(
                    isRestart,
                    "AH00511: WARNING: MaxRequestWorkers of \(maxWorkers) is less than ThreadsPerChild of \(threadsPerChild), increasing to \(threadsPerChild). MaxRequestWorkers must be at least as large as the number of threads in a single server.",
                    "AH00512: MaxRequestWorkers of \(maxWorkers) is less than ThreadsPerChild of \(threadsPerChild), increasing to match"
                )
                maxWorkers = threadsPerChild
            }
            activeLimit = maxWorkers / threadsPerChild
            let multiple = activeLimit * threadsPerChild
            if multiple != maxWorkers {
                warn(
                    isRestart,
                    "AH00513: WARNING: MaxRequestWorkers of \(maxWorkers) is not an integer multiple of ThreadsPerChild of \(threadsPerChild), decreasing to nearest multiple \(multiple), for a maximum of \(activeLimit) servers.",
                    "AH00514: MaxRequestWorkers of \(maxWorkers) is not an integer multiple of ThreadsPerChild of \(threadsPerChild), decreasing to nearest multiple \(multiple)"
                )
                maxWorkers = multiple
            }
            if activeLimit > serverLimit {
                let most = serverLimit * threadsPerChild
                warn(
                    isRestart,
                    "AH00515: WARNING: MaxRequestWorkers of \(maxWorkers) would require \(activeLimit) servers and would exceed ServerLimit of \(serverLimit), decreasing to \(most). To increase, please see the ServerLimit directive.",
                    "AH00516: MaxRequestWorkers of \(maxWorkers) would require \(activeLimit) servers and exceed ServerLimit of \(serverLimit), decreasing to \(most)"
                )
                activeLimit = serverLimit
                maxWorkers = most
            }
        }
        private mutating func checkStart(_ settings: ProcessSettings, _ isRestart: Bool) {
            if let start = settings.startServers, start < 1 {
                warn(
                    isRestart, "AH00517: WARNING: StartServers of \(start) not allowed, increasing to 1.",
                    "AH00518: StartServers of \(start) not allowed, increasing to 1")
            }
            if let spare = settings.minSpareThreads, spare < 1 {
                warn(
                    isRestart,
                    "AH00519: WARNING: MinSpareThreads of \(spare) not allowed, increasing to 1 to avoid almost certain server failure. Please read the documentation.",
                    "AH00520: MinSpareThreads of \(spare) not allowed, increasing to 1")
            }
        }
    }
}
