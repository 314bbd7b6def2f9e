// Apache: modules/ssl/ssl_engine_kernel.c (ssl_hook_Access_classic, ssl_hook_Access_modern)

import Bytes
import ServerCore

/// Directories that ask for more than the handshake did.
enum ClientRequests {
    static func verify(_ request: Request, _ transport: TLSTransport, _ config: TLSDirectoryConfig) -> Outcome {
        guard let wanted = config.verifyClient.value, wanted == .require else { return .declined }
        request.doNotReuse()
        guard transport.clientCertificate != nil else {
            request.log(.error, "ssl", "AH02263: Re-negotiation handshake failed: Client certificate missing")
            return .status(403)
        }
        guard transport.verifyResult == 0 else {
            request.log(.error, "ssl", "AH02262: Re-negotiation handshake failed: Client verification failed")
            return .status(403)
        }
        return .declined
    }
}
