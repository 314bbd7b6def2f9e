// Apache: server/util_script.c (ap_scan_script_header_err_core_ex, getsfunc_BRIGADE)
import Bytes

/// The head a CGI program or a FastCGI application sends before its body (RFC 3875, section 6), read as it comes.
///
/// Lines end in LF; every CR is dropped, wherever it stands, as Apache does. The head is kept here, because it may
/// arrive in several pieces.
public struct CGIResponseHead: Sendable {
    public enum Outcome: Sendable, Hashable {
        /// More bytes are needed, or the end of the output (`finish`).
        case needMore
        /// The head is complete; the body begins at this offset of the bytes that were fed.
        case complete(bodyStart: Int)
        case failed(Failure)
    }

    /// Why there is no head; the client gets 500, or 504 for a timeout.
    public enum Failure: Sendable, Hashable {
        /// The output ended before any line of a head.
        case noHead
        /// The output ended, or a line was too long, before the empty line.
        case premature
        /// The script did not answer in time.
        case timedOut
        /// A line without a colon; its first 30 bytes.
        case malformed(ByteString)

        /// The text of the error log; `script` is the last component of the file name.
        public func message(script: ByteString) -> ByteString {
            switch self {
            case .noHead: "End of script output before headers: \(script)"
            case .premature: "Premature end of script headers: \(script)"
            case .timedOut: "Script timed out before returning headers: \(script)"
            case .malformed(let line): "malformed header from script '\(script)': Bad header: \(line)"
            }
        }
    }

    /// What a field is to the server: the named ones are for it, `.other` is copied to the client.
    public enum Kind: UInt8, Sendable, Hashable {
        /// Copied; fields of one name are joined with ", ".
        case other
        case contentType, status, location, contentLength, contentRange, transferEncoding, eTag, lastModified
        /// Copied; never joined.
        case setCookie
    }

    public struct Field: Sendable, Hashable {
        public var kind: Kind
        public var name: ByteRange
        public var value: ByteRange
    }

    /// Bytes one line may have; Apache's `MAX_STRING_LEN` less the line end.
    public static let maximumLine = 8190

    /// The lines without their ends: what the ranges of `fields` mean.
    public private(set) var bytes: [UInt8] = []
    /// In the order they came.
    public private(set) var fields: [Field] = []
    private var lineStart = 0
    private var isDone = false
    private var failure: Failure?
    /// Bytes of all lines together; a head that is longer fails as premature.
    private let limit: Int

    public init(limit: Int = 1 << 20) { self.limit = limit }

    /// Takes the next piece of the output.
    public mutating func feed(_ piece: borrowing Span<UInt8>, _ range: Range<Int>) -> Outcome {
        if let failure { return .failed(failure) }
        if isDone { return .complete(bodyStart: range.lowerBound) }
        var at = range.lowerBound
        while at < range.upperBound {
            let byte = piece[at]
            at += 1
            if byte == 10 {
                if let outcome = endLine(at) { return outcome }
            } else if byte != 13 {
                guard bytes.count - lineStart < Self.maximumLine, bytes.count < limit else {
                    return fail(fields.isEmpty ? .noHead : .premature)
                }
                bytes.append(byte)
            }
        }
        return .needMore
    }

    /// The output has ended before the head did.
    public mutating func finish(timedOut: Bool = false) -> Failure? {
        if isDone { return nil }
        if let failure { return failure }
        let end: Failure = timedOut ? .timedOut : fields.isEmpty ? .noHead : .premature
        failure = end
        return end
    }

    private mutating func fail(_ reason: Failure) -> Outcome {
        failure = reason
        return .failed(reason)
    }

    private mutating func endLine(_ next: Int) -> Outcome? {
        let line = lineStart..<bytes.count
        if line.isEmpty {
            isDone = true
            return .complete(bodyStart: next)
        }
        guard let colon = bytes[line].firstIndex(of: UInt8(ascii: ":")) else {
            return fail(.malformed(ByteString(bytes[line].prefix(30))))
        }
        var start = colon + 1
        var end = line.upperBound
        while start < end, ASCII.isSpace(bytes[start]) { start += 1 }
        let kind = Self.kind(bytes.span, line.lowerBound..<colon)
        if kind == .contentType {
            while end > start + 1, ASCII.isSpace(bytes[end - 1]) { end -= 1 }
            lowerType(start..<end)
        }
        fields.append(Field(kind: kind, name: ByteRange(line.lowerBound..<colon), value: ByteRange(start..<end)))
        lineStart = bytes.count
        return nil
    }

    /// Type and subtype are compared without case; parameters stay.
    private mutating func lowerType(_ range: Range<Int>) {
        for index in range {
            if bytes[index] == UInt8(ascii: ";") { return }
            bytes[index] = ASCII.lower(bytes[index])
        }
    }

    private static func kind(_ span: borrowing Span<UInt8>, _ name: Range<Int>) -> Kind {
        switch name.count {
        case 4: span.equalsIgnoringCase("ETag", in: name) ? .eTag : .other
        case 6: span.equalsIgnoringCase("Status", in: name) ? .status : .other
        case 8: span.equalsIgnoringCase("Location", in: name) ? .location : .other
        case 10: span.equalsIgnoringCase("Set-Cookie", in: name) ? .setCookie : .other
        case 12: span.equalsIgnoringCase("Content-Type", in: name) ? .contentType : .other
        case 13:
            span.equalsIgnoringCase("Content-Range", in: name)
                ? .contentRange : span.equalsIgnoringCase("Last-Modified", in: name) ? .lastModified : .other
        case 14: span.equalsIgnoringCase("Content-Length", in: name) ? .contentLength : .other
        case 17: span.equalsIgnoringCase("Transfer-Encoding", in: name) ? .transferEncoding : .other
        default: .other
        }
    }
}

// MARK: - What the head says

extension CGIResponseHead {
    public func text(_ range: ByteRange) -> ByteString { ByteString(bytes.span, range) }

    /// The value of the last field of this kind, which is the one that counts.
    public func last(_ kind: Kind) -> ByteString? {
        fields.last { $0.kind == kind }.map { text($0.value) }
    }

    /// The number of the `Status` field: leading digits as C's `atoi`; nil without the field. It may be no valid status
    /// ("Invalid status line from script" in the log).
    public var status: Int? {
        guard let value = last(.status) else { return nil }
        var at = 0
        var isNegative = false
        if let first = value.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            isNegative = first == UInt8(ascii: "-")
            at = 1
        }
        var number = 0
        while at < value.count, ASCII.isDigit(value[at]) {
            number = min(number * 10 + Int(value[at] &- 48), 1_000_000)
            at += 1
        }
        return isNegative ? 0 - number : number
    }
    /// The whole value of the `Status` field, which becomes the status line.
    public var statusLine: ByteString? { last(.status) }
}
