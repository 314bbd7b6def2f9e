// PHP: sapi/apache2handler/php_apache.h (php_struct)

import Bytes
import CPHPABI
import EventLoop
import Kernel
import ServerCore

/// One script's request between two threads: the loop's, where the server's request lives, and the one that runs scripts.
///
/// The tables are copies and the script's thread's own until it hands them over with its output. Whatever needs the
/// server's request is asked of the loop (``onLoop(_:)``), while the script waits.
@safe
final class ScriptExchange: @unchecked Sendable {
    /// What the script has made of the answer when its head goes out, and at its end.
    struct Facts {
        var head: Head?
        var fields: Table
        var environment: Table
        var notes: Table
        var firstEnvironment: Table?
        var user: ByteString?
    }
    struct Head {
        var status: Int
        var statusLine: ByteString?
        var isHTTP10: Bool
        var contentType: ByteString?
    }
    /// Its tables and bytes are handed over; a source never leaves the loop.
    enum Item: @unchecked Sendable {
        /// `facts` come with the first one.
        case bytes([UInt8], isFlushed: Bool, Facts?)
        case include(any BodySource)
        case end([UInt8], Facts)
    }

    let loop: EventLoop
    let server: Server
    /// Which request it is, and of which one it is a part.
    let identity: ObjectIdentifier
    let outer: ObjectIdentifier?
    let queue = ThreadQueue<Item>(limit: 1 << 16)
    /// The loop's. Kept until the script has ended, which may be after the client has gone.
    var request: Request?
    /// The loop's: a URL that is being included.
    var included: Request?
    /// The loop's: the answer has begun to be sent.
    private var hasAnswered = false
    /// The loop's: what is wrong with the request's body; the answer says so, whatever the script does.
    private var bodyFailure: Int?

    // The script's thread's from here on.
    private(set) var facts: Facts
    let requestFields: Table
    private var pending: [UInt8] = []
    private var sentFirst = false
    private(set) var isAbandoned = false
    private var bodyRest: [UInt8] = []
    private var bodyTaken = 0
    private var bodyHasEnded = false
    /// virtual() was called and has not returned; its inclusion has begun.
    var isIncluding = false
    var hasBegunIncluding = false

    private let texts = CTexts()
    let description: UnsafeMutablePointer<martinet_apache_request>

    init(_ request: Request, isSource: Bool, values: [UInt8]) {
        self.request = request
        loop = request.loop
        server = request.server
        identity = ObjectIdentifier(request)
        outer = request.main.map { ObjectIdentifier($0) }
        var earlier = request.previous
        while let back = earlier?.previous { earlier = back }
        facts = Facts(
            head: nil, fields: request.headersOut, environment: request.env, notes: request.notes,
            firstEnvironment: earlier?.env, user: request.user)
        requestFields = request.headersIn
        unsafe description = .allocate(capacity: 1)
        unsafe description.initialize(to: martinet_apache_request())
        unsafe describe(request, isSource, values, &description.pointee)
    }
    deinit { unsafe description.deallocate() }

    private func describe(
        _ request: Request, _ isSource: Bool, _ values: [UInt8], _ raw: inout martinet_apache_request
    ) {
        unsafe raw.handler = Int32(isSource ? MARTINET_HANDLER_SOURCE : MARTINET_HANDLER_SCRIPT)
        unsafe raw.is_included = request.isSubrequest ? 1 : 0
        unsafe raw.method = texts.add(request.method)
        unsafe raw.uri = texts.add(request.uri)
        unsafe raw.query = texts.add(request.args)
        unsafe raw.content_type = texts.add(requestFields["Content-Type"])
        unsafe raw.cookie = texts.add(requestFields["Cookie"])
        unsafe raw.authorization = texts.add(requestFields["Authorization"])
        unsafe raw.user = texts.add(request.user)
        unsafe raw.request_line = texts.add(request.requestLine)
        unsafe raw.filename = texts.add(request.filename ?? "")
        unsafe raw.content_length = requestFields["Content-Length"]?.leadingInteger ?? 0
        unsafe raw.protocol = Int32(clamping: request.protocolNumber)
        unsafe raw.status = Int32(clamping: request.status)
        unsafe raw.time = Double(request.requestTime) / 1_000_000
        unsafe raw.values = texts.add(bytes: values)
        unsafe raw.values_length = values.count
        guard let file = request.finfo else { return }
        unsafe raw.inode = UInt(file.inode)
        unsafe raw.device = UInt(file.device)
        unsafe raw.mode = UInt(file.mode)
        unsafe raw.owner = UInt(file.uid)
        unsafe raw.group = UInt(file.gid)
        unsafe raw.size = UInt(clamping: file.size)
        unsafe raw.links = UInt(file.links)
        unsafe raw.modified = Int(file.modified)
        unsafe raw.accessed = Int(file.modified)
        unsafe raw.changed = Int(file.changed)
    }

