// Apache: modules/aaa/mod_authz_core.c (env, all, method and expr providers)

import Bytes
import Expressions
import HTTP
import ServerCore
import Synchronization

enum AuthzCoreProviders {
    /// `Require env NAME …`
    static let env = AuthzProvider { _, arguments in
        let names = arguments.requireWords
        return { request in names.contains { request.env.contains($0) } ? .granted : .denied }
    }

    /// `Require all granted|denied`
    static let all = AuthzProvider { _, arguments throws(DirectiveError) in
        if arguments.equalsIgnoringCase("granted") { return { _ in .granted } }
        if arguments.equalsIgnoringCase("denied") { return { _ in .denied } }
        throw DirectiveError("Argument for 'Require all' must be 'granted' or 'denied'")
    }

    /// `Require method GET …`
    static let method = AuthzProvider { _, arguments throws(DirectiveError) in
        var allowed: UInt64 = 0
        for name in arguments.requireWords {
            let method = Method(name)
            guard method != .other else { throw DirectiveError("Invalid Method '\(name)'") }
            allowed |= method.bit
        }
        let mask = allowed
        return { request in mask & request.methodNumber.bit != 0 ? .granted : .denied }
    }

    /// `Require expr …`: one that asks for REMOTE_USER waits for a user before it denies.
    static let expr = AuthzProvider { context, arguments throws(DirectiveError) in
        var text = arguments
        if text.count > 1, text.first == UInt8(ascii: "\""), text.last == UInt8(ascii: "\"") {
            text = text[1..<text.count - 1]
        }
        let condition: Expression
        do throws(DirectiveError) {
            condition = try context.parseCondition(text)
        } catch {
            throw DirectiveError("Cannot parse expression in require line: \(error.message)")
        }
        let refusal: AuthzStatus = asksForUser(text) ? .deniedNoUser : .denied
        return { request in
            do throws(ExpressionFailure) {
                return try request.evaluate(condition) ? .granted : refusal
            } catch {
                request.log(
                    .error, AuthzCore.name,
                    "AH02320: Error evaluating expression in 'Require expr': \(error.message)")
                return .generalError
            }
        }
    }

    /// Parses once more, only to see which variables are named.
    private static func asksForUser(_ text: ByteString) -> Bool {
        let seen = Flag()
        let watch = ExpressionLookup { kind, name in
            if kind == .variable, name.equalsIgnoringCase("REMOTE_USER") {
                seen.value.store(true, ordering: .relaxed)
            }
            return 0
        }
        _ = try? Expression(text, lookup: watch)
        return seen.value.load(ordering: .relaxed)
    }
    private final class Flag: Sendable {
        let value = Atomic<Bool>(false)
    }
}
