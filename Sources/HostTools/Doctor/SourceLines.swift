// Apache: server/util.c (ap_cfg_getline): what a person sees as one line
import Bytes

/// The directives of a file with their places; comments and empty lines are left out.
public struct SourceLines: Sendable {
    public struct Line: Sendable, Hashable {
        /// Physical lines, 1-based; more than one where a backslash continues a line. Messages name the last.
        public let numbers: ClosedRange<Int>
        /// Without blanks at both ends.
        public let text: ByteString
        /// In lower case, a section's with its bracket.
        public let name: ByteString
        public var isEnd: Bool { name.hasPrefix("</") }
        public var isSection: Bool { name.hasPrefix("<") && !isEnd }
    }
    public let lines: [Line]

    public init(_ text: [UInt8]) {
        var lines: [Line] = []
        var joined: [UInt8] = []
        var first = 1
        let all = text.split(separator: 10, omittingEmptySubsequences: false)
        for (index, piece) in all.enumerated() {
            var bytes = Array(piece)
            if bytes.last == 13 { bytes.removeLast() }
            if joined.isEmpty { first = index + 1 }
            // Two backslashes at the end are one, and no continuation.
            if bytes.last == UInt8(ascii: "\\"), index + 1 < all.count {
                bytes.removeLast()
                if bytes.last != UInt8(ascii: "\\") {
                    joined += bytes
                    if joined.isEmpty { joined = [32] }
                    continue
                }
            }
            let line = ByteString(joined + bytes).trimmed()
            joined = []
            guard let start = line.first, start != UInt8(ascii: "#") else { continue }
            lines.append(Line(numbers: first...(index + 1), text: line, name: Self.name(line)))
        }
        self.lines = lines
    }
    private static func name(_ line: ByteString) -> ByteString {
        let end = line.firstIndex { ASCII.isSpace($0) || $0 == UInt8(ascii: ">") } ?? line.count
        return line.upTo(end).lowercased
    }

    /// The directive on a physical line.
    public func line(at number: Int) -> Line? { lines.first { $0.numbers.contains(number) } }
    /// The directive, or where it opens a section all of that as far as its end, or the file's.
    public func extent(of line: Line) -> ClosedRange<Int> {
        guard line.isSection, let start = lines.firstIndex(of: line) else { return line.numbers }
        let end = "</" + line.name.from(1)
        var depth = 0
        for other in lines[start...] {
            if other.name == line.name { depth += 1 }
            if other.name == end { depth -= 1 }
            if depth == 0 { return line.numbers.lowerBound...other.numbers.upperBound }
        }
        return line.numbers.lowerBound...(lines.last?.numbers.upperBound ?? line.numbers.upperBound)
    }
}
