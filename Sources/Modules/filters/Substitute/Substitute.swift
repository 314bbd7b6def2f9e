// Apache: modules/filters/mod_substitute.c

import Bytes
import Expressions
import ServerCore

/// mod_substitute: `s/from/to/` on every line of an answer, as the output filter SUBSTITUTE.
public enum Substitute {
    struct Rule: Sendable {
        enum Pattern: Sendable {
            case regex(Regex)
            case text(ByteString, ignoresCase: Bool)
        }
        var pattern: Pattern
        var replacement: ByteString
        /// Later rules see what this one made (the `f` flag, on unless `q` was said).
        var flattens: Bool
    }
    public struct DirectoryConfig: MergeableConfig {
        var rules: [Rule] = []
        var maximumLine: Setting<Int> = .inherited
        var inheritsBefore: Setting<Bool> = .inherited
        public init() {}
        public static func merged(_ base: DirectoryConfig, _ child: DirectoryConfig) -> DirectoryConfig {
            var result = child
            result.inheritsBefore = child.inheritsBefore.or(base.inheritsBefore)
            result.maximumLine = child.maximumLine.or(base.maximumLine)
            result.rules =
                result.inheritsBefore.value(default: false) ? base.rules + child.rules : child.rules + base.rules
            return result
        }
    }
    static let directory = ConfigKey<DirectoryConfig>()

    public static let module = ModuleDefinition(
        "substitute", .filters,
        directives: [
            Directive(
                "Substitute", .fileInfo, "Pattern to filter the response content (s/foo/bar/[inf])",
                .take1 { context, line throws(DirectiveError) in
                    context[directory].rules.append(try rule(line, context.configuration.regexDefaults))
                }),
            Directive(
                "SubstituteMaxLineLength", .fileInfo, "Maximum line length",
                .take1 { context, word throws(DirectiveError) in
                    guard let length = lineLength(word) else {
                        throw DirectiveError(
                            "SubstituteMaxLineLength must be a non-negative integer optionally suffixed with 'b', 'k', 'm' or 'g'."
                        )
                    }
                    context[directory].maximumLine = .set(length)
                }),
            Directive.flag(
                "SubstituteInheritBefore", .fileInfo,
                "Apply inherited patterns before those of the current context", in: directory, \.inheritsBefore),
        ]
    ) { hooks in
        hooks.addOutputFilter(
            OutputFilter("SUBSTITUTE", .resource) { request in
                request.headersOut.unset("Content-Length")
                request.responseBody = .stream(SubstituteSource(request, request.responseBody.asSource()))
            })
    }

    /// `s`, a delimiter, and three parts between three of it.
    static func rule(_ line: ByteString, _ defaults: RegexOptions) throws(DirectiveError) -> Rule {
        guard let first = line.first, ASCII.lower(first) == UInt8(ascii: "s") else {
            throw DirectiveError("Bad Substitute format, must be an s/// pattern")
        }
        guard line.count > 2 else { throw incomplete }
        let parts = line.from(2).bytes.split(separator: line[1], maxSplits: 2, omittingEmptySubsequences: false)
            .map { ByteString(Array($0)) }
        guard parts.count > 1, !parts[0].isEmpty else { throw incomplete }
        var isText = false
        var ignoresCase = false
        var flattens = true
        for flag in parts.count > 2 ? parts[2].bytes : [] {
            switch ASCII.lower(flag) {
            case UInt8(ascii: "i"): ignoresCase = true
            case UInt8(ascii: "n"): isText = true
            case UInt8(ascii: "f"): flattens = true
            case UInt8(ascii: "q"): flattens = false
            default: throw DirectiveError("Bad Substitute flag, only s///[infq] are supported")
            }
        }
        if isText {
            return Rule(pattern: .text(parts[0], ignoresCase: ignoresCase), replacement: parts[1], flattens: flattens)
        }
        guard
            let regex = try? Regex(
                parts[0], ignoresCase ? .ignoreCase : [], defaults: defaults.intersection(.dollarEndOnly))
        else { throw DirectiveError("Substitute could not compile regex") }
        return Rule(pattern: .regex(regex), replacement: parts[1], flattens: flattens)
    }
    private static var incomplete: DirectiveError {
        DirectiveError("Bad Substitute format, must be a complete s/// pattern")
    }
    static func lineLength(_ text: ByteString) -> Int? {
        let (number, unit) = text.leadingNumber
        guard let number, number >= 0 else { return nil }
        let scale: Int
        switch unit.lowercased {
        case "", "b": scale = 1
        case "k": scale = 1024
        case "m": scale = 1_048_576
        case "g": scale = 1_073_741_824
        default: return nil
        }
        return min(number, Int.max / scale) * scale
    }
}

