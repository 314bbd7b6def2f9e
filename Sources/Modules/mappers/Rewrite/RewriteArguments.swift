// Apache: modules/mappers/mod_rewrite.c (parseargline, cmd_parseflagfield)

import Bytes
import ServerCore

/// RewriteRule and RewriteCond cut their arguments themselves: a backslash is part of a pattern, and hides a blank.
struct RewriteArguments {
    var first: ByteString
    var second: ByteString
    var third: ByteString?
    /// The byte before the end of the second argument, which may be a `?`; what stood before it when it is empty.
    var endsWithQuestion: Bool

    /// Nil where Apache says "bad argument line".
    init?(_ line: ByteString) {
        let bytes = line.bytes
        var at = 0
        Self.skipBlanks(bytes, &at)
        guard let first = Self.argument(bytes, &at) else { return nil }
        self.first = first
        Self.skipBlanks(bytes, &at)
        var isLast = false
        let second = Self.lastArgument(bytes, &at, &isLast)
        self.second = second
        endsWithQuestion = second.last == UInt8(ascii: "?")
        guard !isLast else { return }
        Self.skipBlanks(bytes, &at)
        guard at < bytes.count else { return }
        third = Self.lastArgument(bytes, &at, &isLast)
    }

    private static func skipBlanks(_ bytes: [UInt8], _ at: inout Int) {
        while at < bytes.count, ASCII.isSpace(bytes[at]) { at += 1 }
    }
    /// Something must follow the argument.
    private static func argument(_ bytes: [UInt8], _ at: inout Int) -> ByteString? {
        var isLast = false
        let result = lastArgument(bytes, &at, &isLast)
        return isLast ? nil : result
    }
    /// The argument at `at`, which moves behind it and what ends it; `isLast` when the line ended first.
    private static func lastArgument(_ bytes: [UInt8], _ at: inout Int, _ isLast: inout Bool) -> ByteString {
        var quote: UInt8 = 0
        if at < bytes.count, bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "'") {
            quote = bytes[at]
            at += 1
        }
        let start = at
        while at < bytes.count {
            let byte = bytes[at]
            if quote == 0 ? ASCII.isSpace(byte) : byte == quote { break }
            if byte == UInt8(ascii: "\\"), at + 1 < bytes.count, ASCII.isSpace(bytes[at + 1]) { at += 1 }
            at += 1
        }
        let end = min(at, bytes.count)
        let result = ByteString(Array(bytes[start..<end]))
        isLast = at >= bytes.count
        at = isLast ? bytes.count : at + 1
        return result
    }

    /// Cuts `[flag,flag=value]` and hands over name and value of each. A value is empty when there is none.
    static func flags(
        _ field: ByteString, _ apply: (ByteString, ByteString) throws(DirectiveError) -> Void
    ) throws(DirectiveError) {
        guard field.first == UInt8(ascii: "["), field.last == UInt8(ascii: "]") else {
            throw DirectiveError("bad flag delimiters")
        }
        let inside = field.count > 1 ? field[1..<(field.count - 1)] : ByteString()
        for item in inside.split(on: UInt8(ascii: ",")) {
            let text = item.trimmed()
            guard let equals = text.firstIndex(of: UInt8(ascii: "=")) else {
                try apply(text, "")
                continue
            }
            try apply(text.upTo(equals), text.from(equals + 1))
        }
    }
}
