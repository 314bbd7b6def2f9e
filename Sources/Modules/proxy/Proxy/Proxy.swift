// Apache: modules/proxy/mod_proxy.c

import Bytes
import ServerCore

/// Forwards requests to other servers: ProxyPass, `SetHandler "proxy:…"`, RewriteRule's [P].
public enum Proxy {
    static let directory = ConfigKey<ProxyDirectory>()
    static let server = ConfigKey<ProxyServer>()

    public static let module = ModuleDefinition("proxy", .proxy, directives: ProxyDirectives.rows) { hooks in
        hooks.onTranslateName(ProxyTranslation.translate, order: .first, after: ["mod_rewrite.c"])
        hooks.onMapToStorage(ProxyTranslation.walk, order: .first)
        hooks.onFixups(ProxyTranslation.fixup, order: .first, after: ["mod_rewrite.c"])
        hooks.onHandler(ProxyHandler.handle, order: .first)
    }
}

extension Request {
    /// A proxy module will answer: the file name is `proxy:URL`.
    var isReverseProxied: Bool { filename?.hasPrefix("proxy:") ?? false }
}
