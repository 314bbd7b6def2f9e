// PHP: no counterpart (its master loads PHP and forks its workers itself)
import Bytes
import Kernel

/// Starting zygotes, hearing them, and what happens when they end.
extension Supervisor {
    /// How long a zygote without workers stays, in milliseconds.
    private static let idleTime: UInt64 = 10_000
    /// The longest wait for a zygote at the start of the program, in milliseconds.
    private static let startTime: UInt64 = 8_000
    private static let longestDelay = 30_000

    /// The zygote for a pool, started if need be; nil while it cannot be started.
    func zygote(for pool: WorkerPool) -> Zygote? {
        if let found = zygotes.first(where: { one in one.pools.contains { $0 === pool } }) { return found }
        return timers.isSet(.zygotes) && pool.lacksZygote ? nil : startZygote(for: pool)
    }

    private func startZygote(for pool: WorkerPool) -> Zygote? {
        let credentials = Credentials(pool.config, isRoot: isRoot)
        let family = pools.contains { $0 === pool } ? pools : [pool]
        let members = family.filter {
            $0.generation == pool.generation && Credentials($0.config, isRoot: isRoot) == credentials
        }
        let order = ZygoteOrder(
            credentials: credentials, pools: members.map(\.config), settings: options.engine, log,
            processName: Process.name)
        do throws(Errno) {
            let (pid, socket) = try ZygoteProcess.start(order, log)
            try watch(.zygote, socket)
            let zygote = Zygote(credentials, generation: pool.generation, pid: pid, socket: socket, pools: members)
            zygotes.append(zygote)
            log(.debug, pool: pool.name, "zygote \(pid) started for \(credentials.name)")
            return zygote
        } catch {
            log(.error, pool: pool.name, "unable to execute a zygote", error)
            return nil
        }
    }

    /// At the start of the program: zygotes of pools that have workers from the beginning, or one at least, so that a
    /// language that cannot be started is found now. False after telling the log.
    func startFirstZygotes() -> Bool {
        let eager = pools.filter { $0.config.pm != .ondemand }
        for pool in eager.isEmpty ? Array(pools.prefix(1)) : eager where zygote(for: pool) == nil { return false }
        let limit = MonotonicTime.milliseconds + Self.startTime
        while MonotonicTime.milliseconds < limit {
            let silent = zygotes.filter { !$0.isReady }
            if silent.isEmpty { return true }
            for socket in Poll.readable(silent.map(\.socket), milliseconds: 200) { hearZygote(socket) }
            if hasLostZygote { return false }
        }
        if zygotes.contains(where: \.isReady) { return true }
        log(.error, "no worker could be started within \(Self.startTime / 1000) seconds")
        return false
    }
    private var hasLostZygote: Bool { zygoteDelay > 0 }

    /// An answer, or the end.
    func hearZygote(_ socket: Int32) {
        guard let zygote = zygotes.first(where: { $0.socket == socket }) else { return }
        while true {
            do throws(Errno) {
                guard let message = try PacketSocket.receive(socket, wait: false) else {
                    lost(zygote)
                    break
                }
                if let answer = ZygoteMessage(message.bytes) { take(answer, from: zygote) }
            } catch {
                if error != .wouldBlock { lost(zygote) }
                break
            }
        }
        if zygotes.contains(where: { $0 === zygote }) { sendBirths(zygote) }
        if state == .reloading { executeWhenQuiet() } else { retirePredecessors() }
    }
    private func take(_ answer: ZygoteMessage, from zygote: Zygote) {
        switch answer {
        case .ready:
            zygote.isReady = true
            zygoteDelay = 0
            for pool in zygote.pools { pool.lacksZygote = false }
        case .failed(let text): zygote.failure = text
        case .born(let serial, let pid):
            guard let birth = zygote.sent.removeValue(forKey: serial) else { return }
            born(birth, pid: pid)
        case .unborn(let serial, let error):
            guard let birth = zygote.sent.removeValue(forKey: serial) else { return }
            unborn(birth, Errno(rawValue: error))
        case .order, .spawn: break
        }
        if zygotes.allSatisfy(\.sent.isEmpty) { tellOfUnknownExits() }
    }

    /// The zygote has gone, or never was ready. Its workers go on.
    private func lost(_ zygote: Zygote) {
        forget(zygote)
        let name = zygote.credentials.name
        guard canSpawn else { return }
        if zygote.isReady {
            log(.warning, "the zygote of \(name) (\(zygote.pid)) has ended, starting another")
            for pool in zygote.pools where pool.isCurrent && zygote.hasBirths(of: pool) { restock(pool) }
            return
        }
        let reason = zygote.failure ?? "it ended before it was ready"
        log(.error, "the zygote of \(name) (\(zygote.pid)) could not start: \(reason)")
        zygoteDelay = min(Self.longestDelay, max(1000, zygoteDelay * 2))
        for pool in zygote.pools { pool.lacksZygote = true }
        if !isStarting {
            log(.notice, "trying again in \(zygoteDelay / 1000) seconds")
            timers.setSooner(.zygotes, in: zygoteDelay)
        }
    }
    /// Closes what leads to a zygote, which ends it, and gives up what it was asked for.
    func forget(_ zygote: Zygote) {
        epoll.remove(zygote.socket)
        File.close(zygote.socket)
        dismissedZygotes.insert(zygote.pid)
        zygotes.removeAll { $0 === zygote }
        for birth in zygote.waiting + zygote.sent.values { giveUp(birth) }
    }

    /// A pool lost workers that were about to be, or could not have any.
    private func restock(_ pool: WorkerPool) {
        makeInitialChildren(pool)
        lookAgain(at: pool)
    }
    func retryZygotes() {
        for pool in pools where pool.lacksZygote {
            pool.lacksZygote = false
            restock(pool)
        }
    }
    /// Ends zygotes that have had nothing to do for a while, and those of retired pools at once.
    func endIdleZygotes() {
        let now = MonotonicTime.milliseconds
        for zygote in zygotes {
            let isBusy = zygote.pools.contains { $0.isCurrent && $0.running > 0 }
            if isBusy || !zygote.isReady {
                zygote.idleSince = nil
            } else if !zygote.pools.contains(where: \.isCurrent)
                || now > (zygote.idleSince ?? now) + Self.idleTime
            {
                log(.debug, "ending the idle zygote of \(zygote.credentials.name) (\(zygote.pid))")
                forget(zygote)
            } else if zygote.idleSince == nil {
                zygote.idleSince = now
            }
        }
    }
}

extension Zygote {
    func hasBirths(of pool: WorkerPool) -> Bool {
        waiting.contains { $0.pool === pool } || sent.values.contains { $0.pool === pool }
    }
}
