// Apache: modules/mappers/mod_rewrite.c (is_absolute_uri, escape_absolute_uri, splitout_queryargs, reduce_uri,
//         fully_qualify_uri, subst_prefix_path, prefix_stat)

import Bytes
import HTTP
import ServerCore

enum RewriteURL {
    private struct Scheme {
        let prefix: StaticString
        let takesQuery: Bool
    }
    private static let schemes: [Scheme] = [
        Scheme(prefix: "http://", takesQuery: true), Scheme(prefix: "https://", takesQuery: true),
        Scheme(prefix: "ajp://", takesQuery: true), Scheme(prefix: "balancer://", takesQuery: true),
        Scheme(prefix: "ftp://", takesQuery: false), Scheme(prefix: "fcgi://", takesQuery: true),
        Scheme(prefix: "gopher://", takesQuery: false), Scheme(prefix: "h2://", takesQuery: true),
        Scheme(prefix: "h2c://", takesQuery: true), Scheme(prefix: "ldap://", takesQuery: false),
        Scheme(prefix: "mailto:", takesQuery: true), Scheme(prefix: "news:", takesQuery: false),
        Scheme(prefix: "nntp://", takesQuery: false), Scheme(prefix: "scgi://", takesQuery: true),
        Scheme(prefix: "ws://", takesQuery: true), Scheme(prefix: "wss://", takesQuery: true),
    ]

    /// Length of the scheme with its slashes and whether a query makes sense for it; nil when `uri` does not begin
    /// with a scheme known here.
    static func absolute(_ uri: ByteString) -> (length: Int, takesQuery: Bool)? {
        guard let first = uri.first, first != UInt8(ascii: "/"), uri.count > 5 else { return nil }
        for scheme in schemes where uri.hasPrefixIgnoringCase(scheme.prefix) {
            return (scheme.prefix.utf8CodeUnitCount, scheme.takesQuery)
        }
        guard uri.hasPrefixIgnoringCase("unix:") else { return nil }
        return (uri.from(5).hasPrefix("//") ? 7 : 5, true)
    }

    /// Escapes what comes after scheme and host.
    static func escapeAbsolute(_ uri: ByteString, scheme: Int) -> ByteString {
        guard scheme > 0, uri.count >= scheme else { return uri }
        var at = scheme
        if uri[at - 1] == UInt8(ascii: "/") {
            while at < uri.count, uri[at] != UInt8(ascii: "/") { at += 1 }
            guard at + 1 < uri.count else { return uri }
            at += 1
            if uri.hasPrefixIgnoringCase("ldap") {
                // ldap://host/dn?attributes?scope?filter?extensions: each part by itself.
                let parts = uri.from(at).bytes.split(
                    separator: UInt8(ascii: "?"), maxSplits: 4, omittingEmptySubsequences: false)
                let escaped = parts.map { ByteString(Array($0)).escapedPath.bytes }
                return uri.upTo(at) + ByteString(Array(escaped.joined(separator: [UInt8(ascii: "?")])))
            }
        }
        return uri.upTo(at) + uri.from(at).escapedPath
    }

    /// `path` with the directory `match` at its beginning replaced by `replacement`; as it is when it is elsewhere.
    static func substitutePrefix(
        _ path: ByteString, _ match: ByteString, _ replacement: ByteString, _ context: RewriteContext
    ) -> ByteString {
        let length = match.last == UInt8(ascii: "/") ? match.count - 1 : match.count
        guard path.count > length, path.hasPrefix(match.upTo(length)), path[length] == UInt8(ascii: "/") else {
            return path
        }
        let rest = path.from(length + 1)
        context.trace(5, "strip matching prefix: \(path) -> \(rest)", inDirectory: false)
        let needsSlash = !replacement.isEmpty && replacement.last != UInt8(ascii: "/")
        let result = needsSlash ? replacement + "/" + rest : replacement + rest
        context.trace(4, "add subst prefix: \(rest) -> \(result)", inDirectory: false)
        return result
    }

    /// Printable and no blank: nothing that a query must not hold.
    static func isClean(_ query: ByteString) -> Bool { query.allSatisfy(RewriteEscape.isVisible) }
}