/// Cuts a body into lines and changes each; a line that is too long ends the answer.
final class SubstituteSource: BodySource {
    private unowned let request: Request
    private let upstream: any BodySource
    private let rules: [Substitute.Rule]
    private let maximum: Int
    /// The beginning of a line whose end has not come.
    private var line: [UInt8] = []
    /// Apache passes lines on before it sees the end, so the length is never known: `isAtEnd` stays false.
    private var hasEnded = false

    init(_ request: Request, _ upstream: any BodySource) {
        self.request = request
        self.upstream = upstream
        let config = request[Substitute.directory]
        rules = config.rules
        maximum = config.maximumLine.value(default: 1_048_576)
    }
    var wantsFlush: Bool { upstream.wantsFlush }
    func cancel() { upstream.cancel() }

    func next() async throws(BodyError) -> ByteString? {
        while !hasEnded {
            var output: [UInt8] = []
            if let piece = try await upstream.next() {
                var rest = piece.bytes[...]
                while let end = rest.firstIndex(of: 10) {
                    line += rest[...end]
                    rest = rest[(end + 1)...]
                    try endLine(&output)
                }
                line += rest
            } else {
                hasEnded = true
            }
            if hasEnded || upstream.isAtEnd {
                hasEnded = true
                if !line.isEmpty { try endLine(&output) }
            }
            if !output.isEmpty { return ByteString(output) }
        }
        return nil
    }
    private func endLine(_ output: inout [UInt8]) throws(BodyError) {
        guard line.count <= maximum, let made = LineSubstitution.apply(rules, to: ByteString(line), limit: maximum)
        else {
            request.log(.error, "substitute", "AH01328: Line too long, URI \(request.uri)")
            throw .closed
        }
        line = []
        output.append(made)
    }
}

/// do_pattmatch.
enum LineSubstitution {
    /// nil: the line became longer than `limit`.
    static func apply(_ rules: [Substitute.Rule], to line: ByteString, limit: Int) -> ByteString? {
        // A piece that a rule without `f` put in is not looked at by the rules behind it.
        var pieces = [(text: line, isDone: false)]
        for rule in rules {
            var next: [(text: ByteString, isDone: Bool)] = []
            for piece in pieces {
                guard !piece.isDone else {
                    next.append(piece)
                    continue
                }
                guard let made = replace(rule, in: piece.text, limit) else { return nil }
                if rule.flattens || rules.count == 1 {
                    next.append((made.reduce(into: ByteString()) { $0.append($1.text) }, false))
                } else {
                    next += made.map { ($0.text, $0.isNew) }
                }
            }
            pieces = next
        }
        let result = pieces.reduce(into: ByteString()) { $0.append($1.text) }
        return result.count > limit ? nil : result
    }

    private static func replace(_ rule: Substitute.Rule, in text: ByteString, _ limit: Int)
        -> [(text: ByteString, isNew: Bool)]?
    {
        var result: [(text: ByteString, isNew: Bool)] = []
        var rest = text
        var total = 0
        while let (range, new) = first(rule, rest) {
            total += range.lowerBound + new.count
            if total > limit { return nil }
            if range.lowerBound > 0 { result.append((rest.upTo(range.lowerBound), false)) }
            result.append((new, true))
            // An empty match takes one byte along, or there would be no end.
            if range.isEmpty {
                guard range.upperBound < rest.count else { return result }
                result.append((rest[range.upperBound..<range.upperBound + 1], false))
                rest = rest.from(range.upperBound + 1)
            } else {
                rest = rest.from(range.upperBound)
            }
        }
        if !rest.isEmpty { result.append((rest, false)) }
        return result
    }
    private static func first(_ rule: Substitute.Rule, _ text: ByteString) -> (Range<Int>, ByteString)? {
        switch rule.pattern {
        case .text(let pattern, let ignoresCase):
            let range =
                ignoresCase
                ? text.lowercased.firstRange(of: pattern.lowercased) : text.firstRange(of: pattern)
            return range.map { ($0, rule.replacement) }
        case .regex(let regex):
            if text.isEmpty { return nil }
            guard let captures = regex.match(text), let range = captures[0] else { return nil }
            return (range, expand(rule.replacement, text, captures))
        }
    }
    /// `$1` in a replacement (ap_pregsub).
    private static func expand(_ template: ByteString, _ text: ByteString, _ captures: RegexCaptures) -> ByteString {
        var result: [UInt8] = []
        var at = 0
        while at < template.count {
            let byte = template[at]
            if byte == UInt8(ascii: "$"), at + 1 < template.count, ASCII.isDigit(template[at + 1]) {
                if let range = captures[Int(template[at + 1] &- 48)] { result.append(contentsOf: text.bytes[range]) }
                at += 2
            } else if byte == UInt8(ascii: "\\"), at + 1 < template.count {
                result.append(template[at + 1])
                at += 2
            } else {
                result.append(byte)
                at += 1
            }
        }
        return ByteString(result)
    }
}
