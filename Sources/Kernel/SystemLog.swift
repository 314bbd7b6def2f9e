// PHP: main/php_syslog.c
import Bytes
import CLinux

/// syslog(3).
public enum SystemLog {
    /// `ident` is cut to 255 bytes; lines bear the process's number. `facility` as in `<syslog.h>`: 24 is daemon.
    public static func open(ident: ByteString, facility: Int32) {
        _ = unsafe ident.withCPath { name -> Int32 in
            unsafe clinux_openlog(name, facility)
            return 0
        }
    }
    /// One message; `priority` is 0 (emergency) to 7 (debug). Text with a NUL byte ends there.
    public static func write(priority: Int32, _ text: ByteString) {
        let shown = ByteString(text.prefix { $0 != 0 })
        _ = unsafe shown.withCPath { line -> Int32 in
            unsafe clinux_syslog(priority, line)
            return 0
        }
    }
    public static func close() { clinux_closelog() }
}
