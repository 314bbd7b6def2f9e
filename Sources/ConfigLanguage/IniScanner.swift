// PHP: Zend/zend_ini_scanner.l, normal mode.
import Bytes

/// One token of an ini line, with its text where it has any.
enum IniToken: Hashable {
    case end
    case section, offset(ByteString), label(ByteString)
    case raw(ByteString), constant(ByteString), number(ByteString), string(ByteString), blank(ByteString)
    case quoted(ByteString), quote
    case dollarCurly, variableName(ByteString)
    case yes, no, null
    case endOfLine
    /// `=`, `]`, `}` and the operators stand for themselves.
    case mark(UInt8)
}

/// Splits one line; the longest rule wins, the earlier of two equally long ones.
struct IniScanner {
    private enum State { case initial, sectionValue, offset, value, variableName, doubleQuotes }
    private let text: [UInt8]
    private var position = 0
    private var states: [State] = [.initial]
    private var state: State {
        get { states.last ?? .initial }
        set { states[max(states.count - 1, 0)] = newValue }
    }

    /// - Parameter line: With its newline.
    init(_ line: [UInt8]) {
        text = line.firstIndex(of: 0).map { Array(line[..<$0]) } ?? line
        if text.count > 3, text.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    mutating func next() -> IniToken {
        while position < text.count {
            let start = position
            switch state {
            case .initial: if let token = initialToken() { return token }
            case .value: return valueToken()
            case .sectionValue, .offset: return bracketToken()
            case .variableName: return variableToken()
            case .doubleQuotes: return quotedToken()
            }
            // Only blanks are passed over in silence.
            if position <= start { break }
        }
        guard position >= text.count, state == .value else { return .end }
        state = .initial
        return .endOfLine
    }

    // MARK: states

    private mutating func initialToken() -> IniToken? {
        let blanks = run(from: position, isBlank)
        let afterBlanks = position + blanks
        let label = run(from: position, isLabel)
        var afterLabel = position + label
        if label > 0, byte(afterLabel) == UInt8(ascii: "[") {
            let name = trimmed(position, afterLabel)
            afterLabel += 1
            position = afterLabel + run(from: afterLabel, isBlank)
            state = .offset
            return .offset(name)
        }
        if byte(position) == UInt8(ascii: "[") {
            position += 1
            state = .sectionValue
            return .section
        }
        let equals = byte(afterBlanks) == UInt8(ascii: "=") ? blanks + 1 + run(from: afterBlanks + 1, isBlank) : 0
        let newline = newlineLength(afterBlanks).map { blanks + $0 } ?? 0
        let comment = commentLength(afterBlanks).map { blanks + $0 } ?? 0
        if let (token, length) = keyword(), length >= max(label, equals, newline, comment) {
            position += length
            return token
        }
        let longest = max(label, equals, newline, comment, blanks)
        if label == longest, label > 0 {
            let name = trimmed(position, position + label)
            position += label
            return .label(name)
        }
        position += longest
        if longest > 0, longest == equals {
            state = .value
            return .mark(UInt8(ascii: "="))
        }
        if longest > 0, longest == max(newline, comment) { return .endOfLine }
        if longest > 0 { return nil }
        let mark = text[position]
        position += 1
        return Self.tokens.contains(mark) ? .mark(mark) : .end
    }

    private mutating func valueToken() -> IniToken {
        let blanks = run(from: position, isBlank)
        let afterBlanks = position + blanks
        if let quoted = singleQuoted() { return quoted }
        if isDollarCurly(position) { return enterVariable() }
        if let end = newlineLength(afterBlanks) ?? commentLength(afterBlanks) {
            position = afterBlanks + end
            state = .initial
            return .endOfLine
        }
        if byte(afterBlanks) == UInt8(ascii: "\"") { return enterQuotes(afterBlanks) }
        if blanks > 0 { return take(blanks, IniToken.blank) }
        let characters = valueLength()
        if let (token, length) = keyword(), length >= characters {
            position += length
            return token
        }
        if let token = word(atLeast: characters) { return token }
        if characters > 0 { return take(characters, IniToken.string) }
        let mark = text[position]
        if Self.operators.contains(mark) {
            position += 1
            position += run(from: position, isBlank)
            return .mark(mark)
        }
        // A lonely single quote ends the text. A second `=` ends the value and is left for the next statement.
        if mark == UInt8(ascii: "'") { return .end }
        if mark != UInt8(ascii: "=") { position += 1 }
        state = .initial
        return .endOfLine
    }

    private mutating func bracketToken() -> IniToken {
        let blanks = run(from: position, isBlank)
        let afterBlanks = position + blanks
        if let quoted = singleQuoted() { return quoted }
        if state == .offset, byte(afterBlanks) == UInt8(ascii: "]") {
            position = afterBlanks + 1
            state = .initial
            return .mark(UInt8(ascii: "]"))
        }
        if byte(position) == UInt8(ascii: "]") {
            position += 1
            position += run(from: position, isBlank)
            position += newlineLength(position) ?? 0
            state = .initial
            return .mark(UInt8(ascii: "]"))
        }
        if isDollarCurly(position) { return enterVariable() }
        let characters = bracketLength()
        if byte(afterBlanks) == UInt8(ascii: "\""), blanks + 1 > characters { return enterQuotes(afterBlanks) }
        if let token = word(atLeast: characters) { return token }
        if characters > 0, characters >= blanks { return take(characters, IniToken.string) }
        if blanks > 0 { return take(blanks, IniToken.blank) }
        return .end
    }

    private mutating func variableToken() -> IniToken {
        let label = run(from: position, isLabel)
        if label > 0 {
            let name = trimmed(position, position + label)
            position += label
            return .variableName(name)
        }
        guard byte(position) == UInt8(ascii: "}") else { return .end }
        position += 1
        states.removeLast()
        return .mark(UInt8(ascii: "}"))
    }

    private mutating func quotedToken() -> IniToken {
        if byte(position) == UInt8(ascii: "\"") {
            position += 1
            position += run(from: position, isBlank)
            states.removeLast()
            return .quote
        }
        if isDollarCurly(position) { return enterVariable() }
        let start = position
        var at = start
        while at < text.count, text[at] != UInt8(ascii: "\""), at == start || !isDollarCurly(at) {
            if text[at] == UInt8(ascii: "\\"), at + 1 < text.count {
                // "C:\path\" at the end of a line: the quote closes.
                let after = byte(at + 2)
                if text[at + 1] == UInt8(ascii: "\""), after == nil || after == 10 || after == 13 {
                    at += 1
                    break
                }
                at += 1
            }
            at += 1
        }
        position = min(at, text.count)
        return .quoted(unescaped(start, position))
    }

    // MARK: pieces

    private func byte(_ at: Int) -> UInt8? { at < text.count ? text[at] : nil }
    private func run(from start: Int, _ matches: (UInt8) -> Bool) -> Int {
        var at = start
        while at < text.count, matches(text[at]) { at += 1 }
        return at - start
    }
    private func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
    private func isLabel(_ byte: UInt8) -> Bool { !Self.notLabel.contains(byte) }
    private func isDollarCurly(_ at: Int) -> Bool {
        byte(at) == UInt8(ascii: "$") && byte(at + 1) == UInt8(ascii: "{")
    }
    private func newlineLength(_ at: Int) -> Int? {
        switch byte(at) {
        case 10: 1
        case 13: byte(at + 1) == 10 ? 2 : 1
        default: nil
        }
    }
    private func commentLength(_ at: Int) -> Int? {
        guard byte(at) == UInt8(ascii: ";") else { return nil }
        let length = run(from: at) { $0 != 10 && $0 != 13 }
        return newlineLength(at + length).map { length + $0 }
    }
    private func trimmed(_ start: Int, _ end: Int) -> ByteString { ByteString(Array(text[start..<end])).trimmed() }
    private mutating func take(_ count: Int, _ make: (ByteString) -> IniToken) -> IniToken {
        let piece = ByteString(Array(text[position..<position + count]))
        position += count
        return make(piece)
    }
    private mutating func enterVariable() -> IniToken {
        position += 2
        states.append(.variableName)
        return .dollarCurly
    }
    private mutating func enterQuotes(_ at: Int) -> IniToken {
        position = at + 1
        states.append(.doubleQuotes)
        return .quote
    }
    private mutating func singleQuoted() -> IniToken? {
        guard byte(position) == UInt8(ascii: "'") else { return nil }
        let length = run(from: position + 1) { $0 != UInt8(ascii: "'") }
        guard byte(position + 1 + length) != nil else { return nil }
        let piece = ByteString(Array(text[(position + 1)..<(position + 1 + length)]))
        position += length + 2
        return .raw(piece)
    }

    /// `true`, `on`, `yes` and their like, with the blanks behind them.
    private func keyword() -> (IniToken, Int)? {
        let letters = run(from: position, ASCII.isAlpha)
        // The rule matches a beginning of a longer word too; a longer rule then wins.
        for length in stride(from: min(letters, 5), through: 2, by: -1) {
            let token: IniToken
            switch ByteString(Array(text[position..<position + length])).lowercased {
            case "true", "on", "yes": token = .yes
            case "false", "off", "no", "none": token = .no
            case "null": token = .null
            default: continue
            }
            return (token, length + run(from: position + length, isBlank))
        }
        return nil
    }
    /// A constant's name or a number that is not the beginning of something longer.
    private mutating func word(atLeast characters: Int) -> IniToken? {
        guard let first = byte(position) else { return nil }
        if ASCII.isAlpha(first) || first == UInt8(ascii: "_") {
            let length = run(from: position) { ASCII.isAlnum($0) || $0 == UInt8(ascii: "_") }
            return length >= characters ? take(length, IniToken.constant) : nil
        }
        let length = numberLength()
        return length > 0 && length >= characters ? take(length, IniToken.number) : nil
    }
    private func numberLength() -> Int {
        let sign = byte(position) == UInt8(ascii: "-") ? 1 : 0
        let digits = run(from: position + sign, ASCII.isDigit)
        let whole = digits > 0 ? sign + digits : 0
        // A sign goes with whole numbers only.
        guard sign == 0, byte(position + digits) == UInt8(ascii: ".") else { return whole }
        let fraction = run(from: position + digits + 1, ASCII.isDigit)
        return digits + fraction > 0 ? digits + 1 + fraction : whole
    }
    /// A `$` that does not begin a variable, with the byte that follows it, whatever that is.
    private func literalDollar(_ at: Int) -> Int {
        guard byte(at) == UInt8(ascii: "$"), let after = byte(at + 1), after != UInt8(ascii: "{") else { return 0 }
        return after == UInt8(ascii: "\\") && byte(at + 2) != nil ? 3 : 2
    }
    private func valueLength() -> Int {
        var at = position
        while let next = byte(at) {
            let dollar = literalDollar(at)
            if dollar > 0 { at += dollar } else if !Self.notValue.contains(next) { at += 1 } else { break }
        }
        return at - position
    }
    private func bracketLength() -> Int {
        var at = position
        while let next = byte(at) {
            let dollar = literalDollar(at)
            if dollar > 0 {
                at += dollar
            } else if next == UInt8(ascii: "\\"), byte(at + 1) != nil {
                at += 2
            } else if !Self.notBracket.contains(next) {
                at += 1
            } else {
                break
            }
        }
        return at - position
    }
    private func unescaped(_ start: Int, _ end: Int) -> ByteString {
        var result: [UInt8] = []
        var at = start
        while at < end {
            if text[at] == UInt8(ascii: "\\"), at + 1 < end,
                [UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "$")].contains(text[at + 1])
            {
                at += 1
            } else if text[at] == UInt8(ascii: "\\"), at + 1 < end {
                result.append(text[at])
                at += 1
            }
            result.append(text[at])
            at += 1
        }
        return ByteString(result)
    }

    private static let notLabel: [UInt8] = Array("=\n\r\t;&|^$~(){}!\"[".utf8)
    private static let notValue: [UInt8] = Array("$= \t\n\r;&|^~()!\"'".utf8)
    private static let notBracket: [UInt8] = Array("$\n\r;\"']\\".utf8)
    private static let operators: [UInt8] = Array("&|^~()!".utf8)
    private static let tokens: [UInt8] = Array(":,.[]\"'()&|^+-/*=%$!~<>?@{}".utf8)
}
