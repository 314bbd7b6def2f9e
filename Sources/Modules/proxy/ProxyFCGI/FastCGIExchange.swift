// Apache: modules/proxy/mod_proxy_fcgi.c (dispatch)

import Bytes
import EventLoop
import FastCGI
import Kernel
import ServerCore

/// Why an exchange with an application ended before its time.
enum FastCGIFailure: Equatable {
    case endOfFile
    case timedOut
    case errno(Errno)
    case version(UInt8)
    case requestID(UInt16)
    case length
    case stopped

    /// The application closed between two requests.
    var isLostConnection: Bool {
        switch self {
        case .endOfFile, .errno(.connectionReset), .errno(.brokenPipe): true
        default: false
        }
    }
}

/// One request's conversation with an application: reads records as they come, and is the answer's body once the head
/// is known. Owns its connection until ``finish()``.
final class FastCGIExchange: BodySource {
    static let requestID: UInt16 = 1

    let request: Request
    let backend: Backend
    let loop: EventLoop
    let channel: Channel
    private var decoder = RecordDecoder(expectedID: FastCGIExchange.requestID)
    private(set) var head = CGIResponseHead()
    private(set) var isHeadComplete = false
    private(set) var headFailure: CGIResponseHead.Failure?
    /// The application said it is done.
    private(set) var isEnded = false
    /// Anything came at all.
    private(set) var hasAnswered = false
    private var output: [UInt8] = []
    private var errorText: [UInt8] = []
    private var isFinished = false
    var pump: ScriptInputPump?
    /// When the answer is not read to its end, the script still runs to its own.
    var drainsWhenCancelled = false

    init(_ request: Request, _ backend: Backend, _ channel: Channel) {
        self.request = request
        self.backend = backend
        self.channel = channel
        loop = request.loop
    }

    // MARK: Reading

    /// Reads until the head is complete, cannot become so, or the application is done.
    func readHead() async -> FastCGIFailure? {
        while !isHeadComplete, headFailure == nil, !isEnded {
            if let failure = await fill() { return failure }
        }
        return nil
    }
    /// After the head: reads until there is something of the body, or the application is done.
    func readStart() async -> FastCGIFailure? {
        while output.isEmpty, !isEnded {
            if let failure = await fill() { return failure }
        }
        return nil
    }
    /// What has come of the body; the next piece comes with ``next()``.
    func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }
    /// What came together with the end of the answer goes out together with it.
    var hasGivenAll: Bool { isEnded && output.isEmpty }
    var wantsFlush: Bool { backend.flushes && !isEnded }
    func next() async throws(BodyError) -> ByteString? {
        while output.isEmpty {
            if isEnded {
                finish()
                return nil
            }
            if let failure = await fill() {
                FastCGIAnswer.report(failure, self)
                abandon()
                throw failure == .timedOut ? .timedOut : .closed
            }
        }
        let piece = ByteString(takeOutput())
        if isEnded { finish() }
        return piece
    }
    func cancel() {
        guard !isFinished else { return }
        if drainsWhenCancelled {
            drainInBackground()
        } else {
            abandon()
        }
    }
    /// Lets the script run to its end without anybody hearing it.
    func drainInBackground() {
        pump?.stop()
        guard !isEnded else { return finish() }
        loop.spawnLocal {
            while !self.isEnded {
                self.output.removeAll()
                if await self.fill() != nil { return self.abandon() }
            }
            self.finish()
        }
    }

    private func fill() async -> FastCGIFailure? {
        let count: Int
        do throws(IOError) {
            count = try await loop.receive(channel, timeout: backend.timeout)
        } catch {
            switch error {
            case .timedOut: return .timedOut
            case .errno(let errno): return .errno(errno)
            case .closed, .stopped: return .stopped
            }
        }
        guard count > 0 else { return .endOfFile }
        hasAnswered = true
        return loop.withInput(count) { take($0) }
    }

    private func take(_ input: Span<UInt8>) -> FastCGIFailure? {
        var position = 0
        while true {
            switch decoder.next(input, &position) {
            case .needMore: return nil
            case .stdout(let range): takeOutput(input, range)
            case .stderr(let range):
                errorText.append(input, range)
                if decoder.isRecordComplete { logErrorText() }
            case .endRequest:
                isEnded = true
                return nil
            case .endOfStream: continue
            case .failed(let failure):
                switch failure {
                case .version(let version): return .version(version)
                case .requestID(let id): return .requestID(id)
                case .length: return .length
                }
            case .unknown(let type, _): if decoder.isRecordComplete { logBogus(Int(type)) }
            case .stdin: logBogus(5)
            case .params: logBogus(4)
            case .data: logBogus(8)
            case .beginRequest: logBogus(1)
            case .abortRequest: logBogus(2)
            }
        }
    }
    private func takeOutput(_ input: Span<UInt8>, _ range: Range<Int>) {
        if isHeadComplete {
            output.append(input, range)
            return
        }
        guard headFailure == nil else { return }
        switch head.feed(input, range) {
        case .needMore: return
        case .complete(let start):
            isHeadComplete = true
            output.append(input, start..<range.upperBound)
        case .failed(let failure): headFailure = failure
        }
    }
    private func logErrorText() {
        request.log(.error, backend.module, "AH01071: Got error '\(ByteString(errorText))'")
        errorText.removeAll(keepingCapacity: true)
    }
    private func logBogus(_ type: Int) {
        request.log(.error, backend.module, "AH01072: Got bogus record \(type)")
    }

    // MARK: The end

    /// The application is done: its connection is kept for others or closed.
    func finish() {
        guard !isFinished else { return }
        isFinished = true
        let isWhole = pump?.isDone ?? true
        pump?.stop()
        pump = nil
        if backend.isReusable, isEnded, isWhole, loop.isOpen(channel) {
            BackendPool.of(request).give(ClientStream(loop: loop, channel: channel, transport: nil), backend)
        } else {
            loop.close(channel)
        }
    }
    /// Gives up: tells the application so and closes.
    func abandon() {
        guard !isFinished else { return }
        isFinished = true
        pump?.stop()
        pump = nil
        if !isEnded, loop.isOpen(channel) {
            var record: [UInt8] = []
            RecordEncoder.appendAbortRequest(id: Self.requestID, to: &record)
            _ = loop.send(channel, record)
        }
        loop.close(channel)
    }
}

