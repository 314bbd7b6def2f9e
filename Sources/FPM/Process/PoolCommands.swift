// PHP: no counterpart
import Bytes
import Kernel

/// Commands of the control socket: `reload POOL`, `start POOL`, `stop POOL`, `status`. Other pools do not notice.
extension Supervisor {
    func obey(_ command: ByteString) -> ByteString {
        let words = command.words()
        guard canSpawn else { return "error: the process manager is \(state.rawValue)\n" }
        switch (words.first?.string, words.count) {
        case ("status", 1): return MetricsPage.text(pools.map { $0.scoreboard.snapshot(processes: false) })
        case ("reload", 2): return reloadPool(words[1])
        case ("start", 2): return startPool(words[1])
        case ("stop", 2): return stopPool(words[1])
        default: return "error: unknown command, there are: reload POOL, start POOL, stop POOL, status\n"
        }
    }

    /// The pool's section as it stands in the files now: changed, added, or taken away.
    private func reloadPool(_ name: ByteString) -> ByteString {
        guard let fresh = options.readAgain() else {
            return "error: the configuration cannot be used, see the log\n"
        }
        let sections = family(of: name, in: fresh.pools)
        let isKnown = pools.contains { $0.name == name }
        guard !sections.isEmpty else {
            return isKnown ? stopPool(name) : "error: there is no pool \(name)\n"
        }
        generation += 1
        for running in family(of: name, in: pools.map(\.config))
        where !sections.contains(where: { $0.name == running.name }) {
            if let pool = pools.first(where: { $0.name == running.name }) { take(away: pool) }
        }
        // All that can fail comes first.
        var made: [WorkerPool] = []
        for section in sections {
            guard let pool = replacement(for: section) else {
                made.forEach(discard)
                return "error: the pool could not be started, see the log\n"
            }
            made.append(pool)
        }
        for pool in made { put(pool) }
        log(.notice, pool: name, isKnown ? "reloaded" : "added")
        return "ok\n"
    }
    private func startPool(_ name: ByteString) -> ByteString {
        if pools.contains(where: { $0.name == name }) { return "error: pool \(name) is running\n" }
        return reloadPool(name)
    }
    private func stopPool(_ name: ByteString) -> ByteString {
        guard pools.contains(where: { $0.name == name }) else { return "error: pool \(name) is not running\n" }
        guard pools.count > family(of: name, in: pools.map(\.config)).count else {
            return "error: pool \(name) is the only one\n"
        }
        for config in family(of: name, in: pools.map(\.config)) {
            if let pool = pools.first(where: { $0.name == config.name }) { take(away: pool) }
        }
        log(.notice, pool: name, "stopped")
        return "ok\n"
    }
    /// A pool and the one that shows its status.
    private func family(of name: ByteString, in list: [PoolConfig]) -> [PoolConfig] {
        list.filter { $0.name == name || $0.statusOf == name }
    }

    /// A pool ready to be put in the place of the one of its name; the listener is the former's when its address is the same.
    private func replacement(for config: PoolConfig) -> WorkerPool? {
        let former = pools.first { $0.name == config.name }
        let keeps = former?.config.listen == config.listen
        return makePool(config, listener: keeps ? former?.listener : nil, queue: former?.queue)
    }
    private func discard(_ pool: WorkerPool) {
        let former = pools.first { $0.name == pool.name }
        pool.closeAccessLog()
        if former?.queue.exit != pool.queue.exit { pool.closeQueue() }
        guard former?.listener != pool.listener else { return }
        File.close(pool.listener)
        options.release(pool.config)
    }
    private func put(_ pool: WorkerPool) {
        guard let index = pools.firstIndex(where: { $0.name == pool.name }) else {
            pools.append(pool)
            return open(pool)
        }
        let former = pools[index]
        epoll.remove(former.listener)
        if former.listener != pool.listener {
            File.close(former.listener)
            options.release(former.config)
        }
        former.listener = -1
        former.queue = (-1, -1)
        former.isCurrent = false
        // Only the last one waits: those before it are finishing already.
        if let before = former.predecessor { retire(before) }
        former.predecessor = nil
        pool.predecessor = former
        pools[index] = pool
        config.pools = pools.map(\.config)
        open(pool)
        retirePredecessors()
        scheduleRequestChecks()
    }
    /// Gives a pool up; its workers finish.
    private func take(away pool: WorkerPool) {
        epoll.remove(pool.listener)
        File.close(pool.listener)
        pool.listener = -1
        pool.closeQueue()
        options.release(pool.config)
        pools.removeAll { $0 === pool }
        config.pools = pools.map(\.config)
        if let before = pool.predecessor { retire(before) }
        pool.predecessor = nil
        retire(pool)
        if pool.children.isEmpty { pool.closeAccessLog() }
    }
}
