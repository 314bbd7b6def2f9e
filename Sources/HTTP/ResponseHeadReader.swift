// Apache: modules/proxy/mod_proxy_http.c (ap_proxy_http_process_response, ap_proxy_read_headers), server/protocol.c
//         (ap_rgetline with AP_GETLINE_FOLD)
import Bytes

/// Reads the head of an answer that another server gives, line by line as the bytes come, with the tolerances of Apache's
/// proxy.
public struct ResponseHeadReader: Sendable {
    /// `ProxyBadHeader`: what a line among the fields is that has no colon.
    public enum BadLine: Sendable { case isError, ignore, startBody }

    public enum Event: Sendable, Equatable {
        /// All bytes are used up.
        case needMore
        /// The head is whole; the body begins at the position.
        case complete
        /// No status line came: the body of an HTTP/0.9 answer, of which ``simpleStart`` was read already.
        case simple
        case failed(Failure)
    }
    public enum Failure: Sendable, Equatable {
        /// Nothing but empty lines.
        case noStatusLine
        /// A status line of another protocol, or a longer one than allowed.
        case statusLine(ByteString)
        /// A line longer than `limit`: its beginning and its end.
        case tooLong(ByteString, ByteString)
        /// A line among the fields without a colon.
        case badField
        /// More bytes of fields than ``totalLimit``.
        case tooMany
    }
    /// What the error log is told of lines that were let pass.
    public enum Remark: Sendable, Equatable { case startsBody, noHeaders, ignored }

    /// `responsefieldsize`; Apache's HUGE_STRING_LEN.
    public static let standardLimit = 8192
    /// Bytes of all fields together; Apache has no such limit.
    public static let totalLimit = 1 << 20

    public let limit: Int
    public let badLine: BadLine
    public private(set) var status = 0
    public private(set) var major = 1
    public private(set) var minor = 1
    /// Status and reason: `200 OK`.
    public private(set) var statusLine = ByteString()
    /// All fields' lines, in which ``ranges`` tells where names and values lie.
    public private(set) var text: [UInt8] = []
    public private(set) var ranges: [(name: Range<Int>, value: Range<Int>)] = []
    public var fields: [(name: ByteString, value: ByteString)] {
        ranges.map { (ByteString(Array(text[$0.name])), ByteString(Array(text[$0.value]))) }
    }
    public private(set) var remarks: [Remark] = []
    /// The first line of an answer without a head, or the line that begins the body (`startBody`).
    public private(set) var simpleStart = ByteString()

    /// The status line has come.
    public var hasStatus: Bool { phase == .fields }

    private var line: [UInt8] = []
    /// Where in the text a field begins that may go on in the next line.
    private var pending: Int?
    private var total = 0
    private var phase = Phase.statusLine
    private enum Phase: Sendable { case statusLine, secondStatusLine, fields, done }

    public init(limit: Int = standardLimit, badLine: BadLine = .isError) {
        self.limit = max(limit, 64)
        self.badLine = badLine
    }

    /// Looks at `bytes` from `position` on and moves it past what was used.
    public mutating func feed(_ bytes: borrowing Span<UInt8>, _ position: inout Int) -> Event {
        while position < bytes.count {
            let end = bytes.firstIndex(of: 10, from: position, to: bytes.count)
            line.append(bytes, position..<end)
            total += end - position
            if line.count >= limit { return .failed(tooLong()) }
            if total > Self.totalLimit { return .failed(.tooMany) }
            guard end < bytes.count else {
                position = end
                return .needMore
            }
            position = end + 1
            if line.last == 13 { line.removeLast() }
            let event = takeLine()
            line.removeAll(keepingCapacity: true)
            if let event { return event }
        }
        return .needMore
    }
    /// The stream ended in the middle of the head: what Apache would do with the line that was begun.
    public mutating func finish() -> Event? {
        guard phase == .statusLine || phase == .secondStatusLine, !line.isEmpty else { return nil }
        let event = takeLine() ?? .needMore
        line.removeAll()
        return event == .needMore ? nil : event
    }
    private func tooLong() -> Failure {
        if phase == .statusLine || phase == .secondStatusLine, Self.isStatusLine(line) {
            return .statusLine(ByteString(line))
        }
        // Apache shows both ends of what its buffer holds.
        let kept = line.prefix(limit - 1)
        let part = min(kept.count, 128) / 2
        return .tooLong(ByteString(Array(kept.prefix(part))), ByteString(Array(kept.suffix(part))))
    }

