// Apache: modules/ssl/ssl_engine_kernel.c (ssl_hook_Access_classic, ssl_hook_Access_modern)

import Bytes
import CTLS
import ServerCore

/// Directories that ask for more than the handshake did: the client is asked for its certificate now.
enum ClientRequests {
    static let key = ObjectIdentifier(ClientRequests.self as Any.Type)

    /// What holds for a request: its directory's settings, and those of its server where the handshake was for another one.
    private struct Rules {
        let wanted: VerifyMode
        let server: VerifyMode
        /// What the certificate is judged by.
        let verify: VerifyMode
        let depth: Int?
        let ciphers: ByteString?
        let bufferSize: Int
        /// The handshake was for another server, with other authorities.
        let hasOtherAuthorities: Bool
        /// The handshake alone does not tell whether the request is let in.
        let mayAsk: Bool

        init(_ request: Request, _ transport: TLSTransport, _ config: TLSDirectoryConfig) {
            let (shown, asked) = (transport.server[TLS.server], request.server[TLS.server])
            let isOther = transport.server !== request.server
            wanted = config.verifyClient.value ?? .none
            server = asked.verifyClient.value(default: .none)
            verify = config.verifyClient.value ?? server
            depth = config.verifyDepth.value ?? (isOther ? asked.verifyDepth.value(default: 1) : nil)
            ciphers = config.cipherSuite.value ?? (isOther ? asked.cipherSuite.value : nil)
            bufferSize = config.bufferSize.value(default: 131_072)
            func differs(_ now: Setting<ByteString>, _ before: Setting<ByteString>) -> Bool {
                now.value != nil && now.value != before.value
            }
            hasOtherAuthorities =
                isOther
                && (differs(asked.authorityFile, shown.authorityFile)
                    || differs(asked.authorityPath, shown.authorityPath))
            mayAsk =
                config.verifyClient.value != nil || ciphers != nil
                || asked.verifyClient.value != nil && (isOther || depth != nil)
        }
    }
    /// What was asked of the client for this request.
    private final class Asked {
        var succeeded = false
        var status: Int?
    }

    static func verify(_ request: Request, _ transport: TLSTransport, _ config: TLSDirectoryConfig) -> Outcome {
        let rules = Rules(request, transport, config)
        let (wanted, server) = (rules.wanted, rules.server)
        if request.moduleState[key] == nil { transport.forgiveMissingAuthority() }
        guard rules.mayAsk else { return server == .require ? checkCertificate(request, transport) : .declined }
        request.doNotReuse()
        var needed = wanted.flags | server.flags
        let inPlace = transport.verifyFlags
        var mustAsk = needed & ~inPlace != 0
        if !mustAsk, needed != 0, let depth = rules.depth, transport.clientCertificate != nil {
            // A chain that was let pass before may be too long here.
            mustAsk = transport.verifiedDepth.map { $0 > depth } ?? true
        }
        // Other requests are under way on the same connection.
        if request.connection.secondary != nil {
            if !transport.isTLS13, rules.ciphers != nil { return forbid(request, "cipher-suite") }
            if mustAsk { return forbid(request, "verify-client") }
        }
        if !transport.isTLS13, let list = rules.ciphers {
            guard let differs = transport.limitCiphers(list) else {
                request.log(.warning, "ssl", "AH02253: Unable to reconfigure (per-directory) permitted SSL ciphers")
                return .status(403)
            }
            if differs {
                mustAsk = true
                needed |= inPlace
            }
        }
        if let asked = request.moduleState[key] as? Asked {
            if let status = asked.status { return .status(status) }
            guard asked.succeeded else { return .status(403) }
            let outcome = checkPostVerify(request, transport, wanted, server)
            if outcome != .declined { transport.setVerifyFlags(inPlace & ~needed) }
            return outcome
        }
        guard mustAsk else { return checkPostVerify(request, transport, wanted, server) }
        if needed & SSL_VERIFY_FAIL_IF_NO_PEER_CERT != 0, rules.hasOtherAuthorities {
            request.log(
                .info, "ssl",
                "AH02256: Non-default virtual host with SSLVerify set to 'require' and VirtualHost-specific CA certificate list is only available to clients with TLS server name indication (SNI) support"
            )
            return .status(403)
        }
        guard !request.isSubrequest else { return .status(403) }
        let asked = Asked()
        request.moduleState[key] = asked
        request.loopWork = { [unowned request] in
            await ask(request, transport, rules, needed, asked)
            // Of which authority the certificate is was not asked as it should be.
            if rules.hasOtherAuthorities { transport.isGenerous = true }
        }
        return .suspended
    }

