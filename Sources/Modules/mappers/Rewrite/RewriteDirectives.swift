// Apache: modules/mappers/mod_rewrite.c (cmd_rewriteengine … cmd_rewriterule)

import Bytes
import Expressions
import ServerCore

enum RewriteDirectives {
    /// Notes in whose scope a directive stands: the module's configuration exists there from now on.
    private static func touch(_ context: DirectiveContext) {
        if let path = context.path, context[Rewrite.directory].directory == nil {
            context[Rewrite.directory].directory = path.last == UInt8(ascii: "/") ? path : path + "/"
        }
        if !context.isHtaccess, context.server[Rewrite.server].owner == nil {
            context.server[Rewrite.server].owner = ObjectIdentifier(context.server)
        }
    }

    @Sendable static func engine(_ context: DirectiveContext, _ flag: Bool) throws(DirectiveError) {
        touch(context)
        if context.path == nil { context.server[Rewrite.server].engine = .set(flag) }
        context[Rewrite.directory].engine = .set(flag)
    }

    @Sendable static func options(_ context: DirectiveContext, _ argument: ByteString) throws(DirectiveError) {
        touch(context)
        var options: RewriteOptions = []
        for word in argument.words() {
            switch word.lowercased {
            case "inherit": options.insert(.inherit)
            case "inheritbefore": options.insert(.inheritBefore)
            case "inheritdown": options.insert(.inheritDown)
            case "inheritdownbefore": options.insert(.inheritDownBefore)
            case "ignoreinherit": options.insert(.ignoreInherit)
            case "allownoslash": options.insert(.allowNoSlash)
            case "allowanyuri": options.insert(.allowAnyURI)
            case "mergebase": options.insert(.mergeBase)
            case "ignorecontextinfo": options.insert(.ignoreContextInfo)
            case "legacyprefixdocroot": options.insert(.legacyPrefixDocRoot)
            case "unsafeprefixstat": options.insert(.unsafePrefixStat)
            default:
                guard word.hasPrefixIgnoringCase("MaxRedirects=") else {
                    throw DirectiveError("RewriteOptions: unknown option '\(word)'")
                }
                context.warn(
                    "AH00664: RewriteOptions: MaxRedirects option has been removed in favor of the global LimitInternalRecursion directive and will be ignored."
                )
            }
        }
        if context.path == nil {
            let old = context.server[Rewrite.server].options.value(default: [])
            context.server[Rewrite.server].options = .set(old.union(options))
        }
        let old = context[Rewrite.directory].options.value(default: [])
        context[Rewrite.directory].options = .set(old.union(options))
    }

    @Sendable static func base(_ context: DirectiveContext, _ url: ByteString) throws(DirectiveError) {
        touch(context)
        guard context.path != nil else {
            throw DirectiveError("RewriteBase: only valid in per-directory config files")
        }
        guard let first = url.first else { throw DirectiveError("RewriteBase: empty URL not allowed") }
        guard first == UInt8(ascii: "/") else { throw DirectiveError("RewriteBase: argument is not a valid URL") }
        context[Rewrite.directory].base = .set(url)
    }

    @Sendable static func condition(_ context: DirectiveContext, _ line: ByteString) throws(DirectiveError) {
        touch(context)
        guard let arguments = RewriteArguments(line) else {
            throw DirectiveError("RewriteCond: bad argument line '\(line)'")
        }
        var flags: RewriteCondition.Flags = []
        if let field = arguments.third {
            do throws(DirectiveError) {
                try RewriteArguments.flags(field) { name, _ throws(DirectiveError) in try flags.set(name) }
            } catch {
                throw DirectiveError("RewriteCond: \(error.message)")
            }
        }
        let condition = try RewriteConditionPattern.parse(arguments, flags, context)
        if context.path == nil {
            context.server[Rewrite.server].pending.append(condition)
        } else {
            context[Rewrite.directory].pending.append(condition)
        }
    }

    @Sendable static func rule(_ context: DirectiveContext, _ line: ByteString) throws(DirectiveError) {
        touch(context)
        guard let arguments = RewriteArguments(line) else {
            throw DirectiveError("RewriteRule: bad argument line '\(line)'")
        }
        var settings = RewriteRule.Settings()
        if let field = arguments.third {
            do throws(DirectiveError) {
                try RewriteArguments.flags(field) { name, value throws(DirectiveError) in try settings.set(name, value)
                }
            } catch {
                throw DirectiveError("RewriteRule: \(error.message)")
            }
        }
        var pattern = arguments.first
        if pattern.first == UInt8(ascii: "!") {
            settings.flags.insert(.notMatch)
            pattern = pattern.from(1)
        }
        guard let regex = try? context.regex(pattern, settings.flags.contains(.noCase) ? .ignoreCase : []) else {
            throw DirectiveError("RewriteRule: cannot compile regular expression '\(pattern)'")
        }
        let output = substitution(arguments, &settings)
        let pending =
            context.path == nil ? context.server[Rewrite.server].pending : context[Rewrite.directory].pending
        let rule = RewriteRule(
            pattern: pattern, regex: regex, output: output, settings: settings, conditions: pending)
        if context.path == nil {
            context.server[Rewrite.server].rules.append(rule)
            context.server[Rewrite.server].pending = []
        } else {
            context[Rewrite.directory].rules.append(rule)
            context[Rewrite.directory].pending = []
        }
    }

    /// What a `?` at the end of the substitution means for the query.
    private static func substitution(_ arguments: RewriteArguments, _ settings: inout RewriteRule.Settings)
        -> ByteString
    {
        let output = arguments.second
        if output == "-" { settings.flags.insert(.noSubstitution) }
        if arguments.endsWithQuestion {
            if settings.flags.contains(.queryAppend) {
                settings.flags.insert(.queryLast)
            } else {
                settings.flags.insert(.queryNone)
                return output.upTo(output.count - 1)
            }
        } else if settings.flags.contains(.queryDiscard), !output.contains(UInt8(ascii: "?")) {
            settings.flags.insert(.queryNone)
        }
        return output
    }

    @Sendable static func map(
        _ context: DirectiveContext, _ name: ByteString, _ source: ByteString, _ owner: ByteString?
    ) throws(DirectiveError) {
        touch(context)
        context.server[Rewrite.server].maps[name] = try RewriteMap(name: name, source: source, owner: owner, context)
    }

    /// Starts the programs of `RewriteMap … prg:` in this child, for the servers whose engine is on.
    @Sendable static func startPrograms(_ configuration: Configuration) throws(DirectiveError) {
        for server in configuration.servers {
            let config = server[Rewrite.server]
            guard config.engine.value(default: false) else { continue }
            for map in config.maps.values where map.isProgram && !map.start() {
                server.log(
                    .error, "rewrite", "AH00654: mod_rewrite: could not start RewriteMap program \(map.checkFile)")
            }
        }
    }
}
