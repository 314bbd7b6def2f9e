// PHP: sapi/fpm/fpm/fpm_request.c, fpm_request_check_timed_out
import Bytes
import Kernel

/// `request_terminate_timeout`, and telling of slow requests (workers write their own traces).
extension Supervisor {
    /// How often requests are looked at: three times within the shortest timeout, at most every 130 ms.
    func scheduleRequestChecks() {
        let all = pools.map(\.config) + children.values.filter { !$0.pool.isCurrent }.map(\.pool.config)
        let times = all.flatMap { [$0.requestTerminateTimeout, $0.requestSlowlogTimeout] }.filter { $0 > 0 }
        guard let shortest = times.min() else { return timers.cancel(.requests) }
        timers.set(.requests, in: max(130, shortest * 1000 / 3))
    }
    func checkRequests() {
        for child in children.values {
            let config = child.pool.config
            if config.requestTerminateTimeout > 0 || config.requestSlowlogTimeout > 0 { check(child, config) }
        }
        scheduleRequestChecks()
    }
    private func check(_ child: Child, _ config: PoolConfig) {
        let board = child.pool.scoreboard
        let track = config.requestTerminateTimeoutTrackFinished
        guard let request = board.running(child.place, trackFinished: track) else { return }
        let seconds = request.microseconds / 1_000_000
        func isOver(_ limit: Int) -> Bool { limit > 0 && seconds >= UInt64(limit) }
        if request.stage == .executing, isOver(config.requestSlowlogTimeout), board.markSlow(child.place) {
            board.addSlowRequest()
            try? Process.kill(child.pid, SlowTrace.signal)
            tell(child, request.microseconds, "executing too slow", "logging")
        } else if isOver(config.requestTerminateTimeout) {
            try? Process.kill(child.pid, Signal.terminate)
            tell(child, request.microseconds, "execution timed out", "terminating")
        }
    }
    private func tell(_ child: Child, _ microseconds: UInt64, _ what: String, _ deed: String) {
        let facts = child.pool.scoreboard.process(child.place)
        let script = ByteString(facts.script.map { $0 < 32 || $0 > 127 ? UInt8(ascii: ".") : $0 })
        let query = facts.queryString.isEmpty ? "" : "?\(facts.queryString)" as ByteString
        let fraction = ByteString(decimal: microseconds % 1_000_000)
        let zeros = ByteString(repeating: UInt8(ascii: "0"), count: 6 - fraction.count)
        log(
            .warning, pool: child.pool.name,
            """
            child \(child.pid), script '\(script)' (request: "\(facts.requestMethod) \(facts.requestURI)\(query)") \
            \(what) (\(microseconds / 1_000_000).\(zeros)\(fraction) sec), \(deed)
            """)
    }
}
