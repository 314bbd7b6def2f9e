// Apache: include/http_config.h (cmd_parms)

import Bytes
import ConfigLanguage
import Kernel

/// The directives enclosed in a section, to be handed back to ``DirectiveContext/process(_:into:path:)``.
public struct SectionBody: Sendable {
    let node: Node
}

/// What a directive's setter works on: cmd_parms. One per scope; never kept.
public final class DirectiveContext {
    public let configuration: Configuration
    /// The server the directive stands in.
    public let server: Server
    /// The per-directory configuration being filled: of the section, of the `.htaccess` file, or the server's defaults.
    public var perDirectory: ConfigVector
    /// The section's path, regular expression or URL as written; nil at server level (cmd->path).
    public let path: ByteString?
    /// Where we are and so what may stand here (cmd->override).
    public internal(set) var override: Allowed
    /// `AllowOverrideList`; checked besides `override`.
    public internal(set) var overrideList: Set<ByteString>?
    /// What `Options` may say in `.htaccess` (cmd->override_opts).
    public internal(set) var overrideOptions: Options
    public let isHtaccess: Bool
    /// `AllowOverride Nonfatal=…`.
    var nonFatal: CoreDirectory.NonFatal = []
    /// Methods of an enclosing `<Limit>` (bits of ``Method``); nil outside.
    public var limitedMethods: UInt64?
    /// Names of the enclosing sections, outermost first, lower case without `<`: "virtualhost", "directory" …
    public internal(set) var enclosing: [String]
    /// The innermost enclosing section as it is written, `<RequireAll`.
    var parentSection: String?
    public internal(set) var location: SourceLocation
    /// The directive's name as its table spells it.
    public internal(set) var directive = ""
    /// The module whose row the directive is.
    var module = "core"
    /// Open `<RequireAll>` and the like belong to their module: state that lives while one scope is read.
    public var scratch: [ObjectIdentifier: Any] = [:]

    init(
        configuration: Configuration, server: Server, perDirectory: ConfigVector, path: ByteString?, override: Allowed,
        isHtaccess: Bool = false, enclosing: [String] = [], location: SourceLocation
    ) {
        self.configuration = configuration
        self.server = server
        self.perDirectory = perDirectory
        self.path = path
        self.override = override
        self.isHtaccess = isHtaccess
        self.enclosing = enclosing
        self.location = location
        overrideOptions = Options.all.union([.symLinksIfOwnerMatch, .multiViews])
    }

    /// The per-directory configuration of a module, to read or change.
    public subscript<Value>(key: ConfigKey<Value>) -> Value {
        _read { yield perDirectory[key] }
        _modify { yield &perDirectory[key] }
    }

    /// A relative path below ServerRoot (ap_server_root_relative).
    public func serverRelative(_ path: ByteString) -> ByteString { configuration.serverRelative(path) }

    /// Directives that belong to the whole server only (GLOBAL_ONLY): refuses them elsewhere in Apache's words.
    public func requireGlobal() throws(DirectiveError) {
        if server.isVirtual { throw DirectiveError("\(shownName) cannot occur within <VirtualHost> section") }
        try forbidDirectoryContext()
    }
    /// Refuses the directive in every kind of directory section and in `.htaccess` (NOT_IN_DIR_CONTEXT).
    public func forbidDirectoryContext() throws(DirectiveError) {
        if limitedMethods != nil {
            throw DirectiveError("\(shownName) cannot occur within <Limit> or <LimitExcept> section")
        }
        if isHtaccess { throw DirectiveError("\(shownName) cannot occur within htaccess files") }
        if path != nil { throw DirectiveError("\(shownName) cannot occur within directory context") }
    }
    /// The directive as messages about its place name it: sections with both brackets.
    private var shownName: String { directive.first == "<" ? directive + ">" : directive }
    /// Refuses the directive inside `<Limit>`, `<Files>` … by name.
    public func forbid(inside sections: [String]) throws(DirectiveError) {
        for section in sections where enclosing.contains(section) {
            throw DirectiveError("\(shownName) cannot occur within <\(Self.display(section))> section")
        }
    }
    /// Says something about the configuration when it is checked and when the server starts, in the module's name.
    public func warn(_ message: String, _ level: LogLevel = .warning) {
        // While requests are served the configuration is frozen: what `.htaccess` says is said at once.
        if isHtaccess { return server.log(level, module, ByteString(message)) }
        configuration.say(level, module, message)
    }

    static func display(_ section: String) -> String {
        switch section {
        case "virtualhost": "VirtualHost"
        case "directory": "Directory"
        case "directorymatch": "DirectoryMatch"
        case "location": "Location"
        case "locationmatch": "LocationMatch"
        case "files": "Files"
        case "filesmatch": "FilesMatch"
        case "limit": "Limit"
        case "limitexcept": "LimitExcept"
        case "if": "If"
        case "elseif": "ElseIf"
        case "else": "Else"
        case "proxy": "Proxy"
        case "proxymatch": "ProxyMatch"
        default: section
        }
    }
}
