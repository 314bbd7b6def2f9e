// Apache: server/core.c dirsection, urlsection, filesection, ifsection, virtualhost_section, ap_limit_section

import Bytes
import ConfigLanguage
import Expressions
import HTTP
import Kernel

/// The containers of core.
enum CoreSections {
    static let rows: [Directive] = [
        Directive(
            "<Directory", .server,
            "Container for directives affecting resources located in the specified directories",
            .section { context, argument, body throws(DirectiveError) in
                try directory(context, argument, body, isMatch: false)
            }),
        Directive(
            "<DirectoryMatch", .server,
            "Container for directives affecting resources located in the specified directories",
            .section { context, argument, body throws(DirectiveError) in
                try directory(context, argument, body, isMatch: true)
            }),
        Directive(
            "<Location", .server,
            "Container for directives affecting resources accessed through the specified URL paths",
            .section { context, argument, body throws(DirectiveError) in
                try location(context, argument, body, isMatch: false)
            }),
        Directive(
            "<LocationMatch", .server,
            "Container for directives affecting resources accessed through the specified URL paths",
            .section { context, argument, body throws(DirectiveError) in
                try location(context, argument, body, isMatch: true)
            }),
        Directive(
            "<Files", .all, "Container for directives affecting files matching specified patterns",
            .section { context, argument, body throws(DirectiveError) in
                try files(context, argument, body, isMatch: false)
            }),
        Directive(
            "<FilesMatch", .all, "Container for directives affecting files matching specified patterns",
            .section { context, argument, body throws(DirectiveError) in
                try files(context, argument, body, isMatch: true)
            }),
        Directive(
            "<If", .all, "Container for directives to be conditionally applied",
            .section { context, argument, body throws(DirectiveError) in
                try conditional(context, argument, body, .if)
            }),
        Directive(
            "<ElseIf", .all, "Container for directives to be conditionally applied",
            .section { context, argument, body throws(DirectiveError) in
                try conditional(context, argument, body, .elseIf)
            }),
        Directive(
            "<Else", .all, "Container for directives to be conditionally applied",
            .section { context, argument, body throws(DirectiveError) in
                try conditional(context, argument, body, .else)
            }),
        Directive(
            "<VirtualHost", .server,
            "Container to map directives to a particular virtual host, takes one or more host addresses",
            .section(virtualHost)),
        Directive(
            "<Limit", [.limit, .authConfig],
            "Container for authentication directives when accessed using specified HTTP methods",
            .section { context, argument, body throws(DirectiveError) in
                try limit(context, argument, body, except: false)
            }),
        Directive(
            "<LimitExcept", [.limit, .authConfig],
            "Container for authentication directives to be applied when any HTTP method other than those specified is used to access the resource",
            .section { context, argument, body throws(DirectiveError) in
                try limit(context, argument, body, except: true)
            }),
    ]

    /// Sections that may not stand in others of their kind (NOT_IN_DIR_CONTEXT).
    private static func refuseInDirectory(_ context: DirectiveContext) throws(DirectiveError) {
        try context.forbidDirectoryContext()
    }
    private static func required(_ context: DirectiveContext, _ argument: ByteString) throws(DirectiveError) {
        if argument.isEmpty { throw DirectiveError("\(context.directive)> directive requires additional arguments") }
    }
    /// The pattern word; `~` and the …Match sections take a regular expression.
    private static func pattern(
        _ context: DirectiveContext, _ argument: ByteString, isMatch: Bool
    ) throws(DirectiveError) -> (text: ByteString, regex: Regex?) {
        var words = ArgumentWords(argument)
        let name = context.directive
        var text = words.next()
        let isRegex = isMatch || text == "~"
        if !isMatch, text == "~" { text = words.next() }
        if !words.isAtEnd { throw DirectiveError("Multiple \(name)> arguments not (yet) supported.") }
        guard isRegex else { return (text, nil) }
        do {
            return (text, try context.regex(text))
        } catch { throw DirectiveError("Regex could not be compiled") }
    }

