// Apache: server/util_expr_eval.c
import Bytes

/// One evaluation. As in Apache an error does not stop it: it goes on, and the last error counts.
struct ExpressionEvaluator<Context: ExpressionContext> {
    /// `AP_EXPR_MAX_RECURSION`
    private static var maximumDepth: Int { 20 }

    let context: Context
    let flags: ExpressionFlags
    var matches: ExpressionMatches
    var failure: String?
    /// Names of request headers that were read.
    var vary: [ByteString] = []
    private var depth = 0

    init(context: Context, flags: ExpressionFlags, matches: ExpressionMatches) {
        (self.context, self.flags, self.matches) = (context, flags, matches)
    }

    private mutating func enter() -> Bool {
        if depth < Self.maximumDepth {
            depth += 1
            return true
        }
        failure = "Recursion limit reached"
        // Nothing after this is evaluated.
        depth = .max / 2
        return false
    }

    // MARK: Conditions

    mutating func value(_ condition: Condition) -> Bool {
        guard enter() else { return false }
        defer { depth -= 1 }
        switch condition {
        case .constant(let value): return value
        case .not(let operand):
            depth -= 1
            defer { depth += 1 }
            return !value(operand)
        case .or(let terms): return terms.contains { value($0) }
        case .and(let terms): return !terms.contains { !value($0) }
        case .compare(let comparison, let left, let right): return compare(comparison, value(left), value(right))
        case .element(let needle, let elements):
            let needle = value(needle)
            return elements.contains { value($0) == needle }
        case .elementOfFunction(let needle, let module, let name, let argument):
            let needle = value(needle)
            return context.moduleList(module, name, value(argument)).contains(needle)
        case .regex(let subject, let regex, let negated): return match(value(subject), regex) != negated
        case .unary(let op, let argument): return unary(op, value(argument))
        case .binary(let op, let left, let right): return binary(op, value(left), value(right))
        }
    }

    /// `$0`… may hold what is still wanted: only patterns with groups set them.
    private mutating func match(_ subject: ByteString, _ regex: Regex) -> Bool {
        guard regex.numberOfGroups > 0 else { return regex.matches(subject) }
        guard let captures = regex.match(subject) else {
            matches.source = nil
            return false
        }
        matches.captures = captures
        matches.source = subject
        return true
    }

    private func compare(_ comparison: Comparison, _ left: ByteString, _ right: ByteString) -> Bool {
        if flags.contains(.sslCompatible) { return sslCompare(comparison, left, right) }
        switch comparison {
        case .equal: return ExpressionFunctions.number(left) == ExpressionFunctions.number(right)
        case .notEqual: return ExpressionFunctions.number(left) != ExpressionFunctions.number(right)
        case .less: return ExpressionFunctions.number(left) < ExpressionFunctions.number(right)
        case .lessOrEqual: return ExpressionFunctions.number(left) <= ExpressionFunctions.number(right)
        case .greater: return ExpressionFunctions.number(left) > ExpressionFunctions.number(right)
        case .greaterOrEqual: return ExpressionFunctions.number(left) >= ExpressionFunctions.number(right)
        case .stringEqual: return left == right
        case .stringNotEqual: return left != right
        case .stringLess: return left < right
        case .stringLessOrEqual: return !(right < left)
        case .stringGreater: return right < left
        case .stringGreaterOrEqual: return !(left < right)
        }
    }

    /// A longer string is greater; bytes are compared as C's signed `char`.
    private func sslCompare(_ comparison: Comparison, _ left: ByteString, _ right: ByteString) -> Bool {
        let isLess = left.count != right.count ? left.count < right.count : isSignedLess(left, right)
        switch comparison {
        case .equal, .stringEqual: return left == right
        case .notEqual, .stringNotEqual: return left != right
        case .less, .stringLess: return isLess
        case .lessOrEqual, .stringLessOrEqual: return isLess || left == right
        case .greater, .stringGreater: return !isLess && left != right
        case .greaterOrEqual, .stringGreaterOrEqual: return !isLess
        }
    }

    private func isSignedLess(_ left: ByteString, _ right: ByteString) -> Bool {
        for (a, b) in zip(left, right) where a != b { return Int8(bitPattern: a) < Int8(bitPattern: b) }
        return false
    }

