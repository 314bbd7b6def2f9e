// Apache: modules/ssl/ssl_engine_kernel.c (ssl_callback_*)

import Bytes
import CTLS
import ServerCore

/// What OpenSSL asks while it shakes hands.
enum TLSCallbacks {
    static func install(_ context: OpaquePointer) {
        unsafe SSL_CTX_set_client_hello_cb(context, { ssl, alert, _ in unsafe TLSCallbacks.hello(ssl, alert) }, nil)
        unsafe _ = ctls_ctx_servername(context) { ssl, _, _ in
            unsafe TLSTransport.owner(of: ssl)?.serverName == nil ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_OK
        }
        unsafe SSL_CTX_set_alpn_select_cb(
            context,
            { ssl, out, outCount, offered, count, _ in
                unsafe TLSCallbacks.selectProtocol(ssl, out, outCount, offered, count)
            }, nil)
    }

    // MARK: SNI

    /// Chooses the virtual host by the name in the ClientHello, before versions and ciphers are negotiated.
    private static func hello(_ ssl: OpaquePointer?, _ alert: UnsafeMutablePointer<Int32>?) -> Int32 {
        guard let ssl = unsafe ssl, let transport = unsafe TLSTransport.owner(of: ssl) else {
            return SSL_CLIENT_HELLO_SUCCESS
        }
        var bytes: UnsafePointer<UInt8>?
        var count = 0
        if unsafe SSL_client_hello_get0_ext(ssl, UInt32(TLSEXT_TYPE_server_name), &bytes, &count) == 1,
            let start = unsafe bytes
        {
            transport.serverName = unsafe hostName(Array(UnsafeBufferPointer(start: start, count: count)))
        }
        let offered = unsafe extensionBytes(ssl, UInt32(TLSEXT_TYPE_application_layer_protocol_negotiation))
        if let challenge = transport.worker.configuration.tls?.challenge(transport, protocols(offered.dropFirst(2))) {
            unsafe SSL_certs_clear(ssl)
            unsafe challenge.use(on: ssl)
            transport.isForChallenge = true
            return SSL_CLIENT_HELLO_SUCCESS
        }
        if let name = transport.serverName,
            let server = VirtualHostTable.match(transport.candidates, host: name, port: 0),
            server !== transport.server
        {
            transport.server = server
            // With `SSLEngine off` it keeps what the first server of the address shows.
            guard let context = transport.worker.configuration.tls?.context(of: server) else {
                return SSL_CLIENT_HELLO_SUCCESS
            }
            unsafe use(context, ssl)
        } else if let context = transport.worker.configuration.tls?.context(of: transport.server),
            unsafe SSL_get_SSL_CTX(ssl) != context.context
        {
            unsafe use(context, ssl)
        }
        if unsafe SSL_client_hello_get0_ext(ssl, UInt32(TLSEXT_TYPE_status_request), nil, nil) == 1,
            let context = unsafe TLSContext.owner(of: ssl), StapleCallback.mustWait(transport, context)
        {
            return SSL_CLIENT_HELLO_RETRY
        }
        unsafe transport.offerToKernel(ssl)
        if let state = transport.worker.configuration.tls {
            let isNewer = unsafe state.managed.apply(to: ssl, of: transport.server)
            transport.showsStandIn = !isNewer && state.context(of: transport.server)?.isFallback == true
        }
        return SSL_CLIENT_HELLO_SUCCESS
    }
    /// Moves a connection to another server's settings: OpenSSL itself only takes over the certificates.
    private static func use(_ context: TLSContext, _ ssl: OpaquePointer) {
        unsafe _ = SSL_set_SSL_CTX(ssl, context.context)
        unsafe _ = SSL_clear_options(ssl, SSL_get_options(ssl) & ~SSL_CTX_get_options(context.context))
        unsafe _ = SSL_set_options(ssl, SSL_CTX_get_options(context.context))
        unsafe _ = ctls_min_version(ssl, context.versions.lowest)
        unsafe _ = ctls_max_version(ssl, context.versions.highest)
        unsafe SSL_set_verify(
            ssl, SSL_CTX_get_verify_mode(context.context), SSL_CTX_get_verify_callback(context.context))
    }
    private static func extensionBytes(_ ssl: OpaquePointer, _ kind: UInt32) -> [UInt8] {
        var bytes: UnsafePointer<UInt8>?
        var count = 0
        guard unsafe SSL_client_hello_get0_ext(ssl, kind, &bytes, &count) == 1, let start = unsafe bytes else {
            return []
        }
        return unsafe Array(UnsafeBufferPointer(start: start, count: count))
    }
    /// The host_name of a server_name extension (RFC 6066, section 3), lower case.
    static func hostName(_ bytes: [UInt8]) -> ByteString? {
        guard bytes.count > 5, bytes[2] == 0 else { return nil }
        let length = Int(bytes[3]) << 8 | Int(bytes[4])
        guard length > 0, length <= 255, bytes.count >= 5 + length else { return nil }
        let name = bytes[5..<5 + length]
        guard !name.contains(0) else { return nil }
        return ByteString(Array(name)).lowercased
    }

    // MARK: ALPN

    /// Names with a length before each (RFC 7301).
    static func protocols(_ bytes: some Collection<UInt8>) -> [ByteString] {
        let all = Array(bytes)
        var names: [ByteString] = []
        var at = 0
        while at < all.count {
            let length = Int(all[at])
            guard length > 0, at + 1 + length <= all.count else { return names }
            names.append(ByteString(Array(all[at + 1..<at + 1 + length])))
            at += 1 + length
        }
        return names
    }
    private static func selectProtocol(
        _ ssl: OpaquePointer?, _ out: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
        _ outCount: UnsafeMutablePointer<UInt8>?,
        _ offered: UnsafePointer<UInt8>?, _ count: UInt32
    ) -> Int32 {
        guard let transport = unsafe TLSTransport.owner(of: ssl), let offered = unsafe offered else {
            return SSL_TLSEXT_ERR_NOACK
        }
        let names = unsafe protocols(UnsafeBufferPointer(start: offered, count: Int(count)))
        let wanted: ByteString
        if transport.isForChallenge {
            wanted = "acme-tls/1"
        } else if let chosen = transport.server.selectProtocol(names, isSecure: true, transport.parameters) {
            transport.negotiatedProtocol = chosen
            wanted = chosen
        } else {
            wanted = "http/1.1"
        }
        // The answer points into what the client sent.
        var at = 0
        for name in names {
            if name == wanted {
                unsafe out?.pointee = offered + at + 1
                unsafe outCount?.pointee = UInt8(truncatingIfNeeded: name.count)
                return SSL_TLSEXT_ERR_OK
            }
            at += 1 + name.count
        }
        // RFC 7301, section 3.2: no_application_protocol. Apache names http/1.1 even so, and clients end the handshake then.
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }

    // MARK: Client certificates

    /// ssl_callback_SSLVerify.
    static let verify: @convention(c) (Int32, OpaquePointer?) -> Int32 = { ok, store in
        guard let store = unsafe store,
            let ssl = unsafe X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
            let transport = unsafe TLSTransport.owner(of: OpaquePointer(ssl))
        else { return ok }
        let verdict = unsafe ClientVerification.judge(ok == 1, store, transport)
        return verdict ? 1 : 0
    }
}
