// A host with files in memory, and the directives of a few modules.
import Bytes

@testable import ConfigLanguage

final class FakeHost: ConfigEnvironment {
    var files: [ByteString: [UInt8]] = [:]
    var directories: Set<ByteString> = ["/"]
    var variables: [ByteString: ByteString] = [:]
    var modules: Set<ByteString> = [
        "core.c", "core_module", "mod_so.c", "so_module", "mod_version.c", "version_module",
        "mod_macro.c", "macro_module", "mod_authz_core.c", "authz_core_module",
    ]
    var logged: [String] = []
    var executed: [String] = []
    var opened: [String] = []
    let serverVersion = ServerVersion(2, 4, 71)

    private static let names = [
        "ServerName", "ServerAlias", "DocumentRoot", "Listen", "Require", "ErrorLog", "Options", "AllowOverride",
        "Error", "ServerSignature", "SetEnv", "<VirtualHost", "<Directory", "<DirectoryMatch", "<Files",
        "<FilesMatch", "<Location", "<LocationMatch", "<Limit", "<LimitExcept", "<If", "<ElseIf", "<Else",
        "<RequireAll", "<RequireAny",
    ]
    private var known: [ByteString: KnownDirective] = [:]

    init(_ files: [String: String] = [:]) {
        for name in Self.names { known[ByteString(name).lowercased] = KnownDirective(name: name) }
        known["atonce"] = KnownDirective(name: "AtOnce", executesOnRead: true)
        directories.insert("/srv/conf")
        for (path, text) in files { add(ByteString(path), Array(text.utf8)) }
    }
    func add(_ path: ByteString, _ contents: [UInt8]) {
        files[path] = contents
        var parent = path
        while let slash = parent.bytes.lastIndex(of: 47), slash > 0 {
            parent = parent.upTo(slash)
            directories.insert(parent)
        }
    }

    private func plain(_ path: ByteString) -> ByteString {
        path.count > 1 && path.last == 47 ? path.upTo(path.count - 1) : path
    }
    func contents(of path: ByteString) throws(ConfigFileError) -> [UInt8] {
        if let bytes = files[path] { return bytes }
        if directories.contains(plain(path)) { return [] }
        throw ConfigFileError.missing
    }
    func kind(of path: ByteString) -> ConfigFileKind? {
        if files[path] != nil { return .regular }
        return directories.contains(plain(path)) ? .directory : nil
    }
    func entries(of directory: ByteString) throws(ConfigFileError) -> [(name: ByteString, kind: ConfigFileKind)] {
        guard directories.contains(plain(directory)) else {
            throw ConfigFileError.missing
        }
        let prefix = fullPath(plain(directory), "")
        var found: [ByteString: ConfigFileKind] = [:]
        for path in directories.union(files.keys) where path.count > prefix.count && path.hasPrefix(prefix) {
            let name = path.from(prefix.count)
            if !name.contains(UInt8(47)) { found[name] = files[path] == nil ? .directory : .regular }
        }
        return found.map { ($0.key, $0.value) }
    }

    func directive(named name: ByteString) -> KnownDirective? { known[name] }
    func isModuleLoaded(_ name: ByteString) -> Bool { modules.contains(name) }
    func loadModule(_ symbol: ByteString, from path: ByteString, at location: SourceLocation) throws(ConfigError) {
        modules.insert(symbol)
        modules.insert("mod_" + symbol.upTo(max(0, symbol.count - 7)) + ".c")
        executed.append("LoadModule \(symbol) \(path) \(location.line)")
    }
    func execute(
        _ directive: KnownDirective, _ arguments: ByteString, at location: SourceLocation
    ) throws(ConfigError) {
        if arguments == "fail" { throw ConfigError("failed") }
        executed.append("\(directive.name) \(arguments) \(location.line)")
    }
    func environmentVariable(_ name: ByteString) -> ByteString? { variables[name] }
    /// Enough for the tests: `.` is any byte, a `[` never compiles.
    func isFound(_ pattern: ByteString, in subject: ByteString) -> Bool? {
        if pattern.contains(UInt8(ascii: "[")) { return nil }
        let anchored = pattern.first == UInt8(ascii: "^")
        let body = anchored ? pattern.from(1) : pattern
        guard body.count <= subject.count else { return false }
        return (0...(anchored ? 0 : subject.count - body.count)).contains { start in
            body.indices.allSatisfy { body[$0] == UInt8(ascii: ".") || body[$0] == subject[start + $0] }
        }
    }
    func log(_ warning: ConfigWarning) { logged.append(warning.text) }
    func willRead(_ file: ByteString, depth: Int, line: Int) { opened.append("\(depth) (\(line)) \(file)") }

    /// What `apache2 -t` would say: the first error of reading, or the first directive that nobody knows.
    func verdict(_ file: ByteString, defines: [ByteString] = [], after: [ByteString] = []) -> String {
        let reader = ConfigReader(self, state: .init(serverRoot: "/srv/conf", defines: defines))
        do {
            let nodes = try reader.read(file, after: after)
            guard let unknown = firstUnknown(nodes) else { return "Syntax OK" }
            return configurationErrorText(
                ConfigError(
                    "Invalid command '\(unknown.name)', perhaps misspelled or defined by a module "
                        + "not included in the server configuration", at: unknown.location))
        } catch {
            return configurationErrorText(error)
        }
    }
    private func firstUnknown(_ nodes: [Node]) -> Node? {
        for node in nodes {
            if known[ByteString(node.name).lowercased] == nil { return node }
            if let inner = firstUnknown(node.children) { return inner }
        }
        return nil
    }
}
