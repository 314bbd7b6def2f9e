// No Apache counterpart: Apache walks for every request.

import Bytes
import HTTP
import Kernel

/// A finished answer to a request that depended on nothing but what is compared here: kept to answer the next request
/// that agrees. Belongs to one loop.
///
/// A plan is made after a request was walked, handled, filtered and sent in the ordinary way, when
/// - nothing it read can change without ``FileCache/epoch`` moving, and the client's fields it read are known by name,
/// - core's own handler (or no handler at all: a redirect, an error page) made the answer,
/// - the body lies in memory or is one whole file.
/// So modules need to know nothing of plans, as long as they read the client's input through ``Request``'s methods.
final class Plan {
    /// Request line, a newline, the Host field: what makes requests candidates for the same plan.
    let key: [UInt8]
    let candidates: UInt32
    /// ``Transport/sharing`` of the connections it is for; 0 without TLS.
    let sharing: UInt32
    let epoch: UInt64
    /// The request as it was answered; loggers see it with the facts of each further request.
    let request: Request
    private let conditions: [(token: HeaderName, name: ByteString, value: ByteString?)]
    private let remoteAddress: SocketAddress?
    /// The second the answer is good for; nil for any.
    private let second: Int64?

    /// Status line up to "Date: "; then the date goes, then `beforeKeepAlive`, then perhaps keep-alive fields, then the rest.
    let start: [UInt8]
    let beforeKeepAlive: [UInt8]
    let afterKeepAlive: [UInt8]
    /// The answer on a stream of HTTP/2; such requests have keys of their own.
    let planned: PlannedAnswer?
    /// Small bodies.
    let body: [UInt8]
    /// Larger ones.
    let file: OpenFile?
    let fileCount: Int64
    /// No internal redirect led to the answer.
    let isSimple: Bool
    var bodyCount: Int64 { Int64(body.count) + fileCount }
    /// Another plan for the same key that differs in a compared field.
    var next: Plan?

    init(
        key: [UInt8], candidates: UInt32, sharing: UInt32, epoch: UInt64, request: Request,
        dependencies: InputDependencies,
        head: PlannedHead, body: PlannedBody, fields: FieldBlock? = nil
    ) {
        self.key = key
        self.candidates = candidates
        self.sharing = sharing
        self.epoch = epoch
        self.request = request
        isSimple = request.next == nil
        conditions = dependencies.headers.filter { !$0.equalsIgnoringCase("Host") }.map { name in
            (HeaderName(name), name, request.headersInStorage[name])
        }
        remoteAddress = dependencies.remoteAddress ? request.connection.remoteAddress : nil
        second = dependencies.second ? request.requestTime / 1_000_000 : nil
        start = head.start
        beforeKeepAlive = head.beforeKeepAlive
        afterKeepAlive = head.afterKeepAlive
        switch body {
        case .memory(let bytes):
            self.body = bytes
            file = nil
            fileCount = 0
        case .file(let file, let count):
            self.body = []
            self.file = file
            fileCount = count
        }
        planned = fields.map { [body = self.body, file, fileCount] in
            PlannedAnswer($0, body: body, file: file, fileCount: fileCount)
        }
    }

    /// Whether a request with these fields, from this client, at this second gets this answer.
    func answers(
        _ head: borrowing RequestHead, _ input: borrowing Span<UInt8>, remote: SocketAddress, second now: Int64
    ) -> Bool {
        guard isFor(remote, second: now) else { return false }
        for index in conditions.indices where !agrees(conditions[index], head, input) { return false }
        return true
    }
    /// The same for a request whose fields are known to agree.
    func isFor(_ remote: SocketAddress, second now: Int64) -> Bool {
        if let second, second != now { return false }
        if let remoteAddress, !remoteAddress.hasSameHost(as: remote) { return false }
        return true
    }
    private func agrees(
        _ condition: (token: HeaderName, name: ByteString, value: ByteString?), _ head: borrowing RequestHead,
        _ input: borrowing Span<UInt8>
    ) -> Bool {
        guard condition.token != .other else {
            return head.value(named: condition.name, in: input) == condition.value
        }
        guard head.has(condition.token), let range = head.first(condition.token) else { return condition.value == nil }
        guard let value = condition.value, head.repeated & condition.token.bit == 0, value.count == range.range.count
        else { return false }
        let start = range.range.lowerBound
        for offset in 0..<value.count where input[start + offset] != value.bytes[offset] { return false }
        return true
    }
    deinit { request.letGo() }

    /// Rough size, for the cache's limit.
    var weight: Int { 2048 + key.count + body.count + beforeKeepAlive.count + afterKeepAlive.count }
}

struct PlannedHead {
    var start: [UInt8] = []
    var beforeKeepAlive: [UInt8] = []
    var afterKeepAlive: [UInt8] = []

    /// Takes the bytes of a settled answer apart: before the date, before and after the keep-alive fields.
    init?(_ request: Request) {
        guard !request.assumedHTTP09, !request.isProxyResponse, !request.answersAsHTTP10 else { return nil }
        start.append("HTTP/1.1 ")
        if let line = request.statusLine, line.hasPrefix(ByteString(decimal: request.status)) {
            start.append(line)
        } else {
            Status(request.status).appendLine(to: &start)
        }
        start.append("\r\nDate: ")
        beforeKeepAlive.append("\r\nServer: ")
        beforeKeepAlive.append(request.configuration.banner)
        beforeKeepAlive.append("\r\n")
        let fields = request.headersOut
        // Keep-Alive and Connection stand where ap_set_keepalive puts them: before what is added after it.
        var isAfter = false
        for (name, value) in fields.pairs {
            if name.equalsIgnoringCase("Keep-Alive") || name.equalsIgnoringCase("Connection") {
                isAfter = true
                continue
            }
            // A connection's first answer offers other protocols; a plan answers any.
            if name.equalsIgnoringCase("Upgrade") { continue }
            if name.equalsIgnoringCase("Content-Type") { isAfter = true }
            let line = ByteString("\(name): \(value)\r\n")
            if isAfter { afterKeepAlive.append(line) } else { beforeKeepAlive.append(line) }
        }
        afterKeepAlive.append("\r\n")
    }
}

enum PlannedBody {
    case memory([UInt8])
    case file(OpenFile, Int64)

    /// Larger files are sent from their descriptor.
    static let memoryLimit: Int64 = 32 * 1024

    init?(_ request: Request) {
        if request.isHeadOnly || Status(request.status).isHeaderOnly {
            self = .memory([])
            return
        }
        switch request.responseBody {
        case .none: self = .memory([])
        case .stream: return nil
        case .pieces(let pieces):
            guard pieces.count == 1 else { return nil }
            switch pieces[0] {
            case .bytes(let bytes): self = .memory(bytes.bytes)
            case .file(let file, let offset, let count):
                guard offset == 0 else { return nil }
                guard count <= Self.memoryLimit else {
                    guard request.mayUseSendfile else { return nil }
                    self = .file(file, count)
                    return
                }
                var bytes: [UInt8] = []
                guard case .bytes(let got) = File.read(file.descriptor, into: &bytes, count: Int(count), offset: 0),
                    Int64(got) == count
                else { return nil }
                self = .memory(bytes)
            }
        }
    }
}
