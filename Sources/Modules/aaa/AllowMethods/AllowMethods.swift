// Apache: modules/aaa/mod_allowmethods.c

import Bytes
import HTTP
import ServerCore

/// `AllowMethods`: other methods get 405.
public enum AllowMethods {
    private static let name = "allowmethods"

    public static let module = ModuleDefinition(name, .aaa, directives: rows) { hooks in
        hooks.onAccessChecker(checkAccess, order: .reallyFirst)
    }

    static let directory = ConfigKey<DirectoryConfig>()

    struct DirectoryConfig: MergeableConfig {
        /// Bits of methods; 0 allows all.
        var allowed: Setting<UInt64> = .inherited
        static func merged(_ base: DirectoryConfig, _ child: DirectoryConfig) -> DirectoryConfig {
            DirectoryConfig(allowed: child.allowed.or(base.allowed))
        }
    }

    static let rows: [Directive] = [
        Directive("AllowMethods", .directory, "only allow specific methods", .takeArgv(setMethods))
    ]

    @Sendable private static func setMethods(
        _ context: DirectiveContext, _ words: [ByteString]
    ) throws(DirectiveError) {
        if words.isEmpty { throw DirectiveError("AllowMethods: No method or 'reset' keyword given") }
        if words.count == 1, words[0].equalsIgnoringCase("reset") {
            context[directory].allowed = .set(0)
            return
        }
        var allowed = context[directory].allowed.value(default: 0)
        for word in words {
            let method = Method(word)
            guard method != .other else { throw DirectiveError("AllowMethods: Invalid Method '\(word)'") }
            allowed |= method.bit
        }
        context[directory].allowed = .set(allowed)
    }

    @Sendable static func checkAccess(_ request: Request) -> Outcome {
        let allowed = request[directory].allowed.value(default: 0)
        guard allowed != 0 else { return .declined }
        request.allowed = allowed
        if allowed & request.methodNumber.bit != 0 { return .declined }
        request.log(
            .error, name,
            "AH01623: client method denied by server configuration: '\(request.method)' to \(request.fileOrURI)")
        return .status(405)
    }
}
