// PHP: sapi/fpm/fpm/fpm_conf.c, fpm_conf_process_all_pools
import Bytes
import Kernel

extension ConfigCheck {
    /// Prefix, user, address, process manager.
    func checkPool(_ pool: inout PoolConfig) throws(Rejection) {
        if let prefix = pool.prefix, !prefix.isEmpty {
            pool.prefix = paths.full(prefix)
            if !PathRules.isDirectory(pool.prefix ?? "") {
                throw rejection(.error, pool, "the prefix '\(pool.prefix ?? "")' does not exist or is not a directory")
            }
        }
        if pool.user == nil, Process.userID == 0, !options.allowsRoot {
            throw rejection(.alert, pool, "user has not been defined")
        }
        guard let listen = pool.listen, !listen.isEmpty else {
            throw rejection(.alert, pool, "no listen address have been defined!")
        }
        if !ListenAddress.isInternet(listen) { pool.listen = paths.full(listen, poolPrefix: pool.prefix) }
        if let priority = pool.processPriority, !(-19...20).contains(priority) {
            throw rejection(.error, pool, "process.priority must be included into [-19,20]")
        }
        guard let pm = pool.pm else {
            throw rejection(.alert, pool, "the process manager is missing (static, dynamic or ondemand)")
        }
        if pool.maxChildren < 1 { throw rejection(.alert, pool, "pm.max_children must be a positive value") }
        switch pm {
        case .static: break
        case .dynamic: try checkDynamic(&pool)
        case .ondemand: try checkOnDemand(&pool)
        }
    }

    private func checkDynamic(_ pool: inout PoolConfig) throws(Rejection) {
        let least = pool.minSpareServers
        let most = pool.maxSpareServers
        let children = pool.maxChildren
        if least <= 0 {
            throw rejection(.alert, pool, "pm.min_spare_servers(\(least)) must be a positive value")
        }
        if most <= 0 {
            throw rejection(.alert, pool, "pm.max_spare_servers(\(most)) must be a positive value")
        }
        if least > children || most > children {
            throw rejection(
                .alert, pool,
                "pm.min_spare_servers(\(least)) and pm.max_spare_servers(\(most)) cannot be greater than pm.max_children(\(children))"
            )
        }
        if most < least {
            throw rejection(
                .alert, pool, "pm.max_spare_servers(\(most)) must not be less than pm.min_spare_servers(\(least))")
        }
        if pool.startServers <= 0 {
            pool.startServers = least + (most - least) / 2
            log(.notice, pool: pool.name, "pm.start_servers is not set. It's been set to \(pool.startServers).")
        } else if !(least...most).contains(pool.startServers) {
            throw rejection(
                .alert, pool,
                "pm.start_servers(\(pool.startServers)) must not be less than pm.min_spare_servers(\(least)) and not greater than pm.max_spare_servers(\(most))"
            )
        }
        if pool.maxSpawnRate < 1 { throw rejection(.alert, pool, "pm.max_spawn_rate must be a positive value") }
    }

    private func checkOnDemand(_ pool: inout PoolConfig) throws(Rejection) {
        if let mechanism = config.global.eventsMechanism, !mechanism.equalsIgnoringCase("epoll") {
            throw rejection(
                .alert, pool,
                "ondemand process manager can ONLY be used when events.mechanism is either epoll (Linux) or kqueue (*BSD)."
            )
        }
        if pool.processIdleTimeout < 1 {
            throw rejection(
                .alert, pool, "pm.process_idle_timeout(\(pool.processIdleTimeout)s) must be greater than 0s")
        }
        if pool.listenBacklog < -1 {
            log(
                .warning, pool: pool.name,
                "listen.backlog(\(pool.listenBacklog)) was too low for the ondemand process manager. I updated it for you to -1."
            )
            pool.listenBacklog = -1
        }
        pool.startServers = 0
        pool.minSpareServers = 0
        pool.maxSpareServers = 0
    }

    /// Status and ping pages.
    func checkPages(_ pool: inout PoolConfig) throws(Rejection) {
        if let path = pool.statusPath, !path.isEmpty {
            // A pool of its own may show its status at "/".
            let isShort = path.count < 2 && pool.statusListen == nil && pool.statusOf == nil
            try checkPage("status", path, pool, isShort: isShort)
        }
        guard let path = pool.pingPath, !path.isEmpty else {
            pool.pingResponseSetting = nil
            return
        }
        try checkPage("ping", path, pool, isShort: path.count < 2)
        if let response = pool.pingResponseSetting {
            if response.isEmpty {
                throw rejection(.error, pool, "the ping response page '\(response)' is not long enough")
            }
        } else {
            pool.pingResponseSetting = "pong"
        }
    }

    private func checkPage(
        _ name: String, _ path: ByteString, _ pool: PoolConfig, isShort: Bool
    ) throws(Rejection) {
        if path.first != UInt8(ascii: "/") {
            throw rejection(.error, pool, "the \(name) path '\(path)' must start with a '/'")
        }
        if isShort { throw rejection(.error, pool, "the \(name) path '\(path)' is not long enough") }
        let marks: ByteString = "/-_.~"
        if !path.allSatisfy({ ASCII.isAlnum($0) || marks.contains($0) }) {
            throw rejection(
                .error, pool,
                "the \(name) path '\(path)' must contain only the following characters '[alphanum]/_-.~'")
        }
    }
}
