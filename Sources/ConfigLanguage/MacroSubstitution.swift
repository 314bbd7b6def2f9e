// Apache: modules/core/mod_macro.c, process_content, substitute_macro_args, next_substitution.
import Bytes

extension ConfigReader {
    /// The text of a macro with `values` in the place of its arguments.
    func expand(_ macro: Macro, _ values: [ByteString]) throws(ConfigError) -> [UInt8] {
        var used = [Bool](repeating: false, count: values.count)
        return try substitute(macro, values, &used)
    }

    /// - Parameter used: Set to true for every argument that occurs.
    func substitute(
        _ macro: Macro, _ values: [ByteString], _ used: inout [Bool]
    ) throws(ConfigError) -> [UInt8] {
        var text: [UInt8] = []
        for (index, content) in macro.contents.enumerated() {
            var line = content.bytes
            guard replaceArguments(macro.arguments, values, in: &line, &used) else {
                throw ConfigError(
                    "while processing line \(index + 1) of \(macro.title) cannot substitute, buffer size too small")
            }
            text += line
        }
        return text
    }

    /// Replaces from left to right; where several names begin at one place the longest counts.
    ///
    /// The search goes on one value's length behind a name's place, also where the value was put in quotes:
    /// an end of such a value can be taken for a name again, as in Apache.
    /// - Returns: False when the line grew too long.
    private func replaceArguments(
        _ names: [ByteString], _ values: [ByteString], in line: inout [UInt8], _ used: inout [Bool]
    ) -> Bool {
        var at = 0
        while let (index, place) = nextName(names, in: line, from: at) {
            let name = names[index]
            let value = values[index]
            if name != value {
                let replacement = name.first == Macro.escapePrefix ? quoted(value) : value.bytes
                if line.count + replacement.count - name.count >= Macro.lineSize { return false }
                line.replaceSubrange(place..<place + name.count, with: replacement)
            }
            used[index] = true
            at = place + value.count
        }
        return true
    }

    private func nextName(_ names: [ByteString], in line: [UInt8], from start: Int) -> (index: Int, place: Int)? {
        guard !names.isEmpty, start < line.count else { return nil }
        for place in start..<line.count {
            var best: Int?
            for (index, name) in names.enumerated()
            where line[place] == name.first && line[place...].starts(with: name.bytes) {
                if best.map({ names[$0].count < name.count }) ?? true { best = index }
            }
            if let best { return (best, place) }
        }
        return nil
    }

    private func quoted(_ value: ByteString) -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "\"")]
        for byte in value {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { text.append(UInt8(ascii: "\\")) }
            text.append(byte)
        }
        return text + [UInt8(ascii: "\"")]
    }
}
