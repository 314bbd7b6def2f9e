// Apache: modules/loggers/mod_log_config.c, server/core.c (ErrorLogFormat), modules/metadata/mod_headers.c
import Bytes

/// Why a format was refused: Apache's sentence.
public struct FormatError: Error, Sendable, Equatable {
    public let message: String
}

/// `%…{…}x` formats, taken apart but not evaluated: what a letter means is the business of the module that logs.
public enum FormatString {
    /// A part of a `LogFormat` or `Header` format.
    public enum Item: Sendable, Equatable {
        case literal(ByteString)
        case directive(Directive)
    }

    /// Which request of a chain of internal redirects a directive describes.
    public enum Which: Sendable, Equatable {
        /// Neither `<` nor `>`: as the directive's own default.
        case unspecified
        /// `%<x`: the request as it arrived.
        case original
        /// `%>x`: the request that was served at the end.
        case final
    }

    /// `%!200,304{name}i` and the like.
    public struct Directive: Sendable, Equatable {
        /// The letter, or three bytes such as `^FU`.
        public var name: ByteString
        /// Between the braces; empty without them.
        public var argument: ByteString = ""
        /// Log only for these statuses; empty: always.
        public var statuses: [Int] = []
        /// `!`: log only for other statuses.
        public var isNegated = false
        public var which = Which.unspecified

        /// False when the conditions say that `-` is to be logged instead.
        public func applies(to status: Int) -> Bool {
            statuses.isEmpty || statuses.contains(status) != isNegated
        }
    }

    /// `LogFormat`, `CustomLog`: conditions, `<`, `>` and commas may come in any order before the letter; the last
    /// argument wins. In text `\n`, `\t`, `\r` and `\\` are escapes, another backslash stays.
    /// The newline Apache adds at the end of a line is not part of the items.
    /// - Parameter isKnown: whether a letter (or `^` and two bytes) has a meaning.
    public static func parseLog(
        _ format: ByteString, isKnown: (ByteString) -> Bool
    ) throws(FormatError) -> [Item] {
        var reader = FormatReader(text: format)
        var items: [Item] = []
        while let byte = reader.peek {
            if byte != UInt8(ascii: "%") {
                items.append(.literal(reader.text()))
                continue
            }
            reader.position += 1
            if reader.peek == UInt8(ascii: "%") {
                reader.position += 1
                items.append(.literal("%"))
                continue
            }
            items.append(.directive(try reader.logDirective(isKnown)))
        }
        return items
    }

    /// `Header` and `RequestHeader` values: `%%`, a `%` at the end, `%x` and `%{argument}x`.
    public static func parseHeader(
        _ format: ByteString, isKnown: (UInt8) -> Bool
    ) throws(FormatError) -> [Item] {
        var reader = FormatReader(text: format)
        var items: [Item] = []
        while let byte = reader.peek {
            if byte != UInt8(ascii: "%") {
                items.append(.literal(reader.text()))
                continue
            }
            reader.position += 1
            guard let next = reader.peek, next != UInt8(ascii: "%") else {
                reader.position += 1
                items.append(.literal("%"))
                continue
            }
            let argument = next == UInt8(ascii: "{") ? reader.braces() : ""
            guard let letter = reader.next(), isKnown(letter) else {
                let shown = reader.last.map { String(decoding: [$0], as: UTF8.self) } ?? ""
                throw FormatError(message: "Unrecognized header format %\(shown)")
            }
            items.append(.directive(Directive(name: ByteString([letter]), argument: argument)))
        }
        return items
    }
}

struct FormatReader {
    let format: ByteString
    var position = 0
    /// The byte `next` gave last; nil when there was none.
    var last: UInt8?

    init(text: ByteString) { format = text }

    var peek: UInt8? { position < format.count ? format[position] : nil }

    mutating func next() -> UInt8? {
        last = peek
        if last != nil { position += 1 }
        return last
    }

    /// Literal text up to a `%`, with escapes resolved.
    mutating func text() -> ByteString {
        var output: [UInt8] = []
        while let byte = peek, byte != UInt8(ascii: "%") {
            position += 1
            guard byte == UInt8(ascii: "\\") else {
                output.append(byte)
                continue
            }
            if let escaped = peek, let value = Self.escape(escaped, orBackslash: true) {
                output.append(value)
                position += 1
            } else {
                output.append(byte)
            }
        }
        return ByteString(output)
    }

    static func escape(_ byte: UInt8, orBackslash: Bool) -> UInt8? {
        switch byte {
        case UInt8(ascii: "n"): 10
        case UInt8(ascii: "t"): 9
        case UInt8(ascii: "r"): 13
        case UInt8(ascii: "\\") where orBackslash: byte
        default: nil
        }
    }

    /// `{…}`, or all that is left when the brace is not closed (as `ap_getword`, which skips repeated `}`).
    mutating func braces() -> ByteString {
        let start = position + 1
        var end = start
        while end < format.count, format[end] != UInt8(ascii: "}") { end += 1 }
        position = end
        while peek == UInt8(ascii: "}") { position += 1 }
        return format[start..<end]
    }

    /// Decimal digits; a number beyond all statuses is cut to one that equals none.
    mutating func number() -> Int {
        var value = 0
        while let byte = peek, ASCII.isDigit(byte) {
            value = min(value * 10 + Int(byte &- 48), 1_000_000)
            position += 1
        }
        return value
    }

    mutating func logDirective(_ isKnown: (ByteString) -> Bool) throws(FormatError) -> FormatString.Directive {
        var item = FormatString.Directive(name: "")
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "!"):
                item.isNegated.toggle()
                position += 1
            case UInt8(ascii: "<"):
                item.which = .original
                position += 1
            case UInt8(ascii: ">"):
                item.which = .final
                position += 1
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "{"): item.argument = braces()
            case 48...57: item.statuses.append(number())
            default:
                if byte == UInt8(ascii: "^"), position + 2 < format.count {
                    let name = format[position..<position + 3]
                    if isKnown(name) {
                        position += 3
                        item.name = name
                        return item
                    }
                }
                item.name = ByteString([byte])
                guard isKnown(item.name) else {
                    throw FormatError(message: "Unrecognized LogFormat directive %\(item.name)")
                }
                position += 1
                return item
            }
        }
        throw FormatError(message: "Ran off end of LogFormat parsing args to some directive")
    }
}
