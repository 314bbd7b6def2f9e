// Apache: modules/ssl/ssl_engine_kernel.c (ssl_hook_Access_classic, ssl_hook_Access_modern); openssl/ssl.h

import Bytes
import CTLS
import EventLoop
import Kernel
import ServerCore

/// Asking a client for its certificate when the connection stands already: TLS 1.3's post-handshake authentication, or
/// TLS 1.2's renegotiation.
extension TLSTransport {
    /// SSL_VERIFY_PEER and the like, as they are now.
    var verifyFlags: Int32 { unsafe ssl == nil ? 0 : SSL_get_verify_mode(ssl) }

    enum Begun { case ok, impossible }
    /// Sends the request for a certificate.
    func beginVerification(_ flags: Int32) -> Begun {
        guard let ssl = unsafe ssl else { return .impossible }
        // The client's Finished is the last of what it answers, under every version; OpenSSL tells of it before it is checked.
        unsafe SSL_set_msg_callback(ssl) { isWritten, _, kind, bytes, count, ssl, _ in
            guard isWritten == 0, kind == SSL3_RT_HANDSHAKE, count > 0, let bytes = unsafe bytes,
                unsafe bytes.load(as: UInt8.self) == UInt8(SSL3_MT_FINISHED)
            else { return }
            unsafe TLSTransport.owner(of: ssl)?.noteHandshakeDone()
        }
        unsafe SSL_set_verify(ssl, flags, TLSCallbacks.verify)
        ERR_clear_error()
        verifyError = 0
        isGenerous = false
        if isTLS13 {
            guard unsafe SSL_verify_client_post_handshake(ssl) == 1 else { return .impossible }
        } else {
            // A session of before would be resumed, without the certificate.
            let name = SessionCallbacks.random(16)
            unsafe name.withUnsafeBufferPointer {
                unsafe _ = SSL_set_session_id_context(ssl, $0.baseAddress, UInt32($0.count))
            }
            guard unsafe SSL_renegotiate(ssl) == 1 else { return .impossible }
        }
        unsafe _ = SSL_do_handshake(ssl)
        handshakesDone = 0
        return .ok
    }
    /// Under TLS 1.2 a certificate without a known authority that was let pass is GENEROUS from the first check of access on, and no failure
    /// (ssl_hook_Access_classic).
    func forgiveMissingAuthority() {
        guard let ssl = unsafe ssl, isGenerous, !isTLS13 else { return }
        unsafe SSL_set_verify_result(ssl, Int(X509_V_OK))
    }
    func setVerifyFlags(_ flags: Int32) {
        if let ssl = unsafe ssl { unsafe SSL_set_verify(ssl, flags, TLSCallbacks.verify) }
    }
    /// Ciphers for a directory; true: another one than the one in use is needed.
    func limitCiphers(_ list: ByteString) -> Bool? {
        guard let ssl = unsafe ssl, unsafe list.withCString({ unsafe SSL_set_cipher_list(ssl, $0) }) == 1 else {
            return nil
        }
        guard let now = cipher?.name else { return false }
        var index: Int32 = 0
        while let name = unsafe SSL_get_cipher_list(ssl, index) {
            if unsafe ByteString(String(cString: name)) == now { return false }
            index += 1
        }
        return true
    }
    /// Waits for the client's answer; false: it refused, or broke the connection.
    func finishVerification(timeout: UInt64) async -> Bool {
        while true {
            guard let ssl = unsafe ssl else { return false }
            ERR_clear_error()
            var byte: UInt8 = 0
            let result = unsafe SSL_peek(ssl, &byte, 0)
            let error = unsafe SSL_get_error(ssl, result)
            let isMissing = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE
            if handshakesDone > 0, result >= 0 || isMissing, unsafe ctls_is_handshake_done(ssl) == 1 { break }
            do throws(IOError) {
                switch error {
                case SSL_ERROR_WANT_READ: try await loop.waitReadable(channel, timeout: timeout)
                case SSL_ERROR_WANT_WRITE: try await loop.waitWritable(channel, timeout: timeout)
                default:
                    breakOff(OpenSSLError.take())
                    return false
                }
            } catch { return false }
        }
        forgetFacts()
        if ClientRevocation.applies(self), !(await ClientRevocation.check(self)) {
            breakOff(OpenSSLError.take())
            return false
        }
        return true
    }
}
