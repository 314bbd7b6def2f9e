// PHP: sapi/fpm/fpm/fpm_conf.c, fpm_conf_write_pid and fpm_conf_unlink_pid
import Bytes
import Kernel

/// The file that `pid` names: the supervisor's number without a line feed.
public struct PidFile {
    private let path: ByteString?
    private let log: ErrorLog

    public init(_ global: GlobalConfig, _ log: ErrorLog) {
        path = global.pid
        self.log = log
    }
    /// - Returns: false after logging what was wrong.
    public func write() -> Bool {
        guard let path else { return true }
        try? File.unlink(path)
        let file: Descriptor
        do throws(Errno) {
            file = try File.open(path, [.writeOnly, .create, .truncate], mode: 0o644)
        } catch {
            log(.error, "Unable to create the PID file (\(path)).", error)
            return false
        }
        do throws(Errno) {
            try File.writeAll(file.raw, ByteString(decimal: Process.id).bytes)
            return true
        } catch {
            log(.error, "Unable to write to the PID file.", error)
            return false
        }
    }
    public func remove() {
        guard let path else { return }
        do throws(Errno) {
            try File.unlink(path)
        } catch {
            log(.error, "Unable to remove the PID file (\(path)).", error)
        }
    }
}
