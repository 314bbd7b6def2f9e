// PHP: sapi/fpm/fpm/fpm_children.c, fpm_children_bury
import Bytes
import Kernel

/// What happens when processes end.
extension Supervisor {
    /// SIGCHLD: everything that has ended by now.
    func buryAll() {
        while let exit = Process.reapAny() {
            if let child = children[exit.pid] {
                bury(child, exit)
            } else if let zygote = zygotes.first(where: { $0.pid == exit.pid }) {
                // What it still said counts.
                hearZygote(zygote.socket)
                if zygotes.contains(where: { $0 === zygote }) { hearZygote(zygote.socket) }
                dismissedZygotes.remove(exit.pid)
            } else if dismissedZygotes.remove(exit.pid) != nil {
                continue
            } else {
                earlyExits[exit.pid] = exit
            }
        }
        if zygotes.allSatisfy(\.sent.isEmpty) { tellOfUnknownExits() }
        stepAfterExit()
    }
    /// Every answer of a zygote has come, and these were not in any.
    func tellOfUnknownExits() {
        for (pid, exit) in earlyExits {
            if Process.id == 1 {
                log(
                    .debug,
                    """
                    unknown child (\(pid)) exited \(exit.text) - most likely an orphan process (master process is the \
                    init process)
                    """)
            } else {
                log(
                    .warning,
                    """
                    unknown child (\(pid)) exited \(exit.text) - potentially a bug or pre exec child (e.g. \
                    s6-notifyoncheck)
                    """)
            }
        }
        earlyExits = [:]
    }

    func bury(_ child: Child, _ exit: Process.Exit) {
        let pool = child.pool
        let endsByWish = child.idleKill && (exit.code != nil || exit.signal == Signal.quit)
        finishOutput(of: child)
        children[child.pid] = nil
        pool.children.removeAll { $0 === child }
        pool.scoreboard.free(child.place)
        tell(child, exit, endsByWish: endsByWish)
        if exit.signal == Signal.segmentationFault || exit.signal == Signal.busError { countCrash() }
        if pool.isCurrent {
            if !endsByWish { makeChildren(pool, upTo: mostAfterExit(pool), .notice) }
            lookAgain(at: pool)
        } else if pool.children.isEmpty {
            pool.closeAccessLog()
        }
    }
    private func mostAfterExit(_ pool: WorkerPool) -> Int {
        pool.config.pm == .static ? pool.config.maxChildren : min(pool.running + 1, pool.config.maxChildren)
    }
    private func tell(_ child: Child, _ exit: Process.Exit, endsByWish: Bool) {
        let age = MonotonicTime.microseconds - child.started
        let fraction = ByteString(decimal: age % 1_000_000)
        let zeros = ByteString(repeating: UInt8(ascii: "0"), count: 6 - fraction.count)
        let time: ByteString = "after \(age / 1_000_000).\(zeros)\(fraction) seconds from start"
        if endsByWish {
            log(
                .debug, pool: child.pool.name,
                "child \(child.pid) has been killed by the process management \(time)")
            return
        }
        var level = LogLevel.notice
        if let code = exit.code, code != 0 { level = .warning }
        // Another signal than that of a quiet end may have cost a request.
        if let signal = exit.signal, signal != Signal.quit { level = .warning }
        if !canSpawn || !child.pool.isCurrent { level = .debug }
        log(level, pool: child.pool.name, "child \(child.pid) exited \(exit.text) \(time)")
    }

    /// `emergency_restart_threshold` crashes within `emergency_restart_interval` seconds: everything is made anew.
    private func countCrash() {
        let threshold = config.global.emergencyRestartThreshold
        let interval = config.global.emergencyRestartInterval
        guard threshold > 0, interval > 0 else { return }
        let now = MonotonicTime.milliseconds / 1000
        crashes.append(now)
        crashes.removeFirst(max(0, crashes.count - threshold))
        guard crashes.count == threshold, crashes.allSatisfy({ now - $0 <= UInt64(interval) }) else { return }
        crashes = []
        log(
            .warning,
            "failed processes threshold (\(threshold) in \(interval) sec) is reached, initiating reload")
        reload()
    }
}

extension Process.Exit {
    /// As messages say it.
    var text: ByteString {
        guard let signal else { return "with code \(code ?? 0)" }
        return "on signal \(signal) (\(Signal.name(signal))\(dumpedCore ? " - core dumped" : ""))"
    }
}
