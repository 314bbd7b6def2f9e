// Apache: server/log.c (open_error_log, facilities); RFC 3164

import Bytes
import Kernel
import ServerCore

/// `ErrorLog syslog[:[facility][:tag]]`.
enum SystemLog {
    private static let facilities: [(StaticString, Int)] = [
        ("auth", 4), ("authpriv", 10), ("cron", 9), ("daemon", 3), ("ftp", 11), ("kern", 0), ("lpr", 6), ("mail", 2),
        ("news", 7), ("syslog", 5), ("user", 1), ("uucp", 8), ("local0", 16), ("local1", 17), ("local2", 18),
        ("local3", 19), ("local4", 20), ("local5", 21), ("local6", 22), ("local7", 23),
    ]
    /// Nil for a facility that does not exist. Without a system log messages are lost, as syslog(3) loses them.
    static func open(_ name: ByteString, _ program: String) -> ErrorLog? {
        let parts = name.split(on: UInt8(ascii: ":"))
        var facility = 23
        if parts.count > 1, !parts[1].isEmpty {
            guard let known = facilities.first(where: { parts[1].equalsIgnoringCase($0.0) }) else { return nil }
            facility = known.1
        }
        let tag = parts.count > 2 && !parts[2].isEmpty ? parts[2] : ByteString(program)
        let descriptor = (try? Socket.datagram(to: "/dev/log"))?.take() ?? -1
        return ErrorLog(syslog: descriptor, facility: facility, tag: tag)
    }
}
