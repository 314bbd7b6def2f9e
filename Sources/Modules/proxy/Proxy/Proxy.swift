// Apache: modules/proxy/mod_proxy.c

import Bytes
import ServerCore

/// Forwards requests to other servers: ProxyPass, `SetHandler "proxy:…"`, RewriteRule's [P].
public enum Proxy {
    static let directory = ConfigKey<ProxyDirectory>()
    static let server = ConfigKey<ProxyServer>()

    public static let module = ModuleDefinition("proxy", .proxy, directives: ProxyDirectives.rows) { hooks in
        hooks.onCheckConfig { configuration in
            for other in configuration.servers { other.isForwardProxy = other[server].forwards.value(default: false) }
        }
        hooks.onPostReadRequest(ForwardProxy.detect, order: .first)
        hooks.onPreTranslateName(ProxyTranslation.preTranslate, order: .first)
        hooks.onTranslateName(ProxyTranslation.translate, order: .first, after: ["mod_rewrite.c"])
        hooks.onMapToStorage(ProxyTranslation.walk, order: .first)
        hooks.onFixups(ProxyTranslation.fixup, order: .first, after: ["mod_rewrite.c"])
        hooks.onHandler(ProxyHandler.handle, order: .first)
    }
}

extension Proxy {
    /// What `<Proxy>` sections of a server say, in their order.
    public static func sections(of other: Server) -> [PerDirectoryConfig] { other[server].sections.map(\.config) }
}

extension Request {
    /// A proxy module will answer: the file name is `proxy:URL`.
    var isReverseProxied: Bool { filename?.hasPrefix("proxy:") ?? false }
}
