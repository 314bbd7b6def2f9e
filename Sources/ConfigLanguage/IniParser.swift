// PHP: Zend/zend_ini_parser.y
import Bytes

/// What one line of an ini file says.
public enum IniStatement: Sendable, Hashable {
    /// `[name]`
    case section(ByteString)
    /// `name = value`; the value is nil when there is no `=`.
    case entry(name: ByteString, value: ByteString?)
    /// `name[key] = value`; the key is empty for `name[]`.
    case arrayEntry(name: ByteString, key: ByteString, value: ByteString)
}

/// What values of ini files may refer to.
public protocol IniEnvironment: AnyObject {
    /// `${NAME}`: php.ini's value of that name, else the process environment's; nil counts as empty.
    func iniVariable(_ name: ByteString) -> ByteString?
    /// A PHP constant, such as `E_ALL`, as a string; nil when there is none, the name then stands for itself.
    func iniConstant(_ name: ByteString) -> ByteString?
}

extension IniEnvironment {
    public func iniConstant(_ name: ByteString) -> ByteString? { IniParser.errorLevels[name] }
}

/// Parses one line.
public struct IniParser {
    private var scanner: IniScanner
    private var token: IniToken
    private let environment: any IniEnvironment

    /// The statements of one line: none for a comment, usually one.
    /// - Throws: PHP's sentence, as in `syntax error, unexpected '('`.
    public static func parse(
        _ line: [UInt8], _ environment: any IniEnvironment
    ) throws(ConfigError) -> [IniStatement] {
        var parser = IniParser(line + [10], environment)
        var statements: [IniStatement] = []
        while parser.token != .end {
            if let statement = try parser.statement() { statements.append(statement) }
        }
        return statements
    }

    private init(_ line: [UInt8], _ environment: any IniEnvironment) {
        scanner = IniScanner(line)
        self.environment = environment
        token = scanner.next()
    }
    private mutating func advance() { token = scanner.next() }

    private mutating func statement() throws(ConfigError) -> IniStatement? {
        switch token {
        case .endOfLine:
            advance()
            return nil
        case .section:
            advance()
            let name = isTextStart ? try text(resolvingConstants: false) : ByteString()
            try expect("]")
            return .section(name)
        case .label(let name):
            advance()
            guard token == .mark(UInt8(ascii: "=")) else { return .entry(name: name, value: nil) }
            advance()
            return .entry(name: name, value: try value())
        case .offset(let name):
            advance()
            let key = isTextStart ? try text(resolvingConstants: true) : ByteString()
            try expect("]")
            try expect("=")
            return .arrayEntry(name: name, key: key, value: try value())
        default: throw unexpected()
        }
    }

    private mutating func value() throws(ConfigError) -> ByteString {
        switch token {
        case .yes:
            advance()
            return "1"
        case .no, .null, .endOfLine:
            advance()
            return ByteString()
        default: return try expression(depth: 0)
        }
    }

    /// `|`, `&` and `^` bind equally and from the left; `~` and `!` bind tighter.
    private mutating func expression(depth: Int) throws(ConfigError) -> ByteString {
        var left = try operand(depth: depth)
        while case .mark(let mark) = token, [UInt8](arrayLiteral: 124, 38, 94).contains(mark) {
            advance()
            let first = integer(left)
            let second = integer(try operand(depth: depth))
            switch mark {
            case UInt8(ascii: "|"): left = ByteString(decimal: first | second)
            case UInt8(ascii: "&"): left = ByteString(decimal: first & second)
            default: left = ByteString(decimal: first ^ second)
            }
        }
        return left
    }

    private mutating func operand(depth: Int) throws(ConfigError) -> ByteString {
        // Bison gives up at a stack of 10,000 states.
        guard depth < 500, case .mark(let mark) = token else {
            guard isTextStart else { throw unexpected() }
            return try text(resolvingConstants: true)
        }
        switch mark {
        case UInt8(ascii: "~"):
            advance()
            return ByteString(decimal: ~integer(try operand(depth: depth + 1)))
        case UInt8(ascii: "!"):
            advance()
            return integer(try operand(depth: depth + 1)) == 0 ? "1" : "0"
        case UInt8(ascii: "("):
            advance()
            let inner = try expression(depth: depth + 1)
            try expect(")")
            return inner
        default: throw unexpected()
        }
    }

