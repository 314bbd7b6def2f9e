// Apache: modules/aaa/mod_authn_anon.c

import Bytes
import ServerCore

/// Anonymous users, who give an e-mail address as their password.
public enum AuthnAnon {
    private static let name = "authn_anon"

    public static let module = ModuleDefinition(name, .aaa, directives: rows) { hooks in
        hooks.addProvider(AuthnProvider(checkPassword: checkPassword), to: AuthGroups.authn, as: "anon")
    }

    static let directory = ConfigKey<DirectoryConfig>()

    /// What is said in an inner section replaces all that was said outside.
    struct DirectoryConfig: MergeableConfig {
        var users: [ByteString] = []
        /// `Anonymous *`
        var isAnyUser = false
        var mustGiveEmail = true
        var allowsNoUser = false
        var verifiesEmail = false
        var logsEmail = true
        static func merged(_ base: DirectoryConfig, _ child: DirectoryConfig) -> DirectoryConfig { child }
    }

    static let rows: [Directive] = [
        Directive("Anonymous", .authConfig, "a space-separated list of user IDs", .iterate(addUser)),
        Directive(
            "Anonymous_MustGiveEmail", .authConfig, "Limited to 'on' or 'off'",
            .flag { context, value in context[directory].mustGiveEmail = value }),
        Directive(
            "Anonymous_NoUserId", .authConfig, "Limited to 'on' or 'off'",
            .flag { context, value in context[directory].allowsNoUser = value }),
        Directive(
            "Anonymous_VerifyEmail", .authConfig, "Limited to 'on' or 'off'",
            .flag { context, value in context[directory].verifiesEmail = value }),
        Directive(
            "Anonymous_LogEmail", .authConfig, "Limited to 'on' or 'off'",
            .flag { context, value in context[directory].logsEmail = value }),
    ]

    @Sendable private static func addUser(
        _ context: DirectiveContext, _ user: ByteString
    ) throws(DirectiveError) {
        if user.isEmpty { throw DirectiveError("Anonymous string cannot be empty, use Anonymous_NoUserId") }
        if user == "*" {
            context[directory].isAnyUser = true
        } else {
            context[directory].users.append(user)
        }
    }

    @Sendable static func checkPassword(
        _ request: Request, _ user: ByteString, _ password: ByteString
    ) -> AuthnStatus {
        let config = request[directory]
        guard isKnown(user, config) else { return .userNotFound }
        guard isAcceptable(password, config) else { return .denied }
        if config.logsEmail, request.isInitial {
            request.log(.info, name, "AH01672: Anonymous: Passwd <\(password)> Accepted")
        }
        return .granted
    }
    static func isKnown(_ user: ByteString, _ config: DirectoryConfig) -> Bool {
        if config.users.isEmpty, !config.isAnyUser { return false }
        if user.isEmpty { return config.allowsNoUser }
        return config.isAnyUser || config.users.contains { $0.equalsIgnoringCase(user) }
    }
    static func isAcceptable(_ password: ByteString, _ config: DirectoryConfig) -> Bool {
        if config.mustGiveEmail, password.isEmpty { return false }
        if !config.verifiesEmail { return true }
        return password.contains(UInt8(ascii: "@")) && password.contains(UInt8(ascii: "."))
    }
}
