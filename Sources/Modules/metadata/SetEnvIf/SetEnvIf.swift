// Apache: modules/metadata/mod_setenvif.c

import Bytes
import ConfigLanguage
import Expressions
import ServerCore

/// mod_setenvif: variables that depend on what the client says.
public enum SetEnvIf {
    public static let module = ModuleDefinition("setenvif", .metadata, directives: directives) { hooks in
        hooks.onHeaderParser(matchDirectory)
        hooks.onPostReadRequest(matchServer)
    }

    /// Conditions written outside any section hold before the URL is looked at …
    static let server = ConfigKey<SetEnvIfConfig>()
    /// … and those in sections and `.htaccess` after it was mapped.
    static let directory = ConfigKey<SetEnvIfConfig>()

    private static let directives = [
        Directive(
            "SetEnvIf", .fileInfo, "A header-name, regex and a list of variables.",
            .rawArgs { (context, text) throws(DirectiveError) in try setEnvIf(context, text, ignoringCase: false) }),
        Directive(
            "SetEnvIfNoCase", .fileInfo, "a header-name, regex and a list of variables.",
            .rawArgs { (context, text) throws(DirectiveError) in try setEnvIf(context, text, ignoringCase: true) }),
        Directive("SetEnvIfExpr", .fileInfo, "an expression and a list of variables.", .rawArgs(setEnvIfExpr)),
        Directive(
            "BrowserMatch", .fileInfo, "A browser regex and a list of variables.",
            .rawArgs { (context, text) throws(DirectiveError) in
                var words = ArgumentWords(text)
                try add(context, "User-Agent", &words, ignoringCase: false)
            }),
        Directive(
            "BrowserMatchNoCase", .fileInfo, "A browser regex and a list of variables.",
            .rawArgs { (context, text) throws(DirectiveError) in
                var words = ArgumentWords(text)
                try add(context, "User-Agent", &words, ignoringCase: true)
            }),
    ]

    private static func setEnvIf(
        _ context: DirectiveContext, _ text: ByteString, ignoringCase: Bool
    ) throws(DirectiveError) {
        var words = ArgumentWords(text)
        let name = words.next()
        guard !name.isEmpty else { throw DirectiveError("Missing header-field name for \(context.directive)") }
        try add(context, name, &words, ignoringCase: ignoringCase)
    }

    private static func add(
        _ context: DirectiveContext, _ name: ByteString, _ words: inout ArgumentWords, ignoringCase: Bool
    ) throws(DirectiveError) {
        let pattern = words.next()
        guard !pattern.isEmpty else { throw DirectiveError("Missing regular expression for \(context.directive)") }
        var entries = entries(context)
        if let last = entries.last, let source = last.source, source.name.equalsIgnoringCase(name),
            last.ignoresCase == ignoringCase, last.patternText == pattern
        {
            // The same question again: more variables for the same answer.
        } else {
            entries.append(try SetEnvIfEntry(name, pattern, ignoringCase: ignoringCase, context))
        }
        try addVariables(&words, to: &entries[entries.count - 1], context)
        store(entries, context)
    }

    @Sendable private static func setEnvIfExpr(
        _ context: DirectiveContext, _ text: ByteString
    ) throws(DirectiveError) {
        var words = ArgumentWords(text)
        let expression = words.next()
        guard !expression.isEmpty else { throw DirectiveError("Missing expression for \(context.directive)") }
        var entry: SetEnvIfEntry
        do throws(DirectiveError) { entry = SetEnvIfEntry(try context.parseCondition(expression)) } catch {
            throw DirectiveError("Could not parse expression \"\(expression)\": \(error.message)")
        }
        try addVariables(&words, to: &entry, context)
        store(entries(context) + [entry], context)
    }

    /// `name`, `name=value`, `!name`.
    private static func addVariables(
        _ words: inout ArgumentWords, to entry: inout SetEnvIfEntry, _ context: DirectiveContext
    ) throws(DirectiveError) {
        var count = 0
        while true {
            let word = words.next()
            guard !word.isEmpty else { break }
            count += 1
            let equals = word.firstIndex(of: UInt8(ascii: "=")) ?? word.count
            var value = equals
            // ap_getword takes all separators that stand together.
            while value < word.count, word[value] == UInt8(ascii: "=") { value += 1 }
            let name = word.upTo(equals)
            if value < word.count {
                entry.variables.set(name, word.from(value))
            } else if name.first == UInt8(ascii: "!") {
                entry.variables.set(name.from(1), "!")
            } else {
                entry.variables.set(name, "1")
            }
        }
        guard count > 0 else { throw DirectiveError("Missing envariable expression for \(context.directive)") }
    }

