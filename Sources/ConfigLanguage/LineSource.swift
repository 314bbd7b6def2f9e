// Apache: server/util.c, ap_cfg_getline_core and cfg_trim_line; modules/core/mod_macro.c, array_getstr.
import Bytes

/// Where lines come from: a file, the body of a used macro, or the directives of the command line.
final class LineSource {
    let name: String
    /// The number of the line that was read last.
    var line = 0
    /// What reading goes on with when this source is used up: the place where a macro was used.
    let next: LineSource?
    private let bytes: [UInt8]
    private var position = 0
    /// Set for command-line directives: each is a line of its own, whatever it contains.
    private let ends: [Int]

    init(name: String, bytes: [UInt8], next: LineSource? = nil) {
        self.name = name
        self.bytes = bytes
        self.next = next
        ends = []
    }
    init(name: String, directives: [ByteString]) {
        self.name = name
        var joined: [UInt8] = []
        var ends: [Int] = []
        for directive in directives {
            joined.append(directive)
            ends.append(joined.count)
        }
        bytes = joined
        next = nil
        self.ends = ends
    }
    var isUsedUp: Bool { ends.isEmpty ? position >= bytes.count : line >= ends.count }

    /// Appends the next physical line with its newline, as far as its first NUL: Apache's lines are C strings.
    fileprivate func appendPhysicalLine(to buffer: inout [UInt8]) {
        let end: Int
        if ends.isEmpty {
            var at = position
            while at < bytes.count, bytes[at] != 10 { at += 1 }
            end = min(at + 1, bytes.count)
        } else {
            end = ends[line]
        }
        line += 1
        let piece = bytes[position..<end]
        position = end
        if let nul = piece.firstIndex(of: 0) {
            buffer.append(contentsOf: piece[..<nul])
        } else {
            buffer.append(contentsOf: piece)
        }
    }
}

/// One run over one file: Apache's `cmd_parms`.
final class ReadingContext {
    /// Changes when a macro is used and when its body ends.
    var source: LineSource
    /// The longest line in bytes, its newline included.
    let lineLimit: Int
    /// Nil in server configuration.
    let htaccess: HtaccessRules?
    /// How many lines used macros have added; bounded in `.htaccess`, where a user could let macros multiply.
    var macroLines = 0
    /// The directive that errors are charged to. It is not reset by directives that succeed, as in Apache.
    var errorLocation: SourceLocation?

    /// Apache's limits: 16 MiB in server configuration, 8192 bytes in `.htaccess`.
    init(_ source: LineSource, htaccess: HtaccessRules? = nil) {
        self.source = source
        self.htaccess = htaccess
        lineLimit = htaccess == nil ? 16 << 20 : 8192
    }
    var location: SourceLocation { SourceLocation(file: source.name, line: source.line) }

    enum Line { case read, end, tooLong }

    /// Reads one logical line into `line`, without the blanks at its ends.
    ///
    /// A backslash before the newline joins the next line to it; the backslash goes, blanks stay.
    func readLine(_ line: inout [UInt8], limit: Int, unendedLimit: Int) -> Line {
        line.removeAll(keepingCapacity: true)
        var continued = false
        while true {
            while source.isUsedUp, let next = source.next { source = next }
            guard !source.isUsedUp else {
                guard continued else { return .end }
                // The line that is not there counts all the same.
                source.line += 1
                break
            }
            source.appendPhysicalLine(to: &line)
            if line.count > (line.last == 10 ? limit : unendedLimit) { return .tooLong }
            guard dropContinuation(&line) else { break }
            continued = true
        }
        trim(&line)
        return .read
    }

    /// Reads one line of ordinary configuration; false at the end.
    func readLine(_ line: inout [UInt8]) throws(ConfigError) -> Bool {
        switch readLine(&line, limit: lineLimit, unendedLimit: lineLimit) {
        case .read: return true
        case .end: return false
        case .tooLong: throw ConfigError("Error reading \(source.name) at line \(source.line): Line too long")
        }
    }

    /// The end `\`, newline (or `\`, CR, newline) is removed when it is there.
    private func dropContinuation(_ line: inout [UInt8]) -> Bool {
        var end = line.count
        guard end > 0, line[end - 1] == 10 else { return false }
        end -= 1
        if end > 0, line[end - 1] == 13 { end -= 1 }
        guard end > 0, line[end - 1] == UInt8(ascii: "\\") else { return false }
        line.removeLast(line.count - (end - 1))
        return true
    }
    private func trim(_ line: inout [UInt8]) {
        while let last = line.last, ASCII.isSpace(last) { line.removeLast() }
        var blanks = 0
        while blanks < line.count, ASCII.isSpace(line[blanks]) { blanks += 1 }
        if blanks > 0 { line.removeFirst(blanks) }
    }
}
