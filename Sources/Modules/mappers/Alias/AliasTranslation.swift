// Apache: modules/mappers/mod_alias.c (alias_matches, try_alias, try_redirect, try_alias_list,
//         translate_alias_redir, fixup_redir)

import Bytes
import Expressions
import HTTP
import ServerCore

/// How many bytes of `uri` the path `fake` takes; 0 when it does not lead it. Any number of slashes matches any number.
func aliasMatch(_ uri: ByteString, _ fake: ByteString) -> Int {
    let slash = UInt8(ascii: "/")
    var at = 0
    var inFake = 0
    while inFake < fake.count {
        if fake[inFake] == slash {
            guard at < uri.count, uri[at] == slash else { return 0 }
            while inFake < fake.count, fake[inFake] == slash { inFake += 1 }
            while at < uri.count, uri[at] == slash { at += 1 }
        } else {
            guard at < uri.count, uri[at] == fake[inFake] else { return 0 }
            at += 1
            inFake += 1
        }
    }
    if let last = fake.last, last != slash, at < uri.count, uri[at] != slash { return 0 }
    return at
}

enum AliasTranslation {
    private enum Found {
        case nothing
        /// Apache's error status follows; it was logged.
        case failed
        case value(ByteString, status: Int)
    }

    @Sendable static func translate(_ request: Request) -> Outcome {
        guard request.uri.isEmpty || request.uri.first == UInt8(ascii: "/") else { return .declined }
        if let outcome = redirect(request, request.server[Alias.server].redirects, ("AH00673", "AH00674")) {
            return outcome
        }
        var found = wholeAlias(request)
        if case .nothing = found { found = search(request.server[Alias.server].aliases, request, isRedirect: false) }
        switch found {
        case .nothing: return .declined
        case .failed: return .status(500)
        case .value(let path, _):
            request.filename = request.configuration.serverRelative(path)
            return .ok
        }
    }

    @Sendable static func fixup(_ request: Request) -> Outcome {
        redirect(request, request[Alias.directory].redirects, ("AH00675", "AH00676")) ?? .declined
    }

    /// The answer of the first Redirect that holds; nil when none does.
    private static func redirect(
        _ request: Request, _ entries: [AliasEntry], _ numbers: (String, String)
    ) -> Outcome? {
        var found = wholeRedirect(request)
        if case .nothing = found { found = search(entries, request, isRedirect: true) }
        switch found {
        case .nothing: return nil
        case .failed: return .status(500)
        case .value(let target, let status):
            guard (300..<400).contains(status) else { return .status(status) }
            return answer(request, target, status, numbers)
        }
    }

    private static func answer(
        _ request: Request, _ target: ByteString, _ status: Int, _ numbers: (String, String)
    ) -> Outcome {
        var url = target
        let isPath = url.first == UInt8(ascii: "/")
        if !(request[Alias.directory].allowsRelative.value(default: false) && isPath) {
            if isPath {
                url = request.absoluteURL(url)
                request.log(
                    .debug, "alias",
                    "\(numbers.0): incomplete redirection target of '\(target)' for URI '\(request.uri)' modified to '\(url)'"
                )
            }
            guard isURL(url) else {
                request.log(
                    .error, "alias",
                    "\(numbers.1): cannot redirect '\(request.uri)' to '\(url)'; target is not a valid absoluteURI or abs_path"
                )
                return .status(500)
            }
        }
        // The client's query goes along, unless the configuration has one.
        if let args = request.args, !url.contains(UInt8(ascii: "?")) { url = url + "?" + args }
        request.headersOut.set("Location", url)
        return .status(status)
    }

    // MARK: Sections

    private static func wholeAlias(_ request: Request) -> Found {
        guard let alias = request[Alias.directory].alias else { return .nothing }
        var path: ByteString
        do throws(ExpressionFailure) {
            path = try request.string(alias.expression)
        } catch {
            request.log(.error, "alias", "AH02825: Can't evaluate alias expression: \(error.message)")
            return .failed
        }
        if request[Alias.directory].preservesPath.value(default: false) {
            let length = aliasMatch(request.uri, alias.fake)
            if length > 0 {
                request.contextPrefix = alias.fake
                request.contextDocumentRoot = path
                path = path + request.uri.from(length)
            }
        }
        force(alias.handler, request)
        return .value(path, status: 0)
    }

    private static func wholeRedirect(_ request: Request) -> Found {
        guard let redirect = request[Alias.directory].redirect else { return .nothing }
        guard let expression = redirect.expression else { return .value("", status: redirect.status) }
        do throws(ExpressionFailure) {
            return .value(escaped(try request.string(expression)), status: redirect.status)
        } catch {
            request.log(.error, "alias", "AH02826: Can't evaluate redirect expression: \(error.message)")
            return .failed
        }
    }

    private static func force(_ handler: ByteString?, _ request: Request) {
        guard let handler else { return }
        request.handler = handler
        // mod_cgi asks who said so.
        request.notes.set("alias-forced-type", handler)
    }

    // MARK: Lists

    private static func search(_ entries: [AliasEntry], _ request: Request, isRedirect: Bool) -> Found {
        for entry in entries {
            var found: ByteString?
            if let regex = entry.regex {
                guard let captures = regex.match(request.uri) else { continue }
                guard let real = entry.real else { return .value("", status: entry.status) }
                guard let text = Substitution.expand(real, source: request.uri, captures: captures) else {
                    request.log(
                        .error, "alias",
                        "AH00672: Regex substitution in '\(real)' failed. Replacement too long?")
                    return .failed
                }
                found = isRedirect ? escaped(text) : text
            } else {
                let length = aliasMatch(request.uri, entry.fake)
                guard length > 0 else { continue }
                let real = entry.real ?? ""
                request.contextPrefix = entry.fake
                if entry.real != nil { request.contextDocumentRoot = real }
                let rest = request.uri.from(length)
                found = real + (isRedirect ? rest.escapedPath : rest)
            }
            guard let found else { continue }
            force(entry.handler, request)
            return .value(found, status: entry.status)
        }
        return .nothing
    }

    /// Escapes all but query and fragment. A port that is the scheme's own goes, as apr_uri_unparse does it.
    private static func escaped(_ url: ByteString) -> ByteString {
        let end = url.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? url.count
        return withoutDefaultPort(url.upTo(end)).escapedPath + url.from(end)
    }
    private static func withoutDefaultPort(_ url: ByteString) -> ByteString {
        var parts = RequestTarget()
        guard parts.parseReference(url.bytes.span, 0..<url.count), parts.has(.port), parts.has(.scheme) else {
            return url
        }
        let port = parts.portText.range
        let standard: UInt16? =
            switch url[parts.scheme.range].lowercased {
            case "http": 80
            case "https": 443
            case "ftp": 21
            case "ws": 80
            case "wss": 443
            default: nil
            }
        guard parts.port == standard || parts.port == 0, port.lowerBound > 0 else { return url }
        return url.upTo(port.lowerBound - 1) + url.from(port.upperBound)
    }
}
