// Apache: modules/mappers/mod_rewrite.c (apply_rewrite_rule, force_type_handler, do_expand_env)

import Bytes
import Expressions
import ServerCore

/// What became of one rule (rule_return_type).
enum RewriteRuleResult { case noMatch, match, noSubstitution, statusSet }

extension RewriteContext {
    /// Tries one rule on the request's file name and, when pattern and conditions hold, does what it says.
    mutating func apply(_ rule: RewriteRule) -> RewriteRuleResult {
        let isProxy = prepareURI()
        trace(3, "applying pattern '\(rule.pattern)' to uri '\(uri)'")
        let captures = rule.regex.match(uri)
        let isNegated = rule.flags.contains(.notMatch)
        guard (captures != nil) != isNegated else { return .noMatch }
        varyThis = nil
        conditionGroups = nil
        ruleGroups = isNegated ? nil : captures.map { RewriteGroups(source: uri, captures: $0) }
        guard conditionsHold(rule.conditions) else { return .noMatch }

        var substitution: ByteString = ""
        if !rule.flags.contains(.noSubstitution) {
            var question = RewriteQuestion.none
            substitution = expand(rule.substitution, for: rule, question: &question)
            trace(2, "rewrite '\(uri)' -> '\(substitution)'")
            if question == .expanded, !rule.flags.contains(.unsafeAllow3F) {
                if waiting != nil { return .match }
                request.log(
                    .error, "rewrite", "AH10508: Unsafe URL with %3f URL rewritten without UnsafeAllow3F")
                request.status = 403
                return .statusSet
            }
        }
        setEnvironment(rule)
        for cookie in rule.settings.cookies { RewriteCookie.add(expand(cookie), request, self) }
        if rule.flags.contains(.noSubstitution) {
            forceType(rule)
            if rule.flags.contains(.status) {
                trace(2, "forcing responsecode \(rule.settings.responseCode) for \(request.filename ?? "")")
                request.status = rule.settings.responseCode
            }
            return .noSubstitution
        }
        return take(substitution, rule, isProxy: isProxy)
    }

    /// Sets `uri`: in a directory the name with PATH_INFO and without the directory. True for a name that is already
    /// a proxy's.
    private mutating func prepareURI() -> Bool {
        uri = request.filename ?? ""
        guard let directory else { return false }
        let isProxy = uri.hasPrefix("proxy:")
        if !request.pathInfo.isEmpty {
            trace(3, "add path info postfix: \(uri) -> \(uri)\(request.pathInfo)")
            uri = uri + request.pathInfo
        }
        if !isProxy, uri.hasPrefix(directory) {
            let rest = uri.from(directory.count)
            trace(3, "strip per-dir prefix: \(uri) -> \(rest)")
            uri = rest
        }
        return isProxy
    }

    private mutating func conditionsHold(_ conditions: [RewriteCondition]) -> Bool {
        var index = 0
        while index < conditions.count {
            var condition = conditions[index]
            let result = holds(condition)
            if condition.flags.contains(.noVary) { varyThis = nil }
            if condition.flags.contains(.orNext) {
                guard result else {
                    varyThis = nil
                    index += 1
                    continue
                }
                // The other alternatives need not be looked at.
                while condition.flags.contains(.orNext), index + 1 < conditions.count {
                    index += 1
                    condition = conditions[index]
                }
            } else if !result {
                return false
            }
            if let name = varyThis {
                vary = vary.map { "\($0), \(name)" } ?? name
                varyThis = nil
            }
            index += 1
        }
        return true
    }

    private mutating func setEnvironment(_ rule: RewriteRule) {
        for template in rule.settings.environment {
            let text = expand(template)
            if text.first == UInt8(ascii: "!") {
                let name = text.from(1)
                request.env.unset(name)
                trace(5, "unsetting env variable '\(name)'", inDirectory: false)
                continue
            }
            let colon = text.firstIndex(of: UInt8(ascii: ":")) ?? text.count
            let name = text.upTo(colon)
            let value = text.from(colon + 1)
            request.env.set(name, value)
            trace(5, "setting env variable '\(name)' to '\(value)'", inDirectory: false)
        }
    }

    /// Remembers [T] and [H] for the last fixup.
    private mutating func forceType(_ rule: RewriteRule) {
        if let template = rule.settings.mimeType {
            let type = expand(template, for: rule).lowercased
            if !type.isEmpty {
                trace(2, "remember \(request.filename ?? "") to have MIME-type '\(type)'")
                request.notes.set(RewriteNote.forcedType, type)
            }
        }
        if let template = rule.settings.handler {
            let handler = expand(template, for: rule).lowercased
            if !handler.isEmpty {
                trace(2, "remember \(request.filename ?? "") to have Content-handler '\(handler)'")
                request.notes.set(RewriteNote.forcedHandler, handler)
            }
        }
    }

    /// Makes the substitution the request's name, and decides what kind of name it is.
    private mutating func take(_ substitution: ByteString, _ rule: RewriteRule, isProxy: Bool) -> RewriteRuleResult {
        var name = substitution
        var isPrefixed = false
        if !isProxy, name.first != UInt8(ascii: "/"), RewriteURL.absolute(name) == nil {
            if let directory {
                trace(3, "add per-dir prefix: \(name) -> \(directory)\(name)")
                name = directory + name
                isPrefixed = true
            } else if rule.flags.isDisjoint(with: [.proxy, .forceRedirect]) {
                // `^/some/path(.*) $1` must not make "scheme:…" out of what a client sends.
                trace(3, "add root prefix: \(name) -> /\(name)")
                name = "/" + name
                isPrefixed = true
            }
        }
        request.filename = name
        if directory != nil, rule.flags.contains(.discardPathInfo) { request.pathInfo = "" }
        splitQuery(rule.flags)
        if rule.flags.contains(.proxy) {
            qualifyURI()
            trace(2, "forcing proxy-throughput with \(request.filename ?? "")")
            request.filename = "proxy:" + (request.filename ?? "")
            return .match
        }
        if rule.flags.contains(.forceRedirect) {
            qualifyURI()
            trace(2, "explicitly forcing redirect with \(request.filename ?? "")")
            request.status = rule.settings.responseCode
            return .match
        }
        reduceURI()
        if RewriteURL.absolute(request.filename ?? "") != nil {
            trace(
                2,
                "implicitly forcing redirect (rc=\(rule.settings.responseCode) with \(request.filename ?? "")")
            request.status = rule.settings.responseCode
            return .match
        }
        if !isPrefixed, !rule.flags.contains(.keepLeadingSlashes), !rule.output.hasPrefix("//") {
            mergeLeadingSlashes()
        }
        forceType(rule)
        return .match
    }
    private func mergeLeadingSlashes() {
        guard let name = request.filename, name.hasPrefix("//") else { return }
        let slashes = name.prefix { $0 == UInt8(ascii: "/") }.count
        request.filename = name.from(slashes - 1)
    }
}

/// Names of the notes in which rewriting keeps what later phases need.
enum RewriteNote {
    static let forcedType: ByteString = "rewrite-forced-mimetype"
    static let forcedHandler: ByteString = "rewrite-forced-handler"
    static let rewritten: ByteString = "mod_rewrite_rewritten"
}
