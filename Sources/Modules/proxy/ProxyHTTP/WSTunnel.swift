// Apache: modules/proxy/mod_proxy_wstunnel.c

import Bytes
import ServerCore

/// `ws://` and `wss://` backends. mod_proxy_http serves them, as it does in Apache unless it is told not to; where only this
/// module is loaded, it is the same code.
public enum WSTunnel {
    public static let module = ModuleDefinition(
        "proxy_wstunnel", .proxy,
        directives: [
            Directive(
                "ProxyWebsocketFallbackToProxyHttp", [.server, .directory],
                "whether to let mod_proxy_http handle the upgrade and tunneling, On by default",
                .flag { _, on throws(DirectiveError) in
                    guard on else {
                        throw DirectiveError(
                            "ProxyWebsocketFallbackToProxyHttp Off: WebSockets are always served as mod_proxy_http does: remove this line"
                        )
                    }
                })
        ]
    ) { hooks in
        let scheme = ProxyScheme(
            canonicalize: { request, url in ProxyScheme.canonicalizeHTTP(request, url, module: "proxy_wstunnel") },
            serve: serve)
        for name: ByteString in ["ws", "wss"] { hooks.addProvider(scheme, to: ProxyScheme.group, as: name) }
    }

    /// Without an upgrade there is nothing to serve here (proxy_wstunnel_handler); mod_proxy_http would ask all the same.
    @Sendable private static func serve(_ request: Request, _ url: ByteString, _ worker: ProxyWorker?) async -> Outcome
    {
        if request.configuration.module("proxy_http") == nil {
            let upgrade = request.header("Upgrade")
            guard let upgrade,
                worker?.mayUpgrade(to: upgrade, standard: "WebSocket") ?? upgrade.equalsIgnoringCase("WebSocket")
            else {
                let wanted = worker?.parameters.upgrade ?? "WebSocket"
                request.log(
                    .info, "proxy_wstunnel",
                    "AH02900: require upgrade for URL \(url) (Upgrade header is \(upgrade ?? "missing"), expecting \(wanted))"
                )
                request.errHeadersOut.set("Connection", "Upgrade")
                request.errHeadersOut.set("Upgrade", wanted)
                return .status(426)
            }
        }
        return await ProxyHTTP.serve(request, url, worker)
    }
}
