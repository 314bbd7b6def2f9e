// Apache: server/protocol.c (read_request_line, ap_parse_request_line, ap_get_mime_headers_core)
import Bytes

/// The head of a request: request line and fields, as ranges of the buffer it was read from.
///
/// One value serves all requests of a connection: `reset` empties it and keeps its storage, so that parsing allocates
/// nothing after warm-up. It is fed as bytes arrive and never looks at a byte of a line twice while the line is
/// incomplete. Between `reset` and the last use of a range, the bytes of the head stay at the same offsets.
public struct RequestHead: Sendable {
    public internal(set) var method: Method = .get
    /// The name of the method, which `.other` does not tell.
    public internal(set) var methodName: ByteRange = .empty
    /// The request-target as it was sent: `r->unparsed_uri`.
    public internal(set) var targetText: ByteRange = .empty
    public internal(set) var target = RequestTarget()
    public internal(set) var version: HTTPVersion = .http10
    /// `HTTP/0.9`: no fields follow, and no head is sent back.
    public internal(set) var isSimple = false
    /// The request line as logs show it (`%r`), still unescaped. Empty before a line was read.
    public internal(set) var requestLine: ByteRange = .empty

    /// Bytes are only looked at: what would be rewritten in the buffer counts as incomplete, so that another value can
    /// read the same bytes again.
    public var isTrial = false
    /// A trial met a line that would have to be rewritten.
    var isStopped = false

    var section = FieldSection()
    private var phase = Phase.requestLine
    private var blankLines = 0

    private enum Phase: Sendable {
        case requestLine, fields
    }

    public init() {}

    public enum ParseResult: Sendable, Hashable {
        /// More bytes are needed.
        case incomplete
        /// The head ends `length` bytes after its start; a body may follow.
        case complete(length: Int)
        /// The request cannot be read; the connection is closed after the answer.
        case failed(RequestError)
    }

    /// Apache skips this many empty lines before a request line.
    public static let skippedBlankLines = 10

    /// Forgets everything and keeps storage. `start`: where in the buffer the next request begins.
    public mutating func reset(start: Int = 0) {
        method = .get
        methodName = .empty
        targetText = .empty
        target = RequestTarget()
        version = .http10
        isSimple = false
        requestLine = .empty
        section.removeAll(start: start)
        origin = start
        phase = .requestLine
        blankLines = 0
        isStopped = false
    }
    private var origin = 0

    /// True once a byte of a request line was seen: what decides between an idle connection and a timed-out request.
    public var hasBegun: Bool { phase == .fields || section.lines.start > origin }

    /// Reads on to `end`, which is how much of the buffer is filled. Folded fields are joined, and a request line with
    /// unusual blanks is rewritten as Apache logs it, in the buffer.
    public mutating func parse(
        _ buffer: inout MutableSpan<UInt8>, to end: Int, _ options: borrowing RequestOptions
    ) -> ParseResult {
        let end = min(end, buffer.count)
        if phase == .requestLine {
            switch readRequestLine(&buffer, to: end, options) {
            case .incomplete: return .incomplete
            case .failed(let error): return .failed(error)
            case .complete: break
            }
            if isSimple { return .complete(length: section.lines.start - origin) }
            phase = .fields
        }
        switch section.parse(&buffer, to: end, isTrial: isTrial, options) {
        case .incomplete: return .incomplete
        case .complete(let end): return .complete(length: end - origin)
        case .failed(let error): return .failed(error)
        }
    }
    /// As above, over all bytes of an array.
    public mutating func parse(_ buffer: inout [UInt8], _ options: borrowing RequestOptions) -> ParseResult {
        var span = buffer.mutableSpan
        return parse(&span, to: span.count, options)
    }

    private mutating func readRequestLine(
        _ buffer: inout MutableSpan<UInt8>, to end: Int, _ options: borrowing RequestOptions
    ) -> ParseResult {
        while true {
            switch section.lines.next(
                buffer.span, to: end, limit: options.limitRequestLine, needsCR: options.isStrict)
            {
            case .incomplete: return .incomplete
            case .tooLong(let seen):
                requestLine = ByteRange(seen)
                return .failed(RequestError(.requestLineTooLong))
            case .bad(let seen):
                requestLine = ByteRange(seen)
                return .failed(RequestError(.requestLineUnreadable))
            case .line(let line):
                if line.content.isEmpty, blankLines < Self.skippedBlankLines {
                    blankLines += 1
                    continue
                }
                let error = parseRequestLine(&buffer, line.content, options)
                if isStopped { return .incomplete }
                if let error { return .failed(error) }
                return .complete(length: 0)
            }
        }
    }
}

// MARK: - Fields

extension RequestHead {
    /// The fields in the order they came; a name may occur several times.
    public var fields: [HeaderField] { section.fields }
    /// Bits of the names that occur (`HeaderName.bit`), and of those that occur more than once.
    public var present: UInt64 { section.present }
    public var repeated: UInt64 { section.repeated }

    @inlinable public func has(_ name: HeaderName) -> Bool { present & name.bit != 0 }

    /// The value of the first field of this name.
    public func first(_ name: HeaderName) -> ByteRange? {
        guard section.present & name.bit != 0 else { return nil }
        for field in section.fields where field.token == name { return field.value }
        return nil
    }

    /// The value of this name as `r->headers_in` has it: all its fields, joined with ", ".
    public func value(_ name: HeaderName, in bytes: borrowing Span<UInt8>) -> ByteString? {
        guard let first = first(name) else { return nil }
        guard section.repeated & name.bit != 0 else { return ByteString(bytes, first) }
        var joined: [UInt8] = []
        var isFirst = true
        for field in section.fields where field.token == name {
            if !isFirst { joined.append(", ") }
            isFirst = false
            joined.append(bytes, field.value)
        }
        return ByteString(joined)
    }

    /// The value of a name that has no token; letters match without case.
    public func value(named name: ByteString, in bytes: borrowing Span<UInt8>) -> ByteString? {
        let token = HeaderName(name)
        if token != .other, token.bit != 0 { return value(token, in: bytes) }
        var joined: [UInt8]?
        for field in section.fields where field.token == token && Self.matches(bytes, field.name, name) {
            if joined != nil { joined?.append(", ") } else { joined = [] }
            joined?.append(bytes, field.value)
        }
        return joined.map { ByteString($0) }
    }

    private static func matches(_ bytes: borrowing Span<UInt8>, _ range: ByteRange, _ name: ByteString) -> Bool {
        guard Int(range.count) == name.count else { return false }
        for index in 0..<name.count where ASCII.lower(bytes[range.start + index]) != ASCII.lower(name.bytes[index]) {
            return false
        }
        return true
    }

    /// The value of this name as decimal digits only: nil when it is absent, repeated, malformed or above 2^63 - 1.
    public func decimal(_ name: HeaderName, in bytes: borrowing Span<UInt8>) -> UInt64? {
        guard section.repeated & name.bit == 0, let value = first(name) else { return nil }
        return strictLength(bytes, value.range)
    }
}

/// `ap_parse_strict_length`: digits and nothing else, at most 2^63 - 1.
@inlinable public func strictLength(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> UInt64? {
    guard !range.isEmpty else { return nil }
    var number: UInt64 = 0
    for index in range {
        let digit = UInt64(bytes[index] &- 48)
        guard digit < 10 else { return nil }
        let (times, high) = number.multipliedReportingOverflow(by: 10)
        let (sum, higher) = times.addingReportingOverflow(digit)
        guard !high, !higher, sum <= UInt64(Int64.max) else { return nil }
        number = sum
    }
    return number
}