extension RewriteContext {
    /// Moves what follows `?` in the name to the query (splitout_queryargs).
    func splitQuery(_ flags: RewriteRule.Flags) {
        if flags.contains(.queryNone) {
            trace(2, "discarding query string, no parse from substitution", inDirectory: false)
            request.args = nil
            return
        }
        let name = request.filename ?? ""
        let scheme = RewriteURL.absolute(name)
        if let scheme, !scheme.takesQuery {
            request.args = nil
            return
        }
        if flags.contains(.queryDiscard) {
            request.args = nil
            trace(2, "discarding query string", inDirectory: false)
        }
        let tail = name.bytes[(scheme?.length ?? 0)...]
        let mark = UInt8(ascii: "?")
        guard let question = flags.contains(.queryLast) ? tail.lastIndex(of: mark) : tail.firstIndex(of: mark)
        else { return }
        let query = name.from(question + 1)
        request.filename = name.upTo(question)
        if flags.contains(.queryAppend) {
            if !query.isEmpty { request.args = query + "&" + (request.args ?? "") }
        } else {
            request.args = query
        }
        if let args = request.args {
            if args.isEmpty {
                request.args = nil
            } else if args.last == UInt8(ascii: "&") {
                request.args = args.upTo(args.count - 1)
            }
        }
        trace(
            3, "split uri=\(name) -> uri=\(request.filename ?? ""), args=\(request.args ?? "<none>")",
            inDirectory: false)
    }

    /// Takes `http://this-server` off the name (reduce_uri).
    func reduceURI() {
        let name = request.filename ?? ""
        let prefix = request.scheme + "://"
        guard name.count > prefix.count, name.upTo(prefix.count).equalsIgnoringCase(prefix) else { return }
        let rest = name.from(prefix.count)
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ":") } ?? rest.count
        let host = rest.upTo(end)
        var port = request.defaultPort
        var url: ByteString = "/"
        if end < rest.count, rest[end] == UInt8(ascii: ":") {
            let portEnd = rest.bytes[(end + 1)...].firstIndex(of: UInt8(ascii: "/")) ?? rest.count
            port = UInt16(truncatingIfNeeded: CInteger.parse(rest.bytes[(end + 1)..<portEnd]))
            if portEnd < rest.count { url = rest.from(portEnd) }
        } else if end < rest.count {
            url = rest.from(end)
        }
        guard request.matchesVirtualHost(host, port) else { return }
        trace(3, "reduce \(name) -> \(url)", inDirectory: false)
        request.filename = url
        if !request.server[Rewrite.server].options.value(default: []).contains(.legacyPrefixDocRoot) {
            request.notes.set("mod_rewrite_uri_reduced", "true")
        }
    }

    /// Puts scheme and name of this server before a name that has none (fully_qualify_uri).
    func qualifyURI() {
        guard request.methodNumber != .connect else { return }
        let name = request.filename ?? ""
        guard RewriteURL.absolute(name) == nil else { return }
        let slash: ByteString = name.first == UInt8(ascii: "/") ? "" : "/"
        request.filename = request.serverURL + slash + name
    }

    /// Whether the first part of a path is a file and the path may be meant as a path of the file system: the rule
    /// says so literally, or it leads below a document root (prefix_stat).
    func prefixExists(_ path: ByteString, lastRule: RewriteRule?) -> Bool {
        guard path.first == UInt8(ascii: "/") else { return false }
        let bytes = path.bytes
        let start = bytes.firstIndex { $0 != UInt8(ascii: "/") } ?? bytes.count
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "/")) ?? bytes.count
        let segment = ByteString(Array(bytes[start..<end]))
        guard segment != ".." else { return false }
        let top: ByteString = segment == "." ? "/" : "/" + segment
        guard request.files.status(top) != nil else { return false }
        guard let lastRule else {
            trace(3, "prefix_stat no lastsub subst prefix \(top)", inDirectory: false)
            return true
        }
        let isUnsafe = lastRule.flags.contains(.unsafePrefixStat)
        trace(
            3,
            "prefix_stat compare statpath \(top) and lastsub output \(lastRule.output) STATOK \(isUnsafe ? 4_194_304 : 0) ",
            inDirectory: false)
        if isUnsafe || begins(lastRule.output, top) { return true }
        let root = request.documentRoot
        if begins(path, root) { return true }
        guard let contextRoot = request.contextDocumentRoot, contextRoot != root else { return false }
        return begins(path, contextRoot)
    }
    private func begins(_ text: ByteString, _ prefix: ByteString) -> Bool {
        let result = text.hasPrefix(prefix)
        trace(5, "prefix_stat startsWith(\(text), \(prefix)) \(result ? 1 : 0)", inDirectory: false)
        return result
    }
}
