// Apache: modules/aaa/mod_authz_core.c

import Bytes
import ConfigLanguage
import ServerCore

/// Authorisation: `Require` lines, their containers, and how those of nested sections combine.
public enum AuthzCore {
    static let name = "authz_core"

    public static let module = ModuleDefinition(name, .aaa, directives: rows) { hooks in
        hooks.onCheckConfig(checkConfiguration)
        hooks.onAuthChecker(authorizeUser, order: .last)
        hooks.onAccessCheckerEx(authorizeUserless, order: .last)
        hooks.addProvider(AuthzCoreProviders.env, to: AuthGroups.authz, as: "env")
        hooks.addProvider(AuthzCoreProviders.all, to: AuthGroups.authz, as: "all")
        hooks.addProvider(AuthzCoreProviders.method, to: AuthGroups.authz, as: "method")
        hooks.addProvider(AuthzCoreProviders.expr, to: AuthGroups.authz, as: "expr")
    }

    static let directory = ConfigKey<DirectoryConfig>()
    static let server = ConfigKey<ServerConfig>()

    enum Merging: Sendable { case off, and, or }

    struct DirectoryConfig: MergeableConfig {
        var section: AuthzSection?
        var merging: Setting<Merging> = .inherited
        var sendForbidden: Setting<Bool> = .inherited

        /// merge_authz_core_dir_config: without AuthMerging, what is said here replaces what was said outside.
        static func merged(_ base: DirectoryConfig, _ child: DirectoryConfig) -> DirectoryConfig {
            var result = child
            if child.merging == .inherited, child.section == nil, base.section != nil {
                // Only AuthzSendForbiddenOnFailure was said.
                result = base
            } else if case .set(let merging) = child.merging, merging != .off {
                switch (base.section, child.section) {
                case (let outer?, let inner?):
                    let logic: AuthzSection.Logic = merging == .and ? .all : .any
                    result.section = AuthzSection(logic, isMerged: true, children: [outer, inner])
                case (let outer?, nil): result.section = outer
                default: break
                }
            }
            result.sendForbidden = child.sendForbidden.or(base.sendForbidden)
            return result
        }
    }

    struct ServerConfig: MergeableConfig {
        /// `<AuthzProviderAlias>` by alias.
        var aliases: [ByteString: AuthzProvider] = [:]
        /// The outermost containers of server configuration, to be checked when all was read.
        var sections: [AuthzSection] = []

        static func merged(_ base: ServerConfig, _ child: ServerConfig) -> ServerConfig { base }
    }

    @Sendable static func checkConfiguration(_ configuration: Configuration) throws(DirectiveError) {
        for section in configuration.mainServer[server].sections {
            if let message = section.normalize(isOutermost: true) { throw DirectiveError(message) }
        }
    }

    // MARK: Phases

    @Sendable static func authorizeUserless(_ request: Request) -> Outcome { authorize(request, afterAuthn: false) }
    @Sendable static func authorizeUser(_ request: Request) -> Outcome { authorize(request, afterAuthn: true) }

    private static func authorize(_ request: Request, afterAuthn: Bool) -> Outcome {
        guard let section = request[directory].section else {
            if AuthnCore.authType(request) != nil {
                request.log(
                    .error, name, "AH01627: AuthType configured with no corresponding authorization directives")
                return .status(500)
            }
            request.log(.debug, name, "AH01628: authorization result: granted (no directives)")
            return .ok
        }
        switch section.evaluate(request, in: .all) {
        case .granted: return .ok
        case .suspended: return .suspended
        case .deniedNoUser:
            guard afterAuthn else { return .declined }
            request.log(.error, name, "AH01629: authorization failure (no authenticated user): \(request.uri)")
            if request.user != nil { request.noteAuthFailure() }
            return .status(401)
        case .denied, .neutral: return refuse(request, afterAuthn: afterAuthn)
        case .generalError: return .status(500)
        }
    }
    private static func refuse(_ request: Request, afterAuthn: Bool) -> Outcome {
        guard afterAuthn, AuthnCore.authType(request) != nil else {
            request.log(
                .error, name, "AH01630: client denied by server configuration: \(request.fileOrURI)")
            return .status(403)
        }
        request.log(
            .error, name,
            "AH01631: user \(request.user ?? "(null)"): authorization failure for \"\(request.uri)\": ")
        if request[directory].sendForbidden.value(default: false) { return .status(403) }
        if request.user != nil { request.noteAuthFailure() }
        return .status(401)
    }
}

extension Request {
    /// How messages about refused clients name what was asked for.
    var fileOrURI: ByteString { filename ?? "uri \(uri)" }
}
