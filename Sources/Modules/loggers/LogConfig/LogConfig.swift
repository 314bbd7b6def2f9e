// Apache: modules/loggers/mod_log_config.c

import Bytes
import Expressions
import Kernel
import ServerCore

/// mod_log_config: access logs in formats of one's own.
public enum LogConfig {
    public static let module = ModuleDefinition("log_config", .loggers, isStatic: true, directives: directives) {
        hooks in
        hooks.onCheckConfig(checkDirectories)
        hooks.onOpenLogs(openLogs)
        hooks.onLogTransaction(logTransaction)
    }

    public static let server = ConfigKey<LogServer>()

    static let defaultFormat: ByteString = "%h %l %u %t \"%r\" %>s %b"

    private static let directives: [Directive] = [
        Directive(
            "CustomLog", .server,
            "a file name, a custom log format string or format name, and an optional \"env=\" or \"expr=\" clause (see docs)",
            .take23 { (context, file, format, clause) throws(DirectiveError) in
                try addLog(context, file, format, clause, isGlobal: false)
            }),
        Directive(
            "GlobalLog", .server, "Same as CustomLog, but forces virtualhosts to inherit the log",
            .take23 { (context, file, format, clause) throws(DirectiveError) in
                try context.requireGlobal()
                try addLog(context, file, format, clause, isGlobal: true)
            }),
        Directive(
            "TransferLog", .server, "the filename of the access log",
            .take1 { (context, file) throws(DirectiveError) in
                try addLog(context, file, nil, nil, isGlobal: false)
            }),
        Directive(
            "LogFormat", .server, "a log format string (see docs) and an optional format name",
            .take12(logFormat)),
        // Lines are always collected for one turn of the loop, so there is nothing left to switch on.
        Directive("BufferedLogs", .server, "Enable Buffered Logging (experimental)", .flag { _, _ in }),
    ]

    @Sendable private static func logFormat(
        _ context: DirectiveContext, _ format: ByteString, _ name: ByteString?
    ) throws(DirectiveError) {
        _ = try compile(format, context.configuration)
        if let name {
            context.server[server].formats[name] = format
        } else {
            context.server[server].defaultFormat = .set(format)
        }
    }

    private static func addLog(
        _ context: DirectiveContext, _ file: ByteString, _ format: ByteString?, _ clause: ByteString?, isGlobal: Bool
    ) throws(DirectiveError) {
        let log = AccessLog(file: file, format: format, isGlobal: isGlobal, location: context.location)
        if let clause { log.condition = try condition(clause, context) }
        if let format { _ = try compile(format, context.configuration) }
        context.server[server].logs.append(log)
    }
    private static func condition(
        _ clause: ByteString, _ context: DirectiveContext
    ) throws(DirectiveError) -> AccessLog.Condition {
        if clause.hasPrefixIgnoringCase("env=") {
            let name = clause.from(4)
            guard !name.isEmpty, name != "!" else { throw DirectiveError("missing environment variable name") }
            return name.first == UInt8(ascii: "!") ? .without(name.from(1)) : .with(name)
        }
        if clause.hasPrefixIgnoringCase("expr=") {
            guard clause.count > 5 else { throw DirectiveError("missing condition") }
            return .expression(try context.parseCondition(clause.from(5), flags: [.dontVary]))
        }
        throw DirectiveError("error in condition clause")
    }

    /// Log files must lie in directories that exist, or the server does not start (log_check_config).
    @Sendable private static func checkDirectories(_ configuration: Configuration) throws(DirectiveError) {
        for one in configuration.servers {
            for log in one[server].logs where log.file.first != UInt8(ascii: "|") {
                let path = configuration.serverRelative(log.file)
                let directory = path.upTo((path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)
                let failure: Errno
                do throws(Errno) {
                    if try FileStatus(directory).isDirectory { continue }
                    failure = .notDirectory
                } catch { failure = error }
                throw DirectiveError(
                    "(\(failure.rawValue))\(failure.description): AH02297: Cannot access directory '\(directory)' for log file '\(log.file)' defined at \(log.location.file):\(log.location.line)"
                )
            }
        }
    }
}

/// mod_log_config's server configuration (multi_log_state).
public struct LogServer: MergeableConfig {
    var defaultFormat: Setting<ByteString> = .inherited
    var formats: [ByteString: ByteString] = [:]
    /// This server's own logs.
    var logs: [AccessLog] = []
    /// The main server's logs, as a virtual host sees them.
    var inherited: [AccessLog] = []
    /// The logs to be written, in order, with their formats compiled; made when logs are opened.
    var active: [(log: AccessLog, format: LogFormat)] = []

    public init() {}
    public static func merged(_ base: LogServer, _ child: LogServer) -> LogServer {
        var result = child
        result.inherited = base.logs
        result.defaultFormat = child.defaultFormat.or(base.defaultFormat)
        result.formats = base.formats.merging(child.formats) { $1 }
        return result
    }
    /// Own logs, and those of the main server that are global or that nothing replaces.
    var effective: [AccessLog] { logs + inherited.filter { $0.isGlobal || logs.isEmpty } }
}
