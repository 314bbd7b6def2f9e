// Apache: modules/mappers/mod_rewrite.c (command_table, register_hooks)

import Bytes
import ServerCore

/// Rewrites URLs by rules: in a server before the URL is mapped to a file, in a directory after that.
public enum Rewrite {
    static let directory = ConfigKey<RewriteDirectoryConfig>()
    static let server = ConfigKey<RewriteServerConfig>()

    /// The handler that carries out what a directory's rules said (REWRITE_REDIRECT_HANDLER_NAME).
    public static let redirectHandler: ByteString = "redirect-handler"

    public static let module = ModuleDefinition(
        "rewrite", .mappers,
        directives: [
            Directive(
                "RewriteEngine", .fileInfo, "On or Off to enable or disable (default) the whole rewriting engine",
                .flag(RewriteDirectives.engine)),
            Directive(
                "RewriteOptions", .fileInfo, "List of option strings to set", .iterate(RewriteDirectives.options)),
            Directive(
                "RewriteBase", .fileInfo, "the base URL of the per-directory context", .take1(RewriteDirectives.base)),
            Directive(
                "RewriteCond", .fileInfo, "an input string and a to be applied regexp-pattern",
                .rawArgs(RewriteDirectives.condition)),
            Directive(
                "RewriteRule", .fileInfo, "an URL-applied regexp-pattern and a substitution URL",
                .rawArgs(RewriteDirectives.rule)),
            Directive(
                "RewriteMap", .server, "a mapname and a filename and options", .take23(RewriteDirectives.map)),
        ]
    ) { hooks in
        hooks.onHandler(RewriteInDirectory.redirect)
        hooks.onChildInit(RewriteDirectives.startPrograms)
        // Before mod_proxy looks at the name, so that it sees what [P] made of it.
        hooks.onTranslateName(RewriteInServer.translate, order: .first, before: ["mod_proxy.c"])
        hooks.onFixups(RewriteInDirectory.fixup, order: .first, before: ["mod_proxy.c"])
        hooks.onFixups(RewriteInDirectory.forceType, order: .last)
    }
}
