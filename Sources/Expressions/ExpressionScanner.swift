// Apache: server/util_expr_scan.l
import Bytes

/// A word of the language. Names in messages are those of Apache's grammar.
enum Token: Sendable {
    case end, error
    case `true`, `false`
    case digits(ByteString)
    case identifier(ByteString)
    case string(ByteString)
    case regex(ByteString, ignoreCase: Bool)
    case backReference(Int)
    case unary(ByteString)
    case binary(ByteString)
    case stringBegin, stringEnd, variableBegin, variableEnd
    case comparison(Comparison)
    case matches, matchesNot, isIn, concatenate, or, and, not
    case punctuation(UInt8)

    var name: String {
        switch self {
        case .end: "$end"
        case .error: "T_ERROR"
        case .true: "T_TRUE"
        case .false: "T_FALSE"
        case .digits: "T_DIGIT"
        case .identifier: "T_ID"
        case .string: "T_STRING"
        case .regex(_, let ignoreCase): ignoreCase ? "T_REGEX_I" : "T_REGEX"
        case .backReference: "T_REGEX_BACKREF"
        case .unary: "T_OP_UNARY"
        case .binary: "T_OP_BINARY"
        case .stringBegin: "T_STR_BEGIN"
        case .stringEnd: "T_STR_END"
        case .variableBegin: "T_VAR_BEGIN"
        case .variableEnd: "T_VAR_END"
        case .comparison(let comparison): comparison.tokenName
        case .matches: "T_OP_REG"
        case .matchesNot: "T_OP_NRE"
        case .isIn: "T_OP_IN"
        case .concatenate: "T_OP_CONCAT"
        case .or: "T_OP_OR"
        case .and: "T_OP_AND"
        case .not: "T_OP_NOT"
        case .punctuation(let byte): "'\(Character(Unicode.Scalar(byte)))'"
        }
    }
}

extension Comparison {
    fileprivate var tokenName: String {
        switch self {
        case .equal: "T_OP_EQ"
        case .notEqual: "T_OP_NE"
        case .less: "T_OP_LT"
        case .lessOrEqual: "T_OP_LE"
        case .greater: "T_OP_GT"
        case .greaterOrEqual: "T_OP_GE"
        case .stringEqual: "T_OP_STR_EQ"
        case .stringNotEqual: "T_OP_STR_NE"
        case .stringLess: "T_OP_STR_LT"
        case .stringLessOrEqual: "T_OP_STR_LE"
        case .stringGreater: "T_OP_STR_GT"
        case .stringGreaterOrEqual: "T_OP_STR_GE"
        }
    }
}

/// Text to tokens. After `.error`, `message` says what was wrong.
struct ExpressionScanner {
    private enum State { case code, string, variable, argument }

    /// Strings and patterns of this length are refused (`MAX_STRING_LEN`).
    private static let maximumLength = 8192

    private let text: [UInt8]
    private var position = 0
    private var states: [State]
    private let isString: Bool
    private var delimiter: UInt8 = 0
    private var buffer: [UInt8] = []
    /// The last thing that went wrong in a word or a name: the second half of a message.
    var message: String?

    init(_ text: ByteString, isString: Bool) {
        self.text = Array(text.bytes.prefix { $0 != 0 })
        self.isString = isString
        states = [isString ? .string : .code]
    }

    private func peek(_ offset: Int = 0) -> UInt8? {
        position + offset < text.count ? text[position + offset] : nil
    }

    private mutating func fail(_ text: String) -> Token {
        message = text
        return .error
    }

    mutating func next() -> Token {
        switch states[states.count - 1] {
        case .code: code()
        case .string: string()
        case .variable: variable()
        case .argument: argument()
        }
    }

    // MARK: In strings

    /// The text collected so far as a token, up to a NUL that an escape has put there.
    private mutating func flush() -> Token {
        defer { buffer.removeAll(keepingCapacity: true) }
        return .string(ByteString(buffer.prefix { $0 != 0 }))
    }

    private mutating func append(_ byte: UInt8) -> Token? {
        buffer.append(byte)
        return buffer.count >= Self.maximumLength ? fail("String too long") : nil
    }

