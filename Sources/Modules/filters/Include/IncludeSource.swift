// Apache: modules/filters/mod_include.c send_parsed_content, includes_filter

import Bytes
import Expressions
import HTTP
import Kernel
import ServerCore

/// A document that is parsed as it is read.
final class IncludeSource: BodySource {
    unowned let request: Request
    private let upstream: any BodySource
    private let startTag: [UInt8]
    private let endTag: [UInt8]
    /// Read and not parsed yet.
    private var text: [UInt8] = []
    private var hasEnded = false
    /// What the directives so far made, in order; given before anything more is parsed.
    private var queue: [Part] = []
    /// Subrequests whose bodies are in the queue or were.
    private var held: [Request] = []

    enum Part {
        case bytes([UInt8])
        case source(any BodySource)
    }

    // What directives change.
    var isPrinting = true
    var conditionWasTrue = true
    var conditionFailed = false
    /// Open `if`s within a part that is not printed.
    var nesting = 0
    var errorText: ByteString
    var timeFormat: ByteString
    var undefinedEcho: ByteString
    var sizeInBytes = false
    var matches = ExpressionMatches()
    var lastPattern: Regex?
    let mayExecute: Bool
    let usesLegacyExpressions: Bool
    /// The document that included this one: both have one environment.
    private let outer: Request?

    init(_ request: Request, _ upstream: any BodySource) {
        self.request = request
        self.upstream = upstream
        let config = request[Include.directory]
        let tags = request.server[Include.server]
        (startTag, endTag) = (tags.startTag.bytes, tags.endTag.bytes)
        errorText = config.errorMessage.value(default: "[an error occurred while processing this directive]")
        timeFormat = config.timeFormat.value(default: "%A, %d-%b-%Y %H:%M:%S %Z")
        undefinedEcho = config.undefinedEcho.value(default: "(none)")
        usesLegacyExpressions = config.legacyExpressions.value(default: false)
        mayExecute = request[Core.directory].effectiveOptions.contains(.includesExec)
        outer = (request.moduleState[ObjectIdentifier(IncludeSource.self)] as? Included)?.by
        if let outer {
            request.env = outer.env
            request.finfo?.modified = outer.finfo?.modified ?? 0
        } else {
            CGIEnvironment.addCommonVariables(request)
            CGIEnvironment.addCGIVariables(request)
            addDocumentVariables()
        }
        addQuery()
    }
    /// Left in a subrequest for an included document.
    struct Included { let by: Request }

    // MARK: BodySource

    var isAtEnd: Bool { hasEnded && queue.isEmpty && text.isEmpty }
    func cancel() {
        if !hasEnded { upstream.cancel() }
        for case .source(let source) in queue { source.cancel() }
        queue = []
    }

    func next() async throws(BodyError) -> ByteString? {
        while true {
            if let piece = try await nextOfQueue() { return piece }
            if hasEnded, text.isEmpty { return nil }
            try await parse()
        }
    }
    private func nextOfQueue() async throws(BodyError) -> ByteString? {
        while let part = queue.first {
            switch part {
            case .bytes(let bytes):
                queue.removeFirst()
                if !bytes.isEmpty { return ByteString(bytes) }
            case .source(let source):
                let piece = try await source.next()
                // Variables that an included document set are the including one's too.
                if let included = source as? IncludeSource { request.env = included.request.env }
                guard let piece else {
                    queue.removeFirst()
                    continue
                }
                if !piece.isEmpty { return piece }
            }
        }
        return nil
    }
    // MARK: Parsing

    private func parse() async throws(BodyError) {
        if let tag = ByteString(text).firstRange(of: ByteString(startTag)) {
            say(Array(text[0..<tag.lowerBound]))
            text.removeFirst(tag.lowerBound)
            try await parseDirective()
        } else if hasEnded {
            say(text)
            text = []
            finish()
        } else {
            // The end of what is here may be the beginning of a tag.
            let kept = partialTag()
            say(Array(text[0..<text.count - kept]))
            text.removeFirst(text.count - kept)
            if queue.isEmpty { try await read() }
        }
    }
    private func partialTag() -> Int {
        for count in stride(from: min(startTag.count - 1, text.count), to: 0, by: -1)
        where text.suffix(count).elementsEqual(startTag.prefix(count)) { return count }
        return 0
    }
    private func read() async throws(BodyError) {
        if let piece = try await upstream.next() {
            text += piece.bytes
            if upstream.isAtEnd { hasEnded = true }
        } else {
            hasEnded = true
        }
        if hasEnded, text.isEmpty { finish() }
    }
    private func parseDirective() async throws(BodyError) {
        while true {
            switch IncludeDirective.read(text, from: startTag.count, endTag: endTag) {
            case .complete(let directive, let end):
                text.removeFirst(end)
                await execute(directive)
                if hasEnded, text.isEmpty { finish() }
                return
            case .incomplete:
                if hasEnded {
                    text = []
                    log(
                        .error,
                        "AH01372: SSI directive was not properly finished at the end of parsed document \(name)")
                    if isPrinting { fail() }
                    return finish()
                }
                try await read()
            }
        }
    }
    private func finish() {
        if !isPrinting {
            log(.warning, "AH01373: missing closing endif directive in parsed document \(name)")
        }
    }

