// Apache: modules/md/md_ocsp.c (ostat_to_json, ostat_from_json)

import Bytes

/// What a CA's OCSP responder said of a certificate: `ocsp/DOMAIN/ocsp-ID.json`.
public struct CertificateStatus: Sendable, Hashable {
    public enum State: String, Sendable { case good, revoked, unknown }
    public var state: State
    /// The answer itself, DER: what is stapled.
    public var response: [UInt8]
    /// Seconds since the epoch.
    public var from: Int64
    public var until: Int64

    /// The folder for certificates that belong to no managed domain (MD_OTHER).
    public static let others = "other"
    /// - Parameter id: ``Certificate/stapleID``
    public static func file(_ id: String) -> String { "ocsp-\(id).json" }

    init(state: State, response: [UInt8], from: Int64, until: Int64) {
        self.state = state
        self.response = response
        self.from = from
        self.until = until
    }
    public init?(_ store: Store, _ name: String, _ id: String) {
        guard let json = try? store.json(.ocsp, name, Self.file(id)),
            let response = json["response"].string.flatMap(Base64URL.decode), !response.isEmpty
        else { return nil }
        self.response = response
        state = json["status"].string.flatMap(State.init) ?? .unknown
        from = json["valid"]["from"].string.flatMap(RFC822.parse) ?? 0
        until = json["valid"]["until"].string.flatMap(RFC822.parse) ?? 0
    }
    public func save(_ store: Store, _ name: String, _ id: String) throws(Store.Failure) {
        try store.save(
            [
                "response": .string(Base64URL.encode(response)), "status": .string(state.rawValue), "valid": period,
            ], .ocsp, name, Self.file(id))
    }
    public var period: JSON { ["from": .string(RFC822.text(from)), "until": .string(RFC822.text(until))] }
}

/// A certificate whose status is looked after.
public struct StapledCertificate: Sendable {
    /// The managed domain, or `other`.
    public let name: String
    public let id: String
    public let fingerprint: String
    public let responder: String
    public let certificate: Certificate
    public let issuer: Certificate

    /// nil for certificates that name no responder.
    public init?(_ name: String, _ certificate: Certificate, issuer: Certificate) {
        guard let responder = certificate.ocspResponder else { return nil }
        self.name = name
        self.responder = responder
        self.certificate = certificate
        self.issuer = issuer
        id = certificate.stapleID
        fingerprint = certificate.fingerprint
    }
    /// Asks the responder.
    public func ask(_ settings: RenewalSettings) throws(ACMEError) -> CertificateStatus {
        let question: StatusQuestion
        let trust: TrustStore
        do throws(CryptographyError) {
            question = try StatusQuestion(certificate, issuer: issuer)
            trust = try TrustStore(file: settings.certificatesFile)
        } catch { throw ACMEError(error) }
        // MD_OCSP_MAX_RESPONSE_LEN, MD_OCSP_CONNECT_TIMEOUT
        var http = HTTPClient(
            userAgent: settings.userAgent, trust: trust, proxy: settings.proxy.flatMap { RequestURL($0) })
        http.sizeLimit = 32 * 1024
        http.connectTimeout = 5_000
        http.timeout = 30_000
        let answer: HTTPResponse
        do throws(HTTPError) {
            answer = try http.perform(
                "POST", responder, fields: [("Content-Type", "application/ocsp-request")], body: question.der)
        } catch { throw ACMEError(error.status, "request to <\(responder)> failed: \(error)") }
        guard (200..<300).contains(answer.status) else { throw ACMEError(answer) }
        return try question.read(answer.body)
    }
}

extension Store {
    /// `MDStaplingKeepResponse`: takes away answers that are older than this (md_ocsp_remove_responses_older_than).
    /// - Parameter time: Microseconds since the epoch.
    public func removeStatuses(before time: Int64) {
        for name in names(.ocsp) {
            for file in files(.ocsp, name) where file.hasPrefix("ocsp") && file.hasSuffix(".json") {
                guard let modified = modified(.ocsp, name, file), modified < time else { continue }
                remove(.ocsp, name, file)
            }
        }
    }
}
