// No Apache counterpart: what a doctor says
import Bytes
import ConfigLanguage

/// One thing that is wrong, where, and what cures it.
struct Finding {
    /// Short and stable, for programs.
    let id: String
    /// Perhaps meant so: it does not make the doctor's status 1.
    var isWarning = false
    /// `file:line` or a path.
    let place: ByteString
    let text: ByteString
    /// A command, or several lines of them.
    let cure: ByteString

    init(_ id: String, _ place: ByteString, _ text: ByteString, cure: ByteString, isWarning: Bool = false) {
        self.id = id
        self.place = place
        self.text = text
        self.cure = cure
        self.isWarning = isWarning
    }
    init(_ id: String, _ place: SourceLocation, _ text: ByteString, cure: ByteString, isWarning: Bool = false) {
        self.init(id, "\(place)", text, cure: cure, isWarning: isWarning)
    }

    var lines: ByteString {
        var lines: ByteString = "\(place): \(isWarning ? "warning: " : "")\(text)\n"
        for line in cure.split(on: 10) where !line.isEmpty { lines += "    \(line)\n" }
        return lines
    }
    var json: JSONText {
        .object([
            ("id", .text(ByteString(id))), ("severity", .text(isWarning ? "warning" : "error")),
            ("place", .text(place)),
            ("text", .text(text)), ("cure", .text(cure)),
        ])
    }
}
