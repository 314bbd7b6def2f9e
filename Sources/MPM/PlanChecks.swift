// Apache: server/mpm/event/event.c (event_check_config), worker.c, prefork.c

import ServerCore

/// Apache's corrections, with its warnings: one wording for the terminal, one for the log of a restart.
struct PlanChecks {
    var serverLimit: Int
    var threadLimit: Int
    var threadsPerChild: Int
    var maxWorkers: Int
    var activeLimit = 1
    var warnings: [String] = []

    static let maxServerLimit = 20000

    private let mpm: MPMKind
    private let isRestart: Bool
    private let first: ProcessPlan?

    /// worker.c and event.c say the same with other numbers.
    init(threaded settings: ProcessSettings, _ mpm: MPMKind, isRestart: Bool, first: ProcessPlan?) {
        self.mpm = mpm
        self.isRestart = isRestart
        self.first = first
        serverLimit = settings.serverLimit ?? 16
        threadLimit = settings.threadLimit ?? 64
        threadsPerChild = settings.threadsPerChild
        maxWorkers = settings.maxRequestWorkers ?? 400
        checkServerLimit()
        checkThreads()
        checkWorkers()
        checkStart(settings)
    }
    init(prefork settings: ProcessSettings, isRestart: Bool, first: ProcessPlan?) {
        mpm = .prefork
        self.isRestart = isRestart
        self.first = first
        serverLimit = settings.serverLimit ?? 256
        threadLimit = 1
        threadsPerChild = 1
        maxWorkers = settings.maxRequestWorkers ?? 256
        checkPrefork(settings)
    }
    private mutating func warn(_ startup: String, _ restart: String) {
        let text = isRestart ? restart : startup
        // AH00497 to AH00520 of event are AH00300 to AH00323 of worker.
        guard mpm == .worker, let number = Int(text.dropFirst(2).prefix(5)), (497...520).contains(number) else {
            warnings.append(text)
            return
        }
        warnings.append("AH00\(number - 197)\(text.dropFirst(7))")
    }
    /// What a restart cannot change.
    private mutating func keep(_ name: String, _ number: String, _ value: inout Int, _ first: Int?) {
        guard let first, value != first else { return }
        let text = "\(number): changing \(name) to \(value) from original value of \(first) not allowed during restart"
        warn(text, text)
        value = first
    }
    private mutating func checkServerLimit() {
        let limit = Self.maxServerLimit
        if serverLimit > limit {
            warn(
                "AH00497: WARNING: ServerLimit of \(serverLimit) exceeds compile-time limit of \(limit) servers, decreasing to \(limit).",
                "AH00498: ServerLimit of \(serverLimit) exceeds compile-time limit of \(limit), decreasing to match"
            )
            serverLimit = limit
        } else if serverLimit < 1 {
            warn(
                "AH00499: WARNING: ServerLimit of \(serverLimit) not allowed, increasing to 1.",
                "AH00500: ServerLimit of \(serverLimit) not allowed, increasing to 1")
            serverLimit = 1
        }
        keepServerLimit("AH00501")
    }
    private mutating func keepServerLimit(_ number: String) {
        var value = serverLimit
        keep("ServerLimit", number, &value, first?.serverLimit)
        serverLimit = value
    }
    private mutating func checkThreads() {
        let limit = mpm == .event ? 100_000 : 20_000
        if threadLimit > limit {
            warn(
                "AH00502: WARNING: ThreadLimit of \(threadLimit) exceeds compile-time limit of \(limit) threads, decreasing to \(limit).",
                "AH00503: ThreadLimit of \(threadLimit) exceeds compile-time limit of \(limit), decreasing to match"
            )
            threadLimit = limit
        } else if threadLimit < 1 {
            warn(
                "AH00504: WARNING: ThreadLimit of \(threadLimit) not allowed, increasing to 1.",
                "AH00505: ThreadLimit of \(threadLimit) not allowed, increasing to 1")
            threadLimit = 1
        }
        var value = threadLimit
        keep("ThreadLimit", "AH00506", &value, first?.threadLimit)
        threadLimit = value
        if threadsPerChild > threadLimit {
            warn(
                "AH00507: WARNING: ThreadsPerChild of \(threadsPerChild) exceeds ThreadLimit of \(threadLimit) threads, decreasing to \(threadLimit). To increase, please see the ThreadLimit directive.",
                "AH00508: ThreadsPerChild of \(threadsPerChild) exceeds ThreadLimit of \(threadLimit), decreasing to match"
            )
            threadsPerChild = threadLimit
        } else if threadsPerChild < 1 {
            warn(
                "AH00509: WARNING: ThreadsPerChild of \(threadsPerChild) not allowed, increasing to 1.",
                "AH00510: ThreadsPerChild of \(threadsPerChild) not allowed, increasing to 1")
            threadsPerChild = 1
        }
    }
    private mutating func checkWorkers() {
        if maxWorkers < threadsPerChild {
            warn(
                "AH00511: WARNING: MaxRequestWorkers of \(maxWorkers) is less than ThreadsPerChild of \(threadsPerChild), increasing to \(threadsPerChild). MaxRequestWorkers must be at least as large as the number of threads in a single server.",
                "AH00512: MaxRequestWorkers of \(maxWorkers) is less than ThreadsPerChild of \(threadsPerChild), increasing to match"
            )
            maxWorkers = threadsPerChild
        }
        activeLimit = maxWorkers / threadsPerChild
        let multiple = activeLimit * threadsPerChild
        if multiple != maxWorkers {
            warn(
                "AH00513: WARNING: MaxRequestWorkers of \(maxWorkers) is not an integer multiple of ThreadsPerChild of \(threadsPerChild), decreasing to nearest multiple \(multiple), for a maximum of \(activeLimit) servers.",
                "AH00514: MaxRequestWorkers of \(maxWorkers) is not an integer multiple of ThreadsPerChild of \(threadsPerChild), decreasing to nearest multiple \(multiple)"
            )
            maxWorkers = multiple
        }
        if activeLimit > serverLimit {
            let most = serverLimit * threadsPerChild
            warn(
                "AH00515: WARNING: MaxRequestWorkers of \(maxWorkers) would require \(activeLimit) servers and would exceed ServerLimit of \(serverLimit), decreasing to \(most). To increase, please see the ServerLimit directive.",
                "AH00516: MaxRequestWorkers of \(maxWorkers) would require \(activeLimit) servers and exceed ServerLimit of \(serverLimit), decreasing to \(most)"
            )
            activeLimit = serverLimit
            maxWorkers = most
        }
    }
    private mutating func checkStart(_ settings: ProcessSettings) {
        if let start = settings.startServers, start < 1 {
            warn(
                "AH00517: WARNING: StartServers of \(start) not allowed, increasing to 1.",
                "AH00518: StartServers of \(start) not allowed, increasing to 1")
        }
        if let spare = settings.minSpareThreads, spare < 1 {
            warn(
                "AH00519: WARNING: MinSpareThreads of \(spare) not allowed, increasing to 1 to avoid almost certain server failure. Please read the documentation.",
                "AH00520: MinSpareThreads of \(spare) not allowed, increasing to 1")
        }
    }

