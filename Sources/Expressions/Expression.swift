// Apache: server/util_expr_eval.c, include/ap_expr.h
import Bytes

/// What the last pattern with groups matched: `$0`…`$9` of an expression, and of what comes after it.
public struct ExpressionMatches: Sendable {
    /// The string that was matched; nil when nothing was, or when the last pattern with groups failed.
    public var source: ByteString?
    public var captures = RegexCaptures()

    public init() {}

    /// The text of a group; empty when it took no part.
    public subscript(number: Int) -> ByteString {
        guard let source, let range = captures[number], range.upperBound <= source.count else { return "" }
        return source[range]
    }
}

/// Why an evaluation failed: Apache's words behind "Evaluation of expression from FILE:LINE failed: ".
public struct ExpressionFailure: Error, Sendable, Equatable {
    public let message: String
}

/// A parsed `ap_expr`: a condition, or with `.stringResult` a string. Parsed once, evaluated by any thread.
///
/// Parsing needs no server. Evaluation takes memory only for the strings it makes, and its depth is limited to
/// Apache's 20 levels.
public final class Expression: Sendable {
    enum Root: Sendable {
        case condition(Condition)
        case string(Word)
    }

    let root: Root
    public let flags: ExpressionFlags

    /// Parses `text`, up to its first NUL byte.
    public init(
        _ text: ByteString, flags: ExpressionFlags = [], lookup: ExpressionLookup? = nil
    ) throws(ExpressionError) {
        var parser = ExpressionParser(text, flags: flags, lookup: lookup)
        root = try parser.parse()
        self.flags = flags
    }

    /// The value of a string without variables, known without evaluation.
    public var constant: ByteString? {
        if case .string(.literal(let text)) = root { text } else { nil }
    }

    /// `ap_expr_exec_re`: the value of a condition. `matches` gives `$0`…`$9` their first values and takes their last.
    public func evaluate(
        in context: some ExpressionContext, matches: inout ExpressionMatches
    ) throws(ExpressionFailure) -> Bool {
        var evaluator = ExpressionEvaluator(context: context, flags: flags, matches: matches)
        guard case .condition(let condition) = root else {
            throw ExpressionFailure(message: "Internal evaluation error: Unknown expression node")
        }
        let result = evaluator.value(condition)
        matches = evaluator.matches
        if let failure = evaluator.failure { throw ExpressionFailure(message: failure) }
        if !evaluator.vary.isEmpty { context.vary(on: ByteString(evaluator.vary.joined(separator: [44, 32]))) }
        return result
    }

    /// `ap_expr_exec`
    public func evaluate(in context: some ExpressionContext) throws(ExpressionFailure) -> Bool {
        var matches = ExpressionMatches()
        return try evaluate(in: context, matches: &matches)
    }

    /// `ap_expr_str_exec_re`: the value of a string.
    public func string(
        in context: some ExpressionContext, matches: inout ExpressionMatches
    ) throws(ExpressionFailure) -> ByteString {
        guard case .string(let word) = root else {
            throw ExpressionFailure(message: "Internal evaluation error: Unknown word expression node")
        }
        if case .literal(let text) = word { return text }
        var evaluator = ExpressionEvaluator(context: context, flags: flags, matches: matches)
        let result = evaluator.value(word)
        matches = evaluator.matches
        if let failure = evaluator.failure { throw ExpressionFailure(message: failure) }
        return result
    }

    /// `ap_expr_str_exec`
    public func string(in context: some ExpressionContext) throws(ExpressionFailure) -> ByteString {
        var matches = ExpressionMatches()
        return try string(in: context, matches: &matches)
    }
}
