// Apache: modules/http2/h2_proxy_session.c (h2_proxy_stream_end_headers_out, on_data_chunk_recv, session_read), mod_proxy_http2.c

import Bytes
import EventLoop
import HTTP
import Kernel
import Modules
import ServerCore

/// Asks a backend over HTTP/2 for one request; the answer's body once its head is known.
final class HTTP2Exchange: BodySource {
    private let request: Request
    private let backend: Backend
    private let session: ClientSession
    private let stream: ClientRequest
    private var isOver = false
    private var hasLooked = false
    private var isPumping = false
    private var bodyError: BodyError?

    init(_ request: Request, _ backend: Backend, _ session: ClientSession, _ stream: ClientRequest) {
        self.request = request
        self.backend = backend
        self.session = session
        self.stream = stream
    }

    enum Reading {
        case head(ClientRequest.Head)
        /// Nothing was done with the request.
        case untouched
        case timedOut
        case lost
        /// The client's fault.
        case refused(Int)
    }
    func readHead() async -> Reading {
        while true {
            if let head = stream.takeHead() { return .head(head) }
            if let bodyError { return .refused(bodyError.requestStatus) }
            if stream.code != nil { return stream.isUntouched && !isPumping ? .untouched : .lost }
            do throws(IOError) {
                try await stream.changed.wait(timeout: backend.timeout)
            } catch {
                cancel()
                return error == .timedOut ? .timedOut : .lost
            }
        }
    }

    // MARK: The request's body

    func pump(_ source: any BodySource) {
        isPumping = true
        request.loop.spawnLocal { await self.passOn(source) }
    }
    private func passOn(_ source: any BodySource) async {
        while !isOver, stream.code == nil {
            do throws(BodyError) {
                guard let piece = try await source.next() else {
                    _ = await session.give(stream, [], isEnd: true)
                    return
                }
                if piece.isEmpty { continue }
                guard await session.give(stream, piece.bytes, isEnd: false) else { return }
            } catch {
                bodyError = error
                session.cancel(stream)
                stream.changed.notify()
                return
            }
        }
    }

    // MARK: The answer's body

    var hasGivenAll: Bool { stream.isEnded && !stream.hasInput }
    var wantsFlush: Bool { !stream.isEnded && !stream.hasInput }

    func next() async throws(BodyError) -> ByteString? {
        while true {
            if stream.hasInput {
                let bytes = session.take(stream)
                if hasGivenAll { finish() }
                return ByteString(bytes)
            }
            if stream.isEnded {
                finish()
                return nil
            }
            if stream.code != nil {
                request.log(.error, "proxy_http2", "AH03468: error reading response")
                finish()
                throw .closed
            }
            if !hasLooked {
                hasLooked = true
                return ""
            }
            do throws(IOError) {
                try await stream.changed.wait(timeout: backend.timeout)
            } catch {
                cancel()
                throw error == .timedOut ? .timedOut : .closed
            }
        }
    }
    func cancel() {
        guard !isOver else { return }
        session.cancel(stream)
        finish()
    }
    func finish() {
        guard !isOver else { return }
        isOver = true
        if isPumping, stream.code == nil, !hasGivenAll { session.cancel(stream) }
        if !backend.isReusable { closeLater() }
    }
    /// A connection that serves one request only goes with it.
    private func closeLater() {
        let session = session
        request.loop.spawnLocal { session.close() }
    }
}
