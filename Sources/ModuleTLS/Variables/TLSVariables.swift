// Apache: modules/ssl/ssl_engine_vars.c

import Bytes
import CTLS
import Expressions
import ServerCore

/// The variables that begin with `SSL_`.
enum TLSVariables {
    /// A variable's value; nil for an unknown one, and on a connection without TLS (ssl_var_lookup).
    @Sendable static func lookup(_ request: Request, _ name: ByteString) -> ByteString? {
        let transport = request.connection.transport as? TLSTransport
        if name.equalsIgnoringCase("HTTPS") { return request.connection.isSecure ? "on" : "off" }
        guard name.hasPrefixIgnoringCase("SSL_") else { return RequestVariables.lookup(request, name) }
        let rest = name.from(4).uppercased
        switch rest {
        case "VERSION_INTERFACE": return TLSFacts.interface
        case "VERSION_LIBRARY", "VERSION_LIBRARY_INTERFACE": return TLSFacts.library
        default: break
        }
        guard let transport, transport.isSecure else { return nil }
        if rest.hasPrefix("CLIENT_CERT_CHAIN_"), let number = rest.from(18).decimal {
            let chain = transport.clientChain
            return chain.indices.contains(number) ? chain[number].pem : nil
        }
        if let value = connection(rest, transport) { return value }
        let legacy = request[TLS.directory].effective.contains(.legacyDNFormat)
        if rest.hasPrefix("CLIENT_") {
            return transport.clientCertificate.flatMap { certificate($0, rest.from(7), legacy: legacy) }
        }
        if rest.hasPrefix("SERVER_") {
            return transport.serverCertificate.flatMap { certificate($0, rest.from(7), legacy: legacy) }
        }
        return nil
    }

    /// `PeerExtList(…)`: the name is a long one, a short one or an OID (ssl_ext_list).
    @Sendable static func peerExtensions(_ request: Request, _ name: ByteString) -> [ByteString] {
        guard let transport = request.connection.transport as? TLSTransport, transport.isSecure else { return [] }
        return transport.clientCertificate?.extensions(name) ?? []
    }

    private static func connection(_ name: ByteString, _ transport: TLSTransport) -> ByteString? {
        switch name {
        case "PROTOCOL": transport.version
        case "CIPHER": transport.cipher?.name
        case "CIPHER_EXPORT": (transport.cipher?.usedBits ?? 0) < 56 ? "true" : "false"
        case "CIPHER_USEKEYSIZE": ByteString(decimal: transport.cipher?.usedBits ?? 0)
        case "CIPHER_ALGKEYSIZE": ByteString(decimal: transport.cipher?.bits ?? 0)
        case "SESSION_ID": transport.sessionID
        case "SESSION_RESUMED": transport.isResumed ? "Resumed" : "Initial"
        case "COMPRESS_METHOD": "NULL"
        case "SECURE_RENEG": transport.isSecureRenegotiationSupported ? "true" : "false"
        case "TLS_SNI": transport.serverName
        case "CLIENT_VERIFY": transport.verification(transport.clientCertificate)
        case "CLIENT_VERIFY_ERROR": transport.verifyErrorText
        case "CLIENT_CERT_RFC4523_CEA":
            transport.clientCertificate.map(exactAssertion)
        default: nil
        }
    }

    /// CertificateExactAssertion (RFC 4523, appendix A.1).
    static func exactAssertion(_ certificate: Certificate) -> ByteString {
        "{ serialNumber \(certificate.decimalSerial), issuer rdnSequence:\"\(certificate.issuer?.text() ?? "")\" }"
    }
    static func certificate(_ certificate: Certificate, _ name: ByteString, legacy: Bool) -> ByteString? {
        switch name {
        case "M_VERSION": return ByteString(decimal: certificate.version)
        case "M_SERIAL": return certificate.serial
        case "V_START": return certificate.notBefore
        case "V_END": return certificate.notAfter
        case "V_REMAIN": return ByteString(decimal: certificate.remainingDays)
        case "S_DN": return certificate.subject?.text(legacy: legacy)
        case "I_DN": return certificate.issuer?.text(legacy: legacy)
        case "A_SIG": return certificate.signatureAlgorithm
        case "A_KEY": return certificate.keyAlgorithm
        case "CERT": return certificate.pem
        default: break
        }
        if name.hasPrefix("S_DN_") { return part(certificate.subject, name.from(5)) }
        if name.hasPrefix("I_DN_") { return part(certificate.issuer, name.from(5)) }
        if name.hasPrefix("SAN_") { return alternative(certificate, name.from(4)) }
        return nil
    }
    /// `CN`, or `CN_1` for the second of several; `_RAW` changes nothing for what is text anyway.
    private static func part(_ name: Certificate.Name?, _ wanted: ByteString) -> ByteString? {
        guard let name else { return nil }
        var wanted = wanted
        if wanted.hasSuffix("_RAW") { wanted = wanted.upTo(wanted.count - 4) }
        var index = 0
        if let mark = wanted.firstIndex(of: UInt8(ascii: "_")), let number = wanted.from(mark + 1).decimal {
            index = number
            wanted = wanted.upTo(mark)
        }
        let values = name.values(wanted)
        return values.indices.contains(index) ? values[index] : nil
    }
    /// Upper case: names are compared without regard to it.
    private static let alternatives: [(prefix: ByteString, kind: Certificate.NameKind)] = [
        ("EMAIL_", .email), ("DNS_", .dns), ("OTHER_MSUPN_", .userPrincipal), ("OTHER_DNSSRV_", .dnsService),
    ]
    private static func alternative(_ certificate: Certificate, _ name: ByteString) -> ByteString? {
        guard let found = alternatives.first(where: { name.hasPrefix($0.prefix) }),
            let number = name.from(found.prefix.count).decimal, number < 10_000
        else { return nil }
        let names = certificate.alternativeNames(found.kind)
        return names.indices.contains(number) ? names[number] : nil
    }
}
