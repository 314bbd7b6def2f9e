// PHP: sapi/fpm/fpm/fpm_unix.c, fpm_env.c
import Bytes
import CLinux
import Glibc

/// What a process that gives up its rights calls, and what a process manager does to its children.
extension Process {
    /// A fork whose child is a sibling of this process: its parent is ours. Only from a process with one thread that has
    /// used no Swift concurrency.
    public static func forkSibling() throws(Errno) -> Fork {
        let pid = try check { clinux_clone_sibling() }
        return pid == 0 ? .child : .parent(child: pid)
    }
    /// One ended child of any kind, without waiting; nil when none has ended.
    public static func reapAny() -> Exit? {
        var pid: pid_t = 0
        var code: Int32 = 0
        var signal: Int32 = 0
        var core: Int32 = 0
        guard unsafe clinux_reap(&pid, &code, &signal, &core) == 1 else { return nil }
        return Exit(
            pid: pid, code: signal == 0 ? code : nil, signal: signal == 0 ? nil : signal, dumpedCore: core == 1)
    }
    /// Closes every descriptor from `first` on, whoever owns it.
    public static func closeDescriptors(from first: Int32) { _ = clinux_close_from(first) }

    /// What `ps` shows as the command line. Cut to the room that the first command line and environment took.
    public static func setTitle(_ title: ByteString) {
        _ = unsafe title.withCPath { text -> Int32 in
            unsafe clinux_set_title(text)
            return 0
        }
    }
    /// -20 (first) to 19.
    public static func setPriority(_ value: Int32) throws(Errno) { _ = try check { clinux_priority(value) } }

    /// Rights of root that a process can keep one by one.
    public enum Capability: UInt64, Sendable {
        case changeRoot = 18
    }
    /// Whether a change from root to another user leaves the permitted capabilities.
    public static func keepCapabilities(_ on: Bool) throws(Errno) {
        _ = try check { clinux_keep_capabilities(on ? 1 : 0) }
    }
    /// From now on this process has these and no others.
    public static func setCapabilities(_ list: [Capability]) throws(Errno) {
        let set = list.reduce(UInt64(0)) { $0 | 1 << $1.rawValue }
        _ = try check { clinux_set_capabilities(set) }
    }
}

extension Environment {
    /// Forgets all of it.
    public static func clear() { _ = clinux_clear_environment() }
}
