// Apache: server/main.c, server/config.c; one generation of configuration

import Bytes
import ConfigLanguage
import Expressions
import Kernel

/// Everything one reading of the configuration produced: servers, modules in use, hooks, process settings.
/// Built by ``ConfigurationLoader``, then frozen; a reload builds another one.
public final class Configuration: @unchecked Sendable {
    /// Every module this program has, in `ModuleList` order.
    public let available: [ModuleDefinition]
    /// Names of the modules in use: the static ones and those that LoadModule named, in that order.
    public internal(set) var loaded: [String] = []
    public internal(set) var hooks = Hooks()
    public private(set) var mainServer: Server!
    public internal(set) var virtualHosts: [Server] = []
    public internal(set) var virtualHostTable = VirtualHostTable()

    public var serverRoot: ByteString
    /// Defines and macros as the files left them; `.htaccess` files start from it.
    public internal(set) var readerState: ConfigReader.State
    /// The directives as they were read, in order (ap_conftree).
    public internal(set) var tree: [Node] = []
    /// The `Server` field's value.
    public internal(set) var banner: ByteString = ""
    /// Names another part of the server in its full description (ap_add_version_component).
    public func addVersionComponent(_ text: ByteString) {
        if process.serverTokens == .full { banner = "\(banner) \(text)" }
    }
    /// The files that LoadModule named, by the modules' names.
    public internal(set) var files: [String: ByteString] = [:]
    /// What to say once the error log is open, with its level: warnings of directives, AH00558 and the like.
    public private(set) var startupMessages: [(level: LogLevel, module: String, text: String)] = []
    public func say(_ level: LogLevel, _ module: String, _ text: String) {
        startupMessages.append((level, module, text))
    }
    /// Processes that modules want beside the children; asked for while the configuration is made ready.
    public var services: [ServiceProcess] = []
    /// Certificates that changed since the children were made; there before the first child.
    public var certificateBoard: CertificateBoard?
    public var process = ProcessSettings()
    /// Directives by lower-cased name, of the loaded modules only.
    var directives: [ByteString: (module: String, row: Directive)] = [:]
    /// `RegexDefaultOptions`.
    public var regexDefaults = RegexOptions.standard
    /// The name of a server without ServerName: the host's, or its address (AH00558 tells).
    public var hostName: ByteString = "127.0.0.1"
    /// How long a client may take to send a request; mod_reqtimeout answers.
    public var readTimeout: @Sendable (Server) -> RequestReadTimeout = { _ in RequestReadTimeout() }
    /// Output filters of the modules loaded so far.
    private var filtersWhileReading: (modules: Int, filters: [ByteString: OutputFilter])?
    /// How `Satisfy` stands for a request; set by mod_access_compat.
    public var satisfy: (@Sendable (Request) -> Satisfy)?
    /// Log files and log programs that this configuration opened.
    public let logs = LogFiles()
    /// What all children do; nil outside a running server.
    public var scoreboard: (@Sendable () -> ScoreboardSnapshot)?
    /// What modules made ready when the configuration was finished, by their key; afterwards only read.
    public var moduleState: [ObjectIdentifier: any Sendable] = [:]
    /// `-C`, `-c`, `-D`, `-d`, `-f`.
    public let commandLine: CommandLineConfiguration

    public init(available: [ModuleDefinition], commandLine: CommandLineConfiguration) {
        self.available = available
        self.commandLine = commandLine
        serverRoot = commandLine.serverRoot
        readerState = ConfigReader.State(serverRoot: commandLine.serverRoot, defines: commandLine.defines)
        mainServer = Server(configuration: self, isVirtual: false)
        for module in available where module.isStatic { load(module) }
    }

    public var servers: [Server] { [mainServer] + virtualHosts }

