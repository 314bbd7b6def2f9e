// Apache: modules/mappers/mod_rewrite.c (rewritemap_program_child, lookup_map_program)

import Bytes
import Kernel
import ServerCore

/// The running program of a `prg:` map: a key and a newline go in, a value and a newline come out.
/// Used by one thread at a time, under its map's lock.
final class RewriteProgram: Sendable {
    private let input: Int32
    private let output: Int32

    /// Longest answer; more is a program that has lost its way.
    private static let limit = 1 << 20

    init?(_ words: [ByteString]) {
        var command: [UInt8] = []
        if let directory = words.first.flatMap(Self.parent) {
            command.append("cd ")
            Self.appendQuoted(directory, to: &command)
            command.append(" && ")
        }
        command.append("exec")
        for word in words {
            command.append(" ")
            Self.appendQuoted(word, to: &command)
        }
        guard let spawned = try? Process.spawnShell(ByteString(command), readOutput: true) else { return nil }
        let ends = spawned.take()
        input = ends.input
        output = ends.output
    }
    deinit {
        File.close(input)
        File.close(output)
    }

    private static func parent(_ path: ByteString) -> ByteString? {
        path.lastIndex(of: UInt8(ascii: "/")).map { path.upTo($0 + 1) }
    }
    private static func appendQuoted(_ word: ByteString, to command: inout [UInt8]) {
        command.append("'")
        for byte in word {
            if byte == UInt8(ascii: "'") { command.append("'\\''") } else { command.append(byte) }
        }
        command.append("'")
    }

    /// Program and arguments of `prg:` (apr_tokenize_to_argv): blanks separate, quotes and backslashes hide them.
    static func words(_ text: ByteString) -> [ByteString] {
        var words: [ByteString] = []
        var word: [UInt8]?
        var quote: UInt8 = 0
        var hidden = false
        for byte in text {
            if hidden {
                word = (word ?? []) + [byte]
                hidden = false
            } else if byte == UInt8(ascii: "\\") {
                hidden = true
            } else if quote != 0 {
                if byte == quote { quote = 0 } else { word = (word ?? []) + [byte] }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
                word = word ?? []
            } else if ASCII.isSpace(byte) {
                if let word { words.append(ByteString(word)) }
                word = nil
            } else {
                word = (word ?? []) + [byte]
            }
        }
        if let word { words.append(ByteString(word)) }
        return words
    }

    /// The value of `key`; nil when the program says NULL or has gone. A key with a newline would put questions and
    /// answers out of step.
    func ask(_ key: ByteString) -> ByteString? {
        guard !key.contains(UInt8(ascii: "\n")) else { return nil }
        guard (try? File.writeAll(input, key.bytes + [UInt8(ascii: "\n")])) != nil else { return nil }
        var answer: [UInt8] = []
        while answer.last != UInt8(ascii: "\n"), answer.count < Self.limit {
            // One byte at a time would be Apache's way; nothing follows a newline until the next question.
            guard case .bytes(let count) = File.read(output, into: &answer, count: 4096), count > 0 else { break }
        }
        let line = ByteString(answer.prefix { $0 != UInt8(ascii: "\n") && $0 != 0 })
        return line.equalsIgnoringCase("NULL") ? nil : line
    }
}

/// A question to a program that still has to be asked.
struct RewriteProgramCall {
    let map: RewriteMap
    let key: ByteString
}

/// The answers of programs for one request: its rules are applied again from the first when an answer has come.
final class RewriteAnswers {
    struct Question: Hashable {
        let map: ByteString
        let key: ByteString
    }
    /// A nil value is an answer too.
    var known: [Question: ByteString?] = [:]
    var asked: Question?

    static func of(_ request: Request) -> RewriteAnswers {
        let key = ObjectIdentifier(RewriteAnswers.self)
        if let found = request.moduleState[key] as? RewriteAnswers { return found }
        let new = RewriteAnswers()
        request.moduleState[key] = new
        return new
    }
    /// Takes the result of blocking work that was asked for.
    func receive(_ request: Request) {
        guard let asked, let result = request.blockingResult as? RewriteAnswer else { return }
        known[asked] = .some(result.value)
        self.asked = nil
        request.blockingResult = nil
    }
}
/// What a program answered.
struct RewriteAnswer: Sendable { let value: ByteString? }

extension RewriteContext {
    /// What the program of a map said; when it was not asked yet, `waiting` is set and the value is none for now.
    mutating func programValue(_ map: RewriteMap, _ key: ByteString) -> ByteString? {
        let question = RewriteAnswers.Question(map: map.name, key: key)
        if let known = RewriteAnswers.of(request).known[question] { return known }
        if waiting == nil { waiting = RewriteProgramCall(map: map, key: key) }
        return nil
    }
}
