// Apache: server/protocol.c (the failures of reading a request, with their log numbers)
import Bytes

/// Why a request cannot be read: what the client is told and what the log says.
public struct RequestError: Sendable, Hashable, Error {
    public var kind: Kind
    /// The bytes of the buffer that the log message quotes; empty when it quotes none.
    public var detail: ByteRange

    public init(_ kind: Kind, _ detail: ByteRange = .empty) {
        self.kind = kind
        self.detail = detail
    }

    public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
        // The request line.
        case requestLineTooLong, requestLineUnreadable
        case invalidMethod, methodNotFor09, missingURI, badURIEncoding, badWhitespace, excessWhitespace
        case trailingText, rejected09, unrecognizedProtocol, unregisteredMethod, unparsableURI, fragment, userInfo
        // Header fields and trailers.
        case fieldUnreadable, fieldTooLong, foldBeforeField, emptyFold, foldedFieldTooLong, tooManyFields
        case missingColon, emptyFieldName, whitespaceInName, whitespaceInValue, malformedName, malformedValue
        case mergedFieldTooLong
        // What the fields say.
        case invalidContentLength, unknownTransferEncoding, missingHost, malformedHost, numericHost
        case unknownExpectation
        // The body.
        case chunkMalformed, chunkOverflow, bodyTooLong, trailerMalformed
    }
}

extension RequestError {
    /// The status the client gets.
    public var status: Status {
        switch kind {
        case .requestLineTooLong: .requestURITooLarge
        case .unregisteredMethod: .notImplemented
        case .unknownExpectation: .expectationFailed
        case .chunkOverflow, .bodyTooLong: .requestEntityTooLarge
        default: .badRequest
        }
    }

    /// The sentence Apache puts into the body of the answer (`error-notes`), if there is one.
    public var notes: StaticString? {
        switch kind {
        case .fieldTooLong, .foldedFieldTooLong, .mergedFieldTooLong:
            "Size of a request header field exceeds server limit."
        case .tooManyFields: "The number of request header fields exceeds this server's limit."
        default: nil
        }
    }

    /// True when the log line is of level `info`; otherwise it is `debug`.
    public var isInfo: Bool {
        switch kind {
        case .requestLineTooLong, .fieldTooLong, .foldedFieldTooLong, .tooManyFields, .mergedFieldTooLong,
            .unknownExpectation, .chunkMalformed, .chunkOverflow, .bodyTooLong, .trailerMalformed:
            true
        default: false
        }
    }

    /// The `AHnnnnn` of the log line; nil where Apache has none.
    public var logNumber: StaticString? {
        switch kind {
        case .requestLineTooLong: "AH00565"
        case .requestLineUnreadable: "AH00566"
        case .invalidMethod: "AH03445"
        case .methodNotFor09: "AH03444"
        case .missingURI: "AH03446"
        case .badURIEncoding: "AH03454"
        case .badWhitespace: "AH03447"
        case .excessWhitespace: "AH03448"
        case .trailingText: "AH03449"
        case .rejected09: "AH02401"
        case .unrecognizedProtocol: "AH02418"
        case .unregisteredMethod: "AH02423"
        case .unparsableURI: "AH03450"
        case .fragment: "AH02421"
        case .userInfo: "AH02422"
        case .fieldUnreadable: nil
        case .fieldTooLong: "AH00561"
        case .foldBeforeField: "AH03442"
        case .emptyFold: "AH03443"
        case .foldedFieldTooLong: "AH00562"
        case .tooManyFields: "AH00563"
        case .missingColon: "AH00564"
        case .emptyFieldName: "AH03453"
        case .whitespaceInName: "AH03452"
        case .whitespaceInValue: "AH03451"
        case .malformedName: "AH02426"
        case .malformedValue: "AH02427"
        case .mergedFieldTooLong: "AH00560"
        case .invalidContentLength: "AH10242"
        case .unknownTransferEncoding: "AH02539"
        case .missingHost: "AH00569"
        case .malformedHost: "AH00550"
        case .numericHost: "AH02416"
        case .unknownExpectation: "AH00570"
        case .chunkMalformed, .chunkOverflow: "AH01590"
        case .bodyTooLong: "AH01591"
        case .trailerMalformed: "AH02656"
        }
    }

