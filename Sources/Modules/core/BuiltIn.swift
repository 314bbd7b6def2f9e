// Apache: modules/mappers/mod_so.c, modules/core/mod_watchdog.c, modules/metadata/mod_version.c, modules/core/mod_macro.c

import ServerCore

/// Modules whose work is done elsewhere: reading configuration executes their directives before the tree exists.
/// Their rows are there for `-L` and for `<IfModule>`.
enum BuiltIn {
    /// A directive that the configuration reader executed already.
    private static let read = Directive.Arity.rawArgs { _, _ in }

    static let so = ModuleDefinition(
        "so", .mappers, isStatic: true,
        directives: [
            Directive(
                "LoadModule", [.server, .onRead],
                "a module name and the name of a shared object file to load it from", read),
            Directive(
                "LoadFile", [.server, .onRead], "shared object file or library to load into the server at runtime",
                .unsupported(
                    "no library can be loaded into this server: remove this line, modules here bring what they need")),
        ])

    static let watchdog = ModuleDefinition(
        "watchdog", .core, isStatic: true,
        directives: [
            Directive("WatchdogInterval", .server, "Watchdog interval in seconds", .take1 { _, _ in })
        ])

    static let version = ModuleDefinition(
        "version", .metadata, isStatic: true,
        directives: [
            Directive(
                "<IfVersion", [.all, .server, .directory, .onRead],
                "a comparison operator, a version (and a delimiter)", read)
        ])

    static let macro = ModuleDefinition(
        "macro", .core,
        directives: [
            Directive("<Macro", [.all, .onRead], "Beginning of a macro definition section.", read),
            Directive("Use", [.all, .onRead], "Use of a macro.", read),
            Directive("UndefMacro", [.all, .onRead], "Remove a macro definition.", read),
            Directive(
                "MacroIgnoreEmptyArgs", [.all, .onRead], "Globally ignore warnings about empty arguments.", read),
            Directive("MacroIgnoreBadNesting", [.all, .onRead], "Globally ignore warnings about bad nesting.", read),
        ])
}
