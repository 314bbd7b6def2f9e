// PHP: sapi/fpm/fpm/fpm.c, fpm_init; fpm_main.c, main
import Bytes
import Kernel

/// The way from the command line to a running supervisor.
public enum Launch {
    /// Codes the program ends with (`FPM_EXIT_*`).
    public enum Code {
        public static let ok: Int32 = 0
        public static let usage: Int32 = 64
        public static let software: Int32 = 70
        public static let configuration: Int32 = 78
    }

    /// `-t` and `-tt`: everything goes to the log.
    /// - Returns: the code to exit with.
    public static func test(_ options: StartOptions) -> Int32 {
        let log = ErrorLog()
        guard log.closeStandardStreams(), FPMConfig.load(options, for: .start, log) != nil else {
            return failure(log)
        }
        return Code.ok
    }

    /// Reads the configuration, goes into the background where it should, and serves until a signal ends it. The program must
    /// become a zygote when it is executed as ``ZygoteProcess/isMeant(by:)`` says.
    /// - Returns: the code to exit with.
    public static func run(_ options: StartOptions) -> Int32 {
        let log = ErrorLog()
        // The program before a reload has left workers, and is in the background already.
        let isReload = Environment.get(Inheritance.variable) != nil
        guard log.closeStandardStreams(), var config = FPMConfig.load(options, for: .start, log),
            setLimits(config.global, log)
        else {
            if isReload { Inheritance.abandon() }
            return failure(log)
        }
        let goesBack = config.global.daemonize && !isReload
        guard let daemon = goesBack ? Daemon.enter(log) : Daemon.stayInForeground(log) else { return failure(log) }
        try? Process.newSession()
        guard setPriority(config.global, log), config.resolve(options, log) else {
            if isReload { Inheritance.abandon() }
            daemon.tell(isServing: false)
            return failure(log)
        }
        let code = Supervisor.run(
            config: config, options: supervisorOptions(options, config, daemon, log), log: log)
        daemon.tell(isServing: false)
        return code
    }

    private static func failure(_ log: ErrorLog) -> Int32 {
        log(.error, "FPM initialization failed")
        return Code.configuration
    }

    private static func supervisorOptions(
        _ options: StartOptions, _ config: FPMConfig, _ daemon: Daemon, _ log: ErrorLog
    ) -> SupervisorOptions {
        let sockets = ListeningSockets(log)
        sockets.inherit()
        let pidFile = PidFile(config.global, log)
        var notice = SystemdNotice(config.global, log)
        var sinceNotice = 0
        var result = SupervisorOptions(
            arguments: options.arguments, readAgain: { FPMConfig.loadAgain(options, log) },
            listen: { sockets.open($0) })
        result.engine = options.engine
        result.controlPath = ControlSocket.path(pidFile: config.global.pid)
        result.handOver = {
            notice.reloading()
            sockets.handOver($0)
        }
        result.release = { sockets.release($0) }
        result.launched = {
            sockets.dropUnused()
            return pidFile.write()
        }
        result.ready = {
            daemon.tell(isServing: true)
            notice.ready()
        }
        result.tick = { scoreboards in
            sinceNotice += 1000
            guard notice.interval > 0, sinceNotice >= notice.interval else { return }
            sinceNotice = 0
            notice.beat(scoreboards.map { $0.snapshot(processes: false) })
        }
        result.ended = { pidFile.remove() }
        return result
    }

    /// `rlimit_files` and `rlimit_core` of `[global]`. False after logging what was wrong.
    private static func setLimits(_ global: GlobalConfig, _ log: ErrorLog) -> Bool {
        let wanted: [(ByteString, String, String, Int)] = [
            ("nofile", "rlimit_files", "RLIMIT_NOFILE", global.rlimitFiles),
            ("core", "rlimit_core", "RLIMIT_CORE", global.rlimitCore),
        ]
        for (name, directive, constant, value) in wanted {
            guard let limit = Process.Limit(directive: value) else { continue }
            do throws(Errno) {
                try Process.setLimit(name, limit)
            } catch {
                log(
                    .error,
                    """
                    failed to set \(directive) for this pool. Please check your system limits or decrease \(directive). \
                    setrlimit(\(constant), \(value))
                    """, error)
                return false
            }
        }
        return true
    }

    /// `process.priority` of `[global]`. False after logging what was wrong.
    private static func setPriority(_ global: GlobalConfig, _ log: ErrorLog) -> Bool {
        guard let priority = global.processPriority else { return true }
        guard Process.userID == 0 else {
            log(.notice, "'process.priority' directive is ignored when FPM is not running as root")
            return true
        }
        do throws(Errno) {
            try Process.setPriority(priority)
            return true
        } catch {
            log(.error, "Unable to set priority for the master process", error)
            return false
        }
    }
}
