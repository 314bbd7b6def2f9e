// Apache: modules/http2/h2_c2.c (secondary connections), include/httpd.h (conn_rec.master)

import Bytes
import EventLoop
import HTTP
import Kernel

/// A connection that carries several requests at once.
public final class SessionFacts: Sendable {
    /// Names the connection in logs and variables.
    public let tag: ByteString
    /// `h2`, `h2c`.
    public let protocolName: ByteString

    public init(tag: ByteString, protocolName: ByteString) {
        self.tag = tag
        self.protocolName = protocolName
    }
}

/// One request among several on a connection.
public struct StreamFacts: Sendable {
    public let session: SessionFacts
    public let id: Int32
    /// The stream that this one was pushed on; 0 for a request the client sent.
    public let initiatedOn: Int32
    /// The client takes pushed answers.
    public let mayPush: Bool

    public init(session: SessionFacts, id: Int32, initiatedOn: Int32 = 0, mayPush: Bool = false) {
        self.session = session
        self.id = id
        self.initiatedOn = initiatedOn
        self.mayPush = mayPush
    }
    public var tag: ByteString { "\(session.tag)-\(Int(id))" }
}

/// The way to one request's body and for its answer, on a connection that carries several at once. The session makes it;
/// ``Worker/serve(_:head:isSecure:)`` uses it, in one task. After the client is gone everything throws `.closed`.
public protocol RequestStream: AnyObject {
    var facts: StreamFacts { get }
    var channel: Channel { get }
    /// There is or may be a request body.
    var hasBody: Bool { get }
    /// What a backend must answer (Sec-WebSocket-Accept) to a request that asks for a WebSocket (RFC 8441); nil for any other. What the
    /// client sends behind the head is for the tunnel then.
    var webSocketAccept: ByteString? { get }
    /// Bytes of frames that made up the request so far (%I).
    var bytesReceived: Int64 { get }
    /// The next piece of the request body, nil at its end. Milliseconds.
    func receive(timeout: UInt64) async throws(IOError) -> ByteString?
    /// Fields that came behind the body.
    var trailers: [(name: ByteString, value: ByteString)] { get }
    /// The request is for a connection of its own only (RFC 9113, section 7): HTTP_1_1_REQUIRED.
    func refuse()
    /// 100 or 103, before the answer.
    func sendInterim(_ fields: FieldBlock, of request: Request?)
    /// The answer's head; with `isLast` there is no body.
    func sendHead(_ fields: FieldBlock, of request: Request, isLast: Bool)
    /// Gives a piece of the body; returns when it was taken over for sending. `isLast`: nothing follows.
    func send(_ piece: ResponseBody.Piece, isLast: Bool, timeout: UInt64) async throws(IOError)
    /// Ends the answer, with fields behind the body or without.
    func finish(trailers: FieldBlock?, timeout: UInt64) async throws(IOError)
    /// Bytes of the body that were given and then not sent, because the client is gone.
    var untaken: Int64 { get }
    /// The answer breaks off: the client is told that it is not whole.
    func abort()
    /// The request is over and logged; nothing is called any more.
    func served()
}

extension RequestStream {
    /// An interim answer for which nothing is pushed.
    public func sendInterim(_ fields: FieldBlock) { sendInterim(fields, of: nil) }
}

/// A section of fields as protocols with compressed fields want it: names in lower case, one buffer, `:status` first.
public struct FieldBlock: Sendable {
    public struct Entry: Sendable {
        public var name: Range<Int32>
        public var value: Range<Int32>
    }
    public private(set) var text: [UInt8] = []
    public private(set) var entries: [Entry] = []
    /// The Date field, made anew for each answer: it is added behind the others.
    public var hasDate = false
    /// There is a Link field, which may name what is pushed.
    public private(set) var hasLinks = false

    public init() {}
    public var isEmpty: Bool { entries.isEmpty }

    /// Adds a field. The name becomes lower case, blanks around the value go.
    public mutating func add(_ name: ByteString, _ value: ByteString) {
        let start = Int32(clamping: text.count)
        for byte in name.bytes { text.append(ASCII.lower(byte)) }
        let middle = Int32(clamping: text.count)
        var (from, to) = (0, value.count)
        while from < to, value[from] == 32 || value[from] == 9 { from += 1 }
        while to > from, value[to - 1] == 32 || value[to - 1] == 9 { to -= 1 }
        text.append(contentsOf: value.bytes[from..<to])
        entries.append(Entry(name: start..<middle, value: middle..<Int32(clamping: text.count)))
    }
    /// Fields that belong to one connection of HTTP/1 do not exist here (RFC 9113, section 8.2.2).
    static func isConnectionSpecific(_ name: ByteString) -> Bool {
        switch name.count {
        case 7: name.equalsIgnoringCase("Upgrade")
        case 10: name.equalsIgnoringCase("Connection") || name.equalsIgnoringCase("Keep-Alive")
        case 16: name.equalsIgnoringCase("Proxy-Connection")
        case 17: name.equalsIgnoringCase("Transfer-Encoding")
        default: false
        }
    }
    /// The head of a settled answer.
    init(_ answer: Request) {
        text.reserveCapacity(384)
        entries.reserveCapacity(answer.headersOut.count + 3)
        add(":status", ByteString(decimal: answer.status))
        var ownDate: ByteString?
        var banner: ByteString?
        for (name, value) in answer.headersOut.pairs where !Self.isConnectionSpecific(name) {
            if name.equalsIgnoringCase("Date") {
                if answer.isProxyResponse { ownDate = value }
            } else if name.equalsIgnoringCase("Server") {
                if answer.isProxyResponse { banner = value }
            } else {
                if name.count == 4, name.equalsIgnoringCase("Link") { hasLinks = true }
                add(name, value)
            }
        }
        if let ownDate { add("date", ownDate) } else { hasDate = true }
        add("server", banner ?? answer.configuration.banner)
    }
    /// Fields behind a body.
    init(trailers: Table) {
        for (name, value) in trailers.pairs where !Self.isConnectionSpecific(name) { add(name, value) }
    }
    /// Values of all fields of one name, which is in lower case.
    public func values(of name: StaticString) -> [ByteString] {
        var found: [ByteString] = []
        for entry in entries where text.span.equals(name, in: Int(entry.name.lowerBound)..<Int(entry.name.upperBound)) {
            found.append(ByteString(Array(text[Int(entry.value.lowerBound)..<Int(entry.value.upperBound)])))
        }
        return found
    }
    /// An interim answer.
    public init(status: Int, _ fields: Table) {
        add(":status", ByteString(decimal: status))
        for (name, value) in fields.pairs where !Self.isConnectionSpecific(name) { add(name, value) }
    }
    /// About as many bytes as the frame (%O): names are mostly one byte, values have seven eighths of their bytes.
    var weight: Int {
        var values = hasDate ? 29 : 0
        for entry in entries { values += entry.value.count }
        return 9 + values * 7 / 8 + 2 * (entries.count + (hasDate ? 1 : 0))
    }
}