    private var isTextStart: Bool {
        switch token {
        case .raw, .constant, .number, .string, .blank, .quote, .dollarCurly: true
        default: false
        }
    }

    /// Words, quoted pieces and variables, put together.
    private mutating func text(resolvingConstants: Bool) throws(ConfigError) -> ByteString {
        var result = ByteString()
        while true {
            switch token {
            case .constant(let name) where resolvingConstants:
                result.append(environment.iniConstant(name) ?? name)
            case .raw(let piece), .constant(let piece), .number(let piece), .string(let piece), .blank(let piece):
                result.append(piece)
            case .dollarCurly:
                result.append(try variable())
                continue
            case .quote:
                result.append(try quoted())
                continue
            default: return result
            }
            advance()
        }
    }
    private mutating func quoted() throws(ConfigError) -> ByteString {
        advance()
        var result = ByteString()
        while token != .quote {
            switch token {
            case .quoted(let piece):
                result.append(piece)
                advance()
            case .dollarCurly: result.append(try variable())
            default: throw unexpected("TC_DOLLAR_CURLY or TC_QUOTED_STRING or '\"'")
            }
        }
        advance()
        return result
    }
    private mutating func variable() throws(ConfigError) -> ByteString {
        advance()
        guard case .variableName(let name) = token else { throw unexpected("TC_VARNAME") }
        advance()
        try expect("}")
        return environment.iniVariable(name) ?? ByteString()
    }

    /// C's atoi, in 32 bits.
    private func integer(_ text: ByteString) -> Int32 {
        let trimmed = text.trimmed()
        let sign = trimmed.first == UInt8(ascii: "-") || trimmed.first == UInt8(ascii: "+") ? 1 : 0
        let digits = trimmed.dropFirst(sign).prefix(while: ASCII.isDigit)
        let magnitude = Int(ByteString(Array(digits)).string) ?? (digits.isEmpty ? 0 : Int.max)
        return Int32(truncatingIfNeeded: trimmed.first == UInt8(ascii: "-") ? -magnitude : magnitude)
    }

    private mutating func expect(_ mark: Unicode.Scalar) throws(ConfigError) {
        guard token == .mark(UInt8(truncatingIfNeeded: mark.value)) else {
            throw unexpected(mark == ")" ? "'^' or '|' or '&' or ')'" : "'\(mark)'")
        }
        advance()
    }
    /// - Parameter expected: Named in the message, where Bison names it: for up to four possible tokens.
    private func unexpected(_ expected: String? = nil) -> ConfigError {
        let name: String =
            switch token {
            case .end: "end of file"
            case .section: "TC_SECTION"
            case .offset: "TC_OFFSET"
            case .label: "TC_LABEL"
            case .raw: "TC_RAW"
            case .constant: "TC_CONSTANT"
            case .number: "TC_NUMBER"
            case .string: "TC_STRING"
            case .blank: "TC_WHITESPACE"
            case .quoted: "TC_QUOTED_STRING"
            case .quote: "'\"'"
            case .dollarCurly: "TC_DOLLAR_CURLY"
            case .variableName: "TC_VARNAME"
            case .yes: "BOOL_TRUE"
            case .no: "BOOL_FALSE"
            case .null: "NULL_NULL"
            case .endOfLine: "END_OF_LINE"
            case .mark(let byte): "'" + String(decoding: [byte], as: UTF8.self) + "'"
            }
        let expecting = expected.map { ", expecting \($0)" } ?? ""
        return ConfigError("syntax error, unexpected \(name)\(expecting)", phase: .reading)
    }

    /// PHP 8's error levels, the constants that configurations use.
    static let errorLevels: [ByteString: ByteString] = [
        "E_ERROR": "1", "E_WARNING": "2", "E_PARSE": "4", "E_NOTICE": "8", "E_CORE_ERROR": "16",
        "E_CORE_WARNING": "32", "E_COMPILE_ERROR": "64", "E_COMPILE_WARNING": "128", "E_USER_ERROR": "256",
        "E_USER_WARNING": "512", "E_USER_NOTICE": "1024", "E_STRICT": "2048", "E_RECOVERABLE_ERROR": "4096",
        "E_DEPRECATED": "8192", "E_USER_DEPRECATED": "16384", "E_ALL": "32767",
    ]
}
