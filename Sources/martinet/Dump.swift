// Apache: server/core.c (core_dump_config), server/config.c (ap_show_directives, dump_config_name),
//         modules/core/mod_so.c (dump_loaded_modules)

import Bytes
import Kernel
import Modules
import ServerCore

/// What `-S`, `-M`, `-l`, `-L` and `-D DUMP_…` print.
enum Dump {
    static func write(_ options: Options, _ configuration: Configuration) {
        if options.defines.contains("DUMP_VHOSTS") { VirtualHostDump(configuration).write() }
        if options.defines.contains("DUMP_RUN_CFG") { runSettings(options, configuration) }
        if options.defines.contains("DUMP_MODULES") { modules(configuration) }
        if options.defines.contains("DUMP_HOOKS") { HookDump.write(configuration.hooks) }
    }

    private static func runSettings(_ options: Options, _ configuration: Configuration) {
        let process = configuration.process
        print("ServerRoot: \"\(configuration.serverRoot)\"")
        let root = configuration.mainServer[Core.server].documentRoot.value(default: "/var/www/html")
        print("Main DocumentRoot: \"\(configuration.serverRelative(root))\"")
        let log = configuration.mainServer.errorLogName ?? Defaults.errorLog
        let isFile = !log.hasPrefix("|") && log != "syslog" && !log.hasPrefix("syslog:")
        print("Main ErrorLog: \"\(isFile ? configuration.serverRelative(log) : log)\"")
        if let board = process.scoreBoardFile { print("ScoreBoardFile: \"\(configuration.serverRelative(board))\"") }
        print("Mutex watchdog-callback: using_defaults")
        print("Mutex default: dir=\"\(configuration.serverRelative(process.runtimeDirectory))/\" mechanism=default ")
        for (module, name) in [("proxy", "proxy"), ("rewrite", "rewrite-map")] where configuration.module(module) != nil
        {
            print("Mutex \(name): using_defaults")
        }
        print("PidFile: \"\(configuration.serverRelative(process.pidFile))\"")
        let defines = configuration.readerState.defines
        for name in defines.names {
            if let value = defines[name] { print("Define: \(name)=\(value)") } else { print("Define: \(name)") }
        }
        let unused = Process.userID == 0 ? "" : " not_used"
        if let id = UserName.uid(process.user) { print("User: name=\"\(process.user)\" id=\(id)\(unused)") }
        if let id = UserName.gid(process.group) { print("Group: name=\"\(process.group)\" id=\(id)\(unused)") }
        if let root = process.chrootDirectory { print("ChrootDir: \"\(root)\"\(unused)") }
    }
    private static func modules(_ configuration: Configuration) {
        print("Loaded Modules:")
        for name in configuration.loaded {
            guard let module = configuration.module(name) else { continue }
            print(" \(module.symbol) (\(module.isStatic ? "static" : "shared"))")
        }
    }
    /// `-l`: those that need no LoadModule.
    static func compiledModules() {
        print("Compiled in modules:")
        for module in moduleList where module.isStatic { print("  \(module.sourceName)") }
    }
    static func includes(_ files: [(file: ByteString, depth: Int, line: Int)]) {
        print("Included configuration files:")
        for (file, depth, line) in files {
            print(String(repeating: "  ", count: depth + 1) + (line > 0 ? "(\(line))" : "(*)") + " \(file)")
        }
    }

    // MARK: -L

    static func directives(_ configuration: Configuration) {
        for name in configuration.loaded {
            guard let module = configuration.module(name) else { continue }
            for row in module.directives {
                print("\(row.name) (\(module.sourceName))")
                if !"\(row.usage)".isEmpty { print("\t\(row.usage)") }
                print("\tAllowed in *.conf " + place(row.allowed, hasConfiguration: !textual.contains(name)))
            }
        }
    }
    /// Modules whose directives may stand in directories though they have no configuration there.
    private static let textual: Set<String> = ["macro", "version"]
    /// show_overrides.
    private static func place(_ allowed: Allowed, hasConfiguration: Bool) -> String {
        var text: String
        let isEverywhere =
            !allowed.isDisjoint(with: [.options, .fileInfo, .indexes])
            || (allowed.contains(.server) && !allowed.isDisjoint(with: [.directory, .authConfig, .limit]))
        if isEverywhere {
            text = "anywhere"
        } else if allowed.contains(.server) {
            text = "only outside <Directory>, <Files>, <Location>, or <If>"
        } else {
            text = "only inside <Directory>, <Files>, <Location>, or <If>"
        }
        if !hasConfiguration, !allowed.isDisjoint(with: Allowed.all.union(.directory)) {
            text += " [no per-dir config]"
        }
        let classes: [(Allowed, String)] = [
            (.authConfig, "AuthConfig"), (.limit, "Limit"), (.options, "Options"), (.fileInfo, "FileInfo"),
            (.indexes, "Indexes"),
        ]
        guard !allowed.isDisjoint(with: .all) else { return text }
        text += " and in .htaccess\n\twhen AllowOverride"
        if allowed.isSuperset(of: .all) { return text + " isn't None" }
        return text + " includes "
            + classes.filter { allowed.contains($0.0) }.map(\.1).joined(separator: " or ")
    }
}