    /// The text of the log line without its number. `detail`: the quoted bytes, not yet escaped;
    /// `limitRequestLine` and `path` are quoted by the few messages that have them.
    public func message(detail: ByteString, limitRequestLine: Int = 8190, path: ByteString = "") -> ByteString {
        switch kind {
        case .requestLineTooLong:
            "request failed: client's request-line exceeds LimitRequestLine (longer than \(limitRequestLine))"
        case .requestLineUnreadable: "request failed: malformed request line"
        case .invalidMethod: "HTTP Request Line; Invalid method token: '\(detail)'"
        case .methodNotFor09:
            "HTTP Request Line; Invalid method token: '\(detail)' (only GET is allowed for HTTP/0.9 requests)"
        case .missingURI: "HTTP Request Line; Missing URI"
        case .badURIEncoding: "HTTP Request Line; URI incorrectly encoded: '\(detail)'"
        case .badWhitespace: "HTTP Request Line; Invalid whitespace"
        case .excessWhitespace: "HTTP Request Line; Excess whitespace (disallowed by HttpProtocolOptions Strict)"
        case .trailingText:
            "HTTP Request Line; Extraneous text found '\(detail)' (perhaps whitespace was injected?)"
        case .rejected09: "HTTP Request Line; Rejected HTTP/0.9 request"
        case .unrecognizedProtocol:
            "HTTP Request Line; Unrecognized protocol '\(detail)' (perhaps whitespace was injected?)"
        case .unregisteredMethod:
            "HTTP Request Line; Unrecognized HTTP method: '\(detail)' (disallowed by RegisteredMethods)"
        case .unparsableURI: "HTTP Request Line; Unable to parse URI: '\(detail)'"
        case .fragment: "HTTP Request Line; URI must not contain a fragment"
        case .userInfo: "HTTP Request Line; URI must not contain a username/password"
        default: fieldMessage(detail: detail, path: path)
        }
    }

    private func fieldMessage(detail: ByteString, path: ByteString) -> ByteString {
        switch kind {
        case .fieldUnreadable: "Failed to read request header line \(detail)"
        case .fieldTooLong: "Request header exceeds LimitRequestFieldSize\(detail.isEmpty ? "" : ": ")\(detail)"
        case .foldBeforeField: "Line folding encountered before first header line"
        case .emptyFold: "Empty folded line encountered"
        case .foldedFieldTooLong: "Request header exceeds LimitRequestFieldSize after folding: \(detail)"
        case .tooManyFields: "Number of request headers exceeds LimitRequestFields"
        case .missingColon: "Request header field is missing ':' separator: \(detail)"
        case .emptyFieldName: "Request header field name was empty"
        case .whitespaceInName: "Request header field name presented invalid whitespace"
        case .whitespaceInValue: "Request header field value presented bad whitespace"
        case .malformedName: "Request header field name is malformed: \(detail)"
        case .malformedValue: "Request header value is malformed: \(detail)"
        case .mergedFieldTooLong: "Request header exceeds LimitRequestFieldSize after merging: \(detail)"
        case .invalidContentLength: "client sent invalid Content-Length (\(detail)): \(path)"
        case .unknownTransferEncoding: "client sent unknown Transfer-Encoding (\(detail)): \(path)"
        case .missingHost: "client sent HTTP/1.1 request without hostname (see RFC2616 section 14.23): \(path)"
        case .malformedHost: "Client sent malformed Host header: \(detail)"
        case .numericHost: "[strict] purely numeric host names not allowed: \(detail)"
        case .unknownExpectation: "client sent an unrecognized expectation value of Expect: \(detail)"
        case .chunkMalformed: "Error reading/parsing chunk  "
        case .chunkOverflow: "Error reading/parsing chunk (overflow) "
        case .bodyTooLong: "Read content length is larger than the configured limit"
        case .trailerMalformed: "Error while reading HTTP trailer: 400\(detail.isEmpty ? "" : ": ")\(detail)"
        default: ""
        }
    }
}
