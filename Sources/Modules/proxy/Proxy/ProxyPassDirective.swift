// Apache: modules/proxy/mod_proxy.c (add_pass, add_pass_reverse, set_proxy_param, proxysection), proxy_util.c
//         (ap_proxy_define_worker_ex)

import Bytes
import ConfigLanguage
import Expressions
import ServerCore

/// ProxyPass, ProxyPassMatch, ProxyPassReverse…, ProxySet, `<Proxy>`.
enum ProxyPassDirective {
    /// ProxyPass and ProxyPassReverse do not belong into `<Directory>` and `<Files>`.
    private static func checkPlace(_ context: DirectiveContext) throws(DirectiveError) {
        try context.forbid(inside: ["directory", "directorymatch", "files", "filesmatch"])
    }

    static func pass(_ context: DirectiveContext, _ arguments: ByteString, isRegex: Bool) throws(DirectiveError) {
        try checkPlace(context)
        var words = ArgumentWords(arguments)
        var path = context.path
        var url: ByteString?
        var alias = ProxyAlias(fake: "", real: "")
        var usesRegex = isRegex
        var parameters: [(ByteString, ByteString)] = []
        while !words.isAtEnd {
            let word = words.next()
            if path == nil {
                if word == "~" {
                    if isRegex { throw DirectiveError("ProxyPassMatch invalid syntax ('~' usage).") }
                    usesRegex = true
                    continue
                }
                path = word
            } else if url == nil {
                url = word
            } else if word.equalsIgnoringCase("nocanon") {
                alias.noCanon = true
            } else if word.equalsIgnoringCase("interpolate") {
                alias.interpolates = true
            } else if word.equalsIgnoringCase("noquery") {
                alias.noQuery = true
            } else {
                parameters.append(try parameter(word, context, url ?? ""))
            }
        }
        guard let path, let url else {
            throw DirectiveError("ProxyPass|ProxyPassMatch needs a path when not defined in a location")
        }
        alias.mapping = try takeMapping(&parameters)
        if alias.mapping != .decoded { context.server[Proxy.server].mapsEncoded = true }
        guard let real = ProxyURL.withoutSocket(url) else {
            throw DirectiveError("ProxyPass|ProxyPassMatch uses an invalid \"unix:\" URL")
        }
        if context.path != nil, Wildcard.isPattern(path) { usesRegex = true }
        alias.fake = path
        alias.real = real
        if usesRegex {
            do throws(RegexError) {
                alias.regex = try context.regex(path)
            } catch { throw DirectiveError("Regular expression could not be compiled.") }
        }
        if context.path != nil {
            context[Proxy.directory].alias = alias
        } else {
            context.server[Proxy.server].aliases.append(alias)
        }
        if alias.isExclusion { return }
        if url.hasPrefixIgnoringCase("balancer://") {
            let balancer = try BalancerDirective.balancer(context, url, "ProxyPass ")
            for (key, value) in parameters { try BalancerDirective.set(context, balancer, key, value, "ProxyPass ") }
            return
        }
        // A backend whose name is a beginning of this one is this one, whatever else is said of it.
        if !usesRegex, let known = ProxyWorker.find(real, in: context.server[Proxy.server].workers) {
            for (key, value) in parameters {
                context.warn(
                    "AH01146: Ignoring parameter '\(key)=\(value)' for worker '\(known.name)' because of worker sharing"
                )
            }
            return
        }
        let worker = try worker(context, url, isMatch: usesRegex, "ProxyPass ")
        for (key, value) in parameters {
            if let complaint = worker.parameters.set(key, value) { throw DirectiveError("ProxyPass \(complaint)") }
        }
    }

    private static func parameter(
        _ word: ByteString, _ context: DirectiveContext, _ url: ByteString
    ) throws(DirectiveError) -> (ByteString, ByteString) {
        if let equals = word.firstIndex(of: UInt8(ascii: "=")) { return (word.upTo(equals), word.from(equals + 1)) }
        if context.path != nil, url.first == UInt8(ascii: "/") {
            throw DirectiveError("ProxyPass|ProxyPassMatch can not have a path when defined in a location.")
        }
        throw DirectiveError(
            "Invalid ProxyPass|ProxyPassMatch parameter. Parameter must be in the form 'key=value'.")
    }
    /// `mapping=` says how paths are compared; it is no parameter of a backend.
    private static func takeMapping(
        _ parameters: inout [(ByteString, ByteString)]
    ) throws(DirectiveError) -> ProxyAlias.Mapping {
        guard let mapping = parameters.last(where: { $0.0.equalsIgnoringCase("mapping") })?.1 else { return .decoded }
        parameters.removeAll { $0.0.equalsIgnoringCase("mapping") }
        if mapping.equalsIgnoringCase("encoded") { return .encoded }
        if mapping.equalsIgnoringCase("servlet") { return .servlet }
        throw DirectiveError("unknown mapping")
    }

