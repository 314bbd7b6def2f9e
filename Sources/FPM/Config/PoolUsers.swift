// PHP: sapi/fpm/fpm/fpm_unix.c, fpm_unix_test_config and fpm_unix_conf_wp
import Bytes
import Kernel

/// A name of a user or group that may be its number.
enum AccountName {
    /// The number when there are only digits; the largest one for numbers that are too large.
    static func number(_ name: ByteString) -> UInt32? {
        name.allSatisfy(ASCII.isDigit) ? UInt32(truncatingIfNeeded: name.leadingInteger) : nil
    }
    /// By name only: a `#` is no number here.
    static func user(_ name: ByteString) -> Users.User? {
        name.first == UInt8(ascii: "#") ? nil : Users.user(name)
    }
    static func group(_ name: ByteString) -> UInt32? {
        name.first == UInt8(ascii: "#") ? nil : Users.group(name)
    }
}

extension PoolConfig {
    /// Looks up a user or tells the log.
    func knownUser(_ user: ByteString, _ log: ErrorLog, _ error: Errno? = nil) -> Users.User? {
        if let found = AccountName.user(user) { return found }
        log(.error, pool: name, "cannot get uid for user '\(user)'", error)
        return nil
    }
    /// Looks up a group or tells the log.
    func knownGroup(_ group: ByteString, _ log: ErrorLog, _ error: Errno? = nil) -> UInt32? {
        if let found = AccountName.group(group) { return found }
        log(.error, pool: name, "cannot get gid for group '\(group)'", error)
        return nil
    }
    /// What php-fpm appends to unknown names of `listen.*`: the lookup itself did not fail.
    static let noError = Errno(rawValue: 0)

    /// `-t`: whether all users and groups exist.
    func namesExist(_ log: ErrorLog) -> Bool {
        func user(_ name: ByteString?, _ error: Errno? = nil) -> Bool {
            guard let name, AccountName.number(name) == nil else { return true }
            return knownUser(name, log, error) != nil
        }
        func group(_ name: ByteString?, _ error: Errno? = nil) -> Bool {
            guard let name, AccountName.number(name) == nil else { return true }
            return knownGroup(name, log, error) != nil
        }
        return user(self.user) && group(self.group) && user(listenOwner, PoolConfig.noError)
            && group(listenGroup, PoolConfig.noError)
    }

    /// Finds `uid`, `gid` and `home`.
    /// - Returns: false after logging what was wrong.
    mutating func resolveUser(allowsRoot: Bool, _ log: ErrorLog) -> Bool {
        guard Process.userID == 0 else {
            sayWhatIsIgnored(log)
            return true
        }
        if let user {
            if let number = AccountName.number(user) {
                uid = number
                let known = Users.name(uid: number).flatMap { AccountName.user($0) }
                gid = known?.gid
                home = known?.home
            } else {
                guard let found = knownUser(user, log) else { return false }
                uid = found.uid
                gid = found.gid
                home = found.home
            }
        }
        if let group {
            if let number = AccountName.number(group) {
                gid = number
            } else {
                guard let found = knownGroup(group, log) else { return false }
                gid = found
            }
        }
        if uid == 0 { uid = nil }
        if gid == 0 { gid = nil }
        if !allowsRoot, uid == nil || gid == nil {
            log(.error, pool: name, "please specify user and group other than root")
            return false
        }
        return true
    }

    private func sayWhatIsIgnored(_ log: ErrorLog) {
        let ignored: [(String, Bool)] = [
            ("user", user != nil), ("group", group != nil), ("chroot", chroot != nil),
            ("process.priority", processPriority != nil),
        ]
        for (directive, isSet) in ignored where isSet {
            log(.notice, pool: name, "'\(directive)' directive is ignored when FPM is not running as root")
        }
    }
}

extension FPMConfig {
    /// Finds the users and groups the workers become, when the start is under way.
    /// - Returns: false after logging what was wrong.
    public mutating func resolve(_ options: StartOptions, _ log: ErrorLog) -> Bool {
        for index in pools.indices {
            guard pools[index].resolveUser(allowsRoot: options.allowsRoot, log) else { return false }
        }
        return true
    }
}
