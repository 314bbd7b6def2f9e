// No Apache counterpart: Apache reads .htaccess files again for every request.
import Bytes
import CLinux
import Glibc

/// Changes in directories, as they happen.
public struct Inotify: ~Copyable {
    public let descriptor: Descriptor
    /// Reused, as a log beside served files is news for every request. Enough for one change with the longest name many times.
    private var room = [UInt8](repeating: 0, count: 8192)
    private var name: [UInt8] = []

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
        /// What matters to who knows which names there are, and of what kind, owner and mode.
        public static let entries: Mask = [
            .attributes, .movedFrom, .movedTo, .created, .deleted, .selfDeleted, .selfMoved,
        ]
        /// What matters to a cache of files and their metadata: that they are written to, too.
        public static let contents: Mask = [.entries, .modified, .closedAfterWrite]
        /// The watched directory is not what it was, or changes were lost: nothing known through the watch holds.
        public var isAboutWatchItself: Bool {
            !isDisjoint(with: [.selfDeleted, .selfMoved, .unmounted, .overflow, .ignored])
        }
    }

    public init() throws(Errno) { descriptor = Descriptor(try check { clinux_inotify_create() }) }

    /// Watches a directory (not a file); watching it again gives the same number, and adds to its mask. Fails with `noSpace` at
    /// the system's limit.
    public borrowing func watch(_ path: ByteString, mask: Mask = .contents) throws(Errno) -> Int32 {
        let number = descriptor.raw
        let onlyDirectories: UInt32 = 0x0100_0000
        let adds: UInt32 = 0x2000_0000
        return try check {
            unsafe path.withCPath { unsafe inotify_add_watch(number, $0, mask.rawValue | onlyDirectories | adds) }
        }
    }
    public borrowing func remove(_ watch: Int32) { _ = inotify_rm_watch(descriptor.raw, watch) }

    /// Calls `body` for each change that waits: watch number, mask bits, name in the directory (empty for itself).
    /// Allocates nothing after the first names, unless `body` keeps one. `body` must not watch anything.
    public mutating func drain(_ body: (_ watch: Int32, _ mask: Mask, _ name: ByteString) -> Void) {
        let number = descriptor.raw
        var isMore = true
        while isMore,
            case .bytes(let count) = unsafe room.withUnsafeMutableBytes({ room in
                transfer { unsafe read(number, room.baseAddress, room.count) }
            }), count > 0
        {
            // Less than fits means that nothing else waits.
            isMore = count + Self.longest > room.count
            var at = 0
            while at + 16 <= count {
                let length = Int(word(at + 12))
                let end = min(at + 16 + length, count)
                name.removeAll(keepingCapacity: true)
                for index in at + 16..<end where room[index] != 0 { name.append(room[index]) }
                body(Int32(bitPattern: word(at)), Mask(rawValue: word(at + 4)), ByteString(name))
                at += 16 + length
            }
        }
    }
    /// Bytes of a change with the longest name.
    private static let longest = 16 + 256
    private func word(_ at: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(room[at + $1]) << UInt32(8 * $1) }
    }
}
