// PHP: sapi/fpm/fpm/fpm_conf.c, fpm_conf_load_ini_file and fpm_conf_ini_parser
import Bytes
import ConfigLanguage
import Kernel

/// Reads the files into sections; nothing that depends on more than one line is checked here.
final class ConfigReader {
    private let log: ErrorLog
    private let paths: PathRules
    private(set) var global = GlobalConfig()
    private(set) var pools: [PoolConfig] = []
    /// The section that is being read; nil is `[global]`.
    private var current: Int?

    init(_ options: StartOptions, _ log: ErrorLog) {
        self.log = log
        paths = PathRules(prefix: options.prefix)
        if let pid = options.pid, !pid.isEmpty { global.pid = pid }
    }

    /// - Returns: false after logging what was wrong.
    func read(_ file: ByteString) -> Bool {
        do throws(IniError) {
            try IniFile.read(file, self) { (entry) throws(IniError) in try act(entry) }
            return true
        } catch {
            for message in error.messages { log(.error, ByteString(message)) }
            return false
        }
    }

    private func act(_ entry: IniEntry) throws(IniError) {
        let wrong: ByteString?
        switch entry.statement {
        case .section(let name):
            enter(name)
            wrong = nil
        case .entry(let name, let value): wrong = set(name, value ?? ByteString())
        case .arrayEntry(let name, let key, let value): wrong = setArray(name, key, value)
        }
        if let wrong { throw IniError(messages: ["[\(entry.location)] \(wrong)"]) }
    }

    private func enter(_ name: ByteString) {
        if name.equalsIgnoringCase("global") {
            current = nil
        } else if let known = pools.firstIndex(where: { $0.name.equalsIgnoringCase(name) }) {
            current = known
        } else {
            current = pools.count
            pools.append(PoolConfig(name: name))
        }
    }

    private func set(_ name: ByteString, _ value: ByteString) -> ByteString? {
        let found: (name: String, wrong: String?)?
        if let current {
            let row = PoolConfig.directives.first { name.equalsIgnoringCase(ByteString($0.name)) }
            found = row.map { ($0.name, $0.set(&pools[current], value, pools[current].name)) }
        } else {
            let row = GlobalConfig.directives.first { name.equalsIgnoringCase(ByteString($0.name)) }
            found = row.map { ($0.name, $0.set(&global, value, nil)) }
        }
        guard let found else { return "unknown entry '\(name)'" }
        return found.wrong.map { "unable to parse value for entry '\(found.name)': \($0)" }
    }

    private func setArray(_ name: ByteString, _ key: ByteString, _ value: ByteString) -> ByteString? {
        if name == "access.suppress_path" {
            if !key.isEmpty { return "Keys provided to field 'access.suppress_path' are ignored" }
            if value.first != UInt8(ascii: "/") {
                return "Values provided to field 'access.suppress_path' must begin with '/'"
            }
        } else if key.isEmpty {
            return "You must provide a key for field '\(name)'"
        }
        guard let current else { return "Array are not allowed in the global section" }
        if name == "env", value.isEmpty { return "empty value" }
        do throws(ValueError) {
            return try pools[current].setArray(name, key: key, value: value) ? nil : "unknown directive '\(name)'"
        } catch {
            return "error while parsing '\(name)[\(key)]' : \(error.sentence)"
        }
    }
}

extension ConfigReader: IniSource {
    func fullIncludePath(_ pattern: ByteString) -> ByteString { paths.full(pattern) }
    func logIniWarning(_ message: String) { log(.warning, ByteString(message)) }
    func iniVariable(_ name: ByteString) -> ByteString? { Environment.get(name) }

    func contents(of path: ByteString) throws(ConfigFileError) -> [UInt8] { try ConfigFiles.contents(of: path) }
    func kind(of path: ByteString) -> ConfigFileKind? { ConfigFiles.kind(of: path) }
    func entries(of directory: ByteString) throws(ConfigFileError) -> [(name: ByteString, kind: ConfigFileKind)] {
        try ConfigFiles.entries(of: directory)
    }
}
