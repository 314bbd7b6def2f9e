// Apache: apr/strings/apr_fnmatch.c, server/util.c (ap_strcmp_match)
import Bytes

/// Shell patterns: `*`, `?`, `[…]`. Time is bounded by pattern × text, memory is constant.
public enum Wildcard {
    /// `APR_FNM_*`.
    public struct Flags: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// A backslash is an ordinary byte.
        public static let noEscape = Flags(rawValue: 1)
        /// A slash is matched by a slash only.
        public static let pathName = Flags(rawValue: 2)
        /// A period at the start (with `pathName`: of a segment too) is matched by a period only.
        public static let period = Flags(rawValue: 4)
        /// Letters match in both cases.
        public static let caseBlind = Flags(rawValue: 8)
    }

    /// `apr_fnmatch`: true when `pattern` matches all of `text`.
    public static func matches(_ pattern: ByteString, _ text: ByteString, _ flags: Flags = []) -> Bool {
        FnMatch(pattern: pattern, text: text, flags: flags).matches()
    }

    /// `apr_fnmatch_test`: whether `text` has wildcards: an unescaped `*` or `?`, or a closed `[…]`.
    public static func isPattern(_ text: ByteString) -> Bool {
        var nesting = false
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "?"), UInt8(ascii: "*"): return true
            case UInt8(ascii: "\\"): index += 1
            case UInt8(ascii: "["): nesting = true
            case UInt8(ascii: "]"): if nesting { return true }
            default: break
            }
            index += 1
        }
        return false
    }

    /// `ap_is_matchexp`: whether `text` has `*` or `?`.
    public static func isMatchExpression(_ text: ByteString) -> Bool {
        text.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
    }

    /// `ap_strcmp_match` (0 there is true here): `*` and `?` only, no escapes; `ap_strcasecmp_match` with `ignoringCase`.
    public static func matchesSimply(_ text: ByteString, _ expected: ByteString, ignoringCase: Bool = false) -> Bool {
        func same(_ left: UInt8, _ right: UInt8) -> Bool {
            left == right || ignoringCase && ASCII.lower(left) == ASCII.lower(right)
        }
        var (at, position, retry, star) = (0, 0, 0, -1)
        while at < text.count {
            if position < expected.count, expected[position] == UInt8(ascii: "*") {
                star = position
                retry = at
                position += 1
            } else if position < expected.count,
                expected[position] == UInt8(ascii: "?") || same(expected[position], text[at])
            {
                position += 1
                at += 1
            } else if star >= 0 {
                retry += 1
                at = retry
                position = star + 1
            } else {
                return false
            }
        }
        while position < expected.count, expected[position] == UInt8(ascii: "*") { position += 1 }
        return position == expected.count
    }
}

private struct FnMatch {
    let pattern: ByteString
    let text: ByteString
    let flags: Wildcard.Flags

    private func isLeadingPeriod(_ at: Int) -> Bool {
        guard flags.contains(.period), at < text.count, text[at] == UInt8(ascii: ".") else { return false }
        return at == 0 || flags.contains(.pathName) && text[at - 1] == UInt8(ascii: "/")
    }

    func matches() -> Bool {
        var (at, position, retry, star) = (0, 0, 0, -1)
        while at < text.count || position < pattern.count {
            if position < pattern.count {
                if pattern[position] == UInt8(ascii: "*"), !isLeadingPeriod(at) {
                    star = position
                    retry = at
                    position += 1
                    continue
                }
                if at < text.count, let next = step(position, at) {
                    // With pathName a star ends at its segment: what follows a slash cannot change it.
                    if flags.contains(.pathName), text[at] == UInt8(ascii: "/") { star = -1 }
                    position = next
                    at += 1
                    continue
                }
            }
            guard star >= 0, retry < text.count, !(flags.contains(.pathName) && text[retry] == UInt8(ascii: "/")) else {
                return false
            }
            retry += 1
            at = retry
            position = star + 1
        }
        return true
    }

    /// Matches the single-byte item at `position` with the byte at `at`; returns where the pattern goes on.
    private func step(_ position: Int, _ at: Int) -> Int? {
        let byte = text[at]
        let isSlash = flags.contains(.pathName) && byte == UInt8(ascii: "/")
        switch pattern[position] {
        case UInt8(ascii: "*"): return nil
        case UInt8(ascii: "?"): return isSlash || isLeadingPeriod(at) ? nil : position + 1
        case UInt8(ascii: "["):
            if let (matched, next) = bracket(position + 1, byte) {
                return matched && !isSlash && !isLeadingPeriod(at) ? next : nil
            }
        case UInt8(ascii: "\\") where !flags.contains(.noEscape) && position + 1 < pattern.count:
            return equal(pattern[position + 1], byte) ? position + 2 : nil
        default: break
        }
        return equal(pattern[position], byte) ? position + 1 : nil
    }

    private func equal(_ left: UInt8, _ right: UInt8) -> Bool {
        left == right || flags.contains(.caseBlind) && ASCII.lower(left) == ASCII.lower(right)
    }

    /// A set from behind its `[`; nil when it is not closed (the `[` is an ordinary byte then).
    private func bracket(_ first: Int, _ byte: UInt8) -> (matched: Bool, next: Int)? {
        var index = first
        var negated = false
        if index < pattern.count, pattern[index] == UInt8(ascii: "!") || pattern[index] == UInt8(ascii: "^") {
            negated = true
            index += 1
        }
        let mark = index
        let escapes = !flags.contains(.noEscape)
        var matched = false
        while index < pattern.count {
            if pattern[index] == UInt8(ascii: "]"), index > mark { return (matched != negated, index + 1) }
            if escapes, pattern[index] == UInt8(ascii: "\\") { index += 1 }
            guard index < pattern.count, !isSlash(pattern[index]) else { return nil }
            let low = pattern[index]
            if index + 2 < pattern.count, pattern[index + 1] == UInt8(ascii: "-"),
                pattern[index + 2] != UInt8(ascii: "]")
            {
                index += escapes && pattern[index + 2] == UInt8(ascii: "\\") ? 3 : 2
                guard index < pattern.count, !isSlash(pattern[index]) else { return nil }
                let high = pattern[index]
                if low <= byte, byte <= high { matched = true }
                if flags.contains(.caseBlind) {
                    let folded = ASCII.lower(byte)
                    if ASCII.lower(low) <= folded, folded <= ASCII.lower(high) { matched = true }
                }
            } else if equal(low, byte) {
                matched = true
            }
            index += 1
        }
        return nil
    }

    private func isSlash(_ byte: UInt8) -> Bool { flags.contains(.pathName) && byte == UInt8(ascii: "/") }
}
