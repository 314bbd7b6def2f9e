// Apache: modules/arch/unix/mod_unixd.c (unixd_set_user, unixd_drop_privileges)

import Bytes
import Kernel
import ServerCore

/// How a child stops being root, in one order: groups, root directory, user, core dumps.
enum Privileges {
    /// Why a child cannot serve; the text is for the error log.
    struct Failure: Error {
        let text: String
    }

    static func drop(_ settings: ProcessSettings) throws(Failure) {
        if Process.userID == 0 { try becomeUser(settings) }
        if let directory = settings.coreDumpDirectory {
            Process.setDumpable(true)
            try? Process.changeDirectory(directory)
        }
    }
    /// Why no child could stop being root; known before the first is forked.
    static func complaint(_ settings: ProcessSettings) -> String? {
        guard Process.userID == 0 else { return nil }
        do throws(Failure) {
            _ = try userName(settings)
            return nil
        } catch { return error.text }
    }
    private static func userName(
        _ settings: ProcessSettings
    ) throws(Failure) -> (uid: UInt32, gid: UInt32, name: ByteString) {
        guard let uid = UserName.uid(settings.user), let gid = UserName.gid(settings.group) else {
            throw Failure(text: "AH00543: bad user name \(settings.user) or group name \(settings.group)")
        }
        guard settings.user.first == UInt8(ascii: "#") else { return (uid, gid, settings.user) }
        guard let name = Users.name(uid: uid) else {
            throw Failure(
                text:
                    "AH02155: getpwuid: couldn't determine user name from uid \(uid), you probably need to modify the User directive"
            )
        }
        return (uid, gid, name)
    }
    private static func becomeUser(_ settings: ProcessSettings) throws(Failure) {
        let (uid, gid, name) = try userName(settings)
        do throws(Errno) {
            try Users.joinGroups(of: name, gid: gid)
        } catch {
            throw Failure(
                text: "(\(error.rawValue))\(error): AH02156: setgid: unable to set group id to Group \(gid)")
        }
        if let root = settings.chrootDirectory {
            do throws(Errno) {
                try Process.changeRoot(root)
            } catch {
                throw Failure(text: "(\(error.rawValue))\(error): AH02159: Can't chroot to \(root)")
            }
        }
        do throws(Errno) {
            try Users.become(uid: uid)
        } catch {
            throw Failure(text: "(\(error.rawValue))\(error): AH02162: setuid: unable to change to uid: \(uid)")
        }
    }
    /// Raises the number of descriptors to what the system allows.
    static func raiseDescriptorLimit() {
        guard var limit = Process.limit("nofile"), limit.soft < limit.hard else { return }
        // An unlimited table is no use, and some systems size things by it.
        limit.soft = min(limit.hard, 1 << 20)
        try? Process.setLimit("nofile", limit)
    }
}
