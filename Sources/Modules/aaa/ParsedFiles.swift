// Apache: server/util.c (ap_cfg_getline); here files are parsed once for each change, not once for each request

import Bytes
import Kernel
import ServerCore

/// A text file of users or groups, parsed.
protocol ParsedTextFile: Sendable {
    init(lines: [ByteString])
}

extension Request {
    /// A file's contents as of now: parsed again only when the file changed. For each loop its own.
    func parsed<File: ParsedTextFile>(_ path: ByteString, as type: File.Type) throws(Errno) -> File {
        let status = try files.lookup(path).get()
        let key = ObjectIdentifier(ParsedFiles<File>.self)
        let known: ParsedFiles<File>
        if let existing = connection.worker.moduleState[key] as? ParsedFiles<File> {
            known = existing
        } else {
            known = ParsedFiles<File>()
            connection.worker.moduleState[key] = known
        }
        return try known.parsed(path, status)
    }
}

final class ParsedFiles<File: ParsedTextFile> {
    private var entries: [ByteString: (status: FileStatus, file: File)] = [:]

    func parsed(_ path: ByteString, _ status: FileStatus) throws(Errno) -> File {
        if let entry = entries[path], entry.status == status { return entry.file }
        // What is no regular file could not be read to its end.
        guard status.kind == .regular else { throw .badDescriptor }
        let file = File(lines: configLines(try Kernel.File.readWhole(path, limit: 256 << 20)))
        entries[path] = (status, file)
        return file
    }
}

/// Lines without blanks around them; a backslash at the end joins the next line.
func configLines(_ text: [UInt8]) -> [ByteString] {
    var lines: [ByteString] = []
    var pending: [UInt8] = []
    var start = 0
    while start < text.count {
        let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
        var line = text[start..<end]
        start = end + 1
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        if line.last == UInt8(ascii: "\\"), end < text.count {
            pending += line.dropLast()
            continue
        }
        lines.append(ByteString(pending + line).trimmed())
        pending.removeAll()
    }
    if !pending.isEmpty { lines.append(ByteString(pending).trimmed()) }
    return lines
}

extension ByteString {
    /// Takes what stands before `stop`, and every `stop` that follows it (ap_getword).
    mutating func takeWord(_ stop: UInt8) -> ByteString {
        guard let end = firstIndex(of: stop) else {
            defer { self = "" }
            return self
        }
        let word = upTo(end)
        var next = end
        while next < count, self[next] == stop { next += 1 }
        self = from(next)
        return word
    }
}
