// Apache: server/util_expr_parse.y, server/util_expr_eval.c (ap_expr_parse)
import Bytes

/// Tokens to a tree, by recursive descent. Messages are those of Apache's LALR parser: it names what it expects
/// where at most four things are possible, after it has reduced all it could.
struct ExpressionParser {
    private enum Stop: Error {
        /// The scanner's message says it all.
        case aborted
        case failed(String)
    }

    /// Deeper nesting is refused; evaluation stops at a depth of 20 anyway.
    private static let maximumDepth = 200

    private var scanner: ExpressionScanner
    private var current: Token?
    private var depth = 0
    private let flags: ExpressionFlags
    private let lookup: ExpressionLookup?

    init(_ text: ByteString, flags: ExpressionFlags, lookup: ExpressionLookup?) {
        scanner = ExpressionScanner(text, isString: flags.contains(.stringResult))
        self.flags = flags
        self.lookup = lookup
    }

    mutating func parse() throws(ExpressionError) -> Expression.Root {
        let root: Expression.Root
        do throws(Stop) {
            if flags.contains(.stringResult) {
                root = .string(try wholeString())
            } else {
                root = .condition(try condition())
            }
            guard case .end = peek() else { throw unexpected("$end") }
        } catch {
            let second = scanner.message
            switch error {
            case .aborted: throw ExpressionError(message: second ?? "syntax error")
            case .failed(let first): throw ExpressionError(message: second.map { "\(first): \($0)" } ?? first)
            }
        }
        if let message = scanner.message { throw ExpressionError(message: message) }
        return root
    }

    // MARK: Tokens

    private mutating func peek() -> Token {
        if let current { return current }
        let token = scanner.next()
        current = token
        return token
    }

    private mutating func advance() { current = nil }

    private mutating func unexpected(_ expected: String...) -> Stop {
        let found = "syntax error, unexpected \(peek().name)"
        return .failed(expected.isEmpty ? found : "\(found), expecting \(expected.joined(separator: " or "))")
    }

    private mutating func isPunctuation(_ byte: UInt8) -> Bool {
        if case .punctuation(byte) = peek() { true } else { false }
    }

    private mutating func expect(_ byte: UInt8, _ expected: String...) throws(Stop) {
        guard isPunctuation(byte) else {
            let found = "syntax error, unexpected \(peek().name)"
            throw .failed("\(found), expecting \(expected.joined(separator: " or "))")
        }
        advance()
    }

