// Apache: modules/mappers/mod_rewrite.c (cmd_rewritemap, lookup_map, lookup_map_txtfile)

import Bytes
import HTTP
import Kernel
import ServerCore
import Synchronization

/// One RewriteMap: a function from keys to values that the configuration names.
final class RewriteMap: Sendable {
    enum Kind: Sendable {
        case text(random: Bool)
        case program([ByteString])
        case function(Function)
    }
    enum Function: Sendable { case toLower, toUpper, escape, unescape }
    /// A text map in memory, for as long as its file does not change.
    private struct Content: Sendable {
        var modified: Int64
        var size: Int64
        var values: [ByteString: ByteString]
    }

    let name: ByteString
    let kind: Kind
    /// The file or program.
    let checkFile: ByteString
    private let content = Mutex<Content?>(nil)
    private let program = Mutex<RewriteProgram?>(nil)

    var isProgram: Bool {
        if case .program = kind { return true }
        return false
    }

    /// Reads the second and third argument of RewriteMap.
    init(name: ByteString, source: ByteString, owner: ByteString?, _ context: DirectiveContext) throws(DirectiveError) {
        self.name = name
        if source.hasPrefixIgnoringCase("int:") {
            guard let function = Self.function(source.from(4)) else {
                throw DirectiveError("RewriteMap: internal map not found:\(source.from(4))")
            }
            kind = .function(function)
            checkFile = ""
            return
        }
        if source.hasPrefixIgnoringCase("dbd:") || source.hasPrefixIgnoringCase("fastdbd:") {
            throw DirectiveError("RewriteMap types dbd and fastdbd require mod_dbd!")
        }
        if source.hasPrefixIgnoringCase("dbm") { throw Self.noDatabase(source) }
        if source.hasPrefixIgnoringCase("prg:") {
            var words = RewriteProgram.words(source.from(4))
            guard let first = words.first else { throw DirectiveError("RewriteMap: bad path to prg map: ") }
            if owner != nil {
                throw DirectiveError("RewriteMap: running a prg map as another user is not possible here")
            }
            words[0] = context.serverRelative(first)
            checkFile = words[0]
            kind = .program(words)
        } else if source.hasPrefixIgnoringCase("txt:") {
            checkFile = context.serverRelative(source.from(4))
            kind = .text(random: false)
        } else if source.hasPrefixIgnoringCase("rnd:") {
            checkFile = context.serverRelative(source.from(4))
            kind = .text(random: true)
        } else {
            checkFile = context.serverRelative(source)
            kind = .text(random: false)
        }
        guard File.exists(checkFile) else {
            throw DirectiveError("RewriteMap: file for map \(name) not found:\(checkFile)")
        }
    }

    private static func function(_ name: ByteString) -> Function? {
        switch name {
        case "tolower": .toLower
        case "toupper": .toUpper
        case "escape": .escape
        case "unescape": .unescape
        default: nil
        }
    }
    /// No DBM library is used; what Apache says when APR was built without the type.
    private static func noDatabase(_ source: ByteString) -> DirectiveError {
        var type: ByteString = "default"
        if source.count > 3, source[3] == UInt8(ascii: "="), let colon = source.firstIndex(of: UInt8(ascii: ":")) {
            type = source[4..<max(4, colon)]
        } else if source.count <= 3 || source[3] != UInt8(ascii: ":") {
            return DirectiveError("RewriteMap: bad map:\(source)")
        }
        return DirectiveError("RewriteMap: dbm type \(type) is invalid")
    }

    // MARK: Lookup

