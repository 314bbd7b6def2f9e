// PHP: sapi/fpm/fpm/fpm_conf.c, ini_fpm_global_options; php-fpm.conf.in
import Bytes

extension GlobalConfig {
    /// `[global]`, in the order of `-tt`.
    static let directives: [Directive<GlobalConfig>] = [
        .text("pid", \.pid),
        .text("error_log", \.errorLogSetting),
        .text("syslog.ident", \.syslogIdentSetting),
        Directive("syslog.facility", set: setFacility) { ByteString(decimal: $0.syslogFacility) },
        .flag("log_buffering", \.logBuffering),
        Directive("log_level", set: setLevel) { ByteString($0.logLevelSetting?.name ?? "unknown value") },
        .integer("log_limit", \.logLimit),
        .seconds("emergency_restart_interval", \.emergencyRestartInterval),
        .integer("emergency_restart_threshold", \.emergencyRestartThreshold),
        .seconds("process_control_timeout", \.processControlTimeout),
        .integer("process.max", \.processMax),
        .priority("process.priority", \.processPriority),
        .flag("daemonize", \.daemonize),
        .integer("rlimit_files", \.rlimitFiles),
        .coreLimit("rlimit_core", \.rlimitCore),
        Directive("events.mechanism", set: setMechanism) { $0.eventsMechanism?.lowercased ?? "epoll" },
        Directive("systemd_interval", set: setSystemdInterval) { "\($0.systemdInterval / 1000)s" },
    ]

    private static let setFacility: Directive<GlobalConfig>.Setter = { section, value, _ in
        let name = value.uppercased
        guard let facility = facilities[name] else { return "invalid value" }
        section.syslogFacility = facility << 3
        return nil
    }
    private static let facilities: [ByteString: Int32] = [
        "KERN": 0, "USER": 1, "MAIL": 2, "DAEMON": 3, "AUTH": 4, "SYSLOG": 5, "LPR": 6, "NEWS": 7, "UUCP": 8, "CRON": 9,
        "AUTHPRIV": 10, "FTP": 11, "LOCAL0": 16, "LOCAL1": 17, "LOCAL2": 18, "LOCAL3": 19, "LOCAL4": 20, "LOCAL5": 21,
        "LOCAL6": 22, "LOCAL7": 23,
    ]

    private static let setLevel: Directive<GlobalConfig>.Setter = { section, value, _ in
        switch value.lowercased {
        case "debug": section.logLevelSetting = .debug
        case "notice": section.logLevelSetting = .notice
        case "warning", "warn": section.logLevelSetting = .warning
        case "error": section.logLevelSetting = .error
        case "alert": section.logLevelSetting = .alert
        default: return "invalid value for 'log_level'"
        }
        return nil
    }

    private static let setMechanism: Directive<GlobalConfig>.Setter = { section, value, pool in
        guard let text = expandingPool(value, pool) else { return cannotUsePool }
        section.eventsMechanism = text
        return nil
    }

    private static let setSystemdInterval: Directive<GlobalConfig>.Setter = { section, value, _ in
        switch Directive<GlobalConfig>.seconds(value) {
        // Negative means unset, whoever said so.
        case .success(let seconds): section.systemdIntervalSetting = seconds < 0 ? nil : seconds
        case .failure(let wrong): return wrong.sentence
        }
        return nil
    }
}
