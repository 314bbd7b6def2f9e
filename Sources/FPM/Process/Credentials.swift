// PHP: sapi/fpm/fpm/fpm_unix.c, fpm_unix_conf_wp
import Bytes
import Kernel

/// Everything that a zygote gives to its workers by being what it is. Pools with equal credentials share a zygote.
struct Credentials: Hashable {
    /// nil: the supervisor's own.
    var uid: UInt32?
    var gid: UInt32?
    /// Whose supplementary groups are taken.
    var groupsOf: ByteString?
    var rlimitFiles = 0
    var rlimitCore = 0
    var priority: Int32?
    /// Where workers will change their root to. Opcache knows scripts by their paths, which differ in meaning from root to
    /// root.
    var root: ByteString?
    /// Changing the root needs a right that setuid takes away.
    var keepsChangeRoot: Bool { root != nil }

    init() {}
    init(_ pool: PoolConfig, isRoot: Bool) {
        rlimitFiles = pool.rlimitFiles
        rlimitCore = pool.rlimitCore
        root = isRoot ? pool.chroot : nil
        guard isRoot else { return }
        // As PHP's FPM: user and group 0 mean that nothing changes.
        uid = pool.uid.flatMap { $0 == 0 ? nil : $0 }
        gid = pool.gid.flatMap { $0 == 0 ? nil : $0 }
        priority = pool.processPriority
        if let uid { groupsOf = Users.name(uid: uid) ?? pool.user }
    }
    /// For messages.
    var name: ByteString { groupsOf ?? uid.map { ByteString(decimal: $0) } ?? "the supervisor's user" }
}

/// Why a process cannot become what it should.
struct PrivilegeFailure: Error {
    let text: ByteString
    let error: Errno?
    init(_ text: ByteString, _ error: Errno? = nil) {
        self.text = text
        self.error = error
    }
    /// As a line of the log shows it.
    var message: ByteString { error.map { "\(text): \($0) (\($0.rawValue))" } ?? text }
}
