// Apache: modules/filters/mod_include.c handle_if, handle_elif, handle_else, handle_endif, parse_expr, parse_ap_expr

import Bytes
import Expressions
import ServerCore

extension IncludeSource {
    func handleIf(_ directive: IncludeDirective) {
        complain(directive, isPrinting, many: "AH01352", none: "AH01353")
        guard isPrinting else {
            nesting += 1
            return
        }
        guard
            let text = condition(
                directive, unknown: "AH01354", missing: "AH01355: missing expr value for if element in ")
        else { return failCondition() }
        guard let holds = evaluate(text) else { return failCondition() }
        conditionWasTrue = holds
        isPrinting = holds
        nesting = 0
    }
    func handleElif(_ directive: IncludeDirective) {
        complain(directive, nesting == 0, many: "AH01356", none: "AH01357")
        if nesting > 0 { return }
        guard let text = condition(directive, unknown: "AH01358", missing: "AH01359: missing expr in elif statement: ")
        else { return failCondition() }
        if conditionWasTrue {
            isPrinting = false
            return
        }
        guard let holds = evaluate(text) else { return failCondition() }
        conditionWasTrue = holds
        isPrinting = holds
    }
    func handleElse(_ directive: IncludeDirective) {
        if !directive.arguments.isEmpty {
            log(nesting == 0 ? .error : .warning, "AH01360: else directive does not take tags in \(name)")
        }
        if nesting > 0 { return }
        if !directive.arguments.isEmpty {
            if isPrinting { fail() }
            return
        }
        // After a condition that could not be evaluated neither branch is shown.
        if conditionFailed { return }
        isPrinting = !conditionWasTrue
        conditionWasTrue = true
    }
    func handleEndif(_ directive: IncludeDirective) {
        if !directive.arguments.isEmpty {
            log(nesting == 0 ? .error : .warning, "AH01361: endif directive does not take tags in \(name)")
        }
        if nesting > 0 {
            nesting -= 1
            return
        }
        if !directive.arguments.isEmpty { return fail() }
        isPrinting = true
        conditionWasTrue = true
        conditionFailed = false
    }

    private func complain(_ directive: IncludeDirective, _ isError: Bool, many: ByteString, none: ByteString) {
        guard directive.arguments.count != 1 else { return }
        log(
            isError ? .error : .warning,
            directive.arguments.isEmpty
                ? "\(none): missing expr argument for if element in \(name)"
                : "\(many): too many arguments for if element in \(name)")
    }
    private func condition(_ directive: IncludeDirective, unknown: ByteString, missing: ByteString) -> ByteString? {
        guard directive.arguments.count == 1 else { return nil }
        guard directive.arguments[0].name == "expr" else {
            log(.error, "\(unknown): unknown parameter \"\(directive.arguments[0].name)\" to tag if in \(name)")
            return nil
        }
        guard let text = directive.arguments[0].value else {
            log(.error, "\(missing)\(name)")
            return nil
        }
        return text
    }
    private func failCondition() {
        fail()
        isPrinting = false
        conditionWasTrue = false
        conditionFailed = true
    }

    // MARK: Expressions

    private func evaluate(_ text: ByteString) -> Bool? {
        if usesLegacyExpressions { return evaluateLegacy(text) }
        lastPattern = nil
        do throws(DocumentExpressionError) {
            return try request.evaluate(
                document: text, matches: &matches,
                functions: DocumentFunctions(["v", "reqenv", "env"]) { [unowned self] function, argument in
                    if function == "env" {
                        return request.notes[argument] ?? variable(argument)
                            ?? request.configuration.environment(argument)
                    }
                    return variable(argument)
                })
        } catch {
            switch error {
            case .parse(let message): log(.error, "AH01337: Could not parse expr \"\(text)\" in \(name): \(message)")
            case .evaluation(let message):
                log(.error, "AH01338: Could not evaluate expr \"\(text)\" in \(name): \(message)")
            }
            return nil
        }
    }
    private func evaluateLegacy(_ text: ByteString) -> Bool? {
        do throws(LegacyExpression.Invalid) {
            return try LegacyExpression.parse(text).map { value(of: $0) } ?? false
        } catch {
            log(
                .error,
                error.unmatchedClose
                    ? "AH03189: Unmatched ')' in \"\(text)\" in file \(name)"
                    : "AH03188: Invalid expression \"\(text)\" in file \(name)")
            return nil
        }
    }
    private func value(of expression: LegacyExpression) -> Bool {
        switch expression {
        case .string(let text): return !expand(text).isEmpty
        case .both(let left, let right):
            // Both sides, since a pattern on the right may be wanted for its captures.
            let first = value(of: left)
            return value(of: right) && first
        case .either(let left, let right):
            let first = value(of: left)
            return value(of: right) || first
        case .not(let inner): return !(inner.map { value(of: $0) } ?? true)
        case .group(let inner): return inner.map { value(of: $0) } ?? true
        case .compare(let comparison, let left, let right):
            let (one, two) = (expand(left), expand(right))
            switch comparison {
            case .equal: return one == two
            case .notEqual: return one != two
            case .less: return one < two
            case .lessOrEqual: return one <= two
            case .greater: return one > two
            case .greaterOrEqual: return one >= two
            }
        case .matches(let subject, let pattern, let negated):
            return match(expand(subject), expand(pattern)) != negated
        case .access(let target):
            let path = expand(target)
            let status = request.lookup(uri: path).status
            if status >= 400 {
                log(
                    .debug,
                    "AH01336: mod_include: The tested subrequest -A \"\(path)\" returned an error code.")
            }
            return status < 400
        }
    }
    private func match(_ subject: ByteString, _ pattern: ByteString) -> Bool {
        guard let regex = try? Regex(pattern, [], defaults: request.configuration.regexDefaults) else {
            log(.error, "AH02667: unable to compile pattern \"\(pattern)\"")
            return true
        }
        lastPattern = regex
        guard let captures = regex.match(subject) else {
            matches = ExpressionMatches()
            return false
        }
        matches.source = subject
        matches.captures = captures
        return true
    }
}
