// PHP: sapi/fpm/fpm/fpm_events.c, fpm_event_set_timer
import Kernel

/// Moments at which the supervisor has something to do, in milliseconds of `MonotonicTime`.
struct Timers {
    enum Kind: CaseIterable {
        /// Once a second.
        case maintenance
        /// `request_terminate_timeout` and `request_slowlog_timeout`.
        case requests
        /// The next signal of a stop.
        case control
        /// Listeners are looked at again.
        case listeners
        /// The connection that waits longest has waited long enough.
        case queue
        /// A zygote that could not be started is tried again.
        case zygotes
        /// Connections that were refused are closed for good.
        case refusals
    }
    private var due: [Kind: UInt64] = [:]

    /// Replaces the moment of `kind`.
    mutating func set(_ kind: Kind, in milliseconds: Int) {
        due[kind] = MonotonicTime.milliseconds + UInt64(max(0, milliseconds))
    }
    /// Keeps an earlier moment.
    mutating func setSooner(_ kind: Kind, in milliseconds: Int) {
        let moment = MonotonicTime.milliseconds + UInt64(max(0, milliseconds))
        due[kind] = min(moment, due[kind] ?? moment)
    }
    mutating func cancel(_ kind: Kind) { due[kind] = nil }
    func isSet(_ kind: Kind) -> Bool { due[kind] != nil }

    /// How long to wait for the next one; -1 when there is none.
    var wait: Int32 {
        guard let next = due.values.min() else { return -1 }
        let now = MonotonicTime.milliseconds
        return next > now ? Int32(clamping: next - now) : 0
    }
    /// Those whose moment has come; they are forgotten.
    mutating func take() -> [Kind] {
        let now = MonotonicTime.milliseconds
        let ripe = Kind.allCases.filter { (due[$0] ?? .max) <= now }
        for kind in ripe { due[kind] = nil }
        return ripe
    }
}
