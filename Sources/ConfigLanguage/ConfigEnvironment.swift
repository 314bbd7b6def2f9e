// Apache: what server/config.c asks of the core, of mod_so and of APR while it reads.
import Bytes

/// A directive that some loaded module declares.
public struct KnownDirective: Sendable, Hashable {
    /// The module's own spelling; a section's begins with `<`.
    public let name: String
    /// Apache's `EXEC_ON_READ`: the reader calls `execute` at once and leaves the directive out of the tree.
    public let executesOnRead: Bool
    /// Whether a directive that executes on read may stand in an `.htaccess` file (it has an override class).
    public let isAllowedInHtaccess: Bool

    public init(name: String, executesOnRead: Bool = false, isAllowedInHtaccess: Bool = false) {
        self.name = name
        self.executesOnRead = executesOnRead
        self.isAllowedInHtaccess = isAllowedInHtaccess
    }
}

/// The release that `<IfVersion>` compares with.
public struct ServerVersion: Sendable, Hashable {
    public let major: Int
    public let minor: Int
    public let patch: Int
    /// What follows the number, such as `-dev`.
    public let suffix: String

    public init(_ major: Int, _ minor: Int, _ patch: Int, suffix: String = "") {
        self.major = major
        self.minor = minor
        self.patch = patch
        self.suffix = suffix
    }
}

public enum ConfigFileKind: Sendable, Hashable { case regular, directory, other }

/// Why a file or directory could not be read.
public struct ConfigFileError: Error, Sendable, Hashable {
    /// The system's sentence, such as `No such file or directory`.
    public let message: String
    /// The system's number, 2 for a missing file.
    public let code: Int32
    /// ENOENT.
    public var isMissing: Bool { code == 2 }

    public init(_ message: String, code: Int32) {
        self.message = message
        self.code = code
    }
    public static let missing = ConfigFileError("No such file or directory", code: 2)
}

/// The file system as configuration reading needs it. Paths are absolute.
public protocol ConfigSource: AnyObject {
    /// The whole file. What is not a regular file is refused by the reader, which asks `kind` first.
    func contents(of path: ByteString) throws(ConfigFileError) -> [UInt8]
    /// What `path` is, symbolic links followed; nil when there is nothing.
    func kind(of path: ByteString) -> ConfigFileKind?
    /// The names in a directory, in any order, with what each is without following links (`d_type`).
    /// `.` and `..` may be left out.
    func entries(of directory: ByteString) throws(ConfigFileError) -> [(name: ByteString, kind: ConfigFileKind)]
}

/// What the reader asks its host while reading.
///
/// The reader itself knows the directives that shape the text: `Define`, `UnDefine`, `Include`, `IncludeOptional`,
/// `ServerRoot`, `DefaultRuntimeDir`, `LoadModule`, the `<If…>` sections that are settled at read time,
/// and the directives of mod_version and mod_macro when those are loaded. Every other name is the host's.
public protocol ConfigEnvironment: ConfigSource {
    /// The directive of this name in the modules that are loaded now.
    /// - Parameter name: Lower-case; a section's begins with `<`.
    func directive(named name: ByteString) -> KnownDirective?
    /// Whether `mod_x.c`, or a module symbol `x_module`, is loaded. The case of letters counts.
    func isModuleLoaded(_ name: ByteString) -> Bool
    /// `LoadModule`; later lines see its directives. The path is as written.
    func loadModule(_ symbol: ByteString, from path: ByteString, at location: SourceLocation) throws(ConfigError)
    /// Runs a directive for which `directive(named:)` said `executesOnRead`.
    func execute(_ directive: KnownDirective, _ arguments: ByteString, at location: SourceLocation) throws(ConfigError)
    /// `getenv`.
    func environmentVariable(_ name: ByteString) -> ByteString?
    /// For `<IfVersion ~ …>`: whether the pattern is found in the subject; nil when it does not compile.
    func isFound(_ pattern: ByteString, in subject: ByteString) -> Bool?
    var serverVersion: ServerVersion { get }
    func log(_ warning: ConfigWarning)
    /// A configuration file is about to be read: `-D DUMP_INCLUDES`.
    /// - Parameters:
    ///   - depth: 0 for the main file, then the number of `Include` directives on the way.
    ///   - line: That of the last `Include` that began, 0 before the first.
    func willRead(_ file: ByteString, depth: Int, line: Int)
    /// A directive that shapes the text, which leaves no node in the tree, is carried out or, if it is a condition, tested.
    func willCarryOut(_ name: String, at location: SourceLocation)
}

extension ConfigEnvironment {
    public func execute(
        _ directive: KnownDirective, _ arguments: ByteString, at location: SourceLocation
    ) throws(ConfigError) {}
    public func willRead(_ file: ByteString, depth: Int, line: Int) {}
    public func willCarryOut(_ name: String, at location: SourceLocation) {}
}
