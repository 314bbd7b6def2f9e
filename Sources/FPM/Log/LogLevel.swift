// PHP: sapi/fpm/fpm/zlog.h

/// How grave a line of the error log is (`log_level`).
public enum LogLevel: Int, Sendable, Comparable, CaseIterable {
    case debug = 1
    case notice, warning, error, alert

    /// As it stands in a line.
    public var name: String {
        switch self {
        case .debug: "DEBUG"
        case .notice: "NOTICE"
        case .warning: "WARNING"
        case .error: "ERROR"
        case .alert: "ALERT"
        }
    }
    public static func < (one: LogLevel, other: LogLevel) -> Bool { one.rawValue < other.rawValue }
}
