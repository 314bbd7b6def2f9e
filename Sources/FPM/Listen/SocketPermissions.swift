// PHP: sapi/fpm/fpm/fpm_unix.c, fpm_unix_resolve_socket_permissions and fpm_unix_set_socket_permissions
import Bytes
import Kernel

/// Who may connect to a unix socket: mode and owner, or a list of users and groups.
struct SocketPermissions {
    private(set) var mode: UInt32 = 0o660
    /// nil: as it comes.
    private(set) var uid: UInt32?
    private(set) var gid: UInt32?
    /// `listen.acl_users` and `listen.acl_groups`; nil without.
    private(set) var list: AccessList?

    /// nil after logging what was wrong.
    init?(_ pool: PoolConfig, _ log: ErrorLog) {
        if let text = pool.listenMode, !text.isEmpty { mode = SocketPermissions.octal(text) & 0o7777 }
        if !(pool.listenACLUsers ?? "").isEmpty || !(pool.listenACLGroups ?? "").isEmpty {
            guard resolveList(pool, log) else { return nil }
        } else {
            guard resolveOwner(pool, log) else { return nil }
        }
    }

    private mutating func resolveOwner(_ pool: PoolConfig, _ log: ErrorLog) -> Bool {
        if let owner = pool.listenOwner, !owner.isEmpty {
            if let number = AccountName.number(owner) {
                uid = number
            } else {
                guard let user = pool.knownUser(owner, log, PoolConfig.noError) else { return false }
                uid = user.uid
                gid = user.gid
            }
        }
        if let group = pool.listenGroup, !group.isEmpty {
            if let number = AccountName.number(group) {
                gid = number
            } else {
                guard let number = pool.knownGroup(group, log, PoolConfig.noError) else { return false }
                gid = number
            }
        }
        return true
    }

    private mutating func resolveList(_ pool: PoolConfig, _ log: ErrorLog) -> Bool {
        var list = AccessList()
        if let names = pool.listenACLUsers, !names.isEmpty {
            for name in names.split(on: UInt8(ascii: ",")) {
                guard let user = pool.knownUser(name, log, PoolConfig.noError) else { return false }
                log(.debug, pool: pool.name, "user '\(name)' have uid=\(user.uid)")
                list.users.append(user.uid)
            }
        }
        if let names = pool.listenACLGroups, !names.isEmpty {
            for name in names.split(on: UInt8(ascii: ",")) {
                guard let group = pool.knownGroup(name, log, PoolConfig.noError) else { return false }
                log(.debug, pool: pool.name, "group '\(name)' have gid=\(group)")
                list.groups.append(group)
            }
        }
        if let owner = pool.listenOwner, !owner.isEmpty {
            log(.warning, pool: pool.name, "ACL set, listen.owner = '\(owner)' is ignored")
        }
        if let group = pool.listenGroup, !group.isEmpty {
            log(.warning, pool: pool.name, "ACL set, listen.group = '\(group)' is ignored")
        }
        self.list = list
        return true
    }

    /// False after logging what was wrong.
    func apply(to path: ByteString, _ pool: PoolConfig, _ log: ErrorLog) -> Bool {
        if let list {
            do throws(Errno) {
                try File.setAttribute(path, "system.posix_acl_access", list.encoded(mode: mode))
            } catch {
                log(.error, pool: pool.name, "failed to write the ACL of the socket '\(path)'", error)
                return false
            }
            log(.debug, pool: pool.name, "ACL of the socket '\(path)' is set")
            return true
        }
        guard uid != nil || gid != nil else { return true }
        do throws(Errno) {
            // The largest number leaves an owner as it is.
            try File.setOwner(path, uid: uid ?? .max, gid: gid ?? .max)
            return true
        } catch {
            log(.error, pool: pool.name, "failed to chown() the socket '\(path)'", error)
            return false
        }
    }

    /// C's strtoul in base 8: what comes before anything else.
    static func octal(_ text: ByteString) -> UInt32 {
        var value: UInt32 = 0
        for byte in text {
            guard byte >= 48, byte < 56 else { break }
            value = value << 3 | UInt32(byte - 48)
        }
        return value
    }
}

/// Users and groups that may read and write (acl(5)).
struct AccessList: Equatable {
    var users: [UInt32] = []
    var groups: [UInt32] = []

    /// As the kernel keeps it (`struct posix_acl_xattr_header`): little-endian, by kind and number, the mask calculated.
    func encoded(mode: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        func append(_ value: UInt32, _ count: Int) {
            for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(index * 8))) }
        }
        func entry(_ kind: UInt32, _ rights: UInt32, _ id: UInt32 = .max) {
            append(kind, 2)
            append(rights, 2)
            append(id, 4)
        }
        let owner = mode >> 6 & 7
        let group = mode >> 3 & 7
        append(2, 4)
        entry(0x01, owner)
        for user in users.sorted() { entry(0x02, 6, user) }
        entry(0x04, group)
        for other in groups.sorted() { entry(0x08, 6, other) }
        entry(0x10, group | 6)
        entry(0x20, mode & 7)
        return bytes
    }
}
