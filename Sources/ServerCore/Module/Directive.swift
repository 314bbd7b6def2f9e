// Apache: include/http_config.h (command_rec, cmd_how), server/config.c (invoke_cmd)

import Bytes
import ConfigLanguage

/// Where a directive may stand, and which `AllowOverride` class lets it into `.htaccess`: Apache's req_override bits.
public struct Allowed: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// `.htaccess` under `AllowOverride Limit` / `Options` / `FileInfo` / `AuthConfig` / `Indexes`, and in directory sections.
    public static let limit = Allowed(rawValue: 1)
    public static let options = Allowed(rawValue: 2)
    public static let fileInfo = Allowed(rawValue: 4)
    public static let authConfig = Allowed(rawValue: 8)
    public static let indexes = Allowed(rawValue: 16)
    /// Only inside `<Directory>`, `<Location>`, `<Files>` … of server configuration (ACCESS_CONF).
    public static let directory = Allowed(rawValue: 64)
    /// Outside every directory section: main server and virtual hosts (RSRC_CONF).
    public static let server = Allowed(rawValue: 128)
    /// Executed while the configuration is read (EXEC_ON_READ).
    public static let onRead = Allowed(rawValue: 256)
    /// Forbidden inside <VirtualHost>… checked with `DirectiveContext.check`; kept for `-L`.
    public static let all: Allowed = [.limit, .options, .fileInfo, .authConfig, .indexes]
}

/// What is wrong with a directive, in Apache's words; the configuration walk adds file and line.
public struct DirectiveError: Error, Sendable {
    public var message: String
    /// Set when an enclosed directive is to blame rather than the one that encloses it.
    var location: SourceLocation?
    public init(_ message: String) { self.message = message }
    /// Ends the reading without naming a line, as Apache does where it exits on the spot.
    public init(fatal message: String) {
        self.message = message
        namesNoLine = true
    }
    private(set) var namesNoLine = false
    init(_ message: String, at location: SourceLocation?) {
        self.message = message
        self.location = location
    }
}

public typealias DirectiveSetter<each Argument> =
    @Sendable (DirectiveContext, repeat each Argument) throws(DirectiveError) -> Void

/// One row of a module's table: a directive's name, where it may stand, how many arguments it takes, what it does.
public struct Directive: Sendable {
    /// How arguments are cut, as Apache's cmd_how; the setter's type agrees with it.
    public enum Arity: Sendable {
        case noArgs(DirectiveSetter<>)
        case flag(DirectiveSetter<Bool>)
        case take1(DirectiveSetter<ByteString>)
        case take2(DirectiveSetter<ByteString, ByteString>)
        case take3(DirectiveSetter<ByteString, ByteString, ByteString>)
        case take12(DirectiveSetter<ByteString, ByteString?>)
        case take13(DirectiveSetter<ByteString, ByteString?, ByteString?>)
        case take23(DirectiveSetter<ByteString, ByteString, ByteString?>)
        case take123(DirectiveSetter<ByteString, ByteString?, ByteString?>)
        /// Called once for each argument.
        case iterate(DirectiveSetter<ByteString>)
        /// Called with the first argument and each of the others.
        case iterate2(DirectiveSetter<ByteString, ByteString>)
        case takeArgv(DirectiveSetter<[ByteString]>)
        case rawArgs(DirectiveSetter<ByteString>)
        /// `<Name args>` … `</Name>`; the setter gets the text before `>` and the enclosed directives.
        case section(DirectiveSetter<ByteString, SectionBody>)
        /// Known to Apache and not built here: `-t` fails with this sentence.
        case unsupported(String)
    }
    public let name: StaticString
    public let allowed: Allowed
    public let usage: StaticString
    public let arity: Arity

    public init(_ name: StaticString, _ allowed: Allowed, _ usage: StaticString, _ arity: Arity) {
        self.name = name
        self.allowed = allowed
        self.usage = usage
        self.arity = arity
    }

    /// A flag stored by key path in the per-directory configuration.
    public static func flag<Config>(
        _ name: StaticString, _ allowed: Allowed, _ usage: StaticString,
        in key: ConfigKey<Config>, _ path: any WritableKeyPath<Config, Setting<Bool>> & Sendable
    ) -> Directive {
        Directive(name, allowed, usage, .flag { context, value in context[key][keyPath: path] = .set(value) })
    }
    /// One word stored by key path in the per-directory configuration.
    public static func word<Config>(
        _ name: StaticString, _ allowed: Allowed, _ usage: StaticString,
        in key: ConfigKey<Config>, _ path: any WritableKeyPath<Config, Setting<ByteString>> & Sendable
    ) -> Directive {
        Directive(name, allowed, usage, .take1 { context, value in context[key][keyPath: path] = .set(value) })
    }
}
