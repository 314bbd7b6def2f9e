// PHP: sapi/fpm/fpm/fpm_conf.c, fpm_conf_post_process
import Bytes
import Kernel

/// What can be said about a configuration only when all of it was read; fills in what depends on other values.
struct ConfigCheck {
    /// Thrown after the reason was logged.
    struct Rejection: Error {}

    var config: FPMConfig
    let options: StartOptions
    let purpose: FPMConfig.Purpose
    let log: ErrorLog
    let paths: PathRules

    init(_ config: FPMConfig, _ options: StartOptions, _ purpose: FPMConfig.Purpose, _ log: ErrorLog) {
        self.config = config
        self.options = options
        self.purpose = purpose
        self.log = log
        paths = PathRules(prefix: options.prefix)
    }

    func rejection(_ level: LogLevel, _ text: ByteString, _ error: Errno? = nil) -> Rejection {
        log(level, text, error)
        return Rejection()
    }
    func rejection(_ level: LogLevel, _ pool: PoolConfig, _ text: ByteString, _ error: Errno? = nil) -> Rejection {
        log(level, pool: pool.name, text, error)
        return Rejection()
    }

    mutating func run() throws(Rejection) {
        try checkGlobal()
        if purpose == .start {
            guard log.open(config.global, forceStandardError: options.forcesStandardError) else { throw Rejection() }
        }
        try checkMechanism()
        guard !config.pools.isEmpty else {
            throw rejection(.error, "No pool defined. at least one pool section must be specified in config file")
        }
        // The list grows: pools for pm.status_listen are made on the way.
        var index = 0
        while index < config.pools.count {
            try checkPool(&config.pools[index])
            if let status = statusPool(of: &config.pools[index]) { config.pools.append(status) }
            try checkPages(&config.pools[index])
            try checkFiles(&config.pools[index])
            index += 1
        }
        try checkAddresses()
        try checkAccessLogs()
    }

    private mutating func checkGlobal() throws(Rejection) {
        let state = StartOptions.stateDirectory
        if let pid = config.global.pid { config.global.pid = paths.full(pid, system: state) }
        if let daemonize = options.daemonize { config.global.daemonize = daemonize }
        if purpose == .start, let level = config.global.logLevelSetting { log.level = level }
        if config.global.logLimit < 512 { throw rejection(.error, "log_limit must be greater than 512") }
        if purpose == .start { log.limit = config.global.logLimit }
        if config.global.processMax < 0 { throw rejection(.error, "process_max can't be negative") }
        if let priority = config.global.processPriority, !(-19...20).contains(priority) {
            throw rejection(.error, "process.priority must be included into [-19,20]")
        }
        SystemdNotice.configure(&config.global, log)
        if config.global.syslogIdentSetting == nil { config.global.syslogIdentSetting = "php-fpm" }
        if !config.global.errorLog.equalsIgnoringCase("syslog") {
            config.global.errorLog = paths.full(config.global.errorLog, system: state)
        }
    }

    private func checkMechanism() throws(Rejection) {
        guard let name = config.global.eventsMechanism else { return }
        if !["epoll", "poll", "select"].contains(where: { name.equalsIgnoringCase($0) }) {
            throw rejection(.error, "event mechanism '\(name)' is not available on this system")
        }
    }

    /// The supervisor opens them again; here it is found out whether it can.
    private func checkAccessLogs() throws(Rejection) {
        let logged = config.pools.filter { $0.accessLog != nil }
        for pool in logged {
            let path = pool.accessLog ?? ""
            do throws(Errno) {
                _ = try File.openAppend(path, mode: 0o600)
            } catch {
                throw rejection(.error, "failed to open access log (\(path))", error)
            }
        }
        for pool in logged {
            do throws(AccessFormat.Failure) {
                _ = try AccessFormat(pool.accessFormat)
            } catch {
                log(.warning, error.message)
                throw rejection(.error, pool, "wrong format for access.format '\(pool.accessFormat)'")
            }
        }
    }

    /// Two pools cannot have one address.
    private func checkAddresses() throws(Rejection) {
        var owners: [ByteString: Int] = [:]
        var clash: (first: Int, second: Int)?
        for (index, pool) in config.pools.enumerated() {
            guard let listen = pool.listen, !listen.isEmpty else { continue }
            guard let owner = owners[listen] else {
                owners[listen] = index
                continue
            }
            if clash.map({ owner < $0.first }) ?? true { clash = (owner, index) }
        }
        guard let clash else { return }
        let first = config.pools[clash.first].name
        throw rejection(
            .error, config.pools[clash.second],
            "unable to set listen address as it's already used in another pool '\(first)'")
    }

    /// The pool behind `pm.status_listen`: two workers on demand that show this one's figures.
    private func statusPool(of pool: inout PoolConfig) -> PoolConfig? {
        guard pool.statusOf == nil, let listen = pool.statusListen else { return nil }
        if pool.statusPath == nil { pool.statusPath = "/" }
        var status = PoolConfig(name: pool.name + "_status")
        status.statusOf = pool.name
        status.listen = listen
        status.listenACLUsers = pool.listenACLUsers
        status.listenACLGroups = pool.listenACLGroups
        status.listenAllowedClients = pool.listenAllowedClients
        status.listenOwner = pool.listenOwner
        status.listenGroup = pool.listenGroup
        status.listenMode = pool.listenMode
        status.user = pool.user
        status.group = pool.group
        status.statusPath = pool.statusPath
        status.pingPath = pool.pingPath
        status.pingResponseSetting = pool.pingResponseSetting
        status.pm = .ondemand
        status.maxChildren = 2
        return status
    }
}