    func load(_ module: ModuleDefinition) {
        guard !loaded.contains(module.name) else { return }
        loaded.append(module.name)
        for row in module.directives {
            let name = ByteString(row.name).lowercased
            if directives[name] == nil { directives[name] = (module.name, row) }
        }
    }
    /// Answers `<IfModule>`: `mod_x.c`, `x.c`, `x_module`.
    public func isLoaded(_ name: ByteString) -> Bool {
        available.contains { module in
            loaded.contains(module.name)
                && (name == ByteString(module.sourceName) || name == ByteString(module.symbol)
                    || name == ByteString("\(module.name).c"))
        }
    }
    /// An output filter by its name, also while configuration is still being read.
    public func outputFilter(named name: ByteString) -> OutputFilter? {
        if !hooks.outputFilters.isEmpty { return hooks.outputFilters[name.lowercased] }
        if filtersWhileReading?.modules != loaded.count {
            var registered = Hooks()
            for module in available where loaded.contains(module.name) { module.register(&registered) }
            filtersWhileReading = (loaded.count, registered.outputFilters)
        }
        return filtersWhileReading?.filters[name.lowercased]
    }
    /// A module by its short name, when it is in use.
    public func module(_ name: String) -> ModuleDefinition? {
        loaded.contains(name) ? available.first { $0.name == name } : nil
    }
    /// Registers the hooks of the loaded modules and sorts them: after reading, before any directive is executed, since
    /// directives ask for providers and expression variables.
    func registerHooks() {
        hooks = Hooks()
        for module in available where loaded.contains(module.name) {
            hooks.module = module.sourceName
            module.register(&hooks)
        }
        hooks.sortAll()
    }
    /// A relative path below ServerRoot (ap_server_root_relative).
    public func serverRelative(_ path: ByteString) -> ByteString {
        if path.first == UInt8(ascii: "/") { return path }
        return serverRoot.hasSuffix("/") ? "\(serverRoot)\(path)" : "\(serverRoot)/\(path)"
    }
    /// Below DefaultRuntimeDir (ap_runtime_dir_relative).
    public func runtimeRelative(_ path: ByteString) -> ByteString {
        if path.first == UInt8(ascii: "/") { return path }
        return "\(serverRelative(process.runtimeDirectory))/\(path)"
    }
}

/// The command line's part in reading configuration.
public struct CommandLineConfiguration: Sendable {
    public var serverRoot: ByteString
    public var configFile: ByteString
    public var defines: [ByteString] = []
    /// From `envvars`, where the process has no such variable.
    public var environment: [ByteString: ByteString] = [:]
    /// A server without an MPM cannot run; tests that only read configuration can.
    public var requiresMPM = false
    /// How messages name the program.
    public var program = "apache2"
    /// `-T`: DocumentRoot need not be there.
    public var checksDocumentRoot = true
    /// `-C` and `-c` directives, before and after the files.
    public var before: [ByteString] = []
    public var after: [ByteString] = []
    /// `-t` and `-S`: the configuration is read and checked, but nothing is made ready to serve (post_config is not run).
    public var isForInspection = false
    /// Lines of files that are read as if they were empty, so that a reading goes on behind a fault.
    public var without: [ByteString: Set<Int>] = [:]
    public init(serverRoot: ByteString, configFile: ByteString) {
        self.serverRoot = serverRoot
        self.configFile = configFile
    }
}

/// One `Listen`.
public struct Listen: Sendable, Equatable {
    /// Nil is every address.
    public var address: SocketAddress?
    public var port: UInt16
    /// `https` on 443 unless said otherwise.
    public var scheme: ByteString?
    /// As written.
    public var text: ByteString
    public var location: SourceLocation?
}

/// What the MPM and mod_unixd read: processes, users, files of the whole server.
public struct ProcessSettings: Sendable {
    public var listens: [Listen] = []
    public var listenBacklog = 511
    /// `ListenTCPDeferAccept`: seconds to wait for a client's first bytes.
    public var deferAccept = 30
    /// `AcceptFilter`: by the scheme of `Listen`; `none`, or anything for waiting until the client has sent something.
    public var acceptFilters: [ByteString: ByteString] = ["http": "data", "https": "data"]
    public var pidFile: ByteString = "/run/apache2.pid"
    public var runtimeDirectory: ByteString = "logs"
    public var user: ByteString = "#-1"
    public var group: ByteString = "#-1"
    public var chrootDirectory: ByteString?
    public var coreDumpDirectory: ByteString?
    public var scoreBoardFile: ByteString?
    public var startServers: Int?
    public var minSpareThreads: Int?
    public var maxSpareThreads: Int?
    public var minSpareServers: Int?
    public var maxSpareServers: Int?
    public var threadsPerChild = 25
    public var threadLimit: Int?
    public var serverLimit: Int?
    public var maxRequestWorkers: Int?
    public var maxConnectionsPerChild = 0
    public var asyncRequestWorkerFactor = 2.0
    /// Seconds; 0 waits for ever.
    public var gracefulShutdownTimeout = 0
    public var extendedStatus: Bool?
    public var seeRequestTail = false
    public var registeredMethods: [ByteString] = []
    public var hostnameLookups = false
    public var serverTokens = ServerTokens.full
    public var receiveBufferSize = 0
    public var sendBufferSize = 0
    public init() {}
}

/// `ServerTokens`.
public enum ServerTokens: Sendable { case full, os, minimal, minor, major, productOnly }
