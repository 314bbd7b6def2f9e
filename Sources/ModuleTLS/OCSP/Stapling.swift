// Apache: modules/ssl/ssl_util_stapling.c

import Bytes
import CTLS
import ServerCore

/// OCSP stapling: a server shows its certificate's status in the handshake. Answers are kept in a cache that all children share.
enum Stapling {
    /// The longest answer that is kept (MAX_STAPLING_DER, less its flag).
    static let longest = 10239

    /// What a server's connections need: the questions about its certificates, by fingerprint.
    struct Setup: Sendable {
        var questions: [[UInt8]: CertificateQuestion] = [:]
        var cache: SessionCache
        var rules: StaplingRules
    }

    /// What there is for a certificate.
    enum Found {
        /// This is stapled.
        case response([UInt8])
        /// Nothing is stapled: the responder gave nothing that may be shown, and is not asked again yet.
        case nothing
        /// The responder must be asked.
        case missing
    }
    /// get_and_check_cached_response.
    static func find(_ fingerprint: [UInt8], _ setup: Setup, _ server: Server) -> Found {
        guard let question = setup.questions[fingerprint] else { return .nothing }
        guard let kept = Kept(setup.cache, fingerprint) else {
            server.log(.debug, "ssl", "AH01930: stapling_get_cached_response: cache miss")
            return .missing
        }
        server.log(.debug, "ssl", "AH01933: stapling_get_cached_response: cache hit")
        let (wasFine, response) = (kept.isFine, kept.response)
        if response.isEmpty { return .nothing }
        if isAcceptable(response, question, setup.rules, server) {
            return wasFine || setup.rules.returnsErrors ? .response(response) : .nothing
        }
        // What was wrong from the beginning is not asked for again until the cache forgets it.
        if wasFine { return .missing }
        return setup.rules.returnsErrors ? .response(response) : .nothing
    }
    /// stapling_check_response, for a kept answer.
    private static func isAcceptable(
        _ response: [UInt8], _ question: CertificateQuestion, _ rules: StaplingRules, _ server: Server
    ) -> Bool {
        let answer = question.read(response, skew: rules.timeSkew, maximumAge: rules.maximumAge)
        guard answer.response == OCSP_RESPONSE_STATUS_SUCCESSFUL else { return rules.returnsErrors }
        guard answer.is_basic == 1 else {
            server.log(.error, "ssl", "AH01934: stapling_check_response: Error Parsing Response!")
            return true
        }
        guard answer.is_found == 1 else {
            server.log(
                .error, "ssl", "AH01935: stapling_check_response: certificate ID not present in response!")
            return rules.returnsErrors
        }
        if answer.is_timely == 0 {
            server.log(.debug, "ssl", "AH01937: stapling_check_response: cached response expired")
        }
        return answer.is_timely == 1
    }

    /// Whether the responder should be asked again although there is an answer: the last fifth of its time has begun, and no other handshake
    /// of any child has taken it on. So a busy server never lets a handshake wait for the next answer.
    static func isDue(_ fingerprint: [UInt8], _ setup: Setup) -> Bool {
        guard var kept = Kept(setup.cache, fingerprint), kept.isFine else { return false }
        let now = SessionCallbacks.now
        guard now >= kept.refresh else { return false }
        // Where the responder does not answer this time, the next one tries again after a while.
        kept.refresh = now &+ UInt64(clamping: setup.rules.responderTimeout + setup.rules.errorCacheTimeout)
        kept.insert(into: setup.cache, fingerprint, now: now)
        return true
    }

    // MARK: - An answer from the responder

    /// Keeps what the responder said (nil: nothing) for as long as the directives say.
    static func keep(
        _ response: [UInt8]?, _ fingerprint: [UInt8], _ question: CertificateQuestion, _ setup: Setup, _ server: Server
    ) {
        let isFine: Bool
        let bytes: [UInt8]
        if let response {
            isFine = judge(response, question, setup.rules, server)
            bytes = response
        } else {
            server.log(.error, "ssl", "AH01941: stapling_renew_response: responder error")
            isFine = false
            bytes = setup.rules.fakesTryLater ? tryLater : []
        }
        // One that is still good is better than an error.
        if !isFine, let kept = Kept(setup.cache, fingerprint), kept.isFine,
            isAcceptable(kept.response, question, setup.rules, server)
        {
            return
        }
        guard bytes.count <= longest else {
            server.log(.error, "ssl", "AH01928: OCSP stapling response too big (\(bytes.count) bytes)")
            server.log(.error, "ssl", "AH01945: stapling_renew_response: error caching response!")
            return
        }
        let now = SessionCallbacks.now
        let period = UInt64(clamping: isFine ? setup.rules.cacheTimeout : setup.rules.errorCacheTimeout)
        Kept(isFine: isFine, refresh: now &+ period - period / 5, end: now &+ period, response: bytes)
            .insert(into: setup.cache, fingerprint, now: now)
    }
    /// OCSPResponse with responseStatus tryLater (RFC 6960, section 4.2.1).
    private static let tryLater: [UInt8] = [0x30, 0x03, 0x0A, 0x01, 0x03]

