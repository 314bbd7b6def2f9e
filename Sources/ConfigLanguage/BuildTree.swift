// Apache: server/config.c, ap_build_config, ap_build_config_sub, ap_build_cont_config, execute_now.
import Bytes

/// The sections that are open at one place of one file.
private struct OpenSections {
    enum Kind {
        /// A conditional section whose test was true; the line that ends it, in lower case.
        case conditional(end: [UInt8])
        case section(name: String, arguments: ByteString, location: SourceLocation)
    }
    /// Innermost last.
    var kinds: [Kind] = []
    /// The nodes of the file and of each open section; what stands in a conditional section belongs to the one around it.
    var children: [[Node]] = [[]]
    /// Apache has no limit; the tree is walked recursively, and no honest file comes near this.
    static let maximumDepth = 1000

    mutating func append(_ node: Node) { children[children.count - 1].append(node) }
    mutating func append(_ nodes: [Node]) { children[children.count - 1] += nodes }
    mutating func open(_ kind: Kind) throws(ConfigError) {
        kinds.append(kind)
        guard case .section = kind else { return }
        if children.count > Self.maximumDepth {
            throw ConfigError("Sections are nested more than \(Self.maximumDepth) deep")
        }
        children.append([])
    }
    mutating func close() {
        guard case .section(let name, let arguments, let location)? = kinds.popLast() else { return }
        let nodes = children.removeLast()
        append(Node(name: name, arguments: arguments, location: location, children: trimmed(nodes)))
    }
    /// Without spare capacity: most sections are small and all of them stay.
    private func trimmed(_ nodes: [Node]) -> [Node] {
        var exact: [Node] = []
        exact.reserveCapacity(nodes.count)
        exact.append(contentsOf: nodes)
        return exact
    }
}

extension ConfigReader {
    /// Reads `context` to its end. Errors say nothing about the place; `context.errorLocation` does.
    func buildTree(_ context: ReadingContext) throws(ConfigError) -> [Node] {
        var open = OpenSections()
        var line: [UInt8] = []
        while try context.readLine(&line) {
            if case .conditional(let end)? = open.kinds.last, line.equals(lowerCased: end) {
                open.close()
            } else if let first = line.first, first != UInt8(ascii: "#") {
                try addLine(&line, context, &open)
            }
        }
        try closeAtEnd(context, &open)
        return open.children.first ?? []
    }

    private func addLine(
        _ line: inout [UInt8], _ context: ReadingContext, _ open: inout OpenSections
    ) throws(ConfigError) {
        expandVariables(&line)
        var words = ArgumentWords(bytes: line)
        var name = words.next()
        guard !name.isEmpty else { return }
        let isEnd = name.count > 1 && name[1] == UInt8(ascii: "/")
        var arguments = words.rest
        if !isEnd {
            if name.last == UInt8(ascii: ">") { name.bytes.removeLast() }
            if name.first == UInt8(ascii: "<"), arguments.isEmpty { arguments = ">" }
        }
        if isEnd, name[0] == UInt8(ascii: "<") { return try endSection(name, context, &open) }
        let location = context.location
        switch names.meaning(of: name, in: environment) {
        case .structural(let directive):
            context.errorLocation = location
            try execute(directive, arguments, context, &open)
        case .hostExecuted(let directive):
            context.errorLocation = location
            guard try isAllowed(directive.name, directive.isAllowedInHtaccess, context) else { return }
            try environment.execute(directive, arguments, at: location)
            names.forget()
        case .stored(let known):
            // `<` alone makes a section too; its name is nothing but the bracket.
            if name.first == UInt8(ascii: "<") {
                try open.open(.section(name: known, arguments: arguments, location: location))
            } else {
                open.append(Node(name: known, arguments: arguments, location: location))
            }
        }
    }

