// Apache: server/util.c (ap_unescape_url*, ap_normalize_path, ap_getparents, ap_no2slash)
import Bytes

/// The operations on paths of URLs, in place.
public enum URLPath {
    public struct UnescapeFlags: OptionSet, Sendable, Hashable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// `%41` stays as it is: the path was normalised before.
        public static let keepUnreserved = UnescapeFlags(rawValue: 1)
        /// `%2F` is not found: `AllowEncodedSlashes Off`.
        public static let forbidSlashes = UnescapeFlags(rawValue: 2)
        /// `%2F` stays as it is: `AllowEncodedSlashes NoDecode`.
        public static let keepSlashes = UnescapeFlags(rawValue: 4)
    }

    /// Replaces %xx. Returns nil when all is well, 400 for a `%` without two digits after it, 404 for `%00` and for a
    /// forbidden slash; the bytes are changed in any case.
    public static func unescape(_ bytes: inout [UInt8], _ flags: UnescapeFlags = .forbidSlashes) -> Status? {
        guard var from = bytes.firstIndex(of: percent) else { return nil }
        var to = from
        var isBad = false
        var isForbidden = false
        while from < bytes.count {
            let byte = bytes[from]
            guard byte == percent else {
                bytes[to] = byte
                to += 1
                from += 1
                continue
            }
            guard let decoded = escape(bytes, at: from) else {
                isBad = true
                bytes[to] = percent
                to += 1
                from += 1
                continue
            }
            let isSlash = decoded == slash
            if decoded == 0 || (isSlash && flags.contains(.forbidSlashes)) {
                isForbidden = true
            } else if (isSlash && flags.contains(.keepSlashes))
                || (flags.contains(.keepUnreserved) && ByteSet.unreserved.contains(decoded))
            {
                bytes[to] = bytes[from]
                bytes[to + 1] = bytes[from + 1]
                bytes[to + 2] = bytes[from + 2]
                to += 3
                from += 3
                continue
            }
            bytes[to] = decoded
            to += 1
            from += 3
        }
        bytes.removeLast(bytes.count - to)
        return isBad ? .badRequest : isForbidden ? .notFound : nil
    }

    /// As `unescape` for a form's name or value: `+` is a blank, slashes are nothing special.
    public static func unescapeForm(_ bytes: inout [UInt8]) -> Status? {
        for index in bytes.indices where bytes[index] == UInt8(ascii: "+") { bytes[index] = 32 }
        return unescape(&bytes, [])
    }

    public struct NormalizeFlags: OptionSet, Sendable, Hashable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The path need not begin with a slash (file subrequests).
        public static let allowRelative = NormalizeFlags(rawValue: 1)
        /// `/..` fails; without this it is `/`.
        public static let notAboveRoot = NormalizeFlags(rawValue: 2)
        /// Unreserved characters are decoded: `%41`, `%2e`.
        public static let decodeUnreserved = NormalizeFlags(rawValue: 4)
        /// `//` is `/`: `MergeSlashes On`.
        public static let mergeSlashes = NormalizeFlags(rawValue: 8)
    }

    /// Removes `.` and `..` segments (RFC 3986, section 5.2.4). Returns false where Apache answers 400:
    /// a relative path, a bad escape, a path above the root. The path never leaves the root in any case.
    public static func normalize(_ path: inout [UInt8], _ flags: NormalizeFlags) -> Bool {
        guard let first = path.first else { return false }
        var from = 1
        var to = 1
        if first != slash {
            if path == [UInt8(ascii: "*")] { return true }
            guard flags.contains(.allowRelative) else { return false }
            from = 0
            to = 0
        }
        var isGood = true
        while from < path.count {
            if flags.contains(.decodeUnreserved), path[from] == percent {
                if let decoded = escape(path, at: from) {
                    if ByteSet.unreserved.contains(decoded) {
                        from += 2
                        path[from] = decoded
                    }
                } else {
                    isGood = false
                }
            }
            if to == 0 || path[to - 1] == slash {
                if path[from] == slash, flags.contains(.mergeSlashes) {
                    while from < path.count, path[from] == slash { from += 1 }
                    continue
                }
                if path[from] == dot, let next = dotSegment(&path, from, &to, flags, &isGood) {
                    from = next
                    continue
                }
            }
            path[to] = path[from]
            to += 1
            from += 1
        }
        path.removeLast(path.count - to)
        return isGood
    }

    /// Removes `.` and `..` segments; a path that would leave the root becomes empty. Doubled slashes stay.
    public static func removeParents(_ path: inout [UInt8]) {
        if !normalize(&path, [.notAboveRoot, .allowRelative]) { path.removeAll(keepingCapacity: true) }
    }

    /// Replaces runs of slashes by one.
    public static func mergeSlashes(_ path: inout [UInt8]) {
        var to = 0
        for from in path.indices where !(path[from] == slash && to > 0 && path[to - 1] == slash) {
            path[to] = path[from]
            to += 1
        }
        path.removeLast(path.count - to)
    }

    // MARK: - Pieces

    private static let percent = UInt8(ascii: "%")
    private static let slash = UInt8(ascii: "/")
    private static let dot = UInt8(ascii: ".")

    /// The byte of the escape at `index`, if its two digits are digits.
    private static func escape(_ bytes: [UInt8], at index: Int) -> UInt8? {
        guard index + 2 < bytes.count, let high = ASCII.hexValue(bytes[index + 1]),
            let low = ASCII.hexValue(bytes[index + 2])
        else { return nil }
        return high << 4 | low
    }

    /// Handles a segment that begins with a dot at `from`: returns where to go on, or nil when it is a name.
    private static func dotSegment(
        _ path: inout [UInt8], _ from: Int, _ to: inout Int, _ flags: NormalizeFlags, _ isGood: inout Bool
    ) -> Int? {
        var next = from + 1
        if next == path.count { return next }
        if path[next] == slash { return next + 1 }
        if path[next] == percent, flags.contains(.decodeUnreserved) {
            // The second dot is still encoded, because only the first byte of a segment was looked at.
            guard escape(path, at: next) == dot else { return nil }
            next += 2
        } else if path[next] != dot {
            return nil
        }
        next += 1
        guard next == path.count || path[next] == slash else { return nil }
        if to > 1 {
            repeat { to -= 1 } while to > 0 && path[to - 1] != slash
        } else if flags.contains(.notAboveRoot) {
            isGood = false
        }
        return min(next + 1, path.count)
    }
}

extension URLPath {
    /// `%XX` decoded wherever it is whole; the rest stays (ap_unescape_all, without its refusals).
    public static func percentDecoded(_ text: ByteString) -> ByteString {
        var result: [UInt8] = []
        var at = 0
        while at < text.count {
            if text[at] == UInt8(ascii: "%"), at + 2 < text.count, let high = ASCII.hexValue(text[at + 1]),
                let low = ASCII.hexValue(text[at + 2])
            {
                result.append(high << 4 | low)
                at += 3
            } else {
                result.append(text[at])
                at += 1
            }
        }
        return ByteString(result)
    }
}
