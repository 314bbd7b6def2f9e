// Apache: server/config.c ap_read_config, ap_process_config_tree, ap_parse_htaccess; server/main.c

import Bytes
import ConfigLanguage
import Expressions
import Kernel

/// Reads configuration files into a ``Configuration``: text to tree (ConfigLanguage), tree to servers (``DirectiveWalk``),
/// then inheritance, checks and hooks.
public final class ConfigurationLoader: ConfigEnvironment {
    public let configuration: Configuration
    /// `-D DUMP_INCLUDES` wants to know.
    public private(set) var filesRead: [(file: ByteString, depth: Int, line: Int)] = []
    /// Directives that leave no node in the tree: `martinet doctor` wants to know.
    public private(set) var carriedOut: [SourceLocation] = []
    private var reader: ConfigReader!

    public init(_ configuration: Configuration) {
        self.configuration = configuration
        reader = ConfigReader(
            self, state: .init(serverRoot: configuration.serverRoot, defines: configuration.commandLine.defines),
            workingDirectory: configuration.serverRoot)
    }

    /// Reads everything and makes the configuration ready to serve.
    /// What a directive sets outside the server's memory (opened logs) is left to ``Configuration/openLogs()``.
    public func load() throws(ConfigError) {
        let commandLine = configuration.commandLine
        let tree = try reader.read(commandLine.configFile, before: commandLine.before, after: commandLine.after)
        if commandLine.requiresMPM {
            let count = MPMKind.allCases.count { configuration.loaded.contains($0.rawValue) }
            let fault = count == 0 ? "No MPM loaded." : count > 1 ? "More than one MPM loaded." : nil
            if let fault { throw ConfigError("AH00534: \(commandLine.program): Configuration error: \(fault)") }
        }
        configuration.tree = tree
        configuration.serverRoot = reader.state.serverRoot
        configuration.readerState = reader.state
        if let directory = reader.state.runtimeDirectory { configuration.process.runtimeDirectory = directory }
        let context = DirectiveContext(
            configuration: configuration, server: configuration.mainServer, perDirectory: ConfigVector(), path: nil,
            override: DirectiveWalk.serverOverride, location: SourceLocation(file: "", line: 0))
        configuration.registerHooks()
        try runSteps(configuration.hooks.preConfig, "AH00013: Pre-configuration failed")
        try DirectiveWalk.run(tree, context)
        configuration.mainServer.defaultsInReading = context.perDirectory
        try finish()
    }

    private func finish() throws(ConfigError) {
        let configuration = configuration
        configuration.banner = ServerBanner.description(configuration.process.serverTokens)
        for server in configuration.virtualHosts { server.inherit(from: configuration.mainServer) }
        for (number, server) in configuration.servers.enumerated() {
            server.number = number
            server.completeName()
            server.freeze()
        }
        configuration.virtualHostTable = VirtualHostTable(configuration.virtualHosts)
        try runSteps(configuration.hooks.checkConfig, "AH00014: Configuration check failed")
        guard !configuration.commandLine.isForInspection else { return }
        try runSteps(configuration.hooks.postConfig, "AH00016: Configuration Failed")
    }
    /// - Parameter end: The line that follows what a step says, if it has not said it already.
    private func runSteps(_ list: HookList<Hooks.ConfigurationStep>, _ end: String) throws(ConfigError) {
        for step in list.functions {
            do throws(DirectiveError) { try step(configuration) } catch {
                throw ConfigError(error.message.isEmpty ? end : "\(error.message)\n\(end)")
            }
        }
    }

    // MARK: .htaccess

    /// The configuration of one `.htaccess` file. Errors carry Apache's sentence for the error log.
    static func loadHtaccess(
        _ text: ByteString, path: ByteString, directory: ByteString, scope: WalkScope, server: Server
    ) throws(ConfigError) -> ConfigVector {
        let host = HtaccessEnvironment(server.configuration)
        let reader = ConfigReader(host, state: server.configuration.readerState)
        let rules = HtaccessRules(
            allowsOverride: !scope.override.isEmpty, directives: scope.overrideList ?? [],
            isOverrideNonfatal: scope.nonFatal.contains(.override))
        let tree = try reader.readHtaccess(text.bytes, name: path.string, rules: rules)
        let context = DirectiveContext(
            configuration: server.configuration, server: server, perDirectory: ConfigVector(), path: directory,
            override: scope.override, isHtaccess: true, location: SourceLocation(file: path.string, line: 0))
        context.overrideList = scope.overrideList
        context.overrideOptions = scope.overrideOptions
        context.nonFatal = scope.nonFatal
        context.perDirectory[Core.directory].directory = directory
        try DirectiveWalk.run(tree, context)
        return context.perDirectory
    }

    // MARK: ConfigEnvironment

