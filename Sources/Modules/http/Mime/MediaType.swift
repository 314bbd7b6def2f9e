// Apache: modules/http/mod_mime.c (analyze_ct)

import Bytes

/// A media type taken apart (RFC 2045, section 5.1): `text/html; charset=utf-8`.
struct MediaType {
    var type: ByteString
    var subtype: ByteString
    /// Values as written, quotes included.
    var parameters: [(name: ByteString, value: ByteString)] = []

    /// What Apache logs about a type it cannot read.
    struct Malformed: Error { let message: ByteString }

    init(_ text: ByteString) throws(Malformed) {
        var at = Self.skipSpace(text, 0)
        guard at < text.count else {
            throw Malformed(message: "AH01598: mod_mime: analyze_ct: cannot get media type from '\(text)'")
        }
        let typeStart = at
        at += 1
        while at < text.count, text[at] != UInt8(ascii: "/"), !ASCII.isSpace(text[at]), text[at] != UInt8(ascii: ";") {
            at += 1
        }
        guard at < text.count, text[at] != UInt8(ascii: ";") else {
            throw Malformed(message: "AH01599: Cannot get media type from '\(text)'")
        }
        at = Self.skipSpace(text, at)
        guard at < text.count, text[at] == UInt8(ascii: "/") else {
            throw Malformed(message: "AH01600: mod_mime: analyze_ct: cannot get media type from '\(text)'")
        }
        type = text[typeStart..<at]
        at = Self.skipSpace(text, at + 1)
        guard at < text.count else { throw Malformed(message: "AH01601: Cannot get media subtype.") }
        let start = at
        at += 1
        while at < text.count, !ASCII.isSpace(text[at]), text[at] != UInt8(ascii: ";") { at += 1 }
        subtype = text[start..<at]
        at = Self.skipSpace(text, at)
        guard at < text.count else { return }
        at = Self.skipBlanks(text, at + 1)
        guard at < text.count else { throw Malformed(message: "AH01602: Cannot get media parameter.") }
        while at < text.count { try readParameter(text, &at) }
    }

    private mutating func readParameter(_ text: ByteString, _ at: inout Int) throws(Malformed) {
        let start = at
        while at < text.count, Self.isToken(text[at]) || Self.isBlank(text[at]) { at += 1 }
        // A name without a value at the very end is let through and forgotten.
        guard at < text.count else { return }
        guard text[at] == UInt8(ascii: "=") else { throw Malformed(message: "AH01605: Cannot get media parameter.") }
        let name = text[start..<at].trimmed()
        guard !name.isEmpty else { throw Malformed(message: "AH01603: Cannot get media parameter.") }
        at = Self.skipBlanks(text, at + 1)
        guard at < text.count else { throw Malformed(message: "AH01604: Cannot get media parameter.") }
        let valueStart = at
        if text[at] == UInt8(ascii: "\"") {
            try skipQuoted(text, &at)
        } else {
            while at < text.count, Self.isToken(text[at]) { at += 1 }
            guard at == text.count || text[at] == UInt8(ascii: ";") else {
                throw Malformed(message: "AH01608: Cannot get media parameter.")
            }
        }
        let value = text[valueStart..<at].trimmed()
        guard !value.isEmpty else { throw Malformed(message: "AH01609: Cannot get media parameter.") }
        parameters.append((name, value))
        if at < text.count { at += 1 }
    }
    private func skipQuoted(_ text: ByteString, _ at: inout Int) throws(Malformed) {
        at += 1
        while at < text.count {
            let byte = text[at]
            if byte == UInt8(ascii: "\"") {
                at = Self.skipBlanks(text, at + 1)
                guard at == text.count || text[at] == UInt8(ascii: ";") else {
                    throw Malformed(message: "AH01606: Cannot get media parameter.")
                }
                return
            }
            if byte == UInt8(ascii: "\\"), at + 1 < text.count, text[at + 1] < 128 {
                at += 2
            } else if byte < 128, byte != UInt8(ascii: "\\"), byte != 10 {
                at += 1
            } else {
                throw Malformed(message: "AH01607: Cannot get media parameter.")
            }
        }
    }

    private static func skipSpace(_ text: ByteString, _ start: Int) -> Int {
        var at = start
        while at < text.count, ASCII.isSpace(text[at]) { at += 1 }
        return at
    }
    private static func skipBlanks(_ text: ByteString, _ start: Int) -> Int {
        var at = start
        while at < text.count, isBlank(text[at]) { at += 1 }
        return at
    }
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 }
    private static func isToken(_ byte: UInt8) -> Bool {
        guard byte > 32, byte < 127 else { return false }
        switch byte {
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "@"),
            UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "\\"), UInt8(ascii: "\""),
            UInt8(ascii: "/"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "?"), UInt8(ascii: "="):
            return false
        default: return true
        }
    }
}