    /// The client is to come again with HTTP/1.1 (RFC 9113, section 9.2.3).
    private static func forbid(_ request: Request, _ cause: ByteString) -> Outcome {
        request.notes.set("ssl-renegotiate-forbidden", cause)
        return .status(403)
    }

    private static func ask(
        _ request: Request, _ transport: TLSTransport, _ rules: Rules, _ flags: Int32, _ asked: Asked
    ) async {
        if let status = await keepBody(request, limit: rules.bufferSize) {
            request.log(
                .error, "ssl",
                transport.isTLS13
                    ? "AH10228: could not buffer message body to allow TLS Post-Handshake Authentication to proceed"
                    : "AH02257: could not buffer message body to allow SSL renegotiation to proceed")
            asked.status = status
            return
        }
        transport.requestVerify = rules.verify
        transport.requestDepth = rules.depth
        let inPlace = transport.verifyFlags
        guard transport.beginVerification(flags) == .ok else {
            transport.setVerifyFlags(inPlace)
            if transport.isTLS13 {
                request.log(.error, "ssl", "AH10158: cannot perform post-handshake authentication")
                request.notes.set("error-notes", "Reason: Cannot perform Post-Handshake Authentication.<br />")
            } else {
                request.log(.error, "ssl", "AH02225: Re-negotiation request failed")
            }
            for line in OpenSSLError.lines() { request.log(.error, "ssl", line) }
            return
        }
        asked.succeeded = await transport.finishVerification(timeout: request.server.timeoutMilliseconds)
        if !asked.succeeded {
            logFailure(request, transport, isRequired: rules.wanted == .require || rules.server == .require)
        }
    }
    private static func logFailure(_ request: Request, _ transport: TLSTransport, isRequired: Bool) {
        if !transport.isTLS13 {
            request.log(.error, "ssl", "AH02261: Re-negotiation handshake failed")
        } else if isRequired {
            request.log(
                .error, "ssl",
                transport.verifyResult != 0
                    ? "AH02262: Re-negotiation handshake failed: Client verification failed"
                    : "AH02263: Re-negotiation handshake failed: Client certificate missing")
        }
    }
    /// What of the body is under way stands before the client's answer: it is read and kept. A status where it is too long.
    private static func keepBody(_ request: Request, limit: Int) async -> Int? {
        guard let body = request.body else { return nil }
        if limit == 0 { return 413 }
        var bytes: [UInt8] = []
        do throws(BodyError) {
            while let piece = try await body.next() {
                bytes.append(piece)
                if bytes.count > limit {
                    request.log(
                        .error, "ssl", "AH02018: request body exceeds maximum size (\(limit)) for SSL buffer")
                    return 413
                }
            }
        } catch { return error.requestStatus }
        request.body = ResponseBody.bytes(ByteString(bytes)).asSource()
        return nil
    }

    /// ssl_check_post_client_verify.
    private static func checkPostVerify(
        _ request: Request, _ transport: TLSTransport, _ wanted: VerifyMode, _ server: VerifyMode
    ) -> Outcome {
        guard wanted == .require || server == .require else { return .declined }
        if transport.verifyResult != 0 || transport.isGenerous {
            request.log(.error, "ssl", "AH02262: Re-negotiation handshake failed: Client verification failed")
            return .status(403)
        }
        if transport.clientCertificate == nil {
            request.log(.error, "ssl", "AH02263: Re-negotiation handshake failed: Client certificate missing")
            return .status(403)
        }
        return .declined
    }
    private static func checkCertificate(_ request: Request, _ transport: TLSTransport) -> Outcome {
        transport.clientCertificate == nil ? .status(403) : .declined
    }
}