    /// - Parameter name: `</Directory>` as written.
    private func endSection(
        _ name: ByteString, _ context: ReadingContext, _ open: inout OpenSections
    ) throws(ConfigError) {
        guard case .section(let opened, _, _)? = open.kinds.last else {
            context.errorLocation = context.location
            throw ConfigError("\(name) without matching <\(name.from(2)) section")
        }
        guard name.last == UInt8(ascii: ">") else {
            context.errorLocation = context.location
            throw ConfigError("\(name)> directive missing closing '>'")
        }
        guard name[2..<name.count - 1].equalsIgnoringCase(ByteString(opened).from(1)) else {
            context.errorLocation = context.location
            throw ConfigError("Expected </\(opened.dropFirst())> but saw \(name)")
        }
        open.close()
    }

    /// At the end of the text, a conditional section that was entered closes what it holds without a word, as in
    /// Apache; sections that are open around it are errors.
    private func closeAtEnd(_ context: ReadingContext, _ open: inout OpenSections) throws(ConfigError) {
        if let first = open.kinds.firstIndex(where: { if case .conditional = $0 { true } else { false } }) {
            while open.kinds.count > first { open.close() }
        }
        var messages: [String] = []
        for kind in open.kinds.reversed() {
            guard case .section(let name, _, let location) = kind else { continue }
            messages.append("\(location.file):\(location.line): \(name)> was not closed.")
            context.errorLocation = location
        }
        if !messages.isEmpty { throw ConfigError(messages.joined(separator: "\n")) }
    }

    /// Whether a directive that runs on read may run here; false when it is to be left out with a warning.
    func isAllowed(_ name: String, _ hasClass: Bool, _ context: ReadingContext) throws(ConfigError) -> Bool {
        guard let rules = context.htaccess else { return true }
        if hasClass && rules.allowsOverride || rules.directives.contains(ByteString(name).lowercased) { return true }
        guard rules.isOverrideNonfatal else { throw ConfigError("\(name) not allowed here") }
        environment.log(ConfigWarning(2295, "\(name) in .htaccess forbidden by AllowOverride"))
        return false
    }

    private func execute(
        _ directive: StructuralDirective, _ arguments: ByteString, _ context: ReadingContext,
        _ open: inout OpenSections
    ) throws(ConfigError) {
        guard try isAllowed(directive.name, directive.isAllowedInHtaccess, context) else { return }
        environment.willCarryOut(directive.name, at: context.location)
        let (arity, usage) = directive.shape
        let words = try directiveArguments(arguments, arity, name: directive.name, usage: usage)
        switch directive {
        case .ifModule, .ifDefine, .ifFile, .ifDirective, .ifSection, .ifVersion:
            let holds =
                try directive == .ifVersion ? versionCondition(words) : condition(directive, arguments)
            if holds {
                let end = ByteString("</\(directive.name.dropFirst())>").lowercased
                try open.open(.conditional(end: end.bytes))
            } else {
                try skipSection(directive.name, context)
            }
        case .include, .includeOptional:
            open.append(try include(words[0], isOptional: directive == .includeOptional, context))
        case .define: try define(words, context)
        case .undefine: try undefine(words[0], context)
        case .serverRoot: try setServerRoot(words[0], context)
        case .defaultRuntimeDir: try setRuntimeDirectory(words[0], context)
        case .loadModule:
            if context.htaccess != nil { throw ConfigError("LoadModule not allowed here") }
            try environment.loadModule(words[0], from: words[1], at: context.location)
            names.forget()
        case .macro: try defineMacro(arguments, context)
        case .use: try useMacro(arguments, context)
        case .undefMacro: try undefineMacro(words[0])
        // Whatever follows the name: Apache does not look at it.
        case .macroIgnoreBadNesting: state.ignoresBadNesting = true
        case .macroIgnoreEmptyArgs: state.ignoresEmptyArguments = true
        }
    }
}

extension [UInt8] {
    /// Whether this is `other`, which has no capital letters, but for the case of letters.
    fileprivate func equals(lowerCased other: [UInt8]) -> Bool {
        guard count == other.count else { return false }
        for index in indices where ASCII.lower(self[index]) != other[index] { return false }
        return true
    }
}
