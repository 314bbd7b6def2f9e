// Apache: modules/http2/mod_http2.c, h2_switch.c

import Bytes
import EventLoop
import HTTP
import Kernel
import ServerCore

/// mod_http2: HTTP/2 (RFC 9113) over nghttp2. Each stream is an ordinary request.
public enum HTTP2 {
    public static let module = ModuleDefinition("http2", .http, directives: directives) { hooks in
        hooks.addProtocol(
            ConnectionProtocol("h2", preface: preface, accepts: accepts, upgrade: upgrade) {
                connection, stream, input in
                open(connection, stream, input, "h2", isDirectByDefault: stream.transport?.negotiatedProtocol == "h2")
            })
        hooks.addProtocol(
            ConnectionProtocol("h2c", preface: preface, upgrade: upgrade) { connection, stream, input in
                open(connection, stream, input, "h2c", isDirectByDefault: true)
            })
        hooks.onPostReadRequest(WebSocket.check)
        hooks.onFixups(setVariables)
        hooks.onFixups(sendEarlyHints, order: .last)
        hooks.addVariable("HTTP2") { $0.connection.secondary == nil ? "off" : "on" }
        for name: ByteString in ["H2PUSH", "H2_PUSH"] { hooks.addVariable(name) { pushes($0) ? "on" : "off" } }
        hooks.addVariable("H2_PUSHED") { ($0.connection.secondary?.initiatedOn ?? 0) == 0 ? "" : "PUSHED" }
        hooks.addVariable("H2_PUSHED_ON") { pushedOn($0) }
        hooks.addVariable("H2_STREAM_ID") { request in
            request.doNotReuse()
            return request.connection.secondary.map { ByteString(decimal: Int64($0.id)) }
        }
        hooks.addVariable("H2_STREAM_TAG") { request in
            request.doNotReuse()
            return request.connection.secondary?.tag ?? ""
        }
    }
    /// RFC 9113, section 3.4.
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private static func pushes(_ request: Request) -> Bool {
        guard let facts = request.connection.secondary else { return isPushOn(request) }
        return facts.mayPush && PushPolicy(field: request.first.header("Accept-Push-Policy")) != .none
    }
    private static func pushedOn(_ request: Request) -> ByteString {
        guard let facts = request.connection.secondary, facts.initiatedOn != 0 else { return "" }
        return ByteString(decimal: Int64(facts.initiatedOn))
    }

    /// h2_h2_fixups. The stream's own number is not among them here: it differs for every request, and is added where
    /// programs and logs are told of it (``Request/streamVariable(_:)``).
    @Sendable private static func setVariables(_ request: Request) -> Outcome {
        guard let facts = request.connection.secondary else { return .declined }
        // Nobody else's answer says that it was pushed.
        if facts.initiatedOn != 0 { request.doNotReuse() }
        let push: ByteString = pushes(request) ? "on" : "off"
        request.env.set("HTTP2", "on")
        request.env.set("H2PUSH", push)
        request.env.set("H2_PUSH", push)
        request.env.set("H2_PUSHED", (request.connection.secondary?.initiatedOn ?? 0) == 0 ? "" : "PUSHED")
        request.env.set("H2_PUSHED_ON", pushedOn(request))
        return .declined
    }

    /// 103 with what `H2PushResource` and `H2EarlyHint` name, before the handler begins (check_early_hints): for the client
    /// with `H2EarlyHints`, and for what is pushed.
    @Sendable private static func sendEarlyHints(_ request: Request) -> Outcome {
        let connection = request.connection
        guard let facts = connection.secondary, request.isInitial, !request.expectingContinue else { return .declined }
        let here = request[HTTP2DirectoryConfig.directory]
        let server = HTTP2Config.of(request.server)
        let resources = server.pushList + here.pushList
        let hints = here.earlyHintFields + server.earlyHintFields
        guard !resources.isEmpty || !hints.isEmpty, facts.mayPush || server.earlyHints.value(default: false) else {
            return .declined
        }
        // Each client gets its own.
        request.doNotReuse()
        var fields = Table()
        for resource in resources {
            fields.add("Link", "<\(resource.reference)>; rel=preload\(resource.isCritical ? "; critical" : "")")
        }
        for hint in hints { fields.add(hint.name, hint.value) }
        connection.requestStream?.sendInterim(FieldBlock(status: 103, fields), of: request)
        return .declined
    }

    // MARK: Taking connections over

