// Apache: modules/mappers/mod_rewrite.c (do_expand, escape_backref)

import Bytes
import ServerCore

/// Whether the first (with [QSL] the last) `?` of a substitution came from the configuration or from the client.
enum RewriteQuestion { case none, written, expanded }

extension RewriteContext {
    /// The template with everything put in.
    mutating func expand(_ template: RewriteTemplate, for rule: RewriteRule? = nil) -> ByteString {
        var question = RewriteQuestion.none
        return expand(template, for: rule, question: &question)
    }

    mutating func expand(
        _ template: RewriteTemplate, for rule: RewriteRule?, question: inout RewriteQuestion
    ) -> ByteString {
        if template.pieces.count == 1, case .literal(let text, let hasQuestion) = template.pieces[0] {
            if hasQuestion { question = .written }
            return text
        }
        var result: [UInt8] = []
        let wantsLast = rule?.flags.contains(.queryLast) ?? false
        var tracks = true
        for piece in template.pieces {
            let start = result.count
            let isLiteral = append(piece, rule, to: &result)
            guard tracks else { continue }
            switch piece {
            case .literal(_, let hasQuestion): if !hasQuestion { continue }
            default: if !result[start...].contains(UInt8(ascii: "?")) { continue }
            }
            question = isLiteral ? .written : .expanded
            tracks = wantsLast
        }
        return ByteString(result)
    }

    /// Appends one piece; true when it stood in the configuration as it is.
    private mutating func append(_ piece: RewriteTemplate.Piece, _ rule: RewriteRule?, to result: inout [UInt8]) -> Bool
    {
        switch piece {
        case .literal(let text, _):
            result.append(text)
            return true
        case .ruleGroup(let number): append(ruleGroups?.group(number), rule, to: &result)
        case .conditionGroup(let number): append(conditionGroups?.group(number), rule, to: &result)
        case .variable(let variable): result.append(value(of: variable))
        case .map(let name, let key, let fallback):
            let found = lookUp(map: name, key: expand(key, for: rule))
            if let found {
                result.append(found)
            } else if let fallback {
                result.append(expand(fallback, for: rule))
            }
        }
        return false
    }

    private func append(_ group: ArraySlice<UInt8>?, _ rule: RewriteRule?, to result: inout [UInt8]) {
        guard let group else { return }
        guard let rule, rule.flags.contains(.escapeBackreferences) else {
            result.append(contentsOf: group)
            return
        }
        let start = result.count
        RewriteEscape.append(group, rule.settings, to: &result)
        trace(5, "escaping backreference '\(ByteString(group))' to '\(ByteString(result[start...]))'")
    }
}

/// Escaping of back-references for [B] (escape_backref).
enum RewriteEscape {
    static func append(_ bytes: some Sequence<UInt8>, _ settings: RewriteRule.Settings, to result: inout [UInt8]) {
        let controls = settings.flags.contains(.escapeControls)
        let noPlus = settings.flags.contains(.escapeNoPlus)
        for byte in bytes {
            let listed = settings.escapes?.contains(byte) ?? false
            let wanted = controls ? !isVisible(byte) : settings.escapes == nil
            guard wanted || listed, settings.keeps?.contains(byte) != true else {
                result.append(byte)
                continue
            }
            if ASCII.isAlnum(byte) || byte == UInt8(ascii: "_") {
                result.append(byte)
            } else if byte == UInt8(ascii: " "), !noPlus {
                result.append(UInt8(ascii: "+"))
            } else {
                result.append(UInt8(ascii: "%"))
                result.append(ASCII.hexDigits[Int(byte >> 4)])
                result.append(ASCII.hexDigits[Int(byte & 15)])
            }
        }
    }
    /// Printable ASCII without the blank, and everything above ASCII (T_VCHAR_OBSTEXT).
    static func isVisible(_ byte: UInt8) -> Bool { byte > 32 && byte != 127 }
}
