// Apache: modules/filters/mod_include.c find_directive, find_argument, find_tail

import Bytes

/// One `<!--#name argument="value" … -->`.
struct IncludeDirective: Equatable {
    struct Argument: Equatable {
        var name: ByteString
        var value: ByteString?
    }
    enum Fault: Equatable, Sendable { case noName, noArgumentName }

    var name: ByteString = ""
    var arguments: [Argument] = []
    /// Was told in the log; the directive is not executed.
    var faults: [Fault] = []

    enum Reading: Equatable {
        /// The end has not come yet.
        case incomplete
        case complete(IncludeDirective, end: Int)
    }

    /// Reads what follows the start tag, from `start` on.
    static func read(_ text: [UInt8], from start: Int, endTag: [UInt8]) -> Reading {
        var directive = IncludeDirective()
        var at = start
        func isEnd(_ place: Int) -> Bool {
            place + endTag.count <= text.count && text[place..<place + endTag.count].elementsEqual(endTag)
        }
        // The name ends with a blank, or leniently with the end tag.
        while at < text.count, !ASCII.isSpace(text[at]), !isEnd(at) { at += 1 }
        guard at < text.count else { return .incomplete }
        directive.name = ByteString(text[start..<at]).lowercased
        if directive.name.isEmpty { directive.faults.append(.noName) }
        if isEnd(at) { return .complete(directive, end: at + endTag.count) }
        while true {
            while at < text.count, ASCII.isSpace(text[at]) { at += 1 }
            guard at < text.count else { return .incomplete }
            if isEnd(at) { return .complete(directive, end: at + endTag.count) }
            guard directive.readArgument(text, &at) else { return .incomplete }
        }
    }

    /// One `name`, `name=value` or `name="value"`; false when the text ends before it does.
    private mutating func readArgument(_ text: [UInt8], _ at: inout Int) -> Bool {
        var argument = Argument(name: "")
        if Self.isQuote(text[at]) {
            // Somebody forgot the name.
            faults.append(.noArgumentName)
            let quote = text[at]
            at += 1
            guard let value = Self.value(text, &at, quote) else { return false }
            argument.value = value
            arguments.append(argument)
            return true
        }
        let start = at
        while at < text.count, !ASCII.isSpace(text[at]), text[at] != UInt8(ascii: "=") { at += 1 }
        guard at < text.count else { return false }
        argument.name = ByteString(text[start..<at]).lowercased
        if argument.name.isEmpty { faults.append(.noArgumentName) }
        while at < text.count, ASCII.isSpace(text[at]) { at += 1 }
        guard at < text.count else { return false }
        if text[at] == UInt8(ascii: "=") {
            at += 1
            while at < text.count, ASCII.isSpace(text[at]) { at += 1 }
            guard at < text.count else { return false }
            let quote = Self.isQuote(text[at]) ? text[at] : 0
            if quote != 0 { at += 1 }
            guard let value = Self.value(text, &at, quote) else { return false }
            argument.value = value
        }
        arguments.append(argument)
        return true
    }
    private static func isQuote(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "`")
    }
    /// Up to the quote, or without one to a blank; `\` before the quote makes it part of the value.
    private static func value(_ text: [UInt8], _ at: inout Int, _ quote: UInt8) -> ByteString? {
        var result: [UInt8] = []
        while at < text.count {
            let byte = text[at]
            at += 1
            if quote == 0 {
                if ASCII.isSpace(byte) { return ByteString(result) }
            } else if byte == quote {
                return ByteString(result)
            } else if byte == UInt8(ascii: "\\"), at < text.count, text[at] == quote {
                result.append(quote)
                at += 1
                continue
            }
            result.append(byte)
        }
        return nil
    }
}
