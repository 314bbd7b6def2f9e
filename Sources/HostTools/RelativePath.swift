// perl: lib/File/Spec/Unix.pm (abs2rel, canonpath)
import Bytes

/// Arithmetic on names, without asking the file system.
enum RelativePath {
    /// How `target` is written from `directory`; both absolute.
    static func from(_ directory: ByteString, to target: ByteString) -> ByteString {
        let from = components(directory)
        let to = components(target)
        var same = 0
        while same < from.count, same < to.count, from[same] == to[same] { same += 1 }
        let up = [ByteString](repeating: "..", count: from.count - same)
        let all = up + to[same...]
        return all.isEmpty ? "." : ByteString(all.map(\.bytes).joined(separator: [UInt8(ascii: "/")]))
    }
    private static func components(_ path: ByteString) -> [ByteString] {
        path.split(on: UInt8(ascii: "/")).filter { !$0.isEmpty && $0 != "." }
    }
    static func directory(of path: ByteString) -> ByteString {
        guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == 0 ? "/" : path.upTo(slash)
    }
}
