// Apache: modules/metadata/mod_headers.c

import Bytes
import ServerCore

/// mod_headers: changes to the fields of requests and answers.
public enum Headers {
    public static let module = ModuleDefinition("headers", .metadata, directives: directives) { hooks in
        hooks.addOutputFilter(outputFilter)
        hooks.addOutputFilter(errorFilter)
        hooks.onInsertFilter(insertOutputFilter, order: .last)
        hooks.onInsertErrorFilter(insertErrorFilter, order: .last)
        hooks.onFixups(fixup, order: .last)
        hooks.onPostReadRequest(early, order: .first)
    }

    static let directory = ConfigKey<HeadersDirectory>()

    private static let directives = [
        Directive(
            "Header", .fileInfo,
            "an optional condition, an action, header and value followed by optional env clause",
            .rawArgs { (context, text) throws(DirectiveError) in try HeaderEntry.parse(text, context, .answer) }),
        Directive(
            "RequestHeader", .fileInfo, "an action, header and value followed by optional env clause",
            .rawArgs { (context, text) throws(DirectiveError) in try HeaderEntry.parse(text, context, .request) }),
    ]

    // Apache places these filters behind all that set content (AP_FTYPE_CONTENT_SET, inserted last).
    private static let outputFilter = OutputFilter("FIXUP_HEADERS_OUT", .contentSet) { request in
        let config = request[directory]
        _ = HeaderActions.run(config.always, on: .always, request, early: false)
        _ = HeaderActions.run(config.answer, on: .answer, request, early: false)
    }
    private static let errorFilter = OutputFilter("FIXUP_HEADERS_ERR", .contentSet) { request in
        _ = HeaderActions.run(request[directory].always, on: .always, request, early: false)
    }
    @Sendable private static func insertOutputFilter(_ request: Request) {
        let config = request[directory]
        if !config.answer.isEmpty || !config.always.isEmpty { request.outputFilters.append(outputFilter) }
    }
    @Sendable private static func insertErrorFilter(_ request: Request) {
        if !request[directory].always.isEmpty { request.outputFilters.append(errorFilter) }
    }

    @Sendable private static func fixup(_ request: Request) -> Outcome {
        let entries = request[directory].request
        if !entries.isEmpty { _ = HeaderActions.run(entries, on: .request, request, early: false) }
        return .declined
    }
    /// `early` entries, before the URL means anything: those of the server, not of any directory.
    @Sendable private static func early(_ request: Request) -> Outcome {
        let config = request[directory]
        guard config.hasEarly else { return .declined }
        guard HeaderActions.run(config.request, on: .request, request, early: true),
            HeaderActions.run(config.always, on: .always, request, early: true),
            HeaderActions.run(config.answer, on: .answer, request, early: true)
        else {
            request.log(
                .crit, "headers", "AH01504: Regular expression replacement failed (replacement too long?)")
            return .status(500)
        }
        return .declined
    }
}

/// mod_headers' per-directory configuration: outer entries run first.
struct HeadersDirectory: MergeableConfig {
    /// `RequestHeader`.
    var request: [HeaderEntry] = []
    /// `Header`, `Header onsuccess`.
    var answer: [HeaderEntry] = []
    /// `Header always`.
    var always: [HeaderEntry] = []
    var hasEarly = false

    init() {}
    static func merged(_ base: HeadersDirectory, _ child: HeadersDirectory) -> HeadersDirectory {
        var result = HeadersDirectory()
        result.request = base.request + child.request
        result.answer = base.answer + child.answer
        result.always = base.always + child.always
        result.hasEarly = base.hasEarly || child.hasEarly
        return result
    }
}
