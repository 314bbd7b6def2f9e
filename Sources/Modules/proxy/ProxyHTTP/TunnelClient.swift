// Apache: modules/proxy/proxy_util.c (proxy_tunnel_conn, the client's)

import Bytes
import EventLoop
import Kernel
import ServerCore

/// The client's end of a tunnel: a connection, or one stream of a connection that carries several.
struct TunnelClient {
    let request: Request
    private var loop: EventLoop { request.loop }

    /// What came behind the request already.
    func takePending() -> [UInt8] { request.connection.takePendingInput() }
    /// Appends what comes next, however long that takes; false at the end.
    func receive(into buffer: inout [UInt8]) async throws(IOError) -> Bool {
        guard let stream = request.connection.requestStream else {
            return try await request.connection.stream.receive(
                into: &buffer, upTo: EventLoop.inputSize, timeout: nil) > 0
        }
        while true {
            do throws(IOError) {
                guard let piece = try await stream.receive(timeout: 3_600_000) else { return false }
                buffer.append(piece)
                return true
            } catch {
                guard error == .timedOut else { throw error }
            }
        }
    }
    /// The backend is done; false when the client cannot be told without ending its own side.
    func halfClose() -> Bool {
        guard request.connection.requestStream == nil else { return false }
        if let descriptor = loop.descriptor(request.connection.channel) {
            request.connection.transport?.shutdown()
            Socket.shutdownWrite(descriptor)
        }
        return true
    }
    /// Nobody reads any more what the client says. A stream ends with its answer.
    func interrupt() {
        if request.connection.requestStream == nil { loop.interruptReading(request.connection.channel) }
    }
}
