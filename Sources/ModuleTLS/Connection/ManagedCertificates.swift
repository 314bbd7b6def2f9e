// Apache: modules/ssl/ssl_engine_kernel.c (set_challenge_creds), openssl/ssl.h SSL_use_cert_and_key

import Bytes
import CTLS
import ServerCore
import Synchronization

/// A certificate, its chain and its key as another module has them, ready to be shown on any connection.
@safe final class CertificateInMemory: @unchecked Sendable {
    // SAFETY: none of these changes after it was made; OpenSSL counts references atomically.
    private let certificate: OpaquePointer
    private let key: OpaquePointer
    private let chain: OpaquePointer

    /// nil where the texts are no certificate and key.
    init?(_ pair: CertificatePair) {
        defer { ERR_clear_error() }
        guard let size = Int32(exactly: pair.certificate.count), let keySize = Int32(exactly: pair.key.count) else {
            return nil
        }
        var list: [OpaquePointer] = unsafe []
        var found: OpaquePointer?
        unsafe pair.certificate.withUnsafeBytes { bytes in
            let bio = unsafe BIO_new_mem_buf(bytes.baseAddress, size)
            while let next = unsafe PEM_read_bio_X509(bio, nil, nil, nil) { unsafe list.append(next) }
            unsafe BIO_free(bio)
        }
        unsafe pair.key.withUnsafeBytes { bytes in
            let bio = unsafe BIO_new_mem_buf(bytes.baseAddress, keySize)
            unsafe found = PEM_read_bio_PrivateKey(bio, nil, nil, nil)
            unsafe BIO_free(bio)
        }
        guard let first = unsafe list.first, let key = unsafe found, let stack = unsafe OPENSSL_sk_new_null() else {
            while let one = unsafe list.popLast() { unsafe X509_free(one) }
            unsafe EVP_PKEY_free(found)
            return nil
        }
        for index in unsafe list.indices.dropFirst() {
            unsafe _ = OPENSSL_sk_push(stack, UnsafeRawPointer(list[index]))
        }
        unsafe certificate = first
        unsafe self.key = key
        unsafe chain = stack
    }
    deinit {
        while let one = unsafe OPENSSL_sk_pop(chain) { unsafe X509_free(OpaquePointer(one)) }
        unsafe OPENSSL_sk_free(chain)
        unsafe X509_free(certificate)
        unsafe EVP_PKEY_free(key)
    }
    /// Shows it on this connection, beside those of other key types.
    func use(on ssl: OpaquePointer) { unsafe _ = SSL_use_cert_and_key(ssl, certificate, key, chain, 1) }
}

/// Certificates that changed since the server's contexts were made: what mod_md got meanwhile.
final class ManagedCertificates: Sendable {
    private struct State {
        var version: UInt64 = 0
        var byServer: [Int: [CertificateInMemory]] = [:]
    }
    private let board: CertificateBoard?
    private let state = Mutex(State())

    init(_ board: CertificateBoard?) { self.board = board }

    /// Replaces what a connection to this server would show, when there is something newer. One atomic load where nothing
    /// ever changed.
    /// - Returns: Whether there was something newer.
    func apply(to ssl: OpaquePointer, of server: Server) -> Bool {
        guard let board, case let version = board.version, version > 0 else { return false }
        let list = state.withLock { state in
            if version != state.version, let (read, entries) = board.entries() {
                state.version = read
                state.byServer = [:]
                for entry in entries {
                    let certificates = entry.pairs.compactMap { CertificateInMemory($0) }
                    for number in entry.servers { state.byServer[number] = certificates }
                }
            }
            return state.byServer[server.number] ?? []
        }
        guard !list.isEmpty else { return false }
        unsafe SSL_certs_clear(ssl)
        for one in list { unsafe one.use(on: ssl) }
        return true
    }
}
