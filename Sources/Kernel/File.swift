// Apache: srclib/apr/file_io/unix/open.c, readwrite.c
import Bytes
import CLinux
import Glibc

/// Files by path. Paths with a NUL byte fail with `EINVAL`. Everything opened is closed on exec.
public enum File {
    public struct OpenOptions: OptionSet, Sendable {
        public var rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }
        public static let readOnly = OpenOptions([])
        public static let writeOnly = OpenOptions(rawValue: O_WRONLY)
        public static let readWrite = OpenOptions(rawValue: O_RDWR)
        public static let create = OpenOptions(rawValue: O_CREAT)
        public static let exclusive = OpenOptions(rawValue: O_EXCL)
        public static let truncate = OpenOptions(rawValue: O_TRUNC)
        public static let append = OpenOptions(rawValue: O_APPEND)
        public static let nonBlocking = OpenOptions(rawValue: O_NONBLOCK)
        public static let noFollow = OpenOptions(rawValue: O_NOFOLLOW)
        public static let directory = OpenOptions(rawValue: O_DIRECTORY)
    }
    /// How `openat2` may walk a path.
    public struct Resolve: OptionSet, Sendable {
        public var rawValue: UInt64
        public init(rawValue: UInt64) { self.rawValue = rawValue }
        public static let noSymlinks = Resolve(rawValue: 0x04)
        public static let beneath = Resolve(rawValue: 0x08)
        /// Only what is in the kernel's name cache: fails with `wouldBlock` instead of waiting for a disk.
        public static let cached = Resolve(rawValue: 0x20)
    }

    public static func open(_ path: ByteString, _ options: OpenOptions = .readOnly, mode: UInt32 = 0o644) throws(Errno)
        -> Descriptor
    {
        Descriptor(try check { unsafe path.withCPath { unsafe clinux_open($0, options.rawValue, mode) } })
    }
    /// `openat2`: with limits on how the path is walked; `directory` nil is the working directory.
    public static func open(
        _ path: ByteString, _ options: OpenOptions = .readOnly, mode: UInt32 = 0, resolve: Resolve,
        at directory: Int32? = nil
    ) throws(Errno) -> Descriptor {
        // openat2 refuses a mode without O_CREAT.
        let flags = UInt64(UInt32(bitPattern: options.rawValue))
        let permissions = options.contains(.create) ? UInt64(mode) : 0
        return Descriptor(
            try check {
                unsafe path.withCPath {
                    unsafe clinux_openat2(directory ?? AT_FDCWD, $0, flags, permissions, resolve.rawValue)
                }
            })
    }
    /// For logs: write-only, appending, created with 0644 (before umask).
    public static func openAppend(_ path: ByteString, mode: UInt32 = 0o644) throws(Errno) -> Descriptor {
        try open(path, [.writeOnly, .create, .append], mode: mode)
    }

    /// Whether this process may read, write, execute (by real uid, `access`).
    public static func isAccessible(_ path: ByteString, read: Bool = false, write: Bool = false, execute: Bool = false)
        -> Bool
    {
        let mode = (read ? R_OK : 0) | (write ? W_OK : 0) | (execute ? X_OK : 0)
        return unsafe path.withCPath { unsafe access($0, mode) } == 0
    }
    public static func exists(_ path: ByteString) -> Bool { isAccessible(path) }

    /// The target of a symbolic link.
    public static func readLink(_ path: ByteString) throws(Errno) -> ByteString {
        var target = [UInt8](repeating: 0, count: 4096)
        let count = try check {
            unsafe target.withUnsafeMutableBytes { room -> Int in
                guard let start = unsafe room.baseAddress?.assumingMemoryBound(to: CChar.self) else { return -1 }
                return unsafe path.withCPath { unsafe readlink($0, start, room.count) }
            }
        }
        return ByteString(target[0..<count])
    }
    /// The absolute path without links, `.` and `..`.
    public static func realPath(_ path: ByteString) throws(Errno) -> ByteString {
        var result = ByteString()
        _ = try check {
            unsafe path.withCPath { name -> Int32 in
                guard let found = unsafe realpath(name, nil) else { return -1 }
                result = unsafe ByteString(cString: found)
                unsafe free(found)
                return 0
            }
        }
        return result
    }

    public static func unlink(_ path: ByteString) throws(Errno) {
        _ = try check { unsafe path.withCPath { unsafe Glibc.unlink($0) } }
    }
    public static func rename(_ old: ByteString, to new: ByteString) throws(Errno) {
        _ = try check { unsafe old.withCPath { from in unsafe new.withCPath { unsafe Glibc.rename(from, $0) } } }
    }
    public static func link(_ target: ByteString, at path: ByteString) throws(Errno) {
        _ = try check { unsafe target.withCPath { from in unsafe path.withCPath { unsafe symlink(from, $0) } } }
    }
    public static func setMode(_ path: ByteString, _ mode: UInt32) throws(Errno) {
        _ = try check { unsafe path.withCPath { unsafe chmod($0, mode) } }
    }
    public static func setOwner(_ path: ByteString, uid: UInt32, gid: UInt32) throws(Errno) {
        _ = try check { unsafe path.withCPath { unsafe chown($0, uid, gid) } }
    }
    /// Sets an extended attribute (`setxattr`), such as `system.posix_acl_access`.
    public static func setAttribute(_ path: ByteString, _ name: ByteString, _ value: [UInt8]) throws(Errno) {
        _ = try check {
            unsafe value.withUnsafeBytes { bytes in
                unsafe path.withCPath { file in
                    unsafe name.withCPath { unsafe clinux_set_attribute(file, $0, bytes.baseAddress, bytes.count) }
                }
            }
        }
    }
    /// Waits for the exclusive lock of an open file, or gives it back (`flock`).
    public static func lock(_ descriptor: Int32, _ on: Bool) throws(Errno) {
        _ = try check { clinux_lock(descriptor, on ? 1 : 0) }
    }
    /// Takes the exclusive lock of an open file when nobody has it.
    public static func tryLock(_ descriptor: Int32) -> Bool { clinux_try_lock(descriptor) == 0 }
    public static func setSize(_ descriptor: Int32, _ size: Int64) throws(Errno) {
        _ = try check { ftruncate(descriptor, off_t(size)) }
    }
    public static func close(_ descriptor: Int32) { _ = Glibc.close(descriptor) }
    public static func setNonBlocking(_ descriptor: Int32, _ on: Bool) {
        _ = clinux_nonblocking(descriptor, on ? 1 : 0)
    }

    /// Whether programs that are executed keep the descriptor.
    public static func setCloseOnExec(_ descriptor: Int32, _ on: Bool) {
        _ = clinux_close_on_exec(descriptor, on ? 1 : 0)
    }
    public static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    static func duplicateNumber(_ descriptor: Int32) -> Int32 {
        fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
    }
}
