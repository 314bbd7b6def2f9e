// perl: ext/File-Glob/bsd_glob.c, as its glob() function calls it: csh's rules
import Bytes
import ConfigLanguage
import Kernel

/// File names that match shell patterns.
enum FileGlob {
    /// Several patterns stand apart by blanks; quotes keep blanks. Each gives its names in alphabetical order without
    /// regard to case, and stands for itself when it holds no wildcard.
    static func names(_ text: ByteString) -> [ByteString] {
        words(text).flatMap { expandBraces($0) }.flatMap { match($0) }
    }

    private static func words(_ text: ByteString) -> [ByteString] {
        guard text.contains(where: { ASCII.isSpace($0) || $0 == quote || $0 == doubleQuote }) else { return [text] }
        var words: [ByteString] = []
        var word: ByteString?
        var open: UInt8?
        var isEscaped = false
        for byte in text {
            if isEscaped || byte == backslash {
                word = (word ?? "") + ByteString([byte])
                isEscaped = !isEscaped && byte == backslash
            } else if let mark = open {
                if byte == mark { open = nil } else { word = (word ?? "") + ByteString([byte]) }
            } else if byte == quote || byte == doubleQuote {
                open = byte
                word = word ?? ""
            } else if ASCII.isSpace(byte) {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + ByteString([byte])
            }
        }
        if let word { words.append(word) }
        return words
    }
    private static let backslash = UInt8(ascii: "\\")
    private static let quote = UInt8(ascii: "'")
    private static let doubleQuote = UInt8(ascii: "\"")

    /// `a{b,c}d`: one pattern for each alternative. `{}` and braces that do not close stand for themselves.
    private static func expandBraces(_ pattern: ByteString) -> [ByteString] {
        guard let open = pattern.firstIndex(of: UInt8(ascii: "{")) else { return [pattern] }
        var depth = 0
        var start = open + 1
        var pieces: [ByteString] = []
        for index in open..<pattern.count {
            switch pattern[index] {
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: ",") where depth == 1:
                pieces.append(pattern[start..<index])
                start = index + 1
            case UInt8(ascii: "}"):
                depth -= 1
                guard depth == 0 else { continue }
                if index == open + 1 { return [pattern] }
                pieces.append(pattern[start..<index])
                return pieces.flatMap { expandBraces(pattern.upTo(open) + $0 + pattern.from(index + 1)) }
            default: break
            }
        }
        return [pattern]
    }

    private static func match(_ pattern: ByteString) -> [ByteString] {
        guard pattern.contains(where: { [UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "[")].contains($0) }) else {
            return [ByteString(pattern.filter { $0 != backslash })]
        }
        let parts = pattern.split(on: UInt8(ascii: "/"))
        var found: [ByteString] = [parts.first ?? ""]
        if let first = parts.first, isFileNamePattern(first) { found = matches(first, in: ".", prefix: "") }
        for part in parts.dropFirst() {
            if isFileNamePattern(part) {
                found = found.flatMap { matches(part, in: $0.isEmpty ? "/" : $0, prefix: "\($0)/") }
            } else {
                found = found.map { "\($0)/\(part)" }
            }
        }
        return found.filter { (try? FileStatus(link: $0)) != nil }.sorted {
            let (left, right) = ($0.lowercased, $1.lowercased)
            return left == right ? $0 < $1 : left < right
        }
    }
    private static func matches(_ pattern: ByteString, in directory: ByteString, prefix: ByteString) -> [ByteString] {
        ((try? Directory.entries(directory)) ?? []).map(\.name).filter { fileNameMatches(pattern, $0) }
            .map { prefix + $0 }
    }
}
