// Apache: server/log.c (ap_log_pid, ap_read_pid), server/mpm_common.c (ap_remove_pid)

import Bytes
import Kernel

/// `PidFile`.
public enum PidFile {
    public enum Content: Sendable {
        case missing
        case pid(Int32)
        /// It cannot be read (the error) or holds no number (nil).
        case unusable(Errno?)
    }
    public static func read(_ path: ByteString) -> Content {
        do throws(Errno) {
            let text = ByteString(try File.readWhole(path, limit: 4096))
            let digits = ByteString(text.bytes.prefix(while: ASCII.isDigit))
            guard text.count < 25, let number = digits.decimal, let pid = Int32(exactly: number) else {
                return .unusable(nil)
            }
            return .pid(pid)
        } catch {
            return error == .notFound ? .missing : .unusable(error)
        }
    }
    /// Writes a new file beside it and renames it, so that nobody reads half a number.
    static func write(_ path: ByteString, pid: Int32) throws(Errno) {
        let temporary: ByteString = "\(path).\(pid)"
        try? File.unlink(temporary)
        let file = try File.open(temporary, [.writeOnly, .create, .exclusive, .noFollow], mode: 0o644)
        try File.setMode(temporary, 0o644)
        try File.writeAll(file.raw, Array("\(pid)\n".utf8))
        try File.rename(temporary, to: path)
    }
}
