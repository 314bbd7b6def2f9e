// Apache: include/mod_auth.h, server/request.c (ap_register_auth_provider)

import Bytes
import ConfigLanguage
import Expressions
import Kernel
import ServerCore

/// What a `Require` line, or a tree of them, says of a request.
enum AuthzStatus: Sendable, Equatable {
    case denied
    case granted
    case neutral
    /// Logged already; the request fails with 500.
    case generalError
    /// Denied, but a user could change that.
    case deniedNoUser
    /// Waiting for `Request.blockingWork`; ask again.
    case suspended
}

/// One parsed `Require` line.
typealias AuthzCheck = @Sendable (Request) -> AuthzStatus

/// Answers `Require <name> …`: parses what follows the name into a check.
struct AuthzProvider: Sendable {
    let parse: @Sendable (DirectiveContext, ByteString) throws(DirectiveError) -> AuthzCheck
}

/// What a source of passwords says of a user.
enum AuthnStatus: Sendable, Equatable {
    case denied
    case granted
    case userNotFound
    /// Logged already; the request fails with 500.
    case generalError
    /// Waiting for `Request.blockingWork`; ask again.
    case suspended
}

/// Whether a source of passwords knows the hash of `user:realm:password`.
enum RealmHash: Sendable, Equatable {
    case found(ByteString)
    case userNotFound
    case generalError
}

/// A source of passwords: what `AuthBasicProvider` and `AuthDigestProvider` name.
struct AuthnProvider: Sendable {
    /// Request, user, password.
    var checkPassword: (@Sendable (Request, ByteString, ByteString) -> AuthnStatus)?
    /// Request, user, realm.
    var realmHash: (@Sendable (Request, ByteString, ByteString) -> RealmHash)?
}

/// Adds the challenge of one authentication scheme to a 401.
struct AuthFailureNote: Sendable {
    let note: @Sendable (Request) -> Void
}

enum AuthGroups {
    static let authz = ProviderGroup<AuthzProvider>("authz")
    static let authn = ProviderGroup<AuthnProvider>("authn")
    /// By lower-cased AuthType.
    static let failureNotes = ProviderGroup<AuthFailureNote>("note_auth_failure")
}

extension Hooks {
    /// Offers `Require <name>`, which takes no arguments and holds when `holds` says so; for modules of other targets.
    public mutating func addRequirement(_ name: ByteString, _ holds: @escaping @Sendable (Request) -> Bool) {
        addProvider(
            AuthzProvider { _, rest throws(DirectiveError) in
                guard rest.trimmed().isEmpty else { throw DirectiveError("'Require \(name)' does not take arguments") }
                return { request in holds(request) ? .granted : .denied }
            }, to: AuthGroups.authz, as: name)
    }
}

extension Configuration {
    /// `Require`'s provider of this name; an `<AuthzProviderAlias>` takes the place of a module's.
    func authzProvider(_ name: ByteString) -> AuthzProvider? {
        mainServer[AuthzCore.server].aliases[name] ?? provider(AuthGroups.authz, name)
    }
    /// The password source of this name; an `<AuthnProviderAlias>` takes the place of a module's.
    func authnProvider(_ name: ByteString) -> AuthnProvider? {
        mainServer[AuthnCore.server].aliases[name] ?? provider(AuthGroups.authn, name)
    }
}

extension Request {
    /// Adds the challenge of the configured AuthType to a 401 (ap_note_auth_failure).
    func noteAuthFailure() {
        guard let type = AuthnCore.authType(self) else {
            log(.error, "core", "AH00571: need AuthType to note auth failure: \(uri)")
            return
        }
        configuration.provider(AuthGroups.failureNotes, type.lowercased)?.note(self)
    }

    /// Runs `body` with what an alias' section says laid over the request's configuration.
    func under<Result>(_ section: PerDirectoryConfig, _ body: () -> Result) -> Result {
        let saved = perDirectory
        perDirectory = PerDirectoryConfig(section.vector.merged(over: saved.vector))
        defer { perDirectory = saved }
        return body()
    }
}

extension ByteString {
    /// Words up to the first empty one, as loops over ap_getword_conf see them.
    var requireWords: [ByteString] {
        var words = ArgumentWords(self)
        var result: [ByteString] = []
        while !words.isAtEnd {
            let word = words.next()
            if word.isEmpty { break }
            result.append(word)
        }
        return result
    }
    /// Backslashes before quotes that have none (ap_escape_quotes).
    var withEscapedQuotes: ByteString {
        guard contains(UInt8(ascii: "\"")) else { return self }
        var result: [UInt8] = []
        var index = 0
        while index < count {
            let byte = self[index]
            if byte == UInt8(ascii: "\\"), index + 1 < count {
                result.append(byte)
                index += 1
            } else if byte == UInt8(ascii: "\"") {
                result.append(UInt8(ascii: "\\"))
            }
            result.append(self[index])
            index += 1
        }
        return ByteString(result)
    }
}

/// The argument of a `Require` line that may contain `%{…}`; words are cut after evaluation.
struct RequireText: Sendable {
    private let expression: Expression
    private let constantWords: [ByteString]?

    init(_ context: DirectiveContext, _ text: ByteString) throws(DirectiveError) {
        do throws(DirectiveError) {
            expression = try context.parseString(text)
        } catch {
            throw DirectiveError("Cannot parse expression in require line: \(error.message)")
        }
        constantWords = expression.constant?.requireWords
    }
    func words(_ request: Request) throws(ExpressionFailure) -> [ByteString] {
        if let constantWords { return constantWords }
        return try text(request).requireWords
    }
    func text(_ request: Request) throws(ExpressionFailure) -> ByteString { try request.string(expression) }
}

extension SocketAddress {
    /// For subnet tests; nil for the peer of a unix socket.
    var ipAddress: IPAddress? {
        if isIPv4 {
            let bits = (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(byte($1)) }
            return IPAddress(v4: bits)
        }
        guard isIPv6 else { return nil }
        func half(_ start: Int) -> UInt64 { (start..<start + 8).reduce(UInt64(0)) { $0 << 8 | UInt64(byte($1)) } }
        return IPAddress(high: half(0), low: half(8))
    }
}

/// `example.com` holds itself and what ends in `.example.com`; `.example.com` only the latter (in_domain).
func isInDomain(_ name: ByteString, _ domain: ByteString) -> Bool {
    guard name.count >= domain.count, name.from(name.count - domain.count).equalsIgnoringCase(domain) else {
        return false
    }
    if name.count == domain.count { return true }
    return domain.first == UInt8(ascii: ".") || name[name.count - domain.count - 1] == UInt8(ascii: ".")
}
