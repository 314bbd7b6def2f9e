// PHP: sapi/fpm/fpm/fpm_status.c, fpm_scoreboard.h
import Bytes

/// What a worker does (the status page's "state").
public enum RequestStage: UInt64, Sendable, CaseIterable {
    case accepting = 1
    case readingHeaders, info, executing, end, finished

    public var name: String {
        switch self {
        case .accepting: "Idle"
        case .readingHeaders: "Reading headers"
        case .info: "Getting request information"
        case .executing: "Running"
        case .end: "Ending"
        case .finished: "Finishing"
        }
    }
}

/// A pool's figures at one moment, copied from the scoreboard.
public struct PoolStatus: Sendable {
    public var pool: ByteString = ""
    public var processManager = ProcessManagement.static
    /// Seconds since the epoch.
    public var startTime: Int64 = 0
    public var acceptedConnections = 0
    public var listenQueue = 0
    public var maxListenQueue = 0
    public var listenQueueLength = 0
    public var idleProcesses = 0
    public var activeProcesses = 0
    public var maxActiveProcesses = 0
    public var maxChildrenReached = 0
    public var slowRequests = 0
    /// Connections answered 503 because they had waited longer than `pm.queue_timeout`.
    public var queueTimeouts = 0
    /// Connections that waited in the queue of `pm.queue_timeout` and were served, and microseconds they waited altogether.
    public var queuedConnections = 0
    public var queueWait = 0
    public var processes: [ProcessStatus] = []
    public var totalProcesses: Int { idleProcesses + activeProcesses }
    public init() {}
}

/// One worker's figures.
public struct ProcessStatus: Sendable {
    public var pid: Int32 = 0
    public var state = RequestStage.accepting
    /// Seconds since the epoch.
    public var startTime: Int64 = 0
    public var requests = 0
    /// Microseconds.
    public var requestDuration: Int64 = 0
    public var requestMethod: ByteString = ""
    public var requestURI: ByteString = ""
    public var queryString: ByteString = ""
    public var contentLength = 0
    public var user: ByteString = ""
    public var script: ByteString = ""
    /// Percent of one processor.
    public var lastRequestCPU = 0.0
    /// Bytes.
    public var lastRequestMemory = 0
    public init() {}
}
