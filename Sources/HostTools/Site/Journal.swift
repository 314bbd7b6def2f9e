// No Apache counterpart: taking back what was begun
import Bytes
import Kernel

/// What was done so far, with the way back of each thing; the last is taken back first.
final class Journal {
    private var ways: [(what: ByteString, back: () throws(SiteError) -> Void)] = []

    /// Told before the thing is done where a half of it may remain, so `back` must not mind that nothing was done.
    func record(_ what: ByteString, back: @escaping () throws(SiteError) -> Void) { ways.append((what, back)) }

    /// - Returns: What could not be taken back, with the reason.
    func undo() -> [ByteString] {
        var left: [ByteString] = []
        while let (what, back) = ways.popLast() {
            do throws(SiteError) { try back() } catch { left.append("\(what): \(error.message)") }
        }
        return left
    }

    // MARK: Files

    /// A file that was not there.
    func write(_ path: ByteString, _ text: ByteString, mode: UInt32 = 0o644) throws(SiteError) {
        do throws(Errno) {
            let file = try File.open(path, [.writeOnly, .create, .exclusive], mode: mode)
            record("remove \(path)") { () throws(SiteError) in try Self.remove(path) }
            try File.writeAll(file.raw, text.bytes)
            try File.setMode(path, mode)
        } catch { throw SiteError(path, error) }
    }
    /// A file that is there; its text comes back with the way back.
    func delete(_ path: ByteString) throws(SiteError) {
        do throws(Errno) {
            let status = try FileStatus(link: path)
            let target = status.isSymlink ? try File.readLink(path) : nil
            let text = target == nil ? try File.readWhole(path, limit: 64 << 20) : []
            try File.unlink(path)
            record("bring \(path) back") { () throws(SiteError) in
                do throws(Errno) {
                    if let target { return try File.link(target, at: path) }
                    try File.writeWhole(path, text, mode: status.mode)
                    try File.setOwner(path, uid: status.uid, gid: status.gid)
                    try File.setMode(path, status.mode)
                } catch { throw SiteError(path, error) }
            }
        } catch { throw SiteError(path, error) }
    }
    /// A directory with those above it that are not there; nothing where it is.
    func makeDirectory(_ path: ByteString, mode: UInt32) throws(SiteError) {
        guard !File.isDirectory(path) else { return }
        let parent = RelativePath.directory(of: path)
        if !File.isDirectory(parent) { try makeDirectory(parent, mode: 0o755) }
        do throws(Errno) {
            try Directory.make(path, mode: mode)
            record("remove \(path)") { () throws(SiteError) in
                do throws(Errno) { try Directory.remove(path) } catch {
                    if error != .notFound { throw SiteError(path, error) }
                }
            }
            try File.setMode(path, mode)
        } catch { throw SiteError(path, error) }
    }
    static func remove(_ path: ByteString) throws(SiteError) {
        do throws(Errno) { try File.unlink(path) } catch {
            if error != .notFound { throw SiteError(path, error) }
        }
    }
    /// Links and marks of the a2 tools: whatever is different in the directories at the way back is put right.
    func keepLinks(_ directories: [ByteString]) {
        let before = directories.map { ($0, Links($0)) }
        record("put links and marks back") { () throws(SiteError) in
            for (directory, links) in before { links.restore(directory) }
        }
    }
}

/// The links, empty files and directories below a directory.
private struct Links {
    private var targets: [ByteString: ByteString] = [:]
    private var marks: Set<ByteString> = []
    private var directories: Set<ByteString> = []

    init(_ directory: ByteString) {
        guard File.isDirectory(directory) else { return }
        directories.insert(directory)
        for entry in (try? Directory.entries(directory)) ?? [] {
            let path: ByteString = "\(directory)/\(entry.name)"
            guard let status = try? FileStatus(link: path) else { continue }
            if status.isSymlink, let target = try? File.readLink(path) {
                targets[path] = target
            } else if status.isDirectory {
                let inner = Links(path)
                targets.merge(inner.targets) { $1 }
                marks.formUnion(inner.marks)
                directories.formUnion(inner.directories)
            } else if status.size == 0 {
                marks.insert(path)
            }
        }
    }
    func restore(_ directory: ByteString) {
        let now = Links(directory)
        for (path, target) in now.targets where targets[path] != target { try? File.unlink(path) }
        for path in now.marks.subtracting(marks) { try? File.unlink(path) }
        for path in now.directories.subtracting(directories).sorted(by: >) { try? Directory.remove(path) }
        for path in directories.subtracting(now.directories).sorted() { try? Directory.make(path) }
        for path in marks.subtracting(now.marks) { try? File.writeWhole(path, []) }
        for (path, target) in targets where now.targets[path] != target { try? File.link(target, at: path) }
    }
}
