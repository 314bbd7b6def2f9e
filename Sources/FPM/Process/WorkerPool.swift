// PHP: sapi/fpm/fpm/fpm_worker_pool.h, fpm_children.h
import Bytes
import Kernel

/// A pool as the supervisor runs it: one configuration, its scoreboard and its workers.
///
/// A pool that is reloaded gets a new object of this class; the old one lives on until its workers have gone.
final class WorkerPool {
    let config: PoolConfig
    let scoreboard: PoolScoreboard
    /// Pools with the same number and credentials share a zygote.
    let generation: Int
    /// -1 once it was given to another pool or closed.
    var listener: Int32 = -1
    var accessLog: Int32 = -1
    /// `pm.queue_timeout`: where connections are put, and the end that workers take them from; -1 without.
    var queue: (entrance: Int32, exit: Int32) = (-1, -1)
    /// In the order they were born.
    var children: [Child] = []
    /// Workers that were asked for and are not known yet.
    var births = 0
    /// Serves. Otherwise its workers are the last ones, and finish when they are told to.
    var isCurrent = true
    /// The same pool with its former configuration, whose workers go on until this one has workers.
    var predecessor: WorkerPool?

    // Process management.
    var spawnRate = 1
    var hasWarnedOfMaxChildren = false
    /// ondemand: how many workers to make when connections wait and nobody comes for them.
    var burst = 1
    /// What the supervisor does about the listener, if it watches it.
    var look = Look.now
    enum Look {
        /// The next connection is an event.
        case now
        /// In some milliseconds: somebody is about to take the connection that waits.
        case soon
        /// When a worker has gone, or within a second.
        case later
    }
    /// No zygote could be started for it; to be tried again.
    var lacksZygote = false

    init(_ config: PoolConfig, scoreboard: PoolScoreboard, generation: Int) {
        self.config = config
        self.scoreboard = scoreboard
        self.generation = generation
    }
    var name: ByteString { config.name }
    var running: Int { children.count + births }

    func isIdle(_ child: Child) -> Bool { !child.isLeaving && scoreboard.isIdle(child.place) }
    /// Whether the supervisor itself looks at the listener.
    var watchesListener: Bool { config.pm == .ondemand || config.queueTimeout > 0 }
    /// A pool made to show another's status does not warn and does not count.
    var isStatusPool: Bool { config.statusOf != nil }

    func closeAccessLog() {
        if accessLog >= 0 { File.close(accessLog) }
        accessLog = -1
    }
    func closeQueue() {
        if queue.entrance >= 0 { File.close(queue.entrance) }
        if queue.exit >= 0 { File.close(queue.exit) }
        queue = (-1, -1)
    }
}

/// A worker as the supervisor knows it.
final class Child {
    let pid: Int32
    let pool: WorkerPool
    let place: Int
    /// Microseconds of `MonotonicTime`.
    let started: UInt64
    var output: WorkerOutput?
    /// The process management has asked it to end.
    var idleKill = false
    /// A retired worker: when the next signal is due (milliseconds of `MonotonicTime`), and which.
    var nextSignal: (due: UInt64, signal: Int32)?

    init(pid: Int32, pool: WorkerPool, place: Int, started: UInt64) {
        self.pid = pid
        self.pool = pool
        self.place = place
        self.started = started
    }
    var isLeaving: Bool { idleKill || !pool.isCurrent }
}
