// Apache: modules/proxy/mod_proxy_balancer.c, balancers/mod_lbmethod_*.c, modules/slotmem/mod_slotmem_shm.c

import Bytes
import HTTP
import ServerCore

/// `balancer://` URLs, the methods that choose among members, and the memory Apache keeps their state in.
public enum Balancer {
    public static let module = ModuleDefinition("proxy_balancer", .proxy, directives: []) { hooks in
        hooks.addProvider(
            ProxyScheme(canonicalize: canonicalize, serve: { _, _, _ in .declined }), to: ProxyScheme.group,
            as: "balancer")
        hooks.onCheckConfig(check)
    }
    public static let byRequests = ModuleDefinition("lbmethod_byrequests", .proxy, directives: [])
    public static let byTraffic = ModuleDefinition("lbmethod_bytraffic", .proxy, directives: [])
    public static let byBusyness = ModuleDefinition("lbmethod_bybusyness", .proxy, directives: [])
    public static let sharedMemory = ModuleDefinition("slotmem_shm", .proxy, directives: [])

    /// The path stays as it is until a member is chosen (proxy_balancer_canon).
    @Sendable private static func canonicalize(_ request: Request, _ url: ByteString) -> Outcome {
        switch ProxyURL.parse(afterScheme: url.from(9)) {
        case .location(let location):
            request.filename = "proxy:balancer://\(location.host)/\(location.path)"
            return .ok
        case .malformed(let complaint):
            request.log(.error, "proxy_balancer", "AH01157: error parsing URL \(url.from(9)): \(complaint)")
            return .status(400)
        }
    }

    /// A balancer needs its method, and Apache the memory for its members.
    @Sendable private static func check(_ configuration: Configuration) throws(DirectiveError) {
        for server in configuration.servers {
            let balancers = server[Proxy.server].balancers
            guard !balancers.isEmpty else { continue }
            guard configuration.isLoaded("slotmem_shm_module") else {
                throw DirectiveError(
                    fatal: "AH01177: Failed to lookup provider 'shm' for 'slotmem': is mod_slotmem_shm loaded??")
            }
            for balancer in balancers where balancer.parameters.method == .byRequests {
                guard configuration.isLoaded("lbmethod_byrequests_module") else {
                    throw DirectiveError(fatal: "AH02432: Cannot find LB Method: byrequests")
                }
            }
        }
    }
}
