// RFC 8259. Apache: modules/md/md_json.c (md_json_writeb)

extension JSON {
    /// The text: compact, or indented by two blanks a level as mod_md's files are.
    public func text(indented: Bool = false) -> [UInt8] {
        var output: [UInt8] = []
        append(to: &output, indented ? 0 : nil)
        return output
    }

    private func append(to output: inout [UInt8], _ level: Int?) {
        switch self {
        case .null: output += "null".utf8
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .integer(let value): output += String(value).utf8
        case .real(let value): output += (value.isFinite ? value.description : "null").utf8
        case .string(let value): Self.append(value, to: &output)
        case .array(let values):
            list(values.count, "[", "]", to: &output, level) { values[$0].append(to: &$1, $2) }
        case .object(let members):
            list(members.count, "{", "}", to: &output, level) {
                Self.append(members[$0].name, to: &$1)
                $1 += (level == nil ? ":" : ": ").utf8
                members[$0].value.append(to: &$1, $2)
            }
        }
    }
    private func list(
        _ count: Int, _ begin: String, _ end: String, to output: inout [UInt8], _ level: Int?,
        _ element: (Int, inout [UInt8], Int?) -> Void
    ) {
        output += begin.utf8
        for index in 0..<count {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            if let level { Self.newLine(level + 1, &output) }
            element(index, &output, level.map { $0 + 1 })
        }
        if let level, count > 0 { Self.newLine(level, &output) }
        output += end.utf8
    }
    private static func newLine(_ level: Int, _ output: inout [UInt8]) {
        output.append(UInt8(ascii: "\n"))
        output += repeatElement(UInt8(ascii: " "), count: 2 * level)
    }
    private static func append(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): output += "\\\"".utf8
            case UInt8(ascii: "\\"): output += "\\\\".utf8
            case 8: output += "\\b".utf8
            case 9: output += "\\t".utf8
            case 10: output += "\\n".utf8
            case 12: output += "\\f".utf8
            case 13: output += "\\r".utf8
            case 0..<32:
                let digits = String(byte, radix: 16, uppercase: true)
                output += "\\u00\(digits.count < 2 ? "0" : "")\(digits)".utf8
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
