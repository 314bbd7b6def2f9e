// Apache: modules/http2/mod_proxy_http2.c

import ServerCore

/// `h2://` and `h2c://` backends.
public enum ProxyHTTP2 {
    public static let module = ModuleDefinition("proxy_http2", .http, directives: [])
}
