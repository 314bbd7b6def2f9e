// Apache: modules/mappers/mod_alias.c (alias_cmds, register_hooks)

import Bytes
import Expressions
import ServerCore

/// Maps URLs to files outside DocumentRoot, and answers URLs with other URLs.
public enum Alias {
    static let directory = ConfigKey<AliasDirectoryConfig>()
    static let server = ConfigKey<AliasServerConfig>()

    public static let module = ModuleDefinition("alias", .mappers, directives: directives) { hooks in
        hooks.onTranslateName(
            AliasTranslation.translate, order: .middle, before: ["mod_userdir.c", "mod_vhost_alias.c"])
        hooks.onFixups(AliasTranslation.fixup, order: .middle)
    }

    private static let directives: [Directive] = [
        Directive(
            "Alias", [.server, .directory], "a fakename and a realname, or a realname in a Location",
            .take12 { context, fake, real throws(DirectiveError) in
                try AliasDirectives.alias(context, fake, real, handler: nil)
            }),
        Directive(
            "ScriptAlias", [.server, .directory], "a fakename and a realname, or a realname in a Location",
            .take12 { context, fake, real throws(DirectiveError) in
                try AliasDirectives.alias(context, fake, real, handler: "cgi-script")
            }),
        Directive(
            "Redirect", .fileInfo, "an optional status, then document to be redirected and destination URL",
            .take123 { context, first, second, third throws(DirectiveError) in
                try AliasDirectives.redirect(context, [first, second, third], status: 302, isRegex: false)
            }),
        Directive(
            "AliasMatch", .server, "a regular expression and a filename",
            .take2 { context, fake, real throws(DirectiveError) in
                try AliasDirectives.add(context, fake, real, handler: nil, isRegex: true)
            }),
        Directive(
            "ScriptAliasMatch", .server, "a regular expression and a filename",
            .take2 { context, fake, real throws(DirectiveError) in
                try AliasDirectives.add(context, fake, real, handler: "cgi-script", isRegex: true)
            }),
        Directive(
            "RedirectMatch", .fileInfo, "an optional status, then a regular expression and destination URL",
            .take23 { context, first, second, third throws(DirectiveError) in
                try AliasDirectives.redirect(context, [first, second, third], status: 302, isRegex: true)
            }),
        Directive(
            "RedirectTemp", .fileInfo, "a document to be redirected, then the destination URL",
            .take2 { context, first, second throws(DirectiveError) in
                try AliasDirectives.redirect(context, [first, second, nil], status: 302, isRegex: false)
            }),
        Directive(
            "RedirectPermanent", .fileInfo, "a document to be redirected, then the destination URL",
            .take2 { context, first, second throws(DirectiveError) in
                try AliasDirectives.redirect(context, [first, second, nil], status: 301, isRegex: false)
            }),
        .flag(
            "RedirectRelative", .fileInfo, "Set to ON to allow relative redirect targets to be issued as-is",
            in: directory, \.allowsRelative),
        .flag(
            "AliasPreservePath", .fileInfo, "Set to ON to map the full path after the fakename to the realname.",
            in: directory, \.preservesPath),
    ]
}

/// One Alias or Redirect (alias_entry).
struct AliasEntry: Sendable {
    var fake: ByteString
    /// Nil for a Redirect with a status that has no URL.
    var real: ByteString?
    var handler: ByteString?
    var regex: Regex?
    var status = 0
}

/// What a server says; a virtual host's own entries come before those of the main server (alias_server_conf).
struct AliasServerConfig: MergeableConfig {
    var aliases: [AliasEntry] = []
    var redirects: [AliasEntry] = []

    static func merged(_ base: AliasServerConfig, _ child: AliasServerConfig) -> AliasServerConfig {
        var result = AliasServerConfig()
        result.aliases = child.aliases + base.aliases
        result.redirects = child.redirects + base.redirects
        return result
    }
}

/// What a section says (alias_dir_conf).
struct AliasDirectoryConfig: MergeableConfig {
    /// `Alias` with one argument inside `<Location>`.
    struct Target: Sendable {
        var expression: Expression
        var fake: ByteString
        var handler: ByteString?
    }
    /// `Redirect` without a path inside `<Location>`.
    struct Answer: Sendable {
        var expression: Expression?
        var status: Int
    }
    var redirects: [AliasEntry] = []
    var alias: Target?
    var redirect: Answer?
    var allowsRelative: Setting<Bool> = .inherited
    var preservesPath: Setting<Bool> = .inherited

    static func merged(_ base: AliasDirectoryConfig, _ child: AliasDirectoryConfig) -> AliasDirectoryConfig {
        var result = AliasDirectoryConfig()
        result.redirects = child.redirects + base.redirects
        result.alias = child.alias ?? base.alias
        result.redirect = child.redirect ?? base.redirect
        result.allowsRelative = child.allowsRelative.or(base.allowsRelative)
        result.preservesPath = child.preservesPath.or(base.preservesPath)
        return result
    }
}
