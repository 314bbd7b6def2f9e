// Apache: server/core.c, start_cond_section; server/config.c, ap_soak_end_container.
import Bytes

extension ConfigReader {
    /// The test of `<IfModule>`, `<IfDefine>`, `<IfFile>`, `<IfDirective>` and `<IfSection>`.
    /// - Parameter arguments: As far as the closing `>` and beyond.
    func condition(_ directive: StructuralDirective, _ arguments: ByteString) throws(ConfigError) -> Bool {
        guard let end = arguments.bytes.lastIndex(of: UInt8(ascii: ">")) else {
            throw ConfigError("\(directive.name)> directive missing closing '>'")
        }
        let isNegated = arguments.first == UInt8(ascii: "!")
        let start = isNegated ? 1 : 0
        var words = ArgumentWords(bytes: start < end ? Array(arguments.bytes[start..<end]) : [])
        let word = words.next()
        guard !word.isEmpty else {
            throw ConfigError("\(directive.name)> directive requires additional arguments")
        }
        return try holds(directive, word) != isNegated
    }

    private func holds(_ directive: StructuralDirective, _ word: ByteString) throws(ConfigError) -> Bool {
        switch directive {
        case .ifDefine: state.defines.contains(word)
        case .ifFile: serverRootRelative(word).map { environment.kind(of: $0) != nil } ?? false
        case .ifDirective: isKnown(word.lowercased)
        case .ifSection: isKnown(("<" + word).lowercased)
        default: environment.isModuleLoaded(word)
        }
    }
    /// Apache: server/config.c, ap_exists_directive.
    private func isKnown(_ name: ByteString) -> Bool {
        StructuralDirective(name, in: environment) != nil || environment.directive(named: name) != nil
    }

    /// Reads past a section whose test failed. Only the nesting of sections is looked at: neither comments
    /// nor variables nor names count.
    func skipSection(_ name: String, _ context: ReadingContext) throws(ConfigError) {
        var open: [ByteString] = [ByteString(name)]
        var line: [UInt8] = []
        while let innermost = open.last {
            guard try context.readLine(&line) else {
                throw ConfigError("Expected </\(innermost.from(1))> before end of configuration")
            }
            guard line.first == UInt8(ascii: "<") || isQuote(line.first) else { continue }
            var words = ArgumentWords(bytes: line)
            var word = words.next()
            guard word.first == UInt8(ascii: "<") else { continue }
            guard word.count > 1, word[1] == UInt8(ascii: "/") else {
                if words.isAtEnd, word.last == UInt8(ascii: ">") { word.bytes.removeLast() }
                open.append(word)
                continue
            }
            word.bytes.removeLast()
            guard word.from(2).equalsIgnoringCase(innermost.from(1)) else {
                throw ConfigError("Expected </\(innermost.from(1))> but saw \(word)>")
            }
            open.removeLast()
        }
    }
    private func isQuote(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }
}
