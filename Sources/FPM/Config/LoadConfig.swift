// PHP: sapi/fpm/fpm/fpm_conf.c, fpm_conf_init_main and fpm_conf_post_process
import Bytes
import Kernel

extension FPMConfig {
    /// Why a configuration is read.
    public enum Purpose: Sendable {
        /// To run with it, or for `-t`: the log's level and limit are set, `error_log` is opened.
        case start
        /// To see whether a reload will work: nothing changes, and only errors are logged.
        case check
    }

    /// Reads and checks a configuration. Every message is logged; the caller adds `FPM initialization failed`.
    /// - Returns: nil when something was wrong.
    public static func load(_ options: StartOptions, for purpose: Purpose, _ log: ErrorLog) -> FPMConfig? {
        // The program that the reload executes says the rest.
        let level = log.level
        if purpose == .check { log.level = Swift.max(level, .error) }
        defer { if purpose == .check { log.level = level } }
        guard var config = read(options, for: purpose, log) else { return nil }
        if options.testLevel > 0 { return config.test(options, log) ? config : nil }
        config.forgetEmptyTexts()
        return config
    }

    /// For a reload: whether the files as they are now would do, users included.
    static func loadAgain(_ options: StartOptions, _ log: ErrorLog) -> FPMConfig? {
        guard var config = load(options, for: .check, log) else { return nil }
        let level = log.level
        log.level = Swift.max(level, .error)
        defer { log.level = level }
        return config.resolve(options, log) ? config : nil
    }

    private static func read(_ options: StartOptions, for purpose: Purpose, _ log: ErrorLog) -> FPMConfig? {
        if let prefix = options.prefix, !prefix.isEmpty, !PathRules.isDirectory(prefix) {
            log(.error, "the global prefix '\(prefix)' does not exist or is not a directory")
            return nil
        }
        let file = options.configPath
        let reader = ConfigReader(options, log)
        guard reader.read(file) else {
            log(.error, "failed to load configuration file '\(file)'")
            return nil
        }
        let config = FPMConfig(file: file, global: reader.global, pools: reader.pools)
        var check = ConfigCheck(config, options, purpose, log)
        do throws(ConfigCheck.Rejection) {
            try check.run()
            return check.config
        } catch {
            log(.error, "failed to post process the configuration")
            return nil
        }
    }

    /// After `-tt` has shown them, empty texts are as good as none.
    private mutating func forgetEmptyTexts() {
        for index in pools.indices {
            for path in [
                \PoolConfig.prefix, \.user, \.group, \.listenOwner, \.listenGroup, \.listenMode, \.listenACLUsers,
                \.listenACLGroups, \.statusPath, \.pingPath, \.accessLog, \.slowlog, \.chroot, \.chdir, \.apparmorHat,
            ] where pools[index][keyPath: path]?.isEmpty == true {
                pools[index][keyPath: path] = nil
            }
        }
    }

    /// `-t` and `-tt`: users and groups, the dump, and that it is successful.
    /// - Returns: false after logging what was wrong.
    func test(_ options: StartOptions, _ log: ErrorLog) -> Bool {
        for pool in pools {
            guard pool.namesExist(log) else { return false }
        }
        if options.testLevel > 1 { dump(log) }
        log(.notice, "configuration file \(file) test is successful\n")
        return true
    }

    /// Every directive as a line of the log.
    func dump(_ log: ErrorLog) {
        log(.notice, "[global]")
        for row in GlobalConfig.directives {
            if let value = row.show(global) { log(.notice, "\t\(row.name) = \(value)") }
        }
        log(.notice, " ")
        for pool in pools where pool.statusOf == nil {
            log(.notice, "[\(pool.name)]")
            for row in PoolConfig.directives {
                if let value = row.show(pool) { log(.notice, "\t\(row.name) = \(value)") }
                if row.name == "access.format" {
                    for path in pool.accessSuppressPaths { log(.notice, "\taccess.suppress_path[] = \(path)") }
                }
            }
            for (name, list) in [
                ("env", pool.env), ("php_value", pool.phpValues), ("php_admin_value", pool.phpAdminValues),
            ] {
                for entry in list { log(.notice, "\t\(name)[\(entry.key)] = \(entry.value)") }
            }
            log(.notice, " ")
        }
    }
}
