// Apache: modules/aaa/mod_access_compat.c

import Bytes
import Expressions
import HTTP
import Kernel
import ServerCore

/// Apache 2.2's access control: Order, Allow, Deny, and Satisfy.
public enum AccessCompat {
    private static let name = "access_compat"

    public static let module = ModuleDefinition(name, .aaa, directives: rows) { hooks in
        hooks.onCheckConfig { configuration in configuration.satisfy = { $0[directory].satisfy($0.methodNumber) } }
        hooks.onAccessChecker(checkAccess)
    }

    static let directory = ConfigKey<DirectoryConfig>()

    enum Order: Sendable { case denyThenAllow, allowThenDeny, mutualFailure }

    enum Subject: Sendable {
        case all
        case env(ByteString)
        case noEnv(ByteString)
        case ip(IPSubnet)
        case host(ByteString)
    }
    /// Something said for some methods.
    struct Limited<Value: Sendable>: Sendable {
        let methods: UInt64
        let value: Value
    }

    /// What is said in an inner section replaces all that was said outside.
    struct DirectoryConfig: MergeableConfig {
        /// Later ones replace earlier ones of the same method.
        var orders: [Limited<Order>] = []
        var satisfies: [Limited<Satisfy>] = []
        var allows: [Limited<Subject>] = []
        var denies: [Limited<Subject>] = []

        static func merged(_ base: DirectoryConfig, _ child: DirectoryConfig) -> DirectoryConfig { child }

        func order(_ method: Method) -> Order {
            orders.last { $0.methods & method.bit != 0 }?.value ?? .denyThenAllow
        }
        func satisfy(_ method: Method) -> Satisfy {
            satisfies.last { $0.methods & method.bit != 0 }?.value ?? .unspecified
        }
    }

    static let rows: [Directive] = [
        Directive("order", .limit, "'allow,deny', 'deny,allow', or 'mutual-failure'", .take1(setOrder)),
        Directive(
            "allow", .limit, "'from' followed by hostnames or IP-address wildcards",
            .iterate2 { context, from, place throws(DirectiveError) in
                let subject = try parse(from, place)
                context[directory].allows.append(.init(methods: context.limitedMethods ?? .max, value: subject))
            }),
        Directive(
            "deny", .limit, "'from' followed by hostnames or IP-address wildcards",
            .iterate2 { context, from, place throws(DirectiveError) in
                let subject = try parse(from, place)
                context[directory].denies.append(.init(methods: context.limitedMethods ?? .max, value: subject))
            }),
        Directive(
            "Satisfy", .authConfig, "access policy if both allow and require used ('all' or 'any')",
            .take1(setSatisfy)),
    ]

    @Sendable private static func setOrder(
        _ context: DirectiveContext, _ word: ByteString
    ) throws(DirectiveError) {
        let order: Order
        if word.equalsIgnoringCase("allow,deny") {
            order = .allowThenDeny
        } else if word.equalsIgnoringCase("deny,allow") {
            order = .denyThenAllow
        } else if word.equalsIgnoringCase("mutual-failure") {
            order = .mutualFailure
        } else {
            throw DirectiveError("unknown order")
        }
        context[directory].orders.append(.init(methods: context.limitedMethods ?? .max, value: order))
    }
    @Sendable private static func setSatisfy(
        _ context: DirectiveContext, _ word: ByteString
    ) throws(DirectiveError) {
        let satisfy: Satisfy
        if word.equalsIgnoringCase("all") {
            satisfy = .all
        } else if word.equalsIgnoringCase("any") {
            satisfy = .any
        } else {
            throw DirectiveError("Satisfy either 'any' or 'all'.")
        }
        context[directory].satisfies.append(.init(methods: context.limitedMethods ?? .max, value: satisfy))
    }

    /// What stands behind `allow from` (allow_cmd).
    static func parse(_ from: ByteString, _ place: ByteString) throws(DirectiveError) -> Subject {
        guard from.equalsIgnoringCase("from") else {
            throw DirectiveError("allow and deny must be followed by 'from'")
        }
        if place.hasPrefixIgnoringCase("env=!") { return .noEnv(place.from(5)) }
        if place.hasPrefixIgnoringCase("env=") { return .env(place.from(4)) }
        if place.equalsIgnoringCase("all") { return .all }
        do throws(IPSubnetError) {
            return .ip(try IPSubnet(place))
        } catch {
            if error != .notAnAddress { throw DirectiveError(error.message) }
            if place.contains(UInt8(ascii: "/")) { throw DirectiveError("An IP address was expected") }
            if place.contains(UInt8(ascii: "#")) { throw DirectiveError("No comments are allowed here") }
            return .host(place)
        }
    }

    // MARK: The check

    /// Whether one of the lines fits the client.
    enum Fit: Sendable { case yes, no, suspended }

    private static func find(_ request: Request, _ lines: [Limited<Subject>]) -> Fit {
        let method = request.methodNumber.bit
        for line in lines where line.methods & method != 0 {
            switch line.value {
            case .all: return .yes
            case .env(let name): if request.env.contains(name) { return .yes }
            case .noEnv(let name): if !request.env.contains(name) { return .yes }
            case .ip(let subnet):
                if let address = request.remoteAddress.ipAddress, subnet.contains(address) { return .yes }
            case .host(let domain):
                switch RemoteHost.find(for: request) {
                case .pending: return .suspended
                case .unknown: break
                case .name(let name): if isInDomain(name, domain) { return .yes }
                }
            }
        }
        return .no
    }

    @Sendable static func checkAccess(_ request: Request) -> Outcome {
        // Most directories say nothing of this.
        guard request.perDirectory.vector.isSet(directory) else { return .ok }
        let config = request[directory]
        let allowed = find(request, config.allows)
        if allowed == .suspended { return .suspended }
        let denied = find(request, config.denies)
        if denied == .suspended { return .suspended }
        if isAllowed(config.order(request.methodNumber), allowed: allowed == .yes, denied: denied == .yes) {
            return .ok
        }
        request.log(.error, name, "AH01797: client denied by server configuration: \(request.fileOrURI)")
        return .status(403)
    }

    /// The meaning of Order.
    static func isAllowed(_ order: Order, allowed: Bool, denied: Bool) -> Bool {
        switch order {
        case .denyThenAllow: allowed || !denied
        case .allowThenDeny, .mutualFailure: allowed && !denied
        }
    }
}
