// Apache: modules/aaa/mod_authz_core.c (authz_cmds)

import Bytes
import ConfigLanguage
import ServerCore

extension AuthzCore {
    static let rows: [Directive] = [
        Directive(
            "<AuthzProviderAlias", .server,
            "container for grouping an authorization provider's directives under a provider alias",
            .section(providerAlias)),
        Directive(
            "Require", .authConfig,
            "specifies authorization directives which one must pass (or not) for a request to suceeed",
            .rawArgs(require)),
        Directive(
            "<RequireAll", .authConfig,
            "container for grouping authorization directives of which none must fail and at least one must pass for a request to succeed",
            .section { context, argument, body throws(DirectiveError) in
                try container(context, argument, body, AuthzSection(.all))
            }),
        Directive(
            "<RequireAny", .authConfig,
            "container for grouping authorization directives of which one must pass for a request to succeed",
            .section { context, argument, body throws(DirectiveError) in
                try container(context, argument, body, AuthzSection(.any))
            }),
        Directive(
            "<RequireNone", .authConfig,
            "container for grouping authorization directives of which none must pass for a request to succeed",
            .section { context, argument, body throws(DirectiveError) in
                try container(context, argument, body, AuthzSection(.any, isNegated: true))
            }),
        Directive(
            "AuthMerging", .authConfig,
            "controls how a <Directory>, <Location>, or similar directive's authorization directives are combined with those of its predecessor",
            .take1(authMerging)),
        Directive.flag(
            "AuthzSendForbiddenOnFailure", .authConfig,
            "Controls if an authorization failure should result in a '403 FORBIDDEN' response instead of the HTTP-conforming '401 UNAUTHORIZED'",
            in: directory, \.sendForbidden),
    ]

    @Sendable static func require(_ context: DirectiveContext, _ text: ByteString) throws(DirectiveError) {
        var words = ArgumentWords(text)
        var provider = words.next()
        let isNegated = provider.equalsIgnoringCase("not")
        if isNegated { provider = words.next() }
        let arguments = words.rest
        guard let found = context.configuration.authzProvider(provider) else {
            throw DirectiveError("Unknown Authz provider: \(provider)")
        }
        let check = try found.parse(context, arguments)
        let section = openSection(context)
        if isNegated, section.logic == .any {
            throw DirectiveError(
                "negative \(context.directive) directive has no effect in \(section.description) directive")
        }
        let limited = context.limitedMethods ?? .max
        section.limited |= limited
        section.children.append(
            AuthzSection(
                .init(provider: provider, arguments: arguments, check: check), isNegated: isNegated, limited: limited))
    }

    /// The container being filled; an unwritten `<RequireAny>` when there is none.
    private static func openSection(_ context: DirectiveContext) -> AuthzSection {
        if let section = context[directory].section { return section }
        let section = AuthzSection(.any)
        context[directory].section = section
        if !context.isHtaccess { context.configuration.mainServer[server].sections.append(section) }
        return section
    }

    private static func container(
        _ context: DirectiveContext, _ argument: ByteString, _ body: SectionBody, _ section: AuthzSection
    ) throws(DirectiveError) {
        let directiveName = context.directive
        guard argument.isEmpty else {
            throw DirectiveError("\(directiveName)> directive doesn't take additional arguments")
        }
        let outer = context[directory].section
        context[directory].section = section
        do throws(DirectiveError) {
            try context.processHere(body, override: .authConfig)
        } catch {
            context[directory].section = outer
            throw error
        }
        context[directory].section = outer
        guard !section.children.isEmpty else {
            throw DirectiveError("\(section.description) directive contains no authorization directives")
        }
        let parent = openSection(context)
        if section.isNegated, parent.logic == .any {
            throw DirectiveError("\(section.description) directive has no effect in \(parent.description) directive")
        }
        parent.adopt(section)
    }

    @Sendable static func authMerging(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        let merging: Merging
        if word.equalsIgnoringCase("Off") {
            merging = .off
        } else if word.equalsIgnoringCase("And") {
            merging = .and
        } else if word.equalsIgnoringCase("Or") {
            merging = .or
        } else {
            throw DirectiveError("\(context.directive) must be one of: Off | And | Or")
        }
        context[directory].merging = .set(merging)
    }

    /// `<AuthzProviderAlias provider alias "arguments">`
    @Sendable static func providerAlias(
        _ context: DirectiveContext, _ argument: ByteString, _ body: SectionBody
    ) throws(DirectiveError) {
        let directiveName = context.directive
        try context.requireGlobal()
        var words = ArgumentWords(argument)
        let (provider, alias) = (words.next(), words.next())
        let (arguments, extra) = (words.next(), words.next())
        guard !provider.isEmpty, !alias.isEmpty else {
            throw DirectiveError("\(directiveName)> directive requires additional arguments")
        }
        if !extra.isEmpty {
            context.warn(
                "AH10142: When several arguments (\(arguments) \(extra)...) are passed to a \(directiveName) directive, they must be enclosed in quotation marks.  Otherwise, only the first one is taken into account"
            )
        }
        let vector = try context.process(body, path: nil, override: [.authConfig, .directory])
        guard let found = context.configuration.authzProvider(provider) else {
            throw DirectiveError("Unknown Authz provider: \(provider)")
        }
        let check: AuthzCheck
        do throws(DirectiveError) {
            check = try found.parse(context, arguments)
        } catch {
            throw DirectiveError("Can't parse 'Require \(provider) \(arguments)': \(error.message)")
        }
        let section = PerDirectoryConfig(vector)
        context.configuration.mainServer[server].aliases[alias] = AuthzProvider { _, _ in
            { request in request.under(section) { check(request) } }
        }
    }
}