    private static func entries(_ context: DirectiveContext) -> [SetEnvIfEntry] {
        context.path == nil ? context.server[server].entries : context[directory].entries
    }
    private static func store(_ entries: [SetEnvIfEntry], _ context: DirectiveContext) {
        if context.path == nil {
            context.server[server].entries = entries
        } else {
            context[directory].entries = entries
        }
    }

    @Sendable private static func matchServer(_ request: Request) -> Outcome {
        SetEnvIfMatch.run(request.server[server].entries, request)
    }
    @Sendable private static func matchDirectory(_ request: Request) -> Outcome {
        SetEnvIfMatch.run(request[directory].entries, request)
    }
}

/// Both of mod_setenvif's configurations: outer entries first.
struct SetEnvIfConfig: MergeableConfig {
    var entries: [SetEnvIfEntry] = []
    init() {}
    static func merged(_ base: SetEnvIfConfig, _ child: SetEnvIfConfig) -> SetEnvIfConfig {
        var result = child
        result.entries = base.entries + child.entries
        return result
    }
}

/// One condition and the variables it sets (sei_entry).
struct SetEnvIfEntry: Sendable {
    /// Where the text that is looked at comes from.
    enum Source: Sendable {
        case remoteAddress, remoteHost, requestURI, requestMethod, requestProtocol, serverAddress
        case header(ByteString)
        /// Every field whose name matches; the last of them counts.
        case headers(named: Regex)
    }
    enum Pattern: Sendable {
        /// A string without special characters, found anywhere.
        case text(ByteString)
        case regex(Regex)
        case expression(Expression)
    }
    /// Nil for SetEnvIfExpr.
    let source: (name: ByteString, kind: Source)?
    let pattern: Pattern
    let patternText: ByteString
    let ignoresCase: Bool
    /// By name; `!` removes.
    var variables = Table()

    init(_ expression: Expression) {
        source = nil
        pattern = .expression(expression)
        patternText = ""
        ignoresCase = false
    }
    init(
        _ name: ByteString, _ pattern: ByteString, ignoringCase: Bool, _ context: DirectiveContext
    ) throws(DirectiveError) {
        patternText = pattern
        ignoresCase = ignoringCase
        if let plain = Self.plainText(pattern) {
            self.pattern = .text(ignoringCase ? plain.lowercased : plain)
        } else {
            guard let regex = try? context.regex(pattern, ignoringCase ? .ignoreCase : []) else {
                throw DirectiveError("\(context.directive) regex could not be compiled.")
            }
            self.pattern = .regex(regex)
        }
        source = (name, try Self.source(name, ignoringCase, context))
    }

    private static func source(
        _ name: ByteString, _ ignoringCase: Bool, _ context: DirectiveContext
    ) throws(DirectiveError) -> Source {
        switch name.lowercased {
        case "remote_addr": return .remoteAddress
        case "remote_host": return .remoteHost
        case "request_uri": return .requestURI
        case "request_method": return .requestMethod
        case "request_protocol": return .requestProtocol
        case "server_addr": return .serverAddress
        default: break
        }
        if name.allSatisfy({ ASCII.isAlnum($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }) {
            return .header(name)
        }
        guard let regex = try? context.regex(name, ignoringCase ? .ignoreCase : []) else {
            throw DirectiveError("\(context.directive)Header name regex could not be compiled.")
        }
        return .headers(named: regex)
    }

    /// The text a pattern without special characters stands for; nil when it needs a regular expression
    /// (non_regex_pattern).
    static func plainText(_ pattern: ByteString) -> ByteString? {
        var text = ByteString()
        var isEscaped = false
        for byte in pattern.bytes {
            switch byte {
            case UInt8(ascii: "^"), UInt8(ascii: "."), UInt8(ascii: "$"), UInt8(ascii: "|"), UInt8(ascii: "("),
                UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "*"), UInt8(ascii: "+"),
                UInt8(ascii: "?"), UInt8(ascii: "{"), UInt8(ascii: "}"):
                guard isEscaped else { return nil }
                isEscaped = false
                text.append(byte)
            case UInt8(ascii: "\\"):
                if isEscaped { text.append(byte) }
                isEscaped.toggle()
            default:
                guard !isEscaped else { return nil }
                text.append(byte)
            }
        }
        return text
    }
}
