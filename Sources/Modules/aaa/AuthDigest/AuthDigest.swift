// Apache: modules/aaa/mod_auth_digest.c

import Bytes
import Expressions
import HTTP
import ServerCore

/// HTTP Digest authentication (RFC 2617) with MD5. Nonces are checked by time and signature; nothing is remembered of
/// clients, so nonce counts and one-time nonces are refused in configuration.
public enum AuthDigest {
    static let name = "auth_digest"

    public static let module = ModuleDefinition(name, .aaa, directives: rows) { hooks in
        // The secret must exist before children do.
        hooks.onCheckConfig { _ in _ = DigestNonce.secret.count }
        hooks.onCheckUserID(authenticate)
        hooks.onFixups(addInfo)
        hooks.addProvider(
            AuthFailureNote { challenge($0, isStale: false) }, to: AuthGroups.failureNotes, as: "digest")
    }

    static let directory = ConfigKey<DirectoryConfig>()

    /// What is said in an inner section replaces all that was said outside.
    struct DirectoryConfig: MergeableConfig {
        var providers: [AuthnProvider] = []
        /// Seconds; below 0 is for ever.
        var nonceLifetime: Int64 = 300
        var domain: [ByteString] = []

        static func merged(_ base: DirectoryConfig, _ child: DirectoryConfig) -> DirectoryConfig { child }

        var lifetimeMicroseconds: Int64 { nonceLifetime.multipliedReportingOverflow(by: 1_000_000).partialValue }
    }

    /// What was found out about the client's request, for Authentication-Info. Belongs to the first of a chain.
    final class State {
        var credentials: DigestCredentials?
        var hash: ByteString = ""
        var isNeeded = false

        static func of(_ request: Request) -> State {
            let key = ObjectIdentifier(State.self)
            if let known = request.first.moduleState[key] as? State { return known }
            let state = State()
            request.first.moduleState[key] = state
            return state
        }
    }

    // MARK: The challenge

    static func challenge(_ request: Request, isStale: Bool) {
        State.of(request).isNeeded = true
        request.doNotReuse()
        let config = request[directory]
        let realm = AuthnCore.authName(request) ?? ""
        let nonce = DigestNonce.make(realm: realm, time: request.requestTime)
        var text: ByteString = "Digest realm=\"\(realm)\", nonce=\"\(nonce)\", algorithm=MD5"
        if !request.isProxyRequest, !config.domain.isEmpty {
            text.append(", domain=\"\(ByteString(config.domain.map(\.bytes).joined(separator: [32])))\"" as ByteString)
        }
        if isStale { text.append(", stale=true") }
        text.append(", qop=\"auth\"")
        request.errHeadersOut.merge(request.isProxyRequest ? "Proxy-Authenticate" : "WWW-Authenticate", text)
    }

    // MARK: The check

    @Sendable static func authenticate(_ request: Request) -> Outcome {
        guard let type = AuthnCore.authType(request), type.equalsIgnoringCase("Digest") else { return .declined }
        guard let realm = AuthnCore.authName(request) else {
            request.log(.error, name, "AH01780: need AuthName: \(request.uri)")
            return .status(500)
        }
        // Nonces grow old.
        request.doNotReuse()
        let state = State.of(request)
        state.isNeeded = true
        let field = request.header(request.isProxyRequest ? "Proxy-Authorization" : "Authorization")
        switch DigestCredentials.parse(field) {
        case .none: return refuse(request, nil)
        case .otherScheme(let scheme):
            return refuse(request, "AH01781: client used wrong authentication scheme `\(scheme)': \(request.uri)")
        case .invalid:
            return refuse(
                request,
                "AH01782: missing user, realm, nonce, uri, digest, cnonce, or nonce_count in authorization header: \(request.uri)"
            )
        case .valid(let credentials):
            state.credentials = credentials
            request.user = credentials.username
            request.authType = "Digest"
            return check(request, credentials, state, realm)
        }
    }
    /// 401 with a challenge, after a message.
    private static func refuse(_ request: Request, _ message: ByteString?, isStale: Bool = false) -> Outcome {
        if let message { request.log(.error, name, message) }
        challenge(request, isStale: isStale)
        return .status(401)
    }

    private static func check(
        _ request: Request, _ sent: DigestCredentials, _ state: State, _ realm: ByteString
    ) -> Outcome {
        let config = request[directory]
        if sent.uri != request.first.unparsedURI, !DigestTarget.matches(sent.uri, request) {
            request.log(
                .error, name,
                "AH01786: uri mismatch - <\(sent.uri)> does not match request-uri <\(request.first.unparsedURI)>")
            return .status(400)
        }
        if let opaque = sent.opaque, (opaque.hexadecimal ?? 0) == 0 {
            return refuse(request, "AH01787: received invalid opaque - got `\(opaque)'")
        }
        guard sent.realm == realm else {
            return refuse(request, "AH01788: realm mismatch - got `\(sent.realm)' but expected `\(realm)'")
        }
        if let algorithm = sent.algorithm, !algorithm.equalsIgnoringCase("MD5") {
            return refuse(request, "AH01789: unknown algorithm `\(algorithm)' received: \(request.uri)")
        }
        switch findHash(request, config, sent.username, realm) {
        case .userNotFound:
            return refuse(
                request, "AH01790: user `\(sent.username)' in realm `\(realm)' not found: \(request.uri)")
        case .generalError: return .status(500)
        case .found(let hash): state.hash = hash
        }
        guard let qop = sent.qop, qop.equalsIgnoringCase("auth") else {
            return refuse(
                request,
                "AH10560: invalid or missing qop value '\(sent.qop ?? "(null)")', RFC 2069 is no longer supported: \(request.uri)"
            )
        }
        let expected = sent.expectedResponse(method: request.first.method, hash: state.hash)
        guard expected.equalsInConstantTime(sent.response) else {
            return refuse(request, "AH01794: user \(sent.username): password mismatch: \(request.uri)")
        }
        return checkNonce(request, sent, config, realm)
    }
    private static func findHash(
        _ request: Request, _ config: DirectoryConfig, _ user: ByteString, _ realm: ByteString
    ) -> RealmHash {
        var providers = config.providers
        if providers.isEmpty {
            guard let file = request.configuration.authnProvider("file"), file.realmHash != nil else {
                request.log(.error, name, "AH01770: No Authn provider configured")
                return .generalError
            }
            providers = [file]
        }
        for provider in providers {
            guard let answer = provider.realmHash?(request, user, realm) else { continue }
            if answer != .userNotFound { return answer }
        }
        return .userNotFound
    }

