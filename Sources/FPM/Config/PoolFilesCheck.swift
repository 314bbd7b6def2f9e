// PHP: sapi/fpm/fpm/fpm_conf.c, fpm_conf_process_all_pools
import Bytes
import Kernel

extension ConfigCheck {
    /// Logs, directories, extensions, paths in PHP's values.
    func checkFiles(_ pool: inout PoolConfig) throws(Rejection) {
        if let path = pool.accessLog, !path.isEmpty {
            pool.accessLog = paths.full(path, poolPrefix: pool.prefix)
            if pool.accessFormatSetting == nil { pool.accessFormatSetting = PoolConfig.defaultAccessFormat }
        }
        if let path = pool.slowlog, !path.isEmpty { pool.slowlog = paths.full(path, poolPrefix: pool.prefix) }
        try checkSlowlog(&pool)
        try checkRoot(&pool)
        try checkDirectory(&pool)
        if pool.limitExtensionsSetting == nil { pool.limitExtensionsSetting = ".php .phar" }
        let extensions = pool.limitExtensionsSetting ?? ""
        pool.limitExtensions = extensions.bytes.split { $0 == 32 || $0 == 9 }.map { ByteString(Array($0)) }
        if pool.chroot == nil { expandValues(&pool) }
    }

    private func checkSlowlog(_ pool: inout PoolConfig) throws(Rejection) {
        let path = pool.slowlog ?? ""
        if pool.requestSlowlogTimeout != 0 {
            if path.isEmpty {
                throw rejection(.error, pool, "'slowlog' must be specified for use with 'request_slowlog_timeout'")
            }
            do throws(Errno) {
                _ = try File.openAppend(path, mode: 0o600)
            } catch {
                throw rejection(.error, "Unable to create or open slowlog(\(path))", error)
            }
            let terminate = pool.requestTerminateTimeout
            if terminate != 0, pool.requestSlowlogTimeout > terminate {
                throw rejection(
                    .error, pool,
                    "'request_slowlog_timeout' (\(pool.requestSlowlogTimeout)) can't be greater than 'request_terminate_timeout' (\(terminate))"
                )
            }
        }
        guard pool.requestSlowlogTraceDepth != 0 else {
            pool.requestSlowlogTraceDepth = 20
            return
        }
        if path.isEmpty {
            throw rejection(.error, pool, "'slowlog' must be specified for use with 'request_slowlog_trace_depth'")
        }
        if pool.requestSlowlogTraceDepth < 0 {
            throw rejection(
                .error, pool,
                "'request_slowlog_trace_depth' (\(pool.requestSlowlogTraceDepth)) must be a positive value")
        }
    }

    private func checkRoot(_ pool: inout PoolConfig) throws(Rejection) {
        guard let path = pool.chroot, !path.isEmpty else { return }
        let expanded = paths.expanding(path, poolPrefix: pool.prefix)
        if expanded == nil { log(.error, "'$prefix' must be use at the beginning of the value") }
        let full = expanded ?? path
        pool.chroot = full
        if full.first != UInt8(ascii: "/") {
            throw rejection(.error, pool, "the chroot path '\(full)' must start with a '/'")
        }
        if !PathRules.isDirectory(full) {
            throw rejection(.error, pool, "the chroot path '\(full)' does not exist or is not a directory")
        }
    }

    private func checkDirectory(_ pool: inout PoolConfig) throws(Rejection) {
        guard let path = pool.chdir, !path.isEmpty else { return }
        let full = paths.full(path, poolPrefix: pool.prefix)
        pool.chdir = full
        if full.first != UInt8(ascii: "/") {
            throw rejection(.error, pool, "the chdir path '\(full)' must start with a '/'")
        }
        if let root = pool.chroot {
            let inside: ByteString = "\(root)/\(full)"
            if !PathRules.isDirectory(inside) {
                throw rejection(
                    .error, pool,
                    "the chdir path '\(full)' within the chroot path '\(root)' ('\(inside)') does not exist or is not a directory"
                )
            }
        } else if !PathRules.isDirectory(full) {
            throw rejection(.error, pool, "the chdir path '\(full)' does not exist or is not a directory")
        }
    }

    /// PHP's settings that are paths (FPM_PHP_INI_TO_EXPAND).
    private static let pathSettings: Set<ByteString> = [
        "error_log", "extension_dir", "mime_magic.magicfile", "sendmail_path", "session.cookie_path",
        "session_pgsql.sem_file_name", "soap.wsdl_cache_dir", "uploadprogress.file.filename_template",
        "xdebug.output_dir", "xdebug.profiler_output_dir", "xdebug.trace_output_dir", "xmms.path",
        "axis2.client_home", "blenc.key_file", "coin_acceptor.device",
    ]

    private func expandValues(_ pool: inout PoolConfig) {
        let prefix = pool.prefix
        func expanded(_ entry: KeyValue, isAdmin: Bool) -> KeyValue {
            let key = entry.key.lowercased
            guard ConfigCheck.pathSettings.contains(key) else { return entry }
            if isAdmin, key == "error_log", entry.value.equalsIgnoringCase("syslog") { return entry }
            return KeyValue(entry.key, paths.full(entry.value, poolPrefix: prefix))
        }
        pool.phpValues = pool.phpValues.map { expanded($0, isAdmin: false) }
        pool.phpAdminValues = pool.phpAdminValues.map { expanded($0, isAdmin: true) }
    }
}
