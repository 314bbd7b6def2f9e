// A host of configuration with files in memory.
import Bytes
import ConfigLanguage
import Expressions

final class FakeHost: ConfigEnvironment, IniSource {
    private var files: [ByteString: [UInt8]] = [
        "/srv/conf/d/a.conf": Array("<Files x>\nOptions All\n</Files>\n".utf8),
        "/srv/conf/d/ab.conf": Array("Define D 1\nServerName ${D}\n".utf8),
        "/srv/conf/d/ini.conf": Array("[www]\npm = static\nenv[A] = ${HOME}\n".utf8),
    ]
    private var modules: Set<ByteString> = [
        "core.c", "core_module", "mod_so.c", "so_module", "mod_version.c", "version_module", "mod_macro.c",
        "macro_module",
    ]
    private static let directories: Set<ByteString> = ["/", "/srv", "/srv/conf", "/srv/conf/d"]
    private static let known: [ByteString: KnownDirective] = {
        var known: [ByteString: KnownDirective] = [:]
        for name in [
            "ServerName", "DocumentRoot", "Listen", "Require", "Options", "SetEnv", "<VirtualHost", "<Directory",
            "<Files", "<Location", "<Limit", "<If", "<RequireAll",
        ] { known[ByteString(name).lowercased] = KnownDirective(name: name) }
        known["atonce"] = KnownDirective(name: "AtOnce", executesOnRead: true, isAllowedInHtaccess: true)
        return known
    }()
    let serverVersion = ServerVersion(2, 4, 71)

    /// The file that is tested, which may include itself.
    init(_ input: [UInt8]) { files["/srv/conf/input.conf"] = input }

    private func plain(_ path: ByteString) -> ByteString {
        path.count > 1 && path.last == UInt8(ascii: "/") ? path[0..<path.count - 1] : path
    }
    func contents(of path: ByteString) throws(ConfigFileError) -> [UInt8] {
        guard let bytes = files[path] else { throw .missing }
        return bytes
    }
    func kind(of path: ByteString) -> ConfigFileKind? {
        files[path] != nil ? .regular : Self.directories.contains(plain(path)) ? .directory : nil
    }
    func entries(of directory: ByteString) throws(ConfigFileError) -> [(name: ByteString, kind: ConfigFileKind)] {
        let parent = plain(directory)
        guard Self.directories.contains(parent) else { throw .missing }
        let prefix: ByteString = parent == "/" ? "/" : "\(parent)/"
        var entries: [(name: ByteString, kind: ConfigFileKind)] = []
        for path in files.keys where path.hasPrefix(prefix) && path.count > prefix.count {
            let name = path[prefix.count..<path.count]
            if !name.contains(UInt8(ascii: "/")) { entries.append((name, .regular)) }
        }
        if parent == "/srv/conf" { entries.append(("d", .directory)) }
        return entries
    }

    func directive(named name: ByteString) -> KnownDirective? { Self.known[name] }
    func isModuleLoaded(_ name: ByteString) -> Bool { modules.contains(name) }
    func loadModule(_ symbol: ByteString, from path: ByteString, at location: SourceLocation) throws(ConfigError) {
        modules.insert(symbol)
    }
    func execute(
        _ directive: KnownDirective, _ arguments: ByteString, at location: SourceLocation
    ) throws(ConfigError) {
        if arguments == "fail" { throw ConfigError("failed") }
    }
    func environmentVariable(_ name: ByteString) -> ByteString? { name == "HOME" ? "/root ${HOME}" : nil }
    func isFound(_ pattern: ByteString, in subject: ByteString) -> Bool? {
        (try? Regex(pattern))?.matches(subject)
    }
    func log(_ warning: ConfigWarning) { _ = errorLogEscaped(warning.text) }

    func fullIncludePath(_ pattern: ByteString) -> ByteString {
        pattern.first == UInt8(ascii: "/") ? pattern : "/srv/conf/\(pattern)"
    }
    func logIniWarning(_ message: String) {}
    func iniVariable(_ name: ByteString) -> ByteString? { environmentVariable(name) }
}
