// PHP: sapi/fpm/fpm/fpm_process_ctl.c, fpm_pctl_perform_idle_server_maintenance
import Bytes
import Kernel

/// What is done once a second.
extension Supervisor {
    func maintain() {
        if canSpawn { for pool in pools { maintain(pool) } }
        sendDueSignals()
        if canSpawn { endIdleZygotes() }
        retirePredecessors()
        for pool in pools where pool.look != .now { lookAgain(at: pool) }
        options.tick(pools.map(\.scoreboard))
    }

    private func maintain(_ pool: WorkerPool) {
        let queue = Socket.listenQueue(pool.listener) ?? (waiting: 0, length: 0)
        pool.scoreboard.setQueue(waiting: queue.waiting, length: queue.length)
        let idle = pool.children.filter { pool.scoreboard.isIdle($0.place) }
        let oldest = idle.min { $0.started < $1.started }
        switch pool.config.pm {
        case .ondemand: maintainOndemand(pool, idle: idle.count, oldest: oldest)
        case .dynamic: maintainDynamic(pool, idle: idle.count, oldest: oldest)
        case .static, nil: break
        }
    }
    private func maintainOndemand(_ pool: WorkerPool, idle: Int, oldest: Child?) {
        log(
            .debug, pool: pool.name,
            "currently \(pool.running - idle) active children, \(idle) spare children")
        guard let oldest else { return }
        let seconds = pool.scoreboard.lastActivity(of: oldest.place) / 1_000_000
        if Int(seconds) < Int(MonotonicTime.microseconds / 1_000_000) - pool.config.processIdleTimeout {
            endIdle(oldest)
        }
    }
    private func maintainDynamic(_ pool: WorkerPool, idle: Int, oldest: Child?) {
        let settings = pool.config
        log(
            .debug, pool: pool.name,
            """
            currently \(pool.running - idle) active children, \(idle) spare children, \(pool.running) running \
            children. Spawning rate \(pool.spawnRate)
            """)
        if idle > settings.maxSpareServers, let oldest {
            endIdle(oldest)
            pool.spawnRate = 1
            return
        }
        guard idle < settings.minSpareServers else {
            pool.spawnRate = 1
            return
        }
        guard pool.running < settings.maxChildren else {
            warnOfMaxChildren(pool, "pm.max_children")
            pool.spawnRate = 1
            return
        }
        if pool.spawnRate >= 8 {
            log(
                .warning, pool: pool.name,
                """
                seems busy (you may need to increase pm.start_servers, or pm.min/max_spare_servers), spawning \
                \(pool.spawnRate) children, there are \(idle) idle, and \(pool.running) total children
                """)
        }
        let count = min(pool.spawnRate, settings.minSpareServers - idle, settings.maxChildren - pool.running)
        pool.hasWarnedOfMaxChildren = false
        makeChildren(pool, upTo: pool.running + count, .debug)
        log(.debug, pool: pool.name, "\(count) child(ren) have been created dynamically")
        if pool.spawnRate < settings.maxSpawnRate { pool.spawnRate *= 2 }
    }
    /// Said once until there is room again. ondemand and dynamic use different words for the setting.
    func warnOfMaxChildren(_ pool: WorkerPool, _ setting: String) {
        guard !pool.hasWarnedOfMaxChildren, !pool.isStatusPool else { return }
        pool.scoreboard.addMaxChildrenReached()
        log(
            .warning, pool: pool.name,
            "server reached \(setting) setting (\(pool.config.maxChildren)), consider raising it")
        pool.hasWarnedOfMaxChildren = true
    }
    /// A worker that nobody needs; if it was told already and is still there, it is made to go.
    private func endIdle(_ child: Child) {
        try? Process.kill(child.pid, child.idleKill ? Signal.kill : Signal.quit)
        child.idleKill = true
    }
}
