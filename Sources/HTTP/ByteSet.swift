// Apache: server/gen_test_char.c (the character classes of server/util.c)

/// A set of byte values: four words, no memory access to ask.
public struct ByteSet: Sendable, Hashable {
    @usableFromInline let words: SIMD4<UInt64>

    @inlinable init(_ first: UInt64, _ second: UInt64, _ third: UInt64 = 0, _ fourth: UInt64 = 0) {
        words = SIMD4(first, second, third, fourth)
    }
    /// The bytes of `text`.
    public init(_ text: StaticString) {
        var words = SIMD4<UInt64>.zero
        text.withUTF8Buffer { bytes in
            for index in bytes.indices { words[Int(unsafe bytes[index] >> 6)] |= 1 << UInt64(unsafe bytes[index] & 63) }
        }
        self.words = words
    }

    @inlinable @inline(__always) public func contains(_ byte: UInt8) -> Bool {
        (words[Int(byte >> 6)] >> UInt64(byte & 63)) & 1 != 0
    }

    /// `tchar` of RFC 9110, section 5.6.2. Apache's `T_HTTP_TOKEN_STOP` is everything else.
    @inlinable public static var token: ByteSet { ByteSet(0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE) }
    /// Letters, digits and `-._~` (RFC 3986, section 2.3).
    @inlinable public static var unreserved: ByteSet { ByteSet(0x03FF_6000_0000_0000, 0x47FF_FFFE_87FF_FFFE) }
    /// What may follow the first letter of a URI scheme.
    @inlinable public static var scheme: ByteSet { ByteSet(0x03FF_6800_0000_0000, 0x07FF_FFFE_07FF_FFFE) }
    /// What `escapePathSegment` writes as %xx.
    @inlinable public static var escapePathSegment: ByteSet {
        ByteSet(0xD800_802D_FFFF_FFFF, 0xB800_0001_7800_0000, .max, .max)
    }
    /// What `escapePath` writes as %xx: as a segment, but `/` and `;` stay.
    @inlinable public static var escapePath: ByteSet {
        ByteSet(0xD000_002D_FFFF_FFFF, 0xB800_0001_7800_0000, .max, .max)
    }
    /// What a form encoder writes as %xx; the blank, which becomes `+`, is not among them.
    @inlinable public static var escapeURLEncoded: ByteSet {
        ByteSet(0xFC00_9BFE_FFFF_FFFF, 0xF800_0001_7800_0001, .max, .max)
    }
    /// What gets a backslash before a shell sees it.
    @inlinable public static var escapeShellCommand: ByteSet {
        ByteSet(0xD800_07D4_0000_0400, 0x7800_0001_7800_0000)
    }
    /// What is escaped in logs: control characters, `"`, `\` and everything above 0x7E.
    @inlinable public static var escapeLogItem: ByteSet {
        ByteSet(0x0000_0004_FFFF_FFFF, 0x8000_0000_1000_0000, .max, .max)
    }
    /// What the forensic log escapes: control characters, `:`, `|`, `%` and everything above 0x7E.
    @inlinable public static var escapeForensic: ByteSet {
        ByteSet(0x0400_0020_FFFF_FFFF, 0x9000_0000_0000_0000, .max, .max)
    }
}
