// openssl/ssl.h SSL_OP_ENABLE_KTLS; Linux Documentation/networking/tls.rst

import CTLS
import Kernel

/// Records made by the kernel (`SSLOpenSSLConfCmd Options KTLS`, as nginx has it): files leave by sendfile(2).
///
/// OpenSSL hands its key over while the handshake ends, through a BIO of its own over the socket, if the kernel knows the cipher.
/// Then what is sent goes to the loop as if there were no TLS; receiving, and what OpenSSL itself has to say (alerts, tickets,
/// questions for certificates), stays OpenSSL's.
enum KernelTLS {
    /// Whether this kernel can. First asked in the parent, since only root's question makes the kernel load its module.
    static let isThere = Socket.hasKernelTLS

    /// SSL_OP_ENABLE_KTLS.
    private static let option: UInt64 = 1 << 3
    static func isWanted(_ context: OpaquePointer) -> Bool {
        unsafe SSL_CTX_get_options(context) & option != 0
    }
    /// Has OpenSSL write to the socket itself, so that it can hand over its key.
    static func offer(_ ssl: OpaquePointer, _ descriptor: Int32) -> Bool {
        guard unsafe SSL_get_options(ssl) & option != 0, isThere,
            let bio = unsafe BIO_new_socket(descriptor, BIO_NOCLOSE)
        else { return false }
        unsafe SSL_set0_wbio(ssl, bio)
        return true
    }
    /// After a handshake: whether the kernel took over.
    static func isAtWork(_ ssl: OpaquePointer) -> Bool { unsafe ctls_kernel_sends(ssl) == 1 }

    /// The client asked for another key (RFC 8446, section 4.6.3). OpenSSL 3.0 cannot tell the kernel of it.
    static func mustChangeKey(_ ssl: OpaquePointer) -> Bool {
        unsafe SSL_get_key_update_type(ssl) != SSL_KEY_UPDATE_NONE
    }
}