    /// The worker of `url`, made when there is none of that name yet.
    static func worker(
        _ context: DirectiveContext, _ url: ByteString, isMatch: Bool, _ prefix: String
    ) throws(DirectiveError) -> ProxyWorker {
        guard let real = ProxyURL.withoutSocket(url), let colon = real.firstIndex(of: UInt8(ascii: ":")), colon > 0
        else {
            throw DirectiveError("\(prefix)URL must be absolute!: \(url)")
        }
        guard let (name, _) = ProxyURL.lowerHost(real) else {
            throw DirectiveError("\(prefix)URL must be absolute!: \(url)")
        }
        if !isMatch, case .malformed = ProxyURL.parse(afterScheme: name.from(colon + 1)) {
            throw DirectiveError("\(prefix)Unable to parse URL: \(url)")
        }
        if let known = context.server[Proxy.server].workers.first(where: { $0.name == name }) { return known }
        let socket = ProxyURL.socket(url).map { context.configuration.runtimeRelative($0) }
        let worker = ProxyWorker(name: name, isMatch: isMatch, socket: socket)
        context.server[Proxy.server].workers.append(worker)
        return worker
    }

    static func reverse(
        _ context: DirectiveContext, _ first: ByteString, _ second: ByteString?, _ third: ByteString?
    ) throws(DirectiveError) {
        try checkPlace(context)
        let interpolate = second?.equalsIgnoringCase("interpolate") ?? false
        if let path = context.path {
            if second != nil, !interpolate {
                throw DirectiveError("ProxyPassReverse can not have a path when defined in a location")
            }
            context[Proxy.directory].reverses.append(ProxyReverse(fake: path, real: first, interpolates: second != nil))
            return
        }
        guard let second, !interpolate else {
            throw DirectiveError("ProxyPassReverse needs a path when not defined in a location")
        }
        context[Proxy.directory].reverses.append(ProxyReverse(fake: first, real: second, interpolates: third != nil))
    }

    // MARK: ProxySet

    static func set(_ context: DirectiveContext, _ arguments: ByteString) throws(DirectiveError) {
        var words = ArgumentWords(arguments)
        let inSection = context.enclosing.last == "proxy" || context.enclosing.last == "proxymatch"
        let name: ByteString
        if inSection, let path = context.path { name = path } else { name = words.next() }
        if name.hasPrefixIgnoringCase("balancer://") {
            return try BalancerDirective.set(context, name, &words, isSection: inSection)
        }
        guard let real = ProxyURL.withoutSocket(name) else {
            throw DirectiveError("ProxySet uses an invalid \"unix:\" URL")
        }
        let worker: ProxyWorker
        if inSection {
            worker = try Self.worker(context, name, isMatch: context.enclosing.last == "proxymatch", "ProxySet ")
        } else {
            guard let known = ProxyWorker.find(real, in: context.server[Proxy.server].workers) else {
                throw DirectiveError("ProxySet can not find '\(name)' Worker.")
            }
            worker = known
        }
        while !words.isAtEnd {
            let word = words.next()
            guard let equals = word.firstIndex(of: UInt8(ascii: "=")) else {
                throw DirectiveError("Invalid ProxySet parameter. Parameter must be in the form 'key=value'")
            }
            if let complaint = worker.parameters.set(word.upTo(equals), word.from(equals + 1)) {
                throw DirectiveError("ProxySet: \(complaint) \(word); \(name)")
            }
        }
    }

    // MARK: <Proxy>

    static func section(
        _ context: DirectiveContext, _ argument: ByteString, _ body: SectionBody, isMatch: Bool
    ) throws(DirectiveError) {
        let title = isMatch ? "<ProxyMatch" : "<Proxy"
        for section in context.enclosing where section != "virtualhost" {
            throw DirectiveError("\(title)> cannot occur within <\(section)> section")
        }
        var words = ArgumentWords(argument)
        var path = words.next()
        if path.hasPrefixIgnoringCase("proxy:") { path = path.from(6) }
        var regex: Regex?
        if isMatch {
            do throws(RegexError) {
                regex = try context.regex(path)
            } catch { throw DirectiveError("Regex could not be compiled") }
        }
        let vector = try context.process(body, path: path, override: Allowed.all.union(.directory))
        let pattern = SectionPattern(path, regex)
        context.server[Proxy.server].sections.append(
            ProxySection(pattern: pattern, config: PerDirectoryConfig(vector)))
        guard !words.isAtEnd else { return }
        if isMatch { throw DirectiveError("Multiple <ProxyMatch> arguments not (yet) supported.") }
        if case .wildcard = pattern {
            throw DirectiveError("\(title)> arguments are not supported for wildchar url.")
        }
        guard path.contains(UInt8(ascii: ":")) else {
            throw DirectiveError("\(title)> arguments are not supported for non url.")
        }
        if path.hasPrefixIgnoringCase("balancer://") {
            let balancer = try BalancerDirective.balancer(context, path, "\(title) ")
            while !words.isAtEnd {
                let (key, value) = try BalancerDirective.pair(
                    words.next(), "Invalid Proxy parameter. Parameter must be in the form 'key=value'")
                try BalancerDirective.set(context, balancer, key, value, "\(title) ")
            }
            return
        }
        let worker = try worker(context, path, isMatch: false, "\(title) ")
        while !words.isAtEnd {
            let word = words.next()
            guard let equals = word.firstIndex(of: UInt8(ascii: "=")) else {
                throw DirectiveError("Invalid Proxy parameter. Parameter must be in the form 'key=value'")
            }
            if let complaint = worker.parameters.set(word.upTo(equals), word.from(equals + 1)) {
                throw DirectiveError("\(title) \(complaint) \(word); \(path)")
            }
        }
    }
}
