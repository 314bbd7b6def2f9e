// Apache: server/mpm/{event/event,worker/worker,prefork/prefork}.c

import ServerCore

extension MPMKind {
    /// The module of its lines in the error log.
    var logName: String { "mpm_\(rawValue)" }
    var gracefulRestartText: String {
        self == .prefork
            ? "Graceful restart requested, doing restart" : "SIGUSR1 received.  Doing graceful restart"
    }
}

/// What all three say, each under a number of its own.
enum MPMMessage {
    case configured, built, terminated, stoppedGracefully, restartedGracefully, restarted, forkFailed
    case oldGenerationFailed, killedSuccessively, limitReached, nearLimit, busy

    func number(_ mpm: MPMKind) -> String {
        let numbers: (event: String, worker: String, prefork: String) =
            switch self {
            case .configured: ("AH00489", "AH00292", "AH00163")
            case .built: ("AH00490", "AH00293", "AH00164")
            case .terminated: ("AH00491", "AH00295", "AH00169")
            case .stoppedGracefully: ("AH00492", "AH00296", "AH00170")
            case .restartedGracefully: ("AH00493", "AH00297", "AH00171")
            case .restarted: ("AH00494", "AH00298", "AH00173")
            case .forkFailed: ("AH00481", "AH00283", "AH00159")
            case .oldGenerationFailed: ("AH00487", "AH00290", "AH00166")
            case .killedSuccessively: ("AH10392", "AH10393", "AH10392")
            case .limitReached: ("AH00484", "AH00286", "AH00161")
            case .nearLimit: ("AH10159", "AH00287", "AH00161")
            case .busy: ("AH00486", "AH00289", "AH00162")
            }
        return switch mpm {
        case .event: numbers.event
        case .worker: numbers.worker
        case .prefork: numbers.prefork
        }
    }
}
