// Apache: server/util.c (ap_pregsub), server/util_regex.c (ap_rxplus_*)
import Bytes

/// Replacement text with `$0`…`$9`.
public enum Substitution {
    /// What `ap_pregsub` accepts at most: a longer result is refused (`AP_PREGSUB_MAXLEN`).
    public static let maximumLength = 65_536

    /// Expands `template`: `$n` is group n of `captures` in `source`, a backslash makes the next byte ordinary.
    /// Groups that did not match are empty. Without captures the template is taken as it is, backslashes included.
    /// Returns nil when the result would have `limit` bytes or more (0: no limit).
    public static func expand(
        _ template: ByteString, source: ByteString, captures: RegexCaptures?, limit: Int = maximumLength
    ) -> ByteString? {
        var output: [UInt8] = []
        return append(template, source: source, captures: captures, limit: limit, to: &output)
            ? ByteString(output) : nil
    }

    /// As `expand`, into a buffer of the caller. On false the buffer holds part of the text.
    public static func append(
        _ template: ByteString, source: ByteString, captures: RegexCaptures?, limit: Int = maximumLength,
        to output: inout [UInt8]
    ) -> Bool {
        let start = output.count
        func fits(_ more: Int) -> Bool { limit <= 0 || output.count - start + more < limit }
        guard let captures else {
            guard fits(template.count) else { return false }
            output.append(template)
            return true
        }
        var index = 0
        while index < template.count {
            var byte = template[index]
            index += 1
            if byte == UInt8(ascii: "$"), index < template.count, ASCII.isDigit(template[index]) {
                if let range = captures[Int(template[index] &- 48)], range.upperBound <= source.count {
                    guard fits(range.count) else { return false }
                    output.append(contentsOf: source.bytes[range])
                }
                index += 1
                continue
            }
            if byte == UInt8(ascii: "\\"), index < template.count {
                byte = template[index]
                index += 1
            }
            guard fits(1) else { return false }
            output.append(byte)
        }
        return true
    }
}

/// Perl's `s/pattern/text/flags`, `m/pattern/flags` or a bare pattern (`ap_rxplus_t`).
///
/// Flags: `i` any case, `m` line ends, `s` dot matches newline, `g` all matches; `n`, `^`, `$` and others are accepted
/// without effect. The delimiter is any byte that is neither letter nor digit and cannot occur in the parts.
public struct RegexPlus: Sendable {
    public let regex: Regex
    /// The replacement; nil for a plain match.
    public let substitution: ByteString?
    /// `g`: go on after the first match.
    public let isGlobal: Bool

    /// Nil when the pattern does not compile or a substitution has no replacement.
    public init?(_ text: ByteString, defaults: RegexOptions = .standard) {
        var position = 0
        var substitutes = false
        if let first = text.first, !ASCII.isAlnum(first) {
            position = 1
        } else if text.count > 1, !ASCII.isAlnum(text[1]), text[0] == UInt8(ascii: "s") || text[0] == UInt8(ascii: "m")
        {
            substitutes = text[0] == UInt8(ascii: "s")
            position = 2
        }
        let delimiter = position > 0 ? text[position - 1] : 0
        guard position > 0, var end = text.bytes[position...].firstIndex(of: delimiter) else {
            guard let regex = try? Regex(text, defaults: defaults) else { return nil }
            (self.regex, substitution, isGlobal) = (regex, nil, false)
            return
        }
        let pattern = text[position..<end]
        var replacement: ByteString?
        if substitutes {
            let start = end + 1
            guard start < text.count, let next = text.bytes[start...].firstIndex(of: delimiter) else { return nil }
            replacement = text[start..<next]
            end = next
        }
        var options = defaults.intersection(.dollarEndOnly)
        for flag in text.bytes[(end + 1)...] {
            switch flag {
            case UInt8(ascii: "i"): options.insert(.ignoreCase)
            case UInt8(ascii: "m"): options.insert(.newline)
            case UInt8(ascii: "s"): options.insert(.dotAll)
            default: break
            }
        }
        guard let regex = try? Regex(pattern, options, defaults: []) else { return nil }
        self.regex = regex
        substitution = replacement
        isGlobal = text.bytes[(end + 1)...].contains(UInt8(ascii: "g"))
    }

    /// Replaces the first match, or all with `g`; nil when nothing matched or there is no replacement.
    public func replace(_ subject: ByteString) -> ByteString? {
        guard let substitution else { return nil }
        var output: [UInt8] = []
        var position = 0
        var replaced = false
        while let captures = regex.match(subject, from: position), let whole = captures[0] {
            output.append(contentsOf: subject.bytes[position..<whole.lowerBound])
            guard Substitution.append(substitution, source: subject, captures: captures, to: &output) else { break }
            replaced = true
            // An empty match would repeat for ever: it copies one byte and goes on behind it.
            if whole.isEmpty, whole.upperBound < subject.count { output.append(subject[whole.upperBound]) }
            position = whole.isEmpty ? whole.upperBound + 1 : whole.upperBound
            if !isGlobal || position > subject.count { break }
        }
        guard replaced else { return nil }
        if position < subject.count { output.append(contentsOf: subject.bytes[position...]) }
        return ByteString(output)
    }
}
