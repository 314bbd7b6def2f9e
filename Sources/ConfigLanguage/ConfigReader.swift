// Apache: server/config.c, ap_read_config, ap_process_resource_config, process_command_config.
import Bytes

/// What an `.htaccess` file may do, as far as reading is concerned.
public struct HtaccessRules: Sendable {
    /// `AllowOverride` names at least one class.
    public let allowsOverride: Bool
    /// `AllowOverrideList`, lower-case names; a section's begins with `<`.
    public let directives: Set<ByteString>
    /// `AllowOverride Nonfatal=Override` (or `All`): what is not allowed is logged and left out.
    public let isOverrideNonfatal: Bool

    public init(allowsOverride: Bool = true, directives: Set<ByteString> = [], isOverrideNonfatal: Bool = false) {
        self.allowsOverride = allowsOverride
        self.directives = directives
        self.isOverrideNonfatal = isOverrideNonfatal
    }
}

/// Turns configuration text into a tree.
///
/// One value reads one generation of the server's configuration, in order; what it learnt on the way (defines, macros,
/// the server root) is its `state`. Readers of `.htaccess` files start from a copy of that state and throw theirs away.
/// Not for use by two threads at once.
public final class ConfigReader {
    /// What earlier lines leave behind for later ones.
    public struct State: Sendable {
        public var defines: ConfigDefines
        /// Absolute. Relative paths of `Include` and `<IfFile>` start here.
        public var serverRoot: ByteString
        /// `DefaultRuntimeDir`, absolute; nil when not set.
        public var runtimeDirectory: ByteString?
        var macros: MacroTable?
        /// `MacroIgnoreBadNesting`, `MacroIgnoreEmptyArgs`: what macros are not warned of from here on.
        var ignoresBadNesting = false
        var ignoresEmptyArguments = false

        /// - Parameters:
        ///   - serverRoot: `-d`, or the compiled-in directory.
        ///   - defines: `-D`.
        public init(serverRoot: ByteString, defines: [ByteString] = []) {
            self.serverRoot = serverRoot
            self.defines = ConfigDefines(defines)
        }
    }
    public let environment: any ConfigEnvironment
    public internal(set) var state: State
    /// Where relative names of `ServerRoot` start. Absolute.
    public let workingDirectory: ByteString
    var includeDepth = 0
    var includeLine = 0
    var names = DirectiveNames()

    public init(_ environment: any ConfigEnvironment, state: State, workingDirectory: ByteString = "/") {
        self.environment = environment
        self.state = state
        self.workingDirectory = workingDirectory
    }

    /// Reads the server's configuration.
    /// - Parameters:
    ///   - file: `-f`; relative to the server root.
    ///   - before: The directives of `-C`, one each.
    ///   - after: The directives of `-c`.
    /// - Throws: Errors of phase `reading`.
    public func read(
        _ file: ByteString, before: [ByteString] = [], after: [ByteString] = []
    ) throws(ConfigError) -> [Node] {
        do throws(ConfigError) {
            var nodes = try readCommandLine(before)
            guard let path = serverRootRelative(file) else { throw ConfigError("Invalid config file path \(file)") }
            nodes += try readFile(path)
            return nodes + (try readCommandLine(after))
        } catch {
            throw ConfigError(error.message, at: error.location, phase: .reading)
        }
    }

    /// Reads one `.htaccess` file.
    ///
    /// Errors have no place in Apache's log line beyond the file; here they carry one all the same.
    /// A macro that the file defines is forgotten with this reader.
    public func readHtaccess(
        _ contents: [UInt8], name: String, rules: HtaccessRules = HtaccessRules()
    ) throws(ConfigError) -> [Node] {
        let context = ReadingContext(LineSource(name: name, bytes: contents), htaccess: rules)
        do throws(ConfigError) {
            return try buildTree(context)
        } catch {
            throw ConfigError(error.message, at: context.errorLocation, phase: .reading)
        }
    }

    private func readCommandLine(_ directives: [ByteString]) throws(ConfigError) -> [Node] {
        guard !directives.isEmpty else { return [] }
        let context = ReadingContext(LineSource(name: "-c/-C directives", directives: directives))
        do throws(ConfigError) {
            return try buildTree(context)
        } catch {
            throw ConfigError("Syntax error in -C/-c directive: \(error.message)")
        }
    }

    /// Reads one file of server configuration. The error names the line to charge, inner files' lines in the message.
    func readFile(_ path: ByteString) throws(ConfigError) -> [Node] {
        let contents: [UInt8]
        do throws(ConfigFileError) {
            contents = try environment.contents(of: path)
        } catch {
            throw ConfigError("Could not open configuration file \(path): \(error.message)")
        }
        if path != "/dev/null", environment.kind(of: path) != .regular {
            environment.log(
                ConfigWarning(554, "Access to file \(path) denied by server: not a regular file", level: .error))
            throw ConfigError("Could not open configuration file \(path): Bad file descriptor")
        }
        environment.willRead(path, depth: includeDepth, line: includeLine)
        let context = ReadingContext(LineSource(name: path.string, bytes: contents))
        do throws(ConfigError) {
            return try buildTree(context)
        } catch {
            throw ConfigError(error.message, at: context.errorLocation)
        }
    }

    /// `path` as an absolute path without `.`, `..` and doubled slashes; nil when it is too long.
    public func serverRootRelative(_ path: ByteString) -> ByteString? { mergedPath(state.serverRoot, path) }
}
