// Apache: server/protocol.c ap_read_request, server/vhost.c ap_update_vhost_from_headers, modules/filters/mod_reqtimeout.c

import Bytes
import EventLoop
import HTTP
import Kernel

/// How long reading a request may take (mod_reqtimeout; milliseconds, bytes per second).
public struct RequestReadTimeout: Sendable {
    public struct Stage: Sendable, Equatable {
        /// 0 is no limit.
        public var initial: UInt64
        /// 0: no extension.
        public var maximum: UInt64
        public var minimumRate: UInt64
        public init(initial: UInt64, maximum: UInt64, minimumRate: UInt64) {
            self.initial = initial
            self.maximum = maximum
            self.minimumRate = minimumRate
        }
    }
    public var handshake = Stage(initial: 0, maximum: 0, minimumRate: 0)
    public var header = Stage(initial: 0, maximum: 0, minimumRate: 0)
    public var body = Stage(initial: 0, maximum: 0, minimumRate: 0)
    /// No limits but `Timeout`.
    public init() {}
}

/// How much time is left of one stage: begun with the first wait, longer with every byte that comes.
struct ReadBudget {
    private let stage: RequestReadTimeout.Stage
    private let started: UInt64
    private var bytes: UInt64 = 0

    init(_ stage: RequestReadTimeout.Stage, now: UInt64) {
        self.stage = stage
        started = now
    }
    mutating func received(_ count: Int) { bytes &+= UInt64(clamping: count) }

    /// Milliseconds for one wait, at most `timeout`; nil: the time is over. The last second is always whole.
    func wait(now: UInt64, timeout: UInt64) -> UInt64? {
        guard stage.initial > 0 else { return timeout }
        var limit = stage.initial
        if stage.minimumRate > 0 {
            limit += min(bytes, 1 << 40) * 1000 / stage.minimumRate
            if stage.maximum > 0 { limit = min(limit, stage.maximum) }
        }
        let spent = now &- started
        return spent >= limit ? nil : min(max(limit - spent, 1000), timeout)
    }
}

enum ReadOutcome {
    case request(Request)
    /// A request that can only be answered with `pendingStatus`.
    case failed(Request)
    /// Nothing is sent, but the access log shows it.
    case unanswered(Request)
    /// Nothing (or only empty lines) came.
    case idle
    case gone
}

extension Worker {
    /// Limits and strictness of one server, as the parser wants them.
    func requestOptions(_ server: Server) -> RequestOptions {
        let core = server[Core.server].httpOptions
        var options = RequestOptions()
        options.isStrict = !core.unsafe.value(default: false)
        options.allows09 = !core.require10.value(default: false)
        options.registeredMethodsOnly = core.registeredMethods.value(default: false)
        options.registeredMethods = configuration.process.registeredMethods
        options.limitRequestLine = server.limitRequestLine.value(default: 8190)
        options.limitRequestFields = server.limitRequestFields.value(default: 100)
        options.limitRequestFieldSize = server.limitRequestFieldSize.value(default: 8190)
        return options
    }

    /// Reads a request head; waits as long as mod_reqtimeout lets it.
    func readRequest(_ connection: Connection, _ reader: ConnectionReader) async -> ReadOutcome {
        let options = requestOptions(connection.baseServer)
        var head = RequestHead()
        head.reset(start: 0)
        var budget = ReadBudget(configuration.readTimeout(connection.baseServer).header, now: loop.milliseconds)
        var counted = 0
        var isRead = false
        defer { if !isRead { scores?.requestAbandoned(connection) } }
        while true {
            if reader.buffer.isEmpty == false {
                switch head.parse(&reader.buffer, options) {
                case .complete(let length):
                    reader.position = length
                    isRead = true
                    return make(connection, reader, head, options)
                case .failed(let error):
                    reader.position = reader.buffer.count
                    return .failed(refuse(connection, reader, head, error))
                case .incomplete: scores?.requestReading(connection)
                }
            }
            budget.received(reader.buffer.count - counted)
            counted = reader.buffer.count
            do throws(IOError) {
                guard let wait = budget.wait(now: loop.milliseconds, timeout: reader.timeout) else { throw .timedOut }
                guard try await reader.fill(timeout: wait) else {
                    return head.hasBegun ? incomplete(connection, reader, head) : .gone
                }
            } catch {
                guard error == .timedOut else { return .gone }
                return timedOut(connection, reader, head)
            }
        }
    }