    /// The value of `key` in a text map; nil when there is none, or the file cannot be read.
    func textValue(_ key: ByteString, _ request: Request) -> ByteString? {
        guard let status = request.files.status(checkFile) else {
            request.log(
                .error, "rewrite", "AH00661: mod_rewrite: can't access text RewriteMap file \(self.checkFile)")
            return nil
        }
        return content.withLock { content in
            if let known = content, known.modified == status.modifiedMicroseconds, known.size == status.size {
                return known.values[key]
            }
            guard let bytes = try? File.readWhole(checkFile, limit: 1 << 30) else {
                request.log(
                    .error, "rewrite", "AH00655: mod_rewrite: can't open text RewriteMap file \(self.checkFile)")
                return nil
            }
            let values = Self.parse(bytes)
            content = Content(modified: status.modifiedMicroseconds, size: status.size, values: values)
            return values[key]
        }
    }

    /// Longest line of a text map; what is longer goes on as the next line (REWRITE_MAX_TXT_MAP_LINE).
    private static let maximumLine = 1024

    /// Lines of key, blanks and value. Comments and lines that begin with a blank are nothing; the first of several
    /// lines for a key counts.
    static func parse(_ bytes: [UInt8]) -> [ByteString: ByteString] {
        var values: [ByteString: ByteString] = [:]
        var start = 0
        while start < bytes.count {
            let limit = min(bytes.count, start + maximumLine)
            let newline = bytes[start..<limit].firstIndex(of: UInt8(ascii: "\n"))
            let end = newline.map { $0 + 1 } ?? limit
            let line = bytes[start..<end]
            start = end
            guard let first = line.first, first != UInt8(ascii: "#"), !ASCII.isSpace(first) else { continue }
            guard let keyEnd = line.firstIndex(where: ASCII.isSpace),
                let valueStart = line[keyEnd...].firstIndex(where: { !ASCII.isSpace($0) })
            else { continue }
            let valueEnd = line[valueStart...].firstIndex(where: ASCII.isSpace) ?? line.endIndex
            let key = ByteString(Array(line[line.startIndex..<keyEnd]))
            if values[key] == nil { values[key] = ByteString(Array(line[valueStart..<valueEnd])) }
        }
        return values
    }

    static func apply(_ function: Function, _ key: ByteString) -> ByteString {
        switch function {
        case .toLower: return key.lowercased
        case .toUpper: return key.uppercased
        case .escape: return key.escapedPath
        case .unescape:
            var bytes = key.bytes
            _ = URLPath.unescape(&bytes, [])
            return ByteString(bytes.prefix { $0 != 0 })
        }
    }

    // MARK: Programs

    /// Starts the program of this child, unless it runs already.
    func start() -> Bool {
        guard case .program(let words) = kind else { return true }
        return program.withLock { running in
            if running != nil { return true }
            running = RewriteProgram(words)
            return running != nil
        }
    }
    /// Asks the program; waits for its answer. Nil is "no value", also when it does not run.
    func ask(_ key: ByteString) -> ByteString? {
        program.withLock { running in running?.ask(key) }
    }
}

extension RewriteContext {
    /// The value of a key in a map of the request's server (lookup_map).
    mutating func lookUp(map name: ByteString, key: ByteString) -> ByteString? {
        guard let map = request.server[Rewrite.server].maps[name] else { return nil }
        var value: ByteString?
        var type: ByteString = ""
        switch map.kind {
        case .text(let random):
            type = "[txt]"
            value = map.textValue(key, request)
            if random, let all = value { value = randomPart(of: all) }
        case .function(let function): value = RewriteMap.apply(function, key)
        case .program: value = programValue(map, key)
        }
        if let value {
            trace(5, "map lookup OK: map=\(name)\(type) key=\(key) -> val=\(value)", inDirectory: false)
        } else {
            trace(5, "map lookup FAILED: map=\(name)\(type) key=\(key)", inDirectory: false)
        }
        return value
    }

    /// One of the values that `|` separates (select_random_value_part).
    private func randomPart(of value: ByteString) -> ByteString? {
        request.doNotReuse()
        let parts = value.split(on: UInt8(ascii: "|"))
        let chosen = parts.randomElement() ?? value
        trace(5, "randomly chosen the subvalue `\(chosen)'", inDirectory: false)
        return chosen.isEmpty ? nil : chosen
    }
}
