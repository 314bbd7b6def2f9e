// Apache: server/core.c core_cmds: all of them, by the files that have their rows

import Bytes
import ConfigLanguage
import Expressions
import HTTP
import Kernel

extension Core {
    /// `core` is always there; http_core belongs to it here.
    public static let module = ModuleDefinition(
        "core", .core, isStatic: true,
        directives: CoreSections.rows + CoreDirectives.rows + CoreServerDirectives.rows + CoreProcessDirectives.rows
    ) { hooks in CoreHandler.register(&hooks) }
    public static let http = ModuleDefinition(
        "http_core", .http, isStatic: true, directives: CoreServerDirectives.httpRows)
}

/// Core's settings for directories.
enum CoreDirectives {
    static let rows: [Directive] =
        CoreOverrides.rows + CoreContent.rows + CoreMessages.rows + CoreRequests.rows + CoreChildLimits.rows
        + readTimeRows

    /// What ConfigLanguage executes while it reads; listed so that `-L` and `<IfDirective>` know them.
    static let readTimeRows: [Directive] = {
        let nothing = Directive.Arity.rawArgs { _, _ in }
        return [
            Directive(
                "<IfModule", [.all, .onRead], "Container for directives based on existence of specified modules",
                nothing),
            Directive(
                "<IfDefine", [.all, .onRead], "Container for directives based on existence of command line defines",
                nothing),
            Directive(
                "<IfFile", [.all, .onRead], "Container for directives based on existence of files on disk", nothing),
            Directive(
                "<IfDirective", [.all, .onRead], "Container for directives based on existence of named directive",
                nothing),
            Directive(
                "<IfSection", [.all, .onRead], "Container for directives based on existence of named section", nothing),
            Directive(
                "Define", [.server, .directory, .onRead],
                "Define a variable, optionally to a value.  Same as passing -D to the command line.", nothing),
            Directive(
                "UnDefine", [.server, .directory, .onRead],
                "Undefine the existence of a variable. Undo a Define.", nothing),
            Directive(
                "ServerRoot", [.server, .onRead], "Common directory of server-related files (logs, confs, etc.)",
                nothing),
            Directive(
                "DefaultRuntimeDir", [.server, .onRead],
                "Common directory for run-time files (shared memory, locks, etc.)", nothing),
            Directive(
                "Include", [.server, .directory, .onRead],
                "Name(s) of the config file(s) to be included; fails if the wildcard does not match at least one file",
                nothing),
            Directive(
                "IncludeOptional", [.server, .directory, .onRead],
                "Name or pattern of the config file(s) to be included; ignored if the file does not exist or the pattern does not match any files",
                nothing),
        ]
    }()

    /// One of several words, case ignored.
    static func choice<Value>(
        _ word: ByteString, _ values: [ByteString: Value], _ message: String
    ) throws(DirectiveError) -> Value {
        guard let value = values[word.lowercased] else { throw DirectiveError(message) }
        return value
    }
}

/// Whether a string begins like an absolute URL (ap_is_url).
func isURL(_ text: ByteString) -> Bool {
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return false }
    guard
        text.bytes[..<colon].allSatisfy({
            ASCII.isAlnum($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
        })
    else { return false }
    return text.from(colon).hasPrefix("://") && text.count > colon + 3
}

extension Configuration {
    /// A module of this program by `x`, `mod_x.c` or `x_module`, in use or not.
    func module(answeringTo name: ByteString) -> ModuleDefinition? {
        available.first {
            name == ByteString($0.name) || name == ByteString($0.sourceName) || name == ByteString($0.symbol)
                || name + "_module" == ByteString($0.symbol) || name == ByteString("mod_\($0.name)")
        }
    }
}