    // MARK: The script's thread

    /// Runs `work` on the loop and waits for what comes of it.
    func onLoop<T: Sendable>(_ work: @escaping @Sendable (ScriptExchange) async -> T) -> T {
        let answer = Mailbox<T>()
        loop.spawn { answer.put(await work(self)) }
        return answer.take()
    }
    func log(_ level: LogLevel, _ text: ByteString) {
        onLoop { $0.request?.log(level, "php", text) }
    }

    func setHead(_ head: Head) { facts.head = head }
    func setUser(_ user: ByteString) { facts.user = user }
    func table(_ number: Int32) -> Table {
        switch Int(number) {
        case MARTINET_TABLE_REQUEST: requestFields
        case MARTINET_TABLE_ANSWER: facts.fields
        case MARTINET_TABLE_NOTES: facts.notes
        case MARTINET_TABLE_FIRST_ENVIRONMENT: facts.firstEnvironment ?? facts.environment
        default: facts.environment
        }
    }
    func change(_ number: Int32, _ body: (inout Table) -> Void) {
        switch Int(number) {
        case MARTINET_TABLE_REQUEST: break
        case MARTINET_TABLE_ANSWER: body(&facts.fields)
        case MARTINET_TABLE_NOTES: body(&facts.notes)
        case MARTINET_TABLE_FIRST_ENVIRONMENT where facts.firstEnvironment != nil:
            var table = facts.firstEnvironment ?? Table()
            body(&table)
            facts.firstEnvironment = table
        default: body(&facts.environment)
        }
    }

    /// Takes output; false when nobody wants it any more.
    func write(_ bytes: UnsafeRawBufferPointer, holds: Bool) -> Bool {
        unsafe pending.append(contentsOf: bytes)
        return holds ? !isAbandoned : handOver(isFlushed: false)
    }
    func flush() -> Bool { handOver(isFlushed: true) }

    private func handOver(isFlushed: Bool) -> Bool {
        guard !isAbandoned else {
            pending = []
            return false
        }
        let bytes = pending
        pending = []
        let first = sentFirst ? nil : facts
        sentFirst = true
        if !queue.put(.bytes(bytes, isFlushed: isFlushed, first), weight: bytes.count) { isAbandoned = true }
        return !isAbandoned
    }
    /// The script has ended.
    func end() {
        queue.put(.end(pending, facts), weight: 0, isLast: true)
        pending = []
    }

    /// Fills `buffer` from the request's body, as far as there is one.
    func readBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        var done = 0
        while done < buffer.count {
            if bodyTaken == bodyRest.count {
                guard !bodyHasEnded, !isAbandoned, let piece = onLoop({ await $0.nextOfBody() }) else {
                    bodyHasEnded = true
                    break
                }
                bodyRest = piece
                bodyTaken = 0
                continue
            }
            let count = min(buffer.count - done, bodyRest.count - bodyTaken)
            unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...]).copyBytes(
                from: bodyRest[bodyTaken..<bodyTaken + count])
            done += count
            bodyTaken += count
        }
        return done
    }
}

// MARK: The loop

extension ScriptExchange {
    private func nextOfBody() async -> [UInt8]? {
        guard let body = request?.body else { return nil }
        do throws(BodyError) {
            return try await body.next()?.bytes
        } catch {
            if case .status(let status) = error { bodyFailure = status }
            return nil
        }
    }

