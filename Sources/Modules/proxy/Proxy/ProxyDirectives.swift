// Apache: modules/proxy/mod_proxy.c (proxy_cmds and its setters)

import Bytes
import Kernel
import ServerCore

/// Every directive of mod_proxy.
enum ProxyDirectives {
    private static let place: Allowed = [.server, .directory]
    private static let forward = "requests are never passed on to another proxy: remove this line"
    private static let balancer =
        "members of balancers are not changed while the server runs: remove this line"

    static let rows: [Directive] = sections + passing + forwarding + answering + tuning

    private static let sections: [Directive] = [
        Directive(
            "<Proxy", .server, "Container for directives affecting resources located in the proxied location",
            .section { context, argument, body throws(DirectiveError) in
                try ProxyPassDirective.section(context, argument, body, isMatch: false)
            }),
        Directive(
            "<ProxyMatch", .server,
            "Container for directives affecting resources located in the proxied location, in regular expression syntax",
            .section { context, argument, body throws(DirectiveError) in
                try ProxyPassDirective.section(context, argument, body, isMatch: true)
            }),
    ]

    private static let passing: [Directive] = [
        Directive(
            "ProxyPassInterpolateEnv", place, "Interpolate Env Vars in reverse Proxy",
            .flag { context, value in context[Proxy.directory].interpolates = .set(value) }),
        Directive(
            "ProxyPass", place, "a virtual path and a URL",
            .rawArgs { context, arguments throws(DirectiveError) in
                try ProxyPassDirective.pass(context, arguments, isRegex: false)
            }),
        Directive(
            "ProxyPassMatch", place, "a virtual path and a URL",
            .rawArgs { context, arguments throws(DirectiveError) in
                try ProxyPassDirective.pass(context, arguments, isRegex: true)
            }),
        Directive(
            "ProxyPassReverse", place, "a virtual path and a URL for reverse proxy behaviour",
            .take123(ProxyPassDirective.reverse)),
        Directive(
            "ProxyPassReverseCookiePath", place, "Path rewrite rule for proxying cookies",
            .take23 { context, fake, real, interpolate in
                context[Proxy.directory].cookiePaths.append(
                    ProxyReverse(fake: fake, real: real, interpolates: interpolate != nil))
            }),
        Directive(
            "ProxyPassReverseCookieDomain", place, "Domain rewrite rule for proxying cookies",
            .take23 { context, fake, real, interpolate in
                context[Proxy.directory].cookieDomains.append(
                    ProxyReverse(fake: fake, real: real, interpolates: interpolate != nil))
            }),
        Directive(
            "ProxySet", place, "A balancer or worker name with list of params",
            .rawArgs(ProxyPassDirective.set)),
        Directive(
            "ProxyPassInherit", .server,
            "on if this server should inherit all ProxyPass directives defined in the main server (Setting to off recommended if using the Balancer Manager)",
            .flag { context, value in context.server[Proxy.server].passInherits = .set(value) }),
        Directive(
            "BalancerInherit", .server,
            "on if this server should inherit Balancers and Workers defined in the main server (Setting to off recommended if using the Balancer Manager)",
            .flag { context, value in context.server[Proxy.server].inherits = .set(value) }),
        Directive(
            "BalancerMember", place, "A balancer name and scheme with list of params",
            .rawArgs(BalancerDirective.member)),
        Directive(
            "BalancerGrowth", .server, "Number of additional Balancers that can be added post-config",
            .unsupported(balancer)),
        Directive(
            "BalancerPersist", .server,
            "on if the balancer should persist changes on reboot/restart made via the Balancer Manager",
            .unsupported(balancer)),
    ]

    private static let forwarding: [Directive] = [
        Directive(
            "ProxyRequests", .server, "on if the true proxy requests should be accepted",
            .flag { context, value in context.server[Proxy.server].forwards = .set(value) }),
        Directive("ProxyRemote", .server, "a scheme, partial URL or '*' and a proxy server", .unsupported(forward)),
        Directive("ProxyRemoteMatch", .server, "a regex pattern and a proxy server", .unsupported(forward)),
        Directive(
            "ProxyBlock", .server, "A list of names, hosts or domains to which the proxy will not connect",
            .iterate { context, name in context.server[Proxy.server].blocked.append(name.lowercased) }),
        // Both speak of requests to other proxies only, of which there are none.
        Directive(
            "NoProxy", .server, "A list of domains, hosts, or subnets to which the proxy will connect directly",
            .iterate { _, _ in }),
        Directive(
            "ProxyDomain", .server, "The default intranet domain name (in absence of a domain in the URL)",
            .take1 { context, domain throws(DirectiveError) in
                if domain.first != UInt8(ascii: ".") {
                    throw DirectiveError("ProxyDomain: domain name must start with a dot.")
                }
                context.server[Proxy.server].domain = .set(domain)
            }),
        Directive(
            "ProxyMaxForwards", .server, "The maximum number of proxies a request may be forwarded through.",
            .take1 { context, value in
                context.server[Proxy.server].maxForwards = .set(WorkerParameters.integer(value))
            }),
        Directive(
            "ProxyVia", .server, "Configure Via: proxy header header to one of: on | off | block | full",
            .take1 { context, value throws(DirectiveError) in
                switch value.lowercased.string {
                case "off": context.server[Proxy.server].via = .set(.off)
                case "on": context.server[Proxy.server].via = .set(.on)
                case "block": context.server[Proxy.server].via = .set(.block)
                case "full": context.server[Proxy.server].via = .set(.full)
                default: throw DirectiveError("ProxyVia must be one of: off | on | full | block")
                }
            }),
    ]

