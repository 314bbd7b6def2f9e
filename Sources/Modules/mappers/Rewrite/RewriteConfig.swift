// Apache: modules/mappers/mod_rewrite.c (rewrite_server_conf, rewrite_perdir_conf and their merging)

import Bytes
import ServerCore

/// `RewriteOptions`.
struct RewriteOptions: OptionSet, Sendable {
    let rawValue: UInt16
    static let inherit = RewriteOptions(rawValue: 1)
    static let inheritBefore = RewriteOptions(rawValue: 2)
    static let allowNoSlash = RewriteOptions(rawValue: 4)
    static let allowAnyURI = RewriteOptions(rawValue: 8)
    static let mergeBase = RewriteOptions(rawValue: 16)
    static let inheritDown = RewriteOptions(rawValue: 32)
    static let inheritDownBefore = RewriteOptions(rawValue: 64)
    static let ignoreInherit = RewriteOptions(rawValue: 128)
    static let ignoreContextInfo = RewriteOptions(rawValue: 256)
    static let legacyPrefixDocRoot = RewriteOptions(rawValue: 512)
    static let unsafePrefixStat = RewriteOptions(rawValue: 1024)

    /// Where rules of an enclosing scope go, when this scope has `options` after merging.
    enum Inheritance { case none, after, before }
    static func inheritance(from base: RewriteOptions, into options: RewriteOptions) -> Inheritance {
        let ignores = options.contains(.ignoreInherit)
        if options.contains(.inherit) || base.contains(.inheritDown) && !ignores { return .after }
        if options.contains(.inheritBefore) || base.contains(.inheritDownBefore) && !ignores { return .before }
        return .none
    }
}

/// What a server says about rewriting (rewrite_server_conf).
struct RewriteServerConfig: MergeableConfig {
    var engine: Setting<Bool> = .inherited
    var options: Setting<RewriteOptions> = .inherited
    var maps: [ByteString: RewriteMap] = [:]
    var rules: [RewriteRule] = []
    /// Conditions that wait for their rule; only while the configuration is read.
    var pending: [RewriteCondition] = []
    /// The server in whose scope a directive of this module stood: rules of the main server are not those of a
    /// virtual host that says nothing.
    var owner: ObjectIdentifier?

    var hasPrograms: Bool { maps.values.contains { $0.isProgram } }

    static func merged(_ base: RewriteServerConfig, _ child: RewriteServerConfig) -> RewriteServerConfig {
        var result = child
        result.engine = child.engine.or(base.engine)
        result.options = child.options.or(base.options)
        let options = result.options.value(default: [])
        switch RewriteOptions.inheritance(from: base.options.value(default: []), into: options) {
        case .after:
            result.maps = base.maps.merging(child.maps) { $1 }
            result.rules = child.rules + base.rules
        case .before:
            result.maps = base.maps.merging(child.maps) { old, _ in old }
            result.rules = base.rules + child.rules
        case .none: break
        }
        return result
    }
}

/// What a directory, an `.htaccess` file or another section says about rewriting (rewrite_perdir_conf).
struct RewriteDirectoryConfig: MergeableConfig {
    var engine: Setting<Bool> = .inherited
    var options: Setting<RewriteOptions> = .inherited
    var rules: [RewriteRule] = []
    var pending: [RewriteCondition] = []
    /// The path of the section, with a trailing slash: what is stripped before a rule is tried.
    var directory: ByteString?
    /// `RewriteBase`.
    var base: Setting<ByteString> = .inherited

    static func merged(_ base: RewriteDirectoryConfig, _ child: RewriteDirectoryConfig) -> RewriteDirectoryConfig {
        var result = child
        result.engine = child.engine.or(base.engine)
        result.options = child.options.or(base.options)
        let options = result.options.value(default: [])
        if options.contains(.mergeBase) { result.base = child.base.or(base.base) }
        switch RewriteOptions.inheritance(from: base.options.value(default: []), into: options) {
        case .after: result.rules = child.rules + base.rules
        case .before: result.rules = base.rules + child.rules
        case .none: break
        }
        return result
    }
}
