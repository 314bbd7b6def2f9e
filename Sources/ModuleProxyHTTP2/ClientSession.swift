// Apache: modules/http2/h2_proxy_session.c

import Bytes
import EventLoop
import HTTP
import Kernel
import Modules
import ServerCore

/// One request on a connection to a backend: what came of its answer and nobody has taken, and what of its body is to be sent.
final class ClientRequest {
    struct Head {
        var status: Int
        var fields: [(name: ByteString, value: ByteString)]
    }
    fileprivate(set) var id: Int32 = 0
    /// Interim answers and the answer, in order.
    fileprivate(set) var heads: [Head] = []
    fileprivate(set) var trailers: [(name: ByteString, value: ByteString)] = []
    fileprivate var open: Head?
    fileprivate var isAnswered = false
    fileprivate var input: [UInt8] = []
    /// The answer is whole.
    fileprivate(set) var isEnded = false
    /// Nil while the stream lives; 0 is an orderly end.
    fileprivate(set) var code: UInt32?
    /// The backend has not looked at the request: it may be made again.
    fileprivate(set) var isUntouched = false
    fileprivate var output: [UInt8] = []
    fileprivate var outputStart = 0
    fileprivate var outputEnds = false
    let changed: LoopCondition
    let room: LoopCondition

    init(_ loop: EventLoop) {
        changed = LoopCondition(loop)
        room = LoopCondition(loop)
    }
    var hasInput: Bool { !input.isEmpty }
    func takeHead() -> Head? { heads.isEmpty ? nil : heads.removeFirst() }
}

/// A connection to a backend of HTTP/2, shared by the requests of one loop. A task of its own reads it as long as it is open;
/// whoever has something to say sends at once.
final class ClientSession: ClientFrameListener {
    let stream: ClientStream
    private let frames: ClientFrames
    private let loop: EventLoop
    private var streams: [Int32: ClientRequest] = [:]
    /// Streams beyond it are not served (GOAWAY).
    private var lastServed = Int32.max
    private(set) var isClosed = false
    private var isSending = false
    private var sendsAgain = false
    /// Milliseconds for each wait to send, and without any request.
    private let timeout: UInt64
    private let idleTimeout: UInt64
    /// Requests made on it.
    private(set) var count = 0

    init?(_ stream: ClientStream, timeout: UInt64, idleTimeout: UInt64) {
        guard let frames = ClientFrames(), frames.begin() else { return nil }
        self.stream = stream
        self.frames = frames
        loop = stream.loop
        self.timeout = timeout
        self.idleTimeout = idleTimeout
        frames.listener = self
        loop.spawnLocal { await self.read() }
    }
    /// Another request may be made.
    var isUsable: Bool {
        !isClosed && lastServed == Int32.max && loop.isOpen(stream.channel) && !loop.isHungUp(stream.channel)
            && streams.count < max(frames.streamLimit, 1)
    }

    // MARK: Requests

    func request(_ fields: FieldBlock, hasBody: Bool) -> ClientRequest? {
        guard !isClosed, let id = frames.submit(fields, hasBody: hasBody) else { return nil }
        let made = ClientRequest(loop)
        made.id = id
        streams[id] = made
        count += 1
        send()
        return made
    }
    /// Gives more of the body; returns when there is room for more. False: nobody wants it.
    func give(_ request: ClientRequest, _ bytes: [UInt8], isEnd: Bool) async -> Bool {
        guard request.code == nil, !isClosed else { return false }
        request.output.append(contentsOf: bytes)
        if isEnd { request.outputEnds = true }
        frames.resume(request.id)
        send()
        while request.output.count - request.outputStart > 65536, request.code == nil, !isClosed {
            do throws(IOError) {
                try await request.room.wait(timeout: timeout)
            } catch { return false }
        }
        return request.code == nil
    }
    /// What came of the body; the backend may send as much again.
    func take(_ request: ClientRequest) -> [UInt8] {
        let bytes = request.input
        request.input = []
        if !bytes.isEmpty, request.code == nil {
            frames.consume(request.id, bytes.count)
            send()
        }
        return bytes
    }
    func cancel(_ request: ClientRequest) {
        guard request.code == nil, !isClosed else { return }
        frames.reset(request.id)
        send()
    }

    // MARK: The connection

