// Apache: server/mpm/event/event.c (event_pre_config, event_check_config)

import Kernel
import ServerCore

/// What Apache's process settings mean for an engine whose requests are tasks (docs/mpm.md).
public struct ProcessPlan: Sendable {
    public var mpm = MPMKind.event
    /// Child processes: `StartServers`; event keeps so many, the others begin with so many.
    public var children: Int
    /// `MaxRequestWorkers` in processes: more there are never.
    public var childLimit: Int
    /// Idle places (threads of worker, processes of prefork) that there should be at least and at most.
    public var spares = 1...1
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
    public var threadLimit: Int
    public var threadsPerChild: Int
    /// In Apache's words.
    public var warnings: [String] = []

    /// - Parameter first: The plan the server started with, whose limits a restart cannot change.
    public init(
        _ settings: ProcessSettings, mpm: MPMKind = .event, isSingle: Bool = false, isRestart: Bool = false,
        first: ProcessPlan? = nil
    ) {
        let checks =
            mpm == .prefork
            ? PlanChecks(prefork: settings, isRestart: isRestart, first: first)
            : PlanChecks(threaded: settings, mpm, isRestart: isRestart, first: first)
        let processors = max(1, Process.availableProcessors)
        self.mpm = mpm
        serverLimit = checks.serverLimit
        threadLimit = checks.threadLimit
        threadsPerChild = checks.threadsPerChild
        maxRequestWorkers = checks.maxWorkers
        warnings = checks.warnings
        childLimit = max(1, checks.activeLimit)
        maxConnectionsPerChild = max(0, settings.maxConnectionsPerChild)
        let asked = settings.startServers.map { max(1, $0) }
        switch mpm {
        case .event:
            children = isSingle ? 1 : min(asked ?? min(processors, 3), childLimit)
            loopsPerChild = isSingle ? 1 : max(1, processors / children)
            let loops = children * loopsPerChild
            requestsPerLoop = max(1, (checks.maxWorkers + loops - 1) / loops)
            // A request may need a file, a connection to an application and a pipe besides its own.
            let descriptors = Int(clamping: Process.limit("nofile")?.hard ?? 1024)
            let room = max(64, descriptors - 128) / loopsPerChild
            connectionsPerLoop = min(100_000, max(16, room - min(room / 2, 3 * requestsPerLoop)))
        case .worker, .prefork:
            let isThreaded = mpm == .worker
            children = isSingle ? 1 : min(asked ?? (isThreaded ? 3 : 5), childLimit)
            loopsPerChild = isThreaded ? threadsPerChild : 1
            requestsPerLoop = 1
            connectionsPerLoop = 1
            let least = max(1, isThreaded ? settings.minSpareThreads ?? 75 : settings.minSpareServers ?? 5)
            let most = isThreaded ? settings.maxSpareThreads ?? 250 : settings.maxSpareServers ?? 10
            spares = least...max(most, least + loopsPerChild)
        }
    }

    /// Records of the scoreboard: room for this generation and for older ones that finish.
    var scoreboardChildren: Int { max(64, mpm.isAsync ? 4 * children : 2 * childLimit + 16) }
    var scoreboardWorkers: Int {
        switch mpm {
        case .event: min(1024, max(64, loopsPerChild * requestsPerLoop))
        case .worker: max(threadsPerChild, min(1024, threadLimit))
        case .prefork: 1
        }
    }
}
