// Apache: modules/proxy/mod_proxy_http.c (ap_proxy_http_prefetch, stream_reqbody), proxy_util.c (ap_proxy_prefetch_input,
//         ap_proxy_spool_input)

import Bytes
import EventLoop
import HTTP
import Kernel
import ServerCore

/// The request body as a backend of HTTP gets it.
enum HTTPRequestBody {
    case none
    /// All of it. `saysLength`: also when it is empty.
    case bytes([UInt8], saysLength: Bool)
    /// To be sent as it comes: so many bytes, or in chunks.
    case stream(any BodySource, length: UInt64?)
    /// The client's fault.
    case refused(Int)

    /// A body this long is read before the backend is asked (MAX_MEM_SPOOL).
    private static let prefetchLimit = 16384 - 80

    /// Decides how it is sent. `waits`: nothing of it may be read yet, since the backend is asked first whether it wants it.
    static func prepare(_ request: Request, isOld: Bool, waits: Bool) async -> HTTPRequestBody {
        guard let body = request.body, !request.isSubrequest else { return .none }
        let isChunked: Bool
        var length: UInt64?
        switch request.bodyFraming {
        case .length(let count):
            isChunked = false
            length = count
        case .chunked, .none: isChunked = true
        }
        if waits || request.isSet("proxy-prefetch-nonblocking") {
            return await frame(request, body, isChunked, length, isOld)
        }
        var bytes: [UInt8] = []
        do throws(BodyError) {
            while bytes.count < prefetchLimit {
                guard let piece = try await body.next() else {
                    return .bytes(bytes, saysLength: length != nil || request.bodyFraming == .chunked)
                }
                if bytes.isEmpty { bytes = piece.bytes } else { bytes.append(contentsOf: piece.bytes) }
            }
        } catch { return .refused(error.requestStatus) }
        return await frame(request, PrependedSource(ByteString(bytes), body), isChunked, length, isOld)
    }

    /// `proxy-sendcl` and `proxy-sendchunked` choose where both are possible.
    private static func frame(
        _ request: Request, _ source: any BodySource, _ isChunked: Bool, _ length: UInt64?, _ isOld: Bool
    ) async -> HTTPRequestBody {
        let wantsChunks = request.isSet("proxy-sendchunks") || request.isSet("proxy-sendchunked")
        let wantsLength = request.isSet("proxy-sendcl")
        if isChunked {
            if !isOld, !(wantsLength && !wantsChunks) { return .stream(source, length: nil) }
        } else {
            if let length, !request.isBodyFiltered { return .stream(source, length: length) }
            if !isOld, wantsChunks, !wantsLength { return .stream(source, length: nil) }
        }
        do throws(BodyError) {
            switch try await ScriptInput.spool(source, request) {
            case .bytes(let bytes): return .bytes(bytes, saysLength: true)
            case .stream(let file):
                return .stream(file, length: request.header("Content-Length")?.decimal.map { UInt64($0) } ?? 0)
            case .none: return .none
            case .refused(let status): return .refused(status)
            }
        } catch { return .refused(error.requestStatus) }
    }
}

/// What was read of a request's body for one member of a balancer, for the next.
final class SavedBody {
    let body: HTTPRequestBody
    private init(_ body: HTTPRequestBody) { self.body = body }
    private static let key = ObjectIdentifier(SavedBody.self)

    static func of(_ request: Request) -> HTTPRequestBody? { (request.moduleState[key] as? SavedBody)?.body }
    static func save(_ body: HTTPRequestBody, _ request: Request) { request.moduleState[key] = SavedBody(body) }
}

/// Sends a request body to the backend while the answer is read.
final class BodyPump {
    private let request: Request
    private let source: any BodySource
    private let stream: ClientStream
    private let timeout: UInt64
    /// Bytes the backend was promised; nil is in chunks.
    private let length: UInt64?
    private var sent: UInt64 = 0
    private var isStopped = false
    private var isReading = false
    /// Everything was sent.
    private(set) var isDone = false
    /// What the client did wrong.
    private(set) var failure: BodyError?
    /// The backend does not take it.
    private(set) var sendError: IOError?

    init(_ request: Request, _ source: any BodySource, _ stream: ClientStream, length: UInt64?, timeout: UInt64) {
        self.request = request
        self.source = source
        self.stream = stream
        self.length = length
        self.timeout = timeout
    }

    func start() { stream.loop.spawnLocal { await self.run() } }

    /// Nobody wants the rest. What the client has not sent yet stays to be read by others.
    func stop() {
        guard !isStopped else { return }
        isStopped = true
        if isReading { stream.loop.interruptReading(request.connection.channel) }
    }

    private func run() async {
        var output: [UInt8] = []
        while !isStopped {
            let piece: ByteString?
            isReading = true
            do throws(BodyError) {
                piece = try await source.next()
            } catch {
                isReading = false
                if !isStopped { fail(error) }
                return
            }
            isReading = false
            guard !isStopped else { return }
            output.removeAll(keepingCapacity: true)
            if let piece {
                sent += UInt64(piece.count)
                if let length, sent > length { return tell("more", length) }
                append(piece, &output)
            } else {
                if let length, sent < length { return tell("less", length) }
                if length == nil { ChunkedEncoder.appendEnd(to: &output) }
                if request.isSet("proxy-sendextracrlf") { output.append("\r\n") }
            }
            do throws(IOError) {
                if !output.isEmpty { try await stream.sendAll(output, timeout: timeout) }
            } catch {
                sendError = error
                return
            }
            if piece == nil {
                isDone = true
                return
            }
        }
    }
    private func append(_ piece: ByteString, _ output: inout [UInt8]) {
        guard !piece.isEmpty else { return }
        if length == nil { ChunkedEncoder.appendHeader(count: piece.count, to: &output) }
        output.append(piece)
        if length == nil { ChunkedEncoder.appendTrailer(to: &output) }
    }
    /// More or fewer bytes than promised would be taken for another request.
    private func tell(_ word: ByteString, _ length: UInt64) {
        request.log(
            .error, "proxy_http",
            "AH01086: read \(word) bytes of request body than expected (got \(sent), expected \(length))")
        fail(.status(500))
    }
    /// The answer cannot come any more: whoever waits for it is woken.
    private func fail(_ error: BodyError) {
        failure = error
        stream.loop.close(stream.channel)
    }
}