    static func directory(
        _ context: DirectiveContext, _ argument: ByteString, _ body: SectionBody, isMatch: Bool
    ) throws(DirectiveError) {
        try refuseInDirectory(context)
        try required(context, argument)
        var (text, regex) = try pattern(context, argument, isMatch: isMatch)
        if regex == nil, text != "/" {
            guard let path = canonicalPath(context.configuration.serverRelative(text)) else {
                throw DirectiveError("<Directory \"\(text)\"> path is invalid.")
            }
            text = path.last == UInt8(ascii: "/") ? path : path + "/"
        }
        var vector = ConfigVector()
        vector[Core.directory].directory = text
        vector = try context.process(body, into: vector, path: text, override: DirectiveWalk.sectionOverride)
        context.server.directorySections.append(PathSection(text, regex, vector))
    }

    static func location(
        _ context: DirectiveContext, _ argument: ByteString, _ body: SectionBody, isMatch: Bool
    ) throws(DirectiveError) {
        try refuseInDirectory(context)
        try required(context, argument)
        let (text, regex) = try pattern(context, argument, isMatch: isMatch)
        let vector = try context.process(body, path: text, override: DirectiveWalk.sectionOverride)
        context.server.locationSections.append(PathSection(text, regex, vector))
    }

    static func files(
        _ context: DirectiveContext, _ argument: ByteString, _ body: SectionBody, isMatch: Bool
    ) throws(DirectiveError) {
        for section in ["location", "locationmatch"]
        where context.enclosing.contains(section) {
            throw DirectiveError(
                "\(context.directive)> cannot occur within <\(DirectiveContext.display(section))> section")
        }
        try required(context, argument)
        let (text, regex) = try pattern(context, argument, isMatch: isMatch)
        // At server level a <Files> section may say what a directory section may.
        let override = context.path == nil ? DirectiveWalk.sectionOverride : nil
        let vector = try context.process(body, path: text, override: override)
        context[Core.directory].filesSections.append(PathSection(text, regex, vector))
    }

    static func conditional(
        _ context: DirectiveContext, _ argument: ByteString, _ body: SectionBody, _ kind: IfSection.Kind
    ) throws(DirectiveError) {
        let existing = context[Core.directory].ifSections
        if kind != .if {
            guard let last = existing.last else {
                throw DirectiveError(
                    "<Else> or <ElseIf> section without previous <If> or <ElseIf> section in same scope")
            }
            if last.kind == .else {
                throw DirectiveError(
                    "<Else> or <ElseIf> section without previous <If> or <ElseIf> section in same scope")
            }
        }
        var expression: Expression?
        if kind == .else {
            if !argument.isEmpty { throw DirectiveError("<Else> does not take an argument") }
        } else {
            try required(context, argument)
            var words = ArgumentWords(argument)
            let text = words.next()
            if !words.isAtEnd { throw DirectiveError("expression must be enclosed in quotes") }
            do throws(DirectiveError) {
                expression = try context.parseCondition(text)
            } catch {
                throw DirectiveError("Cannot parse condition clause: \(error.message)")
            }
        }
        // At server level a section may say what a directory section may.
        let override = context.path == nil ? DirectiveWalk.sectionOverride : nil
        let vector = try context.process(body, path: "*If", override: override)
        context[Core.directory].ifSections.append(
            IfSection(kind: kind, expression: expression, config: PerDirectoryConfig(vector)))
    }

    @Sendable static func virtualHost(
        _ context: DirectiveContext, _ argument: ByteString, _ body: SectionBody
    ) throws(DirectiveError) {
        try context.requireGlobal()
        try required(context, argument)
        let server = Server(configuration: context.configuration, isVirtual: true, location: body.location)
        for word in argument.argumentWords {
            server.addresses += try VirtualHostAddress.parse(word, context.configuration)
        }
        // Until ServerName says another, or none.
        server.port = server.addresses.first?.port ?? 0
        server.defaultsInReading = try context.process(
            body, path: nil, override: DirectiveWalk.serverOverride, server: server)
        context.configuration.virtualHosts.append(server)
    }

