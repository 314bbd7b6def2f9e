// Apache: modules/md/md_curl.c (which leaves this to libcurl)

import Bytes
import COpenSSL
import Kernel

/// Whom a client trusts.
@safe
public final class TrustStore: @unchecked Sendable {
    // SAFETY: an SSL_CTX is not changed after it was made; its count of references is atomic.
    let context: OpaquePointer

    /// - Parameter file: PEM certificates to trust instead of the system's.
    public init(file: String?) throws(CryptographyError) {
        guard let made = unsafe SSL_CTX_new(TLS_client_method()) else { throw CryptographyError("no TLS") }
        unsafe context = made
        unsafe certificates_tls_minimum(made)
        unsafe SSL_CTX_set_verify(made, SSL_VERIFY_PEER, nil)
        let isLoaded =
            unsafe file.map { unsafe SSL_CTX_load_verify_file(made, $0) } ?? SSL_CTX_set_default_verify_paths(made)
        guard isLoaded == 1 else {
            throw CryptographyError("cannot read the certificates of \(file ?? "the system")")
        }
    }
    /// Trusts whoever answers: to look at what is shown, never to tell anything.
    fileprivate init(blind: Void) throws(CryptographyError) {
        guard let made = unsafe SSL_CTX_new(TLS_client_method()) else { throw CryptographyError("no TLS") }
        unsafe context = made
        unsafe SSL_CTX_set_verify(made, SSL_VERIFY_NONE, nil)
    }
    deinit { unsafe SSL_CTX_free(context) }
}

/// What a server shows under a name.
public enum TLSProbe {
    /// - Parameter timeout: For connecting and shaking hands, in milliseconds.
    public static func certificate(_ name: String, _ address: SocketAddress, timeout: UInt64) throws -> Certificate {
        let deadline = MonotonicTime.milliseconds + timeout
        let socket = try Socket.connect(.ip(address))
        try SocketWait.writable(socket.raw, until: deadline)
        if let error = Socket.connectResult(socket.raw) { throw error }
        let connection = try TLSConnection(
            socket.raw, host: name, trust: TrustStore(blind: ()), until: deadline)
        guard let shown = connection.peerCertificate else { throw CryptographyError("no certificate") }
        return shown
    }
}

/// The client's end of TLS over a connected, non-blocking socket. Every call blocks until it is done or too late.
@safe
final class TLSConnection {
    private let raw: OpaquePointer
    private let socket: Int32

    /// Shakes hands and verifies that the peer's certificate is for `host`.
    init(_ socket: Int32, host: String, trust: TrustStore, until deadline: UInt64) throws(HTTPError) {
        guard let made = unsafe SSL_new(trust.context) else { throw .tls("no memory") }
        unsafe raw = made
        self.socket = socket
        unsafe SSL_set_fd(made, socket)
        if SocketAddress(ByteString(host), port: 0) != nil {
            unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(made), host)
        } else {
            unsafe certificates_tls_name(made, host)
            unsafe SSL_set1_host(made, host)
        }
        while true {
            let result = unsafe SSL_connect(made)
            if result == 1 { return }
            do throws(HTTPError) {
                unsafe try wait(SSL_get_error(made, result), deadline)
            } catch {
                guard unsafe certificates_verify_result(made) != 0 else { throw error }
                throw .tls("certificate of \(host): " + (unsafe String(cString: certificates_verify_text(made))))
            }
        }
    }
    deinit { unsafe SSL_free(raw) }

    var peerCertificate: Certificate? {
        guard let shown = unsafe SSL_get1_peer_certificate(raw) else { return nil }
        return unsafe Certificate(owning: shown)
    }
    private func wait(_ reason: Int32, _ deadline: UInt64) throws(HTTPError) {
        switch reason {
        case SSL_ERROR_WANT_READ: try SocketWait.readable(socket, until: deadline)
        case SSL_ERROR_WANT_WRITE: try SocketWait.writable(socket, until: deadline)
        default: throw .tls(CryptographyError("the connection ended").description)
        }
    }
    func write(_ bytes: [UInt8], until deadline: UInt64) throws(HTTPError) {
        var count = 0
        while true {
            if unsafe SSL_write_ex(raw, bytes, bytes.count, &count) == 1 { return }
            unsafe try wait(SSL_get_error(raw, 0), deadline)
        }
    }
    /// Appends what came; false at the end.
    func read(into buffer: inout [UInt8], until deadline: UInt64) throws(HTTPError) -> Bool {
        var room = [UInt8](repeating: 0, count: 16384)
        var count = 0
        while true {
            if unsafe SSL_read_ex(raw, &room, room.count, &count) == 1 {
                buffer += room.prefix(count)
                return true
            }
            let reason = unsafe SSL_get_error(raw, 0)
            if reason == SSL_ERROR_ZERO_RETURN { return false }
            try wait(reason, deadline)
        }
    }
}
