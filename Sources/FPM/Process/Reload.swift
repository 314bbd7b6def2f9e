// PHP: sapi/fpm/fpm/fpm_process_ctl.c, fpm_pctl_exec
import Bytes
import Kernel

/// The reload of everything: this program is executed again under the same pid.
///
/// PHP's FPM ends its workers first. Here they go on: the configuration is checked before anything happens, the new program starts
/// new workers, and only then are the old ones told to finish.
extension Supervisor {
    func reload() {
        // Another one is under way, or the end.
        guard state == .normal else { return }
        guard options.readAgain() != nil else {
            log(.error, "the configuration cannot be used: nothing was reloaded, the former one stays")
            return
        }
        state = .reloading
        log(.debug, "switching to 'reloading' state")
        // Workers that are about to be born have to be known before the next program takes over.
        timers.set(.control, in: 1000)
        executeWhenQuiet()
    }
    func executeWhenQuiet() {
        if state == .reloading, zygotes.allSatisfy(\.sent.isEmpty) { execute() }
    }

    func execute() {
        drainAll()
        let list = options.arguments
        let program = list.first ?? ""
        let shown = list.prefix(11).map { "\"\($0)\"" as ByteString }
        let text = shown.dropFirst().reduce(shown.first ?? "\"\"") { $0 + ", " + $1 }
        log(.notice, "reloading: execvp(\"\(program)\", {\(text)})")
        do throws(Errno) {
            try leaveInheritance()
            options.handOver(pools.map { ($0.config, $0.listener) })
            closeControlSocket()
            log.restoreStandardError(closing: false)
            try Process.executeFromPath(program, arguments: list)
        } catch {
            log.tieStandardError()
            log(.error, "failed to reload: execvp() failed", error)
        }
        resumeAfterFailedExec()
    }
    private func leaveInheritance() throws(Errno) {
        let left = inheritance()
        let file = try MemoryFile.make(named: "fpm-workers", left.text.bytes)
        for descriptor in left.descriptors + [file] { File.setCloseOnExec(descriptor, false) }
        inheritanceFile = file
        Environment.set(Inheritance.variable, ByteString(decimal: file))
    }
    /// Everybody is still there: go on.
    private func resumeAfterFailedExec() {
        for descriptor in inheritance().descriptors { File.setCloseOnExec(descriptor, true) }
        for pool in pools { File.setCloseOnExec(pool.listener, true) }
        if let inheritanceFile { File.close(inheritanceFile) }
        inheritanceFile = nil
        Environment.remove(Inheritance.variable)
        timers.cancel(.control)
        state = .normal
        openControlSocket()
        for pool in pools {
            if pool.running == 0 { makeInitialChildren(pool) }
            lookAgain(at: pool)
        }
    }
}
