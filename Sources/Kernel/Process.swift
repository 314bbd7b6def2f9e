// Apache: server/mpm_unix.c, srclib/apr/threadproc/unix/proc.c
import Bytes
import CLinux
import Glibc

/// This process and its children.
public enum Process {
    public static var id: Int32 { getpid() }
    public static var parentID: Int32 { getppid() }
    public static var parent: Int32 { getppid() }
    /// The calling thread's number.
    public static var threadID: Int32 { clinux_thread_id() }
    public static var userID: UInt32 { geteuid() }
    public static var groupID: UInt32 { getegid() }

    public enum Fork: Sendable { case parent(child: Int32), child }
    /// Only from a process that has one thread and has used no Swift concurrency.
    public static func fork() throws(Errno) -> Fork {
        let pid = try check { clinux_fork() }
        return pid == 0 ? .child : .parent(child: pid)
    }

    /// How a child ended.
    public struct Exit: Sendable, Hashable {
        public var pid: Int32
        /// The exit status, or nil when a signal ended it.
        public var code: Int32?
        public var signal: Int32?
        /// Known to `reapAny` only.
        public var dumpedCore = false
    }
    /// Collects one ended child (any, or `pid`); nil when none has ended yet and `wait` is false, or there is no child.
    public static func reap(_ pid: Int32 = -1, wait: Bool = false) -> Exit? {
        var code: Int32 = 0
        var signal: Int32 = 0
        var which: pid_t = 0
        guard let found = try? check({ unsafe clinux_wait(pid, wait ? 0 : 1, &code, &signal, &which) }), found == 1
        else { return nil }
        return Exit(pid: which, code: signal == 0 ? code : nil, signal: signal == 0 ? nil : signal)
    }
    public static func kill(_ pid: Int32, _ signal: Int32) throws(Errno) {
        _ = try check { Glibc.kill(pid, signal) }
    }
    /// Ends at once: no exit handlers, no flushing.
    public static func exitNow(_ code: Int32) -> Never { _exit(code) }

    @discardableResult public static func setUmask(_ mask: UInt32) -> UInt32 { umask(mask) }
    public static func changeDirectory(_ path: ByteString) throws(Errno) {
        _ = try check { unsafe path.withCPath { unsafe chdir($0) } }
    }
    /// Changes the root and goes there.
    public static func changeRoot(_ path: ByteString) throws(Errno) {
        _ = try check { unsafe path.withCPath { unsafe chroot($0) } }
        try changeDirectory("/")
    }
    /// A new session without a terminal.
    public static func newSession() throws(Errno) { _ = try check { setsid() } }
    public static func setProcessGroup() throws(Errno) { _ = try check { setpgid(0, 0) } }

    /// The kernel's short name of the thread (15 bytes), as `ps -o comm` shows it.
    public static func setName(_ name: ByteString) { _ = unsafe name.withCPath { unsafe clinux_set_name($0) } }
    /// What the kernel calls this process; empty where /proc is not there.
    public static var name: ByteString {
        ByteString(((try? File.readWhole("/proc/self/comm", limit: 64)) ?? []).prefix { $0 != 10 })
    }
    /// The signal this process gets when its parent's thread ends.
    public static func setParentDeathSignal(_ signal: Int32) throws(Errno) {
        _ = try check { clinux_parent_death_signal(signal) }
    }
    /// `CoreDumpDirectory`: lets a process that changed its user dump core.
    public static func setDumpable(_ on: Bool) { _ = clinux_dumpable(on ? 1 : 0) }

    /// Processors this process may run on.
    public static var availableProcessors: Int { Int(clinux_processors()) }

    public struct Limit: Sendable, Hashable {
        public var soft: UInt64
        public var hard: UInt64
        public init(soft: UInt64, hard: UInt64) {
            self.soft = soft
            self.hard = hard
        }
        public static let unlimited = UInt64.max
    }
    /// "nofile", "core", "cpu", "data", "nproc", "as", "fsize", "stack"; nil for another name.
    public static func limit(_ name: ByteString) -> Limit? {
        let resource = unsafe name.withCPath { unsafe clinux_limit_named($0) }
        var value = Limit(soft: 0, hard: 0)
        guard resource >= 0, unsafe clinux_get_limit(resource, &value.soft, &value.hard) == 0 else { return nil }
        return value
    }
    public static func setLimit(_ name: ByteString, _ value: Limit) throws(Errno) {
        let resource = unsafe name.withCPath { unsafe clinux_limit_named($0) }
        guard resource >= 0 else { throw .invalid }
        _ = try check { clinux_set_limit(resource, value.soft, value.hard) }
    }

    /// Microseconds of processor time.
    public struct CPUTime: Sendable, Hashable {
        public var user: Int64
        public var system: Int64
        public init(user: Int64, system: Int64) {
            self.user = user
            self.system = system
        }
    }
    /// Of this process, or of its children that were reaped.
    public static func cpuTime(ofChildren: Bool = false) -> CPUTime {
        var value = CPUTime(user: 0, system: 0)
        unsafe clinux_cpu_time(ofChildren ? 1 : 0, &value.user, &value.system)
        return value
    }
}
