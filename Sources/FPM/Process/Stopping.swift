// PHP: sapi/fpm/fpm/fpm_process_ctl.c, fpm_events.c, fpm_got_signal
import Bytes
import Kernel

/// Signals, and the ways to an end.
extension Supervisor {
    func takeSignals() {
        while let signal = signals.next() {
            log(.debug, "received \(Signal.name(signal))")
            if signal != Signal.child { drainAll() }
            switch signal {
            case Signal.child: buryAll()
            case Signal.interrupt, Signal.terminate:
                log(.notice, "Terminating ...")
                enter(.terminating)
            case Signal.quit:
                log(.notice, "Finishing ...")
                enter(.finishing)
            case Signal.user1: reopenLogs()
            case Signal.user2, Signal.hangUp:
                log(.notice, "Reloading in progress ...")
                reload()
            default: break
            }
            if exitCode != nil { return }
        }
    }

    /// Nothing comes before terminating, and only that before finishing.
    func enter(_ new: State) {
        guard state != new else { return }
        if state == .terminating || (state == .finishing && new != .terminating) {
            log(
                .debug,
                "not switching to '\(new.rawValue)' state, because already in '\(state.rawValue)' state")
            return
        }
        signalSent = 0
        state = new
        log(.debug, "switching to '\(new.rawValue)' state")
        for zygote in zygotes where zygote.sent.isEmpty { forget(zygote) }
        closeControlSocket()
        nextStep()
    }
    /// The next signal to all workers, gentler ones first. With the default of `process_control_timeout`, 0, those who finish
    /// may take their time, and those who are terminated get none.
    func nextStep() {
        if state == .reloading { return execute() }
        guard state != .normal else { return }
        if isQuiet { return end() }
        let first = state == .terminating ? Signal.terminate : Signal.quit
        let next = signalSent == 0 ? first : signalSent == Signal.quit ? Signal.terminate : Signal.kill
        killAll(next)
        let isFirst = signalSent == 0
        signalSent = next
        let patience = config.global.processControlTimeout
        if !isFirst {
            timers.set(.control, in: 1000)
        } else if patience > 0 {
            timers.set(.control, in: patience * 1000)
        } else if state == .terminating {
            timers.set(.control, in: 100)
        }
    }
    func stepAfterExit() {
        switch state {
        case .normal: break
        case .reloading: executeWhenQuiet()
        case .terminating, .finishing: if isQuiet { end() }
        }
    }
    /// No worker is left, and none is about to be.
    private var isQuiet: Bool { children.isEmpty && zygotes.allSatisfy(\.sent.isEmpty) }

    private func end() {
        guard exitCode == nil else { return }
        log(.notice, "exiting, bye-bye!")
        releaseAll()
        options.ended()
        exitCode = ExitCode.ok
    }
    private func releaseAll() {
        for zygote in zygotes { forget(zygote) }
        // They have no work and nothing to save; nobody should find them after us.
        for pid in dismissedZygotes { try? Process.kill(pid, Signal.kill) }
        closeControlSocket()
        for pool in pools {
            File.close(pool.listener)
            options.release(pool.config)
        }
    }
    /// The start has failed.
    func giveUp() {
        for child in children.values { send(Signal.quit, to: child) }
        releaseAll()
    }

    func killAll(_ signal: Int32) {
        for child in children.values { send(signal, to: child) }
        if !children.isEmpty { log(.debug, "\(children.count) child(ren) still alive") }
    }
    func send(_ signal: Int32, to child: Child) {
        try? Process.kill(child.pid, signal)
        log(
            .debug, pool: child.pool.name,
            "sending signal \(signal) \(Signal.name(signal)) to child \(child.pid)")
    }

    // MARK: Workers of former pools

    /// Lets a pool's workers finish; bounded by `process_control_timeout` where it is set.
    func retire(_ pool: WorkerPool) {
        pool.isCurrent = false
        for child in pool.children { retire(child) }
        scheduleRequestChecks()
    }
    func retire(_ child: Child) {
        send(Signal.quit, to: child)
        let patience = config.global.processControlTimeout
        if patience > 0 {
            child.nextSignal = (MonotonicTime.milliseconds + UInt64(patience) * 1000, Signal.terminate)
        }
    }
    func sendDueSignals() {
        let now = MonotonicTime.milliseconds
        for child in children.values {
            guard let next = child.nextSignal, next.due <= now else { continue }
            send(next.signal, to: child)
            child.nextSignal = (now + 1000, Signal.kill)
        }
    }
    /// Former pools whose successors have workers, or make them on demand.
    func retirePredecessors() {
        guard canSpawn else { return }
        for pool in pools {
            guard let old = pool.predecessor, pool.births == 0, !pool.lacksZygote else { continue }
            guard pool.config.pm == .ondemand || !pool.children.isEmpty else { continue }
            pool.predecessor = nil
            retire(old)
        }
    }
}
