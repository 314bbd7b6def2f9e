// Apache: modules/proxy/mod_proxy_hcheck.c

import ServerCore

/// Looks after the members of balancers. Known by name; each of its directives says that it is not built.
public enum HealthCheck {
    private static let why =
        "backends are not probed (mod_proxy_hcheck is not built): remove this line; a member that fails is left out for 'retry' seconds"

    public static let module = ModuleDefinition(
        "proxy_hcheck", .proxy,
        directives: [
            Directive(
                "ProxyHCTemplate", .fileInfo, "Health check template", .unsupported(why)),
            Directive(
                "ProxyHCExpr", .fileInfo, "Define a health check condition ruleset expression", .unsupported(why)),
            Directive(
                "ProxyHCTPsize", .server,
                "Set size of health check thread pool", .unsupported(why)),
        ])
}
