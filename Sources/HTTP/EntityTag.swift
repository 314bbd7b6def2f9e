// Apache: modules/http/http_etag.c (ap_make_etag_ex), server/util.c (ap_find_etag_strong, ap_find_etag_weak)
import Bytes

/// Entity tags (RFC 9110, section 8.8.3).
public enum EntityTag {
    /// What `FileETag` puts into a tag.
    public struct Parts: OptionSet, Sendable, Hashable {
        public let rawValue: UInt8
        @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let inode = Parts(rawValue: 1)
        public static let modificationTime = Parts(rawValue: 2)
        public static let size = Parts(rawValue: 4)
        /// The default of Apache 2.4: `FileETag MTime Size`.
        public static let standard: Parts = [.modificationTime, .size]
    }

    /// Appends `"size-mtime"` (and `inode-` before them) in hexadecimal. `modified` and `now` are microseconds since
    /// 1970; a file changed less than a second before `now` gets a weak tag. `variants`: the validator of a negotiated
    /// list of variants, a quoted string that is merged in (RFC 2295, section 12).
    public static func append(
        inode: UInt64, size: UInt64, modified: Int, now: Int, parts: Parts = .standard, isWeak: Bool = false,
        variants: ByteString? = nil, to output: inout [UInt8]
    ) {
        let isFresh = now &- modified < 1_000_000
        let hasWeakVariants = variants?.first == UInt8(ascii: "W")
        if isWeak || isFresh || hasWeakVariants { output.append("W/") }
        output.append(UInt8(ascii: "\""))
        var isFirst = true
        func part(_ number: UInt64, _ output: inout [UInt8]) {
            if !isFirst { output.append(UInt8(ascii: "-")) }
            isFirst = false
            output.append(hexadecimal: UInt(number))
        }
        if parts.contains(.inode) { part(inode, &output) }
        if parts.contains(.size) { part(size, &output) }
        if parts.contains(.modificationTime) { part(UInt64(bitPattern: Int64(modified)), &output) }
        if let variants {
            output.append(UInt8(ascii: ";"))
            output.append(contentsOf: variants.from(hasWeakVariants ? 3 : 1))
        } else {
            output.append(UInt8(ascii: "\""))
        }
    }

    /// True when a list has the tag and both are strong: `ap_find_etag_strong`.
    public static func strongMatch(_ list: ByteString, _ tag: ByteString) -> Bool {
        tag.first == UInt8(ascii: "\"") && find(list, tag, allowsWeak: false)
    }
    /// True when a list has the tag, weak or not: `ap_find_etag_weak`.
    public static func weakMatch(_ list: ByteString, _ tag: ByteString) -> Bool {
        if tag.hasPrefix("W/\"") { return find(list, tag.from(2), allowsWeak: true) }
        return tag.first == UInt8(ascii: "\"") && find(list, tag, allowsWeak: true)
    }

    /// Walks the list up to the first element that is no tag. Tags are compared byte by byte.
    private static func find(_ list: ByteString, _ tag: ByteString, allowsWeak: Bool) -> Bool {
        var position = 0
        while let item = FieldList.item(list, &position) {
            var start = item.lowerBound
            if allowsWeak, item.count > 2, list[start] == UInt8(ascii: "W"), list[start + 1] == UInt8(ascii: "/"),
                list[start + 2] == UInt8(ascii: "\"")
            {
                start += 2
            }
            guard list[start] == UInt8(ascii: "\"") else { return false }
            var end = item.upperBound
            while end > start, list[end - 1] == 32 || list[end - 1] == 9 { end -= 1 }
            if end - start == tag.count, list.bytes[start..<end].elementsEqual(tag.bytes) { return true }
        }
        return false
    }
}
