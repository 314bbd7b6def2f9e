// Apache: modules/proxy/mod_proxy.h (proxy_worker_shared), proxy_util.c (ap_proxy_determine_connection, ap_proxy_connect_backend)

import Bytes
import EventLoop
import Kernel
import ServerCore

/// Where another server listens, how patient to be with it, and how its connections are kept.
public struct Backend {
    public var endpoints: [Endpoint]
    /// Host and port as messages show them.
    public var host: ByteString
    public var port: UInt16
    /// Milliseconds for each wait.
    public var timeout: UInt64
    public var connectTimeout: UInt64
    /// Connections are kept for later requests.
    public var isReusable = false
    /// Idle connections of one loop.
    var idleLimit = 8
    /// Seconds an idle connection is kept.
    public var idleSeconds: Int?
    /// Connections of one loop at once; nil is without limit.
    var connectionLimit: Int?
    /// Milliseconds to wait for one of them; nil waits without end.
    var acquireTimeout: UInt64?
    var source: SocketAddress?
    /// `SO_RCVBUF`, where it is not the system's.
    var receiveBuffer: Int?
    var keepsSocketAlive = false
    /// `flushpackets`: filters that collect pass on what they have whenever nothing more is there.
    var flushes = false
    /// Who speaks in the error log.
    public var module = "proxy_fcgi"
    /// As Apache's messages call the protocol.
    public var label: ByteString = "FCGI"
    /// Idle connections are shared by backends that agree in this and in where they listen.
    var group: ByteString = ""
    /// Connections are TLS.
    var security: OutgoingSecurity?

    /// Names the backend and how it is spoken to.
    public var poolKey: ByteString { key }
    var key: ByteString {
        let place = endpoints.first?.text ?? host
        return group.isEmpty ? place : "\(group) \(place)"
    }
    /// As `%pI` shows the address: `127.0.0.1:8080`, a path.
    public var place: ByteString {
        switch endpoints.first {
        case .unix(let path): path
        case .ip(let address): address.textWithPort
        case nil: "\(host):\(port)"
        }
    }
}

extension Backend {
    /// Fills in what the parameters of `worker` and the server say; the generic worker of URLs without one keeps no connection.
    mutating func take(_ worker: ProxyWorker?, _ request: Request) {
        let server = request.server[Proxy.server]
        source = server.sourceAddress.value
        receiveBuffer = server.receiveBufferSize.value
        guard let worker else { return }
        let parameters = worker.parameters
        if let size = parameters.receiveBufferSize { receiveBuffer = size }
        keepsSocketAlive = parameters.keepsAlive
        idleSeconds = parameters.ttl
        connectionLimit = parameters.max.flatMap { $0 > 0 ? $0 : nil }
        acquireTimeout = parameters.acquire
        let most = parameters.max ?? 64
        idleLimit = parameters.ttl == nil ? min(parameters.smax ?? most, most) : most
        flushes = parameters.flushes
    }
    /// `timeout=`, ProxyTimeout, Timeout.
    static func timeout(_ worker: ProxyWorker?, _ request: Request) -> UInt64 {
        worker?.parameters.timeout ?? request.server[Proxy.server].timeout.value.map { UInt64($0) * 1000 }
            ?? request.server.timeoutMilliseconds
    }
}

extension Backend {
    /// Connects to the first endpoint that takes us; the error log says why where none does. `failure` gets what can be done
    /// about it, for a sentence of the caller's.
    func connect(_ request: Request, advice: inout ByteString) async -> ClientStream? {
        for endpoint in endpoints {
            do throws(IOError) {
                let channel = try await request.loop.connect(endpoint, from: source, timeout: connectTimeout)
                if let descriptor = request.loop.descriptor(channel) { prepare(descriptor, endpoint) }
                // Nothing can have come yet: the first look would be in vain.
                request.loop.markDrained(channel)
                return ClientStream(loop: request.loop, channel: channel, transport: nil)
            } catch {
                advice = report(error, endpoint, request)
            }
        }
        return nil
    }
    private func prepare(_ descriptor: Int32, _ endpoint: Endpoint) {
        guard case .ip = endpoint else { return }
        Socket.setNoDelay(descriptor, true)
        if keepsSocketAlive { Socket.setKeepAlive(descriptor, true) }
        if let receiveBuffer, receiveBuffer > 0 { Socket.setReceiveBuffer(descriptor, Int32(clamping: receiveBuffer)) }
    }
    private func report(_ error: IOError, _ endpoint: Endpoint, _ request: Request) -> ByteString {
        let errno = Self.errno(error, endpoint)
        let why: ByteString = "(\(errno.rawValue))\(errno.description)"
        switch endpoint {
        case .unix(let path):
            request.server.log(
                .error, "proxy",
                "\(why): AH02454: \(label): attempt to connect to Unix domain socket \(path) (\(host):\(port)) failed")
        case .ip(let address):
            request.server.log(
                .error, "proxy",
                "\(why): AH00957: \(label): attempt to connect to \(address.textWithPort) (\(host):\(port)) failed")
        }
        return module == "proxy_fcgi" || module == "fastcgi"
            ? " (\(endpoint.text): \(Self.advice(errno, endpoint)))" : ""
    }
    private static func errno(_ error: IOError, _ endpoint: Endpoint) -> Errno {
        switch error {
        case .errno(let errno): return errno
        case .timedOut: if case .unix = endpoint { return .wouldBlock } else { return .timedOut }
        case .closed, .stopped: return .connectionAborted
        }
    }
    /// What the administrator of a FastCGI application can do about it, in one sentence.
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