    public func directive(named name: ByteString) -> KnownDirective? { configuration.known(name) }
    public func isModuleLoaded(_ name: ByteString) -> Bool { configuration.isLoaded(name) }
    public func loadModule(_ symbol: ByteString, from path: ByteString, at location: SourceLocation) throws(ConfigError)
    {
        try configuration.load(symbol: symbol, path: path, at: location)
    }
    public func environmentVariable(_ name: ByteString) -> ByteString? { configuration.environment(name) }
    public func isFound(_ pattern: ByteString, in subject: ByteString) -> Bool? {
        guard let regex = try? Regex(pattern) else { return nil }
        return regex.match(subject) != nil
    }
    public var serverVersion: ServerVersion { ServerVersion(2, 4, 68) }
    public func log(_ warning: ConfigWarning) {
        // Messages about macros are mod_macro's.
        let isMacro = (2793...2809).contains(warning.number) || warning.number == 2989
        let module = isMacro ? "macro" : "core"
        configuration.say(warning.level == .error ? .error : .warning, module, warning.text)
    }
    public func willRead(_ file: ByteString, depth: Int, line: Int) { filesRead.append((file, depth, line)) }
    public func willCarryOut(_ name: String, at location: SourceLocation) { carriedOut.append(location) }
    public func contents(of path: ByteString) throws(ConfigFileError) -> [UInt8] {
        let text = try ConfigFiles.contents(of: path)
        guard let lines = configuration.commandLine.without[path] else { return text }
        let kept = text.split(separator: 10, omittingEmptySubsequences: false).enumerated().map {
            lines.contains($0.offset + 1) ? [] : Array($0.element)
        }
        return Array(kept.joined(separator: [10]))
    }
    public func kind(of path: ByteString) -> ConfigFileKind? { ConfigFiles.kind(of: path) }
    public func entries(of directory: ByteString) throws(ConfigFileError) -> [(name: ByteString, kind: ConfigFileKind)]
    {
        try ConfigFiles.entries(of: directory)
    }
}

/// What `.htaccess` files may ask while they are read.
private final class HtaccessEnvironment: ConfigEnvironment {
    let configuration: Configuration
    init(_ configuration: Configuration) { self.configuration = configuration }

    func directive(named name: ByteString) -> KnownDirective? { configuration.known(name) }
    func isModuleLoaded(_ name: ByteString) -> Bool { configuration.isLoaded(name) }
    func loadModule(_ symbol: ByteString, from path: ByteString, at location: SourceLocation) throws(ConfigError) {
        throw ConfigError("LoadModule not allowed here")
    }
    func environmentVariable(_ name: ByteString) -> ByteString? { configuration.environment(name) }
    func isFound(_ pattern: ByteString, in subject: ByteString) -> Bool? {
        guard let regex = try? Regex(pattern) else { return nil }
        return regex.match(subject) != nil
    }
    var serverVersion: ServerVersion { ServerVersion(2, 4, 68) }
    func log(_ warning: ConfigWarning) {
        configuration.mainServer.log(warning.level == .error ? .error : .warning, "core", ByteString(warning.text))
    }
    func contents(of path: ByteString) throws(ConfigFileError) -> [UInt8] { try ConfigFiles.contents(of: path) }
    func kind(of path: ByteString) -> ConfigFileKind? { ConfigFiles.kind(of: path) }
    func entries(of directory: ByteString) throws(ConfigFileError) -> [(name: ByteString, kind: ConfigFileKind)] {
        try ConfigFiles.entries(of: directory)
    }
}

extension Configuration {
    /// A directive of the loaded modules, for the reader.
    func known(_ name: ByteString) -> KnownDirective? {
        directives[name].map { KnownDirective(name: "\($0.row.name)") }
    }
    /// A variable of the server's own environment, or one that its start-up files set.
    public func environment(_ name: ByteString) -> ByteString? {
        commandLine.environment[name] ?? Environment.get(name)
    }
    /// LoadModule (mod_so.c load_module): ours are built in; the file name is read, never opened.
    func load(symbol: ByteString, path: ByteString, at location: SourceLocation) throws(ConfigError) {
        let file = serverRelative(path)
        guard let module = available.first(where: { ByteString($0.symbol) == symbol }) else {
            // Where there is no such file, the system's sentence; else ours: the file is another server's.
            guard (try? FileStatus(file)) != nil else {
                throw ConfigError(
                    "Cannot load \(path) into server: \(file): cannot open shared object file: No such file or directory"
                )
            }
            throw ConfigError(
                "Cannot load \(path) into server: Martinet has no counterpart of \(symbol): \(remedy(path, location)) (docs/migrate.md lists the modules there are)"
            )
        }
        if loaded.contains(module.name) {
            // None of httpd's: hosts that have it load it, and it is here without that too.
            if module.name == "fastcgi" { return }
            if module.isStatic, !["log_config", "logio", "version", "unixd", "watchdog"].contains(module.name) {
                throw ConfigError("module \(symbol) is built-in and can't be loaded")
            }
            say(.warning, "so", "AH01574: module \(symbol) is already loaded, skipping")
            return
        }
        if let why = module.obstacle?(file) { throw ConfigError("Cannot load \(path) into server: \(why)") }
        files[module.name] = file
        load(module)
    }
    /// What to do about a module that does not exist here; Debian's tools know it by the name of its `.load` file.
    private func remedy(_ path: ByteString, _ location: SourceLocation) -> String {
        guard let file = location.file.split(separator: "/").last, file.hasSuffix(".load") else {
            return "remove this line and the directives of \(path.split(on: UInt8(ascii: "/")).last ?? path)"
        }
        return "run a2dismod \(file.dropLast(5))"
    }
}

extension Server {
    /// After all was read: sections in walking order, defaults with an identity.
    func freeze() {
        lookupDefaults = PerDirectoryConfig(defaultsInReading)
        // Plain sections by number of components, regular expressions last, each in the order of the configuration
        // (core.c ap_core_reorder_directories).
        directorySections = directorySections.enumerated().sorted {
            let left = $0.element.pattern.isRegex ? Int.max : $0.element.components
            let right = $1.element.pattern.isRegex ? Int.max : $1.element.components
            return (left, $0.offset) < (right, $1.offset)
        }.map(\.element)
    }
}
