// RFC 8555 sections 7.1.3, 7.4, 7.5. Apache: modules/md/md_acme_order.c, md_acme_authz.c

import Bytes

/// An order, as it is kept in the staging area (`order.json`).
public struct Order: Sendable, Hashable {
    public enum Status: String, Sendable { case pending, ready, processing, valid, invalid }
    public var url: String
    public var status: Status = .pending
    public var authorizations: [String] = []
    /// What was set up for challenges and must be taken down: `http-01:example.org`.
    public var setups: [String] = []
    public var finalize: String?
    public var certificate: String?
    public var error: JSON = .null

    init(url: String) { self.url = url }

    public init?(stored json: JSON) {
        guard let url = json["url"].string else { return nil }
        self.url = url
        update(json)
        setups = json["challenge-setups"].strings
    }
    mutating func update(_ json: JSON) {
        status = json["status"].string.flatMap(Status.init) ?? .pending
        if !json["authorizations"].isNull { authorizations = json["authorizations"].strings }
        finalize = json["finalize"].string ?? finalize
        certificate = json["certificate"].string ?? certificate
        error = json["error"]
    }
    public var json: JSON {
        [
            "url": .string(url), "status": .string(status.rawValue), "authorizations": JSON(authorizations),
            "challenge-setups": JSON(setups), "finalize": JSON(finalize), "certificate": JSON(certificate),
        ]
    }
}

/// RFC 8555 section 7.1.4.
public struct Authorization: Sendable {
    public enum Status: String, Sendable { case pending, valid, invalid, deactivated, expired, revoked }
    public struct Challenge: Sendable {
        public var type: String
        public var url: String
        public var token: String
        public var status: String
    }
    public var url: String
    public var status: Status?
    public var domain: String
    public var challenges: [Challenge]
    /// The problem of the challenge that failed.
    public var error: JSON = .null
    public var json: JSON

    init(url: String, _ json: JSON) {
        self.url = url
        self.json = json
        status = json["status"].string.flatMap(Status.init)
        domain = json["identifier"]["value"].string ?? ""
        challenges = json["challenges"].elements.compactMap { challenge in
            guard let type = challenge["type"].string, let url = challenge["url"].string,
                let token = challenge["token"].string
            else { return nil }
            return Challenge(type: type, url: url, token: token, status: challenge["status"].string ?? "")
        }
        for challenge in json["challenges"].elements where !challenge["error"].isNull { error = challenge["error"] }
    }
}

extension ACMEClient {
    /// - Parameters:
    ///   - profile: One of the directory's.
    ///   - replaces: RFC 9773 section 5: the identifier of the certificate this one follows.
    public func order(_ domains: [String], profile: String? = nil, replaces: String? = nil) throws(ACMEError) -> Order {
        var payload: JSON = [
            "identifiers": .array(domains.map { ["type": "dns", "value": .string($0)] })
        ]
        payload["profile"] = JSON(profile)
        payload["replaces"] = JSON(replaces)
        let (json, answer) = try postJSON(directory.newOrder, payload)
        guard let url = answer.field("location") else {
            throw ACMEError(StatusCode.invalid, "new order, no location header")
        }
        var order = Order(url: url)
        order.update(json)
        return order
    }
    /// - Returns: Seconds the CA asks to wait before the next look.
    @discardableResult
    public func update(_ order: inout Order) throws(ACMEError) -> Int? {
        let (json, answer) = try postJSON(order.url, nil)
        order.update(json)
        return RetryAfter.seconds(answer.field("retry-after"))
    }
    public func authorization(_ url: String) throws(ACMEError) -> (Authorization, retryAfter: Int?) {
        let (json, answer) = try postJSON(url, nil)
        return (Authorization(url: url, json), RetryAfter.seconds(answer.field("retry-after")))
    }
    /// `token.thumbprint` (RFC 8555 section 8.1).
    public func keyAuthorization(_ token: String) -> String { "\(token).\(key?.thumbprint ?? "")" }

    /// Tells the CA to look.
    public func respond(to challenge: Authorization.Challenge) throws(ACMEError) {
        _ = try post(challenge.url, .emptyObject)
    }
    public func finalize(_ order: inout Order, request: [UInt8]) throws(ACMEError) {
        guard let url = order.finalize else { throw ACMEError(StatusCode.invalid, "the order has no finalize url") }
        let answer = try post(url, ["csr": .string(Base64URL.encode(request))])
        if let json = try? JSON(answer.body) { order.update(json) }
    }
    /// The certificate of a valid order, and those it leads up to.
    public func certificates(_ order: Order) throws(ACMEError) -> [Certificate] {
        guard let url = order.certificate else {
            throw ACMEError(StatusCode.invalid, "Order valid, but certificate url is missing.")
        }
        var answer = try post(url, nil)
        var chain: [Certificate] = []
        var seen: Set<String> = [url]
        while chain.count < 10 {
            guard answer.contentType != "application/x-pkcs7-mime" else { break }
            if answer.contentType == "application/pkix-cert" {
                if let certificate = try? Certificate(der: answer.body) { chain.append(certificate) }
            } else {
                chain += Certificate.chain(pem: answer.body)
            }
            guard let up = answer.links("up").first, seen.insert(up).inserted else { break }
            answer = try post(up, nil)
        }
        guard !chain.isEmpty else {
            throw ACMEError(StatusCode.notFound, "the ACME server answers without a certificate at <\(url)>")
        }
        return chain
    }
}
