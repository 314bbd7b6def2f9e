// Apache: modules/proxy/proxy_util.c (ap_proxy_determine_connection, ap_proxy_connect_backend, ap_proxy_checkproxyblock)

import Bytes
import EventLoop
import Kernel
import ServerCore

extension Backend {
    public enum Route {
        case backend(Backend)
        case refused(Outcome)
    }

    /// Where the target of a request listens, how its connections are to be made, and whether they are kept.
    /// - Parameters:
    ///   - module: who speaks in the error log.
    ///   - protocols: what is offered to backends over TLS.
    public static func find(
        _ request: Request, _ target: ProxyTarget, _ worker: ProxyWorker?, module: String, protocols: [ByteString] = []
    ) async -> Route {
        let label = target.scheme.uppercased
        if let refusal = ProxyHandler.refuseDisabled(request, worker, label, target.host, target.port) {
            return .refused(refusal)
        }
        let timeout = Backend.timeout(worker, request)
        var backend = Backend(
            endpoints: [], host: target.host, port: target.port, timeout: timeout,
            connectTimeout: worker?.parameters.connectionTimeout ?? timeout)
        backend.module = module
        backend.label = label
        backend.take(worker, request)
        backend.isReusable = isReusable(request, worker)
        backend.group = target.scheme
        if let refusal = await backend.locate(request, worker, target) { return .refused(refusal) }
        if ["https", "wss", "h2"].contains(target.scheme),
            let refusal = backend.secure(request, target, protocols)
        {
            return .refused(refusal)
        }
        return .backend(backend)
    }

    private static func isReusable(_ request: Request, _ worker: ProxyWorker?) -> Bool {
        guard let worker, worker.isReusable, worker.hasFixedPlace else { return false }
        if request.isSet("force-proxy-request-1.0") || request.isSet("proxy-nokeepalive") || request.isSubrequest {
            return false
        }
        return !(request.connection.keepAlives == 0 && request.isSet("proxy-initial-not-pooled"))
    }

    /// Finds the addresses; an outcome refuses.
    private mutating func locate(_ request: Request, _ worker: ProxyWorker?, _ target: ProxyTarget) async -> Outcome? {
        if let socket = worker?.socket ?? request.notes["uds_path"] {
            endpoints = [.unix(socket)]
        } else {
            let addresses = await BackendPool.of(request).resolve(target.host, target.port)
            guard !addresses.isEmpty else {
                // mod_proxy_connect.c has a status of its own.
                return ProxyHandler.error(
                    request, request.methodNumber == .connect ? 502 : 500, "DNS lookup failure for: \(target.host)")
            }
            endpoints = addresses.map { .ip($0) }
        }
        let blocked = request.server[Proxy.server].blocked
        if blocked.isEmpty { return nil }
        let names = [target.host.lowercased] + endpoints.map { $0.address?.text ?? "" }
        for blocked in blocked
        where blocked == "*" || names.contains(where: { !$0.isEmpty && $0.contains(blocked) }) {
            request.log(
                .warning, "proxy",
                "AH00916: connect to remote machine \(target.host) blocked: name \(blocked) matched")
            return ProxyHandler.error(request, 403, "Connect to remote machine blocked")
        }
        return nil
    }

    /// TLS; connections to one place under different names, or with other settings, are different connections.
    private mutating func secure(
        _ request: Request, _ target: ProxyTarget, _ protocols: [ByteString]
    ) -> Outcome? {
        guard let maker = request.configuration.hooks.outgoingSecurity else { return .declined }
        let name = request[Proxy.directory].preserveHost.value(default: false) ? request.hostname : target.host
        guard let security = maker(request, OutgoingSecurityWish(serverName: name, protocols: protocols)) else {
            // SSLProxyEngine is off.
            request.server.log(
                .error, "proxy",
                "AH00961: \(label): failed to enable ssl support for \(place) (\(target.host))")
            return .status(500)
        }
        self.security = security
        group = "\(target.scheme) \(security.name) \(name ?? "")"
        return nil
    }

    /// A new connection, TLS and all; the error log says why there is none. A member of a balancer is left alone then.
    public func open(_ request: Request, _ worker: ProxyWorker?) async -> ClientStream? {
        var advice = ByteString()
        guard let stream = await connect(request, advice: &advice) else {
            if let record = worker?.record, !record.status.contains(.ignoreErrors) {
                record.fail(now: request.loop.realTime)
                request.server.log(
                    .error, "proxy",
                    "AH00959: ap_proxy_connect_backend disabling worker for (\(host):\(port)) for \(worker?.parameters.retry ?? 0)s"
                )
            }
            return nil
        }
        worker?.record?.succeed()
        guard let security else { return stream }
        guard let transport = security.open(request.loop, stream.channel) else {
            request.loop.close(stream.channel)
            return nil
        }
        return ClientStream(loop: request.loop, channel: stream.channel, transport: transport)
    }
}

extension Endpoint {
    var address: SocketAddress? {
        if case .ip(let address) = self { return address }
        return nil
    }
}
