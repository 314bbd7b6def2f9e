// Apache: include/http_log.h, server/log.c

import Bytes

public enum LogLevel: Int, Sendable, Comparable, CaseIterable {
    case emerg = 0, alert, crit, error, warning, notice, info, debug, trace1, trace2, trace3, trace4, trace5, trace6,
        trace7, trace8

    /// As LogLevel and the log line spell it.
    public var name: StaticString {
        switch self {
        case .emerg: "emerg"
        case .alert: "alert"
        case .crit: "crit"
        case .error: "error"
        case .warning: "warn"
        case .notice: "notice"
        case .info: "info"
        case .debug: "debug"
        case .trace1: "trace1"
        case .trace2: "trace2"
        case .trace3: "trace3"
        case .trace4: "trace4"
        case .trace5: "trace5"
        case .trace6: "trace6"
        case .trace7: "trace7"
        case .trace8: "trace8"
        }
    }
    public init?(_ name: ByteString) {
        for level in LogLevel.allCases where name.equalsIgnoringCase(level.name) {
            self = level
            return
        }
        return nil
    }
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// `LogLevel warn rewrite:trace3`.
public struct LogLevels: Sendable {
    public var overall: LogLevel?
    public var modules: [String: LogLevel] = [:]
    public init() {}

    public func level(for module: String) -> LogLevel { modules[module] ?? overall ?? .warning }
    public func merged(over base: LogLevels) -> LogLevels {
        var result = self
        if overall == nil {
            result.overall = base.overall
            result.modules = base.modules.merging(modules) { $1 }
        }
        return result
    }
}