    private mutating func string() -> Token {
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\n"): return fail("Unterminated string or variable")
            case delimiter where delimiter != 0:
                if !buffer.isEmpty { return flush() }
                position += 1
                delimiter = 0
                states[states.count - 1] = .code
                return .stringEnd
            default:
                if let token = part(byte) { return token }
            }
        }
        guard isString else { return fail("Unterminated string or variable") }
        states[states.count - 1] = .code
        return flush()
    }

    private mutating func argument() -> Token {
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\n"): return fail("Unterminated string or variable")
            case UInt8(ascii: "}"):
                if !buffer.isEmpty { return flush() }
                position += 1
                states.removeLast()
                return .variableEnd
            // No rule of Apache's scanner takes a quote here: it ends the process with this message.
            case UInt8(ascii: "'"), UInt8(ascii: "\""): return fail("flex scanner jammed")
            default:
                if let token = part(byte) { return token }
            }
        }
        return fail("Unterminated string or variable")
    }

    /// What strings and arguments have in common; nil when the byte only added to the text.
    private mutating func part(_ byte: UInt8) -> Token? {
        if byte == UInt8(ascii: "\\") { return escape() }
        if byte == UInt8(ascii: "$"), let digit = peek(1), ASCII.isDigit(digit) {
            if !buffer.isEmpty { return flush() }
            position += 2
            return .backReference(Int(digit &- 48))
        }
        if byte == UInt8(ascii: "%"), peek(1) == UInt8(ascii: "{") {
            if !buffer.isEmpty { return flush() }
            position += 2
            states.append(.variable)
            return .variableBegin
        }
        position += 1
        return append(byte)
    }

    private mutating func escape() -> Token? {
        position += 1
        guard let byte = peek() else { return fail("flex scanner jammed") }
        guard ASCII.isDigit(byte) else {
            position += 1
            switch byte {
            case UInt8(ascii: "n"): return append(10)
            case UInt8(ascii: "r"): return append(13)
            case UInt8(ascii: "t"): return append(9)
            case UInt8(ascii: "b"): return append(8)
            case UInt8(ascii: "f"): return append(12)
            default: return append(byte)
            }
        }
        let start = position
        while let digit = peek(), ASCII.isDigit(digit) { position += 1 }
        let digits = text[start..<position]
        guard digits.count <= 3, digits.allSatisfy({ $0 < 56 }) else { return fail("Bad escape sequence") }
        let value = digits.reduce(0) { $0 * 8 + Int($1 &- 48) }
        return value > 255 ? fail("Escape sequence out of bound") : append(UInt8(value))
    }

    // MARK: In %{…

    private mutating func variable() -> Token {
        guard let byte = peek() else { return fail("Unterminated string or variable") }
        if byte == UInt8(ascii: "\n") { return fail("Unterminated string or variable") }
        if ASCII.isAlpha(byte) { return .identifier(identifier()) }
        position += 1
        if byte == UInt8(ascii: "}") {
            states.removeLast()
            return .variableEnd
        }
        if byte == UInt8(ascii: ":") {
            states[states.count - 1] = .argument
            return .punctuation(byte)
        }
        return fail("Invalid character in variable name '\(shown(byte))'")
    }

    private mutating func identifier() -> ByteString {
        let start = position
        while let byte = peek(), ASCII.isAlnum(byte) || byte == UInt8(ascii: "_") { position += 1 }
        return ByteString(text[start..<position])
    }

    private func shown(_ byte: UInt8) -> String { String(decoding: [byte], as: UTF8.self) }

    // MARK: Outside strings

    private mutating func code() -> Token {
        while let byte = peek(), byte == 32 || byte == 9 || byte == 10 { position += 1 }
        guard let byte = peek() else { return .end }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            position += 1
            delimiter = byte
            states[states.count - 1] = .string
            return .stringBegin
        case UInt8(ascii: "%") where peek(1) == UInt8(ascii: "{"):
            position += 2
            states.append(.variable)
            return .variableBegin
        case UInt8(ascii: "$"):
            guard let digit = peek(1), ASCII.isDigit(digit) else { break }
            position += 2
            return .backReference(Int(digit &- 48))
        case UInt8(ascii: "/"):
            position += 1
            return regex(until: byte)
        case UInt8(ascii: "-"): return dash()
        default:
            if ASCII.isAlpha(byte) { return word(byte) }
            if ASCII.isDigit(byte) { return digits() }
            if let (token, length) = symbol(byte) {
                position += length
                return token
            }
        }
        position += 1
        return fail("Parse error near '\(shown(byte))'")
    }

    private func symbol(_ byte: UInt8) -> (Token, Int)? {
        let second = peek(1)
        let isEqual = second == UInt8(ascii: "=")
        switch byte {
        case UInt8(ascii: "="):
            if second == UInt8(ascii: "~") { return (.matches, 2) }
            return (.comparison(.stringEqual), isEqual ? 2 : 1)
        case UInt8(ascii: "!"):
            if second == UInt8(ascii: "~") { return (.matchesNot, 2) }
            return isEqual ? (.comparison(.stringNotEqual), 2) : (.not, 1)
        case UInt8(ascii: "<"): return (.comparison(isEqual ? .stringLessOrEqual : .stringLess), isEqual ? 2 : 1)
        case UInt8(ascii: ">"): return (.comparison(isEqual ? .stringGreaterOrEqual : .stringGreater), isEqual ? 2 : 1)
        case UInt8(ascii: "&"): return second == byte ? (.and, 2) : nil
        case UInt8(ascii: "|"): return second == byte ? (.or, 2) : nil
        case UInt8(ascii: "."): return (.concatenate, 1)
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ","),
            UInt8(ascii: ":"):
            return (.punctuation(byte), 1)
        default: return nil
        }
    }

    private mutating func digits() -> Token {
        let start = position
        if peek() == UInt8(ascii: "-") { position += 1 }
        while let byte = peek(), ASCII.isDigit(byte) { position += 1 }
        return .digits(ByteString(text[start..<position]))
    }

    private mutating func dash() -> Token {
        guard let byte = peek(1) else {
            position += 1
            return fail("Parse error near '-'")
        }
        if ASCII.isDigit(byte) { return digits() }
        position += 1
        guard ASCII.isAlpha(byte) || byte == UInt8(ascii: "_") else { return fail("Parse error near '-'") }
        let name = identifier()
        switch name {
        case "in": return .isIn
        case "eq": return .comparison(.equal)
        case "ne": return .comparison(.notEqual)
        case "ge": return .comparison(.greaterOrEqual)
        case "le": return .comparison(.lessOrEqual)
        case "gt": return .comparison(.greater)
        case "lt": return .comparison(.less)
        default: return name.count == 1 ? .unary(name) : .binary(name)
        }
    }

    private static let delimiters = Array("/#$%^,;:_?|-!.'\"".utf8)

    private mutating func word(_ first: UInt8) -> Token {
        let start = position
        let name = identifier()
        // m#…#: the longest match wins, and the pattern before the name where both have two bytes.
        if first == UInt8(ascii: "m"), name.count <= 2, start + 1 < text.count,
            Self.delimiters.contains(text[start + 1])
        {
            position = start + 2
            return regex(until: text[start + 1])
        }
        switch name {
        case "and": return .and
        case "or": return .or
        case "not": return .not
        case "lt": return .comparison(.less)
        case "le": return .comparison(.lessOrEqual)
        case "gt": return .comparison(.greater)
        case "ge": return .comparison(.greaterOrEqual)
        case "ne": return .comparison(.notEqual)
        case "eq": return .comparison(.equal)
        case "in": return .isIn
        case "true": return .true
        case "false": return .false
        default: return .identifier(name)
        }
    }

    /// Nothing escapes the delimiter. A pattern without end is the end of the text.
    private mutating func regex(until delimiter: UInt8) -> Token {
        let start = position
        while let byte = peek() {
            if byte == delimiter {
                let pattern = ByteString(text[start..<position])
                position += 1
                let ignoreCase = peek() == UInt8(ascii: "i")
                if ignoreCase { position += 1 }
                return .regex(pattern, ignoreCase: ignoreCase)
            }
            position += 1
            if position - start >= Self.maximumLength { return fail("Regexp too long") }
        }
        return .end
    }
}