    private func execute(_ directive: IncludeDirective) async {
        guard directive.faults.isEmpty else {
            for fault in directive.faults {
                log(
                    .error,
                    fault == .noName
                        ? "AH01368: missing directive name in parsed document \(name)"
                        : "AH01370: missing argument name for value to tag \(directive.name) in \(name)")
            }
            if isPrinting { fail() }
            return
        }
        switch directive.name {
        case "if": handleIf(directive)
        case "elif": handleElif(directive)
        case "else": handleElse(directive)
        case "endif": handleEndif(directive)
        case "set": handleSet(directive)
        case "echo": handleEcho(directive)
        case "config": handleConfig(directive)
        case "fsize": handleFile(directive, missing: "AH01350") { self.size($0) }
        case "flastmod": handleFile(directive, missing: "AH01351") { self.date(seconds: $0.modified) }
        case "include": await handleInclude(directive)
        case "printenv": handlePrintenv(directive)
        case "comment": break
        case "exec" where runsPrograms: await handleExec(directive)
        default:
            log(.error, "AH01371: unknown directive \"\(directive.name)\" in parsed doc \(name)")
            if isPrinting { fail() }
        }
    }
    private var runsPrograms: Bool {
        request.configuration.module("cgi") != nil || request.configuration.module("cgid") != nil
    }

    // MARK: Output

    var name: ByteString { request.filename ?? "" }
    func log(_ level: LogLevel, _ text: @autoclosure () -> ByteString) { request.log(level, "include", text()) }
    /// Text of the document itself: only where it is printed.
    private func say(_ bytes: [UInt8]) { if isPrinting, !bytes.isEmpty { queue.append(.bytes(bytes)) } }
    func put(_ bytes: ByteString) { queue.append(.bytes(bytes.bytes)) }
    func put(_ source: any BodySource, of subrequest: Request) {
        held.append(subrequest)
        queue.append(.source(source))
    }
    func put(_ source: any BodySource) { queue.append(.source(source)) }
    /// SSI_CREATE_ERROR_BUCKET.
    func fail() { put(errorText) }

    // MARK: Variables

    private func addDocumentVariables() {
        setTimes()
        request.env.set("DOCUMENT_URI", request.uri)
        request.env.set("DOCUMENT_ARGS", request.args ?? "")
        if !request.pathInfo.isEmpty { request.env.set("DOCUMENT_PATH_INFO", request.pathInfo) }
        request.env.set("USER_NAME", request.finfo.flatMap { Users.name(uid: $0.uid) } ?? "<unknown>")
        let base = request.filename.flatMap { path in
            path.lastIndex(of: UInt8(ascii: "/")).map { path.from($0 + 1) }
        }
        request.env.set("DOCUMENT_NAME", base ?? request.uri)
    }
    func setTimes() {
        let now = request.requestTime / 1_000_000
        request.env.set("DATE_LOCAL", date(seconds: now))
        request.env.set("DATE_GMT", date(seconds: now, isLocal: false))
        request.env.set("LAST_MODIFIED", date(seconds: request.finfo?.modified ?? 0))
    }
    func addQuery() {
        guard let query = request.args else { return }
        request.env.set("QUERY_STRING", query)
        request.env.set("QUERY_STRING_UNESCAPED", URLPath.percentDecoded(query).escapedShellCommand)
    }
    func date(seconds: Int64, isLocal: Bool = true) -> ByteString {
        let time =
            isLocal ? CivilTime(localMicroseconds: seconds * 1_000_000) : CivilTime(seconds: Int(seconds))
        var bytes: [UInt8] = []
        LogTime.append(time, format: timeFormat, to: &bytes)
        return ByteString(bytes)
    }
    private func size(_ file: FileStatus) -> ByteString {
        sizeInBytes ? IncludeText.grouped(file.size) : IncludeText.abbreviated(size: file.size)
    }

    /// get_include_var.
    func variable(_ variable: ByteString) -> ByteString? {
        guard variable.count == 1, ASCII.isDigit(variable[0]) else { return request.env[variable] }
        let number = Int(variable[0] &- 48)
        guard matches.source != nil else {
            log(.warning, "AH01329: regex capture $\(number) refers to no regex in \(name)")
            return nil
        }
        if let lastPattern, number > lastPattern.numberOfGroups {
            log(
                .warning,
                "AH01330: regex capture $\(number) is out of range (last regex was: '\(lastPattern.pattern)') in \(name)"
            )
            return nil
        }
        return matches.captures[number] == nil ? nil : matches[number]
    }
    func expand(_ text: ByteString, keepsUnknown: Bool = false) -> ByteString {
        var fault: ByteString?
        let result = IncludeText.expand(text, keepsUnknown: keepsUnknown, fault: &fault) { variable($0) }
        if let fault { log(.error, "AH01331: Missing '}' on variable \"\(fault)\" in \(name)") }
        return result
    }
}
