// openssl/ssl.h: SSL_read, SSL_write, SSL_get_error

import CTLS
import EventLoop

/// Bytes through an SSL object, as far as they go without waiting.
enum SSLBytes {
    /// How many were read; 0 or less when there were none: what SSL_read said. What goes wrong behind some bytes is found
    /// again by the next call.
    @unsafe static func read(_ ssl: OpaquePointer, _ memory: UnsafeMutableRawBufferPointer) -> Int32 {
        guard let start = memory.baseAddress else { return 0 }
        var total = 0
        while total < memory.count {
            ERR_clear_error()
            let count = unsafe SSL_read(ssl, start + total, Int32(clamping: memory.count - total))
            guard count > 0 else { return total > 0 ? Int32(clamping: total) : count }
            total += Int(count)
            if unsafe SSL_has_pending(ssl) == 0 { break }
        }
        return Int32(clamping: total)
    }
    /// How many were written; 0 or less when there were none: what SSL_write said.
    @unsafe static func write(_ ssl: OpaquePointer, _ bytes: UnsafeRawBufferPointer) -> Int32 {
        guard let start = bytes.baseAddress else { return 0 }
        var total = 0
        while total < bytes.count {
            ERR_clear_error()
            let count = unsafe SSL_write(ssl, start + total, Int32(clamping: bytes.count - total))
            guard count > 0 else { return total > 0 ? Int32(clamping: total) : count }
            total += Int(count)
        }
        return Int32(clamping: total)
    }

    enum Trouble {
        /// Input, or that who holds the handshake lets it go on.
        case wantsInput
        case wantsRoom
        /// The orderly end of the stream.
        case end
        /// The socket failed, or ended without a word.
        case broken
        /// OpenSSL's queue of errors says what.
        case failed
    }
    /// What a call that moved nothing says.
    @unsafe static func trouble(_ ssl: OpaquePointer, _ result: Int32) -> Trouble {
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_CLIENT_HELLO_CB: .wantsInput
        case SSL_ERROR_WANT_WRITE: .wantsRoom
        case SSL_ERROR_ZERO_RETURN: .end
        case SSL_ERROR_SYSCALL: .broken
        default: .failed
        }
    }
}
