// PHP: sapi/fpm/fpm/fpm_conf.h, struct fpm_worker_pool_config_s
import Bytes

/// How many workers a pool has (`pm`).
public enum ProcessManagement: String, Sendable, CaseIterable { case `static`, dynamic, ondemand }

/// A name with a value: `env[K] = v`, `php_value[K] = v`. Arrays of them are in the order php-fpm applies them: the file's
/// last line first.
public struct KeyValue: Sendable, Hashable {
    public var key: ByteString
    public var value: ByteString
    public init(_ key: ByteString, _ value: ByteString) {
        self.key = key
        self.value = value
    }
}

/// One pool's section, after reading and checking: paths are absolute, `$pool` is replaced, defaults that depend on other
/// values are filled in. Times are seconds; an unset text is nil.
public struct PoolConfig: Sendable {
    public var name: ByteString
    public var prefix: ByteString?
    public var user: ByteString?
    public var group: ByteString?

    // Listening.
    public var listen: ByteString?
    public var listenBacklog: Int32 = -1
    public var listenOwner: ByteString?
    public var listenGroup: ByteString?
    public var listenMode: ByteString?
    public var listenACLUsers: ByteString?
    public var listenACLGroups: ByteString?
    public var listenAllowedClients: ByteString?

    // The processes.
    public var processPriority: Int32?
    public var processDumpable = false
    public var pm: ProcessManagement?
    public var maxChildren = 0
    public var startServers = 0
    public var minSpareServers = 0
    public var maxSpareServers = 0
    public var maxSpawnRate = 32
    public var processIdleTimeout = 10
    public var maxRequests = 0
    /// Longest wait of a connection for a worker, in milliseconds; 0: for ever. Not in PHP's FPM.
    public var queueTimeout = 0
    public var statusPath: ByteString?
    public var statusListen: ByteString?
    /// The pool whose scoreboard this one shows (made for `pm.status_listen`).
    public var statusOf: ByteString?
    public var pingPath: ByteString?
    public var pingResponse: ByteString { pingResponseSetting ?? "pong" }
    var pingResponseSetting: ByteString?

    // Logs.
    public var accessLog: ByteString?
    public var accessFormat: ByteString {
        get { accessFormatSetting ?? PoolConfig.defaultAccessFormat }
        set { accessFormatSetting = newValue }
    }
    var accessFormatSetting: ByteString?
    static let defaultAccessFormat: ByteString = "%R - %u %t \"%m %r\" %s"
    public var accessSuppressPaths: [ByteString] = []
    public var slowlog: ByteString?
    public var requestSlowlogTimeout = 0
    public var requestSlowlogTraceDepth = 0
    public var requestTerminateTimeout = 0
    public var requestTerminateTimeoutTrackFinished = false
    public var catchWorkersOutput = false
    public var decorateWorkersOutput = true

    // Walls and what PHP is told.
    public var rlimitFiles = 0
    public var rlimitCore = 0
    public var chroot: ByteString?
    public var chdir: ByteString?
    public var clearEnv = true
    /// None: any file is a script.
    public var limitExtensions: [ByteString] = [".php", ".phar"]
    var limitExtensionsSetting: ByteString?
    public var apparmorHat: ByteString?
    public var env: [KeyValue] = []
    /// `php_value` and `php_flag`; a flag's value is `1` or `0`.
    public var phpValues: [KeyValue] = []
    /// `php_admin_value` and `php_admin_flag`.
    public var phpAdminValues: [KeyValue] = []

    // Found by `FPMConfig.resolve`, nil where nothing has to be done.
    /// The user to become; nil when that is root or the supervisor is not.
    public var uid: UInt32?
    public var gid: UInt32?
    /// The user's home directory, where that is known.
    public var home: ByteString?

    public init(name: ByteString) { self.name = name }
}

/// A whole configuration that was read and checked.
public struct FPMConfig: Sendable {
    public var file: ByteString
    public var global: GlobalConfig
    /// In the order they are started. Pools made for `pm.status_listen` come last.
    public var pools: [PoolConfig]
    public init(file: ByteString, global: GlobalConfig, pools: [PoolConfig]) {
        self.file = file
        self.global = global
        self.pools = pools
    }
}
