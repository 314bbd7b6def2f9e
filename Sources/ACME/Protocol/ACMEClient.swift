// RFC 8555. Apache: modules/md/md_acme.c

import Bytes
import Kernel

/// What the CA offers (RFC 8555 section 7.1.1).
public struct ACMEDirectory: Sendable {
    public var newNonce: String
    public var newAccount: String
    public var newOrder: String
    public var revokeCertificate: String?
    public var keyChange: String?
    /// RFC 9773
    public var renewalInfo: String?
    public var termsOfService: String?
    public var requiresExternalAccount: Bool
    public var profiles: [String]

    init?(_ json: JSON) {
        guard let nonce = json["newNonce"].string, let account = json["newAccount"].string,
            let order = json["newOrder"].string
        else { return nil }
        newNonce = nonce
        newAccount = account
        newOrder = order
        revokeCertificate = json["revokeCert"].string
        keyChange = json["keyChange"].string
        renewalInfo = json["renewalInfo"].string
        let meta = json["meta"]
        termsOfService = meta["termsOfService"].string
        requiresExternalAccount = meta["externalAccountRequired"].bool ?? false
        profiles = meta["profiles"].members.map(\.name)
    }
}

/// A conversation with one CA under one account. Everything blocks.
public final class ACMEClient {
    public let url: String
    public let http: HTTPClient
    public let directory: ACMEDirectory
    /// The account key; nil before ``register(_:)`` or ``use(_:key:)``.
    public private(set) var key: PrivateKey?
    /// The account's URL.
    public private(set) var account: String?
    private var nonce: String?

    /// How often a request is repeated because its nonce was refused (mod_md: 99).
    static let nonceRetries = 99

    /// Reads the directory.
    public init(_ url: String, _ http: HTTPClient) throws(ACMEError) {
        self.url = url
        self.http = http
        let answer: HTTPResponse
        do throws(HTTPError) {
            answer = try http.perform("GET", url)
        } catch {
            throw ACMEError(
                error.status,
                "Unsuccessful in contacting ACME server at <\(url)>. If this problem persists, please check your network connectivity from your Apache server to the ACME server. Also, older servers might have trouble verifying the certificates of the ACME server. You can check if you are able to contact it manually via the curl command. Sometimes, the ACME server might be down for maintenance, so failing to contact it is not an immediate problem. Apache will continue retrying this. (\(error))"
            )
        }
        if answer.status == 503 {
            var failure = ACMEError(
                StatusCode.again,
                "The ACME server at <\(url)> reports that Service is Unavailable (503). This may happen during maintenance for short periods of time."
            )
            failure.retryAfter = RetryAfter.seconds(answer.field("retry-after"))
            throw failure
        }
        guard (200..<300).contains(answer.status) else {
            throw ACMEError(
                StatusCode.again,
                "The ACME server at <\(url)> responded with HTTP status \(answer.status). This is unusual. Please verify that the URL is correct and that you can indeed make request from the server to it by other means, e.g. invoking curl/wget."
            )
        }
        guard let json = try? JSON(answer.body), let directory = ACMEDirectory(json) else {
            throw ACMEError(
                StatusCode.invalid,
                "Unable to understand ACME server response from <\(url)>. Wrong ACME protocol version or link?")
        }
        self.directory = directory
    }

    // MARK: Requests

    private func freshNonce() throws(ACMEError) -> String {
        if let nonce {
            self.nonce = nil
            return nonce
        }
        let answer = try perform("HEAD", directory.newNonce)
        guard let fresh = answer.field("replay-nonce") else {
            throw ACMEError(StatusCode.general, "the ACME server gives no nonce at <\(directory.newNonce)>")
        }
        return fresh
    }
    private func perform(
        _ method: String, _ url: String, fields: [(String, String)] = [], body: [UInt8]? = nil
    ) throws(ACMEError) -> HTTPResponse {
        do throws(HTTPError) {
            let answer = try http.perform(method, url, fields: fields, body: body)
            if let fresh = answer.field("replay-nonce"), !fresh.isEmpty { nonce = fresh }
            return answer
        } catch {
            throw ACMEError(error.status, "request to <\(url)> failed: \(error)")
        }
    }
    /// A signed request.
    /// - Parameters:
    ///   - payload: nil for POST-as-GET.
    ///   - signer: The key that signs with its whole public half instead of the account's URL.
    public func post(_ url: String, _ payload: JSON?, signer: PrivateKey? = nil) throws(ACMEError) -> HTTPResponse {
        for attempt in 0...Self.nonceRetries {
            var header = [JSON.Member("nonce", .string(try freshNonce())), JSON.Member("url", .string(url))]
            guard let signing = signer ?? key else { throw ACMEError(StatusCode.invalid, "no account") }
            if signer == nil, let account {
                header.append(JSON.Member("kid", .string(account)))
            } else {
                header.append(JSON.Member("jwk", signing.webKey))
            }
            let signed: JSON
            do throws(CryptographyError) {
                signed = try JWS.sign(payload, header: header, key: signing)
            } catch { throw ACMEError(error) }
            let answer = try perform(
                "POST", url, fields: [("Content-Type", "application/jose+json")], body: signed.text())
            if (200..<300).contains(answer.status) { return answer }
            let problem = ACMEError(answer)
            guard attempt < Self.nonceRetries, problem.problem.flatMap(ACMEError.name(ofProblem:)) == "badnonce" else {
                throw problem
            }
        }
        throw ACMEError(StatusCode.again, "every nonce was refused")
    }
    public func postJSON(_ url: String, _ payload: JSON?) throws(ACMEError) -> (json: JSON, answer: HTTPResponse) {
        let answer = try post(url, payload)
        guard let json = try? JSON(answer.body) else {
            throw ACMEError(
                StatusCode.invalid,
                "unable to process the response: http-status=\(answer.status), content-type=\(answer.field("content-type") ?? "(null)")"
            )
        }
        return (json, answer)
    }
    /// An unsigned request for JSON (RFC 9773 renewal information).
    public func getJSON(_ url: String) throws(ACMEError) -> (json: JSON, answer: HTTPResponse) {
        let answer = try perform("GET", url)
        guard (200..<300).contains(answer.status) else { throw ACMEError(answer) }
        guard let json = try? JSON(answer.body) else { throw ACMEError(StatusCode.invalid, "no JSON at <\(url)>") }
        return (json, answer)
    }