    /// prefork.c (prefork_check_config)
    private mutating func checkPrefork(_ settings: ProcessSettings) {
        // MAX_SERVER_LIMIT of prefork.c.
        let limit = 200_000
        if serverLimit > limit {
            warn(
                "AH00175: WARNING: ServerLimit of \(serverLimit) exceeds compile-time limit of \(limit) servers, decreasing to \(limit).",
                "AH00176: ServerLimit of \(serverLimit) exceeds compile-time limit of \(limit), decreasing to match")
            serverLimit = limit
        } else if serverLimit < 1 {
            warn(
                "AH00177: WARNING: ServerLimit of \(serverLimit) not allowed, increasing to 1.",
                "AH00178: ServerLimit of \(serverLimit) not allowed, increasing to 1")
            serverLimit = 1
        }
        keepServerLimit("AH00179")
        if maxWorkers > serverLimit {
            warn(
                "AH00180: WARNING: MaxRequestWorkers of \(maxWorkers) exceeds ServerLimit value of \(serverLimit) servers, decreasing MaxRequestWorkers to \(serverLimit). To increase, please see the ServerLimit directive.",
                "AH00181: MaxRequestWorkers of \(maxWorkers) exceeds ServerLimit value of \(serverLimit), decreasing to match"
            )
            maxWorkers = serverLimit
        } else if maxWorkers < 1 {
            warn(
                "AH00182: WARNING: MaxRequestWorkers of \(maxWorkers) not allowed, increasing to 1.",
                "AH00183: MaxRequestWorkers of \(maxWorkers) not allowed, increasing to 1")
            maxWorkers = 1
        }
        activeLimit = maxWorkers
        if let start = settings.startServers, start < 1 {
            warn(
                "AH00184: WARNING: StartServers of \(start) not allowed, increasing to 1.",
                "AH00185: StartServers of \(start) not allowed, increasing to 1")
        }
        if let spare = settings.minSpareServers, spare < 1 {
            warn(
                "AH00186: WARNING: MinSpareServers of \(spare) not allowed, increasing to 1 to avoid almost certain server failure. Please read the documentation.",
                "AH00187: MinSpareServers of \(spare) not allowed, increasing to 1")
        }
    }
}
