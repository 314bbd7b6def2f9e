// Apache: modules/proxy/mod_proxy_wstunnel.c

import ServerCore

/// `ws://` and `wss://` backends.
public enum WSTunnel {
    public static let module = ModuleDefinition("proxy_wstunnel", .proxy, directives: [])
}
