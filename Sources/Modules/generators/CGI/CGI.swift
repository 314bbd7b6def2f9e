// Apache: modules/generators/mod_cgi.c, mod_cgid.c

import Bytes
import ServerCore

/// mod_cgi and mod_cgid: answers made by programs. Both start the program from the serving process, which can do so
/// cheaply whatever its threads (mod_cgid's daemon exists because fork could not); they differ in directives and in the
/// numbers of their messages.
public enum CGI {
    /// cgi_server_conf.
    public struct ServerConfig: MergeableConfig {
        var logName: ByteString?
        var logLength: Int64 = 10_385_760
        /// How much of a request body goes to ScriptLog.
        var bufferSize = 1024
        public init() {}
        public static func merged(_ base: ServerConfig, _ child: ServerConfig) -> ServerConfig {
            child.logName == nil ? base : child
        }
    }
    public struct DirectoryConfig: MergeableConfig {
        /// Milliseconds between two successful reads; 0 is `Timeout`.
        var timeout: UInt64 = 0
        public init() {}
        public static func merged(_ base: DirectoryConfig, _ child: DirectoryConfig) -> DirectoryConfig { child }
    }
    static let server = ConfigKey<ServerConfig>()
    static let directory = ConfigKey<DirectoryConfig>()

    /// What the two modules call the same things.
    struct Flavor: Sendable {
        let name: String
        let execOff, included, missing, isDirectory, pathInfo, entity: String
        /// Standard error comes through the server.
        let readsErrors: Bool
        static let cgi = Flavor(
            name: "cgi", execOff: "AH02809", included: "AH02810", missing: "AH02811", isDirectory: "AH02812",
            pathInfo: "AH02813", entity: "AH01225", readsErrors: true)
        static let cgid = Flavor(
            name: "cgid", execOff: "AH01262", included: "AH01263", missing: "AH01264", isDirectory: "AH01265",
            pathInfo: "AH01266", entity: "AH01270", readsErrors: false)
    }

    public static let module = ModuleDefinition(
        "cgi", .generators, directives: rows + [timeoutRow("CGIScriptTimeout")]
    ) { hooks in hooks.onHandler { await CGIHandler.handle($0, .cgi) } }

    public static let daemonModule = ModuleDefinition(
        "cgid", .generators,
        directives: rows + [
            Directive(
                "ScriptSock", .server, "the name of the socket to use for communication with the cgi daemon.",
                // No daemon, no socket.
                .take1 { _, _ in }),
            timeoutRow("CGIDScriptTimeout"),
        ]
    ) { hooks in hooks.onHandler { await CGIHandler.handle($0, .cgid) } }

    private static let rows: [Directive] = [
        Directive(
            "ScriptLog", .server, "the name of a log for script debugging info",
            .take1 { context, word in context.server[server].logName = context.serverRelative(word) }),
        Directive(
            "ScriptLogLength", .server, "the maximum length (in bytes) of the script debug log",
            .take1 { context, word in context.server[server].logLength = Int64(word.leadingInteger) }),
        Directive(
            "ScriptLogBuffer", .server, "the maximum size (in bytes) to record of a POST request",
            .take1 { context, word in context.server[server].bufferSize = max(0, word.leadingInteger) }),
    ]
    private static func timeoutRow(_ name: StaticString) -> Directive {
        Directive(
            name, [.server, .directory],
            "The amount of time to wait between successful reads from the CGI script, in seconds.",
            .take1 { context, word throws(DirectiveError) in
                guard let time = milliseconds(word) else { throw DirectiveError("\(name) has wrong format") }
                context[directory].timeout = time
            })
    }
    /// A number with `us`, `ms`, `s`, `mi` or `h` behind it; seconds without (ap_timeout_parameter_parse).
    static func milliseconds(_ text: ByteString) -> UInt64? {
        let (value, unit) = text.leadingNumber
        guard let value, value >= 0 else { return nil }
        let number = UInt64(min(value, 1 << 40))
        switch unit.lowercased {
        case "", "s": return number * 1000
        case "us": return number / 1000
        case "ms": return number
        case "mi", "m", "min": return number * 60_000
        case "h": return number * 3_600_000
        default: return nil
        }
    }
}