    private static let scratchKey = ObjectIdentifier(FrameScratch.self)
    private static func scratch(_ worker: Worker) -> FrameScratch {
        if let known = worker.moduleState[scratchKey] as? FrameScratch { return known }
        let made = FrameScratch()
        worker.moduleState[scratchKey] = made
        return made
    }

    /// `H2Direct` concerns clients that begin with the preface unasked.
    private static func open(
        _ connection: Connection, _ stream: ClientStream, _ input: [UInt8], _ name: ByteString, isDirectByDefault: Bool
    ) -> (any ConnectionSession)? {
        let wasNegotiated = stream.transport?.negotiatedProtocol == name
        let server = stream.transport?.selectedServer ?? connection.baseServer
        let isDirect = HTTP2Config.of(server).direct.value(default: isDirectByDefault)
        if let parameters = stream.transport?.tlsParameters, !accepts(server, parameters) { return nil }
        guard wasNegotiated || isDirect, stream.transport?.isSecure ?? false == (name == "h2") else { return nil }
        guard let session = HTTP2Session(connection, stream, name, scratch(connection.worker)), session.begin(input)
        else {
            return nil
        }
        return session
    }

    /// `H2ModernTLSOnly`: TLS 1.2 at least, and none of the ciphers of RFC 9113, appendix A, which are those without
    /// ephemeral keys or without authenticated encryption.
    @Sendable static func accepts(_ server: Server, _ parameters: TLSParameters) -> Bool {
        guard HTTP2Config.of(server).modernTLSOnly.value(default: true) else { return true }
        guard parameters.version.hasPrefix("TLS"), parameters.version != "TLSv1", parameters.version != "TLSv1.1" else {
            return false
        }
        guard parameters.version == "TLSv1.2" else { return true }
        let cipher = parameters.cipher
        let isEphemeral = cipher.hasPrefix("ECDHE-") || cipher.hasPrefix("DHE-")
        return isEphemeral
            && ["GCM", "CCM", "CCM8", "CHACHA20"].contains { (kind: ByteString) in
                cipher.bytes.split(separator: UInt8(ascii: "-")).contains { ByteString(Array($0)) == kind }
            }
    }

    /// `Upgrade: h2c` (RFC 7540, section 3.2): the request becomes stream 1. Over TLS only where `H2Upgrade` says so.
    @Sendable private static func upgrade(
        _ request: Request, _ stream: ClientStream, _ input: [UInt8]
    ) async -> (any ConnectionSession)? {
        guard mayUpgrade(request), let text = settingsText(request),
            let settings = Base64URL.decode(text)
        else { return nil }
        let worker = request.connection.worker
        let name: ByteString = request.connection.isSecure ? "h2" : "h2c"
        guard let session = HTTP2Session(request.connection, stream, name, scratch(worker)) else { return nil }
        let answer = Array("HTTP/1.1 101 Switching Protocols\r\nUpgrade: \(name)\r\nConnection: Upgrade\r\n\r\n".utf8)
        do throws(IOError) {
            try await stream.sendAll(answer, timeout: request.server.timeoutMilliseconds)
        } catch { return session }
        let head = streamHead(request)
        if !session.begin(input, settings: settings, head: head, isHead: request.isHeadOnly) { session.giveUp() }
        return session
    }
    private static func mayUpgrade(_ request: Request) -> Bool {
        let upgrades = request[HTTP2DirectoryConfig.directory].upgrade.or(HTTP2Config.of(request.server).upgrade)
        guard upgrades.value(default: !request.connection.isSecure) else { return false }
        // Only requests without a body.
        if let length = request.header("Content-Length") { return length == "0" }
        return request.header("Transfer-Encoding") == nil
    }
    private static func settingsText(_ request: Request) -> ByteString? {
        guard let connection = request.header("Connection"), FieldList.hasToken(connection, "http2-settings") else {
            return nil
        }
        return request.header("HTTP2-Settings")
    }
    private static func streamHead(_ request: Request) -> [UInt8] {
        var text: [UInt8] = []
        text.append(request.method)
        text.append(" ")
        text.append(request.unparsedURI)
        text.append(" HTTP/2.0\r\n")
        for (name, value) in request.headersIn.pairs {
            switch name.lowercased {
            case "upgrade", "connection", "keep-alive", "http2-settings", "proxy-connection", "transfer-encoding":
                continue
            default: break
            }
            text.append(name)
            text.append(": ")
            text.append(value)
            text.append("\r\n")
        }
        text.append("\r\n")
        return text
    }
}
