// Apache: modules/aaa/mod_authz_host.c

import Bytes
import Expressions
import Kernel
import ServerCore

/// `Require ip`, `host`, `forward-dns` and `local`.
public enum AuthzHost {
    private static let name = "authz_host"

    public static let module = ModuleDefinition(name, .aaa, directives: []) { hooks in
        hooks.addProvider(ip, to: AuthGroups.authz, as: "ip")
        hooks.addProvider(host, to: AuthGroups.authz, as: "host")
        hooks.addProvider(forwardDNS, to: AuthGroups.authz, as: "forward-dns")
        hooks.addProvider(local, to: AuthGroups.authz, as: "local")
    }

    /// `Require ip 10 172.20.0.0/16 2001:db8::/32`
    static let ip = AuthzProvider { _, arguments throws(DirectiveError) in
        let words = arguments.requireWords
        guard !words.isEmpty else { throw DirectiveError("'require ip' requires an argument") }
        var parsed: [IPSubnet] = []
        for word in words {
            do throws(IPSubnetError) {
                parsed.append(try IPSubnet(word))
            } catch {
                let message = "ip address '\(word)' appears to be invalid"
                throw DirectiveError(error == .notAnAddress ? message : "\(message): \(error.message)")
            }
        }
        let subnets = parsed
        return { request in
            guard let address = request.remoteAddress.ipAddress else { return .denied }
            for subnet in subnets where subnet.contains(address) { return .granted }
            return .denied
        }
    }

    /// `Require host example.org …`: the client's name, when it leads back to its address.
    static let host = AuthzProvider { context, arguments throws(DirectiveError) in
        let text = try RequireText(context, arguments)
        return { request in
            switch RemoteHost.find(for: request) {
            case .pending: return .suspended
            case .unknown:
                request.log(
                    .error, name,
                    "AH01753: access check of '\(arguments)' to \(request.uri) failed, reason: unable to get the remote host name"
                )
                return .denied
            case .name(let remote): return check(request, remote, text)
            }
        }
    }
    private static func check(_ request: Request, _ remote: ByteString, _ text: RequireText) -> AuthzStatus {
        var names: ByteString
        do throws(ExpressionFailure) {
            names = try text.text(request)
        } catch {
            request.log(
                .error, name,
                "AH02593: authz_host authorize: require host: Can't evaluate require expression: \(error.message)")
            return .denied
        }
        if let comment = names.firstIndex(of: UInt8(ascii: "#")) {
            if comment == 0 {
                request.log(
                    .error, name,
                    "AH10120: authz_host authorize: dubious empty 'Require host \(names)' with only comment")
                return .denied
            }
            request.log(
                .warning, name, "AH10121: authz_host authorize: ignoring comment in 'Require host \(names)'")
            names = names.upTo(comment)
        }
        return names.requireWords.contains { isInDomain(remote, $0) } ? .granted : .denied
    }

    /// `Require forward-dns name …`: the client's address is one of the name's.
    static let forwardDNS = AuthzProvider { context, arguments throws(DirectiveError) in
        let text = try RequireText(context, arguments)
        return { request in
            do throws(ExpressionFailure) {
                return checkForward(request, namesBeforeComment(try text.words(request)))
            } catch {
                request.log(
                    .error, name,
                    "AH03354: authz_host authorize: require forward-dns: Can't evaluate require expression: \(error.message)"
                )
                return .denied
            }
        }
    }
    private struct ForwardAnswer: Sendable {
        let names: [ByteString]
        /// Nil where there is no such name.
        let addresses: [[SocketAddress]?]
    }
    private static func namesBeforeComment(_ words: [ByteString]) -> [ByteString] {
        var names: [ByteString] = []
        for word in words {
            guard let comment = word.firstIndex(of: UInt8(ascii: "#")) else {
                names.append(word)
                continue
            }
            if comment > 0 { names.append(word.upTo(comment)) }
            break
        }
        return names
    }
    private static func checkForward(_ request: Request, _ names: [ByteString]) -> AuthzStatus {
        guard !names.isEmpty else { return .denied }
        guard let answer = request.blockingResult as? ForwardAnswer, answer.names == names else {
            request.blockingWork = {
                ForwardAnswer(names: names, addresses: names.map { try? Resolver.addresses(of: $0) })
            }
            return .suspended
        }
        for (word, addresses) in zip(names, answer.addresses) {
            guard let addresses else {
                request.log(.warning, name, "AH03356: No sockaddr info for \"\(word)\"")
                continue
            }
            for address in addresses {
                let isMatch = address.hasSameHost(as: request.remoteAddress)
                request.log(
                    .debug, name,
                    "AH03355: access check for \(request.remoteAddress.text) as '\(word)': \(isMatch ? "yes" : "no")")
                if isMatch { return .granted }
            }
        }
        return .denied
    }

    /// `Require local`: a loopback address, or the one the connection came in on.
    static let local = AuthzProvider { _, _ in
        { request in
            let remote = request.remoteAddress
            if remote.isLoopback { return .granted }
            // Which of the server's addresses was used is not among the things requests are compared by.
            request.doNotReuse()
            return request.connection.localAddress.hasSameHost(as: remote) ? .granted : .denied
        }
    }
}
