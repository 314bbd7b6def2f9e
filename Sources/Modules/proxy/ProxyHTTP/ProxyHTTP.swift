// Apache: modules/proxy/mod_proxy_http.c (proxy_http_canon, proxy_http_handler)

import Bytes
import EventLoop
import HTTP
import Kernel
import ServerCore

/// `http://` and `https://` backends, and with `Upgrade` `ws://` and `wss://` ones.
public enum ProxyHTTP {
    public static let module = ModuleDefinition("proxy_http", .proxy, directives: []) { hooks in
        let scheme = ProxyScheme(
            canonicalize: { request, url in ProxyScheme.canonicalizeHTTP(request, url, module: "proxy_http") },
            serve: serve)
        for name: ByteString in ["http", "https", "ws", "wss"] {
            hooks.addProvider(scheme, to: ProxyScheme.group, as: name)
        }
    }

    @Sendable static func serve(_ request: Request, _ url: ByteString, _ worker: ProxyWorker?) async -> Outcome {
        guard let target = ProxyTarget(url) else {
            return ProxyHandler.error(request, 400, "URI has no hostname: \(url)")
        }
        let isSecure = target.scheme == "https" || target.scheme == "wss"
        if isSecure, request.configuration.hooks.outgoingSecurity == nil { return .declined }
        if let refusal = ProxyHandler.refuseDisabled(
            request, worker, target.scheme.uppercased, target.host, target.port)
        {
            return refusal
        }
        var backend = Backend(
            endpoints: [], host: target.host, port: target.port, timeout: Backend.timeout(worker, request),
            connectTimeout: worker?.parameters.connectionTimeout ?? Backend.timeout(worker, request))
        backend.module = "proxy_http"
        backend.label = target.scheme.uppercased
        backend.take(worker, request)
        backend.isReusable = isReusable(request, worker)
        backend.group = target.scheme
        if let refusal = await locate(request, worker, target, &backend) { return refusal }
        if isSecure, let refusal = secure(request, target, &backend) { return refusal }
        return await HTTPConversation(request, backend, target, worker).run()
    }

    private static func isReusable(_ request: Request, _ worker: ProxyWorker?) -> Bool {
        guard let worker, worker.isReusable, worker.hasFixedPlace || worker.parameters.reuses == true else {
            return false
        }
        if request.isSet("force-proxy-request-1.0") || request.isSet("proxy-nokeepalive") || request.isSubrequest {
            return false
        }
        return !(request.connection.keepAlives == 0 && request.isSet("proxy-initial-not-pooled"))
    }

    /// Where the backend listens; an outcome refuses.
    static func locate(
        _ request: Request, _ worker: ProxyWorker?, _ target: ProxyTarget, _ backend: inout Backend
    ) async -> Outcome? {
        let server = request.server[Proxy.server]
        if let socket = worker?.socket ?? request.notes["uds_path"] {
            backend.endpoints = [.unix(socket)]
        } else {
            let addresses = await BackendPool.of(request).resolve(target.host, target.port)
            guard !addresses.isEmpty else {
                return ProxyHandler.error(request, 500, "DNS lookup failure for: \(target.host)")
            }
            backend.endpoints = addresses.map { .ip($0) }
        }
        let names = [target.host.lowercased] + backend.endpoints.map { $0.address?.text ?? "" }
        for blocked in server.blocked
        where blocked == "*" || names.contains(where: { !$0.isEmpty && $0.contains(blocked) }) {
            request.log(
                .warning, "proxy", "AH00916: connect to remote machine \(target.host) blocked: name \(blocked) matched")
            return ProxyHandler.error(request, 403, "Connect to remote machine blocked")
        }
        return nil
    }

    /// TLS; connections to one place under different names, or with other settings, are different connections.
    private static func secure(_ request: Request, _ target: ProxyTarget, _ backend: inout Backend) -> Outcome? {
        let name = request[Proxy.directory].preserveHost.value(default: false) ? request.hostname : target.host
        let isAddress = name.map { SocketAddress($0, port: 0) != nil } ?? true
        let wish = OutgoingSecurityWish(serverName: name, protocols: [])
        guard let security = request.configuration.hooks.outgoingSecurity?(request, wish) else {
            // SSLProxyEngine is off.
            request.server.log(
                .error, "proxy",
                "AH00961: \(backend.label): failed to enable ssl support for \(backend.place) (\(target.host):\(target.port))"
            )
            return .status(500)
        }
        backend.security = security
        backend.group = "\(target.scheme) \(security.name) \(isAddress ? "" : name ?? "")"
        return nil
    }
}

extension Endpoint {
    var address: SocketAddress? {
        if case .ip(let address) = self { return address }
        return nil
    }
}
