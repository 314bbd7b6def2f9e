// Apache: modules/proxy/proxy_util.c (ap_proxy_tunnel_create, ap_proxy_tunnel_run)

import Bytes
import EventLoop
import HTTP
import Kernel
import ServerCore

/// Passes bytes both ways between client and backend until both are done: what the backend says is the answer's body, what
/// the client says is passed on by a task of its own.
final class Tunnel: BodySource {
    private let request: Request
    private let client: TunnelClient
    private let exchange: HTTPExchange
    private let loop: EventLoop
    private let timeout: UInt64
    private var opening: [UInt8]?
    private var isClientDone = false
    private var isOver = false
    private var clientEnded: LoopCondition
    /// When something was last passed on, either way.
    private var lastMove: UInt64

    /// `opening` is what the client gets first.
    init(_ request: Request, _ exchange: HTTPExchange, opening: [UInt8]) {
        self.request = request
        client = TunnelClient(request: request)
        self.exchange = exchange
        loop = request.loop
        timeout = max(exchange.backend.timeout, request.server.timeoutMilliseconds)
        self.opening = opening + exchange.takeRest()
        clientEnded = LoopCondition(request.loop)
        lastMove = request.loop.milliseconds
        exchange.handOver()
    }

    func next() async throws(BodyError) -> ByteString? {
        if let first = opening {
            opening = nil
            let input = client.takePending()
            loop.spawnLocal { await self.passOn(input) }
            return ByteString(first)
        }
        var buffer: [UInt8] = []
        while !isOver {
            do throws(IOError) {
                let count = try await exchange.stream.receive(
                    into: &buffer, upTo: EventLoop.inputSize, timeout: timeout)
                lastMove = loop.milliseconds
                if count > 0 { return ByteString(buffer) }
                await backendEnded()
            } catch {
                // Only silence on both sides counts.
                if error == .timedOut, loop.milliseconds - lastMove < timeout { continue }
            }
            break
        }
        end()
        // What passed is no body of an answer.
        request.bytesSent = 0
        return nil
    }
    /// The backend says nothing more; the client may.
    private func backendEnded() async {
        guard !isClientDone, !request.isSet("proxy-nohalfclose"), client.halfClose() else { return }
        while !isClientDone {
            do throws(IOError) {
                try await clientEnded.wait(timeout: timeout)
            } catch {
                if error == .timedOut, loop.milliseconds - lastMove < timeout { continue }
                return
            }
        }
    }
    /// From the client to the backend.
    private func passOn(_ input: [UInt8]) async {
        var buffer = input
        do throws(IOError) {
            while !isOver {
                if !buffer.isEmpty {
                    try await exchange.stream.sendAll(buffer, timeout: timeout)
                    buffer.removeAll(keepingCapacity: true)
                    lastMove = loop.milliseconds
                }
                if try await !client.receive(into: &buffer) { break }
            }
            if let descriptor = loop.descriptor(exchange.stream.channel) {
                exchange.stream.transport?.shutdown()
                Socket.shutdownWrite(descriptor)
            }
            if request.isSet("proxy-nohalfclose") { loop.interruptReading(exchange.stream.channel) }
        } catch {
            // One of them is gone: the other is of no use.
            isOver = true
            loop.interruptReading(exchange.stream.channel)
        }
        isClientDone = true
        clientEnded.notify()
    }
    func cancel() { end() }
    private func end() {
        guard !isOver || !isReleased else { return }
        isOver = true
        if !isReleased {
            isReleased = true
            if !isClientDone { client.interrupt() }
            exchange.release()
        }
    }
    private var isReleased = false
}
