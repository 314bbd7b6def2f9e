// RFC 7807, RFC 8555 section 6.7. Apache: modules/md/md_acme.c (Problems, inspect_problem)

import Kernel

/// How a step ended, in the numbers that mod_md writes into its files (apr_status_t).
public enum StatusCode {
    public static let success = 0
    public static let notFound = 2
    public static let again = 11
    public static let access = 13
    public static let invalid = 22
    public static let general = 20014
    public static let badArgument = 70004
    public static let incomplete = 70008
    public static let timeUp = 70007
    public static let notImplemented = 70023

    /// apr_strerror
    public static func text(_ status: Int) -> String {
        switch status {
        case general: "Internal error (specific information not available)"
        case badArgument: "The given path contained wildcard characters"
        case timeUp: "The timeout specified has expired"
        case incomplete: "Partial results are valid but processing is incomplete"
        case notImplemented: "This function has not been implemented on this platform"
        case 1..<4096: Errno(rawValue: Int32(status)).description
        default: "Error string not specified yet"
        }
    }
}

/// Why a step of getting a certificate failed.
public struct ACMEError: Error, Sendable, CustomStringConvertible {
    /// One of ``StatusCode``.
    public var status: Int
    /// The type of the CA's problem document, or `apache:…` for ones found here.
    public var problem: String?
    public var detail: String?
    public var subproblems: JSON = .null
    /// Seconds the CA asks to wait (`Retry-After`).
    public var retryAfter: Int?

    public init(_ status: Int, _ detail: String, problem: String? = nil) {
        self.status = status
        self.detail = detail
        self.problem = problem
    }
    public var description: String {
        [problem, detail].compactMap { $0 }.joined(separator: ": ")
    }
    init(_ error: CryptographyError) { self.init(StatusCode.general, error.description) }

    /// An answer that is no success.
    init(_ answer: HTTPResponse) {
        let document = answer.contentType == "application/problem+json" ? try? JSON(answer.body) : nil
        if let document, let type = document["type"].string {
            self.init(Self.status(ofProblem: type), document["detail"].string ?? "", problem: type)
            subproblems = document["subproblems"]
        } else {
            switch answer.status {
            case 400: self.init(StatusCode.invalid, "unexpected http status: 400")
            case 401, 403: self.init(StatusCode.access, "unexpected http status: \(answer.status)")
            case 404: self.init(StatusCode.notFound, "unexpected http status: 404")
            default: self.init(StatusCode.general, "unexpected http status: \(answer.status)")
            }
        }
        retryAfter = RetryAfter.seconds(answer.field("retry-after"))
    }

    /// The last words of a type; nil for types that are not ACME's.
    static func name(ofProblem type: String) -> String? {
        var rest = Substring(type.lowercased())
        for prefix in ["urn:ietf:params:", "urn:"] where rest.hasPrefix(prefix) {
            rest = rest.dropFirst(prefix.count)
            break
        }
        return rest.hasPrefix("acme:error:") ? String(rest.dropFirst(11)) : nil
    }
    static func status(ofProblem type: String) -> Int {
        switch name(ofProblem: type) {
        case "badcsr", "badsignaturealgorithm", "externalaccountrequired", "malformed", "badrevocationreason":
            StatusCode.invalid
        case "badnonce": StatusCode.again
        case "invalidcontact", "ratelimited", "rejectedidentifier", "unsupportedidentifier": StatusCode.badArgument
        case "unauthorized": StatusCode.access
        default: StatusCode.general
        }
    }
    /// Trying again soon is of no use: something we say is wrong.
    public static func isInputRelated(_ type: String?) -> Bool {
        switch type.flatMap(name(ofProblem:)) {
        case "agreementrequired", "badcsr", "badsignaturealgorithm", "externalaccountrequired", "invalidcontact",
            "unsupportedcontact", "malformed", "rejectedidentifier", "unsupportedidentifier", "useractionrequired",
            "badrevocationreason":
            true
        default: false
        }
    }
}

/// RFC 9110 section 10.2.3.
enum RetryAfter {
    /// Seconds from now; nil for none or one that cannot be read.
    static func seconds(_ text: String?) -> Int? {
        guard let text else { return nil }
        if let seconds = Int(text) { return max(0, seconds) }
        guard let date = RFC822.parse(text) else { return nil }
        return max(0, Int(date - RealTime.now / 1_000_000))
    }
}
