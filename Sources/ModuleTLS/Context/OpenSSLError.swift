// Apache: modules/ssl/ssl_engine_log.c; openssl/err.h

import Bytes
import CTLS

/// The errors that OpenSSL collected on this thread.
enum OpenSSLError {
    /// The oldest first; the queue is empty afterwards.
    static func take() -> [UInt] {
        var codes: [UInt] = []
        while true {
            let code = ERR_get_error()
            if code == 0 { return codes }
            codes.append(code)
        }
    }
    static func clear() { ERR_clear_error() }
    static func library(_ code: UInt) -> Int32 { ctls_error_library(code) }
    static func reason(_ code: UInt) -> Int32 { ctls_error_reason(code) }

    /// `error:0A00009C:SSL routines::http request`, with mod_ssl's hint where it has one.
    static func text(_ code: UInt) -> ByteString {
        var line = [CChar](repeating: 0, count: 256)
        unsafe line.withUnsafeMutableBufferPointer { buffer in
            unsafe ERR_error_string_n(code, buffer.baseAddress, 256)
        }
        let bytes = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let text = ByteString(Array(bytes))
        guard let hint = hints.first(where: { text.contains($0.part) })?.hint else { return text }
        return "\(text) -- \(hint)"
    }
    /// What mod_ssl adds to some errors (ssl_log_annotate).
    private static let hints: [(part: ByteString, hint: ByteString)] = [
        ("no shared cipher", "Too restrictive SSLCipherSuite or using DSA server certificate?"),
        ("no certificate returned", "Client did not send a certificate?"),
        ("unsupported protocol", "Client tried an SSL/TLS version that is not supported"),
        ("bad certificate", "Subject CN in certificate not server name or identical to CA!?"),
        ("no start line", "Bad file contents or format - or even just a forgotten SSLCertificateKeyFile?"),
        ("http request", "speaking HTTP to HTTPS port!?"),
    ]
    /// The lines mod_ssl writes after one of its own about an error (ssl_log_ssl_error).
    static func lines() -> [ByteString] { take().map { "SSL Library Error: \(text($0))" } }
}