    /// Makes what the script says the request's answer.
    func answer(_ request: Request) async -> Outcome {
        while true {
            switch await queue.next() {
            case .bytes(let bytes, let isFlushed, let facts):
                if let facts { apply(facts, to: request) }
                // Without a body there is nothing to be sent before the script has ended.
                if request.isHeadOnly || bodyFailure != nil { continue }
                hasAnswered = true
                request.responseBody = .stream(ScriptBody(self, first: bytes, isFlushed: isFlushed))
                return .ok
            case .include(let source):
                if request.isHeadOnly || bodyFailure != nil {
                    await drain(source)
                    continue
                }
                hasAnswered = true
                request.responseBody = .stream(ScriptBody(self, including: source))
                return .ok
            case .end(let bytes, let facts):
                if let bodyFailure {
                    self.request = nil
                    return .status(bodyFailure)
                }
                finish(facts)
                request.responseBody = bytes.isEmpty || request.isHeadOnly ? .none : .bytes(ByteString(bytes))
                return .ok
            }
        }
    }
    private func apply(_ facts: Facts, to request: Request) {
        request.headersOut = facts.fields
        applyTables(facts, to: request)
        guard let head = facts.head else { return }
        request.status = head.status
        if let line = head.statusLine {
            request.statusLine = line
            request.protocolNumber = head.isHTTP10 ? 1000 : 1001
            if head.isHTTP10 { request.env.set("force-response-1.0", "true") }
        }
        request.contentType = head.contentType
    }
    private func applyTables(_ facts: Facts, to request: Request) {
        request.env = facts.environment
        request.notes = facts.notes
        request.user = facts.user
        if let table = facts.firstEnvironment {
            var earlier = request.previous
            while let back = earlier?.previous { earlier = back }
            earlier?.env = table
        }
    }
    /// After the end: what loggers see.
    func finish(_ facts: Facts) {
        guard let request else { return }
        self.request = nil
        if !hasAnswered { apply(facts, to: request) } else { applyTables(facts, to: request) }
    }

    /// The client has gone. The script is told when it writes, and may go on; until it ends it keeps its place.
    func abandon() {
        queue.close()
        guard let worker = request?.connection.worker else { return }
        worker.keepPlace()
        loop.spawnLocal { [self] in
            while true {
                switch await queue.next() {
                case .bytes: continue
                case .include(let source): await drain(source)
                case .end:
                    request = nil
                    return worker.givePlaceBack()
                }
            }
        }
    }
    private func drain(_ source: any BodySource) async {
        do throws(BodyError) {
            while try await source.next() != nil {}
            EmbeddedPHP.shared.inbox.put(.included(true))
        } catch { EmbeddedPHP.shared.inbox.put(.included(false)) }
    }
}

/// The answer of a script that has not ended yet.
final class ScriptBody: BodySource {
    private let exchange: ScriptExchange
    private var first: [UInt8]?
    private var included: (any BodySource)?
    private(set) var wantsFlush: Bool
    private var hasEnded = false

    init(_ exchange: ScriptExchange, first: [UInt8]? = nil, isFlushed: Bool = false, including: (any BodySource)? = nil)
    {
        self.exchange = exchange
        self.first = first
        included = including
        wantsFlush = isFlushed
    }

    var isAtEnd: Bool { hasEnded }
    var hasGivenAll: Bool { hasEnded }

    func next() async throws(BodyError) -> ByteString? {
        if let bytes = first {
            first = nil
            return ByteString(bytes)
        }
        while !hasEnded {
            if let source = included {
                if let piece = try await nextIncluded(source) { return piece }
                continue
            }
            switch await exchange.queue.next() {
            case .bytes(let bytes, let isFlushed, _):
                wantsFlush = isFlushed
                return ByteString(bytes)
            case .include(let source): included = source
            case .end(let bytes, let facts):
                hasEnded = true
                wantsFlush = false
                exchange.finish(facts)
                if !bytes.isEmpty { return ByteString(bytes) }
            }
        }
        return nil
    }
    /// Nil when all of what virtual() includes was given: the script goes on.
    private func nextIncluded(_ source: any BodySource) async throws(BodyError) -> ByteString? {
        do throws(BodyError) {
            if let piece = try await source.next() { return piece }
        } catch {
            included = nil
            EmbeddedPHP.shared.inbox.put(.included(false))
            throw error
        }
        included = nil
        EmbeddedPHP.shared.inbox.put(.included(true))
        return nil
    }

    func cancel() {
        guard !hasEnded else { return }
        hasEnded = true
        if let source = included {
            included = nil
            source.cancel()
            EmbeddedPHP.shared.inbox.put(.included(false))
        }
        exchange.abandon()
    }
}