    /// The request of a head that is there as a whole; nil when it is not.
    func read(_ connection: Connection, _ reader: ConnectionReader, _ options: RequestOptions) -> ReadOutcome? {
        var head = RequestHead()
        head.reset(start: 0)
        switch head.parse(&reader.buffer, options) {
        case .complete(let length):
            reader.position = length
            return make(connection, reader, head, options)
        case .failed(let error):
            reader.position = reader.buffer.count
            return .failed(refuse(connection, reader, head, error))
        case .incomplete: return nil
        }
    }

    private func timedOut(_ connection: Connection, _ reader: ConnectionReader, _ head: RequestHead) -> ReadOutcome {
        let request = bare(connection, reader, head, isTaken: !head.requestLine.isEmpty)
        request.pendingStatus = 408
        return timedOut(request, hasLine: !head.requestLine.isEmpty)
    }
    private func timedOut(_ request: Request, hasLine: Bool) -> ReadOutcome {
        let connection = request.connection
        if configuration.readTimeout(connection.baseServer).header.initial > 0 {
            request.log(.info, "reqtimeout", "AH01382: Request header read timeout")
        }
        connection.keepAlive = .close
        if hasLine { return .failed(request) }
        // Who did not even send a line gets no answer; the first request of a connection is logged (ap_read_request).
        return connection.keepAlives == 0 ? .unanswered(request) : .gone
    }
    /// A new connection on which nothing came.
    func idleTimeout(_ connection: Connection) {
        let reader = ConnectionReader(connection.stream, timeout: 0, buffer: [])
        if case .unanswered(let request) = timedOut(connection, reader, RequestHead()) { logUnanswered(request) }
    }
    /// The client closed its side in the middle of a head: Apache answers 400.
    private func incomplete(_ connection: Connection, _ reader: ConnectionReader, _ head: RequestHead) -> ReadOutcome {
        let request = bare(connection, reader, head, isTaken: !head.requestLine.isEmpty)
        request.pendingStatus = 400
        connection.keepAlive = .close
        return .failed(request)
    }

    /// A request that failed before it was whole: as much of it as is known, for the answer and the log.
    /// - Parameter isTaken: The request line was whole and taken apart, if only to be refused.
    private func bare(
        _ connection: Connection, _ reader: ConnectionReader, _ head: RequestHead, isTaken: Bool
    ) -> Request {
        let buffer = reader.buffer
        let bytes = buffer.span
        let hasLine = !head.requestLine.isEmpty || isTaken
        let request = Request(
            connection: connection, server: connection.baseServer,
            method: isTaken ? ByteString(bytes, head.methodName) : "-",
            unparsedURI: isTaken ? ByteString(bytes, head.targetText) : "-")
        if isTaken { request.uri = head.target.has(.path) ? ByteString(bytes, head.target.path) : "/" }
        request.requestLine = hasLine ? ByteString(bytes, head.requestLine) : "-"
        request.protocolNumber = isTaken ? Int(head.version.number) : 1000
        request.assumedHTTP09 = false
        return request
    }

    private func refuse(
        _ connection: Connection, _ reader: ConnectionReader, _ head: RequestHead, _ error: RequestError
    ) -> Request {
        let request = bare(
            connection, reader, head,
            isTaken: error.kind != .requestLineTooLong && error.kind != .requestLineUnreadable)
        request.pendingStatus = error.status.code
        // A target that cannot be parsed is shown whole.
        let isWhole = error.kind == .badURIEncoding || request.methodNumber == .connect
        if isWhole, !request.unparsedURI.isEmpty { request.uri = request.unparsedURI }
        if let notes = error.notes { request.notes.set("error-notes", ByteString(notes)) }
        let detail = error.detail.isEmpty ? "" : ByteString(Array(reader.buffer[error.detail.range]))
        if let number = error.logNumber {
            request.log(
                error.isInfo ? .info : .debug, "core",
                "\(ByteString(number)): \(error.message(detail: detail, limitRequestLine: connection.baseServer.limitRequestLine.value(default: 8190), path: request.uri))"
            )
        }
        connection.keepAlive = .close
        return request
    }

