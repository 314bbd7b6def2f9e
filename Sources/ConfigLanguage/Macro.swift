// Apache: modules/core/mod_macro.c, macro_section, use_macro, undef_macro.
import Bytes

/// One macro: `<Macro name argument …>`.
struct Macro: Sendable {
    /// Lower case.
    let name: ByteString
    let arguments: [ByteString]
    /// Lines without comments, each with a newline.
    let contents: [ByteString]
    /// `defined on line 1 of "F"`.
    let place: String

    var title: String { "macro '\(name)' (\(place))" }
    /// Arguments that begin with this are put in quotes when replaced.
    static let escapePrefix = UInt8(ascii: "@")
    static let prefixes = "$%@"
    static func looksLikeArgument(_ word: ByteString) -> Bool {
        word.first.map { prefixes.utf8.contains($0) } ?? true
    }
    /// mod_macro's line buffer, its terminating NUL included.
    static let lineSize = 8192
    /// Apache has no such limit: there, an `.htaccess` file with macros in macros can keep a worker busy for years.
    static let htaccessLineLimit = 10_000
}

/// Macros by lower-case name. The value exists from the first `<Macro>` on: until then, uses get another message.
struct MacroTable: Sendable {
    var macros: [ByteString: Macro] = [:]
}

extension ConfigReader {
    func defineMacro(_ arguments: ByteString, _ context: ReadingContext) throws(ConfigError) {
        if state.macros == nil { state.macros = MacroTable() }
        guard let end = arguments.bytes.lastIndex(of: UInt8(ascii: ">")) else {
            throw ConfigError("<Macro> directive missing closing '>'")
        }
        guard end > 0 else { throw ConfigError("<Macro macro definition: empty name") }
        warnIfNotBlank("AH02801: non blank chars found after <Macro closing '>'", arguments.from(end + 1), context)
        var words = ArgumentWords(bytes: Array(arguments.bytes[..<end]))
        let name = words.next().lowercased
        guard !name.isEmpty else { throw ConfigError("<Macro macro definition: name not found") }
        let place = "defined on line \(context.source.line) of \"\(context.source.name)\""
        if let old = state.macros?.macros[name] {
            let again = "redefined on line \(context.source.line) of \"\(context.source.name)\""
            environment.log(ConfigWarning(2802, "macro '\(name)' multiply defined: \(old.place), \(again)"))
        }
        let head = Macro(name: name, arguments: words.all(), contents: [], place: place)
        if Macro.looksLikeArgument(name) {
            environment.log(
                ConfigWarning(2803, "\(head.title) better prefix a macro name with any of '\(Macro.prefixes)'"))
        }
        try checkArguments(head)
        let contents: [ByteString]
        do throws(ConfigError) {
            contents = try macroBody(head.title, context)
        } catch {
            throw ConfigError("\(head.title)\n\tcontents error: \(error.message)")
        }
        let macro = Macro(name: name, arguments: head.arguments, contents: contents, place: place)
        do throws(ConfigError) {
            try checkContents(macro)
        } catch {
            throw ConfigError("\(macro.title)\n\tcontents checking error: \(error.message)")
        }
        state.macros?.macros[name] = macro
    }

    func useMacro(_ arguments: ByteString, _ context: ReadingContext) throws(ConfigError) {
        guard let macros = state.macros?.macros else { throw ConfigError("no macro defined before Use") }
        var words = ArgumentWords(arguments)
        let name = words.next().lowercased
        guard !name.isEmpty else { throw ConfigError("no macro name specified with Use") }
        guard let macro = macros[name] else { throw ConfigError("macro '\(name)' undefined") }
        // The name of a macro's text names all macros that it stands in.
        guard !ByteString(context.source.name).contains("macro '\(name)'") else {
            throw ConfigError("recursive use of macro '\(name)' is invalid")
        }
        let values = words.all()
        guard values.count == macro.arguments.count else {
            throw ConfigError("\(macro.title) used with \(values.count) arguments instead of \(macro.arguments.count)")
        }
        let place = "\(macro.title) used on line \(context.source.line) of \"\(context.source.name)\""
        for (index, value) in values.enumerated() where value.isEmpty && !state.ignoresEmptyArguments {
            environment.log(ConfigWarning(2798, "\(place): empty argument #\(index + 1)"))
        }
        let text: [UInt8]
        do throws(ConfigError) {
            text = try expand(macro, values)
        } catch {
            throw ConfigError("\(place) error while substituting: \(error.message)")
        }
        context.macroLines += macro.contents.count
        if context.htaccess != nil, context.macroLines > Macro.htaccessLineLimit {
            throw ConfigError("\(place): macros make more than \(Macro.htaccessLineLimit) lines")
        }
        context.source = LineSource(name: place, bytes: text, next: context.source)
    }

