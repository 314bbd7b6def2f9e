// Apache: modules/aaa/mod_authz_core.c (authz_section_conf)

import Bytes
import ServerCore

/// A `Require` line, a `<RequireAll>` and its like, or what AuthMerging made of two of them.
///
/// Written while configuration is read, by one thread, and normalised once when all was read; never afterwards.
final class AuthzSection: @unchecked Sendable {
    enum Logic: Sendable { case all, any }

    struct Line: Sendable {
        let provider: ByteString
        let arguments: ByteString
        let check: AuthzCheck
    }

    /// Nil for a container.
    let line: Line?
    let logic: Logic
    var isNegated: Bool
    /// Made by AuthMerging.
    let isMerged: Bool
    /// Methods it is about, as bits.
    var limited: UInt64
    var children: [AuthzSection]

    /// A line.
    init(_ line: Line, isNegated: Bool, limited: UInt64) {
        self.line = line
        logic = .any
        self.isNegated = isNegated
        isMerged = false
        self.limited = limited
        children = []
    }
    /// A container; `children` say which methods it is about.
    init(_ logic: Logic, isNegated: Bool = false, isMerged: Bool = false, children: [AuthzSection] = []) {
        line = nil
        self.logic = logic
        self.isNegated = isNegated
        self.isMerged = isMerged
        limited = children.reduce(0) { $0 | $1.limited }
        self.children = children
    }

    /// As written, for messages (format_authz_command).
    var description: ByteString {
        if let line { return "Require \(isNegated ? "not " : "")\(line.provider) \(line.arguments)" }
        let kind =
            switch logic {
            case .all: isNegated ? "NotAll" : "All"
            case .any: isNegated ? "None" : "Any"
            }
        return isMerged ? "AuthMerging \(kind)" : "<Require\(kind)>"
    }

    /// Adds what a nested container holds. One that means the same as this dissolves in it.
    func adopt(_ section: AuthzSection) {
        limited |= section.limited
        if !section.isNegated, section.logic == logic {
            children += section.children
        } else {
            children.append(section)
        }
    }

    /// Dissolves `<RequireNone>` in `<RequireAll>` (De Morgan), and refuses what can only deny.
    /// - Returns: the message of the refusal.
    func normalize(isOutermost: Bool) -> String? {
        var result: [AuthzSection] = []
        for child in children {
            guard !child.children.isEmpty else {
                result.append(child)
                continue
            }
            if let message = child.normalize(isOutermost: false) { return message }
            if child.isNegated, child.logic != logic {
                for grandchild in child.children { grandchild.isNegated.toggle() }
                result += child.children
            } else {
                result.append(child)
            }
        }
        children = result
        if children.contains(where: { !$0.isNegated }) { return nil }
        let name = isOutermost ? "<Directory>, <Location>, or similar" : "\(description)"
        return "AH01624: \(name) directive contains only negative authorization directives"
    }

    /// What the tree says of a request (apply_authz_sections).
    func evaluate(_ request: Request, in parent: Logic) -> AuthzStatus {
        guard limited & request.methodNumber.bit != 0 else {
            let result: AuthzStatus = parent == .all ? .granted : .neutral
            request.log(
                .debug, AuthzCore.name,
                "AH01625: authorization result of \(description): \(result.text) (directive limited to other methods)")
            return result
        }
        var result = line.map { $0.check(request) } ?? combined(request)
        if result == .generalError || result == .suspended, line == nil { return result }
        if result == .suspended { return result }
        if isNegated {
            switch result {
            case .granted: result = .denied
            // That something did not hold is no reason to let anybody in.
            case .denied, .deniedNoUser: result = .neutral
            default: break
            }
        }
        request.log(.debug, AuthzCore.name, "AH01626: authorization result of \(description): \(result.text)")
        return result
    }

    /// The children's results, as `logic` says: `deniedNoUser` when a user may change the result.
    private func combined(_ request: Request) -> AuthzStatus {
        var result = AuthzStatus.neutral
        for child in children {
            let status = child.evaluate(request, in: logic)
            switch (status, logic) {
            case (.generalError, _), (.suspended, _): return status
            case (.neutral, _): continue
            case (.denied, .all), (.granted, .any): return status
            case (.deniedNoUser, .all): result = status
            case (.deniedNoUser, .any) where result == .denied: result = status
            default: if result == .neutral { result = status }
            }
        }
        return result
    }
}

extension AuthzStatus {
    /// As the error log says it (format_authz_result).
    var text: StaticString {
        switch self {
        case .denied: "denied"
        case .granted: "granted"
        case .deniedNoUser: "denied (no authenticated user yet)"
        default: "neutral"
        }
    }
}
