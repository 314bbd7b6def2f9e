// Apache: modules/core/mod_watchdog.c, modules/md/mod_md_drive.c; there a thread of some child

/// A process of its own that a module wants: it waits for other machines and writes files, and no request waits for it.
///
/// The parent forks it once the server runs, as the children's user, replaces it when it dies, and ends it with TERM when
/// the configuration is read anew or the server ends. It works on one thread and has no event loop.
public struct ServiceProcess: Sendable {
    /// For the log and the process list.
    public let name: String
    /// Runs in the new process; the process ends when it returns. Bytes written to the descriptor reach `notice`.
    public let run: @Sendable (Configuration, _ report: Int32) -> Void
    /// Runs in the parent when the process reported something. It must not block for long: the parent does nothing else
    /// meanwhile.
    public let notice: @Sendable (Configuration, [UInt8]) -> Void

    public init(
        name: String, run: @escaping @Sendable (Configuration, _ report: Int32) -> Void,
        notice: @escaping @Sendable (Configuration, [UInt8]) -> Void
    ) {
        self.name = name
        self.run = run
        self.notice = notice
    }
}
