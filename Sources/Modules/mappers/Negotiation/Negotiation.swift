// Apache: modules/mappers/mod_negotiation.c (negotiation_cmds, register_hooks, fix_encoding)

import Bytes
import HTTP
import ServerCore

/// Chooses among files of one name by type, language, encoding and character set: MultiViews and type maps.
public enum Negotiation {
    static let directory = ConfigKey<NegotiationConfig>()
    static let server = ConfigKey<NegotiationServerConfig>()

    public static let module = ModuleDefinition(
        "negotiation", .mappers,
        directives: [
            Directive(
                "CacheNegotiatedDocs", .server, "Either 'on' or 'off' (default)",
                .flag { context, flag in context.server[server].cachesDocuments = .set(flag) }),
            Directive(
                "LanguagePriority", .fileInfo, "space-delimited list of MIME language abbreviations",
                .iterate { context, language in
                    let before = context[directory].languagePriority.value(default: [])
                    context[directory].languagePriority = .set(before + [language])
                }),
            Directive(
                "ForceLanguagePriority", .fileInfo,
                "Force LanguagePriority elections, either None, or Fallback and/or Prefer", .iterate(forcePriority)),
        ]
    ) { hooks in
        hooks.onFixups(fixEncoding)
        hooks.onTypeChecker(MultiViews.check, order: .first)
        hooks.onHandler(TypeMap.handle)
    }

    @Sendable private static func forcePriority(
        _ context: DirectiveContext, _ word: ByteString
    ) throws(DirectiveError) {
        let before = context[directory].forcePriority.value(default: [])
        switch word.lowercased {
        case "none":
            guard before.isSubset(of: .none) else {
                throw DirectiveError("Cannot combine ForceLanguagePriority options with None")
            }
            context[directory].forcePriority = .set(.none)
        case "prefer":
            guard !before.contains(.none) else {
                throw DirectiveError("Cannot combine ForceLanguagePriority options None and Prefer")
            }
            context[directory].forcePriority = .set(before.union(.prefer))
        case "fallback":
            guard !before.contains(.none) else {
                throw DirectiveError("Cannot combine ForceLanguagePriority options None and Fallback")
            }
            context[directory].forcePriority = .set(before.union(.fallback))
        default: throw DirectiveError("Invalid ForceLanguagePriority option \(word)")
        }
    }

    /// Names the encoding as the client does: `gzip` or `x-gzip`.
    @Sendable private static func fixEncoding(_ request: Request) -> Outcome {
        guard var encoding = request.contentEncoding, !encoding.isEmpty else { return .declined }
        if encoding.hasPrefix("x-") { encoding = encoding.from(2) }
        guard let field = request.header("Accept-Encoding") else { return .declined }
        var prefixed: ByteString?
        for item in AcceptItem.parse(field) {
            if item.name == encoding {
                request.contentEncoding = item.name
                return .ok
            }
            if item.name.hasPrefix("x-"), item.name.from(2) == encoding { prefixed = item.name }
        }
        guard let prefixed else { return .declined }
        request.contentEncoding = prefixed
        return .ok
    }
}

/// neg_dir_config.
struct NegotiationConfig: MergeableConfig {
    struct Force: OptionSet, Sendable {
        let rawValue: UInt8
        static let none = Force(rawValue: 1)
        static let prefer = Force(rawValue: 2)
        static let fallback = Force(rawValue: 4)
    }
    var forcePriority: Setting<Force> = .inherited
    var languagePriority: Setting<[ByteString]> = .inherited

    static func merged(_ base: NegotiationConfig, _ child: NegotiationConfig) -> NegotiationConfig {
        var result = NegotiationConfig()
        result.forcePriority = child.forcePriority.or(base.forcePriority)
        result.languagePriority = child.languagePriority.or(base.languagePriority)
        return result
    }
}

struct NegotiationServerConfig: MergeableConfig {
    var cachesDocuments: Setting<Bool> = .inherited

    static func merged(_ base: NegotiationServerConfig, _ child: NegotiationServerConfig) -> NegotiationServerConfig {
        var result = NegotiationServerConfig()
        result.cachesDocuments = child.cachesDocuments.or(base.cachesDocuments)
        return result
    }
}
