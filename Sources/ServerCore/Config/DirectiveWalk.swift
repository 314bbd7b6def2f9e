// Apache: server/config.c ap_walk_config, ap_walk_config_sub, invoke_cmd

import Bytes
import ConfigLanguage

/// Executes a tree: finds each directive's row, checks that it may stand where it stands, cuts its arguments and calls
/// its setter.
enum DirectiveWalk {
    /// What may stand at the top of server configuration and in `<VirtualHost>` (RSRC_CONF and the file classes).
    static let serverOverride: Allowed = [.server, .options, .fileInfo, .indexes]
    /// What may stand in `<Directory>` and its like.
    static let sectionOverride: Allowed = Allowed.all.union(.directory)

    static func run(_ nodes: [Node], _ context: DirectiveContext) throws(ConfigError) {
        for node in nodes {
            context.location = node.location
            do throws(DirectiveError) {
                try execute(node, context)
            } catch {
                throw ConfigError(
                    error.message, at: error.namesNoLine ? nil : error.location ?? node.location, phase: .walking)
            }
        }
    }

    private static func execute(_ node: Node, _ context: DirectiveContext) throws(DirectiveError) {
        guard let (module, row) = context.configuration.directives[ByteString(node.name).lowercased] else {
            if context.isHtaccess, context.nonFatal.contains(.unknown) { return }
            throw DirectiveError(
                "Invalid command '\(node.name)', perhaps misspelled or defined by a module not included in the server configuration"
            )
        }
        guard try isAllowed(row, context) else { return }
        context.directive = "\(row.name)"
        context.module = module
        try call(row, node, context)
    }

    /// AllowOverride, AllowOverrideList and the kind of place decide; false means "skip quietly" (Nonfatal=Override).
    private static func isAllowed(_ row: Directive, _ context: DirectiveContext) throws(DirectiveError) -> Bool {
        if !context.override.isDisjoint(with: row.allowed.intersection(DirectiveWalk.places)) { return true }
        if let list = context.overrideList, list.contains(ByteString(row.name).lowercased) { return true }
        if context.isHtaccess, context.nonFatal.contains(.override) { return false }
        if let section = context.parentSection {
            throw DirectiveError("\(row.name) not allowed in \(section)> context")
        }
        throw DirectiveError("\(row.name) not allowed here")
    }
    private static let places: Allowed = Allowed.all.union([.directory, .server])

    private static func call(_ row: Directive, _ node: Node, _ context: DirectiveContext) throws(DirectiveError) {
        let usage = "\(row.usage)"
        func words(_ arity: DirectiveArity) throws(DirectiveError) -> [ByteString] {
            do throws(ConfigError) {
                return try directiveArguments(
                    node.arguments, arity, name: "\(row.name)", usage: usage.isEmpty ? nil : usage)
            } catch {
                throw DirectiveError(error.message)
            }
        }
        switch row.arity {
        case .noArgs(let set):
            _ = try words(.none)
            try set(context)
        case .flag(let set): try set(context, try words(.flag)[0] == "on")
        case .take1(let set): try set(context, try words(.take1)[0])
        case .take2(let set):
            let taken = try words(.take2)
            try set(context, taken[0], taken[1])
        case .take3(let set):
            let taken = try words(.take3)
            try set(context, taken[0], taken[1], taken[2])
        case .take12(let set):
            let taken = try words(.take12)
            try set(context, taken[0], taken.at(1))
        case .take13(let set):
            let taken = try words(.take13)
            try set(context, taken[0], taken.at(1), taken.at(2))
        case .take23(let set):
            let taken = try words(.take23)
            try set(context, taken[0], taken[1], taken.at(2))
        case .take123(let set):
            let taken = try words(.take123)
            try set(context, taken[0], taken.at(1), taken.at(2))
        case .iterate(let set): for word in try words(.iterate) { try set(context, word) }
        case .iterate2(let set):
            let taken = try words(.iterate2)
            for word in taken.dropFirst() { try set(context, taken[0], word) }
        case .takeArgv(let set): try set(context, try words(.argv))
        case .rawArgs(let set): try set(context, node.arguments)
        case .section(let set):
            guard let end = node.arguments.lastIndex(of: UInt8(ascii: ">")) else {
                throw DirectiveError("\(row.name)> directive missing closing '>'")
            }
            try set(context, node.arguments.upTo(end).trimmed(), SectionBody(node: node))
        case .unsupported(let sentence): throw DirectiveError("\(row.name): \(sentence)")
        }
    }
}

extension [ByteString] {
    fileprivate func at(_ index: Int) -> ByteString? { index < count ? self[index] : nil }
}

extension DirectiveContext {
    /// Executes the directives enclosed in a section.
    /// - Parameters:
    ///   - vector: Their per-directory configuration to begin with; the result is returned.
    ///   - path: The section's argument for directives that ask (cmd->path).
    ///   - override: What may stand inside; nil keeps what may stand here.
    ///   - server: The `<VirtualHost>` that opens here.
    public func process(
        _ body: SectionBody, into vector: ConfigVector = ConfigVector(), path: ByteString?,
        override newOverride: Allowed? = nil, server newServer: Server? = nil
    ) throws(DirectiveError) -> ConfigVector {
        let inner = DirectiveContext(
            configuration: configuration, server: newServer ?? server, perDirectory: vector, path: path,
            override: newOverride ?? override, isHtaccess: isHtaccess, enclosing: enclosing + [body.sectionName],
            location: location)
        inner.overrideList = overrideList
        inner.overrideOptions = overrideOptions
        inner.nonFatal = nonFatal
        inner.limitedMethods = limitedMethods
        inner.parentSection = body.node.name
        try inner.run(body)
        return inner.perDirectory
    }
    /// Executes the directives of a section in this very scope (`<Limit>`, `<RequireAll>`).
    /// - Parameter override: What may stand inside; nil keeps what may stand here.
    public func processHere(_ body: SectionBody, override newOverride: Allowed? = nil) throws(DirectiveError) {
        let (saved, savedParent) = (override, parentSection)
        parentSection = body.node.name
        override = newOverride ?? override
        enclosing.append(body.sectionName)
        defer {
            enclosing.removeLast()
            override = saved
            parentSection = savedParent
        }
        try run(body)
    }
    private func run(_ body: SectionBody) throws(DirectiveError) {
        do throws(ConfigError) {
            try DirectiveWalk.run(body.node.children, self)
        } catch {
            if error.location == nil { throw DirectiveError(fatal: error.message) }
            throw DirectiveError(error.message, at: error.location)
        }
    }
}

extension SectionBody {
    /// `virtualhost`, `directory` …
    var sectionName: String { ByteString(node.name).lowercased.from(1).string }
    public var isEmpty: Bool { node.children.isEmpty }
    public var location: SourceLocation { node.location }
}