    func undefineMacro(_ written: ByteString) throws(ConfigError) {
        guard state.macros != nil else { throw ConfigError("no macro defined before UndefMacro") }
        let name = written.lowercased
        guard state.macros?.macros.removeValue(forKey: name) != nil else {
            throw ConfigError("cannot remove undefined macro '\(name)'")
        }
    }

    /// The lines as far as `</Macro>`; inner macros count. Comment lines are dropped and not counted afterwards.
    private func macroBody(_ title: String, _ context: ReadingContext) throws(ConfigError) -> [ByteString] {
        var lines: [ByteString] = []
        var line: [UInt8] = []
        var macroNesting = 1
        var nesting = 1
        let start = context.source.line
        while case .read = context.readLine(&line, limit: Macro.lineSize - 1, unendedLimit: Macro.lineSize - 2) {
            if line.first == UInt8(ascii: "#") { continue }
            var words = ArgumentWords(bytes: line)
            let first = words.next()
            if first.upTo(2) == "</" {
                nesting -= 1
                if nesting < 0, !state.ignoresBadNesting {
                    let number = context.source.line - start
                    environment.log(ConfigWarning(2793, "bad (negative) nesting on line \(number) of \(title)"))
                }
            } else if first.first == UInt8(ascii: "<") {
                nesting += 1
            }
            if first.equalsIgnoringCase("</Macro>") {
                let end = line.lastIndex(of: UInt8(ascii: ">")) ?? line.count - 1
                warnIfNotBlank(
                    "AH02794: non blank chars found after directive closing", ByteString(line).from(end + 1), context)
                macroNesting -= 1
                if macroNesting == 0 {
                    if nesting != 0, !state.ignoresBadNesting {
                        let sum = nesting > 0 ? "+\(nesting)" : "\(nesting)"
                        environment.log(ConfigWarning(2795, "bad cumulated nesting (\(sum)) in \(title)"))
                    }
                    return lines
                }
            } else if first.equalsIgnoringCase("<Macro") {
                macroNesting += 1
            }
            lines.append(ByteString(line + [10]))
        }
        throw ConfigError("expected token not found: </Macro>")
    }

    private func checkArguments(_ macro: Macro) throws(ConfigError) {
        let names = macro.arguments
        for (index, name) in names.enumerated() {
            if name.isEmpty { throw ConfigError("\(macro.title): empty argument #\(index + 1) name") }
            if !Macro.looksLikeArgument(name) {
                environment.log(
                    ConfigWarning(
                        2796,
                        "\(macro.title) argument name '\(name)' (#\(index + 1)) without expected prefix, "
                            + "better prefix argument names with one of '\(Macro.prefixes)'."))
            }
            for other in (index + 1)..<max(names.count, index + 1) {
                let second = names[other]
                if name == second {
                    throw ConfigError(
                        "argument name conflict in \(macro.title): argument '\(name)': "
                            + "#\(index + 1) and #\(other + 1), change argument names!")
                }
                if !second.isEmpty, name.hasPrefix(second) || second.hasPrefix(name) {
                    environment.log(
                        ConfigWarning(
                            2797,
                            "\(macro.title): argument name prefix conflict "
                                + "(\(name) #\(index + 1) and \(second) #\(other + 1)), "
                                + "be careful about your macro definition!"))
                }
            }
        }
    }

    private func checkContents(_ macro: Macro) throws(ConfigError) {
        guard !macro.contents.isEmpty else {
            return environment.log(ConfigWarning(2799, "\(macro.title): empty contents!"))
        }
        var used = [Bool](repeating: false, count: macro.arguments.count)
        _ = try substitute(macro, macro.arguments, &used)
        for (index, name) in macro.arguments.enumerated() where !used[index] {
            environment.log(ConfigWarning(2800, "\(macro.title): argument '\(name)' (#\(index + 1)) never used"))
        }
    }

    private func warnIfNotBlank(_ what: String, _ text: ByteString, _ context: ReadingContext) {
        guard let first = text.first(where: { $0 != 32 && $0 != 9 }), first != UInt8(ascii: "#") else { return }
        environment.log(
            ConfigWarning(2989, "\(what) on line \(context.source.line) of \(context.source.name): \(text)"))
    }
}
