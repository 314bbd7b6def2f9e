// Apache: modules/ssl/ssl_util_stapling.c (ssl_stapling_init_cert, stapling_cb, ap_ssl_ocsp_get_resp)

import Bytes
import CTLS
import Kernel
import ServerCore

/// OCSP answers that another module has (mod_md) go into handshakes.
enum ProvidedStaples {
    /// Offers a certificate to who has answers.
    /// - Returns: Whether somebody takes care of it.
    static func prime(_ server: Server, file: ByteString, chain: ByteString?) -> Bool {
        guard let source = server.configuration.provider(StapleSource.group, "md"),
            var pem = try? File.readWhole(file, limit: 1 << 20)
        else { return false }
        if let chain, let more = try? File.readWhole(chain, limit: 1 << 20) { pem += more }
        return source.prime(server, pem)
    }
    static func install(_ context: OpaquePointer) {
        unsafe _ = ctls_ctx_status(context) { ssl, _ in unsafe ProvidedStaples.staple(ssl) }
    }
    static func staple(_ ssl: OpaquePointer?) -> Int32 {
        guard let ssl = unsafe ssl, let transport = unsafe TLSTransport.owner(of: ssl), !transport.isForChallenge,
            let source = transport.server.configuration.provider(StapleSource.group, "md"),
            let certificate = unsafe SSL_get_certificate(ssl)
        else { return SSL_TLSEXT_ERR_NOACK }
        var id = [UInt8](repeating: 0, count: 20)
        var count: UInt32 = 0
        guard unsafe X509_digest(certificate, EVP_sha1(), &id, &count) == 1,
            let response = source.response(transport.server, id), !response.isEmpty,
            let memory = unsafe CRYPTO_malloc(response.count, nil, 0)
        else { return SSL_TLSEXT_ERR_NOACK }
        unsafe memory.copyMemory(from: response, byteCount: response.count)
        // The memory is OpenSSL's from now on.
        unsafe _ = ctls_set_status_response(ssl, memory, response.count)
        return SSL_TLSEXT_ERR_OK
    }
}
