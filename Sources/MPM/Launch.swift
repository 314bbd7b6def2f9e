// Apache: server/main.c (main, ap_server_argv0), the parts of the command line that last as long as the server

import Bytes
import ConfigLanguage
import HTTP
import Kernel
import ServerCore

/// How the server was started; every reading of the configuration begins from it.
public struct Launch: Sendable {
    public var modules: [ModuleDefinition]
    public var commandLine: CommandLineConfiguration
    /// argv, for the log.
    public var arguments: [ByteString]
    /// The last part of argv[0], as messages name the program.
    public var program: String
    /// Stay attached to the terminal (`-X`, `-D FOREGROUND`, `-D ONE_PROCESS`).
    public var isForeground: Bool
    /// Detach from the session but do not fork (`-D NO_DETACH`).
    public var isNotDetached: Bool
    /// One child with one loop (`-X`, `-D DEBUG`, `-D ONE_PROCESS`).
    public var isSingle: Bool
    /// `-e`: what may be said before logs are open.
    public var startupLevel: LogLevel
    /// `Server built:`.
    public var built: String

    public init(
        modules: [ModuleDefinition], commandLine: CommandLineConfiguration, arguments: [ByteString],
        startupLevel: LogLevel = .warning, built: String = ""
    ) {
        self.modules = modules
        self.commandLine = commandLine
        self.arguments = arguments
        self.startupLevel = startupLevel
        self.built = built
        program = (arguments.first ?? "martinet").split(on: UInt8(ascii: "/")).last?.string ?? "martinet"
        let defines = commandLine.defines
        isSingle = defines.contains("DEBUG") || defines.contains("ONE_PROCESS")
        isForeground = isSingle || defines.contains("FOREGROUND")
        isNotDetached = defines.contains("NO_DETACH")
    }
}

/// What came of one reading of the configuration.
public struct LoadedConfiguration {
    public let configuration: Configuration
    /// For `-D DUMP_INCLUDES`.
    public let filesRead: [(file: ByteString, depth: Int, line: Int)]
    /// Places of directives that left no node in the tree.
    public let carriedOut: [SourceLocation]
    public let plan: ProcessPlan
    /// Why it cannot be used.
    public let error: ConfigError?
}

extension Launch {
    /// Reads `envvars` and the configuration anew.
    /// - Parameter isRestart: The server is running: the MPM words its warnings for the log.
    /// - Parameter first: The plan the server started with: a restart keeps its limits.
    public func load(isRestart: Bool = false, first: ProcessPlan? = nil) -> LoadedConfiguration {
        var commandLine = commandLine
        if let variables = Envvars.read(serverRoot: commandLine.serverRoot) {
            commandLine.environment = variables
            Envvars.apply(variables)
        }
        commandLine.requiresMPM = true
        commandLine.program = program
        let configuration = Configuration(available: modules, commandLine: commandLine)
        let loader = ConfigurationLoader(configuration)
        var failure: ConfigError?
        do throws(ConfigError) {
            try loader.load()
            nameHost(configuration)
        } catch { failure = error }
        let mpm = configuration.mpm ?? .event
        let plan = ProcessPlan(
            configuration.process, mpm: mpm, isSingle: isSingle, isRestart: isRestart, first: first)
        if failure == nil {
            for warning in plan.warnings { configuration.say(.warning, mpm.logName, warning) }
        }
        return LoadedConfiguration(
            configuration: configuration, filesRead: loader.filesRead, carriedOut: loader.carriedOut, plan: plan,
            error: failure)
    }

    /// The name of a server without ServerName (server/util.c ap_get_local_host).
    private func nameHost(_ configuration: Configuration) {
        guard configuration.mainServer.serverName == nil else { return }
        if let name = HostName.fullyQualified {
            configuration.hostName = name
            return
        }
        let address = HostName.short.flatMap { try? Resolver.addresses(of: $0) }?.first?.text
        configuration.hostName = address ?? "127.0.0.1"
        configuration.say(
            .alert, "core",
            "AH00558: \(program): Could not reliably determine the server's fully qualified domain name, using \(configuration.hostName). Set the 'ServerName' directive globally to suppress this message"
        )
    }

    /// What is to be said of a reading, line by line, as it stands on a terminal or in the error log.
    public func messages(of loaded: LoadedConfiguration) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for (level, module, text) in loaded.configuration.startupMessages
        where level <= startupLevel || level == .notice {
            lines.append(StartupMessage.line(level, module, text))
        }
        if let error = loaded.error {
            if error.phase == .walking, error.location == nil {
                // What checks say may be several lines.
                for line in error.message.split(separator: "\n") {
                    lines.append(Array((errorLogEscaped(String(line)) + "\n").utf8))
                }
            } else {
                lines.append(Array((configurationErrorText(error, program: program) + "\n").utf8))
            }
        }
        return lines
    }
}

/// Messages of the time before the server runs (APLOG_STARTUP).
enum StartupMessage {
    /// Those that carry no time and process even in the log.
    private static let bare: Set<String> = [
        "AH00112", "AH00497", "AH00499", "AH00502", "AH00504", "AH00507", "AH00509", "AH00511", "AH00513",
        "AH00515", "AH00517", "AH00519", "AH00300", "AH00302", "AH00305", "AH00307", "AH00310", "AH00312", "AH00314",
        "AH00316", "AH00318", "AH00320", "AH00322", "AH00175", "AH00177", "AH00180", "AH00182", "AH00184", "AH00186",
        "AH00548", "AH00557", "AH00558",
    ]
    static func line(_ level: LogLevel, _ module: String, _ text: String) -> [UInt8] {
        if bare.contains(String(text.prefix(7))) { return Array((errorLogEscaped(text) + "\n").utf8) }
        var line: [UInt8] = []
        line.append("[")
        LogTime.appendError(CivilTime(localMicroseconds: RealTime.now), to: &line)
        let process = "] [\(module):\(level.name)] [pid \(Process.id):tid \(Process.threadID)] "
        line.append(contentsOf: process.utf8)
        line.append(contentsOf: (errorLogEscaped(text) + "\n").utf8)
        return line
    }
}

/// Standard error.
public func say(_ text: String) { say(Array((text + "\n").utf8)) }
func say(_ line: [UInt8]) { try? File.writeAll(2, line) }
