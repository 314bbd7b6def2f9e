// Apache: srclib/apr/file_io/unix/filestat.c
import Bytes
import Glibc

/// What the kernel says about a file.
public struct FileStatus: Sendable, Hashable {
    public enum Kind: UInt8, Sendable {
        case regular, directory, symlink, socket, pipe, character, block, other
    }
    public var kind: Kind
    /// The permission bits (07777).
    public var mode: UInt32
    public var uid: UInt32
    public var gid: UInt32
    public var size: Int64
    /// Seconds since the epoch.
    public var modified: Int64
    public var modifiedNanoseconds: Int32
    public var inode: UInt64
    public var device: UInt64
    public var links: UInt32
    public var changed: Int64

    public var isRegular: Bool { kind == .regular }
    public var isDirectory: Bool { kind == .directory }
    public var isSymlink: Bool { kind == .symlink }
    /// The time of change in microseconds since the epoch, as APR keeps it (ETags are made from it).
    public var modifiedMicroseconds: Int64 {
        modified.multipliedReportingOverflow(by: 1_000_000).partialValue &+ Int64(modifiedNanoseconds / 1000)
    }

    /// Follows symbolic links (`stat`).
    public init(_ path: ByteString) throws(Errno) {
        var raw = stat()
        _ = try check { unsafe path.withCPath { unsafe stat($0, &raw) } }
        self.init(raw)
    }
    /// The link itself (`lstat`).
    public init(link path: ByteString) throws(Errno) {
        var raw = stat()
        _ = try check { unsafe path.withCPath { unsafe lstat($0, &raw) } }
        self.init(raw)
    }
    /// Of an open file.
    public init(descriptor: Int32) throws(Errno) {
        var raw = stat()
        _ = try check { unsafe fstat(descriptor, &raw) }
        self.init(raw)
    }

    private init(_ raw: stat) {
        kind =
            switch raw.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFLNK: .symlink
            case S_IFSOCK: .socket
            case S_IFIFO: .pipe
            case S_IFCHR: .character
            case S_IFBLK: .block
            default: .other
            }
        mode = raw.st_mode & 0o7777
        uid = raw.st_uid
        gid = raw.st_gid
        size = Int64(raw.st_size)
        modified = Int64(raw.st_mtim.tv_sec)
        modifiedNanoseconds = Int32(truncatingIfNeeded: raw.st_mtim.tv_nsec)
        inode = UInt64(raw.st_ino)
        device = UInt64(raw.st_dev)
        links = UInt32(truncatingIfNeeded: raw.st_nlink)
        changed = Int64(raw.st_ctim.tv_sec)
    }
}
