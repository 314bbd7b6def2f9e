// Apache: modules/filters/mod_include.c

import Bytes
import ServerCore

/// mod_include: server-side includes, as the output filter INCLUDES.
public enum Include {
    enum XBitHack: Sendable { case off, on, full }

    public struct DirectoryConfig: MergeableConfig {
        var errorMessage: Setting<ByteString> = .inherited
        var timeFormat: Setting<ByteString> = .inherited
        var undefinedEcho: Setting<ByteString> = .inherited
        var xBitHack: Setting<XBitHack> = .inherited
        var lastModified: Setting<Bool> = .inherited
        var etag: Setting<Bool> = .inherited
        var legacyExpressions: Setting<Bool> = .inherited
        public init() {}
        public static func merged(_ base: DirectoryConfig, _ child: DirectoryConfig) -> DirectoryConfig {
            var result = child
            result.errorMessage = child.errorMessage.or(base.errorMessage)
            result.timeFormat = child.timeFormat.or(base.timeFormat)
            result.undefinedEcho = child.undefinedEcho.or(base.undefinedEcho)
            result.xBitHack = child.xBitHack.or(base.xBitHack)
            result.lastModified = child.lastModified.or(base.lastModified)
            result.etag = child.etag.or(base.etag)
            result.legacyExpressions = child.legacyExpressions.or(base.legacyExpressions)
            return result
        }
    }
    /// A server that names one tag has the other by default (no merge function).
    public struct ServerConfig: MergeableConfig {
        var startTag: ByteString = "<!--#"
        var endTag: ByteString = "-->"
        public init() {}
        public static func merged(_ base: ServerConfig, _ child: ServerConfig) -> ServerConfig { child }
    }
    static let directory = ConfigKey<DirectoryConfig>()
    static let server = ConfigKey<ServerConfig>()

    public static let module = ModuleDefinition("include", .filters, directives: rows) { hooks in
        hooks.onFixups(fixup, order: .last)
        hooks.addOutputFilter(OutputFilter("INCLUDES", .resource, prepare: prepare, apply))
    }

    private static let rows: [Directive] = [
        Directive("XBitHack", .options, "Off, On, or Full", .take1(setXBitHack)),
        Directive.word("SSIErrorMsg", .all, "a string", in: directory, \.errorMessage),
        Directive.word("SSITimeFormat", .all, "a strftime(3) formatted string", in: directory, \.timeFormat),
        Directive(
            "SSIStartTag", .server, "SSI Start String Tag",
            .take1 { context, word throws(DirectiveError) in
                guard !word.contains(where: ASCII.isSpace), !word.isEmpty else {
                    throw DirectiveError("SSIStartTag may not contain any whitespaces")
                }
                context.server[server].startTag = word
            }),
        Directive(
            "SSIEndTag", .server, "SSI End String Tag",
            .take1 { context, word throws(DirectiveError) in
                guard !word.contains(where: ASCII.isSpace), !word.isEmpty else {
                    throw DirectiveError("SSIEndTag may not contain any whitespaces")
                }
                context.server[server].endTag = word
            }),
        Directive.word(
            "SSIUndefinedEcho", .all, "String to be displayed if an echoed variable is undefined", in: directory,
            \.undefinedEcho),
        Directive.flag(
            "SSILegacyExprParser", .limit,
            "Whether to use the legacy expression parser compatible with <= 2.2.x. Limited to 'on' or 'off'",
            in: directory, \.legacyExpressions),
        Directive.flag(
            "SSILastModified", .limit,
            "Whether to set the last modified header or respect an existing header. Limited to 'on' or 'off'",
            in: directory, \.lastModified),
        Directive.flag(
            "SSIEtag", .limit,
            "Whether to allow the generation of ETags within the server. Existing ETags will be preserved. Limited to 'on' or 'off'",
            in: directory, \.etag),
    ]

    @Sendable private static func setXBitHack(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        switch word.lowercased {
        case "off": context[directory].xBitHack = .set(.off)
        case "on": context[directory].xBitHack = .set(.on)
        case "full": context[directory].xBitHack = .set(.full)
        default: throw DirectiveError("XBitHack must be set to Off, On, or Full")
        }
    }

    // MARK: Hooks

    /// `server-parsed`, and files whose execute bit says that they are to be parsed.
    @Sendable private static func fixup(_ request: Request) -> Outcome {
        if request.handler == "server-parsed" {
            if request.contentType?.isEmpty ?? true { request.contentType = "text/html" }
            request.handler = "default-handler"
        } else {
            guard request[directory].xBitHack.value(default: .off) != .off, let file = request.finfo,
                file.mode & 0o100 != 0, request.contentType?.hasPrefix("text/html") ?? false
            else { return .declined }
        }
        guard let filter = request.configuration.outputFilter(named: "INCLUDES") else { return .declined }
        request.outputFilters.append(filter)
        return .declined
    }

    private static func isFullyModified(_ request: Request) -> Bool {
        request[directory].xBitHack.value(default: .off) == .full && (request.finfo?.mode ?? 0) & 0o010 != 0
    }

    /// Nobody knows whether a parsed document changed, unless XBitHack full says that it did not.
    @Sendable private static func prepare(_ request: Request) {
        if !isFullyModified(request) { request.noLocalCopy = true }
        if !request[directory].etag.value(default: false) { request.notes.set("no-etag", "") }
    }

    @Sendable private static func apply(_ request: Request) {
        guard request[Core.directory].effectiveOptions.contains(.includes) else {
            request.log(
                .warning, "include",
                "AH01374: mod_include: Options +Includes (or IncludesNoExec) wasn't set, INCLUDES filter removed: \(request.uri)"
            )
            return
        }
        let source = IncludeSource(request, request.responseBody.asSource())
        request.headersOut.unset("Content-Length")
        if request[directory].lastModified.value(default: false) {
            if let file = request.finfo, !request.headersOut.contains("Last-Modified") {
                request.updateMtime(file.modifiedMicroseconds)
                request.setLastModified()
            }
        } else if isFullyModified(request), let file = request.finfo {
            request.updateMtime(file.modifiedMicroseconds)
            request.setLastModified()
        } else {
            request.headersOut.unset("Last-Modified")
        }
        request.responseBody = .stream(source)
    }
}
