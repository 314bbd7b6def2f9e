// Apache: srclib/apr/file_io/unix/dir.c
import Bytes
import CLinux
import Glibc

/// One name of a directory.
public struct DirectoryEntry: Sendable, Hashable {
    public var name: ByteString
    /// `.other` where the file system does not say: ask `FileStatus`.
    public var kind: FileStatus.Kind
}

public enum Directory {
    /// All names except `.` and `..`, in the directory's own order.
    public static func entries(_ path: ByteString) throws(Errno) -> [DirectoryEntry] {
        var entries: [DirectoryEntry] = []
        _ = try check {
            unsafe path.withCPath { name -> Int32 in
                guard let stream = unsafe opendir(name) else { return -1 }
                defer { unsafe closedir(stream) }
                while let entry = unsafe readdir(stream) {
                    let name = unsafe ByteString(cString: clinux_entry_name(entry))
                    if name == "." || name == ".." { continue }
                    entries.append(DirectoryEntry(name: name, kind: unsafe kind(clinux_entry_type(entry))))
                }
                return 0
            }
        }
        return entries
    }
    private static func kind(_ type: Int32) -> FileStatus.Kind {
        switch type {
        case 8: .regular
        case 4: .directory
        case 10: .symlink
        case 12: .socket
        case 1: .pipe
        case 2: .character
        case 6: .block
        default: .other
        }
    }
    public static func make(_ path: ByteString, mode: UInt32 = 0o755) throws(Errno) {
        _ = try check { unsafe path.withCPath { unsafe mkdir($0, mode) } }
    }
    public static func remove(_ path: ByteString) throws(Errno) {
        _ = try check { unsafe path.withCPath { unsafe rmdir($0) } }
    }
    /// The working directory.
    public static func current() throws(Errno) -> ByteString {
        guard let found = unsafe getcwd(nil, 0) else { throw Errno.last }
        defer { unsafe free(found) }
        return unsafe ByteString(cString: found)
    }
}
