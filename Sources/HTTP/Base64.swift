// APR-util: encoding/apr_base64.c
import Bytes

/// Base64 (RFC 4648, section 4).
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 64, count: 256)
        for (index, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(index) }
        return values
    }()

    /// With padding, without line ends.
    public static func encode(_ bytes: some Collection<UInt8>) -> ByteString {
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        var word: UInt32 = 0
        var held = 0
        for byte in bytes {
            word = word << 8 | UInt32(byte)
            held += 1
            guard held == 3 else { continue }
            for shift in [18, 12, 6, 0] as [UInt32] { output.append(alphabet[Int(word >> shift & 63)]) }
            word = 0
            held = 0
        }
        if held == 1 {
            output.append(alphabet[Int(word >> 2 & 63)])
            output.append(alphabet[Int(word << 4 & 63)])
            output.append("==")
        } else if held == 2 {
            output.append(alphabet[Int(word >> 10 & 63)])
            output.append(alphabet[Int(word >> 4 & 63)])
            output.append(alphabet[Int(word << 2 & 63)])
            output.append(UInt8(ascii: "="))
        }
        return ByteString(output)
    }

    /// Decodes up to the first byte that is not in the alphabet, as APR does; padding is not needed and a lone last
    /// character is dropped.
    public static func decode(_ text: ByteString) -> ByteString {
        var output: [UInt8] = []
        output.reserveCapacity(text.count / 4 * 3 + 3)
        var word: UInt32 = 0
        var held = 0
        for byte in text {
            let value = values[Int(byte)]
            if value > 63 { break }
            word = word << 6 | UInt32(value)
            held += 1
            guard held == 4 else { continue }
            for shift in [16, 8, 0] as [UInt32] { output.append(UInt8(truncatingIfNeeded: word >> shift)) }
            word = 0
            held = 0
        }
        if held == 2 {
            output.append(UInt8(truncatingIfNeeded: word >> 4))
        } else if held == 3 {
            output.append(UInt8(truncatingIfNeeded: word >> 10))
            output.append(UInt8(truncatingIfNeeded: word >> 2))
        }
        return ByteString(output)
    }
}