    private mutating func takeLine() -> Event? {
        switch phase {
        case .statusLine:
            // One stray empty line is let pass.
            if line.isEmpty {
                phase = .secondStatusLine
                return nil
            }
            return takeStatusLine()
        case .secondStatusLine: return line.isEmpty ? .failed(.noStatusLine) : takeStatusLine()
        case .fields: return takeFieldLine()
        case .done: return .complete
        }
    }

    private mutating func takeStatusLine() -> Event? {
        guard Self.isStatusLine(line) else {
            status = 200
            statusLine = "200 OK"
            simpleStart = ByteString(line)
            phase = .done
            return .simple
        }
        major = Int(line[5] - 48)
        minor = Int(line[7] - 48)
        guard major == 1, line.count < limit - 1 else { return .failed(.statusLine(ByteString(line))) }
        status = Int(line[9] - 48) * 100 + Int(line[10] - 48) * 10 + Int(line[11] - 48)
        statusLine = ByteString(Array(line[9...]))
        if statusLine.count == 3 { statusLine.append(32) }
        phase = .fields
        text.reserveCapacity(512)
        ranges.reserveCapacity(16)
        return nil
    }
    /// `HTTP/#.# ###*`
    static func isStatusLine(_ line: [UInt8]) -> Bool {
        guard line.count >= 12, line.span.equals("HTTP/", in: 0..<5) else { return false }
        return ASCII.isDigit(line[5]) && line[6] == UInt8(ascii: ".") && ASCII.isDigit(line[7]) && line[8] == 32
            && line[9...11].allSatisfy(ASCII.isDigit)
    }

    private mutating func takeFieldLine() -> Event? {
        if let first = line.first, first == 32 || first == 9, let start = pending {
            // Blanks before the fold go, those behind it stay (AP_GETLINE_FOLD).
            while text.count > start, let last = text.last, last == 32 || last == 9 { text.removeLast() }
            text.append(contentsOf: line)
            return text.count - start >= limit ? .failed(tooLong()) : nil
        }
        if let start = pending {
            pending = nil
            if let event = takeField(start) { return event }
        }
        if line.isEmpty {
            phase = .done
            return .complete
        }
        pending = text.count
        text.append(contentsOf: line)
        return nil
    }
    /// A field with all its lines, from `begin` to the end of the text.
    private mutating func takeField(_ begin: Int) -> Event? {
        var end = text.count
        while end > begin, text[end - 1] == 32 || text[end - 1] == 9 { end -= 1 }
        var colon = begin
        while colon < end, text[colon] != UInt8(ascii: ":") { colon += 1 }
        guard colon < end else { return takeBadLine(Array(text[begin...])) }
        var start = colon + 1
        while start < end, ASCII.isSpace(text[start]) { start += 1 }
        while end > start, ASCII.isSpace(text[end - 1]) { end -= 1 }
        ranges.append((begin..<colon, start..<end))
        return nil
    }
    private mutating func takeBadLine(_ whole: [UInt8]) -> Event? {
        // A second status line among the fields is a well-known fault.
        if !Self.isStatusLine(whole) {
            switch badLine {
            case .isError: return .failed(.badField)
            case .startBody:
                remarks.append(ranges.isEmpty ? .noHeaders : .startsBody)
                if !ranges.isEmpty { simpleStart = ByteString(whole) }
                // The line after it was read as well by then: it belongs to the body.
                if !ranges.isEmpty, !line.isEmpty {
                    simpleStart.append(10)
                    simpleStart.append(ByteString(line))
                    simpleStart.append(10)
                }
                phase = .done
                return .complete
            case .ignore: break
            }
        }
        remarks.append(.ignored)
        return nil
    }
}
