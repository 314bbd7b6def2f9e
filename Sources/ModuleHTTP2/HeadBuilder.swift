// Apache: modules/http2/h2_request.c (h2_request_add_header, h2_request_end_headers), h2_util.c (req_add_header),
//         h2_stream.c (h2_stream_add_header, add_trailer)

import Bytes

/// What a request's head may be at most: `LimitRequestLine`, `LimitRequestFields`, `LimitRequestFieldSize`.
struct HeadLimits: Sendable {
    var line = 8190
    var fields = 100
    var fieldSize = 8190
    /// Bytes of all heads that are taken at once; see ``FrameScratch``.
    var total = 1 << 20
}

/// Writes the fields of a HEADERS frame as the head of a request of HTTP/1, which everything behind it understands:
/// pseudo-fields become request line and Host (RFC 9113, section 8.3.1), several Cookie fields one (section 8.2.3), fields
/// that belong to a connection of HTTP/1 go. What nghttp2 has checked before is relied on: no name or value holds a line end.
struct HeadBuilder {
    /// What is known of a head besides its text.
    struct Progress: Sendable {
        /// The status that refuses the request; 0 when it is fine.
        var status = 0
        /// A Host field that `:authority` took the place of (H2_ORIGINAL_HOST).
        var originalHost: [UInt8] = []
        /// The key that was made for a WebSocket; empty for other requests.
        var webSocketKey = ByteString()
        var isMalformed = false
    }
    private var limits = HeadLimits()
    private(set) var start = 0
    private(set) var isTrailer = false
    private(set) var progress = Progress()
    private var method: [UInt8] = []
    private var scheme: [UInt8] = []
    private var authority: [UInt8] = []
    private var path: [UInt8] = []
    /// `:protocol` (RFC 8441).
    private var wanted: [UInt8] = []
    private var cookies: [UInt8] = []
    private var hasLine = false
    private var hasHost = false
    private var hasLength = false
    private var hasType = false
    private var fieldCount = 0
    private var failures = 0
    private var trailers: [(name: ByteString, value: ByteString)] = []
    /// Fields so far: where they begin in the head and how long their values are together.
    private var names: [(key: UInt32, start: Int, size: Int)] = []

    /// Begins a head, which is appended to a text that has `start` bytes.
    mutating func begin(at start: Int, isTrailer: Bool, _ limits: HeadLimits) {
        self.limits = limits
        self.start = start
        self.isTrailer = isTrailer
        progress.status = 0
        if !progress.originalHost.isEmpty { progress.originalHost = [] }
        progress.isMalformed = false
        if !progress.webSocketKey.isEmpty { progress.webSocketKey = ByteString() }
        if !wanted.isEmpty { wanted = [] }
        method.removeAll(keepingCapacity: true)
        scheme.removeAll(keepingCapacity: true)
        authority.removeAll(keepingCapacity: true)
        path.removeAll(keepingCapacity: true)
        cookies.removeAll(keepingCapacity: true)
        (hasLine, hasHost, hasLength, hasType) = (false, false, false, false)
        (fieldCount, failures) = (0, 0)
        names.removeAll(keepingCapacity: true)
        if !trailers.isEmpty { trailers = [] }
    }
    /// The text moved, because the head goes on with other input.
    mutating func move(to start: Int) { self.start = start }
    mutating func setMalformed() { progress.isMalformed = true }

