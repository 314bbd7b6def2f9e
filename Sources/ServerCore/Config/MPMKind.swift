// Apache: server/mpm_common.c (ap_show_mpm, ap_check_mpm), include/ap_mpm.h (AP_MPMQ_*)

/// The policy by which connections are given to processes and threads. One of them is loaded.
public enum MPMKind: String, Sendable, CaseIterable {
    /// Loops that hold many connections.
    case event
    /// Threads that each hold one connection from its first byte to its end.
    case worker
    /// Processes that each hold one connection.
    case prefork

    /// More than one thread in a child (AP_MPMQ_IS_THREADED).
    public var isThreaded: Bool { self != .prefork }
    /// A connection that waits takes no place (AP_MPMQ_IS_ASYNC).
    public var isAsync: Bool { self == .event }
}

extension Configuration {
    /// Nil before one is loaded.
    public var mpm: MPMKind? { MPMKind.allCases.first { loaded.contains($0.rawValue) } }
}
