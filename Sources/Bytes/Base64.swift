// Apache: srclib/apr-util/encoding/apr_base64.c, modules/md/md_util.c (md_util_base64url_encode)

/// Base 64 (RFC 4648, section 4) as APR does it: padded output, lenient input.
public enum Base64 {
    private static let alphabet = Base64Alphabet(last: "+/")

    /// With padding, without line ends.
    public static func encode(_ bytes: [UInt8]) -> ByteString {
        var output = alphabet.encode(bytes)
        while output.count % 4 != 0 { output.append(UInt8(ascii: "=")) }
        return ByteString(output)
    }
    public static func encode(_ text: ByteString) -> ByteString { encode(text.bytes) }

    /// Decodes up to the first byte that is not in the alphabet; padding is not needed and a lone last character is
    /// dropped.
    public static func decode(_ text: ByteString) -> ByteString {
        ByteString(alphabet.decode(text.bytes.prefix { alphabet.value($0) != nil }) ?? [])
    }
}

/// The form for URLs and tokens (RFC 4648, section 5): no padding, strict input.
public enum Base64URL {
    private static let alphabet = Base64Alphabet(last: "-_")

    public static func encode(_ bytes: [UInt8]) -> String { String(decoding: alphabet.encode(bytes), as: UTF8.self) }
    public static func encode(_ text: String) -> String { encode(Array(text.utf8)) }

    /// Padding at the end is let through, and so are `+` and `/`; nil for any other byte that is not in the alphabet, and
    /// for a lone last character.
    public static func decode(_ text: ByteString) -> [UInt8]? {
        var end = text.count
        while end > 0, text[end - 1] == UInt8(ascii: "=") { end -= 1 }
        guard end % 4 != 1 else { return nil }
        return alphabet.decode(text.bytes[..<end])
    }
    public static func decode(_ text: String) -> [UInt8]? { decode(ByteString(text)) }
}

private struct Base64Alphabet: Sendable {
    private let digits: [UInt8]

    init(last: String) {
        digits = Array(("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + last).utf8)
    }
    func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 65...90: UInt32(byte) - 65
        case 97...122: UInt32(byte) - 71
        case 48...57: UInt32(byte) + 4
        case UInt8(ascii: "+"), digits[62]: 62
        case UInt8(ascii: "/"), digits[63]: 63
        default: nil
        }
    }
    func encode(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        var (group, bits): (UInt32, UInt32) = (0, 0)
        for byte in bytes {
            group = group << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                output.append(digits[Int(group >> bits & 63)])
            }
        }
        if bits > 0 { output.append(digits[Int(group << (6 - bits) & 63)]) }
        return output
    }
    /// Nil where a byte is not in the alphabet.
    func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(text.count * 3 / 4)
        var (group, bits): (UInt32, UInt32) = (0, 0)
        for byte in text {
            guard let value = value(byte) else { return nil }
            group = group << 6 | value
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            output.append(UInt8(truncatingIfNeeded: group >> bits))
        }
        return output
    }
}
