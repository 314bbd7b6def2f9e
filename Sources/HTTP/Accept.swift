// Apache: modules/mappers/mod_negotiation.c (get_entry, do_header_line, atoq, do_languages_line)
import Bytes

/// One element of an `Accept…` field.
public struct AcceptItem: Sendable, Hashable {
    /// In lower case: `text/html`, `en-gb`, `*`.
    public var name: ByteString
    /// The weight in thousandths: `q=0.5` is 500. Without one 1000.
    public var quality: Int
    /// The `level` parameter; without one 2 for `text/html`, else 0.
    public var level: Int
    /// The `charset` parameter in lower case, or empty.
    public var charset: ByteString

    public init(name: ByteString, quality: Int = 1000, level: Int = 0, charset: ByteString = "") {
        self.name = name
        self.quality = quality
        self.level = level
        self.charset = charset
    }

    /// The elements of a field value, in order. Nothing is refused: what cannot be understood is taken as it is.
    public static func parse(_ value: ByteString) -> [AcceptItem] {
        var items: [AcceptItem] = []
        var position = 0
        while position < value.count {
            let before = position
            items.append(item(value, &position))
            // A byte that no token can hold would stop the scan for ever.
            if position == before { position += 1 }
        }
        return items
    }

    private static func item(_ value: ByteString, _ position: inout Int) -> AcceptItem {
        var item = AcceptItem(name: FieldList.token(value, &position, acceptsBlanks: false).lowercased)
        if item.name == "text/html" || item.name == "text/x-server-parsed-html" { item.level = 2 }
        if item.name == "text/x-server-parsed-html3" { item.level = 3 }
        while position < value.count, value[position] == UInt8(ascii: ";") {
            position += 1
            item.apply(FieldList.token(value, &position, acceptsBlanks: true))
        }
        if position < value.count, value[position] == UInt8(ascii: ",") { position += 1 }
        return item
    }

    private mutating func apply(_ parameter: ByteString) {
        guard let split = Parameter.split(parameter) else { return }
        switch split.name {
        case "q", "qs": quality = Self.quality(split.value)
        case "level": level = Self.leadingInteger(split.value)
        case "charset": charset = split.value.lowercased
        default: break
        }
    }

    /// A weight in thousandths. Digits before the point other than 0 mean 1; a missing 0 is let pass.
    public static func quality(_ text: ByteString) -> Int {
        var at = 0
        while at < text.count, ASCII.isSpace(text[at]) { at += 1 }
        guard at < text.count else { return 1000 }
        if text[at] != UInt8(ascii: ".") {
            guard text[at] == UInt8(ascii: "0") else { return 1000 }
            at += 1
        }
        guard at < text.count, text[at] == UInt8(ascii: ".") else { return 0 }
        var quality = 0
        var factor = 100
        at += 1
        while factor > 0, at < text.count, ASCII.isDigit(text[at]) {
            quality += Int(text[at] &- 48) * factor
            factor /= 10
            at += 1
        }
        return quality
    }

    private static func leadingInteger(_ text: ByteString) -> Int {
        var number = 0
        for byte in text {
            guard ASCII.isDigit(byte) else { break }
            number = min(number * 10 + Int(byte &- 48), 1_000_000)
        }
        return number
    }
}

/// `name=value` after a semicolon.
public enum Parameter {
    /// The name in lower case and the value without quotes; nil when there is no `=` and no blank that stands for one.
    public static func split(_ parameter: ByteString) -> (name: ByteString, value: ByteString)? {
        var at = 0
        while at < parameter.count, !ASCII.isSpace(parameter[at]), parameter[at] != UInt8(ascii: "=") { at += 1 }
        guard at < parameter.count else { return nil }
        let name = parameter[0..<at].lowercased
        while at < parameter.count, ASCII.isSpace(parameter[at]) || parameter[at] == UInt8(ascii: "=") { at += 1 }
        guard at < parameter.count else { return (name, "") }
        if parameter[at] == UInt8(ascii: "\"") {
            at += 1
            let start = at
            while at < parameter.count, ![10, 13, UInt8(ascii: "\"")].contains(parameter[at]) { at += 1 }
            return (name, parameter[start..<at])
        }
        let start = at
        while at < parameter.count, !ASCII.isSpace(parameter[at]) { at += 1 }
        return (name, parameter[start..<at])
    }

    /// A media type and its parameters: `text/html; charset="utf-8"`. Type and names come in lower case, values as they
    /// stand, without quotes and with quoted pairs resolved.
    public static func parseContentType(
        _ value: ByteString
    ) -> (type: ByteString, parameters: [(name: ByteString, value: ByteString)]) {
        var position = 0
        let type = piece(value, &position).trimmed().lowercased
        var parameters: [(name: ByteString, value: ByteString)] = []
        while position < value.count {
            let text = piece(value, &position).trimmed()
            guard let equals = text.firstIndex(of: UInt8(ascii: "=")) else { continue }
            parameters.append((text[0..<equals].trimmed().lowercased, unquote(text.from(equals + 1).trimmed())))
        }
        return (type, parameters)
    }

    /// The text of a quoted string; anything else as it stands.
    public static func unquote(_ text: ByteString) -> ByteString {
        guard text.first == UInt8(ascii: "\"") else { return text }
        var output: [UInt8] = []
        var at = 1
        while at < text.count, text[at] != UInt8(ascii: "\"") {
            if text[at] == UInt8(ascii: "\\"), at + 1 < text.count { at += 1 }
            output.append(text[at])
            at += 1
        }
        return ByteString(output)
    }

    /// Up to a semicolon that is not quoted.
    private static func piece(_ value: ByteString, _ position: inout Int) -> ByteString {
        let start = position
        var isQuoted = false
        while position < value.count, isQuoted || value[position] != UInt8(ascii: ";") {
            if value[position] == UInt8(ascii: "\"") { isQuoted.toggle() }
            if isQuoted, value[position] == UInt8(ascii: "\\"), position + 1 < value.count { position += 1 }
            position += 1
        }
        let end = min(position, value.count)
        position = min(position + 1, value.count)
        return value[start..<end]
    }
}
