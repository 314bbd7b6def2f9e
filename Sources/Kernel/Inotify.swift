// No Apache counterpart: Apache reads .htaccess files again for every request.
import Bytes
import CLinux
import Glibc

/// Changes in directories, as they happen.
public struct Inotify: ~Copyable {
    public let descriptor: Descriptor

    /// Bits of a change.
    public struct Mask: OptionSet, Sendable, Hashable {
        public var rawValue: UInt32
        @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
        public static let modified = Mask(rawValue: 0x2)
        public static let attributes = Mask(rawValue: 0x4)
        public static let closedAfterWrite = Mask(rawValue: 0x8)
        public static let movedFrom = Mask(rawValue: 0x40)
        public static let movedTo = Mask(rawValue: 0x80)
        public static let created = Mask(rawValue: 0x100)
        public static let deleted = Mask(rawValue: 0x200)
        public static let selfDeleted = Mask(rawValue: 0x400)
        public static let selfMoved = Mask(rawValue: 0x800)
        public static let unmounted = Mask(rawValue: 0x2000)
        /// Changes were lost: everything cached must be dropped. The watch number is -1.
        public static let overflow = Mask(rawValue: 0x4000)
        /// The watch is gone; its number may be used again.
        public static let ignored = Mask(rawValue: 0x8000)
        /// What matters to a cache of files and their metadata.
        public static let contents: Mask = [
            .modified, .attributes, .closedAfterWrite, .movedFrom, .movedTo, .created, .deleted, .selfDeleted,
            .selfMoved,
        ]
        /// The watched directory is not what it was, or changes were lost: nothing known through the watch holds.
        public var isAboutWatchItself: Bool {
            !isDisjoint(with: [.selfDeleted, .selfMoved, .unmounted, .overflow, .ignored])
        }
    }

    public init() throws(Errno) { descriptor = Descriptor(try check { clinux_inotify_create() }) }

    /// Watches a directory (not a file); watching it again gives the same number. Fails with `noSpace` at the system's limit.
    public borrowing func watch(_ path: ByteString, mask: Mask = .contents) throws(Errno) -> Int32 {
        let number = descriptor.raw
        let onlyDirectories: UInt32 = 0x0100_0000
        return try check {
            unsafe path.withCPath { unsafe inotify_add_watch(number, $0, mask.rawValue | onlyDirectories) }
        }
    }
    public borrowing func remove(_ watch: Int32) { _ = inotify_rm_watch(descriptor.raw, watch) }

    /// Calls `body` for each change that waits: watch number, mask bits, name in the directory (empty for itself).
    public borrowing func drain(_ body: (_ watch: Int32, _ mask: Mask, _ name: ByteString) -> Void) {
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
                    body(watch, Mask(rawValue: mask), unsafe ByteString(padded.prefix { $0 != 0 }))
                    at += 16 + length
                }
            }
        }
    }
}
