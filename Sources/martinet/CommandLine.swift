// Apache: server/main.c (main), server/mpm_unix.c (ap_signal_server)

import Bytes
import ConfigLanguage
import Kernel
import MPM
import ModuleCompression
import ModuleHTTP2
import ModuleMD
import ModulePHP
import ModuleProxyHTTP2
import ModuleTLS
import Modules
import ServerCore

/// httpd's command line.
extension CommandLine {
    /// What this program is composed of.
    static let everyModule =
        moduleList + compressionModules + [HTTP2.module, ProxyHTTP2.module, ModulePHP.module, ManagedDomains.module]
        + tlsModules

    /// - Returns: The status to exit with.
    static func run() -> Int32 {
        if arguments.dropFirst().first == "serve" { return Serve.run(Array(arguments.dropFirst(2))) }
        if arguments.dropFirst().first == "mpm-report" { return MPMReport.run(Array(arguments.dropFirst(2))) }
        if arguments.dropFirst().first == "site" { return Administration.site(Array(arguments.dropFirst(2))) }
        if arguments.dropFirst().first == "doctor" { return Administration.doctor(Array(arguments.dropFirst(2))) }
        if arguments.dropFirst().first == "ca" { return Administration.authority(Array(arguments.dropFirst(2))) }
        let options = Options(arguments)
        let program = arguments.first ?? "martinet"
        if let complaint = options.complaint { say("\(shortName(program)): \(complaint)") }
        switch options.immediate {
        case .usage:
            Usage.write(program)
            return 1
        case .version:
            VersionText.write()
            return 0
        case .modules:
            Dump.compiledModules()
            return 0
        case nil: return run(options)
        }
    }
    private static func shortName(_ program: String) -> String {
        String(program.split(separator: "/").last ?? "martinet")
    }

    private static func run(_ options: Options) -> Int32 {
        if let path = options.startupLog, !redirectStandardError(path) { return 1 }
        let root = options.absoluteServerRoot
        var commandLine = CommandLineConfiguration(serverRoot: root, configFile: options.configFile(in: root))
        commandLine.before = options.before
        commandLine.after = options.after
        commandLine.defines = options.defines
        commandLine.checksDocumentRoot = options.checksDocumentRoot
        // To tell a running server something takes no certificates and no pass phrases.
        let isOrder = options.control != nil && options.control != .start
        commandLine.isForInspection = options.mode != .unknown || isOrder
        var launch = Launch(
            modules: everyModule, commandLine: commandLine,
            arguments: arguments.map { ByteString($0) },
            startupLevel: options.startupLevel, built: VersionText.built)
        var loaded = launch.load()
        let configuration = loaded.configuration
        if options.defines.contains("DUMP_INCLUDES") { Dump.includes(loaded.filesRead) }
        if options.showsCompileSettings {
            if loaded.error != nil { sayAll(launch, loaded) }
            VersionText.writeSettings(configuration)
            return loaded.error == nil ? 0 : 1
        }
        sayAll(launch, loaded)
        guard loaded.error == nil else { return 1 }
        if options.mode != .unknown {
            if options.showsDirectives {
                Dump.directives(configuration)
            } else {
                Dump.write(options, configuration)
                guard test(configuration) else { return 1 }
                if options.mode == .configTest { say("Syntax OK") }
            }
            return 0
        }
        if let status = Control.run(options.control, configuration, program: launch.program) { return status }
        if isOrder {
            // None is running.
            launch.commandLine.isForInspection = false
            loaded = launch.load()
            if loaded.error != nil {
                sayAll(launch, loaded)
                return 1
            }
        }
        Envvars.makeRuntimeDirectories()
        return Parent.run(launch, loaded)
    }
    /// What modules find out only by trying: what would keep the server from starting.
    private static func test(_ configuration: Configuration) -> Bool {
        for step in configuration.hooks.testConfig.functions {
            do throws(DirectiveError) { try step(configuration) } catch {
                say(error.message)
                return false
            }
        }
        return true
    }
    private static func sayAll(_ launch: Launch, _ loaded: LoadedConfiguration) {
        for line in launch.messages(of: loaded) { try? File.writeAll(2, line) }
    }
    /// `-E`.
    private static func redirectStandardError(_ path: ByteString) -> Bool {
        do throws(Errno) {
            let file = try File.openAppend(path)
            try file.replace(2)
            return true
        } catch {
            say("(\(error.rawValue))\(error): AH00087: could not open error log file \(path).")
            return false
        }
    }
}

/// `-k`.
enum Control {
    /// - Returns: The status to exit with, or nil when the server is to start.
    static func run(_ control: Options.Control?, _ configuration: Configuration, program: String) -> Int32? {
        let path = configuration.serverRelative(configuration.process.pidFile)
        var running: Int32?
        let status: String
        switch PidFile.read(path) {
        case .missing: status = "httpd (no pid file) not running"
        case .unusable(let error):
            // APR_EGENERAL for a file that holds no number.
            let cause =
                error.map { "(\($0.rawValue))\($0): " }
                ?? "(20014)Internal error (specific information not available): "
            say("\(cause)AH00058: Error retrieving pid file \(path)")
            say("AH00059: Remove it before continuing if it is corrupted.")
            return 1
        case .pid(let pid):
            if pid > 0, pid != Process.id, isAlive(pid) {
                running = pid
                status = "httpd (pid \(pid)) already running"
            } else {
                status = "httpd (pid \(pid)?) not running"
            }
        }
        return act(control ?? .start, running, status)
    }
    private static func act(_ control: Options.Control, _ running: Int32?, _ status: String) -> Int32? {
        switch (control, running) {
        case (.start, .some):
            print(status)
            return 0
        case (.start, nil): return nil
        case (.stop, nil), (.gracefulStop, nil):
            print(status)
            return 0
        case (.restart, nil), (.graceful, nil):
            print("httpd not running, trying to start")
            return nil
        case (.stop, let pid?):
            _ = send(pid, Signal.terminate)
            return 0
        case (.restart, let pid?): return send(pid, Signal.hangUp)
        case (.graceful, let pid?): return send(pid, Signal.user1)
        case (.gracefulStop, let pid?): return send(pid, Signal.windowChange)
        }
    }
    private static func isAlive(_ pid: Int32) -> Bool { (try? Process.kill(pid, 0)) != nil }
    private static func send(_ pid: Int32, _ signal: Int32) -> Int32 {
        do throws(Errno) {
            try Process.kill(pid, signal)
            return 0
        } catch {
            say("(\(error.rawValue))\(error): AH00057: sending signal to server")
            return 1
        }
    }
}
