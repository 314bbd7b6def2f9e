// Apache: modules/aaa/mod_authz_user.c

import Bytes
import Expressions
import ServerCore

/// `Require user …` and `Require valid-user`.
public enum AuthzUser {
    private static let name = "authz_user"

    public static let module = ModuleDefinition(name, .aaa, directives: []) { hooks in
        hooks.addProvider(user, to: AuthGroups.authz, as: "user")
        hooks.addProvider(validUser, to: AuthGroups.authz, as: "valid-user")
    }

    static let user = AuthzProvider { context, arguments throws(DirectiveError) in
        let text = try RequireText(context, arguments)
        return { request in
            guard let user = request.user else { return .deniedNoUser }
            do throws(ExpressionFailure) {
                if try text.words(request).contains(user) { return .granted }
            } catch {
                request.log(
                    .error, name,
                    "AH02594: authz_user authorize: require user: Can't evaluate require expression: \(error.message)")
                return .denied
            }
            request.log(
                .debug, name,
                "AH01663: access to \(request.uri) failed, reason: user '\(user)' does not meet 'require'ments for user to be allowed access"
            )
            return .denied
        }
    }
    static let validUser = AuthzProvider { _, _ in
        { request in request.user == nil ? .deniedNoUser : .granted }
    }
}