    /// Makes the request of a complete head and finds its server.
    private func make(
        _ connection: Connection, _ reader: ConnectionReader, _ head: RequestHead, _ options: RequestOptions
    ) -> ReadOutcome {
        let facts: RequestFacts
        let buffer = reader.buffer
        do throws(RequestError) {
            facts = try head.examine(buffer.span, options, isSecure: connection.isSecure)
        } catch {
            let request = fill(connection, reader, head)
            request.pendingStatus = error.status.code
            logRefusal(request, reader, error)
            return .failed(request)
        }
        let request = fill(connection, reader, head)
        request.bodyFraming = facts.framing
        request.expectingContinue = facts.expectsContinue && head.version >= .http11
        if facts.closesConnection {
            connection.keepAlive = .close
            request.headersInStorage.unset("Content-Length")
        }
        if case .chunked = facts.framing { request.headersInStorage.unset("Content-Length") }
        let hostBytes = facts.joinedHost?.bytes ?? reader.buffer
        if let host = facts.host {
            request.hostname = ByteString(hostBytes.span, host.name).lowercased
            request.hostPort = host.port
        }
        if facts.hostIsFromTarget, let name = request.hostname {
            // RFC 9112, section 3.2.2: the target's authority is the host, whatever Host says.
            request.headersInStorage.set("Host", request.hostPort == 0 ? name : "\(name):\(request.hostPort)")
        }
        guard chooseServer(request) else {
            request.pendingStatus = 400
            return .failed(request)
        }
        if facts.hasForeignScheme, !request.server.isForwardProxy {
            request.pendingStatus = 400
            return .failed(request)
        }
        return .request(request)
    }
    private func logRefusal(_ request: Request, _ reader: ConnectionReader, _ error: RequestError) {
        if let notes = error.notes { request.notes.set("error-notes", ByteString(notes)) }
        guard let number = error.logNumber else { return }
        let detail = error.detail.isEmpty ? "" : ByteString(Array(reader.buffer[error.detail.range]))
        request.log(
            error.isInfo ? .info : .debug, "core",
            "\(ByteString(number)): \(error.message(detail: detail, path: request.uri))")
    }

    private func fill(_ connection: Connection, _ reader: ConnectionReader, _ head: RequestHead) -> Request {
        let buffer = reader.buffer
        let bytes = buffer.span
        let request = Request(
            connection: connection, server: connection.baseServer, method: ByteString(bytes, head.methodName),
            unparsedURI: ByteString(bytes, head.targetText))
        request.requestLine = ByteString(bytes, head.requestLine)
        request.protocolNumber = Int(head.version.number)
        request.assumedHTTP09 = head.isSimple
        request.uri = head.target.has(.path) ? ByteString(bytes, head.target.path) : "/"
        if head.target.has(.query) { request.args = ByteString(bytes, head.target.query) }
        request.headersInStorage.take(head, bytes)
        return request
    }

    /// vhost.c update_server_from_aliases; false where StrictHostCheck refuses.
    private func chooseServer(_ request: Request) -> Bool {
        let candidates = request.connection.candidates
        if let host = request.hostname {
            if let server = VirtualHostTable.match(candidates, host: host, port: request.connection.localAddress.port) {
                request.use(server)
                return true
            }
            if request.server[Core.server].strictHostCheck.value(default: false), candidates.count > 0,
                candidates[0].isVirtual || configuration.mainServer.serverName?.equalsIgnoringCase(host) != true
            {
                request.log(
                    .error, "core",
                    "AH10156: Hostname \(host) provided by client did not match a configured server name or alias")
                return false
            }
            return true
        }
        if let server = VirtualHostTable.match(candidates, path: request.uri) { request.use(server) }
        return true
    }
}

extension Request {
    /// Moves to a virtual host before anything was walked.
    func use(_ server: Server) {
        self.server = server
        perDirectory = server.lookupDefaults
    }
}

extension Table {
    /// Takes over the fields of a parsed head: one copy of its bytes. Fields of one name are joined with ", ".
    mutating func take(_ head: borrowing RequestHead, _ bytes: borrowing Span<UInt8>) {
        removeAll()
        let start = head.requestLine.start
        var end = start
        for field in head.fields { end = Swift.max(end, field.value.end, field.name.end) }
        text.append(bytes, start..<end)
        for field in head.fields {
            entries.append(
                Entry(
                    name: Int32(truncatingIfNeeded: field.name.start - start),
                    nameCount: Int32(bitPattern: field.name.count),
                    value: Int32(truncatingIfNeeded: field.value.start - start),
                    valueCount: Int32(bitPattern: field.value.count)))
        }
        if head.repeated != 0 || hasUnknownNames(head) { joinRepeated() }
    }
    /// Names the parser has no token for are not in its `repeated`.
    private func hasUnknownNames(_ head: borrowing RequestHead) -> Bool {
        var count = 0
        for field in head.fields where field.token.bit == 0 { count += 1 }
        return count > 1
    }
    private mutating func joinRepeated() {
        var index = 1
        while index < entries.count {
            let name = name(at: index)
            if let first = self.index(of: name), first < index {
                setValue("\(value(at: first)), \(value(at: index))", at: first)
                entries.remove(at: index)
            } else {
                index += 1
            }
        }
    }
}
