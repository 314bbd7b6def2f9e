// RFC 8555 section 8, RFC 8737. Apache: modules/md/md_acme_authz.c

import Bytes

extension Renewal {
    static let http01 = "http-01"
    static let tlsALPN01 = "tls-alpn-01"
    static let dns01 = "dns-01"

    private var dns01Command: String? { domain.dns01Command ?? settings.dns01Command }

    /// What is configured; otherwise what can work here, with the reasons when nothing can.
    static func usableChallenges(_ domain: ManagedDomain, _ settings: RenewalSettings) throws(ACMEError) -> [String] {
        if !domain.challenges.isEmpty { return domain.challenges }
        var types: [String] = []
        var reasons = ""
        if !settings.canHTTPS {
            reasons +=
                " The https: challenge 'tls-alpn-01' is disabled because the server seems not reachable on public port 443."
        } else if domain.alpnDomains.isEmpty {
            reasons +=
                " The https: challenge 'tls-alpn-01' is disabled because the Protocols configuration does not include the 'acme-tls/1' protocol."
        } else {
            types.append(tlsALPN01)
        }
        if settings.canHTTP {
            types.append(http01)
        } else {
            reasons =
                " The http: challenge 'http-01' is disabled because the server seems not reachable on public port 80."
                + reasons
        }
        if domain.dns01Command ?? settings.dns01Command != nil {
            types.append(dns01)
        } else {
            reasons +=
                " The DNS challenge 'dns-01' is disabled because the directive 'MDChallengeDns01' is not configured."
        }
        guard !types.isEmpty else {
            throw ACMEError(
                StatusCode.general,
                "None of the ACME challenge methods configured for this domain are suitable.\(reasons)")
        }
        return types
    }

    func startChallenges(_ client: ACMEClient) throws(ACMEError) {
        set("Starting challenges for domains")
        for url in order?.authorizations ?? [] {
            let (authorization, _) = try client.authorization(url)
            switch authorization.status {
            case .valid: continue
            case .pending: try respond(authorization, client)
            default: throw failure(of: authorization)
            }
        }
    }
    private func respond(_ authorization: Authorization, _ client: ACMEClient) throws(ACMEError) {
        let name = authorization.domain
        say(
            "\(name): selecting suitable authorization challenge type, this domain supports \(challengeTypes.joined(separator: " "))"
        )
        var isOffered = false
        for type in challengeTypes {
            guard let challenge = authorization.challenges.first(where: { $0.type.lowercased() == type.lowercased() })
            else { continue }
            isOffered = true
            set("Setting up challenge '\(type)' for domain \(name)")
            if try setUp(challenge, authorization, client) { return }
            say("error setting up challenge '\(type)' for \(name), for domain \(domain.name), looking for other option")
        }
        let offered = authorization.challenges.map(\.type).joined(separator: " ")
        throw isOffered
            ? ACMEError(
                StatusCode.general,
                "None of the offered challenge types \(offered) offered for domain \(name) could be setup successfully. Please check the log for errors.",
                problem: "challenge-setup-failure")
            : ACMEError(
                StatusCode.notImplemented,
                "None of offered challenge types for domain \(name) are supported. The server offered '\(offered)' and available are: '\(challengeTypes.joined(separator: " "))'.",
                problem: "challenge-mismatch")
    }

    /// - Returns: Whether the CA was told to look; false when another type should be tried.
    private func setUp(
        _ challenge: Authorization.Challenge, _ authorization: Authorization, _ client: ACMEClient
    ) throws(ACMEError) -> Bool {
        let name = authorization.domain
        let answer = client.keyAuthorization(challenge.token)
        var setup = "\(challenge.type):\(name)"
        switch challenge.type {
        case Self.http01:
            try save { () throws(Store.Failure) in
                try store.save(Array(answer.utf8), .challenges, name, "acme-http-01.txt")
            }
        case Self.tlsALPN01:
            guard !domain.alpnDomains.isEmpty else { return false }
            try writeChallengeCertificates(name, answer)
        case Self.dns01:
            guard let command = dns01Command else { return false }
            let token = Base64URL.encode(MessageDigest.sha256(Array(answer.utf8)))
            guard execute(Self.words(command) + ["setup", ByteString(name), ByteString(token)]) == 0 else {
                return false
            }
            setup += " \(token)"
        default: return false
        }
        if order?.setups.contains(setup) == false { order?.setups.append(setup) }
        try saveOrder()
        guard raise("challenge-setup:\(challenge.type):\(name)") else { return false }
        try client.respond(to: challenge)
        return true
    }
    private func writeChallengeCertificates(_ name: String, _ answer: String) throws(ACMEError) {
        for kind in domain.keyKinds {
            do {
                let key = try PrivateKey(generating: kind)
                let certificate = try Certificate.challenge(name, keyAuthorization: answer, key: key)
                try store.save(key, .challenges, name, "acme-tls-alpn-01-" + kind.fileName("privkey"))
                try store.save([certificate], .challenges, name, "acme-tls-alpn-01-" + kind.fileName("pubcert"))
            } catch {
                throw ACMEError(StatusCode.general, "\(name): create tls-alpn-01 challenge cert: \(error)")
            }
        }
    }
    func tearDown(_ setup: String) {
        let parts = setup.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return }
        guard parts[0] == Self.dns01 else { return store.purge(.challenges, String(parts[1])) }
        guard let command = dns01Command else { return }
        let arguments = parts[1].split(separator: " ").map { ByteString($0) }
        let shown = settings.dns01Version == 2 ? arguments : Array(arguments.prefix(1))
        _ = execute(Self.words(command) + ["teardown"] + shown)
    }
    static func words(_ command: String) -> [ByteString] { command.split(separator: " ").map { ByteString($0) } }
}
