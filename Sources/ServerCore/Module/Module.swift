// Apache: include/http_config.h (module_struct), modules/core/mod_so.c

import Bytes

/// Apache's family folders.
public enum ModuleFamily: String, Sendable {
    case core, aaa, cache, database, filters, generators, http, loggers, mappers, metadata, proxy, arch, session
}

/// A module: one folder, one table. `ModuleList.swift` is the ordered list of all of them.
///
/// ```swift
/// public enum Env {
///     public static let module = ModuleDefinition("env", .metadata, directives: […]) { hooks in hooks.fixups(setEnvironment) }
/// }
/// ```
public struct ModuleDefinition: Sendable {
    /// `rewrite`: answers to `mod_rewrite.c`, `rewrite.c`, `rewrite_module`, `mod_rewrite.so`.
    public let name: String
    public let family: ModuleFamily
    public let directives: [Directive]
    public let register: @Sendable (inout Hooks) -> Void
    /// In Apache's own binary (`-l`): always there, no LoadModule needed.
    public let isStatic: Bool
    /// Why the module cannot be loaded from the file that LoadModule names; nil when it can. For modules that need more than this
    /// program.
    public private(set) var obstacle: (@Sendable (_ file: ByteString) -> String?)?

    public init(
        _ name: String, _ family: ModuleFamily, isStatic: Bool = false, directives: [Directive],
        register: @escaping @Sendable (inout Hooks) -> Void = { _ in }
    ) {
        self.name = name
        self.family = family
        self.isStatic = isStatic
        self.directives = directives
        self.register = register
    }
    /// The same with an ``obstacle``.
    public func loadable(unless obstacle: @escaping @Sendable (_ file: ByteString) -> String?) -> ModuleDefinition {
        var module = self
        module.obstacle = obstacle
        return module
    }
    /// `mod_rewrite.c`; MPMs and core are named without the prefix, as in Apache.
    public var sourceName: String {
        switch name {
        case "core", "http_core", "event", "worker", "prefork": "\(name).c"
        default: "mod_\(name).c"
        }
    }
    /// `rewrite_module`, as LoadModule and `-M` say.
    public var symbol: String {
        switch name {
        case "event", "worker", "prefork": "mpm_\(name)_module"
        case "http_core": "http_module"
        default: "\(name)_module"
        }
    }
}
