// Apache: modules/mappers/mod_rewrite.c (cmd_rewriterule_setflag, cmd_rewritecond_setflag)

import Bytes
import HTTP
import ServerCore

extension RewriteCondition.Flags {
    mutating func set(_ name: ByteString) throws(DirectiveError) {
        switch name.lowercased {
        case "nocase", "nc": insert(.noCase)
        case "ornext", "or": insert(.orNext)
        case "novary", "nv": insert(.noVary)
        default: throw DirectiveError("unknown flag '\(name)'")
        }
    }
}

extension RewriteRule.Settings {
    mutating func set(_ name: ByteString, _ value: ByteString) throws(DirectiveError) {
        let known = name.lowercased
        switch known {
        case "ns", "nosubreq": flags.insert(.ignoreOnSubrequest)
        case "nc", "nocase": flags.insert(.noCase)
        case "ne", "noescape": flags.insert(.noEscape)
        case "l", "last": flags.insert(.last)
        case "c", "chain": flags.insert(.chain)
        case "end": flags.insert(.end)
        case "p", "proxy": flags.insert(.proxy)
        case "pt", "passthrough": flags.insert(.passThrough)
        case "qsa", "qsappend": flags.insert(.queryAppend)
        case "qsd", "qsdiscard": flags.insert(.queryDiscard)
        case "qsl", "qslast": flags.insert(.queryLast)
        case "s", "skip": skip = CInteger.parse(value)
        case "t", "type": mimeType = RewriteTemplate(value)
        case "h", "handler": handler = RewriteTemplate(value)
        case "e", "env": environment.append(RewriteTemplate(value))
        case "co", "cookie": cookies.append(RewriteTemplate(value))
        case "f", "forbidden": refuse(403)
        case "g", "gone": refuse(410)
        case "r", "redirect": try redirect(value)
        case "unsafeprefixstat": flags.insert(.unsafePrefixStat)
        case "unsafeallow3f": flags.insert(.unsafeAllow3F)
        case "unc": flags.insert(.keepLeadingSlashes)
        case "n", "next":
            flags.insert(.newRound)
            if !value.isEmpty { maxRounds = CInteger.parse(value) }
        default:
            if try setEscaping(known, value) { return }
            if known.first == UInt8(ascii: "d") {
                // Every other flag that begins with a D is taken and does nothing.
                if known == "d" || known == "dpi" || known == "discardpath" { flags.insert(.discardPathInfo) }
                return
            }
            throw DirectiveError("unknown flag '\(name)'")
        }
    }

    /// The B family; false for other flags.
    private mutating func setEscaping(_ known: ByteString, _ value: ByteString) throws(DirectiveError) -> Bool {
        switch known {
        case "b", "backrefescaping":
            flags.insert(.escapeBackreferences)
            if !value.isEmpty { escapes = value }
        case "bne":
            guard !value.isEmpty else {
                throw DirectiveError("flag 'BNE' wants a list of characters (i.e. [BNE=...])")
            }
            keeps = value
        case "bnp", "backrefernoplus": flags.insert(.escapeNoPlus)
        case "bctls": flags.formUnion([.escapeControls, .escapeBackreferences])
        default: return false
        }
        return true
    }

    private mutating func refuse(_ code: Int) {
        flags.formUnion([.status, .noSubstitution])
        responseCode = code
    }

    private mutating func redirect(_ value: ByteString) throws(DirectiveError) {
        flags.insert(.forceRedirect)
        guard let first = value.first else { return }
        var code = 0
        switch value.lowercased {
        case "permanent": code = 301
        case "temp": code = 302
        case "seeother": code = 303
        default:
            guard ASCII.isDigit(first) else { break }
            code = CInteger.parse(value)
            guard Status(code).knownLine != nil else {
                throw DirectiveError("invalid HTTP response code '\(value)' for flag 'R'")
            }
            if !(300..<400).contains(code) { flags.formUnion([.status, .noSubstitution]) }
        }
        responseCode = code
    }
}

/// C's `atoi`: blanks, a sign, digits; whatever follows is not looked at. Too large numbers end at the limit.
enum CInteger {
    static func parse(_ text: some Sequence<UInt8>) -> Int {
        var number = 0
        var negative = false
        var began = false
        for byte in text {
            if !began, ASCII.isSpace(byte) { continue }
            if !began, byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") {
                negative = byte == UInt8(ascii: "-")
                began = true
                continue
            }
            guard ASCII.isDigit(byte) else { break }
            began = true
            number = number > 200_000_000 ? Int(Int32.max) : min(number * 10 + Int(byte &- 48), Int(Int32.max))
        }
        return negative ? -number : number
    }
}
