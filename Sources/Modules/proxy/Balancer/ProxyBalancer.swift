// Apache: modules/proxy/mod_proxy.h (proxy_balancer), mod_proxy.c (set_balancer_param), proxy_util.c (ap_proxy_define_balancer)

import Bytes
import ServerCore

/// One `balancer://name`. Written while configuration is read, then only read; what changes is in its members' records.
final class ProxyBalancer: @unchecked Sendable {
    /// `balancer://name`, lower case.
    let name: ByteString
    private(set) var workers: [ProxyWorker] = []
    var parameters = BalancerParameters()
    private var memory: [BalancerMemory] = []

    init(name: ByteString) { self.name = name }

    /// `balancer://name/path`: the name.
    static func name(of url: ByteString) -> ByteString? {
        guard url.hasPrefixIgnoringCase("balancer://"), url.count > 11 else { return nil }
        let end = url.bytes[11...].firstIndex(of: UInt8(ascii: "/")) ?? url.count
        return url.upTo(end).lowercased
    }
    static func find(_ url: ByteString, in balancers: [ProxyBalancer]) -> ProxyBalancer? {
        guard !balancers.isEmpty, let name = name(of: url) else { return nil }
        return balancers.first { $0.name == name }
    }
    /// The balancer that a URL names, for this request's server.
    static func named(_ url: ByteString, _ request: Request) -> ProxyBalancer? {
        find(url, in: request.server[Proxy.server].balancers)
    }

    /// A new member; nil when there is no memory for it.
    func add(_ url: ByteString, socket: ByteString?) -> ProxyWorker? {
        let index = workers.count % BalancerMemory.count
        if index == 0 {
            guard let more = BalancerMemory() else { return nil }
            memory.append(more)
        }
        guard let page = memory.last else { return nil }
        let worker = ProxyWorker(name: url, isMatch: false, socket: socket, record: WorkerRecord(page, index))
        workers.append(worker)
        return worker
    }
    func member(_ name: ByteString) -> ProxyWorker? { workers.first { $0.name == name } }

    /// `maxattempts`, or as many as there are other members.
    var attempts: Int { parameters.attempts ?? max(workers.count - 1, 0) }
}

/// `key=value` of `ProxyPass … balancer://` and ProxySet.
struct BalancerParameters: Sendable {
    enum Method: Sendable { case byRequests, byTraffic, byBusyness }

    /// The session's cookie, and its name in paths.
    var cookie: ByteString = ""
    var pathParameter: ByteString = ""
    /// What divides a session from its route; nil: all of it is the route.
    var separator: UInt8? = UInt8(ascii: ".")
    /// `nofailover`
    var breaksSessions = false
    /// Milliseconds to wait for a member.
    var timeout: UInt64?
    var attempts: Int?
    var method = Method.byRequests
    var semicolonDivides = false
    var failingStatuses: [Int] = []
    var failsOnTimeout = false
    var forcesRecovery = true

    /// Takes one parameter; the result is Apache's complaint. `isLoaded` tells which methods there are.
    mutating func set(_ key: ByteString, _ value: ByteString, isLoaded: (ByteString) -> Bool) -> String? {
        switch key.lowercased.string {
        case "stickysession":
            cookie = value
            pathParameter = value
            if let bar = value.firstIndex(of: UInt8(ascii: "|")) {
                cookie = value.upTo(bar)
                pathParameter = value.from(bar + 1)
            }
        case "stickysessionsep":
            if value.count == 1 {
                separator = value[0]
            } else if value.equalsIgnoringCase("off") {
                separator = nil
            } else {
                return "stickysessionsep must be a single character or Off"
            }
        case "nofailover": return flag(value, "failover must be On|Off") { $0.breaksSessions = $1 }
        case "timeout":
            let seconds = WorkerParameters.integer(value)
            guard seconds >= 1 else { return "timeout must be at least one second" }
            timeout = UInt64(seconds) * 1000
        case "maxattempts":
            let number = WorkerParameters.integer(value)
            guard number >= 0 else { return "maximum number of attempts must be a positive number" }
            attempts = number
        case "lbmethod":
            guard isLoaded("lbmethod_\(value)") else { return "unknown lbmethod" }
            switch value {
            case "byrequests": method = .byRequests
            case "bytraffic": method = .byTraffic
            case "bybusyness": method = .byBusyness
            default: return "unknown lbmethod"
            }
        case "scolonpathdelim": return flag(value, "scolonpathdelim must be On|Off") { $0.semicolonDivides = $1 }
        case "failonstatus":
            var statuses: [Int] = []
            for word in value.bytes.split(whereSeparator: { $0 == UInt8(ascii: ",") || $0 == 32 }) {
                let status = WorkerParameters.integer(ByteString(Array(word)))
                guard (100...999).contains(status) else {
                    return "failonstatus must be one or more HTTP response codes"
                }
                statuses.append(status)
            }
            failingStatuses = statuses
        case "failontimeout": return flag(value, "failontimeout must be On|Off") { $0.failsOnTimeout = $1 }
        case "forcerecovery": return flag(value, "forcerecovery must be On|Off") { $0.forcesRecovery = $1 }
        case "nonce": return "nonce: there is no balancer-manager here: leave it out"
        case "growth": return "growth: members are not added while the server runs: leave it out"
        default: return "unknown Balancer parameter"
        }
        return nil
    }
    private mutating func flag(
        _ value: ByteString, _ complaint: String, _ store: (inout BalancerParameters, Bool) -> Void
    ) -> String? {
        guard value.equalsIgnoringCase("on") || value.equalsIgnoringCase("off") else { return complaint }
        store(&self, value.equalsIgnoringCase("on"))
        return nil
    }
}