    private mutating func nested<Result>(
        _ body: (inout ExpressionParser) throws(Stop) -> Result
    ) throws(Stop) -> Result {
        guard depth < Self.maximumDepth else { throw .failed("memory exhausted") }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    // MARK: Conditions

    private mutating func condition() throws(Stop) -> Condition {
        var terms = [try conjunction()]
        while case .or = peek() {
            advance()
            terms.append(try conjunction())
        }
        return terms.count == 1 ? terms[0] : .or(terms)
    }

    private mutating func conjunction() throws(Stop) -> Condition {
        var terms = [try negation()]
        while case .and = peek() {
            advance()
            terms.append(try negation())
        }
        return terms.count == 1 ? terms[0] : .and(terms)
    }

    private mutating func negation() throws(Stop) -> Condition {
        var isNegated = false
        while case .not = peek() {
            advance()
            isNegated.toggle()
        }
        let operand = try primary()
        return isNegated ? .not(operand) : operand
    }

    private mutating func primary() throws(Stop) -> Condition {
        switch peek() {
        case .true:
            advance()
            return .constant(true)
        case .false:
            advance()
            return .constant(false)
        case .error: throw .aborted
        case .unary(let name):
            advance()
            return unary(name, try word())
        case .punctuation(UInt8(ascii: "(")):
            advance()
            let inner = try nested { (parser) throws(Stop) in try parser.condition() }
            try expect(UInt8(ascii: ")"), "T_OP_OR", "T_OP_AND", "')'")
            return inner
        case .digits, .identifier, .stringBegin, .variableBegin, .backReference: return try comparison(try word())
        default: throw unexpected()
        }
    }

    private mutating func comparison(_ left: Word) throws(Stop) -> Condition {
        let token = peek()
        switch token {
        case .comparison(let comparison):
            advance()
            return .compare(comparison, left, try word())
        case .matches, .matchesNot:
            advance()
            guard case .regex(let pattern, let ignoreCase) = peek() else { throw unexpected("T_REGEX", "T_REGEX_I") }
            advance()
            guard let regex = try? Regex(pattern, ignoreCase ? .ignoreCase : []) else {
                throw .failed("Failed to compile regular expression")
            }
            if case .matchesNot = token { return .regex(left, regex, negated: true) }
            return .regex(left, regex, negated: false)
        case .isIn:
            advance()
            return try list(left)
        case .binary(let name):
            advance()
            return binary(name, left, try word())
        default: throw unexpected()
        }
    }

    private mutating func list(_ left: Word) throws(Stop) -> Condition {
        if case .identifier(let name) = peek() {
            advance()
            let argument = try parenthesised()
            if let number = lookup?.find(.listFunction, name) {
                return .elementOfFunction(left, module: number, name: name, argument)
            }
            scanner.message = "List-returning function '\(name)' does not exist"
            return .constant(false)
        }
        guard isPunctuation(UInt8(ascii: "{")) else { throw unexpected("T_ID", "'{'") }
        advance()
        var elements = [try word()]
        while isPunctuation(UInt8(ascii: ",")) {
            advance()
            elements.append(try word())
        }
        try expect(UInt8(ascii: "}"), "'}'", "','")
        // Apache builds the list backwards and searches it from the last element.
        return .element(left, elements.reversed())
    }

    // MARK: Words

    private mutating func word() throws(Stop) -> Word {
        let first = try simpleWord()
        guard case .concatenate = peek() else { return first }
        var parts = [first]
        while case .concatenate = peek() {
            advance()
            parts.append(try simpleWord())
        }
        return Self.concatenation(parts)
    }

    private mutating func simpleWord() throws(Stop) -> Word {
        switch peek() {
        case .digits(let digits):
            advance()
            return .digits(digits)
        case .backReference(let number):
            advance()
            return .backReference(number)
        case .variableBegin: return try variable()
        case .identifier(let name):
            advance()
            return function(name, try parenthesised())
        case .stringBegin:
            advance()
            return try quotedString()
        default: throw unexpected()
        }
    }

    private mutating func parenthesised() throws(Stop) -> Word {
        try expect(UInt8(ascii: "("), "'('")
        let argument = try nested { (parser) throws(Stop) in try parser.word() }
        try expect(UInt8(ascii: ")"), "T_OP_CONCAT", "')'")
        return argument
    }

    /// A part of a string; nil at anything else.
    private mutating func part() throws(Stop) -> Word? {
        switch peek() {
        case .string(let text):
            advance()
            return .literal(text)
        case .backReference(let number):
            advance()
            return .backReference(number)
        case .variableBegin: return try variable()
        default: return nil
        }
    }

    private mutating func quotedString() throws(Stop) -> Word {
        var parts: [Word] = []
        while true {
            switch peek() {
            case .stringEnd:
                advance()
                return Self.concatenation(parts)
            case .error where parts.isEmpty: throw .aborted
            default: break
            }
            guard let next = try part() else {
                if parts.isEmpty { throw unexpected() }
                throw unexpected("T_STRING", "T_REGEX_BACKREF", "T_STR_END", "T_VAR_BEGIN")
            }
            parts.append(next)
        }
    }

    private mutating func wholeString() throws(Stop) -> Word {
        if case .error = peek() { throw .aborted }
        var parts: [Word] = []
        while let next = try part() { parts.append(next) }
        if parts.isEmpty { throw unexpected("T_ERROR", "T_STRING", "T_REGEX_BACKREF", "T_VAR_BEGIN") }
        return Self.concatenation(parts)
    }

    /// `%{name}` or `%{function:argument}`.
    private mutating func variable() throws(Stop) -> Word {
        advance()
        guard case .identifier(let name) = peek() else { throw unexpected("T_ID") }
        advance()
        if case .variableEnd = peek() {
            advance()
            return variable(named: name)
        }
        try expect(UInt8(ascii: ":"), "T_VAR_END", "':'")
        return function(name, try nested { (parser) throws(Stop) in try parser.argument() })
    }

    private mutating func argument() throws(Stop) -> Word {
        var parts: [Word] = []
        while true {
            switch peek() {
            case .error where parts.isEmpty: throw .aborted
            case .variableEnd where !parts.isEmpty:
                advance()
                return Self.concatenation(parts)
            default: break
            }
            guard let next = try part() else {
                if parts.isEmpty { throw unexpected("T_ERROR", "T_STRING", "T_REGEX_BACKREF", "T_VAR_BEGIN") }
                throw unexpected("T_STRING", "T_REGEX_BACKREF", "T_VAR_BEGIN", "T_VAR_END")
            }
            parts.append(next)
        }
    }

    private static func concatenation(_ parts: [Word]) -> Word {
        var flat: [Word] = []
        for part in parts {
            switch part {
            case .concatenation(let inner): flat += inner
            case .literal(let text) where text.isEmpty: break
            default: flat.append(part)
            }
        }
        return flat.isEmpty ? .literal("") : flat.count == 1 ? flat[0] : .concatenation(flat)
    }

    // MARK: Names

    private mutating func variable(named name: ByteString) -> Word {
        if let number = lookup?.find(.variable, name) { return .variable(.module(number, name)) }
        if let variable = ExpressionNames.variables[name.uppercased] { return .variable(variable) }
        scanner.message = "Variable '\(name)' does not exist"
        return .digits("")
    }

    private mutating func function(_ name: ByteString, _ argument: Word) -> Word {
        if let number = lookup?.find(.stringFunction, name) { return .function(.module(number, name), argument) }
        guard let function = ExpressionNames.functions[name.lowercased] else {
            scanner.message = "Function '\(name)' does not exist"
            return .digits("")
        }
        switch function {
        case .file, .fileSize:
            if !flags.isDisjoint(with: [.restricted, .restrictedFileFunctions]) {
                scanner.message = "\(name.lowercased) not available in restricted context"
            }
        default: break
        }
        return .function(function, argument)
    }

    private mutating func unary(_ name: ByteString, _ argument: Word) -> Condition {
        if name == "R" {
            guard let subnet = subnet("R", argument) else { return .constant(false) }
            return .unary(.remoteAddress(subnet), argument)
        }
        guard let found = ExpressionNames.unary(name) else {
            scanner.message = "Unary operator '-\(name)' does not exist"
            return .constant(false)
        }
        if case .file = found, flags.contains(.restricted) {
            scanner.message = "-\(name) not available in restricted context"
        }
        return .unary(found, argument)
    }

    private mutating func binary(_ name: ByteString, _ left: Word, _ right: Word) -> Condition {
        if name.equalsIgnoringCase("ipmatch") {
            guard let subnet = subnet(name, right) else { return .constant(false) }
            return .binary(.addressMatch(subnet), left, right)
        }
        guard let found = ExpressionNames.binary(name) else {
            scanner.message = "Binary operator '-\(name)' does not exist"
            return .constant(false)
        }
        return .binary(found, left, right)
    }

    private mutating func subnet(_ name: ByteString, _ argument: Word) -> IPSubnet? {
        guard case .literal(let text) = argument else {
            scanner.message = "-\(name) requires subnet/netmask as constant argument"
            return nil
        }
        guard let subnet = try? IPSubnet(text) else {
            scanner.message = "parsing of subnet/netmask failed"
            return nil
        }
        return subnet
    }
}
