// Apache: modules/aaa/mod_auth_basic.c

import Bytes
import Expressions
import ServerCore

/// HTTP Basic authentication (RFC 7617).
public enum AuthBasic {
    private static let name = "auth_basic"

    public static let module = ModuleDefinition(name, .aaa, directives: rows) { hooks in
        hooks.onCheckUserID(authenticate)
        hooks.onFixups(fake, order: .last)
        hooks.addProvider(AuthFailureNote(note: noteFailure), to: AuthGroups.failureNotes, as: "basic")
    }

    static let directory = ConfigKey<DirectoryConfig>()

    struct DirectoryConfig: MergeableConfig {
        /// In asking order; empty means `file`.
        var providers: [AuthnProvider] = []
        var isAuthoritative: Setting<Bool> = .inherited
        /// User and password to pretend; `.set(nil)` after `off`.
        var fake: Setting<Fake?> = .inherited
        var usesDigestAlgorithm: Setting<Bool> = .inherited

        struct Fake: Sendable {
            let user: Expression
            let password: Expression
        }

        static func merged(_ base: DirectoryConfig, _ child: DirectoryConfig) -> DirectoryConfig {
            var result = child
            if child.providers.isEmpty { result.providers = base.providers }
            result.isAuthoritative = child.isAuthoritative.or(base.isAuthoritative)
            result.fake = child.fake.or(base.fake)
            result.usesDigestAlgorithm = child.usesDigestAlgorithm.or(base.usesDigestAlgorithm)
            return result
        }
    }

    // MARK: Directives

    static let rows: [Directive] = [
        Directive(
            "AuthBasicProvider", .authConfig, "specify the auth providers for a directory or location",
            .iterate(addProvider)),
        Directive.flag(
            "AuthBasicAuthoritative", .authConfig,
            "Set to 'Off' to allow access control to be passed along to lower modules if the UserID is not known to this module",
            in: directory, \.isAuthoritative),
        Directive(
            "AuthBasicFake", .authConfig,
            "Fake basic authentication using the given expressions for username and password, 'off' to disable. Password defaults to 'password' if missing.",
            .take12(setFake)),
        Directive(
            "AuthBasicUseDigestAlgorithm", .authConfig,
            "Set to 'MD5' to use the auth provider's authentication check for digest auth, using a hash of 'user:realm:pass'",
            .take1 { context, word throws(DirectiveError) in
                guard word.equalsIgnoringCase("Off") || word.equalsIgnoringCase("MD5") else {
                    throw DirectiveError("Invalid algorithm in AuthBasicUseDigestAlgorithm: \(word)")
                }
                context[directory].usesDigestAlgorithm = .set(word.equalsIgnoringCase("MD5"))
            }),
    ]

    @Sendable private static func addProvider(
        _ context: DirectiveContext, _ word: ByteString
    ) throws(DirectiveError) {
        guard let provider = context.configuration.authnProvider(word) else {
            throw DirectiveError("Unknown Authn provider: \(word)")
        }
        guard provider.checkPassword != nil else {
            throw DirectiveError("The '\(word)' Authn provider doesn't support Basic Authentication")
        }
        context[directory].providers.append(provider)
    }
    @Sendable private static func setFake(
        _ context: DirectiveContext, _ user: ByteString, _ password: ByteString?
    ) throws(DirectiveError) {
        if user.equalsIgnoringCase("off") {
            context[directory].fake = .set(nil)
            return
        }
        let userExpression: Expression
        do throws(DirectiveError) {
            userExpression = try context.parseString(user)
        } catch {
            throw DirectiveError("Could not parse fake username expression '\(user)': \(error.message)")
        }
        do throws(DirectiveError) {
            let passwordExpression = try context.parseString(password ?? "password")
            context[directory].fake = .set(.init(user: userExpression, password: passwordExpression))
        } catch {
            throw DirectiveError(
                "Could not parse fake password expression associated to user '\(user)': \(error.message)")
        }
    }

    // MARK: Phases

    @Sendable static func noteFailure(_ request: Request) {
        request.errHeadersOut.set(
            request.isProxyRequest ? "Proxy-Authenticate" : "WWW-Authenticate",
            "Basic realm=\"\(AuthnCore.authName(request) ?? "")\"")
    }

