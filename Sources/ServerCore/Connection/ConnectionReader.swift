// Apache: server/core_filters.c ap_core_input_filter, modules/http/http_filters.c ap_http_filter

import Bytes
import EventLoop
import HTTP
import Kernel

/// The bytes that came and were not used yet, and the wait for more.
final class ConnectionReader {
    let loop: EventLoop
    let stream: ClientStream
    /// Milliseconds of one wait for input.
    var timeout: UInt64
    var buffer: [UInt8]
    var position = 0
    /// Bytes that ever came.
    private var received: Int64
    /// What mod_reqtimeout leaves for the rest of a request body.
    var budget: ReadBudget?

    init(_ stream: ClientStream, timeout: UInt64, buffer: [UInt8]) {
        loop = stream.loop
        self.stream = stream
        self.timeout = timeout
        self.buffer = buffer
        received = Int64(buffer.count)
    }
    var available: Int { buffer.count - position }
    /// Bytes that were used.
    var consumed: Int64 { received - Int64(available) }

    /// Drops what was used.
    func compact() {
        guard position > 0 else { return }
        buffer.removeFirst(position)
        position = 0
    }
    /// Waits for more bytes; false is the end of the stream.
    func fill(timeout: UInt64? = nil) async throws(IOError) -> Bool {
        var wait = timeout ?? self.timeout
        if let budget {
            guard let left = budget.wait(now: loop.milliseconds, timeout: wait) else { throw .timedOut }
            wait = left
        }
        let count = try await stream.receive(into: &buffer, upTo: 16384, timeout: wait)
        budget?.received(count)
        received += Int64(count)
        return count > 0
    }
    /// Takes up to `limit` bytes, waiting for the first; empty at the end of the stream.
    func take(upTo limit: Int) async throws(IOError) -> ByteString {
        if available == 0 {
            buffer.removeAll(keepingCapacity: true)
            position = 0
            guard try await fill() else { return "" }
        }
        let count = min(limit, available)
        let piece = ByteString(Array(buffer[position..<position + count]))
        position += count
        return piece
    }
}

/// What both kinds of request body share: `100 Continue` before the first byte, `LimitRequestBody`, errors as statuses.
class RequestBodySource: BodySource {
    let reader: ConnectionReader
    unowned let request: Request
    /// 0 is no limit. The walk decides about it, so it is known with the first read only (ap_get_limit_req_body).
    private var limit: UInt64 = 0
    var received: UInt64 = 0
    private(set) var isFinished = false
    private var hasBegun = false
    private var isFailed = false

    init(_ reader: ConnectionReader, _ request: Request) {
        self.reader = reader
        self.request = request
    }
    /// Bytes that are still to come, where the head told them.
    var declared: UInt64? { nil }
    final func next() async throws(BodyError) -> ByteString? {
        if isFinished { return nil }
        if isFailed { throw .closed }
        let piece: ByteString?
        try await begin()
        do throws(BodyError) {
            piece = try await read()
        } catch {
            if error == .timedOut { timedOut() }
            if case .status(let status) = error { throw fail(status) }
            throw error
        }
        guard let piece else {
            isFinished = true
            reader.budget = nil
            return nil
        }
        received += UInt64(piece.count)
        if limit > 0, received > limit {
            request.log(
                .info, "http",
                "AH01591: Read content length of \(received) is larger than the configured limit of \(limit)")
            throw fail(413)
        }
        return piece
    }
    /// What follows cannot be told from the next request; the error page comes from below the filter that tells lengths
    /// (bail_out_on_error).
    private func fail(_ status: Int) -> BodyError {
        isFailed = true
        request.connection.keepAlive = .close
        request.last.isLengthUntold = true
        return .status(status)
    }
    private func timedOut() {
        let connection = request.connection
        if reader.budget != nil {
            request.log(.info, "reqtimeout", "AH01382: Request body read timeout")
        }
        reader.budget = nil
        connection.keepAlive = .close
    }
    /// Tells a client that waits that its body is wanted (RFC 9110, section 10.1.1).
    private func begin() async throws(BodyError) {
        guard !hasBegun else { return }
        hasBegun = true
        let answering = request.last
        if !answering.isProxied {
            limit = UInt64(clamping: answering[Core.directory].limitRequestBody.value(default: 1_073_741_824))
        }
        if limit > 0, let declared, declared > limit {
            request.log(
                .info, "http",
                "AH01588: Requested content-length of \(declared) is larger than the configured limit of \(limit)")
            throw fail(413)
        }
        let stage = request.configuration.readTimeout(request.server).body
        if stage.initial > 0, request.methodNumber != .connect {
            var budget = ReadBudget(stage, now: reader.loop.milliseconds)
            budget.received(reader.available)
            reader.budget = budget
        }
        guard request.first.expectingContinue else { return }
        request.first.expectingContinue = false
        request.expectingContinue = false
        guard reader.available == 0 else { return }
        do throws(IOError) {
            try await reader.stream.sendAll(
                Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), timeout: reader.timeout)
        } catch { throw .closed }
    }
    func read() async throws(BodyError) -> ByteString? { nil }

    final func take(upTo limit: Int) async throws(BodyError) -> ByteString {
        do throws(IOError) {
            let piece = try await reader.take(upTo: limit)
            if piece.isEmpty { throw .closed }
            return piece
        } catch {
            throw error == .timedOut ? .timedOut : .closed
        }
    }
}

/// A body of known length.
final class LengthBody: RequestBodySource {
    private var remaining: UInt64
    init(_ reader: ConnectionReader, _ request: Request, length: UInt64) {
        remaining = length
        super.init(reader, request)
    }
    override var declared: UInt64? { remaining }
    override func read() async throws(BodyError) -> ByteString? {
        guard remaining > 0 else { return nil }
        let piece = try await take(upTo: Int(min(remaining, 65536)))
        remaining -= UInt64(piece.count)
        return piece
    }
}

/// A chunked body; trailers go into the request's fields where `MergeTrailers` says so.
final class ChunkedBody: RequestBodySource {
    private var decoder: ChunkedDecoder
    init(_ reader: ConnectionReader, _ request: Request, options: RequestOptions) {
        decoder = ChunkedDecoder(options)
        super.init(reader, request)
    }
    override func read() async throws(BodyError) -> ByteString? {
        while true {
            if reader.available == 0 {
                reader.buffer.removeAll(keepingCapacity: true)
                reader.position = 0
                do throws(IOError) {
                    guard try await reader.fill() else { throw .closed }
                } catch { throw error == .timedOut ? .timedOut : .closed }
            }
            var position = reader.position
            let input = reader.buffer
            let event = decoder.next(input.span, &position, to: input.count)
            reader.position = position
            switch event {
            case .needMore: continue
            case .body(let range): return ByteString(Array(reader.buffer[range]))
            case .end:
                takeTrailers()
                return nil
            case .failed(let error):
                request.log(.info, "http", "AH01590: \(error.message(detail: ""))")
                request.connection.keepAlive = .close
                throw .status(error.status.code)
            }
        }
    }
    private func takeTrailers() {
        let merges = request.server[Core.server].mergeTrailers.value(default: false)
        let bytes = decoder.trailerBytes
        for field in decoder.trailers {
            let name = ByteString(Array(bytes[field.name.range]))
            let value = ByteString(Array(bytes[field.value.range]))
            request.trailersIn.add(name, value)
            if merges { request.headersInStorage.merge(name, value) }
        }
    }
}
