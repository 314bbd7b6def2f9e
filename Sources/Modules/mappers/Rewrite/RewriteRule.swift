// Apache: modules/mappers/mod_rewrite.c (rewriterule_entry, rewritecond_entry)

import Bytes
import Expressions

/// One RewriteRule, read once and then only applied.
final class RewriteRule: Sendable {
    struct Flags: OptionSet, Sendable {
        let rawValue: UInt32
        static let forceRedirect = Flags(rawValue: 1 << 0)
        static let last = Flags(rawValue: 1 << 1)
        static let newRound = Flags(rawValue: 1 << 2)
        static let chain = Flags(rawValue: 1 << 3)
        static let ignoreOnSubrequest = Flags(rawValue: 1 << 4)
        static let notMatch = Flags(rawValue: 1 << 5)
        static let proxy = Flags(rawValue: 1 << 6)
        static let passThrough = Flags(rawValue: 1 << 7)
        static let queryAppend = Flags(rawValue: 1 << 8)
        static let noCase = Flags(rawValue: 1 << 9)
        static let noEscape = Flags(rawValue: 1 << 10)
        static let noSubstitution = Flags(rawValue: 1 << 11)
        static let status = Flags(rawValue: 1 << 12)
        static let escapeBackreferences = Flags(rawValue: 1 << 13)
        static let discardPathInfo = Flags(rawValue: 1 << 14)
        static let queryDiscard = Flags(rawValue: 1 << 15)
        static let end = Flags(rawValue: 1 << 16)
        static let escapeNoPlus = Flags(rawValue: 1 << 17)
        static let queryLast = Flags(rawValue: 1 << 18)
        /// The substitution ends with `?`: the query goes, and none is looked for. Not written by anybody.
        static let queryNone = Flags(rawValue: 1 << 19)
        static let escapeControls = Flags(rawValue: 1 << 20)
        static let unsafePrefixStat = Flags(rawValue: 1 << 21)
        static let unsafeAllow3F = Flags(rawValue: 1 << 22)
        static let keepLeadingSlashes = Flags(rawValue: 1 << 23)
    }

    /// What the flags of a rule said.
    struct Settings: Sendable {
        var flags: Flags = []
        var responseCode = 302
        var mimeType: RewriteTemplate?
        var handler: RewriteTemplate?
        var environment: [RewriteTemplate] = []
        var cookies: [RewriteTemplate] = []
        var skip = 0
        var maxRounds = 32000
        /// Bytes of a back-reference that [B] escapes; nil is all that are not letters, digits or `_`.
        var escapes: ByteString?
        var keeps: ByteString?
    }

    let pattern: ByteString
    let regex: Regex
    /// The substitution as written.
    let output: ByteString
    let substitution: RewriteTemplate
    let settings: Settings
    let conditions: [RewriteCondition]

    var flags: Flags { settings.flags }

    init(
        pattern: ByteString, regex: Regex, output: ByteString, settings: Settings, conditions: [RewriteCondition]
    ) {
        self.pattern = pattern
        self.regex = regex
        self.output = output
        substitution = RewriteTemplate(output)
        self.settings = settings
        self.conditions = conditions
    }
}

/// One RewriteCond.
final class RewriteCondition: Sendable {
    struct Flags: OptionSet, Sendable {
        let rawValue: UInt8
        static let noCase = Flags(rawValue: 1)
        static let notMatch = Flags(rawValue: 2)
        static let orNext = Flags(rawValue: 4)
        static let noVary = Flags(rawValue: 8)
    }
    enum Comparison: Sendable { case less, lessOrEqual, equal, greater, greaterOrEqual }
    enum Test: Sendable {
        case regex(Regex)
        case isFile, hasSize, isLink, isDirectory, isExecutable
        /// -U and -F: a subrequest says whether the URL or file may be had.
        case url, file
        case text(Comparison, ByteString)
        case number(Comparison, Int)
        case expression(Expression)
    }

    let input: RewriteTemplate
    /// As written, with `!` and operator; for the log.
    let pattern: ByteString
    let flags: Flags
    let test: Test

    init(input: ByteString, pattern: ByteString, flags: Flags, test: Test) {
        self.input = RewriteTemplate(input)
        self.pattern = pattern
        self.flags = flags
        self.test = test
    }
}