    // MARK: Accounts (RFC 8555 section 7.3)

    /// RFC 8555 section 7.3.4.
    public struct ExternalBinding: Sendable, Hashable {
        public var identifier: String
        /// base64url
        public var key: String
        public init(identifier: String, key: String) {
            self.identifier = identifier
            self.key = key
        }
    }
    public struct Registration: Sendable {
        public var url: String
        public var json: JSON
    }
    /// Makes an account, or finds the one this key has already.
    public func register(
        _ key: PrivateKey, contacts: [String], agrees: Bool, binding: ExternalBinding? = nil, onlyExisting: Bool = false
    ) throws(ACMEError) -> Registration {
        var payload: JSON = .emptyObject
        payload["contact"] = JSON(contacts)
        if agrees { payload["termsOfServiceAgreed"] = true }
        if onlyExisting { payload["onlyReturnExisting"] = true }
        if let binding {
            guard let secret = Base64URL.decode(binding.key), !secret.isEmpty else {
                throw ACMEError(
                    StatusCode.invalid, "external account binding HMAC value is not valid base64",
                    problem: "apache:eab-hmac-invalid")
            }
            let header = [
                JSON.Member("url", .string(directory.newAccount)), JSON.Member("kid", .string(binding.identifier)),
            ]
            payload["externalAccountBinding"] = JWS.authenticate(key.webKey, header: header, key: secret)
        }
        let answer = try post(directory.newAccount, payload, signer: key)
        guard let url = answer.field("location") else {
            throw ACMEError(StatusCode.invalid, "the ACME server names no location of the account")
        }
        use(url, key: key)
        return Registration(url: url, json: (try? JSON(answer.body)) ?? .emptyObject)
    }
    public func use(_ account: String, key: PrivateKey) {
        self.account = account
        self.key = key
    }
    public func forgetAccount() {
        account = nil
        key = nil
    }
    /// What the CA knows of the account; also changes contacts when given.
    public func updateAccount(contacts: [String]? = nil) throws(ACMEError) -> JSON {
        guard let account else { throw ACMEError(StatusCode.invalid, "no account") }
        return try postJSON(account, contacts.map { ["contact": JSON($0)] }).json
    }
    public func deactivateAccount() throws(ACMEError) {
        guard let account else { throw ACMEError(StatusCode.invalid, "no account") }
        _ = try post(account, ["status": "deactivated"])
    }
    /// RFC 8555 section 7.3.5.
    public func changeKey(to new: PrivateKey) throws(ACMEError) {
        guard let url = directory.keyChange, let account, let key else {
            throw ACMEError(StatusCode.notImplemented, "the ACME server has no way to change keys")
        }
        let inner: JSON
        do throws(CryptographyError) {
            inner = try JWS.sign(
                ["account": .string(account), "oldKey": key.webKey],
                header: [JSON.Member("jwk", new.webKey), JSON.Member("url", .string(url))], key: new)
        } catch { throw ACMEError(error) }
        _ = try post(url, inner)
        self.key = new
    }

    // MARK: Certificates

    /// RFC 8555 section 7.6, by the account or with the certificate's own key.
    public func revoke(_ certificate: Certificate, reason: Int? = nil, key: PrivateKey? = nil) throws(ACMEError) {
        guard let url = directory.revokeCertificate else {
            throw ACMEError(StatusCode.notImplemented, "the ACME server has no way to revoke certificates")
        }
        var payload: JSON = ["certificate": .string(Base64URL.encode(certificate.der))]
        if let reason { payload["reason"] = .integer(Int64(reason)) }
        _ = try post(url, payload, signer: key)
    }
    /// RFC 9773 section 4.
    public struct RenewalWindow: Sendable, Hashable {
        /// Seconds since the epoch.
        public var start: Int64
        public var end: Int64
        public var explanation: String?
    }
    /// nil where the CA advises nothing for this certificate.
    public func renewalWindow(_ certificate: Certificate) throws(ACMEError) -> RenewalWindow? {
        guard let base = directory.renewalInfo, let identifier = certificate.renewalIdentifier else { return nil }
        let json = try getJSON("\(base)/\(identifier)").json
        let window = json["suggestedWindow"]
        guard let start = window["start"].string.flatMap(RFC3339.parse),
            let end = window["end"].string.flatMap(RFC3339.parse), start <= end
        else { return nil }
        return RenewalWindow(start: start, end: end, explanation: json["explanationURL"].string)
    }
}
