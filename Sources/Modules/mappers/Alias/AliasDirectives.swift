// Apache: modules/mappers/mod_alias.c (add_alias, add_alias_internal, add_redirect_internal)

import Bytes
import Expressions
import ServerCore

enum AliasDirectives {
    static func alias(
        _ context: DirectiveContext, _ fake: ByteString, _ real: ByteString?, handler: ByteString?
    ) throws(DirectiveError) {
        if let real { return try add(context, fake, real, handler: handler, isRegex: false) }
        try context.forbid(inside: ["directory", "directorymatch", "files", "filesmatch"])
        guard let path = context.path else { throw DirectiveError("Alias must have two arguments when used globally") }
        let expression: Expression
        do throws(DirectiveError) {
            expression = try context.parseString(fake)
        } catch {
            throw DirectiveError("Cannot parse alias expression '\(fake)': \(error.message)")
        }
        context[Alias.directory].alias = .init(expression: expression, fake: path, handler: handler)
    }

    static func add(
        _ context: DirectiveContext, _ fake: ByteString, _ real: ByteString, handler: ByteString?, isRegex: Bool
    ) throws(DirectiveError) {
        try context.forbidDirectoryContext()
        var entry = AliasEntry(fake: fake, real: real, handler: handler)
        if isRegex {
            guard let regex = try? context.regex(fake) else {
                throw DirectiveError("Regular expression could not be compiled.")
            }
            entry.regex = regex
        } else if let earlier = context.server[Alias.server].aliases.first(where: { covers($0, fake) }) {
            context.warn(
                "AH00671: The \(context.directive) directive in \(context.location.file) at line \(context.location.line) will probably never match because it overlaps an earlier \(earlier.handler == nil ? "" : "Script")Alias\(earlier.regex == nil ? "" : "Match")."
            )
        }
        context.server[Alias.server].aliases.append(entry)
    }
    private static func covers(_ earlier: AliasEntry, _ fake: ByteString) -> Bool {
        if let regex = earlier.regex { return regex.matches(fake) }
        return aliasMatch(fake, earlier.fake) > 0
    }

    /// What the first argument of Redirect is.
    private enum First {
        /// A status that goes with a URL.
        case redirect(Int)
        /// A status that stands alone.
        case refusal(Int)
        case path
    }
    private static func first(_ word: ByteString) -> First {
        switch word.lowercased {
        case "permanent": return .redirect(301)
        case "temp": return .redirect(302)
        case "seeother": return .redirect(303)
        case "gone": return .refusal(410)
        default:
            guard let byte = word.first, ASCII.isDigit(byte) else { return .path }
            let status = CInteger.parse(word)
            return (300..<400).contains(status) ? .redirect(status) : .refusal(status)
        }
    }

    static func redirect(
        _ context: DirectiveContext, _ arguments: [ByteString?], status given: Int, isRegex: Bool
    ) throws(DirectiveError) {
        guard let word = arguments[0] else { return }
        var status = given
        var fake = arguments[1]
        var url = arguments[2]
        let kind = first(word)
        switch kind {
        case .redirect(let code), .refusal(let code): status = code
        case .path:
            if url != nil { throw DirectiveError("Redirect: invalid first argument (of three)") }
        }
        if context.path != nil, try whole(context, kind, word, fake, url, status) { return }
        if url == nil, case .path = kind {
            url = fake
            fake = word
        }
        // RedirectMatch gone with nothing to match: Apache compiles what is not there.
        guard let fake else {
            throw DirectiveError((300..<400).contains(status) ? "URL to redirect to is missing" : "Redirect: no path")
        }
        var entry = AliasEntry(fake: fake, real: url, status: status)
        if isRegex {
            guard let regex = try? context.regex(fake) else {
                throw DirectiveError("Regular expression could not be compiled.")
            }
            entry.regex = regex
        }
        if (300..<400).contains(status) {
            guard let url else { throw DirectiveError("URL to redirect to is missing") }
            if !isRegex, !isURL(url), url.first != UInt8(ascii: "/") { throw DirectiveError("Redirect to non-URL") }
        } else if url != nil {
            throw DirectiveError("Redirect URL not valid for this status")
        }
        if context.path != nil {
            context[Alias.directory].redirects.append(entry)
        } else {
            context.server[Alias.server].redirects.append(entry)
        }
    }

    /// Inside `<Location>` and the like a Redirect may go without a path: it holds for all of the section. True when
    /// it is one of those.
    private static func whole(
        _ context: DirectiveContext, _ kind: First, _ word: ByteString, _ second: ByteString?, _ third: ByteString?,
        _ status: Int
    ) throws(DirectiveError) -> Bool {
        let text: ByteString
        switch kind {
        case .redirect:
            guard let second, third == nil else { return false }
            text = second
        case .path:
            guard second == nil else { return false }
            text = word
        case .refusal:
            guard second == nil else { return false }
            context[Alias.directory].redirect = .init(expression: nil, status: status)
            return true
        }
        do throws(DirectiveError) {
            let expression = try context.parseString(text)
            context[Alias.directory].redirect = .init(expression: expression, status: status)
        } catch {
            throw DirectiveError("Cannot parse redirect expression '\(text)': \(error.message)")
        }
        return true
    }
}

/// `scheme:` and something behind it (ap_is_url).
func isURL(_ text: ByteString) -> Bool {
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return false }
    return text.upTo(colon).allSatisfy { byte in
        ASCII.isAlnum(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
}
