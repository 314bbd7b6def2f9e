// Apache: modules/aaa/mod_authn_file.c

import Bytes
import Expressions
import Kernel
import ServerCore

/// Passwords from a text file: `user:hash`, or `user:realm:hash` for Digest.
public enum AuthnFile {
    private static let name = "authn_file"

    public static let module = ModuleDefinition(name, .aaa, directives: rows) { hooks in
        hooks.addProvider(
            AuthnProvider(checkPassword: checkPassword, realmHash: realmHash), to: AuthGroups.authn, as: "file")
    }

    static let directory = ConfigKey<DirectoryConfig>()

    struct DirectoryConfig: MergeableConfig {
        var userFile: ByteString?
        static func merged(_ base: DirectoryConfig, _ child: DirectoryConfig) -> DirectoryConfig { child }
    }

    static let rows: [Directive] = [
        Directive(
            "AuthUserFile", .authConfig, "text file containing user IDs and passwords",
            .take1 { context, path in context[directory].userFile = context.serverRelative(path) })
    ]

    /// The file: what stands behind each user's first colon, in the file's order.
    struct Users: ParsedTextFile {
        private var lines: [ByteString: [ByteString]] = [:]

        init(lines text: [ByteString]) {
            for line in text where !line.isEmpty && line.first != UInt8(ascii: "#") {
                var rest = line
                let user = rest.takeWord(UInt8(ascii: ":"))
                lines[user, default: []].append(rest)
            }
        }
        /// The hash of the user's first line.
        func password(of user: ByteString) -> ByteString? {
            guard var rest = lines[user]?.first else { return nil }
            return rest.takeWord(UInt8(ascii: ":"))
        }
        func hash(of user: ByteString, in realm: ByteString) -> ByteString? {
            for line in lines[user] ?? [] {
                var rest = line
                if rest.takeWord(UInt8(ascii: ":")) == realm { return rest.takeWord(UInt8(ascii: ":")) }
            }
            return nil
        }
    }

    /// The parsed file; nil after a message, with the numbers of the caller.
    private static func users(_ request: Request, unset: String, unopened: String) -> Users? {
        guard let path = request[directory].userFile else {
            request.log(.error, name, "\(unset): AuthUserFile not specified in the configuration")
            return nil
        }
        do throws(Errno) {
            return try request.parsed(path, as: Users.self)
        } catch {
            request.log(
                .error, name,
                "(\(error.rawValue))\(error.description): \(unopened): Could not open password file: \(path)")
            return nil
        }
    }

    private struct Validation: Sendable {
        let password: ByteString
        let hash: ByteString
        let isValid: Bool
    }

    @Sendable static func checkPassword(
        _ request: Request, _ user: ByteString, _ password: ByteString
    ) -> AuthnStatus {
        guard let users = users(request, unset: "AH01619", unopened: "AH01620") else { return .generalError }
        guard let hash = users.password(of: user) else { return .userNotFound }
        if let answer = request.blockingResult as? Validation, answer.hash == hash, answer.password == password {
            request.blockingResult = nil
            return answer.isValid ? .granted : .denied
        }
        request.blockingWork = {
            Validation(
                password: password, hash: hash, isValid: PasswordHash.validate(password, against: hash))
        }
        return .suspended
    }

    @Sendable static func realmHash(_ request: Request, _ user: ByteString, _ realm: ByteString) -> RealmHash {
        guard let users = users(request, unset: "AH01621", unopened: "AH01622") else { return .generalError }
        return users.hash(of: user, in: realm).map { .found($0) } ?? .userNotFound
    }
}
