// What a loop knows of the file system, kept until inotify says that it changed.

import Bytes
import EventLoop
import Kernel

/// Answers `stat` and `lstat` from memory while nothing on the way to the file has changed.
///
/// Every directory on the way to an answer is watched before it is looked at, so a change after the look is always
/// noticed; the loop hands over pending notices before it looks at any request, so an edit is seen by the next
/// request. That files are written to is only asked of directories in which a file was found: the loop sleeps while somebody
/// writes in `/tmp` or `/var`. Only events about names that somebody asked for count. Any of them forgets everything: `epoch` moves and
/// whatever was derived (walks, plans) is made anew when next needed. That is rare on a host at rest and costs a few
/// `stat` calls. Directories that cannot be watched (no watches left, network file systems) are never remembered.
/// Entries also age out after ``lifetime``, for what inotify cannot see: memory-mapped writes, a moved ancestor of
/// a symbolic link's target.
public final class FileCache {
    /// Moves whenever something remembered may no longer hold.
    public private(set) var epoch: UInt64 = 1
    /// How many answers could not be remembered: what was derived while this stood still may be.
    public private(set) var unreliableAnswers: UInt64 = 0

    private unowned let loop: EventLoop
    private var links: [ByteString: Result<FileStatus, Errno>] = [:]
    private var targets: [ByteString: Result<FileStatus, Errno>] = [:]
    /// Directory path (with its slash) to watch; nil value: cannot be watched.
    private var watches: [ByteString: Int32?] = [:]
    /// Those of which writes are told.
    private var written: Set<ByteString> = []
    private var names: [Int32: Set<ByteString>] = [:]
    private var filledAt: UInt64 = 0

    /// Milliseconds.
    static let lifetime: UInt64 = 10_000
    /// So many remembered paths are enough; then everything is forgotten (made-up URLs must not fill memory).
    static let limit = 50_000

    /// Told once, with the first directory that is there and cannot be watched.
    var cannotWatch: ((ByteString) -> Void)?

    init(loop: EventLoop) { self.loop = loop }

    /// `stat`; nil when there is no such file, or none that may be looked at.
    public func status(_ path: ByteString) -> FileStatus? {
        if case .success(let status) = lookup(path) { return status }
        return nil
    }
    /// `stat` with the reason for a failure.
    public func lookup(_ path: ByteString) -> Result<FileStatus, Errno> {
        let path = withoutSlash(path)
        if let known = targets[path] { return known }
        let (result, isWatched) = look(path) { (path) throws(Errno) in try FileStatus(path) }
        if isWatched { targets[path] = result } else { unreliableAnswers += 1 }
        return result
    }
    /// `lstat` with the reason for a failure.
    public func linkLookup(_ path: ByteString) -> Result<FileStatus, Errno> {
        let path = withoutSlash(path)
        if let known = links[path] { return known }
        let (result, isWatched) = look(path) { (path) throws(Errno) in try FileStatus(link: path) }
        if isWatched { links[path] = result } else { unreliableAnswers += 1 }
        return result
    }
    /// Watches, then looks; of a file that may be written to once more, since it may have been in between.
    private func look(
        _ path: ByteString, _ ask: (ByteString) throws(Errno) -> FileStatus
    ) -> (Result<FileStatus, Errno>, isWatched: Bool) {
        var isWatched = watch(for: path)
        func status() -> Result<FileStatus, Errno> {
            do throws(Errno) { return .success(try ask(path)) } catch { return .failure(error) }
        }
        var result = status()
        if isWatched, case .success(let found) = result, !found.isDirectory,
            let slash = path.lastIndex(of: UInt8(ascii: "/")),
            written.insert(path.upTo(slash + 1)).inserted
        {
            isWatched = loop.watchDirectory(path: path.upTo(slash + 1)) != nil
            if !isWatched { written.remove(path.upTo(slash + 1)) }
            result = status()
        }
        return (result, isWatched)
    }

    /// Once per turn: forgets what is too old to trust without a look.
    func age() {
        guard loop.milliseconds &- filledAt > Self.lifetime || links.count + targets.count > Self.limit else { return }
        forget()
    }
    /// Reads pending notices; called before any request of a turn is looked at.
    func drainNotices() {
        var changed = false
        loop.drainFileChanges { [names] watch, mask, name in
            changed = changed || mask.isAboutWatchItself || names[watch]?.contains(name) == true
        }
        if changed { forget() }
    }
    func forget() {
        epoch += 1
        links.removeAll(keepingCapacity: true)
        targets.removeAll(keepingCapacity: true)
        watches.removeAll(keepingCapacity: true)
        written.removeAll(keepingCapacity: true)
        if names.count > Self.limit { names.removeAll() }
        filledAt = loop.milliseconds
    }

    /// Watches every directory on the way to `path` for the next name on the way.
    private func watch(for path: ByteString) -> Bool {
        guard let slash = path.lastIndex(of: UInt8(ascii: "/")), path.count > 1 else { return true }
        let directory = path.upTo(slash + 1)
        guard watchDirectory(directory) else { return false }
        if let watch = watches[directory] ?? nil { names[watch, default: []].insert(path.from(slash + 1)) }
        return true
    }
    private func watchDirectory(_ directory: ByteString) -> Bool {
        if let known = watches[directory] { return known != nil }
        guard directory.count == 1 || watch(for: withoutSlash(directory)) else {
            watches[directory] = .some(nil)
            return false
        }
        guard let descriptor = loop.watchDirectory(path: directory, mask: .entries) else {
            // A directory that is not there: its parent is watched and will tell when it appears.
            let missing = (try? FileStatus(directory)) == nil
            if !missing {
                watches[directory] = .some(nil)
                cannotWatch?(directory)
                cannotWatch = nil
            }
            return missing
        }
        watches[directory] = descriptor
        return true
    }
    private func withoutSlash(_ path: ByteString) -> ByteString {
        path.count > 1 && path.last == UInt8(ascii: "/") ? path.upTo(path.count - 1) : path
    }
}