    /// Takes a field; false when the client is so far beyond the limits that it gets no answer.
    mutating func add(_ name: borrowing Span<UInt8>, _ value: borrowing Span<UInt8>, to text: inout [UInt8]) -> Bool {
        if name.count == 0 { return true }
        if name[0] == UInt8(ascii: ":") { return addPseudo(name, value) }
        if limits.fields > 0, fieldCount > limits.fields {
            fieldCount += 1
            return fail(431) && fieldCount <= limits.fields + 100
        }
        let (from, to) = Self.trimmed(value)
        if Self.isIgnored(name)
            || !progress.webSocketKey.isEmpty && name.equals("sec-websocket-key", in: 0..<name.count)
        {
            return true
        }
        guard name.count + (to - from) + 2 <= limits.fieldSize, text.count < limits.total else { return fail(431) }
        fieldCount += 1
        if limits.fields > 0, fieldCount > limits.fields { return fail(431) }
        if isTrailer {
            if !Self.isIgnoredTrailer(name) { addTrailer(name, value, from..<to) }
            return true
        }
        if !hasLine { appendLine(to: &text) }
        switch name.count {
        case 6 where name.equals("cookie", in: 0..<6):
            guard cookies.count + (to - from) + 10 <= limits.fieldSize else { return fail(431) }
            if !cookies.isEmpty, from < to { cookies.append("; ") }
            cookies.append(value, from..<to)
            return true
        case 4 where name.equals("host", in: 0..<4): return takeHost(value, from..<to, &text)
        case 12 where name.equals("content-type", in: 0..<12): hasType = true
        case 14 where name.equals("content-length", in: 0..<14): hasLength = true
        default: break
        }
        guard joins(name, to - from, text) else { return fail(431) }
        Self.append(name: name, to: &text)
        text.append(": ")
        text.append(value, from..<to)
        text.append("\r\n")
        return true
    }

    /// The head is whole: its end is written.
    mutating func finish(_ text: inout [UInt8], endsStream: Bool) {
        if !hasLine { appendLine(to: &text) }
        if !cookies.isEmpty {
            text.append("Cookie: ")
            text.append(contentsOf: cookies)
            text.append("\r\n")
        }
        // A type without a body: the body is empty, and says so.
        if endsStream, hasType, !hasLength { text.append("Content-Length: 0\r\n") }
        text.append("\r\n")
    }
    mutating func takeTrailers() -> [(name: ByteString, value: ByteString)] {
        defer { trailers = [] }
        return trailers
    }

    // MARK: Parts

    /// Whether a field may join others of its name, which become one (`LimitRequestFieldSize`). A hundred and twenty-eight
    /// names are remembered.
    private mutating func joins(_ name: borrowing Span<UInt8>, _ count: Int, _ text: [UInt8]) -> Bool {
        let key = UInt32(truncatingIfNeeded: name.count) << 16 | UInt32(name[0]) << 8 | UInt32(name[name.count - 1])
        for index in names.indices where names[index].key == key {
            let known = start + names[index].start
            guard known + name.count <= text.count, Self.isSame(name, text, known) else { continue }
            if count == 0 { return true }
            guard name.count + names[index].size + count + 4 <= limits.fieldSize else { return false }
            names[index].size += count + 2
            return true
        }
        if names.count < 128 { names.append((key, text.count - start, count)) }
        return true
    }
    private static func isSame(_ name: borrowing Span<UInt8>, _ text: [UInt8], _ at: Int) -> Bool {
        for index in 0..<name.count where ASCII.lower(text[at + index]) != name[index] { return false }
        return true
    }

    private mutating func fail(_ status: Int) -> Bool {
        progress.status = status
        failures += 1
        return failures <= 100
    }

    private mutating func addPseudo(_ name: borrowing Span<UInt8>, _ value: borrowing Span<UInt8>) -> Bool {
        guard value.count <= limits.line else {
            // Without a method there is no request that could be answered.
            return fail(414) && !name.equals(":method", in: 0..<name.count)
        }
        switch name.count {
        case 5 where name.equals(":path", in: 0..<5): path.append(value, 0..<value.count)
        case 7 where name.equals(":method", in: 0..<7): method.append(value, 0..<value.count)
        case 7 where name.equals(":scheme", in: 0..<7): scheme.append(value, 0..<value.count)
        case 9 where name.equals(":protocol", in: 0..<9): wanted.append(value, 0..<value.count)
        case 10 where name.equals(":authority", in: 0..<10): authority.append(value, 0..<value.count)
        default: break
        }
        return true
    }

