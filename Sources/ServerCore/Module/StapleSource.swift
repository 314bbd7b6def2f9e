// Apache: include/http_ssl.h (ap_ssl_ocsp_prime, ap_ssl_ocsp_get_resp)

import Bytes

/// Who has OCSP answers for certificates (mod_md); asked by who does TLS (mod_ssl), before it looks for answers itself.
public struct StapleSource: Sendable {
    public static let group = ProviderGroup<StapleSource>("ssl_ocsp")

    /// In the parent, for each certificate of a virtual host, in PEM with its chain.
    /// - Returns: Whether answers come from here.
    public var prime: @Sendable (Server, [UInt8]) -> Bool
    /// In a child, during a handshake: the answer to staple for a certificate, named by SHA-1 over its DER form. nil: none yet.
    public var response: @Sendable (Server, [UInt8]) -> [UInt8]?

    public init(
        prime: @escaping @Sendable (Server, [UInt8]) -> Bool,
        response: @escaping @Sendable (Server, [UInt8]) -> [UInt8]?
    ) {
        self.prime = prime
        self.response = response
    }
}
