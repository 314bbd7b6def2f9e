// Apache: modules/aaa/mod_authz_groupfile.c

import Bytes
import ConfigLanguage
import Expressions
import Kernel
import ServerCore

/// `Require group …` and `Require file-group`, with groups from a text file: `group: user user …`.
public enum AuthzGroupFile {
    private static let name = "authz_groupfile"

    public static let module = ModuleDefinition(name, .aaa, directives: rows) { hooks in
        hooks.addProvider(group, to: AuthGroups.authz, as: "group")
        hooks.addProvider(fileGroup, to: AuthGroups.authz, as: "file-group")
    }

    static let directory = ConfigKey<DirectoryConfig>()

    struct DirectoryConfig: MergeableConfig {
        var groupFile: ByteString?
        static func merged(_ base: DirectoryConfig, _ child: DirectoryConfig) -> DirectoryConfig { child }
    }

    static let rows: [Directive] = [
        Directive(
            "AuthGroupFile", .authConfig, "text file containing group names and member user IDs",
            .take1 { context, path in context[directory].groupFile = context.serverRelative(path) })
    ]

    /// The file: each user's groups in lower case, since Apache compares their names without case.
    struct Groups: ParsedTextFile {
        private var byUser: [ByteString: Set<ByteString>] = [:]

        init(lines: [ByteString]) {
            for line in lines where !line.isEmpty && line.first != UInt8(ascii: "#") {
                var rest = line
                var group = rest.takeWord(UInt8(ascii: ":"))
                while let last = group.last, ASCII.isSpace(last) { group = group.upTo(group.count - 1) }
                for user in rest.argumentWords { byUser[user, default: []].insert(group.lowercased) }
            }
        }
        func groups(of user: ByteString) -> Set<ByteString> { byUser[user] ?? [] }
    }

    /// The groups of the request's user; nil after a message, with the numbers of the caller.
    private static func groups(
        _ request: Request, _ user: ByteString, unset: String, unopened: String, absent: (LogLevel, String)
    ) -> Set<ByteString>? {
        guard let path = request[directory].groupFile else {
            request.log(.error, name, "\(unset): No group file was specified in the configuration")
            return nil
        }
        do throws(Errno) {
            let groups = try request.parsed(path, as: Groups.self).groups(of: user)
            if !groups.isEmpty { return groups }
        } catch {
            request.log(
                .error, name,
                "(\(error.rawValue))\(error.description): \(unopened): Could not open group file: \(path)")
            return nil
        }
        request.log(
            absent.0, name,
            "\(absent.1): Authorization of user \(user) to access \(request.uri) failed, reason: user doesn't appear in group file (\(path))."
        )
        return nil
    }

    static let group = AuthzProvider { context, arguments throws(DirectiveError) in
        let text = try RequireText(context, arguments)
        return { request in
            guard let user = request.user else { return .deniedNoUser }
            guard
                let groups = groups(
                    request, user, unset: "AH01664", unopened: "AH01665", absent: (.info, "AH01666"))
            else { return .denied }
            do throws(ExpressionFailure) {
                if try text.words(request).contains(where: { groups.contains($0.lowercased) }) { return .granted }
            } catch {
                request.log(
                    .error, name,
                    "AH02592: authz_groupfile authorize: require group: Can't evaluate require expression: \(error.message)"
                )
                return .denied
            }
            request.log(
                .debug, name,
                "AH01667: Authorization of user \(user) to access \(request.uri) failed, reason: user is not part of the 'require'ed group(s)."
            )
            return .denied
        }
    }

    static let fileGroup = AuthzProvider { context, arguments throws(DirectiveError) in
        _ = try RequireText(context, arguments)
        return { request in
            guard let user = request.user else { return .deniedNoUser }
            guard
                let groups = groups(
                    request, user, unset: "AH01668", unopened: "AH01669", absent: (.error, "AH01670")),
                let owner = AuthzOwner.fileGroup(request)
            else { return .denied }
            if groups.contains(owner.lowercased) { return .granted }
            request.log(
                .debug, name,
                "AH01671: Authorization of user \(user) to access \(request.uri) failed, reason: user is not part of the 'require'ed file group."
            )
            return .denied
        }
    }
}
