// Apache: modules/proxy/mod_proxy_http.c

import ServerCore

/// `http://` and `https://` backends.
public enum ProxyHTTP {
    public static let module = ModuleDefinition("proxy_http", .proxy, directives: [])
}
