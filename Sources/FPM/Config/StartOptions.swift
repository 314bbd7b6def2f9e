// PHP: sapi/fpm/fpm/fpm.h, struct fpm_globals_s
import Bytes
import Kernel

/// What the command line asked for.
public struct StartOptions: Sendable {
    /// The arguments as given, the program first: a reload executes them again.
    public var arguments: [ByteString] = []
    /// `-y`; nil: php-fpm's place, under `prefix` when that is set.
    public var configFile: ByteString?
    /// `-p`
    public var prefix: ByteString?
    /// `-g`
    public var pid: ByteString?
    /// How many `-t`: 1 checks, 2 shows the configuration as well.
    public var testLevel = 0
    /// `-R`
    public var allowsRoot = false
    /// `-D` and `-F`, the last one; nil: as the configuration says.
    public var daemonize: Bool?
    /// `-O`
    public var forcesStandardError = false
    /// `-e`, `-c`, `-d`, `-n`: for the language.
    public var engine = EngineSettings()

    public init() {}

    /// Where Debian's php-fpm has its files.
    static let systemPrefix: ByteString = "/usr"
    static let stateDirectory: ByteString = "/var"
    /// The configuration file to read.
    public var configPath: ByteString {
        if let configFile, !configFile.isEmpty { return configFile }
        if let prefix { return "\(prefix)/etc/php-fpm.conf" }
        return StartOptions.systemFile(engine.version ?? StartOptions.newestVersion())
    }
    private static func systemFile(_ version: ByteString) -> ByteString { "/etc/php/\(version)/fpm/php-fpm.conf" }

    /// The newest version that has a configuration on this system.
    private static func newestVersion() -> ByteString {
        let versions = ((try? Directory.entries("/etc/php")) ?? []).map(\.name).filter { File.exists(systemFile($0)) }
        func number(_ version: ByteString) -> [Int] { version.split(on: 46).map(\.leadingInteger) }
        return versions.max { number($0).lexicographicallyPrecedes(number($1)) } ?? "8.2"
    }
}