/// Sends the request body to the application while its answer is read.
final class ScriptInputPump {
    private unowned let exchange: FastCGIExchange
    private let source: any BodySource
    private let loop: EventLoop
    private let channel: Channel
    private let client: Channel
    private let timeout: UInt64
    private var isStopped = false
    private var isReading = false
    /// Everything was sent.
    private(set) var isDone = false
    /// What the client did wrong, when that ended the exchange.
    private(set) var failure: BodyError?

    init(_ exchange: FastCGIExchange, _ source: any BodySource) {
        self.exchange = exchange
        self.source = source
        loop = exchange.loop
        channel = exchange.channel
        client = exchange.request.connection.channel
        timeout = exchange.backend.timeout
    }

    func start() { loop.spawnLocal { await self.run() } }

    /// Nobody wants the rest. What the client has not sent yet stays to be read by others.
    func stop() {
        isStopped = true
        if isReading { loop.interruptReading(client) }
    }

    private func run() async {
        var buffer: [UInt8] = []
        while !isStopped {
            let piece: ByteString?
            isReading = true
            do throws(BodyError) {
                piece = try await source.next()
            } catch {
                isReading = false
                guard !isStopped else { return }
                failure = error
                // The answer cannot come any more: whoever waits for it is woken.
                loop.close(channel)
                return
            }
            isReading = false
            guard !isStopped else { return }
            buffer.removeAll(keepingCapacity: true)
            if let piece {
                RecordEncoder.appendStdin(id: FastCGIExchange.requestID, piece.bytes.span, to: &buffer)
            } else {
                RecordEncoder.appendEnd(of: .stdin, id: FastCGIExchange.requestID, to: &buffer)
            }
            do throws(IOError) {
                try await loop.sendAll(channel, buffer, timeout: timeout)
            } catch { return }
            if piece == nil {
                isDone = true
                return
            }
        }
    }
}
