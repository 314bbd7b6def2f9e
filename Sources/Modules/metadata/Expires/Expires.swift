// Apache: modules/metadata/mod_expires.c

import Bytes
import ConfigLanguage
import HTTP
import ServerCore

/// mod_expires: `Expires` and `Cache-Control: max-age` by media type.
public enum Expires {
    public static let module = ModuleDefinition("expires", .metadata, directives: directives) { hooks in
        hooks.addOutputFilter(filter)
        hooks.onInsertErrorFilter(insertFilter)
        hooks.onInsertFilter(insertFilter)
    }

    static let directory = ConfigKey<ExpiresDirectory>()

    private static let directives = [
        Directive(
            "ExpiresActive", .indexes, "Limited to 'on' or 'off'",
            .flag { context, on in context[directory].active = .set(on) }),
        Directive("ExpiresByType", .indexes, "a MIME type followed by an expiry date code", .take2(byType)),
        Directive("ExpiresDefault", .indexes, "an expiry date code", .take1(byDefault)),
    ]

    @Sendable private static func byType(
        _ context: DirectiveContext, _ type: ByteString, _ code: ByteString
    ) throws(DirectiveError) {
        guard let slash = type.lastIndex(of: UInt8(ascii: "/")) else {
            throw DirectiveError("Invalid mimetype: should contain a slash")
        }
        if type.from(slash + 1) == "*" { context[directory].hasWildcards = true }
        do throws(DirectiveError) {
            context[directory].types[type.lowercased] = try ExpiryCode(code)
        } catch {
            throw DirectiveError("'ExpiresByType \(type) \(code)': \(error.message)")
        }
    }
    @Sendable private static func byDefault(_ context: DirectiveContext, _ code: ByteString) throws(DirectiveError) {
        do throws(DirectiveError) {
            context[directory].byDefault = .set(try ExpiryCode(code))
        } catch {
            throw DirectiveError("'ExpiresDefault \(code)': \(error.message)")
        }
    }

    @Sendable private static func insertFilter(_ request: Request) {
        let config = request[directory]
        guard request.status < 400, !request.isSubrequest, config.active.value == true,
            !config.types.isEmpty || config.byDefault.value != nil
        else { return }
        request.outputFilters.append(filter)
    }

    private static let filter = OutputFilter("MOD_EXPIRES", .contentSet) { request in
        guard request.status < 400, !request.errHeadersOut.contains("Expires"), !request.headersOut.contains("Expires")
        else { return }
        if let code = request[directory].code(for: request.contentType) { set(code, request) }
    }

    private static func set(_ code: ExpiryCode, _ request: Request) {
        request.dependsOnSecond()
        let base: Int64
        switch code.base {
        case .modification:
            guard let status = request.finfo else { return }
            base = status.modifiedMicroseconds
        case .access: base = request.requestTime
        }
        let expires = max(base + Int64(code.seconds) * 1_000_000, request.requestTime)
        request.headersOut.merge("Cache-Control", "max-age=\((expires - request.requestTime) / 1_000_000)")
        request.headersOut.set("Expires", HTTPDate.string(Int(expires / 1_000_000)))
    }
}

/// An expiry code: `A86400`, `M3600`, `"access plus 1 month 15 days"`.
struct ExpiryCode: Sendable, Equatable {
    enum Base: Sendable { case access, modification }
    var base: Base
    /// As a C int: what does not fit wraps.
    var seconds: Int32

    init(_ text: ByteString) throws(DirectiveError) {
        if text.first == UInt8(ascii: "A") || text.first == UInt8(ascii: "M") {
            base = text.first == UInt8(ascii: "A") ? .access : .modification
            seconds = Self.integer(text.from(1))
            return
        }
        var words = ArgumentWords(text)
        var word = words.next()
        switch word.first.map(ASCII.lower) {
        case UInt8(ascii: "n"), UInt8(ascii: "a"): base = .access
        case UInt8(ascii: "m"): base = .modification
        default: throw DirectiveError("bad expires code, unrecognised <base> '\(word)'")
        }
        seconds = 0
        word = words.next()
        if word.first.map(ASCII.lower) == UInt8(ascii: "p") { word = words.next() }
        while let first = word.first {
            guard ASCII.isDigit(first) else {
                throw DirectiveError("bad expires code, numeric value expected <num> '\(word)'")
            }
            let number = Self.integer(word)
            word = words.next()
            guard !word.isEmpty else { throw DirectiveError("bad expires code, missing <type>") }
            guard let factor = Self.factor(word) else {
                throw DirectiveError("bad expires code, unrecognised <type>'\(word)'")
            }
            seconds = seconds &+ factor &* number
            word = words.next()
        }
    }

    /// Units by their first letters; `mo` and `mi` tell months from minutes.
    private static func factor(_ word: ByteString) -> Int32? {
        if word.hasPrefixIgnoringCase("y") { return 60 * 60 * 24 * 365 }
        if word.hasPrefixIgnoringCase("mo") { return 60 * 60 * 24 * 30 }
        if word.hasPrefixIgnoringCase("w") { return 60 * 60 * 24 * 7 }
        if word.hasPrefixIgnoringCase("d") { return 60 * 60 * 24 }
        if word.hasPrefixIgnoringCase("h") { return 60 * 60 }
        if word.hasPrefixIgnoringCase("mi") { return 60 }
        return word.hasPrefixIgnoringCase("s") ? 1 : nil
    }
    /// C's atoi: blanks, a sign, digits; the rest is ignored.
    static func integer(_ text: ByteString) -> Int32 {
        var at = 0
        while at < text.count, ASCII.isSpace(text[at]) { at += 1 }
        let isNegative = at < text.count && text[at] == UInt8(ascii: "-")
        if at < text.count, isNegative || text[at] == UInt8(ascii: "+") { at += 1 }
        var value: Int64 = 0
        while at < text.count, ASCII.isDigit(text[at]) {
            value = min(value, Int64.max / 16) * 10 + Int64(text[at] &- 48)
            at += 1
        }
        return Int32(truncatingIfNeeded: isNegative ? -value : value)
    }
}

/// mod_expires' per-directory configuration.
struct ExpiresDirectory: MergeableConfig {
    var active: Setting<Bool> = .inherited
    var byDefault: Setting<ExpiryCode> = .inherited
    /// By media type, lower case.
    var types: [ByteString: ExpiryCode] = [:]
    /// One of this scope's types ends in `/*`; not inherited, as in Apache.
    var hasWildcards = false

    init() {}
    static func merged(_ base: ExpiresDirectory, _ child: ExpiresDirectory) -> ExpiresDirectory {
        var result = child
        result.active = child.active.or(base.active)
        result.byDefault = child.byDefault.or(base.byDefault)
        result.types = base.types.merging(child.types) { $1 }
        return result
    }

    func code(for type: ByteString?) -> ExpiryCode? {
        guard let type = type?.lowercased else { return byDefault.value }
        let bare = type.bytes.firstIndex(of: UInt8(ascii: ";")).map { type.upTo($0).trimmed() } ?? type
        if let code = types[bare] { return code }
        if hasWildcards, let slash = type.firstIndex(of: UInt8(ascii: "/")),
            let code = types[type.upTo(slash + 1) + "*"]
        {
            return code
        }
        return byDefault.value
    }
}
