// Apache: modules/filters/mod_include.c get_ptoken, parse_expr

import Bytes

/// A condition in the language of Apache before 2.4 (`SSILegacyExprParser on`).
///
/// `&&` and `||` have the same rank and bind to the right: `a && b || c` is `a && (b || c)`.
indirect enum LegacyExpression: Equatable, Sendable {
    case string(ByteString)
    case both(LegacyExpression, LegacyExpression)
    case either(LegacyExpression, LegacyExpression)
    case not(LegacyExpression?)
    case group(LegacyExpression?)
    case compare(Operator, ByteString, ByteString)
    case matches(ByteString, pattern: ByteString, negated: Bool)
    case access(ByteString)

    enum Operator: Equatable, Sendable { case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual }
    enum Token: Equatable {
        case string(ByteString)
        case regex(ByteString)
        case and, or, not, open, close, access
        case compare(Operator)
    }
    struct Invalid: Error, Equatable {
        /// With its number; the text and file follow.
        var unmatchedClose = false
    }

    /// nil is an empty text, which is false.
    static func parse(_ text: ByteString) throws(Invalid) -> LegacyExpression? {
        var parser = Parser(tokens: tokens(text))
        guard !parser.tokens.isEmpty else { return nil }
        let result = try parser.expression(depth: 0)
        guard parser.at == parser.tokens.count else {
            throw Invalid(unmatchedClose: parser.tokens[parser.at] == .close)
        }
        return result
    }

    // MARK: Words

    static func tokens(_ text: ByteString) -> [Token] {
        var tokens: [Token] = []
        var at = 0
        while true {
            while at < text.count, ASCII.isSpace(text[at]) { at += 1 }
            guard at < text.count else { return tokens }
            tokens.append(token(text, &at, previous: tokens.last))
        }
    }
    private static func token(_ text: ByteString, _ at: inout Int, previous: Token?) -> Token {
        let first = text[at]
        let second = at + 1 < text.count ? text[at + 1] : 0
        func take(_ count: Int, _ token: Token) -> Token {
            at += count
            return token
        }
        switch first {
        case UInt8(ascii: "("): return take(1, .open)
        case UInt8(ascii: ")"): return take(1, .close)
        case UInt8(ascii: "="): return take(second == first ? 2 : 1, .compare(.equal))
        case UInt8(ascii: "!"): return second == UInt8(ascii: "=") ? take(2, .compare(.notEqual)) : take(1, .not)
        case UInt8(ascii: "<"):
            return second == UInt8(ascii: "=") ? take(2, .compare(.lessOrEqual)) : take(1, .compare(.less))
        case UInt8(ascii: ">"):
            return second == UInt8(ascii: "=") ? take(2, .compare(.greaterOrEqual)) : take(1, .compare(.greater))
        case UInt8(ascii: "|") where second == first: return take(2, .or)
        case UInt8(ascii: "&") where second == first: return take(2, .and)
        case UInt8(ascii: "-") where second == UInt8(ascii: "A"): return take(2, .access)
        case UInt8(ascii: "'"): return .string(quoted(text, &at, first))
        case UInt8(ascii: "/") where previous != .access: return .regex(quoted(text, &at, first))
        default: return .string(bare(text, &at))
        }
    }
    /// Between quotes or slashes; nothing when the end is missing.
    private static func quoted(_ text: ByteString, _ at: inout Int, _ quote: UInt8) -> ByteString {
        var result: [UInt8] = []
        at += 1
        while at < text.count {
            if text[at] == UInt8(ascii: "\\"), at + 1 < text.count {
                at += 1
            } else if text[at] == quote {
                at += 1
                return ByteString(result)
            }
            result.append(text[at])
            at += 1
        }
        return ""
    }
    private static func bare(_ text: ByteString, _ at: inout Int) -> ByteString {
        var result: [UInt8] = []
        while at < text.count {
            let byte = text[at]
            if byte == UInt8(ascii: "\\") {
                at += 1
                guard at < text.count else { break }
            } else if ASCII.isSpace(byte) || "()=!<>".utf8.contains(byte) {
                break
            } else if byte == UInt8(ascii: "|") || byte == UInt8(ascii: "&"), at + 1 < text.count, text[at + 1] == byte
            {
                break
            }
            result.append(text[at])
            at += 1
        }
        return ByteString(result)
    }

    // MARK: Grammar

    private struct Parser {
        let tokens: [Token]
        var at = 0
        var next: Token? { at < tokens.count ? tokens[at] : nil }

        init(tokens: [Token]) { self.tokens = tokens }

        mutating func expression(depth: Int) throws(Invalid) -> LegacyExpression {
            guard depth < 100 else { throw Invalid() }
            let left = try operand(depth, afterNot: false)
            switch next {
            case .and:
                at += 1
                return .both(left, try expression(depth: depth + 1))
            case .or:
                at += 1
                return .either(left, try expression(depth: depth + 1))
            default: return left
            }
        }
        private mutating func operand(_ depth: Int, afterNot: Bool) throws(Invalid) -> LegacyExpression {
            guard depth < 100 else { throw Invalid() }
            guard let token = next else { throw Invalid() }
            at += 1
            switch token {
            case .not:
                return next == nil ? .not(nil) : .not(try operand(depth + 1, afterNot: true))
            case .open:
                if next == .close {
                    at += 1
                    return .group(nil)
                }
                let inner = try expression(depth: depth + 1)
                guard next == .close else { throw Invalid() }
                at += 1
                return .group(inner)
            case .access:
                guard case .string(let first)? = next else { throw Invalid() }
                at += 1
                return .access(joined(first))
            case .string(let first):
                let left = joined(first)
                guard case .compare(let comparison)? = next else { return .string(left) }
                // `!a = b` is no condition; `!(a = b)` is.
                if afterNot { throw Invalid() }
                at += 1
                return try compare(comparison, left)
            default: throw Invalid(unmatchedClose: token == .close)
            }
        }
        private mutating func compare(_ comparison: Operator, _ left: ByteString) throws(Invalid) -> LegacyExpression {
            switch next {
            case .string(let first)?:
                at += 1
                return .compare(comparison, left, joined(first))
            case .regex(let pattern)? where comparison == .equal || comparison == .notEqual:
                at += 1
                return .matches(left, pattern: pattern, negated: comparison == .notEqual)
            default: throw Invalid()
            }
        }
        /// Strings side by side are one, with a blank between.
        private mutating func joined(_ first: ByteString) -> ByteString {
            var result = first
            while case .string(let more)? = next {
                at += 1
                result = result.isEmpty ? more : "\(result) \(more)"
            }
            return result
        }
    }
}
