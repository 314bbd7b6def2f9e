// PHP: sapi/fpm/fpm/fpm_unix.c, fpm_unix_init_child; fpm_env.c, fpm_env_init_child
import Bytes
import Kernel

/// How rights are given up, in one order: the zygote's part, then that of each worker.
enum Privileges {
    /// In a zygote: rlimits, priority, groups, user. `pool` is for messages. Limits that cannot be set are told and left.
    static func drop(to credentials: Credentials, pool: ByteString, log: ErrorLog) throws(PrivilegeFailure) {
        limit("nofile", "rlimit_files", "RLIMIT_NOFILE", credentials.rlimitFiles, pool, log)
        limit("core", "rlimit_core", "RLIMIT_CORE", credentials.rlimitCore, pool, log)
        if let priority = credentials.priority {
            try attempt("[pool \(pool)] Unable to set priority for this new process") { () throws(Errno) in
                try Process.setPriority(priority)
            }
        }
        let keeps = credentials.keepsChangeRoot
        try attempt("[pool \(pool)] failed to keep the right to change the root") { () throws(Errno) in
            if keeps { try Process.keepCapabilities(true) }
        }
        try become(credentials, pool)
        try attempt("[pool \(pool)] failed to keep the right to change the root") { () throws(Errno) in
            if keeps { try Process.setCapabilities([.changeRoot]) }
        }
    }
    private static func become(_ credentials: Credentials, _ pool: ByteString) throws(PrivilegeFailure) {
        if let uid = credentials.uid {
            let gid = credentials.gid ?? Process.groupID
            let user = credentials.groupsOf ?? ""
            try attempt("[pool \(pool)] failed to initgroups(\(user), \(gid))") { () throws(Errno) in
                try Users.joinGroups(of: user, gid: gid)
            }
            try attempt("[pool \(pool)] failed to setuid(\(uid))") { () throws(Errno) in
                try Users.become(uid: uid)
            }
        } else if let gid = credentials.gid {
            try attempt("[pool \(pool)] failed to setgid(\(gid))") { () throws(Errno) in
                try Users.joinGroups(of: nil, gid: gid)
            }
        }
    }

    /// In a worker: dumpable, root, directory, confinement. Afterwards nothing more can be kept.
    static func confine(_ pool: PoolConfig, isRoot: Bool, log: ErrorLog) throws(PrivilegeFailure) {
        let name = pool.name
        if isRoot, let root = pool.chroot {
            try attempt("[pool \(name)] failed to chroot(\(root))") { () throws(Errno) in
                try Process.changeRoot(root)
            }
        }
        if isRoot, pool.chroot != nil, let uid = pool.uid, uid != 0 {
            try attempt("[pool \(name)] failed to give up the right to change the root") { () throws(Errno) in
                try Process.setCapabilities([])
            }
        }
        if let directory = pool.chdir {
            try attempt("[pool \(name)] failed to chdir(\(directory))") { () throws(Errno) in
                try Process.changeDirectory(directory)
            }
        }
        if pool.processDumpable { Process.setDumpable(true) }
        if let hat = pool.apparmorHat { try Confinement.enter(hat, pool: name) }
    }

    private static func limit(
        _ kind: ByteString, _ directive: String, _ constant: String, _ value: Int, _ pool: ByteString, _ log: ErrorLog
    ) {
        guard let limit = Process.Limit(directive: value) else { return }
        do throws(Errno) { try Process.setLimit(kind, limit) } catch {
            log(
                .error, pool: pool,
                """
                failed to set \(directive) for this pool. Please check your system limits or decrease \(directive). \
                setrlimit(\(constant), \(value))
                """, error)
        }
    }
    private static func attempt(_ text: ByteString, _ body: () throws(Errno) -> Void) throws(PrivilegeFailure) {
        do throws(Errno) { try body() } catch { throw PrivilegeFailure(text, error) }
    }
}

extension Process.Limit {
    /// A value of `rlimit_files` or `rlimit_core`; nil for 0, which changes nothing. -1 is without limit.
    init?(directive value: Int) {
        guard value != 0 else { return nil }
        let both = value < 0 ? Process.Limit.unlimited : UInt64(value)
        self.init(soft: both, hard: both)
    }
}

/// `apparmor_hat`: a worker's change into a profile below the one it has.
enum Confinement {
    private static let file: ByteString = "/proc/self/attr/current"

    static func enter(_ hat: ByteString, pool: ByteString) throws(PrivilegeFailure) {
        let check = "Please check if \"/proc/*/attr/current\" is read and writeable"
        let present: ByteString
        do throws(Errno) { present = try current() } catch {
            throw PrivilegeFailure("[pool \(pool)] failed to query apparmor confinement. \(check).", error)
        }
        let wanted: ByteString = "\(present)//\(hat)"
        do throws(Errno) {
            let file = try File.open(file, .writeOnly)
            try File.writeAll(file.raw, ("changeprofile \(wanted)" as ByteString).bytes)
        } catch {
            throw PrivilegeFailure(
                """
                [pool \(pool)] failed to change to new confinement (\(wanted)). \(check) and "change_profile -> \
                \(present)//*" is allowed.
                """, error)
        }
    }
    /// The profile's name without the mode that follows it: `php-fpm (enforce)`.
    private static func current() throws(Errno) -> ByteString {
        let file = try File.open(file)
        var bytes: [UInt8] = []
        switch File.read(file.raw, into: &bytes, count: 4096) {
        case .bytes(0): throw .invalid
        case .bytes: break
        case .wouldBlock: throw .wouldBlock
        case .failed(let error): throw error
        }
        let text = ByteString(bytes.prefix { $0 != 10 && $0 != 0 })
        guard text.last == UInt8(ascii: ")"), let space = text.bytes.lastIndex(of: 32) else { return text }
        return text.upTo(space)
    }
}
