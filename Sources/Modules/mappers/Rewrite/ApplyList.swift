// Apache: modules/mappers/mod_rewrite.c (apply_rewrite_list)

import Bytes
import ServerCore

/// What a list of rules did to a request (ACTION_*).
enum RewriteAction: Int {
    case none = 0
    case normal = 1
    case noEscape = 2
    case status = 4
    case statusSet = 8
    /// A program must be asked first; the request is as it was.
    case waiting = 1024

    /// The answer where a status decides it, or a query that cannot be sent; nil where the new name does.
    /// - Parameters:
    ///   - isAbsolute: The new name is a URL with a scheme; its query is still to be escaped.
    ///   - number: Apache's for this place.
    func outcome(_ request: Request, isAbsolute: Bool, _ number: ByteString) -> Outcome? {
        if let args = request.args, !isAbsolute || self == .noEscape, !RewriteURL.isClean(args) {
            request.log(
                .error, "rewrite", "\(number): Rewritten query string contains control characters or spaces")
            return .status(403)
        }
        switch self {
        case .statusSet: return .status(request.status)
        case .status:
            let status = request.status
            request.status = 200
            return .status(status)
        default: return nil
        }
    }
    static func refusalWithoutProxy(_ request: Request, _ number: ByteString) -> Outcome? {
        guard request.configuration.module("proxy") == nil else { return nil }
        request.log(
            .error, "rewrite",
            "\(number): attempt to make remote request from mod_rewrite without proxy enabled: \(request.filename ?? "")"
        )
        return .status(403)
    }
}

/// What rewriting remembers of a request besides its notes. Lives as long as the request, redirects included.
struct RewriteState {
    /// [END] was met: no rule is applied any more.
    var isEnded = false
    /// Names of cookies that were set.
    var cookies: Set<ByteString> = []
}

extension Request {
    private static var rewriteKey: ObjectIdentifier { ObjectIdentifier(RewriteState.self) }
    var rewriteState: RewriteState {
        get { moduleState[Self.rewriteKey] as? RewriteState ?? RewriteState() }
        set { moduleState[Self.rewriteKey] = newValue }
    }
    /// A redirect goes on with what its predecessor had.
    var hasEndedRewriting: Bool {
        var request: Request? = self
        while let current = request {
            if current.moduleState[Self.rewriteKey] != nil, current.rewriteState.isEnded { return true }
            request = current.previous
        }
        return false
    }
}

/// Applies a list of rules to the request's file name; `lastRule` is the last that substituted.
func applyRewriteList(
    _ rules: [RewriteRule], to request: Request, directory: ByteString?
) -> (action: RewriteAction, lastRule: RewriteRule?) {
    let asks = request.server[Rewrite.server].hasPrograms
    let saved = asks ? RewriteSnapshot(request) : nil
    if asks { RewriteAnswers.of(request).receive(request) }
    var list = RewriteListRun(RewriteContext(request, directory: directory))
    let action = list.run(rules)
    guard let call = list.context.waiting, let saved else { return (action, list.lastRule) }
    saved.restore(request)
    RewriteAnswers.of(request).asked = RewriteAnswers.Question(map: call.map.name, key: call.key)
    request.doNotReuse()
    request.blockingWork = { RewriteAnswer(value: call.map.ask(call.key)) }
    return (.waiting, nil)
}

private struct RewriteListRun {
    var context: RewriteContext
    var lastRule: RewriteRule?
    private var changed = RewriteAction.none
    private var round = 1

    init(_ context: RewriteContext) { self.context = context }

    private enum Step {
        case go(to: Int)
        case finish(RewriteAction)
    }

    mutating func run(_ rules: [RewriteRule]) -> RewriteAction {
        var index = 0
        while index < rules.count {
            let rule = rules[index]
            if context.request.isSubrequest, !rule.flags.isDisjoint(with: [.ignoreOnSubrequest, .forceRedirect]) {
                index += 1
                continue
            }
            context.vary = nil
            let result = context.apply(rule)
            if context.waiting != nil { return .waiting }
            if result == .noMatch {
                index = afterChain(rules, index)
                continue
            }
            switch matched(rule, result, index) {
            case .go(let next): index = next
            case .finish(let action): return action
            }
        }
        return changed
    }

    /// Rules chained to one that did not match are skipped with it.
    private func afterChain(_ rules: [RewriteRule], _ start: Int) -> Int {
        var index = start
        while index < rules.count, rules[index].flags.contains(.chain) { index += 1 }
        return index + 1
    }

    private mutating func matched(_ rule: RewriteRule, _ result: RewriteRuleResult, _ index: Int) -> Step {
        let request = context.request
        if !rule.flags.contains(.noSubstitution) {
            context.trace(2, "setting lastsub to rule with output \(rule.output)")
            lastRule = rule
        }
        let limit = 2 * request.server.limitRequestLine.value(default: 8190)
        if (request.filename?.count ?? 0) > limit {
            request.log(
                .error, "rewrite",
                "RewriteRule '\(rule.pattern)' and URI '\(request.uri)' exceeded maximum length (\(limit))")
            request.status = 500
            return .finish(.status)
        }
        if let vary = context.vary { request.headersOut.merge("Vary", vary) }
        if result == .statusSet { return .finish(.statusSet) }
        if rule.flags.contains(.status) { return .finish(.status) }
        if result != .noSubstitution { changed = rule.flags.contains(.noEscape) ? .noEscape : .normal }
        if rule.flags.contains(.passThrough) {
            let name = request.filename ?? ""
            context.trace(2, "forcing '\(name)' to get passed through to next API URI-to-filename handler")
            request.filename = "passthrough:" + name
            changed = .normal
            return .finish(changed)
        }
        if rule.flags.contains(.end) {
            context.trace(8, "Rule has END flag, no further rewriting for this request")
            request.rewriteState.isEnded = true
            return .finish(changed)
        }
        if !rule.flags.isDisjoint(with: [.proxy, .last]) { return .finish(changed) }
        if rule.flags.contains(.newRound) { return nextRound(rule) }
        return .go(to: index + 1 + max(0, rule.settings.skip))
    }

    private mutating func nextRound(_ rule: RewriteRule) -> Step {
        let request = context.request
        round += 1
        guard round >= rule.settings.maxRounds else { return .go(to: 0) }
        request.log(
            .error, "rewrite",
            "AH02596: RewriteRule '\(rule.pattern)' and URI '\(request.uri)' exceeded maximum number of rounds (\(rule.settings.maxRounds)) via the [N] flag"
        )
        request.status = 500
        return .finish(.status)
    }
}

/// What rules may change of a request, to be put back when a program's answer is still to come.
private struct RewriteSnapshot {
    private let filename: ByteString?
    private let args: ByteString?
    private let pathInfo: ByteString
    private let status: Int
    private let env: Table
    private let notes: Table
    private let headersOut: Table
    private let errHeadersOut: Table
    private let cookies: Set<ByteString>
    private let isEnded: Bool

    init(_ request: Request) {
        filename = request.filename
        args = request.args
        pathInfo = request.pathInfo
        status = request.status
        env = request.env
        notes = request.notes
        headersOut = request.headersOut
        errHeadersOut = request.errHeadersOut
        cookies = request.first.rewriteState.cookies
        isEnded = request.rewriteState.isEnded
    }
    func restore(_ request: Request) {
        request.filename = filename
        request.args = args
        request.pathInfo = pathInfo
        request.status = status
        request.env = env
        request.notes = notes
        request.headersOut = headersOut
        request.errHeadersOut = errHeadersOut
        request.first.rewriteState.cookies = cookies
        request.rewriteState.isEnded = isEnded
    }
}
