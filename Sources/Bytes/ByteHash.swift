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
}
