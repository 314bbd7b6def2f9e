// PHP: sapi/fpm/fpm/fpm_conf.c (fpm_conf_load_ini_file), read without judging
import Bytes
import ConfigLanguage
import Kernel

/// One `[pool]` of a process manager's files.
struct PoolSection {
    let name: ByteString
    /// Of the language.
    let version: ByteString
    /// The section's own line, where it begins first.
    let location: SourceLocation
    fileprivate(set) var entries: [ByteString: VirtualHost.Value] = [:]

    func value(_ name: ByteString) -> ByteString? { entries[name].map { expanding($0.text) } }
    var user: ByteString { value("user") ?? "" }
    var group: ByteString { value("group") ?? "" }
    /// A path, or `address:port`.
    var listen: ByteString { value("listen") ?? "" }
    func location(of name: ByteString) -> SourceLocation { entries[name]?.location ?? location }
    private func expanding(_ text: ByteString) -> ByteString {
        guard let token = text.firstRange(of: "$pool") else { return text }
        return text.upTo(token.lowerBound) + name + text.from(token.upperBound)
    }
}

/// The pools of one version of PHP, and what `[global]` says.
struct PoolFiles {
    let version: ByteString
    /// php-fpm.conf.
    let file: ByteString
    private(set) var pools: [PoolSection] = []
    private(set) var global: [ByteString: VirtualHost.Value] = [:]
    private(set) var failure: ByteString?
    private var current: Int?

    init(_ version: ByteString, _ host: HostFiles) {
        self.version = version
        file = host.managerFile(version)
        let source = PoolSource()
        do throws(IniError) {
            try IniFile.read(file, source) { (entry) throws(IniError) in self.act(entry) }
        } catch { failure = ByteString(error.messages.first ?? "cannot be read") }
    }
    var pidFile: ByteString? { global["pid"].map { $0.text.hasPrefix("/") ? $0.text : "/var/\($0.text)" } }
    var control: ByteString {
        guard let pid = pidFile else { return "/run/martinet-fpm/control" }
        return (pid.hasSuffix(".pid") ? pid.upTo(pid.count - 4) : pid) + ".control"
    }

    private mutating func act(_ entry: IniEntry) {
        switch entry.statement {
        case .section(let name):
            if name.equalsIgnoringCase("global") {
                current = nil
            } else if let known = pools.firstIndex(where: { $0.name.equalsIgnoringCase(name) }) {
                current = known
            } else {
                current = pools.count
                pools.append(PoolSection(name: name, version: version, location: entry.location))
            }
        case .entry(let name, let value):
            set(name.lowercased, value ?? "", entry.location)
        case .arrayEntry(let name, let key, let value):
            set("\(name.lowercased)[\(key)]", value, entry.location)
        }
    }
    private mutating func set(_ name: ByteString, _ text: ByteString, _ location: SourceLocation) {
        let value = VirtualHost.Value(text: text, location: location)
        if let current { pools[current].entries[name] = value } else { global[name] = value }
    }
}

private final class PoolSource: IniSource {
    func fullIncludePath(_ pattern: ByteString) -> ByteString { pattern.hasPrefix("/") ? pattern : "/usr/\(pattern)" }
    func logIniWarning(_ message: String) {}
    func iniVariable(_ name: ByteString) -> ByteString? { Environment.get(name) }
    func contents(of path: ByteString) throws(ConfigFileError) -> [UInt8] { try ConfigFiles.contents(of: path) }
    func kind(of path: ByteString) -> ConfigFileKind? { ConfigFiles.kind(of: path) }
    func entries(of directory: ByteString) throws(ConfigFileError) -> [(name: ByteString, kind: ConfigFileKind)] {
        try ConfigFiles.entries(of: directory)
    }
}
