// Apache: apr-util/encoding/apr_base64.c
import Bytes

/// Base 64 as Apache's functions do it: padded output, lenient input.
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Padded, without line breaks.
    public static func encode(_ data: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity((data.count + 2) / 3 * 4)
        var index = 0
        while index < data.count {
            let count = min(3, data.count - index)
            var group = UInt32(data[index]) << 16
            if count > 1 { group |= UInt32(data[index + 1]) << 8 }
            if count > 2 { group |= UInt32(data[index + 2]) }
            for position in 0..<4 {
                let digit = Int(group >> UInt32(18 - 6 * position)) & 63
                output.append(position <= count ? alphabet[digit] : UInt8(ascii: "="))
            }
            index += 3
        }
        return output
    }

    /// Decodes up to the first byte outside the alphabet; a single left-over digit is ignored.
    public static func decode(_ text: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var (group, bits): (UInt32, UInt32) = (0, 0)
        for byte in text {
            guard let digit = value(byte) else { break }
            group = group << 6 | UInt32(digit)
            bits += 6
            if bits >= 8 {
                bits -= 8
                output.append(UInt8(truncatingIfNeeded: group >> bits))
            }
        }
        return output
    }

    private static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 65...90: byte &- 65
        case 97...122: byte &- 71
        case 48...57: byte &+ 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