    private func read() async {
        var input: [UInt8] = []
        while !isClosed {
            input.removeAll(keepingCapacity: true)
            do throws(IOError) {
                let wait = streams.isEmpty ? idleTimeout : nil
                guard try await stream.receive(into: &input, upTo: EventLoop.inputSize, timeout: wait) > 0 else {
                    break
                }
            } catch {
                // Who waits for an answer has a time limit of its own.
                if error == .timedOut, !streams.isEmpty { continue }
                break
            }
            guard frames.receive(input) else {
                await flush()
                break
            }
            send()
            if frames.isOver { break }
        }
        close()
    }
    /// Sends what there is, in a task where that must wait.
    private func send() {
        guard !isSending else {
            sendsAgain = true
            return
        }
        isSending = true
        loop.spawnLocal {
            repeat {
                self.sendsAgain = false
                await self.flush()
            } while self.sendsAgain && !self.isClosed
            self.isSending = false
        }
    }
    private func flush() async {
        var output: [UInt8] = []
        while !isClosed {
            output.removeAll(keepingCapacity: true)
            guard frames.collect(into: &output, limit: 65536) else { return close() }
            if output.isEmpty { return }
            do throws(IOError) {
                try await stream.sendAll(output, timeout: timeout)
            } catch { return close() }
        }
    }
    func close() {
        guard !isClosed else { return }
        isClosed = true
        if let transport = stream.transport {
            transport.shutdown()
            transport.end()
        }
        loop.close(stream.channel)
        let left = streams
        streams = [:]
        for (_, request) in left {
            if request.code == nil { request.code = 1 }
            if request.heads.isEmpty, !request.isAnswered, count > 1 { request.isUntouched = true }
            request.changed.notify()
            request.room.notify()
        }
    }

    // MARK: Frames

    func headBegins(_ stream: Int32) { streams[stream]?.open = ClientRequest.Head(status: 0, fields: []) }
    func field(_ stream: Int32, _ name: ByteString, _ value: ByteString) {
        guard let request = streams[stream] else { return }
        if name == ":status" {
            request.open?.status = value.decimal ?? 0
        } else if name.first != UInt8(ascii: ":") {
            request.open?.fields.append((name, value))
        }
    }
    func headEnds(_ stream: Int32, endsStream: Bool) {
        guard let request = streams[stream], let head = request.open else { return }
        request.open = nil
        if head.status == 0 {
            request.trailers = head.fields
        } else {
            request.heads.append(head)
            if head.status >= 200 { request.isAnswered = true }
        }
        if endsStream { request.isEnded = true }
        request.changed.notify()
    }
    func data(_ stream: Int32, _ bytes: [UInt8]) {
        guard let request = streams[stream] else { return frames.consume(stream, bytes.count) }
        request.input.append(contentsOf: bytes)
        request.changed.notify()
    }
    func dataEnds(_ stream: Int32) {
        streams[stream]?.isEnded = true
        streams[stream]?.changed.notify()
    }
    func closed(_ stream: Int32, code: UInt32) {
        guard let request = streams.removeValue(forKey: stream) else { return }
        request.code = code
        if code == 0, request.isAnswered { request.isEnded = true }
        if code == ClientFrames.refused || stream > lastServed { request.isUntouched = true }
        request.changed.notify()
        request.room.notify()
    }
    func goAway(last: Int32) { lastServed = last }
    func body(_ stream: Int32, limit: Int) -> (bytes: ArraySlice<UInt8>, isEnd: Bool)? {
        guard let request = streams[stream] else { return ([], true) }
        let end = min(request.output.count, request.outputStart + limit)
        let piece = request.output[request.outputStart..<end]
        let isEnd = end == request.output.count && request.outputEnds
        if piece.isEmpty, !isEnd { return nil }
        request.outputStart = end
        if end == request.output.count {
            request.output.removeAll(keepingCapacity: true)
            request.outputStart = 0
        }
        request.room.notify()
        return (piece, isEnd)
    }
}

/// The sessions of one loop, by backend.
final class ClientSessions {
    private var sessions: [ByteString: [ClientSession]] = [:]
    private static let key = ObjectIdentifier(ClientSessions.self)

    static func of(_ request: Request) -> ClientSessions {
        if let known = request.connection.worker.moduleState[key] as? ClientSessions { return known }
        let made = ClientSessions()
        request.connection.worker.moduleState[key] = made
        return made
    }
    func find(_ backend: Backend) -> ClientSession? {
        let key = backend.poolKey
        sessions[key]?.removeAll { $0.isClosed }
        return sessions[key]?.first { $0.isUsable }
    }
    func keep(_ session: ClientSession, _ backend: Backend) { sessions[backend.poolKey, default: []].append(session) }
}
