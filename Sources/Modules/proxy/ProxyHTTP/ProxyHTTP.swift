// Apache: modules/proxy/mod_proxy_http.c (proxy_http_canon, proxy_http_handler)

import Bytes
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
        switch await Backend.find(request, target, worker, module: "proxy_http") {
        case .backend(let backend): return await HTTPConversation(request, backend, target, worker).run()
        case .refused(let outcome): return outcome
        }
    }
}
