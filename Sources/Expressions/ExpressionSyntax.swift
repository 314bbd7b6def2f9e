// Apache: server/util_expr_private.h, include/ap_expr.h
import Bytes

/// How an expression is parsed and evaluated. Raw values are those of `AP_EXPR_FLAG_*`.
public struct ExpressionFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `SSLRequire`: all comparisons compare lengths first, then bytes.
    public static let sslCompatible = ExpressionFlags(rawValue: 1)
    /// Request headers that were read do not go into `Vary`.
    public static let dontVary = ExpressionFlags(rawValue: 2)
    /// Neither functions nor operators that look at files.
    public static let restricted = ExpressionFlags(rawValue: 4)
    /// The text is a string with `%{…}` in it, not a condition.
    public static let stringResult = ExpressionFlags(rawValue: 8)
    /// No functions that look at files; operators such as `-f` stay. Every expression of a `.htaccess` file has it.
    public static let restrictedFileFunctions = ExpressionFlags(rawValue: 16)
}

/// Why the text of an expression was refused: Apache's sentence, without the directive's own words before it.
public struct ExpressionError: Error, Sendable, Equatable {
    public let message: String
}

/// What the modules of the server add to the language: asked before the core's own tables.
///
/// Apache's modules use it for variables that begin with `SSL_`, the function `SSL`, the list function `PeerExtList`
/// (mod_ssl), the functions of mod_include and `REMOTE_USER` in `Require` lines (mod_authz_core).
public struct ExpressionLookup: Sendable {
    public enum Kind: Sendable { case variable, stringFunction, listFunction }
    /// Returns a number of the caller's choice for a name it knows; the context gets it back at evaluation.
    public let find: @Sendable (Kind, ByteString) -> Int?

    public init(find: @escaping @Sendable (Kind, ByteString) -> Int?) { self.find = find }
}

/// Conditions.
indirect enum Condition: Sendable {
    case constant(Bool)
    case not(Condition)
    case or([Condition])
    case and([Condition])
    case compare(Comparison, Word, Word)
    case element(Word, [Word])
    case elementOfFunction(Word, module: Int, name: ByteString, Word)
    case regex(Word, Regex, negated: Bool)
    case unary(UnaryOperator, Word)
    case binary(BinaryOperator, Word, Word)
}

/// What yields a string.
indirect enum Word: Sendable {
    case literal(ByteString)
    /// A number outside quotes: a string too, but not a constant argument.
    case digits(ByteString)
    case variable(Variable)
    case concatenation([Word])
    case function(StringFunction, Word)
    case backReference(Int)
}

enum Comparison: Sendable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
    case stringEqual, stringNotEqual, stringLess, stringLessOrEqual, stringGreater, stringGreaterOrEqual
}

enum UnaryOperator: Sendable {
    case nonEmpty, empty, isTrue
    case remoteAddress(IPSubnet)
    case file(FileTest)
    case lookupFile, lookupURI
}

enum BinaryOperator: Sendable {
    case addressMatch(IPSubnet)
    case fileNameMatch, stringMatch, stringMatchIgnoringCase
}

enum StringFunction: Sendable {
    case osEnvironment, environment, response, request, note, requestEnvironment, requestWithoutVary
    case toLower, toUpper, escape, unescape, file, fileSize, base64, unbase64, sha1, md5, ldap
    case module(Int, ByteString)
}

enum Variable: Sendable {
    case core(ExpressionVariable)
    case header(ByteString)
    case time(TimeVariable)
    case lastModified
    case apiVersion
    case module(Int, ByteString)
}

enum TimeVariable: Sendable { case year, month, day, hour, minute, second, weekday, all }
