// Apache: modules/aaa/mod_authz_owner.c

import Bytes
import Kernel
import ServerCore

/// `Require file-owner`, and the file's group for `Require file-group`.
public enum AuthzOwner {
    private static let name = "authz_owner"

    public static let module = ModuleDefinition(name, .aaa, directives: []) { hooks in
        hooks.addProvider(fileOwner, to: AuthGroups.authz, as: "file-owner")
    }

    static let fileOwner = AuthzProvider { _, _ in
        { request in
            guard let user = request.user else { return .deniedNoUser }
            let owner: ByteString
            switch lookUp(request, ["AH01633", "AH01634", "AH01636"], "owner", { Users.name(uid: $0.uid) }) {
            case .some(let name): owner = name
            case .none: return .denied
            }
            if owner == user { return .granted }
            complain(request, "AH01637", "file owner \(owner) does not match.")
            return .denied
        }
    }

    /// The name of the file's group; nil after a message (authz_owner_get_file_group).
    static func fileGroup(_ request: Request) -> ByteString? {
        lookUp(request, ["AH01638", "AH01639", "AH01641"], "group", { Users.name(gid: $0.gid) })
    }

    private static func lookUp(
        _ request: Request, _ numbers: [String], _ what: String, _ name: (FileStatus) -> ByteString?
    ) -> ByteString? {
        guard let filename = request.filename else {
            complain(request, numbers[0], "no filename available")
            return nil
        }
        guard let status = request.files.status(filename) else {
            complain(request, numbers[1], "could not stat file \(filename)")
            return nil
        }
        guard let found = name(status) else {
            complain(request, numbers[2], "could not get name of file \(what)")
            return nil
        }
        return found
    }
    private static func complain(_ request: Request, _ number: String, _ reason: ByteString) {
        request.log(
            .error, name,
            "\(number): Authorization of user \(request.user ?? "(null)") to access \(request.uri) failed, reason: \(reason)"
        )
    }
}
