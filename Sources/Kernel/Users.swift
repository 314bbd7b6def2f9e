// Apache: modules/arch/unix/mod_unixd.c
import Bytes
import CLinux
import Glibc

/// The system's users and groups.
public enum Users {
    public struct User: Sendable, Hashable {
        public var uid: UInt32
        public var gid: UInt32
        public var home: ByteString
    }
    /// By name, or by `#1000`; nil when there is none.
    public static func user(_ name: ByteString) -> User? {
        var user = User(uid: 0, gid: 0, home: "")
        if let number = number(name) {
            guard let text = self.name(uid: number) else { return User(uid: number, gid: number, home: "") }
            return self.user(text)
        }
        let found = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { home -> Int32 in
            guard let start = home.baseAddress else { return 0 }
            let found = unsafe name.withCPath { unsafe clinux_user($0, &user.uid, &user.gid, start, 4096) }
            if found == 1 { user.home = unsafe ByteString(cString: start) }
            return found
        }
        return found == 1 ? user : nil
    }
    /// A group's number by name or `#33`.
    public static func group(_ name: ByteString) -> UInt32? {
        if let number = number(name) { return number }
        var gid: gid_t = 0
        return unsafe name.withCPath { unsafe clinux_group($0, &gid) } == 1 ? gid : nil
    }
    public static func uid(named name: ByteString) -> UInt32? { user(name)?.uid }
    public static func gid(named name: ByteString) -> UInt32? { group(name) }
    private static func number(_ name: ByteString) -> UInt32? {
        guard name.first == UInt8(ascii: "#"), let value = name.from(1).decimal else { return nil }
        return UInt32(exactly: value)
    }
    public static func name(uid: UInt32) -> ByteString? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { room in
            guard let start = room.baseAddress, unsafe clinux_user_name(uid, start, 256) == 1 else { return nil }
            return unsafe ByteString(cString: start)
        }
    }
    public static func name(gid: UInt32) -> ByteString? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { room in
            guard let start = room.baseAddress, unsafe clinux_group_name(gid, start, 256) == 1 else { return nil }
            return unsafe ByteString(cString: start)
        }
    }
    /// All groups of a user, `primary` included; empty when they cannot be read.
    public static func groups(of user: ByteString, primary: UInt32) -> [UInt32] {
        var list = [gid_t](repeating: 0, count: 1024)
        let count = unsafe list.withUnsafeMutableBufferPointer { room in
            unsafe user.withCPath { unsafe clinux_user_groups($0, primary, room.baseAddress, 1024) }
        }
        return count < 0 ? [] : Array(list.prefix(Int(count)))
    }
    /// Takes the group and the supplementary groups of `user` (nil: no others than `gid`). Needs root.
    public static func joinGroups(of user: ByteString?, gid: UInt32) throws(Errno) {
        _ = try check { setgid(gid) }
        if let user {
            _ = try check { unsafe user.withCPath { unsafe clinux_initgroups($0, gid) } }
        } else {
            var only = gid
            _ = try check { unsafe setgroups(1, &only) }
        }
    }
    /// Becomes the user for good. Needs root; groups first.
    public static func become(uid: UInt32) throws(Errno) { _ = try check { setuid(uid) } }
    /// Becomes `user` for good: supplementary groups, group, user, in this order. Needs root.
    public static func become(_ user: ByteString, uid: UInt32, gid: UInt32) throws(Errno) {
        try joinGroups(of: user, gid: gid)
        try become(uid: uid)
    }
}
