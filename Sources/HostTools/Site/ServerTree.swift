// Apache: server/config.c (ap_read_config), read without carrying anything out
import Bytes
import ConfigLanguage
import Kernel

/// A server's configuration as text: includes, conditions and variables are followed, directives are not judged. What one
/// server can read, it reads for the other.
struct ServerTree {
    let root: ByteString
    /// Empty after `failure`.
    let nodes: [Node]
    /// Module symbols with the place that loads them.
    let modules: [(symbol: ByteString, location: SourceLocation)]
    let files: [ByteString]
    let failure: ConfigError?
    private let source: TreeSource
    private let state: ConfigReader.State

    init(_ root: ByteString) {
        self.root = root
        let source = TreeSource(root)
        let reader = ConfigReader(source, state: .init(serverRoot: root), workingDirectory: root)
        var nodes: [Node] = []
        var failure: ConfigError?
        do throws(ConfigError) { nodes = try reader.read("apache2.conf") } catch { failure = error }
        var names = RealNames()
        self.nodes = nodes.map { names.of($0) }
        self.failure = failure
        self.source = source
        state = reader.state
        modules = source.modules.map { ($0.symbol, names.of($0.location)) }
        files = source.files
    }

    /// A file that the configuration does not include, as if it did.
    func reading(_ file: ByteString) -> [Node] {
        let reader = ConfigReader(source, state: state, workingDirectory: root)
        return (try? reader.read(file)) ?? []
    }
    func reading(htaccess path: ByteString) throws(ConfigError) -> [Node] {
        let reader = ConfigReader(source, state: state, workingDirectory: root)
        let text = (try? File.readWhole(path, limit: 16 << 20)) ?? []
        return try reader.readHtaccess(text, name: path.string)
    }

    func isLoaded(_ symbol: ByteString) -> Bool { modules.contains { $0.symbol == symbol } }

    // MARK: What the whole server says

    func value(_ name: String) -> ByteString? {
        nodes.last { ByteString($0.name).equalsIgnoringCase(ByteString(name)) }?.arguments.argumentWords.first
    }
    /// Who serves.
    var user: ByteString { value("User") ?? "www-data" }
    var group: ByteString { value("Group") ?? "www-data" }
    var pidFile: ByteString { absolute(value("PidFile") ?? "/run/apache2.pid") }
    func absolute(_ path: ByteString) -> ByteString { path.hasPrefix("/") ? path : "\(root)/\(path)" }

    /// Addresses of `Listen`, with the port of each.
    var listens: [(text: ByteString, port: Int, isTLS: Bool)] {
        nodes.filter { ByteString($0.name).equalsIgnoringCase("listen") }.compactMap { node in
            let words = node.arguments.argumentWords
            guard let text = words.first else { return nil }
            let digits = text.lastIndex(of: UInt8(ascii: ":")).map { text.from($0 + 1) } ?? text
            guard let port = digits.decimal else { return nil }
            return (text, port, words.count > 1 ? words[1].equalsIgnoringCase("https") : port == 443)
        }
    }
    /// Where a site without TLS is asked.
    var plainPort: Int {
        let plain = listens.filter { !$0.isTLS }.map(\.port)
        return plain.contains(80) ? 80 : plain.first ?? 80
    }
}

/// Places in files, not in the links of `sites-enabled` and the like: a person edits files, and some tools (`sed -i`) put a
/// copy in the place of a link.
private struct RealNames {
    private var names: [String: String] = [:]

    mutating func of(_ location: SourceLocation) -> SourceLocation {
        if names[location.file] == nil {
            let real = try? File.realPath(ByteString(location.file))
            names[location.file] = real?.string ?? location.file
        }
        return SourceLocation(file: names[location.file] ?? location.file, line: location.line)
    }
    mutating func of(_ node: Node) -> Node {
        var children: [Node] = []
        for child in node.children { children.append(of(child)) }
        return Node(name: node.name, arguments: node.arguments, location: of(node.location), children: children)
    }
}

/// The files, and the variables that `envvars` sets for them.
private final class TreeSource: ConfigEnvironment {
    private var values: [ByteString: ByteString] = [:]
    private(set) var modules: [(symbol: ByteString, location: SourceLocation)] = []
    private(set) var files: [ByteString] = []
    /// What needs no LoadModule.
    private static let always: Set<ByteString> = [
        "core_module", "so_module", "http_module", "watchdog_module", "log_config_module", "logio_module",
        "version_module", "unixd_module",
    ]

    init(_ root: ByteString) {
        let result = ShellVariables.after("\(root)/envvars", before: [("APACHE_CONFDIR", root)], names: [])
        for entry in result.environment {
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
            values[entry.upTo(equals)] = entry.from(equals + 1)
        }
    }

    func directive(named name: ByteString) -> KnownDirective? { nil }
    /// `mod_rewrite.c`, `rewrite_module`; MPMs are `event.c` and `mpm_event_module`.
    func isModuleLoaded(_ name: ByteString) -> Bool {
        var symbol = name
        if name.hasSuffix(".c") {
            let short = name.upTo(name.count - 2)
            if short == "core" || short == "http_core" { return true }
            if short.hasPrefix("mod_") {
                symbol = "\(short.from(4))_module"
            } else {
                symbol = "mpm_\(short)_module"
            }
        }
        return Self.always.contains(symbol) || modules.contains { $0.symbol == symbol }
    }
    func loadModule(_ symbol: ByteString, from path: ByteString, at location: SourceLocation) throws(ConfigError) {
        modules.append((symbol, location))
    }
    func environmentVariable(_ name: ByteString) -> ByteString? { values[name] }
    /// Versions are compared without patterns here.
    func isFound(_ pattern: ByteString, in subject: ByteString) -> Bool? { subject.contains(pattern) }
    var serverVersion: ServerVersion { ServerVersion(2, 4, 68) }
    func log(_ warning: ConfigWarning) {}
    func willRead(_ file: ByteString, depth: Int, line: Int) { files.append(file) }
    func contents(of path: ByteString) throws(ConfigFileError) -> [UInt8] { try ConfigFiles.contents(of: path) }
    func kind(of path: ByteString) -> ConfigFileKind? { ConfigFiles.kind(of: path) }
    func entries(of directory: ByteString) throws(ConfigFileError) -> [(name: ByteString, kind: ConfigFileKind)] {
        try ConfigFiles.entries(of: directory)
    }
}

extension Node {
    func isNamed(_ name: StaticString) -> Bool { ByteString(self.name).equalsIgnoringCase(name) }
    /// The words of a directive, or of a section without its bracket.
    var words: [ByteString] {
        guard isSection, let end = arguments.lastIndex(of: UInt8(ascii: ">")) else { return arguments.argumentWords }
        return arguments.upTo(end).argumentWords
    }
    /// This node and all inside it.
    var all: [Node] { [self] + children.flatMap(\.all) }
}
