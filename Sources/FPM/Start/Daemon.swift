// PHP: sapi/fpm/fpm/fpm_unix.c, fpm_unix_init_main
import Bytes
import Kernel

/// Going into the background: the process that was started waits until its child serves, and ends with 0, or with 70 when
/// the child could not start.
final class Daemon {
    /// Where the waiting process reads; -1 in the foreground and once it was told.
    private var report: Int32
    private let log: ErrorLog

    private init(_ report: Int32, _ log: ErrorLog) {
        self.report = report
        self.log = log
    }

    static func stayInForeground(_ log: ErrorLog) -> Daemon { Daemon(-1, log) }

    /// Forks; returns in the child only.
    /// - Returns: nil after logging what was wrong.
    static func enter(_ log: ErrorLog) -> Daemon? {
        do throws(Errno) {
            let ends = try Pipe().split()
            switch try Process.fork() {
            case .child:
                File.close(ends.reader)
                return Daemon(ends.writer, log)
            case .parent:
                File.close(ends.writer)
                wait(ends.reader, log)
            }
        } catch {
            log(.error, "failed to daemonize", error)
            return nil
        }
    }

    /// Ten seconds at most.
    private static func wait(_ report: Int32, _ log: ErrorLog) -> Never {
        log(.debug, "The calling process is waiting for the master process to ping via fd=\(report)")
        var answer: [UInt8] = []
        if Poll.readable([report], milliseconds: 10_000).isEmpty {
            log(.error, "the master process didn't send back its status (via the pipe to the calling process)")
        } else if case .bytes(let count) = File.read(report, into: &answer, count: 4), count > 0 {
            if answer.first == 1 {
                log(.debug, "I received a valid acknowledge from the master process, I can exit without error")
                Process.exitNow(0)
            }
            log(.debug, "The master process returned an error !")
        } else {
            log(.error, "no data have been read from pipe")
        }
        Process.exitNow(70)
    }

    /// Tells the waiting process, once.
    func tell(isServing: Bool) {
        guard report >= 0 else { return }
        let word: ByteString = isServing ? "\"1\" (OK)" : "\"0\" (error)"
        log(.debug, "Sending \(word) to parent via fd=\(report)")
        try? File.writeAll(report, [isServing ? 1 : 0, 0, 0, 0])
        File.close(report)
        report = -1
    }
}
