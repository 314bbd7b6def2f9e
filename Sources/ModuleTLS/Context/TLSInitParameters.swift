// Apache: modules/ssl/ssl_engine_init.c (ssl_init_server_certs, modssl_init_stapling)

import Bytes
import CTLS
import ServerCore

extension TLSInit {
    /// DH parameters and the name of a curve in the first certificate file.
    static func useParameters(_ context: TLSContext, _ server: Server, _ file: ByteString?) {
        guard let file else { return }
        let found = context.useParameters(file)
        if found.bits > 0 {
            server.configuration.say(
                .debug, "ssl",
                "AH02540: Custom DH parameters (\(found.bits) bits) for \(server.sslID) loaded from \(file)")
        }
        if found.curve != 0 {
            server.configuration.say(
                .debug, "ssl",
                "AH02541: ECDH curve \(Certificate.shortName(found.curve)) for \(server.sslID) specified in \(file)")
        }
    }
    /// `SSLUseStapling`, when the certificates are there.
    static func prepareStapling(_ context: TLSContext, _ server: Server) throws(DirectiveError) {
        guard server[TLS.server].stapling.isEnabled.value(default: false) else { return }
        guard let setup = Stapling.prepare(context, server) else {
            throw fail(server, ["AH01958: SSLStapling: no stapling cache available"])
        }
        context.staple(with: setup)
        server.configuration.say(.debug, "ssl", "AH01960: OCSP stapling initialized")
    }
    /// `SSLOCSPResponderCertificateFile`.
    static func responderCertificates(
        _ server: Server, _ config: TLSServerConfig
    ) throws(DirectiveError) -> [Certificate] {
        guard let file = config.revocation.certificates.value else { return [] }
        guard let list = Certificate.all(in: file), !list.isEmpty else {
            throw fail(server, ["Unable to configure OCSP Trusted Certificates"])
        }
        return list
    }
}

extension TLSContext {
    /// The bits of DH parameters and the curve that a certificate file holds besides certificates; 0 for none.
    func useParameters(_ file: ByteString) -> (bits: Int32, curve: Int32) {
        defer { OpenSSLError.clear() }
        var found: (bits: Int32, curve: Int32) = (0, 0)
        if let bio = unsafe file.withCString({ unsafe BIO_new_file($0, "r") }) {
            found.bits = unsafe ctls_use_parameters(context, bio)
            unsafe BIO_free(bio)
        }
        if let bio = unsafe file.withCString({ unsafe BIO_new_file($0, "r") }) {
            found.curve = unsafe ctls_use_group(context, bio)
            unsafe BIO_free(bio)
        }
        return found
    }
}
