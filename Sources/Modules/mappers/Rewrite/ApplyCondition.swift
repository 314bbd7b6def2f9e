// Apache: modules/mappers/mod_rewrite.c (apply_rewrite_cond, compare_lexicography)

import Bytes
import Expressions
import Kernel
import ServerCore

extension RewriteContext {
    /// Whether a condition holds, its negation included.
    mutating func holds(_ condition: RewriteCondition) -> Bool {
        let input: ByteString
        if case .expression = condition.test { input = "(null)" } else { input = expand(condition.input) }
        var result = passes(condition, input)
        if condition.flags.contains(.notMatch) { result.toggle() }
        trace(
            4,
            "RewriteCond: input='\(input)' pattern='\(condition.pattern)'\(condition.flags.contains(.noCase) ? " [NC]" : "") => \(result ? "matched" : "not-matched")"
        )
        return result
    }

    private mutating func passes(_ condition: RewriteCondition, _ input: ByteString) -> Bool {
        switch condition.test {
        case .regex(let regex): return matches(regex, input, condition)
        case .isFile: return status(input)?.kind == .regular
        case .hasSize:
            guard let status = status(input) else { return false }
            return status.kind == .regular && status.size > 0
        case .isDirectory: return status(input)?.kind == .directory
        case .isExecutable: return (status(input)?.mode ?? 0) & 0o111 != 0
        case .isLink:
            guard case .success(let status) = request.files.linkLookup(input) else { return false }
            return status.kind == .symlink && input.last != UInt8(ascii: "/")
        case .url: return mayReach(url: input)
        case .file: return mayReach(file: input)
        case .text(let comparison, let pattern):
            let order =
                condition.flags.contains(.noCase)
                ? Self.compare(input.lowercased, pattern.lowercased) : Self.compareByLength(input, pattern)
            if case .equal = comparison, !condition.flags.contains(.noCase) { return input == pattern }
            return Self.holds(comparison, order)
        case .number(let comparison, let number):
            let value = CInteger.parse(input)
            return Self.holds(comparison, value < number ? -1 : value > number ? 1 : 0)
        case .expression(let expression): return holds(expression, condition)
        }
    }

    private mutating func matches(_ regex: Regex, _ input: ByteString, _ condition: RewriteCondition) -> Bool {
        guard let captures = regex.match(input) else { return false }
        if !condition.flags.contains(.notMatch) {
            conditionGroups = RewriteGroups(source: input, captures: captures)
        }
        return true
    }

    private mutating func holds(_ expression: Expression, _ condition: RewriteCondition) -> Bool {
        var matches = ExpressionMatches()
        do throws(ExpressionFailure) {
            let result = try request.evaluate(expression, matches: &matches)
            if result, !condition.flags.contains(.notMatch) {
                conditionGroups = matches.source.map { RewriteGroups(source: $0, captures: matches.captures) }
            }
            return result
        } catch {
            trace(1, "RewriteCond: expr='\(condition.pattern)' evaluation failed: \(error.message)")
            return false
        }
    }

    /// `stat`; a name with a slash at its end is that of a directory or of nothing.
    private func status(_ path: ByteString) -> FileStatus? {
        guard !path.isEmpty, let status = request.files.status(path) else { return nil }
        return path.last == UInt8(ascii: "/") && status.kind != .directory ? nil : status
    }

    private func mayReach(url: ByteString) -> Bool {
        guard !url.isEmpty, maySubrequest else { return false }
        let sub = request.lookup(uri: url)
        trace(5, "RewriteCond URI (-U check: path=\(url) -> status=\(sub.status)", inDirectory: false)
        return sub.status < 400
    }
    private func mayReach(file: ByteString) -> Bool {
        guard !file.isEmpty, maySubrequest else { return false }
        let sub = request.lookup(file: file)
        let name = sub.filename ?? ""
        trace(
            5, "RewriteCond file (-F check: path=\(file) -> file=\(name) status=\(sub.status)", inDirectory: false)
        return sub.status < 300 && status(name) != nil
    }

    private static func holds(_ comparison: RewriteCondition.Comparison, _ order: Int) -> Bool {
        switch comparison {
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .equal: order == 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }
    /// Longer is greater; equally long strings are compared byte by byte.
    static func compareByLength(_ left: ByteString, _ right: ByteString) -> Int {
        left.count == right.count ? compare(left, right) : left.count < right.count ? -1 : 1
    }
    static func compare(_ left: ByteString, _ right: ByteString) -> Int {
        left == right ? 0 : left < right ? -1 : 1
    }
}
