// Apache: modules/proxy/mod_proxy_http.c (ap_proxy_http_process_response), modules/http/http_filters.c (ap_http_filter)

import Bytes
import EventLoop
import HTTP
import Kernel
import ServerCore

/// How the body of a backend's answer ends.
enum AnswerFraming {
    case none
    case length(UInt64)
    case chunked
    case untilClose
}

/// One conversation over one connection to a backend: reads the heads as they come, and is the answer's body once the last
/// head is known. Owns the connection until it is finished or abandoned.
final class HTTPExchange: BodySource {
    let request: Request
    let backend: Backend
    let stream: ClientStream
    private let worker: ProxyWorker?
    private let loop: EventLoop
    /// Milliseconds of one wait; `ping` changes it for the first answer.
    var timeout: UInt64
    var pump: BodyPump?
    /// The backend will not take another request on this connection.
    var closes = false
    /// Something came.
    private(set) var hasAnswered = false

    private var input: [UInt8] = []
    private var position = 0
    private var framing = AnswerFraming.none
    private var remaining: UInt64 = 0
    private var decoder = ChunkedDecoder(RequestOptions())
    /// What belongs to the body although it was read as head.
    private var prefix: ByteString?
    private var isEnded = false
    private var isFinished = false
    private var hasLooked = false
    private var wasDrained = true

    init(_ request: Request, _ backend: Backend, _ stream: ClientStream, _ worker: ProxyWorker?) {
        self.request = request
        self.backend = backend
        self.stream = stream
        self.worker = worker
        loop = request.loop
        timeout = backend.timeout
    }

    // MARK: Heads

    enum Reading {
        case head(ResponseHeadReader)
        case simple(ResponseHeadReader)
        case failed(ResponseHeadReader.Failure)
        case lost(IOError)
        /// The connection ended.
        case ended
        /// It ended, or failed, behind the status line.
        case lostInFields(IOError?)
    }
    func readHead(_ limit: Int, _ badLine: ResponseHeadReader.BadLine) async -> Reading {
        var head = ResponseHeadReader(limit: limit, badLine: badLine)
        while true {
            if position < input.count {
                let event = head.feed(input.span, &position)
                switch event {
                case .needMore: break
                case .complete: return .head(head)
                case .simple: return .simple(head)
                case .failed(let failure): return .failed(failure)
                }
            }
            do throws(IOError) {
                guard try await fill() else {
                    switch head.finish() {
                    case .simple?: return .simple(head)
                    case .failed(let failure)?: return .failed(failure)
                    default: return head.hasStatus ? .lostInFields(nil) : .ended
                    }
                }
            } catch { return head.hasStatus ? .lostInFields(error) : .lost(error) }
        }
    }
    /// Waits for more bytes; false is the end of the stream.
    private func fill() async throws(IOError) -> Bool {
        compact()
        let before = input.count
        let count = try await stream.receive(into: &input, upTo: EventLoop.inputSize, timeout: timeout)
        note(input.count - before)
        return count > 0
    }
    private func compact() {
        guard position >= input.count else { return }
        input.removeAll(keepingCapacity: true)
        position = 0
    }
    private func note(_ count: Int) {
        if count > 0 { hasAnswered = true }
        wasDrained = count < EventLoop.inputSize
        worker?.record?.add(sent: 0, received: count)
    }
    /// Bytes that came behind the last head.
    func takeRest() -> [UInt8] {
        defer {
            input = []
            position = 0
        }
        return Array(input[position...])
    }

    // MARK: The body

    /// Nothing of the body is read before this.
    func begin(_ framing: AnswerFraming, prefix: ByteString?) {
        self.framing = framing
        self.prefix = prefix
        switch framing {
        case .none: isEnded = true
        case .length(let length):
            remaining = length
            isEnded = length == 0
        case .chunked, .untilClose: break
        }
        if prefix != nil { isEnded = false }
    }
    /// What came of the body with the head is no chunk.
    var isBadFromTheStart: Bool {
        guard case .chunked = framing, prefix == nil, position < input.count else { return false }
        var trial = decoder
        var at = position
        if case .failed(let error) = trial.next(input.span, &at, to: input.count) {
            request.log(.info, "http", "AH01590: \(error.message(detail: ""))")
            return true
        }
        return false
    }
    var hasGivenAll: Bool { isEnded && prefix == nil }
    /// A body of known length that came at once is as good as one made here: a range may be taken of it.
    var isAtEnd: Bool {
        guard case .length = framing else { return false }
        return hasGivenAll
    }
    /// Apache flushes whenever the backend has nothing more at the moment.
    var wantsFlush: Bool { !isEnded && wasDrained && position >= input.count }

