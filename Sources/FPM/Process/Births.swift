// PHP: sapi/fpm/fpm/fpm_children.c, fpm_children_make, fpm_resources_prepare
import Bytes
import Kernel

/// Making workers.
extension Supervisor {
    var canSpawn: Bool { state == .normal }
    var runningChildren: Int { pools.reduce(0) { $0 + $1.running } }

    /// Asks for workers until the pool has `most`, within `process.max`.
    func makeChildren(_ pool: WorkerPool, upTo most: Int, _ level: LogLevel) {
        let limit = config.global.processMax
        var all = limit > 0 ? runningChildren : 0
        while canSpawn, pool.isCurrent, pool.running < most, limit < 1 || all < limit {
            hasWarnedOfProcessMax = false
            guard let place = pool.scoreboard.claim() else { return }
            let birth = Birth(pool: pool, place: place, level: level)
            pool.births += 1
            all += 1
            guard let zygote = zygote(for: pool) else {
                giveUp(birth)
                pool.lacksZygote = true
                return
            }
            zygote.waiting.append(birth)
            sendBirths(zygote)
        }
        if limit > 0, !hasWarnedOfProcessMax, all >= limit, pool.running < most {
            hasWarnedOfProcessMax = true
            log(
                .warning,
                """
                The maximum number of processes has been reached. Please review your configuration and consider raising \
                'process.max'
                """)
        }
    }
    /// A worker that will not be.
    func giveUp(_ birth: Birth) {
        birth.closePipes()
        birth.pool.scoreboard.free(birth.place)
        birth.pool.births -= 1
    }

    /// Sends as many orders as there is room for; the rest follows with the answers.
    func sendBirths(_ zygote: Zygote) {
        guard zygote.isReady else { return }
        while let birth = zygote.waiting.first {
            guard birth.pool.isCurrent, canSpawn else {
                giveUp(zygote.waiting.removeFirst())
                continue
            }
            switch send(birth, to: zygote) {
            case .bytes: zygote.waiting.removeFirst()
            case .wouldBlock: return
            case .failed(let error):
                log(.error, pool: birth.pool.name, "unable to ask for a new child", error)
                giveUp(zygote.waiting.removeFirst())
            }
        }
    }
    private func send(_ birth: Birth, to zygote: Zygote) -> IOResult {
        let pool = birth.pool
        guard let number = zygote.pools.firstIndex(where: { $0 === pool }) else { return .failed(.invalid) }
        var birth = birth
        var list: [(ZygoteMessage.Passed, Int32)] = [
            (.listener, pool.listener), (.scoreboard, pool.scoreboard.descriptor), (.accessLog, pool.accessLog),
        ]
        // Closed here once they are sent.
        var writers: [Int32] = []
        if pool.config.catchWorkersOutput {
            for (kind, text) in [(ZygoteMessage.Passed.output, "stdout"), (.error, "stderr")] {
                do throws(Errno) {
                    let ends = try Pipe().split()
                    File.setNonBlocking(ends.reader, true)
                    if kind == .output { birth.output = ends.reader } else { birth.error = ends.reader }
                    writers.append(ends.writer)
                    list.append((kind, ends.writer))
                } catch {
                    log(.error, "failed to prepare the \(text) pipe", error)
                    birth.closePipes()
                    for writer in writers { File.close(writer) }
                    return .failed(error)
                }
            }
        }
        list.append((.queue, pool.queue.exit))
        let slowLog = openSlowLog(pool)
        list.append((.slowLog, slowLog))
        if slowLog >= 0 { writers.append(slowLog) }
        if let shown = pool.config.statusOf, let other = pools.first(where: { $0.name == shown }) {
            list.append((.shownScoreboard, other.scoreboard.descriptor))
        }
        list.removeAll { $0.1 < 0 }
        lastSerial &+= 1
        let message = ZygoteMessage.spawn(
            serial: lastSerial, pool: UInt32(number), place: UInt32(birth.place),
            passed: list.reduce(0) { $0 | $1.0.bit })
        let result = PacketSocket.send(zygote.socket, message.bytes, descriptors: list.map(\.1))
        for writer in writers { File.close(writer) }
        if case .bytes = result { zygote.sent[lastSerial] = birth } else { birth.closePipes() }
        return result
    }

    /// Opened for each worker, so that a file that was moved away is not written for long.
    private func openSlowLog(_ pool: WorkerPool) -> Int32 {
        guard pool.config.requestSlowlogTimeout > 0, let path = pool.config.slowlog else { return -1 }
        do throws(Errno) { return try File.openAppend(path, mode: 0o600).take() } catch {
            log(.error, pool: pool.name, "unable to open slowlog (\(path))", error)
            return -1
        }
    }

    /// The zygote has forked it.
    func born(_ birth: Birth, pid: Int32) {
        let pool = birth.pool
        pool.births -= 1
        let child = Child(pid: pid, pool: pool, place: birth.place, started: MonotonicTime.microseconds)
        if birth.error >= 0 {
            child.output = WorkerOutput(
                pool: pool.config, global: config.global, pid: pid, output: birth.output, error: birth.error)
        }
        link(child)
        log(birth.level, pool: pool.name, "child \(pid) started")
        if let exit = earlyExits.removeValue(forKey: pid) { return bury(child, exit) }
        // A stop, or the pool's end, came while it was born.
        if state == .terminating || state == .finishing {
            send(signalSent == 0 ? Signal.quit : signalSent, to: child)
        } else if !pool.isCurrent {
            retire(child)
        }
    }
    func link(_ child: Child) {
        child.pool.children.append(child)
        children[child.pid] = child
        guard let output = child.output else { return }
        for (descriptor, source) in zip(output.descriptors, [Source.output, .error]) where descriptor >= 0 {
            try? watch(source, descriptor)
            outputs[descriptor] = child.pid
        }
    }
    /// The fork failed.
    func unborn(_ birth: Birth, _ error: Errno) {
        log(.error, "fork() failed", error)
        giveUp(birth)
    }
}
