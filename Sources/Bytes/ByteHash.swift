// FNV-1a, 32 bits (Fowler, Noll, Vo)

/// A quick hash for tables that hold a few names. Not for tables that clients can fill without bound.
public enum ByteHash {
    @inlinable public static func of(_ text: StaticString) -> UInt32 {
        text.withUTF8Buffer { literal in
            var hash: UInt32 = 2_166_136_261
            for index in 0..<literal.count { hash = (hash ^ UInt32(unsafe literal[index])) &* 16_777_619 }
            return hash
        }
    }
    /// Of the bytes of `span` in `range`.
    @inlinable public static func of(_ span: borrowing Span<UInt8>, _ range: Range<Int>) -> UInt32 {
        var hash: UInt32 = 2_166_136_261
        for index in range { hash = (hash ^ UInt32(span[index])) &* 16_777_619 }
        return hash
    }

    /// Of the length and six of the bytes: enough to tell names of CGI variables apart, whatever their length.
    @inlinable @inline(__always) public static func ofSample(_ text: StaticString) -> UInt32 {
        text.withUTF8Buffer { literal in sample(literal.count) { unsafe literal[$0] } }
    }
    @inlinable @inline(__always) public static func ofSample(
        _ span: borrowing Span<UInt8>, _ range: Range<Int>
    ) -> UInt32 {
        sample(range.count) { span[range.lowerBound + $0] }
    }
    @inlinable @inline(__always) static func sample(_ count: Int, _ byte: (Int) -> UInt8) -> UInt32 {
        guard count > 0 else { return 0 }
        var hash = UInt32(truncatingIfNeeded: count)
        hash = hash &* 33 ^ UInt32(byte(0))
        hash = hash &* 33 ^ UInt32(byte(count / 4))
        hash = hash &* 33 ^ UInt32(byte(count / 2))
        hash = hash &* 33 ^ UInt32(byte(count - 1 - count / 4))
        hash = hash &* 33 ^ UInt32(byte(count - 1 - count / 8))
        return hash &* 33 ^ UInt32(byte(count - 1))
    }
}
