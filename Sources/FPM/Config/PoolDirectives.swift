// PHP: sapi/fpm/fpm/fpm_conf.c, ini_fpm_pool_options; www.conf.in
import Bytes

extension PoolConfig {
    /// A pool's section, in the order of `-tt`. Arrays (`env[]` and others): ``setArray(_:key:value:)``.
    static let directives: [Directive<PoolConfig>] = listening + processes + logs + walls

    private static let listening: [Directive<PoolConfig>] = [
        .text("prefix", \.prefix),
        .text("user", \.user),
        .text("group", \.group),
        .text("listen", \.listen),
        Directive("listen.backlog", set: setBacklog) { ByteString(decimal: $0.listenBacklog) },
        .text("listen.acl_users", \.listenACLUsers),
        .text("listen.acl_groups", \.listenACLGroups),
        .text("listen.owner", \.listenOwner),
        .text("listen.group", \.listenGroup),
        .text("listen.mode", \.listenMode),
        .text("listen.allowed_clients", \.listenAllowedClients),
    ]

    private static let processes: [Directive<PoolConfig>] = [
        .priority("process.priority", \.processPriority),
        .flag("process.dumpable", \.processDumpable),
        Directive("pm", set: setManager) { ByteString($0.pm?.rawValue ?? "undefined") },
        .integer("pm.max_children", \.maxChildren),
        .integer("pm.start_servers", \.startServers),
        .integer("pm.min_spare_servers", \.minSpareServers),
        .integer("pm.max_spare_servers", \.maxSpareServers),
        .integer("pm.max_spawn_rate", \.maxSpawnRate),
        .seconds("pm.process_idle_timeout", \.processIdleTimeout, unit: ""),
        .integer("pm.max_requests", \.maxRequests),
        .milliseconds("pm.queue_timeout", \.queueTimeout),
        .text("pm.status_path", \.statusPath),
        .text("pm.status_listen", \.statusListen),
        .text("ping.path", \.pingPath),
        .text("ping.response", \.pingResponseSetting),
    ]

    private static let logs: [Directive<PoolConfig>] = [
        .text("access.log", \.accessLog),
        .text("access.format", \.accessFormatSetting),
        .text("slowlog", \.slowlog),
        .seconds("request_slowlog_timeout", \.requestSlowlogTimeout),
        .integer("request_slowlog_trace_depth", \.requestSlowlogTraceDepth),
        .seconds("request_terminate_timeout", \.requestTerminateTimeout),
        .flag("request_terminate_timeout_track_finished", \.requestTerminateTimeoutTrackFinished),
    ]

    private static let walls: [Directive<PoolConfig>] = [
        .integer("rlimit_files", \.rlimitFiles),
        .coreLimit("rlimit_core", \.rlimitCore),
        .text("chroot", \.chroot),
        .text("chdir", \.chdir),
        .flag("catch_workers_output", \.catchWorkersOutput),
        .flag("decorate_workers_output", \.decorateWorkersOutput),
        .flag("clear_env", \.clearEnv),
        .text("security.limit_extensions", \.limitExtensionsSetting),
        Directive("apparmor_hat", set: setHat) { _ in nil },
    ]

    private static let setBacklog: Directive<PoolConfig>.Setter = { section, value, pool in
        var number = Int(section.listenBacklog)
        let proxy = Directive<Int>.integer("listen.backlog", \.self)
        if let wrong = proxy.set(&number, value, pool) { return wrong }
        section.listenBacklog = Int32(truncatingIfNeeded: number)
        return nil
    }

    private static let setManager: Directive<PoolConfig>.Setter = { section, value, _ in
        guard let pm = ProcessManagement(rawValue: value.lowercased.string) else {
            return "invalid process manager (static, dynamic or ondemand)"
        }
        section.pm = pm
        return nil
    }

    private static let setHat: Directive<PoolConfig>.Setter = { section, value, pool in
        guard let text = expandingPool(value, pool) else { return cannotUsePool }
        section.apparmorHat = text
        return nil
    }

    /// `env[K] = v` and its like; false for a name that is none of them.
    /// New ones go to the front, as in php-fpm: of two lines for one name the first is applied last.
    mutating func setArray(_ name: ByteString, key: ByteString, value: ByteString) throws(ValueError) -> Bool {
        var text = value
        if name == "php_flag" || name == "php_admin_flag" {
            guard let flag = boolean(value) else { throw ValueError(sentence: "invalid boolean value") }
            text = flag ? "1" : "0"
        } else if let expanded = expandingPool(value, self.name) {
            text = expanded
        }
        switch name {
        case "env": env.insert(KeyValue(key, text), at: 0)
        case "php_value", "php_flag": phpValues.insert(KeyValue(key, text), at: 0)
        case "php_admin_value", "php_admin_flag": phpAdminValues.insert(KeyValue(key, text), at: 0)
        case "access.suppress_path": accessSuppressPaths.insert(text, at: 0)
        default: return false
        }
        return true
    }
}
