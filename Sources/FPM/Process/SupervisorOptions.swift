// PHP: sapi/fpm/fpm/fpm.h, struct fpm_globals_s
import Bytes

/// What a supervisor needs besides its configuration. The functions are called in the supervisor only, on its one thread.
public struct SupervisorOptions {
    /// The program's command line, which a reload executes again.
    public var arguments: [ByteString]
    public var engine = EngineSettings()
    /// Path of the socket that commands come through, nil for none.
    public var controlPath: ByteString?
    /// Reads and checks the configuration again for a reload; nil after telling the log why it is not usable.
    public var readAgain: () -> FPMConfig?
    /// The listening socket of a pool, made or inherited; non-blocking, the supervisor's from here on. nil after telling
    /// the log why there is none.
    public var listen: (PoolConfig) -> Int32?
    /// Called with the sockets that a reload hands to the next program (`FPM_SOCKETS`).
    public var handOver: ([(pool: PoolConfig, listener: Int32)]) -> Void = { _ in }
    /// Called for each listener that is given up for good, after it was closed: unix sockets are removed.
    public var release: (PoolConfig) -> Void = { _ in }
    /// Everything that can fail has been done: writes the pid file. False after telling the log why not.
    public var launched: () -> Bool = { true }
    /// Connections are served from now on: tells whoever waits (the starting process of a daemon, a service manager).
    public var ready: () -> Void = {}
    /// Every second. For a service manager.
    public var tick: ([PoolScoreboard]) -> Void = { _ in }
    /// The last thing before the supervisor ends (not before the exec of a reload): removes the pid file.
    public var ended: () -> Void = {}
    public init(
        arguments: [ByteString], readAgain: @escaping () -> FPMConfig?, listen: @escaping (PoolConfig) -> Int32?
    ) {
        self.arguments = arguments
        self.readAgain = readAgain
        self.listen = listen
    }
}
