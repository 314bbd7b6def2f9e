// Apache: modules/proxy/mod_proxy.c (add_member, set_proxy_param), proxy_util.c (ap_proxy_define_balancer)

import Bytes
import ConfigLanguage
import ServerCore

/// BalancerMember, and what ProxyPass, ProxySet and `<Proxy>` say of balancers.
enum BalancerDirective {
    /// The balancer of a URL, made when there is none of that name yet.
    static func balancer(
        _ context: DirectiveContext, _ url: ByteString, _ prefix: String
    ) throws(DirectiveError) -> ProxyBalancer {
        guard let name = ProxyBalancer.name(of: url) else {
            throw DirectiveError("\(prefix)Bad syntax for a balancer name (\(url))")
        }
        if let known = context.server[Proxy.server].balancers.first(where: { $0.name == name }) { return known }
        let balancer = ProxyBalancer(name: name)
        context.server[Proxy.server].balancers.append(balancer)
        return balancer
    }
    static func set(
        _ context: DirectiveContext, _ balancer: ProxyBalancer, _ key: ByteString, _ value: ByteString,
        _ prefix: String, _ suffix: String = ""
    ) throws(DirectiveError) {
        let complaint = balancer.parameters.set(key, value) { context.configuration.isLoaded("\($0)_module") }
        if let complaint { throw DirectiveError("\(prefix)\(complaint)\(suffix)") }
    }
    static func pair(_ word: ByteString, _ complaint: String) throws(DirectiveError) -> (ByteString, ByteString) {
        guard let equals = word.firstIndex(of: UInt8(ascii: "=")) else { throw DirectiveError(complaint) }
        return (word.upTo(equals), word.from(equals + 1))
    }

    /// ProxySet for a balancer.
    static func set(
        _ context: DirectiveContext, _ name: ByteString, _ words: inout ArgumentWords, isSection: Bool
    ) throws(DirectiveError) {
        let known = ProxyBalancer.find(name, in: context.server[Proxy.server].balancers)
        guard isSection || known != nil else { throw DirectiveError("ProxySet can not find '\(name)' Balancer.") }
        let balancer = try balancer(context, name, "ProxySet ")
        while !words.isAtEnd {
            let word = words.next()
            let (key, value) = try pair(
                word, "Invalid ProxySet parameter. Parameter must be in the form 'key=value'")
            try set(context, balancer, key, value, "ProxySet: ", " \(word); \(name)")
        }
    }

    static func member(_ context: DirectiveContext, _ arguments: ByteString) throws(DirectiveError) {
        var words = ArgumentWords(arguments)
        var path = context.path
        var url: ByteString?
        var parameters: [(ByteString, ByteString)] = []
        while !words.isAtEnd {
            let word = words.next()
            if path == nil {
                path = word
            } else if url == nil {
                url = word
            } else {
                parameters.append(
                    try pair(word, "BalancerMember parameters must be in the form 'key=value'"))
            }
        }
        guard let path else { throw DirectiveError("BalancerMember needs balancer name when not in <Proxy>") }
        guard let url else { throw DirectiveError("BalancerMember needs a member URL") }
        guard path.hasPrefixIgnoringCase("balancer://") else {
            throw DirectiveError("BalancerMember: \(path) is no balancer")
        }
        let balancer = try balancer(context, path, "BalancerMember ")
        let (name, socket) = try memberName(context, url)
        let worker: ProxyWorker
        let isKnown: Bool
        if let known = balancer.member(name) {
            worker = known
            isKnown = true
        } else {
            guard let made = balancer.add(name, socket: socket) else {
                throw DirectiveError("BalancerMember: no memory for \(url)")
            }
            worker = made
            isKnown = false
        }
        for (key, value) in parameters {
            if isKnown {
                context.warn(
                    "AH01149: Ignoring parameter '\(key)=\(value)' for worker '\(name)' because of worker sharing")
            } else if let complaint = worker.parameters.set(key, value) {
                throw DirectiveError("BalancerMember \(complaint)")
            }
        }
        worker.record?.status = worker.parameters.status
    }
    private static func memberName(
        _ context: DirectiveContext, _ url: ByteString
    ) throws(DirectiveError) -> (ByteString, ByteString?) {
        guard let real = ProxyURL.withoutSocket(url) else {
            throw DirectiveError("BalancerMember uses an invalid \"unix:\" URL")
        }
        guard let colon = real.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            let (name, _) = ProxyURL.lowerHost(real)
        else { throw DirectiveError("BalancerMember URL must be absolute!: \(url)") }
        if case .malformed = ProxyURL.parse(afterScheme: name.from(colon + 1)) {
            throw DirectiveError("BalancerMember Unable to parse URL: \(url)")
        }
        return (name, ProxyURL.socket(url).map { context.configuration.runtimeRelative($0) })
    }
}
