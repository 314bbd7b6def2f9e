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
    public private(set) var fields: [(name: ByteString, value: ByteString)] = []
    public private(set) var remarks: [Remark] = []
    /// The first line of an answer without a head, or the line that begins the body (`startBody`).
    public private(set) var simpleStart = ByteString()

    /// The status line has come.
    public var hasStatus: Bool { phase == .fields }

    private var line: [UInt8] = []
    /// A field that may go on in the next line.
    private var pending: [UInt8]?
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
        var text = ByteString(Array(line[9...]))
        if text.count == 3 { text.append(32) }
        statusLine = text
        phase = .fields
        return nil
    }
    /// `HTTP/#.# ###*`
    static func isStatusLine(_ line: [UInt8]) -> Bool {
        guard line.count >= 12, ByteString(Array(line[..<5])) == "HTTP/" else { return false }
        return ASCII.isDigit(line[5]) && line[6] == UInt8(ascii: ".") && ASCII.isDigit(line[7]) && line[8] == 32
            && line[9...11].allSatisfy(ASCII.isDigit)
    }

    private mutating func takeFieldLine() -> Event? {
        if let first = line.first, first == 32 || first == 9, pending != nil {
            // Blanks before the fold go, those behind it stay (AP_GETLINE_FOLD).
            while let last = pending?.last, last == 32 || last == 9 { pending?.removeLast() }
            pending?.append(contentsOf: line)
            return (pending?.count ?? 0) >= limit ? .failed(tooLong()) : nil
        }
        if let whole = pending {
            pending = nil
            if let event = takeField(whole) { return event }
        }
        if line.isEmpty {
            phase = .done
            return .complete
        }
        pending = line
        return nil
    }
    /// A field with all its lines.
    private mutating func takeField(_ whole: [UInt8]) -> Event? {
        var end = whole.count
        while end > 0, whole[end - 1] == 32 || whole[end - 1] == 9 { end -= 1 }
        guard let colon = whole[..<end].firstIndex(of: UInt8(ascii: ":")) else { return takeBadLine(whole) }
        var start = colon + 1
        while start < end, ASCII.isSpace(whole[start]) { start += 1 }
        while end > start, ASCII.isSpace(whole[end - 1]) { end -= 1 }
        fields.append((ByteString(Array(whole[..<colon])), ByteString(Array(whole[start..<end]))))
        return nil
    }
    private mutating func takeBadLine(_ whole: [UInt8]) -> Event? {
        // A second status line among the fields is a well-known fault.
        if !Self.isStatusLine(whole) {
            switch badLine {
            case .isError: return .failed(.badField)
            case .startBody:
                remarks.append(fields.isEmpty ? .noHeaders : .startsBody)
                if !fields.isEmpty { simpleStart = ByteString(whole) }
                // The line after it was read as well by then: it belongs to the body.
                if !fields.isEmpty, !line.isEmpty {
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