    private mutating func appendLine(to text: inout [UInt8]) {
        hasLine = true
        let isWebSocket = !wanted.isEmpty && takeProtocol()
        if method.isEmpty { text.append("GET") } else { text.append(contentsOf: method) }
        text.append(" ")
        if method == Self.connect {
            text.append(contentsOf: authority)
        } else {
            if !scheme.isEmpty, !Self.isHTTP(scheme) {
                text.append(contentsOf: scheme)
                text.append("://")
                text.append(contentsOf: authority)
            }
            if path.isEmpty { text.append("/") } else { text.append(contentsOf: path) }
        }
        text.append(" HTTP/2.0\r\n")
        if !authority.isEmpty {
            text.append("Host: ")
            text.append(contentsOf: authority)
            text.append("\r\n")
            hasHost = true
        }
        if isWebSocket {
            text.append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ")
            text.append(progress.webSocketKey)
            text.append("\r\n")
        }
    }
    /// An extended CONNECT: for WebSockets it becomes their GET, nothing else is known.
    private mutating func takeProtocol() -> Bool {
        guard method == Self.connect else {
            _ = fail(400)
            return false
        }
        guard wanted == WebSocket.name else {
            _ = fail(501)
            return false
        }
        method = Array("GET".utf8)
        progress.webSocketKey = WebSocket.makeKey()
        return true
    }
    private static let connect = Array("CONNECT".utf8)
    private static func isHTTP(_ scheme: [UInt8]) -> Bool {
        let scheme = ByteString(scheme)
        return scheme.equalsIgnoringCase("http") || scheme.equalsIgnoringCase("https")
    }

    private mutating func takeHost(
        _ value: borrowing Span<UInt8>, _ range: Range<Int>, _ text: inout [UInt8]
    ) -> Bool {
        if hasHost {
            if authority.count != range.count || !Self.equal(authority, value, range) {
                if progress.originalHost.isEmpty { progress.originalHost.append(value, range) }
            }
            return true
        }
        hasHost = true
        text.append("Host: ")
        text.append(value, range)
        text.append("\r\n")
        return true
    }
    private static func equal(_ bytes: [UInt8], _ value: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        for (index, at) in range.enumerated() where bytes[index] != value[at] { return false }
        return true
    }

    private mutating func addTrailer(
        _ name: borrowing Span<UInt8>, _ value: borrowing Span<UInt8>, _ range: Range<Int>
    ) {
        var text: [UInt8] = []
        Self.append(name: name, to: &text)
        var content: [UInt8] = []
        content.append(value, range)
        trailers.append((ByteString(text), ByteString(content)))
    }

    /// `content-type` as `Content-Type`, which is how programs that ask for all fields expect them.
    private static func append(name: borrowing Span<UInt8>, to text: inout [UInt8]) {
        var startsWord = true
        for index in 0..<name.count {
            let byte = name[index]
            text.append(startsWord && byte >= 97 && byte <= 122 ? byte - 32 : byte)
            startsWord = byte == UInt8(ascii: "-")
        }
    }
    private static func trimmed(_ value: borrowing Span<UInt8>) -> (Int, Int) {
        var (from, to) = (0, value.count)
        while from < to, value[from] == 32 || value[from] == 9 { from += 1 }
        while to > from, value[to - 1] == 32 || value[to - 1] == 9 { to -= 1 }
        return (from, to)
    }
    private static func isIgnored(_ name: borrowing Span<UInt8>) -> Bool {
        switch name.count {
        case 7: name.equals("upgrade", in: 0..<7)
        case 10: name.equals("connection", in: 0..<10) || name.equals("keep-alive", in: 0..<10)
        case 14: name.equals("http2-settings", in: 0..<14)
        case 16: name.equals("proxy-connection", in: 0..<16)
        case 17: name.equals("transfer-encoding", in: 0..<17)
        default: false
        }
    }
    /// RFC 9110, section 6.5.1: fields that must not come behind a body.
    private static func isIgnoredTrailer(_ name: borrowing Span<UInt8>) -> Bool {
        let all = 0..<name.count
        switch name.count {
        case 2: return name.equals("te", in: all)
        case 4: return name.equals("host", in: all)
        case 5: return name.equals("range", in: all)
        case 6:
            return name.equals("cookie", in: all) || name.equals("expect", in: all) || name.equals("pragma", in: all)
        case 12: return name.equals("max-forwards", in: all)
        case 13: return name.equals("cache-control", in: all) || name.equals("authorization", in: all)
        case 14: return name.equals("content-length", in: all)
        case 19: return name.equals("proxy-authorization", in: all)
        default: return false
        }
    }
}
