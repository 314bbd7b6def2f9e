// Apache: modules/md/mod_md_config.c (md_cmds, md_conf_check_location)

import Bytes
import ServerCore

extension ManagedDomains {
    static let directives: [Directive] = domainRows + sectionRows + globalRows + staplingRows
}

/// Where a directive of this module may stand (md_conf_check_location).
enum Place { case anywhere, outsideDomain, insideDomain }

extension DirectiveContext {
    var isInsideDomain: Bool { enclosing.contains("mdomain") || enclosing.contains("mdomainset") }

    func check(_ place: Place) throws(DirectiveError) {
        switch place {
        case .insideDomain:
            guard isInsideDomain else {
                throw DirectiveError("\(directive) is only valid inside a '<MDomainSet' context, not here")
            }
            return
        case .outsideDomain:
            if isInsideDomain { throw DirectiveError("\(directive) is not allowed inside an '<MDomainSet' context") }
        case .anywhere: if isInsideDomain { return }
        }
        try forbid(inside: ["directory", "directorymatch", "location", "locationmatch"])
    }
    var settings: DomainSettings {
        get { server[ManagedDomains.server].settings }
        set { server[ManagedDomains.server].settings = newValue }
    }
    var global: GlobalConfig {
        get { configuration.mainServer[ManagedDomains.global] }
        set { configuration.mainServer[ManagedDomains.global] = newValue }
    }
}

extension Directive {
    typealias Setter = @Sendable (inout DomainSettings, ByteString) throws(DirectiveError) -> Void
    typealias GlobalSetter = @Sendable (inout GlobalConfig, ByteString) throws(DirectiveError) -> Void

    /// A setting of one domain, or outside of sections of all that follow.
    static func domain(_ name: StaticString, _ usage: StaticString, _ set: @escaping Setter) -> Directive {
        Directive(
            name, .server, usage,
            .take1 { context, word throws(DirectiveError) in
                try context.check(.anywhere)
                try set(&context.settings, word)
            })
    }

    /// A setting there is once.
    static func whole(
        _ name: StaticString, _ usage: StaticString, _ place: Place = .outsideDomain, _ set: @escaping GlobalSetter
    ) -> Directive {
        Directive(
            name, .server, usage,
            .take1 { context, word throws(DirectiveError) in
                try context.check(place)
                try set(&context.global, word)
            })
    }

    /// A command: the rest of the line as it is.
    static func raw(
        _ name: StaticString, _ usage: StaticString, _ place: Place,
        _ set: @escaping @Sendable (DirectiveContext, String) -> Void
    )
        -> Directive
    {
        Directive(
            name, .server, usage,
            .rawArgs { context, text throws(DirectiveError) in
                try context.check(place)
                set(context, text.trimmed().string)
            })
    }

    /// Any number of words.
    static func argv(
        _ name: StaticString, _ usage: StaticString, _ set: @escaping DirectiveSetter<[ByteString]>
    ) -> Directive { Directive(name, .server, usage, .takeArgv(set)) }
}
