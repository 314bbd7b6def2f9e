// Apache: modules/proxy/mod_proxy.c (proxy_trans, ap_proxy_trans_match, proxy_map_location, proxy_walk, proxy_fixup),
//         proxy_util.c (ap_proxy_canon_url)

import Bytes
import Expressions
import HTTP
import ServerCore

/// Which URL goes to which backend.
enum ProxyTranslation {
    @Sendable static func translate(_ request: Request) -> Outcome {
        if request.isReverseProxied { return .ok }
        return map(request, isEncoded: false)
    }
    /// `mapping=encoded` and `mapping=servlet` look at the path as the client sent it.
    @Sendable static func preTranslate(_ request: Request) -> Outcome {
        if request.isReverseProxied { return .done }
        guard request.server[Proxy.server].mapsEncoded else { return .declined }
        let outcome = map(request, isEncoded: true)
        return outcome == .ok ? .done : outcome
    }
    private static func map(_ request: Request, isEncoded: Bool) -> Outcome {
        guard request.unparsedURI != "*", request.uri.first == UInt8(ascii: "/") else { return .declined }
        let directory = request[Proxy.directory]
        let aliases = request.server[Proxy.server].aliases
        guard directory.alias != nil || !aliases.isEmpty else { return .declined }
        if request.isSet("no-proxy") { return .declined }
        if let alias = directory.alias, (alias.mapping != .decoded) == isEncoded,
            let outcome = match(alias, directory, request)
        {
            return outcome
        }
        for alias in aliases where (alias.mapping != .decoded) == isEncoded {
            if let outcome = match(alias, directory, request) { return outcome }
        }
        return .declined
    }

    /// Nil: this alias is of another URL.
    private static func match(_ alias: ProxyAlias, _ directory: ProxyDirectory, _ request: Request) -> Outcome? {
        let interpolates = alias.interpolates && directory.interpolates.value(default: false)
        let fake = interpolates ? ProxyURL.interpolate(alias.fake, request) : alias.fake
        let real = interpolates ? ProxyURL.interpolate(alias.real, request) : alias.real
        var mismatch = false
        let found: ByteString
        if let regex = alias.regex {
            guard var captures = regex.match(request.uri) else { return nil }
            if real == "!" { return .declined }
            var subject = request.uri
            if alias.noCanon {
                if let raw = regex.match(request.unparsedURI) {
                    captures = raw
                    subject = request.unparsedURI
                } else {
                    mismatch = true
                }
            }
            guard let expanded = Substitution.expand(real, source: subject, captures: captures) else {
                request.log(
                    .crit, "proxy",
                    "AH01135: Substitution in regular expression failed. Replacement too long?")
                return .status(500)
            }
            found = expanded == real ? "proxy:\(real)\(subject)" : "proxy:\(expanded)"
        } else if alias.mapping == .servlet {
            guard let (length, path) = ServletPath.match(request.uri, fake) else { return nil }
            if real == "!" { return .declined }
            found = "proxy:\(real)\(request.uri.from(length))"
            request.uri = path
        } else {
            let length = ProxyURL.aliasMatch(request.uri, fake)
            guard length > 0 else { return nil }
            if real == "!" { return .declined }
            var subject = request.uri
            if alias.noCanon {
                if ProxyURL.aliasMatch(request.unparsedURI, fake) == length {
                    subject = request.unparsedURI
                } else {
                    mismatch = true
                }
            }
            found = "proxy:\(real)\(subject.from(length))"
        }
        if mismatch {
            request.log(
                .warning, "proxy", "AH01136: Unescaped URL path matched ProxyPass; ignoring unsafe nocanon")
        }
        request.filename = found
        request.handler = "proxy-server"
        if alias.mapping != .decoded { request.notes.set("proxy-noencode", "1") }
        if alias.noCanon, !mismatch, alias.mapping != .servlet { request.notes.set("proxy-nocanon", "1") }
        if alias.noQuery { request.notes.set("proxy-noquery", "1") }
        return .ok
    }

    /// Takes the place of the directory walk: `<Proxy>` sections instead of `<Directory>` ones.
    @Sendable static func walk(_ request: Request) -> Outcome {
        guard request.isReverseProxied, let filename = request.filename else { return .declined }
        let sections = request.server[Proxy.server].sections
        guard !sections.isEmpty else { return .ok }
        let name = filename.from(6)
        for section in sections where matches(section.pattern, name, request) { request.apply(section: section.config) }
        return .ok
    }
    private static func matches(_ pattern: SectionPattern, _ name: ByteString, _ request: Request) -> Bool {
        switch pattern {
        case .exact(let text): return name.hasPrefix(text)
        case .wildcard(let text): return Wildcard.matches(text, name)
        case .regex(let regex):
            let names = regex.groupNames
            guard !names.isEmpty else { return regex.matches(name) }
            var groups: [Range<Int>?] = []
            guard regex.match(name, groups: &groups) else { return false }
            for (group, number) in names where number < groups.count {
                if let range = groups[number] { request.env.set("MATCH_\(group.uppercased)", name[range]) }
            }
            return true
        }
    }

    @Sendable static func fixup(_ request: Request) -> Outcome {
        guard request.isReverseProxied else { return .declined }
        return canonicalize(request)
    }

    /// Takes the socket out of the file name and brings the URL into the scheme's canonical form.
    static func canonicalize(_ request: Request) -> Outcome {
        guard let filename = request.filename else { return .declined }
        guard let (socket, rest) = request.isProxyRequest ? (nil, filename) : ProxyURL.splitFilename(filename) else {
            request.notes.unset("uds_path")
            request.log(.error, "proxy", "AH10292: Invalid proxy UDS filename (\(filename))")
            return .status(400)
        }
        if let socket {
            request.notes.set("uds_path", request.configuration.runtimeRelative(socket))
            request.filename = rest
        } else {
            request.notes.unset("uds_path")
        }
        if request.methodNumber == .connect { return .ok }
        let url = rest.from(6)
        guard let colon = url.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return .status(400) }
        guard let scheme = request.configuration.provider(ProxyScheme.group, url.upTo(colon).lowercased) else {
            return .ok
        }
        let outcome = scheme.canonicalize(request, url)
        return outcome == .declined ? .ok : outcome
    }
}
