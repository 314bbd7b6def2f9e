// Apache: modules/proxy/mod_proxy.c (alias_match_servlet)

import Bytes

/// Paths as servlet containers read them: `;parameters` of a segment are no part of it, and `.` and `..` are taken after they are
/// gone.
enum ServletPath {
    private struct Segment {
        /// Where it begins in the path, and where its parameters do.
        var start: Int
        var parameters: Int?
        var name: ByteString
    }

    /// How many bytes of `path` the alias covers, and the path without parameters; nil when it is another path.
    static func match(_ path: ByteString, _ alias: ByteString) -> (length: Int, path: ByteString)? {
        guard path.first == UInt8(ascii: "/"), alias.first == UInt8(ascii: "/"),
            let (segments, endsWithSlash) = split(path)
        else { return nil }
        let wanted = alias.split(on: UInt8(ascii: "/")).filter { !$0.isEmpty }
        let aliasEnds = alias.last == UInt8(ascii: "/")
        guard segments.count >= wanted.count else { return nil }
        for (segment, name) in zip(segments, wanted) where segment.name != name { return nil }
        if segments.count == wanted.count, aliasEnds, !wanted.isEmpty, !endsWithSlash { return nil }
        var length = path.count
        if wanted.count < segments.count {
            length = segments[wanted.count].start
            // Parameters of the last segment that agrees are passed on.
            if !aliasEnds, let last = wanted.indices.last, let parameters = segments[last].parameters {
                length = parameters
            }
        }
        if !aliasEnds, length > 0, path[length - 1] == UInt8(ascii: "/") { length -= 1 }
        var plain = ByteString()
        for segment in segments { plain.append("/" + segment.name) }
        if endsWithSlash || plain.isEmpty { plain.append(UInt8(ascii: "/")) }
        return (length, plain)
    }

    /// Nil when it leads above the root.
    private static func split(_ path: ByteString) -> (segments: [Segment], endsWithSlash: Bool)? {
        var segments: [Segment] = []
        var at = 0
        var endsWithSlash = true
        while at < path.count {
            while at < path.count, path[at] == UInt8(ascii: "/") { at += 1 }
            let start = at
            while at < path.count, path[at] != UInt8(ascii: "/") { at += 1 }
            let whole = path[start..<at]
            let semicolon = whole.firstIndex(of: UInt8(ascii: ";"))
            let name = whole.upTo(semicolon ?? whole.count)
            endsWithSlash = at < path.count
            switch name {
            case "": endsWithSlash = true
            case ".": endsWithSlash = true
            case "..":
                guard !segments.isEmpty else { return nil }
                segments.removeLast()
                endsWithSlash = true
            default: segments.append(Segment(start: start, parameters: semicolon.map { start + $0 }, name: name))
            }
        }
        return (segments, endsWithSlash)
    }
}
