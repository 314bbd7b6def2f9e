// PHP: sapi/fpm/fpm/fpm.c, fpm_init, fpm_run; fpm_scoreboard.c, fpm_scoreboard_init_main; fpm_log.c, fpm_log_open
import Bytes
import Kernel

/// From a configuration to pools that serve.
extension Supervisor {
    /// - Returns: false after telling the log why nothing can be served.
    func start() -> Bool {
        Process.setTitle("php-fpm: master process (\(config.file))")
        let inherited = Inheritance.take()
        adopt(inherited)
        for pool in config.pools {
            guard let made = makePool(pool, queue: inherited.queue(of: pool.name)) else { return false }
            pools.append(made)
        }
        if !startFirstZygotes() {
            // After a reload the former workers go on meanwhile.
            guard !formerPools.isEmpty, zygoteDelay > 0 else { return false }
            timers.set(.zygotes, in: zygoteDelay)
        }
        guard options.launched() else { return false }
        log.started()
        log(.notice, "fpm is running, pid \(Process.id)")
        isStarting = false
        for pool in pools { open(pool) }
        settleFormerPools()
        openControlSocket()
        timers.set(.maintenance, in: 1000)
        scheduleRequestChecks()
        log(.notice, "ready to handle connections")
        options.ready()
        return true
    }

    /// A pool with everything but workers; `listener` and `queue` come from a former pool of the name. nil after telling the log
    /// what is missing.
    func makePool(
        _ config: PoolConfig, listener: Int32? = nil, queue: (entrance: Int32, exit: Int32)? = nil
    ) -> WorkerPool? {
        do throws(Errno) {
            let scoreboard = try PoolScoreboard(
                pool: config.name, processManager: config.pm ?? .static, places: max(1, config.maxChildren))
            let pool = WorkerPool(config, scoreboard: scoreboard, generation: generation)
            guard openAccessLog(pool) else { return nil }
            if let queue, queue.exit >= 0 {
                // Connections may wait in it, whatever the new configuration says.
                pool.queue = queue
            } else if config.queueTimeout > 0 {
                let ends = try PacketSocket.pair().split()
                pool.queue = (ends.first, ends.second)
            }
            guard let listener = listener ?? options.listen(config) else {
                pool.closeAccessLog()
                if queue == nil { pool.closeQueue() }
                return nil
            }
            // With a queue both sides look before they accept, and may be late.
            if pool.queue.exit >= 0 { File.setNonBlocking(listener, true) }
            pool.listener = listener
            return pool
        } catch {
            log(.error, pool: config.name, "failed to allocate the scoreboard", error)
            return nil
        }
    }

    /// Begins to serve.
    func open(_ pool: WorkerPool) {
        if pool.watchesListener {
            do throws(Errno) {
                try watch(.listener, pool.listener, Epoll.Mask.readable | Epoll.Mask.oneShot)
            } catch { log(.error, pool: pool.name, "unable to watch the listening socket", error) }
        }
        makeInitialChildren(pool)
    }
    func makeInitialChildren(_ pool: WorkerPool) {
        switch pool.config.pm ?? .static {
        case .static: makeChildren(pool, upTo: pool.config.maxChildren, .debug)
        case .dynamic: makeChildren(pool, upTo: pool.config.startServers, .debug)
        case .ondemand: break
        }
    }

    // MARK: Access logs

    /// False after telling the log why it cannot be opened.
    func openAccessLog(_ pool: WorkerPool) -> Bool {
        guard let path = pool.config.accessLog else { return true }
        do throws(Errno) {
            let file = try File.openAppend(path, mode: 0o600)
            log(.debug, "open access log (\(path))")
            if pool.accessLog < 0 {
                pool.accessLog = file.take()
            } else {
                try file.replace(pool.accessLog)
                File.setCloseOnExec(pool.accessLog, true)
            }
            return true
        } catch {
            log(.error, "failed to open access log (\(path))", error)
            return false
        }
    }
    /// SIGUSR1.
    func reopenLogs() {
        // An access log may be /dev/stderr, and standard error is the error log by now.
        log.restoreStandardError(closing: false)
        if log.reopen() {
            log(.notice, "error log file re-opened")
        } else {
            log(.error, "unable to re-opened error log file")
        }
        let logged = pools.filter { $0.config.accessLog != nil }
        if !logged.isEmpty {
            if logged.allSatisfy({ openAccessLog($0) }) {
                // Workers hold the old file: they are replaced.
                killAll(Signal.quit)
                log(.notice, "access log file re-opened")
            } else {
                log(.error, "unable to re-opened access log file")
            }
        }
        // Slow logs are opened for each worker.
        if logged.isEmpty {
            for pool in pools where pool.config.requestSlowlogTimeout > 0 {
                for child in pool.children { send(Signal.quit, to: child) }
            }
        }
        log.tieStandardError()
    }
}
