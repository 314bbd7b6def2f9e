// No Apache counterpart: a configuration, line by line
import Bytes

/// What becomes of each line of a configuration, as text and as JSON.
public struct TreeReport: Sendable {
    public enum Verdict: String, Sendable, CaseIterable {
        /// It does what it does in Apache.
        case honoured
        /// It is taken, and means something else here, or nothing.
        case translated
        /// The server does not start with it.
        case unsupported = "not supported"
        /// Inside a condition that does not hold: no server reads it.
        case notRead = "not read"

        /// For programs.
        var word: String {
            switch self {
            case .honoured: "honoured"
            case .translated: "translated"
            case .unsupported: "unsupported"
            case .notRead: "notRead"
            }
        }
    }
    public struct Entry: Sendable {
        public let line: Int
        public let text: ByteString
        public let verdict: Verdict
        /// Why, and what to do.
        public let note: ByteString
        public let cure: ByteString

        public init(line: Int, text: ByteString, verdict: Verdict, note: ByteString = "", cure: ByteString = "") {
            self.line = line
            self.text = text
            self.verdict = verdict
            self.note = note
            self.cure = cure
        }
    }
    /// Files in the order they are read.
    public var files: [(name: ByteString, entries: [Entry])] = []
    /// What is wrong with the whole, with what to do.
    public var faults: [(text: ByteString, cure: ByteString)] = []
    /// What the server says and starts all the same.
    public var warnings: [ByteString] = []
    public init() {}

    public func count(_ verdict: Verdict) -> Int {
        files.reduce(0) { $0 + $1.entries.count { $0.verdict == verdict } }
    }
    /// Nothing keeps the server from starting.
    public var isFine: Bool { faults.isEmpty && count(.unsupported) == 0 }

    /// - Parameter all: Lines that are honoured are listed too.
    public func text(all: Bool) -> ByteString {
        var text: ByteString = ""
        for (name, entries) in files {
            text += "\(name): \(Self.counts { verdict in entries.count { $0.verdict == verdict } })\n"
            for entry in entries where all || entry.verdict == .translated || entry.verdict == .unsupported {
                text += "  \(entry.line): \(ByteString(entry.verdict.rawValue)): \(entry.text)\n"
                for note in [entry.note, entry.cure] where !note.isEmpty {
                    for line in note.split(on: 10) { text += "      \(line)\n" }
                }
            }
        }
        for (fault, cure) in faults {
            text += "\(fault)\n"
            if !cure.isEmpty { text += "      \(cure)\n" }
        }
        for warning in warnings { text += "warning: \(warning)\n" }
        return text + "\(files.count) files: \(Self.counts(count))\n"
    }
    private static func counts(_ count: (Verdict) -> Int) -> ByteString {
        let parts = Verdict.allCases.compactMap { verdict in
            count(verdict) == 0 ? nil : "\(count(verdict)) \(verdict.rawValue)"
        }
        return ByteString(parts.isEmpty ? "nothing" : parts.joined(separator: ", "))
    }

    public var json: ByteString {
        JSONText.object([
            (
                "files",
                .list(
                    files.map { name, entries in
                        .object([("name", .text(name)), ("lines", .list(entries.map(Self.value)))])
                    })
            ),
            ("faults", .list(faults.map { .object([("text", .text($0.text)), ("cure", .text($0.cure))]) })),
            ("warnings", .list(warnings.map { .text($0) })),
            ("counts", .object(Verdict.allCases.map { ($0.word, .number(count($0))) })),
        ]).document
    }
    private static func value(_ entry: Entry) -> JSONText {
        .object([
            ("line", .number(entry.line)), ("text", .text(entry.text)),
            ("verdict", .text("\(entry.verdict.word)")),
            ("note", .text(entry.note)), ("cure", .text(entry.cure)),
        ])
    }
}