    private static func judge(
        _ response: [UInt8], _ question: CertificateQuestion, _ rules: StaplingRules, _ server: Server
    ) -> Bool {
        let answer = question.read(response, skew: rules.timeSkew, maximumAge: rules.maximumAge)
        guard answer.response == OCSP_RESPONSE_STATUS_SUCCESSFUL else {
            let text = unsafe OCSP_response_status_str(Int(answer.response)).map { unsafe String(cString: $0) }
            server.log(
                .debug, "ssl", "AH01944: stapling_renew_response: responder error \(ByteString(text ?? "(UNKNOWN)"))")
            return false
        }
        server.log(.debug, "ssl", "AH01942: stapling_renew_response: query response received")
        if answer.is_basic == 0 {
            server.log(.error, "ssl", "AH01934: stapling_check_response: Error Parsing Response!")
        } else if answer.is_found == 0 {
            server.log(
                .error, "ssl", "AH01935: stapling_check_response: certificate ID not present in response!")
        } else {
            if answer.is_timely == 0 {
                server.log(.error, "ssl", "AH01936: stapling_check_response: response times invalid")
            }
            if answer.status != V_OCSP_CERTSTATUS_GOOD { tell(answer, question, server) }
            if answer.is_timely == 1 { return true }
        }
        server.log(.error, "ssl", "AH01943: stapling_renew_response: error in retrieved response!")
        return false
    }
    private static func tell(_ answer: ctls_answer, _ question: CertificateQuestion, _ server: Server) {
        let status = unsafe OCSP_cert_status_str(Int(answer.status)).map { unsafe String(cString: $0) } ?? "unknown"
        let reason =
            answer.reason < 0
            ? "n/a" : unsafe OCSP_crl_reason_str(Int(answer.reason)).map { unsafe String(cString: $0) } ?? "n/a"
        server.log(
            .error, "ssl",
            "AH02969: stapling_check_response: response has certificate status \(ByteString(status)) (reason: \(ByteString(reason))) for serial number \(question.serial)"
        )
    }
}

/// `SSLStapling…` with the values that hold where nothing is said (modssl_init_stapling). Times are seconds.
struct StaplingRules: Sendable {
    var timeSkew: Int
    /// nil: any.
    var maximumAge: Int?
    var responderTimeout: Int
    var cacheTimeout: Int
    var errorCacheTimeout: Int
    var returnsErrors: Bool
    var fakesTryLater: Bool
    var forceURL: ByteString?

    init(_ config: StaplingConfig) {
        timeSkew = config.timeSkew.value(default: 300)
        maximumAge = config.maximumAge.value
        responderTimeout = config.responderTimeout.value(default: 10)
        cacheTimeout = config.cacheTimeout.value(default: 3600)
        errorCacheTimeout = config.errorCacheTimeout.value(default: 600)
        returnsErrors = config.returnsErrors.value(default: true)
        fakesTryLater = config.fakesTryLater.value(default: true)
        forceURL = config.forceURL.value
    }
}

/// An answer as the cache has it: whether it was fine, when to ask again, when it ends (seconds), and its bytes, none where the responder
/// gave none.
private struct Kept {
    var isFine: Bool
    var refresh: UInt64
    var end: UInt64
    var response: [UInt8]

    init(isFine: Bool, refresh: UInt64, end: UInt64, response: [UInt8]) {
        self.isFine = isFine
        self.refresh = refresh
        self.end = end
        self.response = response
    }
    init?(_ cache: SessionCache, _ fingerprint: [UInt8]) {
        guard let bytes = cache.find(fingerprint, now: SessionCallbacks.now), bytes.count >= Self.headSize else {
            return nil
        }
        func number(_ start: Int) -> UInt64 { bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(isFine: bytes[0] == 1, refresh: number(1), end: number(9), response: Array(bytes[Self.headSize...]))
    }
    func insert(into cache: SessionCache, _ fingerprint: [UInt8], now: UInt64) {
        let times = [refresh, end].flatMap { time in (0..<8).map { UInt8(truncatingIfNeeded: time >> (56 - 8 * $0)) } }
        cache.insert(fingerprint, [isFine ? 1 : 0] + times + response, end: end, now: now)
    }
    static let headSize = 17
}