    static func limit(
        _ context: DirectiveContext, _ argument: ByteString, _ body: SectionBody, except: Bool
    ) throws(DirectiveError) {
        let name = context.directive
        try required(context, argument)
        var mask: UInt64 = 0
        var words = ArgumentWords(argument)
        while !words.isAtEnd {
            let name = words.next()
            // Methods that are not registered share a bit; Apache gives each its own.
            let method = Method(name)
            if method == .trace, !except {
                throw DirectiveError("TRACE cannot be controlled by <Limit>, see TraceEnable")
            }
            // Where requests are served already, no method can be added for all.
            let known = context.configuration.process.registeredMethods
            if context.isHtaccess, method == .other, !known.contains(name) {
                throw DirectiveError(
                    "Could not register method '\(name)' for <\(except ? "LimitExcept" : "Limit") from .htaccess configuration"
                )
            }
            mask |= method.bit
        }
        if except { mask = ~mask }
        // A section in a section says even less.
        let outer = context.limitedMethods
        let known = outer ?? .max
        if known & mask == 0 { throw DirectiveError("\(name)> directive excludes all methods") }
        if known & mask == known { throw DirectiveError("\(name)> directive specifies methods already excluded") }
        context.limitedMethods = known & mask
        defer { context.limitedMethods = outer }
        try context.processHere(body)
    }
}

extension VirtualHostAddress {
    /// `*`, `*:80`, `_default_:443`, `192.0.2.1`, `[::1]:80`, `name:80` (server/vhost.c get_addresses).
    static func parse(_ text: ByteString, _ configuration: Configuration) throws(DirectiveError) -> [VirtualHostAddress]
    {
        guard let (host, portText) = splitHostPort(text) else {
            throw DirectiveError("The address or port is invalid")
        }
        var port: UInt16?
        if let portText, portText != "*" {
            guard let number = portText.decimal else {
                // A port that is no number makes the whole text a name that nothing resolves.
                configuration.say(
                    .error, "core",
                    "(EAI 2)Name or service not known: AH00547: Could not resolve host name \(text) -- ignoring!")
                return []
            }
            guard (0...65535).contains(number) else { throw DirectiveError("The address or port is invalid") }
            port = number == 0 ? nil : UInt16(number)
        }
        if host == "*" || host.equalsIgnoringCase("_default_") {
            return [VirtualHostAddress(address: nil, port: port, text: text)]
        }
        if let address = SocketAddress(host, port: port ?? 0) {
            return [VirtualHostAddress(address: address, port: port, text: text)]
        }
        guard let addresses = try? Resolver.addresses(of: host, port: port ?? 0), !addresses.isEmpty else {
            configuration.say(
                .error, "core",
                "(EAI 2)Name or service not known: AH00547: Could not resolve host name \(host) -- ignoring!")
            return []
        }
        return addresses.map { VirtualHostAddress(address: $0, port: port, text: text) }
    }
}

/// Splits at the last colon, brackets respected. Nil when neither makes sense.
func splitHostPort(_ text: ByteString) -> (host: ByteString, port: ByteString?)? {
    if text.first == UInt8(ascii: "[") {
        guard let close = text.firstIndex(of: UInt8(ascii: "]")) else { return nil }
        let host = text[1..<close]
        if close + 1 == text.count { return (host, nil) }
        guard text[close + 1] == UInt8(ascii: ":") else { return nil }
        return (host, text.from(close + 2))
    }
    guard let colon = text.lastIndex(of: UInt8(ascii: ":")) else { return (text, nil) }
    // A bare IPv6 address.
    if text.firstIndex(of: UInt8(ascii: ":")) != colon { return (text, nil) }
    return (text.upTo(colon), text.from(colon + 1))
}
