// namei(1), access(2): by mode, owner and groups
import Bytes
import Kernel

/// A user with all groups, as the kernel would see a process of theirs that starts now.
struct Identity {
    let name: ByteString
    let uid: UInt32
    let groups: Set<UInt32>

    /// nil when there is no such user.
    init?(_ name: ByteString) {
        guard let user = Users.user(name) else { return nil }
        self.init(name: name, uid: user.uid, groups: Set(Users.groups(of: name, primary: user.gid) + [user.gid]))
    }
    init(name: ByteString, uid: UInt32, groups: Set<UInt32>) {
        self.name = name
        self.uid = uid
        self.groups = groups
    }

    enum Right: UInt32 { case read = 4, write = 2, search = 1 }
    /// The class of users that one belongs to is the only one that counts.
    func may(_ right: Right, mode: UInt32, uid owner: UInt32, gid: UInt32) -> Bool {
        if uid == 0 { return true }
        let bits = owner == uid ? mode >> 6 : groups.contains(gid) ? mode >> 3 : mode
        return bits & right.rawValue != 0
    }
    func may(_ right: Right, _ status: FileStatus) -> Bool {
        may(right, mode: status.mode, uid: status.uid, gid: status.gid)
    }
    /// The same with access control lists, which the mode does not show: asks the kernel as that user. Root only.
    func reallyMay(_ right: Right, _ path: ByteString, _ status: FileStatus) -> Bool {
        if may(right, status) { return true }
        guard Process.userID == 0 else { return false }
        let flag: ByteString = right == .read ? "-r" : right == .write ? "-w" : "-x"
        return Command.status(["runuser", "-u", name, "--", "test", flag, path], quiet: true) == 0
    }
    /// The first directory on the way to `path` (itself included when it is one) that cannot be walked through.
    func obstacle(to path: ByteString) -> (path: ByteString, status: FileStatus)? {
        for directory in Self.directories(of: path) {
            guard let status = try? FileStatus(directory), status.isDirectory else { continue }
            if !reallyMay(.search, directory, status) { return (directory, status) }
        }
        return nil
    }
    /// `/`, `/home`, `/home/alice` …
    static func directories(of path: ByteString) -> [ByteString] {
        var all: [ByteString] = ["/"]
        for (index, byte) in path.enumerated() where byte == UInt8(ascii: "/") && index > 0 {
            all.append(path.upTo(index))
        }
        if path.count > 1 { all.append(path) }
        return all
    }
    /// What lets this user through a directory.
    func cure(for obstacle: (path: ByteString, status: FileStatus)) -> ByteString {
        let (path, status) = obstacle
        let group = Users.name(gid: status.gid) ?? "#\(status.gid)"
        if status.uid == uid { return "chmod u+x \(path)" }
        let joined: ByteString = groups.contains(status.gid) || status.gid == 0 ? "" : "adduser \(name) \(group)"
        if status.gid == 0 { return "chmod o+x \(path)" }
        let opened: ByteString = status.mode & 0o010 == 0 ? "chmod g+x \(path)" : ""
        return ByteString([opened, joined].filter { !$0.isEmpty }.map(\.bytes).joined(separator: Array(" && ".utf8)))
    }
}

extension FileStatus {
    /// `alice:www-data 0750`, for messages.
    var rights: ByteString {
        let owner = Users.name(uid: uid) ?? "\(uid)"
        let group = Users.name(gid: gid) ?? "\(gid)"
        return "\(owner):\(group) 0\(ByteString(String(mode & 0o7777, radix: 8)))"
    }
}
