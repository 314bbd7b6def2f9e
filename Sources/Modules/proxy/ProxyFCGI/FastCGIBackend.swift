// Apache: modules/proxy/proxy_util.c (ap_proxy_determine_connection, ap_proxy_connect_backend)

import Bytes
import EventLoop
import Kernel
import ServerCore

/// Where an application listens and how patient to be with it.
struct FastCGIBackend {
    var endpoints: [Endpoint]
    /// Host and port as messages show them.
    var host: ByteString
    var port: UInt16
    /// Milliseconds for each wait.
    var timeout: UInt64
    var connectTimeout: UInt64
    /// Connections are kept for later requests.
    var isReusable = false
    /// Idle connections of one loop.
    var idleLimit = 8
    /// Seconds an idle connection is kept.
    var idleSeconds: Int?
    /// Seconds during which a backend that did not answer is not asked again; nil asks always.
    var retry: Int?
    var source: SocketAddress?
    /// `flushpackets`: filters that collect pass on what they have whenever nothing more is there.
    var flushes = false
    /// Who speaks in the error log.
    var module = "proxy_fcgi"

    var key: ByteString { endpoints.first?.text ?? host }
}

/// What one loop knows of its backends: idle connections, those that are down, addresses of names.
final class BackendPool {
    private struct Idle {
        let channel: Channel
        let since: UInt64
    }
    private var idle: [ByteString: [Idle]] = [:]
    private var downUntil: [ByteString: UInt64] = [:]
    private var addresses: [ByteString: (found: [SocketAddress], until: UInt64)] = [:]
    /// What applications said of themselves; see ``readsNothingMore(_:)``.
    var multiplexing: [ByteString: Bool] = [:]
    let loop: EventLoop

    init(loop: EventLoop) { self.loop = loop }

    static func of(_ request: Request) -> BackendPool {
        let key = ObjectIdentifier(BackendPool.self)
        if let known = request.connection.worker.moduleState[key] as? BackendPool { return known }
        let pool = BackendPool(loop: request.loop)
        request.connection.worker.moduleState[key] = pool
        return pool
    }

    /// An idle connection that is still open; those that are not are closed.
    func take(_ backend: FastCGIBackend) -> Channel? {
        while let last = idle[backend.key]?.popLast() {
            let age = (loop.milliseconds - last.since) / 1000
            if backend.idleSeconds.map({ age < UInt64($0) }) ?? true, isAlive(last.channel) { return last.channel }
            loop.close(last.channel)
        }
        return nil
    }
    private func isAlive(_ channel: Channel) -> Bool {
        guard loop.isOpen(channel), !loop.isHungUp(channel) else { return false }
        if case .wouldBlock = loop.receive(channel) { return true }
        return false
    }
    func give(_ channel: Channel, _ backend: FastCGIBackend) {
        guard idle[backend.key, default: []].count < backend.idleLimit else { return loop.close(channel) }
        idle[backend.key, default: []].append(Idle(channel: channel, since: loop.milliseconds))
    }

    func isDown(_ backend: FastCGIBackend) -> Bool {
        guard let until = downUntil[backend.key] else { return false }
        if loop.milliseconds < until { return true }
        downUntil[backend.key] = nil
        return false
    }
    func setDown(_ backend: FastCGIBackend, seconds: Int) {
        downUntil[backend.key] = loop.milliseconds + UInt64(seconds) * 1000
    }

    /// Addresses of a host; names are asked for on the blocking pool and remembered for a minute.
    func resolve(_ host: ByteString, _ port: UInt16) async -> [SocketAddress] {
        if let address = SocketAddress(host, port: port) { return [address] }
        let key: ByteString = "\(host):\(port)"
        if let known = addresses[key], loop.milliseconds < known.until { return known.found }
        let found = await loop.blocking { (try? Resolver.addresses(of: host, port: port)) ?? [] }
        if !found.isEmpty { addresses[key] = (found, loop.milliseconds + 60_000) }
        return found
    }
}

extension FastCGIBackend {
    /// Connects to the first endpoint that takes us; says why where none does, and what can be done about it.
    func connect(_ request: Request) async -> Channel? {
        var advice = ByteString()
        for endpoint in endpoints {
            do throws(IOError) {
                let channel = try await request.loop.connect(endpoint, from: source, timeout: connectTimeout)
                if case .ip = endpoint, let descriptor = request.loop.descriptor(channel) {
                    Socket.setNoDelay(descriptor, true)
                }
                // Nothing can have come yet: the first look would be in vain.
                request.loop.markDrained(channel)
                return channel
            } catch {
                advice = report(error, endpoint, request)
            }
        }
        request.log(.error, module, "AH01079: failed to make connection to backend: \(host)\(advice)")
        return nil
    }

    private func report(_ error: IOError, _ endpoint: Endpoint, _ request: Request) -> ByteString {
        let errno = Self.errno(error, endpoint)
        let why: ByteString = "(\(errno.rawValue))\(errno.description)"
        switch endpoint {
        case .unix(let path):
            request.server.log(
                .error, "proxy",
                "\(why): AH02454: FCGI: attempt to connect to Unix domain socket \(path) (\(host):\(port)) failed")
        case .ip(let address):
            request.server.log(
                .error, "proxy",
                "\(why): AH00957: FCGI: attempt to connect to \(address.textWithPort) (\(host):\(port)) failed")
        }
        return " (\(endpoint.text): \(Self.advice(errno, endpoint)))"
    }
    private static func errno(_ error: IOError, _ endpoint: Endpoint) -> Errno {
        switch error {
        case .errno(let errno): return errno
        case .timedOut: if case .unix = endpoint { return .wouldBlock } else { return .timedOut }
        case .closed, .stopped: return .connectionAborted
        }
    }
    /// What the administrator can do about it, in one sentence.
    private static func advice(_ errno: Errno, _ endpoint: Endpoint) -> ByteString {
        let isUnix: Bool
        if case .unix = endpoint { isUnix = true } else { isUnix = false }
        switch errno {
        case .notFound, .notDirectory:
            return
                "there is no such socket; start php-fpm, or make the path agree with 'listen' in its pool's configuration"
        case .accessDenied, .permission:
            return
                "this server's user may not open the socket; set listen.owner, listen.group and listen.mode in php-fpm's pool"
        case .connectionRefused:
            return isUnix
                ? "the socket is there but nobody listens on it; start php-fpm again"
                : "nobody listens on this port; start php-fpm, or make address and port agree with 'listen' in its pool"
        case .wouldBlock:
            return "its queue is full, all children are busy; raise pm.max_children or listen.backlog in php-fpm's pool"
        case .timedOut: return "no answer; check the address, and firewalls on the way"
        default: return "not reached"
        }
    }
}
