// Apache: modules/mappers/mod_rewrite.c (do_expand, find_closing_curly, find_char_in_curlies)

import Bytes

/// A string with `$1`, `%1`, `%{VARIABLE}` and `${map:key|default}` in it, taken apart once.
///
/// What a variable, a back-reference or a map yields is never looked at again for such things: expansion is one
/// pass over what the administrator wrote.
struct RewriteTemplate: Sendable {
    indirect enum Piece: Sendable {
        /// `hasQuestion`: a `?` stands in it that no backslash hides.
        case literal(ByteString, hasQuestion: Bool)
        /// `$N`: a group of the rule's pattern.
        case ruleGroup(Int)
        /// `%N`: a group of the last matched condition.
        case conditionGroup(Int)
        case variable(RewriteVariable)
        case map(name: ByteString, key: RewriteTemplate, fallback: RewriteTemplate?)
    }
    private(set) var pieces: [Piece] = []

    init(_ text: ByteString) {
        var literal: [UInt8] = []
        var hasQuestion = false
        var at = 0
        let bytes = text.bytes
        while at < bytes.count {
            let byte = bytes[at]
            let next = at + 1 < bytes.count ? bytes[at + 1] : 0
            if byte == UInt8(ascii: "\\") {
                // At the end a backslash stands for itself.
                literal.append(at + 1 < bytes.count ? next : byte)
                at += 2
                continue
            }
            guard byte == UInt8(ascii: "$") || byte == UInt8(ascii: "%") else {
                if byte == UInt8(ascii: "?") { hasQuestion = true }
                literal.append(byte)
                at += 1
                continue
            }
            if next == UInt8(ascii: "{"), let (piece, end) = Self.braced(bytes, at) {
                flush(&literal, &hasQuestion)
                pieces.append(piece)
                at = end
            } else if next == UInt8(ascii: "{") {
                literal.append(byte)
                literal.append(next)
                at += 2
            } else if ASCII.isDigit(next) {
                flush(&literal, &hasQuestion)
                let group = Int(next &- 48)
                pieces.append(byte == UInt8(ascii: "$") ? .ruleGroup(group) : .conditionGroup(group))
                at += 2
            } else {
                literal.append(byte)
                at += 1
            }
        }
        flush(&literal, &hasQuestion)
    }

    private mutating func flush(_ literal: inout [UInt8], _ hasQuestion: inout Bool) {
        guard !literal.isEmpty else { return }
        pieces.append(.literal(ByteString(literal), hasQuestion: hasQuestion))
        literal.removeAll()
        hasQuestion = false
    }

    /// The piece that begins with `%{` or `${` at `start` and where it ends; nil when it is not one.
    private static func braced(_ bytes: [UInt8], _ start: Int) -> (Piece, Int)? {
        guard let close = find(UInt8(ascii: "}"), in: bytes, from: start + 2, closing: true) else { return nil }
        let inside = ByteString(Array(bytes[(start + 2)..<close]))
        if bytes[start] == UInt8(ascii: "%") { return (.variable(RewriteVariable(inside)), close + 1) }
        guard let colon = find(UInt8(ascii: ":"), in: inside.bytes, from: 0) else { return nil }
        let name = inside.upTo(colon)
        let rest = inside.from(colon + 1)
        guard let bar = find(UInt8(ascii: "|"), in: rest.bytes, from: 0) else {
            return (.map(name: name, key: RewriteTemplate(rest), fallback: nil), close + 1)
        }
        let fallback = rest.from(bar + 1)
        let template = fallback.isEmpty ? nil : RewriteTemplate(fallback)
        return (.map(name: name, key: RewriteTemplate(rest.upTo(bar)), fallback: template), close + 1)
    }

    /// Where `wanted` stands outside nested braces; with `closing` it is the brace that ends the first level.
    private static func find(_ wanted: UInt8, in bytes: [UInt8], from start: Int, closing: Bool = false) -> Int? {
        var depth = 1
        for at in start..<max(start, bytes.count) {
            let byte = bytes[at]
            if byte == wanted, !closing, depth == 1 { return at }
            if byte == UInt8(ascii: "}") {
                depth -= 1
                if depth == 0 { return closing ? at : nil }
            } else if byte == UInt8(ascii: "{") {
                depth += 1
            }
        }
        return nil
    }
}