    /// Reads the client's credentials; nil after the challenge was noted.
    private static func credentials(_ request: Request) -> (user: ByteString, password: ByteString)? {
        guard var line = request.header(request.isProxyRequest ? "Proxy-Authorization" : "Authorization") else {
            noteFailure(request)
            return nil
        }
        guard line.takeWord(UInt8(ascii: " ")).equalsIgnoringCase("Basic") else {
            request.log(.error, name, "AH01614: client used wrong authentication scheme: \(request.uri)")
            noteFailure(request)
            return nil
        }
        return decode(line)
    }
    /// `base64(user:password)`; whatever cannot be decoded ends the text, as does a NUL.
    static func decode(_ text: ByteString) -> (user: ByteString, password: ByteString) {
        let start = text.bytes.firstIndex { $0 != 32 && $0 != 9 } ?? text.count
        var decoded = Base64.decode(text.from(start))
        if let end = decoded.firstIndex(of: 0) { decoded = decoded.upTo(end) }
        guard let colon = decoded.firstIndex(of: UInt8(ascii: ":")) else { return (decoded, "") }
        return (decoded.upTo(colon), decoded.from(colon + 1))
    }

    @Sendable static func authenticate(_ request: Request) -> Outcome {
        guard let type = AuthnCore.authType(request), type.equalsIgnoringCase("Basic") else { return .declined }
        guard let realm = AuthnCore.authName(request) else {
            request.log(.error, name, "AH01615: need AuthName: \(request.uri)")
            return .status(500)
        }
        request.authType = type
        guard let (user, password) = credentials(request) else { return .status(401) }
        request.user = user
        let config = request[directory]
        let status = check(request, config, user, password, realm)
        if status == .granted { return .ok }
        if status == .suspended { return .suspended }
        if !config.isAuthoritative.value(default: true), status != .denied { return .declined }
        switch status {
        case .denied:
            request.log(
                .error, name,
                "AH01617: user \(user): authentication failure for \"\(request.uri)\": Password Mismatch")
        case .userNotFound: request.log(.error, name, "AH01618: user \(user) not found: \(request.uri)")
        default: return .status(500)
        }
        noteFailure(request)
        return .status(401)
    }

    /// Asks the providers in turn until one knows the user.
    private static func check(
        _ request: Request, _ config: DirectoryConfig, _ user: ByteString, _ password: ByteString, _ realm: ByteString
    ) -> AuthnStatus {
        var providers = config.providers
        if providers.isEmpty {
            guard let file = request.configuration.authnProvider("file"), file.checkPassword != nil else {
                request.log(.error, name, "AH01616: No Authn provider configured")
                return .generalError
            }
            providers = [file]
        }
        for provider in providers {
            let status =
                config.usesDigestAlgorithm.value(default: false)
                ? checkDigest(request, provider, user, password, realm)
                : provider.checkPassword?(request, user, password) ?? .userNotFound
            if status != .userNotFound { return status }
        }
        return .userNotFound
    }
    /// The provider keeps MD5 of `user:realm:password` (AuthBasicUseDigestAlgorithm).
    private static func checkDigest(
        _ request: Request, _ provider: AuthnProvider, _ user: ByteString, _ password: ByteString, _ realm: ByteString
    ) -> AuthnStatus {
        guard let realmHash = provider.realmHash else {
            request.log(.error, name, "AH02493: Authn provider does not support AuthBasicUseDigestAlgorithm")
            return .generalError
        }
        switch realmHash(request, user, realm) {
        case .found(let hash):
            return hash.equalsInConstantTime(Digest.md5Hex("\(user):\(realm):\(password)")) ? .granted : .denied
        case .userNotFound: return .userNotFound
        case .generalError: return .generalError
        }
    }

    /// AuthBasicFake: credentials for whatever stands behind this server.
    @Sendable static func fake(_ request: Request) -> Outcome {
        guard case .set(let fake?) = request[directory].fake else { return .declined }
        for (expression, what, failed, empty) in [
            (fake.user, "user", "AH02455", "AH02458"), (fake.password, "password", "AH02456", "AH02459"),
        ] {
            do throws(ExpressionFailure) {
                guard try request.string(expression).isEmpty else { continue }
                let name = what == "user" ? "username" : what
                request.log(
                    .info, Self.name,
                    "\(empty): AuthBasicFake: empty \(name) expression for URI '\(request.uri)', ignoring")
                request.headersIn.unset("Authorization")
                return .declined
            } catch {
                request.log(
                    .error, Self.name,
                    "\(failed): AuthBasicFake: could not evaluate \(what) expression for URI '\(request.uri)': \(error.message)"
                )
                return .status(500)
            }
        }
        guard let user = try? request.string(fake.user), let password = try? request.string(fake.password) else {
            return .status(500)
        }
        let line: ByteString = "Basic \(Base64.encode("\(user):\(password)" as ByteString))"
        request.headersIn.set("Authorization", line)
        request.log(.info, name, "AH02457: AuthBasicFake: \"Authorization: \(line)\"")
        return .ok
    }
}

extension ByteString {
    /// Takes as long for the first wrong byte as for the last.
    func equalsInConstantTime(_ other: ByteString) -> Bool {
        guard count == other.count else { return false }
        return zip(bytes, other.bytes).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
