// PHP: sapi/fpm/fpm/fpm_children.c, fpm_resources_prepare, fpm_child_init
import Bytes

/// What a fresh worker is given by its zygote. Descriptors are owned by the worker from here on.
public struct WorkerStart {
    public var pool: PoolConfig
    /// The pool's listening socket.
    public var listener: Int32
    /// -1: no access log.
    public var accessLog: Int32
    /// -1: no slow log. Opened for appending.
    public var slowLog: Int32 = -1
    /// Numbers of the pool's record and of this worker's place in the scoreboard.
    public var place: Int
    /// Connections that the supervisor accepted because all workers were busy (`pm.queue_timeout`), -1 without: a packet
    /// socket that all workers of the pool share. Each message carries one connection; an idle worker waits for this and
    /// for the listener, and takes from here first (``QueuedConnection/take(from:)``).
    public var queue: Int32 = -1
    /// The scoreboard that status pages show when it is another pool's (`pm.status_listen`): a descriptor for
    /// `PoolScoreboard(descriptor:)`, -1 without.
    public var shownScoreboard: Int32 = -1
    public init(pool: PoolConfig, listener: Int32, accessLog: Int32, place: Int) {
        self.pool = pool
        self.listener = listener
        self.accessLog = accessLog
        self.place = place
    }
}
