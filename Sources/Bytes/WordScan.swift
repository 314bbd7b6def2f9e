// No Apache counterpart.

/// Bytes compared and hashed eight at a time.
extension Span where Element == UInt8 {
    /// A quick hash, not keyed: for small tables in which a collision costs a comparison and nothing else.
    public var wordHash: UInt64 {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: count)
        unsafe withUnsafeBytes { bytes in
            var at = 0
            while at + 8 <= bytes.count {
                hash = unsafe (hash ^ bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) &* 0xFF51_AFD7_ED55_8CCD
                hash ^= hash >> 32
                at += 8
            }
            while at < bytes.count {
                hash = unsafe (hash ^ UInt64(bytes[at])) &* 0x100_0000_01B3
                at += 1
            }
        }
        return hash ^ hash >> 29
    }
    public func equals(_ other: [UInt8]) -> Bool {
        guard count == other.count else { return false }
        return unsafe withUnsafeBytes { left in
            unsafe other.withUnsafeBytes { right in
                var at = 0
                while at + 8 <= left.count {
                    let (one, two) = unsafe (
                        left.loadUnaligned(fromByteOffset: at, as: UInt64.self),
                        right.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                    )
                    if one != two { return false }
                    at += 8
                }
                while at < left.count {
                    if unsafe left[at] != right[at] { return false }
                    at += 1
                }
                return true
            }
        }
    }
}
