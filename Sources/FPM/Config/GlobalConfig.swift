// PHP: sapi/fpm/fpm/fpm_conf.h, struct fpm_global_config_s
import Bytes

/// The `[global]` section. Times are seconds; an unset text is nil.
public struct GlobalConfig: Sendable {
    public var pid: ByteString?
    /// `syslog`, or a path that is absolute after reading.
    public var errorLog: ByteString {
        get { errorLogSetting ?? "log/php-fpm.log" }
        set { errorLogSetting = newValue }
    }
    var errorLogSetting: ByteString?
    /// As in `<syslog.h>`.
    public var syslogFacility: Int32 = 24
    public var syslogIdent: ByteString { syslogIdentSetting ?? "php-fpm" }
    var syslogIdentSetting: ByteString?
    public var logLevel: LogLevel { logLevelSetting ?? .notice }
    var logLevelSetting: LogLevel?
    /// Bytes of one line, the line feed among them.
    public var logLimit = 1024
    public var logBuffering = true
    public var emergencyRestartThreshold = 0
    public var emergencyRestartInterval = 0
    public var processControlTimeout = 0
    /// 0: no limit for all pools together.
    public var processMax = 0
    public var processPriority: Int32?
    public var daemonize = true
    public var rlimitFiles = 0
    public var rlimitCore = 0
    /// Checked only: this is always epoll.
    public var eventsMechanism: ByteString?
    /// Between two notices to systemd, in milliseconds; 0: none.
    public var systemdInterval = 10_000
    /// As it was written, in seconds.
    var systemdIntervalSetting: Int?
    /// systemd asked for a sign of life (`WATCHDOG_USEC`).
    public var systemdWatchdog = false

    public init() {}
}
