// Apache: include/scoreboard.h (global_score, process_score, worker_score), as mod_status reads them

import Bytes
import Kernel

/// What the scoreboard says at one moment: all children of this server, with what they are doing.
/// Made by the MPM; `Configuration.scoreboard` hands it out.
public struct ScoreboardSnapshot: Sendable {
    /// A child process.
    public struct Child: Sendable {
        public var slot: Int = 0
        public var pid: Int32 = 0
        public var generation: Int = 0
        /// It takes no new connections and ends when those it has are over.
        public var isQuiescing = false
        /// It has as many connections as it may have.
        public var isNotAccepting = false
        /// µs since the epoch.
        public var started: Int64 = 0
        /// Open connections, and how many of them wait for their next request.
        public var connections: Int = 0
        public var keepAlive: Int = 0
        public var writing: Int = 0
        public var closing: Int = 0
        /// Connections taken since it started.
        public var accepted: Int = 0
        /// Requests at work.
        public var active: Int = 0
        /// Requests answered and bytes sent by this child.
        public var accesses: UInt64 = 0
        public var bytes: UInt64 = 0
        /// Σ of the requests' durations, in ms.
        public var duration: UInt64 = 0
        /// µs of processor time.
        public var cpu = Process.CPUTime(user: 0, system: 0)
        /// One for each request that may be at work at once.
        public var workers: [Worker] = []
        public init() {}
    }
    /// The place of one request at work: Apache's thread.
    public struct Worker: Sendable {
        public var state = WorkerState.ready
        /// Requests answered and bytes sent: of this child in this place, of the place over all its children,
        /// of the last connection.
        public var childAccesses: UInt64 = 0
        public var childBytes: UInt64 = 0
        public var accesses: UInt64 = 0
        public var bytes: UInt64 = 0
        public var connectionAccesses: UInt64 = 0
        public var connectionBytes: UInt64 = 0
        /// Σ of durations in ms.
        public var duration: UInt64 = 0
        /// Start and end of the last request, µs since the epoch; 0 before the first.
        public var started: Int64 = 0
        public var stopped: Int64 = 0
        public var client: ByteString = ""
        public var virtualHost: ByteString = ""
        public var protocolName: ByteString = ""
        /// The request line, cut to 64 bytes.
        public var request: ByteString = ""
        public init() {}
    }
    public var generation: Int
    /// When the server started, and when it last read its configuration; µs since the epoch.
    public var started: Int64
    public var restarted: Int64
    public var children: [Child]
    /// How many children there may be, and how many workers each has: the size of mod_status's map.
    public var serverLimit: Int
    public var workersPerChild: Int
    /// Requests, bytes and ms of durations of all children there have been.
    public var accesses: UInt64
    public var bytes: UInt64
    public var duration: UInt64
    /// Processor time of all children there have been.
    public var cpu: Process.CPUTime
    public var parent: Int32

    public init(
        generation: Int, started: Int64, restarted: Int64, serverLimit: Int, workersPerChild: Int, parent: Int32
    ) {
        self.generation = generation
        self.started = started
        self.restarted = restarted
        self.serverLimit = serverLimit
        self.workersPerChild = workersPerChild
        self.parent = parent
        children = []
        accesses = 0
        bytes = 0
        duration = 0
        cpu = Process.CPUTime(user: 0, system: 0)
    }
}

/// SERVER_* of scoreboard.h; the raw value is the letter mod_status prints.
public enum WorkerState: UInt8, Sendable {
    /// Waiting for a connection.
    case ready = 0x5F
    case starting = 0x53
    case reading = 0x52
    /// Working on a request, sending the answer.
    case writing = 0x57
    case keepAlive = 0x4B
    case lookingUp = 0x44
    case closing = 0x43
    case logging = 0x4C
    case graceful = 0x47
    case idleKill = 0x49
    /// An open place without a process.
    case dead = 0x2E
}
