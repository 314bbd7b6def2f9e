// Apache: modules/mappers/mod_rewrite.c (cmd_rewritecond)

import Bytes
import Expressions
import ServerCore

/// Finds out what kind of test the second argument of RewriteCond asks for.
enum RewriteConditionPattern {
    static func parse(
        _ arguments: RewriteArguments, _ given: RewriteCondition.Flags, _ context: DirectiveContext
    ) throws(DirectiveError) -> RewriteCondition {
        var flags = given
        var pattern = arguments.second
        if pattern.first == UInt8(ascii: "!") {
            flags.insert(.notMatch)
            pattern = pattern.from(1)
        }
        let isExpression = arguments.first.equalsIgnoringCase("expr")
        var test = isExpression ? nil : special(&pattern, &flags)
        if flags.contains(.noCase), isExpression || ignoresCase(test) {
            context.warn(
                "AH00665: RewriteCond: NoCase option for non-regex pattern '\(pattern)' is not supported and will be ignored. (\(context.location.file):\(context.location.line))"
            )
            flags.remove(.noCase)
        }
        if isExpression {
            let options: ExpressionFlags = flags.contains(.noVary) ? .dontVary : []
            do throws(DirectiveError) {
                test = .expression(try context.parseCondition(pattern, flags: options))
            } catch {
                let place = context.isHtaccess ? " in htaccess context" : ""
                throw DirectiveError("RewriteCond: cannot compile expression\(place) \"\(pattern)\" \(error.message)")
            }
        }
        if test == nil {
            guard let regex = try? context.regex(pattern, flags.contains(.noCase) ? .ignoreCase : []) else {
                throw DirectiveError("RewriteCond: cannot compile regular expression '\(pattern)'")
            }
            test = .regex(regex)
        }
        guard let test else { throw DirectiveError("RewriteCond: bad argument line") }
        return RewriteCondition(input: arguments.first, pattern: arguments.second, flags: flags, test: test)
    }

    /// [NC] means nothing to file and number tests.
    private static func ignoresCase(_ test: RewriteCondition.Test?) -> Bool {
        switch test {
        case nil, .regex, .text: false
        default: true
        }
    }

    /// The test that an operator stands for; nil for a regular expression.
    private static func special(
        _ pattern: inout ByteString, _ flags: inout RewriteCondition.Flags
    ) -> RewriteCondition.Test? {
        guard pattern.count >= 2 else { return nil }
        switch pattern[0] {
        case UInt8(ascii: "-"): return dashed(&pattern, &flags)
        case UInt8(ascii: ">"):
            let orEqual = pattern[1] == UInt8(ascii: "=")
            pattern = pattern.from(orEqual ? 2 : 1)
            return .text(orEqual ? .greaterOrEqual : .greater, pattern)
        case UInt8(ascii: "<"):
            let orEqual = pattern[1] == UInt8(ascii: "=")
            pattern = pattern.from(orEqual ? 2 : 1)
            return .text(orEqual ? .lessOrEqual : .less, pattern)
        case UInt8(ascii: "="):
            pattern = pattern.from(1)
            if pattern == "\"\"" { pattern = "" }
            return .text(.equal, pattern)
        default: return nil
        }
    }

    private static func dashed(
        _ pattern: inout ByteString, _ flags: inout RewriteCondition.Flags
    ) -> RewriteCondition.Test? {
        if pattern.count == 2 {
            switch pattern[1] {
            case UInt8(ascii: "f"): return .isFile
            case UInt8(ascii: "s"): return .hasSize
            case UInt8(ascii: "d"): return .isDirectory
            case UInt8(ascii: "x"): return .isExecutable
            case UInt8(ascii: "h"), UInt8(ascii: "L"), UInt8(ascii: "l"): return .isLink
            case UInt8(ascii: "U"): return .url
            case UInt8(ascii: "F"): return .file
            default: return nil
            }
        }
        guard pattern.count > 3 else { return nil }
        let comparison: RewriteCondition.Comparison
        switch pattern[1..<3] {
        case "lt": comparison = .less
        case "le": comparison = .lessOrEqual
        case "gt": comparison = .greater
        case "ge": comparison = .greaterOrEqual
        case "eq": comparison = .equal
        case "ne":
            comparison = .equal
            flags.formSymmetricDifference(.notMatch)
        default: return nil
        }
        pattern = pattern.from(3)
        return .number(comparison, CInteger.parse(pattern))
    }
}
