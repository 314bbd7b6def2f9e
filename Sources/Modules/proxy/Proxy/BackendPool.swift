// Apache: modules/proxy/proxy_util.c (ap_proxy_acquire_connection, ap_proxy_release_connection, worker_address_resolve);
//         apr_reslist.h

import Bytes
import EventLoop
import Kernel
import ServerCore

/// What one loop knows of its backends: idle connections, and addresses of names.
public final class BackendPool {
    private struct Idle {
        let stream: ClientStream
        let since: UInt64
    }
    private var idle: [ByteString: [Idle]] = [:]
    private var addresses: [ByteString: (found: [SocketAddress], until: UInt64)] = [:]
    /// Connections that requests use, where their number is limited, and who waits for one.
    private var taken: [ByteString: Int] = [:]
    private var waiting: [ByteString: [LoopCondition]] = [:]
    /// What applications said of themselves; see ``readsNothingMore(_:)``.
    var multiplexing: [ByteString: Bool] = [:]
    let loop: EventLoop

    init(loop: EventLoop) { self.loop = loop }

    public static func of(_ request: Request) -> BackendPool {
        let key = ObjectIdentifier(BackendPool.self)
        if let known = request.connection.worker.moduleState[key] as? BackendPool { return known }
        let pool = BackendPool(loop: request.loop)
        request.connection.worker.moduleState[key] = pool
        return pool
    }

    // MARK: Idle connections

    /// An idle connection that is still open; those that are not are closed.
    public func take(_ backend: Backend) -> ClientStream? {
        while let last = idle[backend.key]?.popLast() {
            let age = (loop.milliseconds - last.since) / 1000
            if backend.idleSeconds.map({ age < UInt64($0) }) ?? true, isAlive(last.stream) { return last.stream }
            close(last.stream)
        }
        return nil
    }
    private func isAlive(_ stream: ClientStream) -> Bool {
        guard loop.isOpen(stream.channel), !loop.isHungUp(stream.channel) else { return false }
        if case .wouldBlock = stream.receive() { return true }
        return false
    }
    /// Keeps a connection for others, or closes it.
    public func give(_ stream: ClientStream, _ backend: Backend) {
        let key = backend.key
        // Those that wait longest are looked at, so that none stays for ever that nobody will use.
        while let first = idle[key]?.first, loop.isHungUp(first.stream.channel) {
            idle[key]?.removeFirst()
            close(first.stream)
        }
        guard idle[key, default: []].count < backend.idleLimit else { return close(stream) }
        idle[key, default: []].append(Idle(stream: stream, since: loop.milliseconds))
    }
    /// Ends a connection.
    public func close(_ stream: ClientStream) {
        if let transport = stream.transport {
            if loop.isOpen(stream.channel) { transport.shutdown() }
            transport.end()
        }
        loop.close(stream.channel)
    }

    // MARK: How many

    /// Waits for a place below `max`; false: none became free in time (`acquire`).
    public func enter(_ backend: Backend) async -> Bool {
        guard let limit = backend.connectionLimit else { return true }
        let key = backend.key
        let deadline = backend.acquireTimeout.map { loop.milliseconds + $0 }
        while taken[key, default: 0] >= limit {
            let condition = LoopCondition(loop)
            waiting[key, default: []].append(condition)
            do throws(IOError) {
                try await condition.wait(timeout: deadline.map { $0 > loop.milliseconds ? $0 - loop.milliseconds : 0 })
            } catch {
                waiting[key]?.removeAll { $0 === condition }
                return false
            }
        }
        taken[key, default: 0] += 1
        return true
    }
    /// Gives the place back.
    public func leave(_ backend: Backend) {
        guard backend.connectionLimit != nil else { return }
        taken[backend.key, default: 1] -= 1
        if waiting[backend.key]?.isEmpty == false { waiting[backend.key]?.removeFirst().notify() }
    }

    // MARK: Names

    /// Addresses of a host; names are asked for on the blocking pool and remembered for a minute.
    public func resolve(_ host: ByteString, _ port: UInt16) async -> [SocketAddress] {
        if let address = SocketAddress(host, port: port) { return [address] }
        let key: ByteString = "\(host):\(port)"
        if let known = addresses[key], loop.milliseconds < known.until { return known.found }
        let found = await loop.blocking { (try? Resolver.addresses(of: host, port: port)) ?? [] }
        if !found.isEmpty { addresses[key] = (found, loop.milliseconds + 60_000) }
        return found
    }
}
