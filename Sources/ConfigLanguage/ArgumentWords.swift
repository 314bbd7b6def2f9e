// Apache: server/util.c, ap_getword_conf and ap_getword_conf2.
import Bytes

/// Takes words off the front of a directive's arguments.
///
/// A word is a run of non-blanks, or what stands between a pair of `"` or `'`. Inside quotes a backslash hides the
/// same quote or another backslash; outside it hides only a backslash. A missing closing quote ends with the line.
public struct ArgumentWords: Sendable {
    private let bytes: [UInt8]
    private var position = 0

    public init(_ arguments: ByteString) { bytes = arguments.bytes }
    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Nothing is left, not even blanks.
    public var isAtEnd: Bool { position >= bytes.count }
    /// What no word was taken from yet. Blanks after a taken word are already gone.
    public var rest: ByteString { ByteString(Array(bytes[position...])) }
    var offset: Int { position }
    var nextByte: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// The next word; empty when none is left, and for `""`.
    public mutating func next() -> ByteString {
        skipBlanks()
        guard let first = nextByte else { return ByteString() }
        let word =
            first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") ? quoted(by: first) : plain()
        skipBlanks()
        return ByteString(word)
    }

    /// Like `next`, and `{…}` is also a word, braces counted (`ap_getword_conf2`).
    public mutating func nextBraced() -> ByteString {
        skipBlanks()
        guard nextByte == UInt8(ascii: "{") else { return next() }
        var depth = 1
        var end = position + 1
        while end < bytes.count {
            if bytes[end] == UInt8(ascii: "}") { depth -= 1 }
            if depth == 0 { break }
            if bytes[end] == UInt8(ascii: "{") { depth += 1 }
            if bytes[end] == UInt8(ascii: "\\"), end + 1 < bytes.count, bytes[end + 1] == UInt8(ascii: "\\") {
                end += 1
            }
            end += 1
        }
        end = min(end, bytes.count)
        let word = unescaped(position + 1, end, quote: nil)
        position = min(end + 1, bytes.count)
        skipBlanks()
        return ByteString(word)
    }

    /// Every word that is left.
    public mutating func all() -> [ByteString] {
        var words: [ByteString] = []
        skipBlanks()
        while !isAtEnd { words.append(next()) }
        return words
    }

    mutating func skipBlanks() {
        while position < bytes.count, ASCII.isSpace(bytes[position]) { position += 1 }
    }
    private mutating func plain() -> [UInt8] {
        let start = position
        var escapes = false
        while position < bytes.count, !ASCII.isSpace(bytes[position]) {
            if bytes[position] == UInt8(ascii: "\\") { escapes = true }
            position += 1
        }
        return escapes ? unescaped(start, position, quote: nil) : Array(bytes[start..<position])
    }
    private mutating func quoted(by quote: UInt8) -> [UInt8] {
        let start = position + 1
        var end = start
        while end < bytes.count, bytes[end] != quote {
            let hides =
                bytes[end] == UInt8(ascii: "\\") && end + 1 < bytes.count
                && (bytes[end + 1] == quote || bytes[end + 1] == UInt8(ascii: "\\"))
            end += hides ? 2 : 1
        }
        position = min(end + 1, bytes.count)
        return unescaped(start, end, quote: quote)
    }
    private func unescaped(_ start: Int, _ end: Int, quote: UInt8?) -> [UInt8] {
        var word: [UInt8] = []
        word.reserveCapacity(end - start)
        var at = start
        while at < end {
            if bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.count,
                bytes[at + 1] == UInt8(ascii: "\\") || bytes[at + 1] == quote
            {
                at += 1
            }
            word.append(bytes[at])
            at += 1
        }
        return word
    }
}

extension ByteString {
    /// All words of a directive's arguments (`ap_getword_conf` until the end).
    public var argumentWords: [ByteString] {
        var words = ArgumentWords(self)
        return words.all()
    }
}