    private static let answering: [Directive] = [
        Directive(
            "ProxyErrorOverride", place,
            "use our error handling pages instead of the servers' we are proxying", .iterate(errorOverride)),
        Directive(
            "ProxyPreserveHost", place, "on if we should preserve host header while proxying",
            .flag { context, value in context[Proxy.directory].preserveHost = .set(value) }),
        Directive(
            "ProxyAddHeaders", place, "on if X-Forwarded-* headers should be added or completed",
            .flag { context, value in context[Proxy.directory].addHeaders = .set(value) }),
        Directive(
            "Proxy100Continue", place,
            "on if 100-Continue should be forwarded to the origin server, off if the proxy should handle it by itself",
            .flag { context, value in context[Proxy.directory].forward100 = .set(value) }),
        Directive(
            "ProxyBadHeader", .server,
            "How to handle bad header line in response: IsError | Ignore | StartBody",
            .take1 { context, value throws(DirectiveError) in
                switch value.lowercased.string {
                case "iserror": context.server[Proxy.server].badHeader = .set(.isError)
                case "ignore": context.server[Proxy.server].badHeader = .set(.ignore)
                case "startbody": context.server[Proxy.server].badHeader = .set(.startBody)
                default: throw DirectiveError("ProxyBadHeader must be one of: IsError | Ignore | StartBody")
                }
            }),
        Directive(
            "ProxyStatus", .server, "Configure Status: proxy status to one of: on | off | full",
            .take1 { _, value throws(DirectiveError) in
                guard ["off", "on", "full"].contains(value.lowercased.string) else {
                    throw DirectiveError("ProxyStatus must be one of: off | on | full")
                }
            }),
    ]

    private static let tuning: [Directive] = [
        Directive(
            "ProxyTimeout", .server,
            "Set the timeout (in seconds) for a proxied connection. This overrides the server timeout",
            .take1 { context, value throws(DirectiveError) in
                let seconds = WorkerParameters.integer(value)
                if seconds < 1 { throw DirectiveError("Proxy Timeout must be at least 1 second.") }
                context.server[Proxy.server].timeout = .set(seconds)
            }),
        Directive(
            "ProxyReceiveBufferSize", .server,
            "Receive buffer size for outgoing HTTP and FTP connections in bytes",
            .take1 { context, value throws(DirectiveError) in
                context.server[Proxy.server].receiveBufferSize = .set(try size(context, value))
            }),
        Directive(
            "ProxyIOBufferSize", .server, "IO buffer size for outgoing HTTP and FTP connections in bytes",
            .take1 { context, value throws(DirectiveError) in
                context.server[Proxy.server].ioBufferSize = .set(try size(context, value))
            }),
        Directive(
            "ProxySourceAddress", .server, "Configure local source IP used for request forward",
            .take1 { context, value throws(DirectiveError) in
                guard let address = SocketAddress(value, port: 0) ?? (try? Resolver.addresses(of: value))?.first else {
                    throw DirectiveError("ProxySourceAddress invalid value")
                }
                context.server[Proxy.server].sourceAddress = .set(address)
            }),
    ]

    private static func size(_ context: DirectiveContext, _ value: ByteString) throws(DirectiveError) -> Int {
        let size = WorkerParameters.integer(value)
        if size < 512, size != 0 {
            throw DirectiveError("\(context.directive) must be >= 512 bytes, or 0 for system default.")
        }
        return size
    }

    @Sendable private static func errorOverride(
        _ context: DirectiveContext, _ argument: ByteString
    ) throws(DirectiveError) {
        if argument.equalsIgnoringCase("off") {
            context[Proxy.directory].errorOverride = .set(false)
        } else if argument.equalsIgnoringCase("on") {
            context[Proxy.directory].errorOverride = .set(true)
        } else if case .set(let isOn) = context[Proxy.directory].errorOverride {
            guard let first = argument.first, ASCII.isDigit(first) else {
                throw DirectiveError("ProxyErrorOverride: status codes to intercept must be numeric")
            }
            guard isOn else {
                throw DirectiveError("ProxyErrorOverride: status codes must follow a value of 'on'")
            }
            let code = WorkerParameters.integer(argument)
            guard (400..<600).contains(code) else {
                throw DirectiveError(
                    "ProxyErrorOverride: status codes to intercept must be valid HTTP Status Codes >=400 && <600")
            }
            context[Proxy.directory].errorOverrideCodes.append(code)
        } else {
            throw DirectiveError("ProxyErrorOverride first parameter must be one of: off | on")
        }
    }
}
