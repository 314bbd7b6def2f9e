// PHP: sapi/fpm/fpm/fpm_process_ctl.c, fpm_pctl_on_socket_accept; no counterpart for the queue
import Bytes
import Kernel

/// Connections that wait at listeners which the supervisor watches: of ondemand pools and of pools with `pm.queue_timeout`.
///
/// The event of a listener fires once. It only says that some connection waits, not how many, and that one may be taken in the
/// same moment; so each look counts who is about to come for it, and as long as that explains the connection, the next look
/// follows some milliseconds later. Two connections within the birth of one worker therefore get two workers.
extension Supervisor {
    private static let lookDelay = 4

    func connectionsWait(at listener: Int32) {
        guard let pool = pools.first(where: { $0.listener == listener && $0.watchesListener }) else { return }
        guard canSpawn else { return pool.look = .later }
        let idle = pool.children.count { pool.isIdle($0) }
        let newborn = pool.births + pool.children.count { pool.scoreboard.stage(of: $0.place) == nil }
        let room = pool.config.pm == .ondemand ? pool.config.maxChildren - pool.running : 0
        if room > 0 {
            makeForArrivals(pool, coming: idle + newborn, room: room)
            return lookSoon(at: pool)
        }
        if pool.config.pm == .ondemand, idle == 0 { warnOfMaxChildren(pool, "max_children") }
        guard pool.queue.entrance >= 0, pool.config.queueTimeout > 0 else { return pool.look = .later }
        if idle + newborn > 0 { return lookSoon(at: pool) }
        acceptIntoQueue(pool)
        pool.look = .now
        watchAgain(.listener, listener)
    }
    private func makeForArrivals(_ pool: WorkerPool, coming: Int, room: Int) {
        let count: Int
        if let queue = Socket.listenQueue(pool.listener), queue.waiting > 0 {
            count = min(queue.waiting - coming, room)
        } else {
            // Unix sockets do not tell how many wait: whenever those who came were not enough, twice as many come.
            count = coming > 0 ? 0 : min(pool.burst, room)
            pool.burst = coming > 0 ? pool.burst : min(pool.burst * 2, 32)
        }
        guard count > 0 else { return }
        pool.hasWarnedOfMaxChildren = false
        makeChildren(pool, upTo: pool.running + count, .debug)
        log(.debug, pool: pool.name, "got accept without idle child available .... I forked")
    }
    private func lookSoon(at pool: WorkerPool) {
        pool.look = .soon
        timers.setSooner(.listeners, in: Self.lookDelay)
    }
    func lookAtListenersAgain() {
        for pool in pools where pool.look == .soon {
            if Poll.readable([pool.listener], milliseconds: 0).isEmpty { pool.burst = 1 }
            lookAgain(at: pool)
        }
    }
    /// The next connection is an event again.
    func lookAgain(at pool: WorkerPool) {
        guard pool.watchesListener, pool.isCurrent else { return }
        pool.look = .now
        watchAgain(.listener, pool.listener)
    }

    // MARK: The queue

    /// Every worker is busy: connections wait here from now on, where their time is known.
    private func acceptIntoQueue(_ pool: WorkerPool) {
        while let connection = try? Socket.accept(pool.listener) {
            let now = MonotonicTime.microseconds
            guard QueuedConnection.put(connection.descriptor, accepted: now, into: pool.queue.entrance) else {
                refuse(connection.descriptor, pool)
                continue
            }
            File.close(connection.descriptor)
        }
        scheduleQueue(pool)
    }
    private func scheduleQueue(_ pool: WorkerPool) {
        guard let oldest = QueuedConnection.oldest(in: pool.queue.exit) else { return }
        let waited = (MonotonicTime.microseconds &- oldest) / 1000
        timers.setSooner(.queue, in: max(1, pool.config.queueTimeout - Int(clamping: waited)))
    }
    func expireQueues() {
        for pool in pools where pool.queue.exit >= 0 && pool.config.queueTimeout > 0 {
            let limit = UInt64(pool.config.queueTimeout) * 1000
            while let oldest = QueuedConnection.oldest(in: pool.queue.exit),
                MonotonicTime.microseconds &- oldest >= limit
            {
                guard case .connection(let taken) = QueuedConnection.take(from: pool.queue.exit) else { break }
                if MonotonicTime.microseconds &- taken.accepted >= limit {
                    refuse(taken.descriptor, pool)
                } else if QueuedConnection.put(taken.descriptor, accepted: taken.accepted, into: pool.queue.entrance) {
                    // A worker took the oldest in between: this one was not meant.
                    File.close(taken.descriptor)
                } else {
                    refuse(taken.descriptor, pool)
                }
            }
            scheduleQueue(pool)
        }
    }
    private func refuse(_ descriptor: Int32, _ pool: WorkerPool) {
        pool.scoreboard.addQueueTimeout()
        refusals.append(Refusal(descriptor, retryAfter: (pool.config.queueTimeout + 999) / 1000))
        continueRefusal(descriptor)
        if refusals.contains(where: { $0.descriptor == descriptor }) {
            try? watch(.refusal, descriptor)
            timers.setSooner(.refusals, in: Refusal.patience)
        }
    }
    /// There is something to read from a connection that is refused, or its end.
    func continueRefusal(_ descriptor: Int32) {
        guard let index = refusals.firstIndex(where: { $0.descriptor == descriptor }) else { return }
        if refusals[index].advance() { return }
        close(refusals.remove(at: index))
    }
    func closeRefusals() {
        let now = MonotonicTime.milliseconds
        for refusal in refusals where refusal.due <= now { close(refusal) }
        refusals.removeAll { $0.due <= now }
        if !refusals.isEmpty { timers.setSooner(.refusals, in: 100) }
    }
    private func close(_ refusal: Refusal) {
        epoll.remove(refusal.descriptor)
        File.close(refusal.descriptor)
    }
}