    private func unary(_ op: UnaryOperator, _ argument: ByteString) -> Bool {
        switch op {
        case .nonEmpty: return !argument.isEmpty
        case .empty: return argument.isEmpty
        case .isTrue: return ExpressionFunctions.isTrue(argument)
        case .remoteAddress(let subnet): return context.remoteAddress.map(subnet.contains) ?? false
        case .file(let test): return context.fileTest(test, argument)
        case .lookupFile: return context.lookupFile(argument)
        case .lookupURI: return context.lookupURI(argument)
        }
    }

    private func binary(_ op: BinaryOperator, _ left: ByteString, _ right: ByteString) -> Bool {
        switch op {
        case .addressMatch(let subnet):
            return (IPAddress(left) ?? context.resolve(left)).map(subnet.contains) ?? false
        case .fileNameMatch: return Wildcard.matches(right, left, .pathName)
        case .stringMatch: return Wildcard.matches(right, left)
        case .stringMatchIgnoringCase: return Wildcard.matches(right, left, .caseBlind)
        }
    }

    // MARK: Words

    mutating func value(_ word: Word) -> ByteString {
        guard enter() else { return "" }
        defer { depth -= 1 }
        switch word {
        case .literal(let text), .digits(let text): return text
        case .variable(let variable): return value(variable) ?? ""
        case .concatenation(let parts):
            var result = ByteString()
            for part in parts { result.bytes += value(part).bytes }
            return result
        case .function(let function, let argument): return call(function, value(argument)) ?? ""
        case .backReference(let number): return matches[number]
        }
    }

    private mutating func value(_ variable: Variable) -> ByteString? {
        switch variable {
        case .core(let variable): context.variable(variable)
        case .header(let name): header(name)
        case .time(let part): ExpressionFunctions.format(part, context.now)
        case .lastModified: ExpressionFunctions.format(.all, context.lastModified)
        case .apiVersion: ExpressionNames.apiVersion
        case .module(let number, let name): context.moduleVariable(number, name)
        }
    }

    /// RFC 9110 section 12.5.5: `Host` has no place in `Vary`. Strings never report what they read.
    private mutating func header(_ name: ByteString) -> ByteString? {
        let varies = flags.isDisjoint(with: [.dontVary, .stringResult]) && !name.equalsIgnoringCase("Host")
        if varies { vary.append(name) }
        return context.requestHeader(name, varying: varies)
    }

    private mutating func call(_ function: StringFunction, _ argument: ByteString) -> ByteString? {
        switch function {
        case .osEnvironment: return context.processEnvironment(argument)
        case .environment:
            return context.note(argument) ?? context.environment(argument) ?? context.processEnvironment(argument)
        case .response: return context.responseHeader(argument)
        case .request: return header(argument)
        case .note: return context.note(argument)
        case .requestEnvironment: return context.environment(argument)
        case .requestWithoutVary: return context.requestHeader(argument, varying: false)
        case .toLower: return argument.lowercased
        case .toUpper: return argument.uppercased
        case .escape: return ExpressionFunctions.escape(argument)
        case .unescape: return unescape(argument)
        case .file: return file(argument)
        case .fileSize: return ByteString(decimal: max(context.fileSize(argument) ?? 0, 0))
        case .base64: return Base64.encode(argument)
        case .unbase64: return ByteString(Base64.decode(argument).prefix { $0 != 0 })
        case .sha1: return Digest.sha1Hex(argument)
        case .md5: return Digest.md5Hex(argument)
        case .ldap: return ExpressionFunctions.escapeLDAP(argument)
        case .module(let number, let name): return context.moduleFunction(number, name, argument)
        }
    }

    private func unescape(_ argument: ByteString) -> ByteString? {
        switch ExpressionFunctions.unescape(argument) {
        case .text(let text): return text
        case .badEscape: context.logDebug("Bad % escape in unescape('\(argument)')")
        case .forbidden: context.logDebug("Forbidden % escape in unescape('\(argument)')")
        }
        return nil
    }

    private mutating func file(_ path: ByteString) -> ByteString? {
        switch context.fileContents(path, limit: 10 * 1024 * 1024) {
        case .contents(let text): return ByteString(text.bytes.prefix { $0 != 0 })
        case .cannotOpen: failure = "Cannot open file \(path)"
        case .tooLarge: failure = "File \(path) too large"
        case .cannotRead: failure = "Cannot read from file \(path)"
        }
        return nil
    }
}