    /// Last, so that a client with the right password and an old nonce is told just that.
    private static func checkNonce(
        _ request: Request, _ sent: DigestCredentials, _ config: DirectoryConfig, _ realm: ByteString
    ) -> Outcome {
        let timeText = sent.nonce.upTo(DigestNonce.timeCount)
        let hash = DigestNonce.hash(realm: realm, timeText: timeText, opaque: sent.opaque)
        guard hash.equalsInConstantTime(sent.nonce.from(DigestNonce.timeCount)) else {
            return refuse(
                request, "AH01776: invalid nonce \(sent.nonce) received - hash is not \(hash)", isStale: true)
        }
        guard config.nonceLifetime > 0 else { return .ok }
        let age = request.requestTime &- DigestNonce.time(of: sent.nonce)
        if age < 0 {
            return refuse(
                request, "AH01777: invalid nonce \(sent.nonce) received - user attempted time travel", isStale: true)
        }
        if age > config.lifetimeMicroseconds {
            request.log(
                .info, name,
                "AH01778: user \(sent.username): nonce expired (\(age / 1_000_000).00 seconds old - max lifetime \(config.nonceLifetime).00) - sending new nonce"
            )
            return refuse(request, nil, isStale: true)
        }
        return .ok
    }

    // MARK: The answer's field

    /// A new nonce shortly before the old one expires.
    private static let renewalTime: Int64 = 30_000_000

    /// Authentication-Info, for the request the client sent.
    @Sendable static func addInfo(_ request: Request) -> Outcome {
        guard request.isInitial, let state = request.moduleState[ObjectIdentifier(State.self)] as? State,
            state.isNeeded, let sent = state.credentials, !state.hash.isEmpty
        else { return .ok }
        let config = request[directory]
        var next: ByteString = ""
        if config.nonceLifetime > 0,
            request.requestTime &- DigestNonce.time(of: sent.nonce) > config.lifetimeMicroseconds &- renewalTime
        {
            let realm = AuthnCore.authName(request) ?? ""
            next = ", nextnonce=\"\(DigestNonce.make(realm: realm, time: request.requestTime))\""
        }
        let (cnonce, count) = (sent.cnonce?.withEscapedQuotes ?? "", sent.nonceCount ?? "")
        request.headersOut.merge(
            request.isProxyRequest ? "Proxy-Authentication-Info" : "Authentication-Info",
            "rspauth=\"\(sent.proof(hash: state.hash))\"\(next), cnonce=\"\(cnonce)\", nc=\(count), qop=\(sent.qop ?? "")"
        )
        return .ok
    }
}

/// Whether the `uri` of the credentials means the request's target although it is written differently.
enum DigestTarget {
    static func matches(_ text: ByteString, _ request: Request) -> Bool {
        let first = request.first
        var sent = Parts(text)
        let own = Parts(first.unparsedURI)
        if sent.query == nil, own.query != nil, request.env.contains("AuthDigestEnableQueryStringHack") {
            request.log(
                .info, AuthDigest.name,
                "AH01784: applying AuthDigestEnableQueryStringHack to uri <\(first.unparsedURI)>")
            sent.query = own.query
        }
        if let host = sent.host, !host.isEmpty {
            guard host.equalsIgnoringCase(own.host ?? first.serverName) else { return false }
            guard (sent.port ?? (first.scheme == "https" ? 443 : 80)) == (own.port ?? first.serverPort) else {
                return false
            }
        }
        return sent.path == own.path && sent.query == own.query
    }

    struct Parts {
        var host: ByteString?
        var port: Int?
        var path: ByteString
        var query: ByteString?

        init(_ text: ByteString) {
            var rest = text.upTo(text.firstIndex(of: UInt8(ascii: "#")) ?? text.count)
            if rest.first != UInt8(ascii: "/"), let slashes = rest.firstRange(of: "://") {
                rest = rest.from(slashes.upperBound)
                let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.count
                var authority = rest.upTo(end)
                rest = rest.from(end)
                if let at = authority.lastIndex(of: UInt8(ascii: "@")) { authority = authority.from(at + 1) }
                if let colon = authority.lastIndex(of: UInt8(ascii: ":")), authority.last != UInt8(ascii: "]") {
                    port = authority.from(colon + 1).decimal
                    authority = authority.upTo(colon)
                }
                host = authority
            }
            if let question = rest.firstIndex(of: UInt8(ascii: "?")) {
                query = URLPath.percentDecoded(rest.from(question + 1))
                rest = rest.upTo(question)
            }
            path = URLPath.percentDecoded(rest)
        }
    }
}
