// PHP: no counterpart (its master loads PHP and forks its workers itself)
import Bytes
import Kernel

/// All that a zygote is told: its own pools' configuration, nothing of others'. It comes in a file in memory that lies beside
/// the first packet of the control socket.
struct ZygoteOrder {
    var credentials: Credentials
    /// In the order that spawn messages count them.
    var pools: [PoolConfig]
    var settings: EngineSettings
    var logLevel: LogLevel
    var logLimit: Int
    /// The supervisor's short name, which its children have too, whatever file was executed.
    var processName: ByteString
    /// Of the zygote's command line.
    var title: ByteString { "php-fpm: zygote of \(credentials.name)" }

    /// A descriptor of the file, closed on exec.
    func file() throws(Errno) -> Descriptor {
        var copy = self
        var writer = FieldWriter()
        copy.describe(&writer)
        return Descriptor(try MemoryFile.make(named: "fpm-zygote", writer.bytes))
    }
    /// nil when the file holds no order.
    init?(file descriptor: Int32) {
        guard let bytes = try? MemoryFile.read(descriptor, limit: 64 << 20) else { return nil }
        self.init(bytes)
    }
    init?(_ bytes: [UInt8]) {
        self.init(credentials: Credentials(), pools: [], settings: EngineSettings(), ErrorLog(), processName: "")
        var reader = FieldReader(bytes)
        describe(&reader)
        guard reader.isComplete else { return nil }
    }
    init(
        credentials: Credentials, pools: [PoolConfig], settings: EngineSettings, _ log: ErrorLog,
        processName: ByteString
    ) {
        self.credentials = credentials
        self.pools = pools
        self.settings = settings
        self.processName = processName
        logLevel = log.level
        logLimit = log.limit
    }

    private mutating func describe(_ coder: inout some FieldCoder) {
        credentials.describe(&coder)
        coder.code(&pools, empty: PoolConfig(name: "")) { $1.describe(&$0) }
        settings.describe(&coder)
        var level = logLevel.rawValue
        coder.code(&level)
        logLevel = LogLevel(rawValue: level) ?? .notice
        coder.code(&logLimit)
        coder.code(&processName)
    }
}

extension Credentials {
    fileprivate mutating func describe(_ coder: inout some FieldCoder) {
        coder.code(&uid)
        coder.code(&gid)
        coder.code(&groupsOf)
        coder.code(&rlimitFiles)
        coder.code(&rlimitCore)
        coder.code(&priority)
        coder.code(&root)
    }
}

extension EngineSettings {
    fileprivate mutating func describe(_ coder: inout some FieldCoder) {
        coder.code(&iniLines)
        coder.code(&iniPath)
        coder.code(&ignoresIni)
        coder.code(&compilesForDebuggers)
        coder.code(&version)
        coder.code(&program)
    }
}

extension PoolConfig {
    /// Every field: a worker has the configuration that the supervisor read.
    mutating func describe(_ coder: inout some FieldCoder) {
        coder.code(&name)
        coder.code(&prefix)
        coder.code(&user)
        coder.code(&group)
        describeListening(&coder)
        describeProcesses(&coder)
        describeLogs(&coder)
        describeWalls(&coder)
        coder.code(&uid)
        coder.code(&gid)
        coder.code(&home)
    }
    private mutating func describeListening(_ coder: inout some FieldCoder) {
        coder.code(&listen)
        coder.code(&listenBacklog)
        coder.code(&listenOwner)
        coder.code(&listenGroup)
        coder.code(&listenMode)
        coder.code(&listenACLUsers)
        coder.code(&listenACLGroups)
        coder.code(&listenAllowedClients)
    }
    private mutating func describeProcesses(_ coder: inout some FieldCoder) {
        coder.code(&processPriority)
        coder.code(&processDumpable)
        coder.code(&pm)
        coder.code(&maxChildren)
        coder.code(&startServers)
        coder.code(&minSpareServers)
        coder.code(&maxSpareServers)
        coder.code(&maxSpawnRate)
        coder.code(&processIdleTimeout)
        coder.code(&maxRequests)
        coder.code(&queueTimeout)
        coder.code(&statusPath)
        coder.code(&statusListen)
        coder.code(&statusOf)
        coder.code(&pingPath)
        coder.code(&pingResponseSetting)
    }
    private mutating func describeLogs(_ coder: inout some FieldCoder) {
        coder.code(&accessLog)
        coder.code(&accessFormatSetting)
        coder.code(&accessSuppressPaths)
        coder.code(&slowlog)
        coder.code(&requestSlowlogTimeout)
        coder.code(&requestSlowlogTraceDepth)
        coder.code(&requestTerminateTimeout)
        coder.code(&requestTerminateTimeoutTrackFinished)
        coder.code(&catchWorkersOutput)
        coder.code(&decorateWorkersOutput)
    }
    private mutating func describeWalls(_ coder: inout some FieldCoder) {
        coder.code(&rlimitFiles)
        coder.code(&rlimitCore)
        coder.code(&chroot)
        coder.code(&chdir)
        coder.code(&clearEnv)
        coder.code(&limitExtensions)
        coder.code(&limitExtensionsSetting)
        coder.code(&apparmorHat)
        coder.code(&env)
        coder.code(&phpValues)
        coder.code(&phpAdminValues)
    }
}