    func next() async throws(BodyError) -> ByteString? {
        if let piece = prefix {
            prefix = nil
            return piece
        }
        while !isEnded {
            if position < input.count {
                if let piece = try take() { return piece }
                continue
            }
            if !hasLooked {
                // The head goes to the client without waiting for the body.
                hasLooked = true
                compact()
                let before = input.count
                let result = receiveNow()
                note(input.count - before)
                if case .wouldBlock = result { return "" }
                if case .bytes(let count) = result, count > 0 { continue }
                if case .bytes = result { if try end() { break } else { continue } }
            }
            do throws(IOError) {
                if try await fill() { continue }
            } catch { throw broken(error) }
            if try end() { break }
        }
        finish()
        return nil
    }
    private func receiveNow() -> IOResult {
        stream.transport?.receive(into: &input, upTo: EventLoop.inputSize)
            ?? loop.receive(stream.channel, into: &input, upTo: EventLoop.inputSize)
    }
    /// The stream ended: true where that is the body's end.
    private func end() throws(BodyError) -> Bool {
        guard case .untilClose = framing else { throw broken(nil) }
        closes = true
        isEnded = true
        return true
    }
    /// The next piece of what is there; nil when it held no body bytes.
    private func take() throws(BodyError) -> ByteString? {
        switch framing {
        case .none:
            isEnded = true
            return nil
        case .length:
            let count = Int(min(remaining, UInt64(input.count - position)))
            remaining -= UInt64(count)
            let piece = takeInput(count)
            if remaining == 0 { ended() }
            return piece
        case .untilClose: return takeInput(input.count - position)
        case .chunked: return try takeChunk()
        }
    }
    private func takeInput(_ count: Int) -> ByteString {
        if position == 0, count == input.count {
            let piece = ByteString(input)
            input = []
            return piece
        }
        let piece = ByteString(Array(input[position..<position + count]))
        position += count
        return piece
    }
    private func takeChunk() throws(BodyError) -> ByteString? {
        var piece = ByteString()
        while position < input.count {
            switch decoder.next(input.span, &position, to: input.count) {
            case .needMore: break
            case .body(let range): piece.append(contentsOf: input[range])
            case .end:
                ended()
                return piece.isEmpty ? nil : piece
            case .failed(let error):
                request.log(.info, "http", "AH01590: \(error.message(detail: ""))")
                // What came before the fault is given first.
                if !piece.isEmpty {
                    position = input.count
                    framing = .length(1)
                    remaining = 1
                    loop.close(stream.channel)
                    return piece
                }
                throw broken(nil)
            }
        }
        return piece.isEmpty ? nil : piece
    }
    /// The backend is free as soon as its answer is here, however slow the client is.
    private func ended() {
        isEnded = true
        finish()
    }
    private func broken(_ error: IOError?) -> BodyError {
        if !request.connection.aborted {
            request.log(.error, "proxy_http", "\(Self.prefix(error))AH01110: error reading response")
        }
        request.noCache = true
        abandon()
        return error == .timedOut ? .timedOut : .closed
    }
    /// What Apache's log line says of an error.
    static func prefix(_ error: IOError?) -> ByteString {
        switch error {
        case .errno(let errno)?: "(\(errno.rawValue))\(errno.description): "
        case .timedOut?: "(70007)The timeout specified has expired: "
        case .closed?, .stopped?: ""
        case nil: "(70014)End of file found: "
        }
    }

    // MARK: The end

    /// Reads what is left of an answer that nobody wants, so that the connection can serve again; long ones are cut off.
    func discard() {
        if isEnded { return finish() }
        loop.spawnLocal {
            var count = 0
            while !self.isEnded, count < 65536 {
                guard let piece = try? await self.next() else { return self.abandon() }
                count += piece.count
            }
            if !self.isEnded { self.abandon() }
        }
    }
    func cancel() { if !isEnded { abandon() } else { finish() } }
    /// The conversation is over: the connection is kept for others or closed.
    func finish() {
        guard !isFinished else { return }
        isFinished = true
        let isWhole = pump?.isDone ?? true
        pump?.stop()
        pump = nil
        let pool = BackendPool.of(request)
        if backend.isReusable, !closes, isEnded, isWhole, position >= input.count, loop.isOpen(stream.channel) {
            pool.give(stream, backend)
        } else {
            pool.close(stream)
        }
        pool.leave(backend)
    }
    func abandon() {
        guard !isFinished else { return }
        isFinished = true
        isEnded = true
        pump?.stop()
        pump = nil
        let pool = BackendPool.of(request)
        pool.close(stream)
        pool.leave(backend)
    }
    /// The connection is somebody else's from now on, who ends it with ``release()``.
    func handOver() {
        isEnded = true
        isFinished = true
        pump?.stop()
        pump = nil
    }
    func release() {
        let pool = BackendPool.of(request)
        pool.close(stream)
        pool.leave(backend)
    }
}
