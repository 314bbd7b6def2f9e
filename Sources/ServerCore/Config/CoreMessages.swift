// Apache: server/core.c core_cmds: error pages and logs; set_error_document, set_loglevel

import Bytes
import ConfigLanguage
import Expressions
import HTTP

/// What clients and logs are told when something goes wrong.
enum CoreMessages {
    static let rows: [Directive] = [
        Directive("ErrorDocument", .fileInfo, "Change responses for HTTP errors", .take2(errorDocument)),
        Directive(
            "ServerSignature", .all, "En-/disable server signature (on|off|email)",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].serverSignature = .set(
                    try CoreDirectives.choice(
                        word, ["on": .on, "off": .off, "email": .email],
                        "ServerSignature: use one of: off | on | email"))
            }),
        Directive("LogLevel", [.server, .directory], "Level of verbosity in error logging", .iterate(logLevel)),
        Directive(
            "Error", .all, "Generate error message from within configuration",
            .rawArgs { _, text throws(DirectiveError) in throw DirectiveError(errorDirectiveMessage(text)) }),
    ]

    @Sendable static func errorDocument(
        _ context: DirectiveContext, _ code: ByteString, _ message: ByteString
    ) throws(DirectiveError) {
        guard let number = ByteString(code.bytes.prefix(while: ASCII.isDigit)).decimal, Status(number).knownLine != nil
        else {
            throw DirectiveError("Unsupported HTTP response code \(code)")
        }
        if message.equalsIgnoringCase("default") {
            context[Core.directory].errorDocuments[number] = .standard
            return
        }
        let isLocal = !message.contains(UInt8(ascii: " ")) && message.first == UInt8(ascii: "/")
        let isRemote = !message.contains(UInt8(ascii: " ")) && isURL(message)
        if number == 401, isRemote {
            context.warn(
                "AH00113: \(context.location.file):\(context.location.line) cannot use a full URL in a 401 ErrorDocument directive --- ignoring!",
                .notice)
            return
        }
        let expression: Expression
        do throws(DirectiveError) { expression = try context.parseString(message) } catch {
            throw DirectiveError("Cannot parse expression in ErrorDocument: \(error.message)")
        }
        context[Core.directory].errorDocuments[number] = isLocal || isRemote ? .url(expression) : .text(expression)
    }

    @Sendable static func logLevel(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        var levels = context.path == nil ? context.server.logLevels : context[Core.directory].logLevels ?? LogLevels()
        let parts = word.split(on: UInt8(ascii: ":"))
        let sentence =
            "Log level keyword must be one of emerg/alert/crit/error/warn/notice/info/debug/trace1/.../trace8"
        if parts.count > 1, parts[parts.count - 1].isEmpty {
            throw DirectiveError("Module specifier '\(parts[0])' must be followed by a log level keyword")
        }
        guard let level = LogLevel(parts[parts.count - 1]) else {
            throw DirectiveError(parts.count > 1 ? "\(word): \(sentence)" : sentence)
        }
        if parts.count == 1 {
            levels.overall = level
            levels.modules = [:]
        } else {
            let name = parts[0]
            guard let module = context.configuration.module(answeringTo: name),
                context.configuration.loaded.contains(module.name)
            else {
                throw DirectiveError("Cannot find module \(name)")
            }
            levels.modules[module.name] = level
        }
        if context.path == nil {
            context.server.logLevels = levels
        } else {
            context[Core.directory].logLevels = levels
        }
    }
}
