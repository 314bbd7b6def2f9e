// RFC 8259
import Bytes

/// A value as JSON text, two blanks a level.
enum JSONText {
    case text(ByteString)
    case number(Int)
    case flag(Bool)
    case null
    case list([JSONText])
    case object([(String, JSONText)])

    static func optional(_ text: ByteString?) -> JSONText { text.map { .text($0) } ?? .null }

    var document: ByteString {
        var output: [UInt8] = []
        write(to: &output, 0)
        return ByteString(output + [10])
    }
    private func write(to output: inout [UInt8], _ depth: Int) {
        switch self {
        case .text(let text): Self.quote(text, &output)
        case .number(let number): output.append(contentsOf: String(number).utf8)
        case .flag(let flag): output.append(contentsOf: (flag ? "true" : "false").utf8)
        case .null: output.append(contentsOf: "null".utf8)
        case .list(let items):
            Self.enclose("[", "]", items.count, &output, depth) { index, output in
                items[index].write(to: &output, depth + 1)
            }
        case .object(let members):
            Self.enclose("{", "}", members.count, &output, depth) { index, output in
                Self.quote(ByteString(members[index].0), &output)
                output.append(contentsOf: ": ".utf8)
                members[index].1.write(to: &output, depth + 1)
            }
        }
    }
    private static func enclose(
        _ open: String, _ close: String, _ count: Int, _ output: inout [UInt8], _ depth: Int,
        _ item: (Int, inout [UInt8]) -> Void
    ) {
        output.append(contentsOf: open.utf8)
        for index in 0..<count {
            output.append(contentsOf: (index > 0 ? ",\n" : "\n").utf8)
            output.append(contentsOf: [UInt8](repeating: 32, count: 2 * (depth + 1)))
            item(index, &output)
        }
        if count > 0 { output.append(contentsOf: [10] + [UInt8](repeating: 32, count: 2 * depth)) }
        output.append(contentsOf: close.utf8)
    }
    /// What is not UTF-8 becomes U+FFFD.
    private static func quote(_ text: ByteString, _ output: inout [UInt8]) {
        output.append(34)
        for byte in Array(text.string.utf8) {
            switch byte {
            case 34, 92: output += [92, byte]
            case 10: output += [92, UInt8(ascii: "n")]
            case 9: output += [92, UInt8(ascii: "t")]
            case 0..<32:
                output += Array("\\u00".utf8) + [ASCII.hexDigits[Int(byte >> 4)], ASCII.hexDigits[Int(byte & 15)]]
            default: output.append(byte)
            }
        }
        output.append(34)
    }
}
