// PHP: sapi/fpm/fpm/fpm_stdio.c
import Bytes
import Kernel

/// Opening `error_log` and what standard error is meanwhile.
extension ErrorLog {
    /// Standard input and output become /dev/null; the first thing a supervisor does.
    /// - Returns: false after logging what was wrong.
    public func closeStandardStreams() -> Bool {
        do throws(Errno) {
            let null = try File.open("/dev/null", .readWrite)
            try null.replace(0)
            try null.replace(1)
            return true
        } catch {
            self(.error, "failed to init stdio: open(\"/dev/null\")", error)
            return false
        }
    }

    /// Opens `error_log` (created 0600) and sends the lines there, unless a user looks at standard error: then
    /// (`-O`, or a terminal, in the foreground) they stay there. Lines of level notice and above go to both until ``started()``.
    /// - Parameter global: Its `errorLog` is `syslog` or an absolute path, its `daemonize` is final.
    /// - Returns: false after logging what was wrong.
    public func open(_ global: GlobalConfig, forceStandardError: Bool) -> Bool {
        usesErrorLog = global.daemonize || (!forceStandardError && !File.isTerminal(2))
        if !global.daemonize, originalStandardError < 0 {
            // Access logs may be /dev/stderr. Not in a daemon: whoever started it waits for the end of this stream.
            self(.debug, "saving original STDERR fd: dup()")
            originalStandardError = Descriptor.duplicate(of: 2)
        }
        if global.errorLog.equalsIgnoringCase("syslog") {
            SystemLog.open(ident: global.syslogIdent, facility: global.syslogFacility)
            isSyslog = true
            if usesErrorLog { target = .syslog }
            return true
        }
        path = global.errorLog
        do throws(Errno) {
            descriptor = try File.openAppend(path, mode: 0o600).take()
        } catch {
            self(.error, "failed to open error_log (\(path))", error)
            return false
        }
        if usesErrorLog { target = .file }
        if let file = try? FileStatus(descriptor: descriptor), let error = try? FileStatus(descriptor: 2),
            file.inode == error.inode, file.device == error.device
        {
            // A daemon that was reloaded: one line is enough.
            isStarted = true
        }
        return true
    }

    /// Opens the file anew under the old descriptor number (SIGUSR1).
    /// - Returns: false after logging what was wrong; the old file is kept then.
    public func reopen() -> Bool {
        if isSyslog { return true }
        do throws(Errno) {
            let fresh = try File.openAppend(path, mode: 0o600)
            try fresh.replace(descriptor)
            File.setCloseOnExec(descriptor, true)
            return true
        } catch {
            self(.error, "failed to open error_log (\(path))", error)
            return false
        }
    }

    /// The start is complete: from here on lines go to one place, and standard error is tied to `error_log` where that is in use.
    public func started() {
        tieStandardError()
        isStarted = true
    }

    /// Ties standard error to `error_log` (to /dev/null with syslog), if lines go there: what libraries write is not lost.
    public func tieStandardError() {
        guard usesErrorLog else { return }
        do throws(Errno) {
            if isSyslog {
                try Descriptor.replace(2, by: 1)
            } else if descriptor > 2 {
                try Descriptor.replace(2, by: descriptor)
            }
        } catch {
            self(.error, "failed to tie stderr fd with error_log fd: dup2()", error)
        }
    }

    /// What ``tieStandardError()`` would tie a child's standard error to; nil: what it is now stays.
    var standardErrorOfChildren: Int32? {
        guard usesErrorLog else { return nil }
        return isSyslog ? 1 : descriptor > 2 ? descriptor : nil
    }

    /// Gives standard error back to whom it belonged at the start, where that was kept (in the foreground): before access logs
    /// are opened again and before the exec of a reload.
    /// - Parameter closing: Whether the kept copy is closed as well.
    public func restoreStandardError(closing: Bool) {
        guard originalStandardError >= 0 else { return }
        self(.debug, "restoring original STDERR fd: dup2()")
        do throws(Errno) {
            try Descriptor.replace(2, by: originalStandardError)
            if closing {
                File.close(originalStandardError)
                originalStandardError = -1
            }
        } catch {
            self(
                .error, "failed to restore original STDERR fd, access.log records may appear in error_log: dup2()",
                error)
        }
    }
}
