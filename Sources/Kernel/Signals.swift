// Apache: server/mpm_unix.c
import CLinux
import Glibc

/// Signal numbers the server uses.
public enum Signal {
    public static let hangUp: Int32 = SIGHUP
    public static let interrupt: Int32 = SIGINT
    public static let quit: Int32 = SIGQUIT
    public static let kill: Int32 = SIGKILL
    public static let user1: Int32 = SIGUSR1
    public static let user2: Int32 = SIGUSR2
    public static let pipe: Int32 = SIGPIPE
    public static let terminate: Int32 = SIGTERM
    public static let child: Int32 = SIGCHLD
    public static let alarm: Int32 = SIGALRM
    public static let virtualAlarm: Int32 = SIGVTALRM
    public static let profilingTimer: Int32 = SIGPROF
    public static let windowChange: Int32 = SIGWINCH
    public static let segmentationFault: Int32 = SIGSEGV
    public static let busError: Int32 = SIGBUS

    /// "SIGTERM"; empty for a number without a name.
    public static func name(_ signal: Int32) -> String {
        let names = [
            "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1",
            "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP",
            "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGPOLL",
            "SIGPWR", "SIGSYS",
        ]
        return names.indices.contains(Int(signal) - 1) ? names[Int(signal) - 1] : ""
    }
    /// What a fault of the program raises; Swift's traps are among them.
    public static let crashes: [Int32] = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV]

    /// Holds signals back on this thread and on threads and children it makes.
    public static func block(_ signals: [Int32]) throws(Errno) { try mask(0, signals) }
    public static func unblock(_ signals: [Int32]) throws(Errno) { try mask(1, signals) }
    public static func blockAll() throws(Errno) { try mask(2, []) }
    public static func unblockAll() throws(Errno) { try mask(3, []) }
    private static func mask(_ how: Int32, _ signals: [Int32]) throws(Errno) {
        _ = try check {
            unsafe signals.withUnsafeBufferPointer { unsafe clinux_signals(how, $0.baseAddress, Int32($0.count)) }
        }
    }
    /// The calling thread takes every signal from now on, and programs it starts hold none back. TERM and USR1 it passes on to the
    /// thread of that number, for its ``SignalSource``; HUP, INT, QUIT and WINCH do nothing.
    public static func takeAll(passingTo thread: Int32) throws(Errno) { _ = try check { clinux_take_signals(thread) } }
    public static func ignore(_ signal: Int32) throws(Errno) { _ = try check { clinux_signal_action(signal, 1) } }
    public static func restoreDefault(_ signal: Int32) throws(Errno) {
        _ = try check { clinux_signal_action(signal, 0) }
    }
}

/// Blocked signals as a descriptor that gets readable (`signalfd`).
///
/// It delivers to the process that reads it, so a child makes its own after the fork.
public struct SignalSource: ~Copyable {
    public let descriptor: Descriptor

    /// Blocks `signals` and collects them.
    public init(_ signals: [Int32]) throws(Errno) {
        try Signal.block(signals)
        descriptor = Descriptor(
            try check {
                unsafe signals.withUnsafeBufferPointer { unsafe clinux_signalfd($0.baseAddress, Int32($0.count)) }
            })
    }
    /// The next signal that came, or nil.
    public borrowing func next() -> Int32? {
        let number = clinux_signal_read(descriptor.raw)
        return number > 0 ? number : nil
    }
    /// Waits for a signal, at most so long (-1: without end); nil when none came. For the single-threaded parent.
    public borrowing func wait(milliseconds: Int32) -> Int32? {
        var entry = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&entry, 1, milliseconds)
        return next()
    }
}

/// Waiting for several descriptors without a loop: the parent, which must not use one.
public enum Poll {
    /// Which of `descriptors` are readable (or closed by their other end) within the time (-1: without end).
    public static func readable(_ descriptors: [Int32], milliseconds: Int32) -> [Int32] {
        var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let count = unsafe entries.withUnsafeMutableBufferPointer {
            unsafe poll($0.baseAddress, nfds_t($0.count), milliseconds)
        }
        guard count > 0 else { return [] }
        return entries.filter { $0.revents != 0 }.map(\.fd)
    }
    /// Whether `descriptor` takes bytes (or is closed by its other end) within the time (-1: without end).
    public static func isWritable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&entry, 1, milliseconds) > 0
    }
}
