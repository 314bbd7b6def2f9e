// Apache: modules/http/http_filters.c ap_http_filter; modules/http2/h2_c2.c (input beam)

import Bytes
import EventLoop
import HTTP

/// The body of a request that came on a stream: `100 Continue` before the first byte, `LimitRequestBody`, what Content-Length
/// promised, trailers. The client may send as much as was read here, and its window.
final class StreamBody: BodySource {
    private let stream: any RequestStream
    private weak var request: Request?
    private let declared: UInt64?
    private var limit: UInt64 = 0
    private var received: UInt64 = 0
    private var state = State.fresh
    private enum State { case fresh, open, finished, failed }
    private let timeout: UInt64

    init(_ stream: any RequestStream, _ request: Request, declared: UInt64?) {
        self.stream = stream
        self.request = request
        self.declared = declared
        timeout = request.server.timeoutMilliseconds
    }

    func next() async throws(BodyError) -> ByteString? {
        switch state {
        case .finished: return nil
        case .failed: throw .closed
        case .fresh: try begin()
        case .open: break
        }
        let piece: ByteString?
        do throws(IOError) {
            piece = try await stream.receive(timeout: timeout)
        } catch {
            state = .failed
            throw error == .timedOut ? .timedOut : .closed
        }
        guard let piece else {
            state = .finished
            takeTrailers()
            return nil
        }
        received += UInt64(piece.count)
        if limit > 0, received > limit {
            request?.log(
                .info, "http",
                "AH01591: Read content length of \(received) is larger than the configured limit of \(limit)")
            throw fail(413)
        }
        return piece
    }
    private func fail(_ status: Int) -> BodyError {
        state = .failed
        request?.last.isLengthUntold = true
        return .status(status)
    }
    private func begin() throws(BodyError) {
        state = .open
        guard let request else { return }
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
        guard request.first.expectingContinue else { return }
        request.first.expectingContinue = false
        request.expectingContinue = false
        stream.sendInterim(FieldBlock(status: 100, Table()), of: request)
    }
    private func takeTrailers() {
        guard let request, !stream.trailers.isEmpty else { return }
        let merges = request.server[Core.server].mergeTrailers.value(default: false)
        for (name, value) in stream.trailers {
            request.trailersIn.merge(name, value)
            if merges { request.headersInStorage.merge(name, value) }
        }
    }
}
