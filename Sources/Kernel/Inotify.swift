// No Apache counterpart: Apache reads .htaccess files again for every request.
import Bytes
import CLinux
import Glibc

/// Changes in directories, as they happen.
public struct Inotify: ~Copyable {
    public let descriptor: Descriptor

    /// Bits of a change.
    public enum Mask {
        public static let modified: UInt32 = 0x2
        public static let attributes: UInt32 = 0x4
        public static let closedAfterWrite: UInt32 = 0x8
        public static let movedFrom: UInt32 = 0x40
        public static let movedTo: UInt32 = 0x80
        public static let created: UInt32 = 0x100
        public static let deleted: UInt32 = 0x200
        public static let selfDeleted: UInt32 = 0x400
        public static let selfMoved: UInt32 = 0x800
        public static let unmounted: UInt32 = 0x2000
        /// Changes were lost: everything cached must be dropped. The watch number is -1.
        public static let overflow: UInt32 = 0x4000
        /// The watch is gone; its number may be used again.
        public static let ignored: UInt32 = 0x8000
        /// What matters to a cache of files and their metadata.
        public static let contents: UInt32 = 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800
    }

    public init() throws(Errno) { descriptor = Descriptor(try check { clinux_inotify_create() }) }

    /// Watches a directory (not a file); watching it again gives the same number. Fails with `noSpace` at the system's limit.
    public borrowing func watch(_ path: ByteString, mask: UInt32 = Mask.contents) throws(Errno) -> Int32 {
        let number = descriptor.raw
        let onlyDirectories: UInt32 = 0x0100_0000
        return try check { unsafe path.withCPath { unsafe inotify_add_watch(number, $0, mask | onlyDirectories) } }
    }
    public borrowing func remove(_ watch: Int32) { _ = inotify_rm_watch(descriptor.raw, watch) }

    /// Calls `body` for each change that waits: watch number, mask bits, name in the directory (empty for itself).
    public borrowing func drain(_ body: (_ watch: Int32, _ mask: UInt32, _ name: ByteString) -> Void) {
        let number = descriptor.raw
        unsafe withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 8) { room in
            while case .bytes(let count) = transfer({ unsafe read(number, room.baseAddress, room.count) }), count > 0 {
                var at = 0
                while at + 16 <= count {
                    let watch = unsafe room.load(fromByteOffset: at, as: Int32.self)
                    let mask = unsafe room.load(fromByteOffset: at + 4, as: UInt32.self)
                    let length = Int(unsafe room.load(fromByteOffset: at + 12, as: UInt32.self))
                    let end = min(at + 16 + length, count)
                    let padded = unsafe room[at + 16..<end]
                    body(watch, mask, unsafe ByteString(padded.prefix { $0 != 0 }))
                    at += 16 + length
                }
            }
        }
    }
}
