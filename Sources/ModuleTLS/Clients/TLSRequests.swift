// Apache: modules/ssl/ssl_engine_kernel.c (ssl_hook_*)

import Bytes
import Expressions
import HTTP
import ServerCore

/// What mod_ssl does in the phases of a request.
enum TLSRequests {
    static func transport(_ request: Request) -> TLSTransport? {
        guard let transport = request.connection.transport as? TLSTransport, transport.isSecure else { return nil }
        return transport
    }

    // MARK: - post_read_request

    /// Requests must be for the server that the handshake was for, or for one like it (ssl_hook_ReadReq).
    @Sendable static func checkServer(_ request: Request) -> Outcome {
        guard let transport = request.connection.transport as? TLSTransport else { return .declined }
        if transport.isForChallenge || transport.showsStandIn { return .status(503) }
        if transport.isPlain {
            // The error document is let through.
            guard !transport.isRefused else { return .declined }
            transport.isRefused = true
            request.doNotReuse()
            request.notes.set(
                "error-notes",
                "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />\n Instead use the HTTPS scheme to access this URL, please.<br />\n"
            )
            return .status(400)
        }
        guard !request.isProxyRequest, request.isInitial, let state = request.configuration.tls else {
            return .declined
        }
        if let name = transport.serverName {
            if request.hostname == nil {
                request.log(
                    .error, "ssl",
                    "AH02031: Hostname \(name) provided via SNI, but no hostname provided in HTTP request")
                return .status(400)
            }
        } else if request.server[TLS.server].strictSNICheck.value(default: false)
            || transport.server[TLS.server].strictSNICheck.value(default: false), request.server.isVirtual
        {
            request.log(.info, "ssl", "AH02033: No hostname was provided via SNI for a name based virtual host")
            request.notes.set(
                "error-notes",
                "Reason: The client software did not provide a hostname using Server Name Indication (SNI), which is required to access this server.<br />\n"
            )
            return .status(403)
        }
        guard state.allows(request.server, transport.server) else {
            let shown = transport.serverName ?? transport.server.serverName ?? request.configuration.hostName
            let how = transport.serverName == nil ? "(default host as no SNI was provided)" : "provided via SNI"
            request.log(
                .error, "ssl",
                "AH02032: Hostname \(shown) \(ByteString(how)) and hostname \(request.hostname ?? "(null)") provided via HTTP have no compatible SSL setup for policy '\(state.policy.rawValue)'"
            )
            return .status(421)
        }
        return .declined
    }

    // MARK: - Access

    @Sendable static func checkAccess(_ request: Request) -> Outcome {
        let config = request[TLS.directory]
        let transport = transport(request)
        if config.requiresSSL, transport == nil {
            request.log(
                .error, "ssl",
                "AH02219: access to \(request.filename ?? "(null)") failed, reason: SSL connection required")
            request.notes.set("ssl-access-forbidden", "1")
            return .status(403)
        }
        guard let transport else { return .declined }
        let verified = ClientRequests.verify(request, transport, config)
        if verified != .declined { return verified }
        let options = config.effective
        if let name = config.userName.value, !options.contains(.fakeBasicAuth) {
            if let user = request.tlsVariable(name.uppercased), !user.isEmpty {
                request.user = user
                request.authType = "ClientCert"
            } else {
                request.log(.warning, "ssl", "AH02227: Failed to set r->user to '\(name)'")
            }
        }
        for requirement in config.requirements {
            if let denied = check(requirement, request) { return denied }
        }
        return .declined
    }
    private static func check(_ requirement: TLSDirectoryConfig.Requirement, _ request: Request) -> Outcome? {
        let file = request.filename ?? "(null)"
        do throws(ExpressionFailure) {
            if try request.evaluate(requirement.expression) { return nil }
        } catch {
            request.log(
                .error, "ssl",
                "AH02265: access to \(file) failed, reason: Failed to execute SSL requirement expression: \(error.message)"
            )
            request.notes.set("ssl-access-forbidden", "1")
            return .status(403)
        }
        request.log(
            .info, "ssl",
            "AH02266: Access to \(file) denied for \(request.remoteAddress.text) (requirement expression not fulfilled)"
        )
        request.log(.info, "ssl", "AH02228: Failed expression: \(requirement.text)")
        request.log(
            .error, "ssl", "AH02229: access to \(file) failed, reason: SSL requirement expression not fulfilled")
        request.notes.set("ssl-access-forbidden", "1")
        return .status(403)
    }

    /// Stands in for a password where a certificate is enough (ssl_hook_UserCheck).
    @Sendable static func checkUser(_ request: Request) -> Outcome {
        let options = request[TLS.directory].effective
        if options.contains(.strictRequire), request.notes["ssl-access-forbidden"] != nil { return .status(403) }
        guard request.isInitial else { return .declined }
        // A password check that waited comes by again: what it sees then is ours.
        if request.notes["ssl-fake-basic-auth"] != nil { return .declined }
        if let spoof = spoofedName(request) {
            request.log(.error, "ssl", "AH02035: Encountered FakeBasicAuth spoof: \(spoof)")
            return .status(403)
        }
        guard let transport = transport(request), options.contains(.fakeBasicAuth), request.user == nil,
            let name = transport.clientCertificate?.subject?.text(legacy: true)
        else { return .declined }
        // A name with a colon would end early and be taken for a shorter one.
        if name.contains(UInt8(ascii: ":")) { return .declined }
        request.notes.set("ssl-fake-basic-auth", "1")
        request.headersIn.set("Authorization", "Basic \(Base64.encode("\(name):password" as ByteString))")
        request.log(.debug, "ssl", "AH02036: Faking HTTP Basic Auth header: \"Authorization: Basic …\"")
        return .declined
    }
    private static func spoofedName(_ request: Request) -> ByteString? {
        guard let line = request.header("Authorization"), line.hasPrefixIgnoringCase("Basic ") else { return nil }
        let text = Base64.decode(line.from(6).trimmed())
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        guard text.first == UInt8(ascii: "/"), text.from(colon + 1) == "password" else { return nil }
        return text.upTo(colon)
    }
    /// ssl_hook_Auth.
    @Sendable static func checkAuthorization(_ request: Request) -> Outcome {
        let options = request[TLS.directory].effective
        if options.contains(.strictRequire), request.notes["ssl-access-forbidden"] != nil { return .status(403) }
        return .declined
    }

    // MARK: - Fixups

    @Sendable static func setVariables(_ request: Request) -> Outcome {
        guard let transport = transport(request) else { return .declined }
        request.env.set("HTTPS", "on")
        if let name = transport.serverName { request.env.set("SSL_TLS_SNI", name) }
        StandardVariables.export(request, transport)
        request.notes.set("ssl-secure-reneg", transport.isSecureRenegotiationSupported ? "1" : "0")
        return .declined
    }
}
