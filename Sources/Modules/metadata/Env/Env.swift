// Apache: modules/metadata/mod_env.c

import Bytes
import Kernel
import ServerCore

/// mod_env: variables for CGI and the like, set by configuration.
public enum Env {
    public static let module = ModuleDefinition("env", .metadata, directives: directives) { hooks in
        hooks.onFixups(setVariables)
    }

    static let directory = ConfigKey<EnvDirectory>()

    private static let directives = [
        Directive("PassEnv", .fileInfo, "a list of environment variables to pass to CGI.", .iterate(pass)),
        Directive(
            "SetEnv", .fileInfo, "an environment variable name and optional value to pass to CGI.", .take12(set)),
        Directive(
            "UnsetEnv", .fileInfo, "a list of variables to remove from the CGI environment.",
            .iterate { context, name in
                // Removes what stands before it in this scope; what outer scopes say goes in the merge.
                context[directory].removed.append(name)
                context[directory].variables.unset(name)
            }),
    ]

    @Sendable private static func pass(_ context: DirectiveContext, _ name: ByteString) {
        if let value = context.configuration.commandLine.environment[name] ?? Environment.get(name) {
            context[directory].variables.set(name, value)
        } else {
            context.warn("AH01506: PassEnv variable \(name) was undefined")
        }
    }
    @Sendable private static func set(_ context: DirectiveContext, _ name: ByteString, _ value: ByteString?) {
        if let equals = name.firstIndex(of: UInt8(ascii: "=")) {
            context.warn(
                "AH10032: Spurious usage of '=' in an environment variable name. 'SetEnv \(name.upTo(equals)) \(name.from(equals + 1))' expected instead?"
            )
        }
        context[directory].variables.set(name, value ?? "")
    }

    /// Adds behind what the request has: whoever asks for one value gets the earlier (SetEnvIf), whoever hands on the
    /// whole table, such as CGI, the later (apr_table_overlay).
    @Sendable private static func setVariables(_ request: Request) -> Outcome {
        let variables = request[directory].variables
        guard !variables.isEmpty else { return .declined }
        for index in 0..<variables.count { request.env.add(variables.name(at: index), variables.value(at: index)) }
        return .ok
    }
}

struct EnvDirectory: MergeableConfig {
    var variables = Table()
    var removed: [ByteString] = []

    init() {}
    static func merged(_ base: EnvDirectory, _ child: EnvDirectory) -> EnvDirectory {
        var result = base
        for name in child.removed { result.variables.unset(name) }
        result.variables.overlay(child.variables)
        result.removed = []
        return result
    }
}
