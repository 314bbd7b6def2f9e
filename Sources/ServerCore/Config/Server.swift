// Apache: include/httpd.h (server_rec), server/vhost.c

import Bytes
import ConfigLanguage
import Expressions
import Kernel

/// The main server or one `<VirtualHost>`: server_rec. Written while configuration is read, then only read.
public final class Server: @unchecked Sendable {
    public unowned let configuration: Configuration
    public let isVirtual: Bool
    /// 0 for the main server, then the virtual hosts in their order; set when all is read.
    public internal(set) var number = 0
    /// Where `<VirtualHost>` stands; nil for the main server.
    public let location: SourceLocation?

    public var serverName: ByteString?
    /// `https` when ServerName said so.
    public var serverScheme: ByteString?
    public var port: UInt16 = 0
    public var serverAdmin: ByteString?
    public var aliases: [ByteString] = []
    public var wildAliases: [ByteString] = []
    public var path: ByteString?
    /// Addresses of `<VirtualHost …>`.
    public var addresses: [VirtualHostAddress] = []

    public var timeout: Setting<Int> = .inherited
    public var keepAlive: Setting<Bool> = .inherited
    /// Milliseconds.
    public var keepAliveTimeout: Setting<Int> = .inherited
    public var maxKeepAliveRequests: Setting<Int> = .inherited
    public var limitRequestLine: Setting<Int> = .inherited
    public var limitRequestFields: Setting<Int> = .inherited
    public var limitRequestFieldSize: Setting<Int> = .inherited

    public var errorLogName: ByteString?
    public var errorLog = ErrorLog()
    public var logLevels = LogLevels()
    public var errorLogFormat: [ErrorLogItem]?
    /// What is said once, before the first message about a connection or a request: `ErrorLogFormat connection …`.
    public var errorLogConnectionFormats: [[ErrorLogItem]]?
    public var errorLogRequestFormats: [[ErrorLogItem]]?

    /// Its connections are TLS (`SSLEngine on`); set by the module that does it, before mod_md looks at its virtual hosts.
    public var usesTLS = false

    /// It takes requests for other servers (`ProxyRequests On`), whatever their scheme; set by the module that does it.
    public var isForwardProxy = false

    /// Server-level configuration of modules (create_server_config).
    public var moduleConfig = ConfigVector()
    /// What holds before any section, while it is being read; afterwards ``lookupDefaults``.
    var defaultsInReading = ConfigVector()
    /// What holds before any section (lookup_defaults).
    public internal(set) var lookupDefaults = PerDirectoryConfig.empty

    public var directorySections: [PathSection] = []
    public var locationSections: [PathSection] = []

    public init(configuration: Configuration, isVirtual: Bool, location: SourceLocation? = nil) {
        self.configuration = configuration
        self.isVirtual = isVirtual
        self.location = location
    }

    /// A module's server-level configuration.
    public subscript<Value>(key: ConfigKey<Value>) -> Value {
        _read { yield moduleConfig[key] }
        _modify { yield &moduleConfig[key] }
    }

    public var timeoutMilliseconds: UInt64 { UInt64(timeout.value(default: 60)) * 1000 }

    /// Lays what the main server says under what this virtual host says (merge_server_configs, fixup_virtual_hosts).
    func inherit(from main: Server) {
        serverAdmin = serverAdmin ?? main.serverAdmin
        timeout = timeout.or(main.timeout)
        keepAlive = keepAlive.or(main.keepAlive)
        keepAliveTimeout = keepAliveTimeout.or(main.keepAliveTimeout)
        maxKeepAliveRequests = maxKeepAliveRequests.or(main.maxKeepAliveRequests)
        limitRequestLine = limitRequestLine.or(main.limitRequestLine)
        limitRequestFields = limitRequestFields.or(main.limitRequestFields)
        limitRequestFieldSize = limitRequestFieldSize.or(main.limitRequestFieldSize)
        errorLogFormat = errorLogFormat ?? main.errorLogFormat
        errorLogConnectionFormats = errorLogConnectionFormats ?? main.errorLogConnectionFormats
        errorLogRequestFormats = errorLogRequestFormats ?? main.errorLogRequestFormats
        logLevels = logLevels.merged(over: main.logLevels)
        moduleConfig = moduleConfig.merged(over: main.moduleConfig)
        defaultsInReading = defaultsInReading.merged(over: main.defaultsInReading)
        directorySections = main.directorySections + directorySections
        locationSections = main.locationSections + locationSections
    }
}

extension Server {
    /// A virtual host without ServerName takes the main server's, or that of its address (ap_fini_vhost_config).
    func completeName() {
        guard isVirtual, serverName == nil else { return }
        if addresses.contains(where: { $0.address?.isAny ?? true }) {
            serverName = configuration.mainServer.serverName ?? configuration.hostName
        } else if let address = addresses.first?.address {
            serverName = Resolver.name(of: address) ?? "bogus_host_without_reverse_dns"
        } else {
            serverName = "bogus_host_without_forward_dns"
        }
    }
}

/// One address of `<VirtualHost …>`: an address or `*`/`_default_`, and a port or all.
public struct VirtualHostAddress: Sendable, Equatable {
    public var address: SocketAddress?
    /// nil is every port.
    public var port: UInt16?
    /// As written, for `-S`.
    public var text: ByteString
}
