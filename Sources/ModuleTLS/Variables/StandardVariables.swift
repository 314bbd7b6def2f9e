// Apache: modules/ssl/ssl_engine_kernel.c (ssl_hook_Fixup), ssl_engine_vars.c (modssl_var_extract_dns, modssl_var_extract_san_entries)

import Bytes
import CTLS
import ServerCore

/// `SSLOptions +StdEnvVars` and `+ExportCertData`: what scripts are told of a connection.
enum StandardVariables {
    static func export(_ request: Request, _ transport: TLSTransport) {
        let options = request[TLS.directory].effective
        if options.contains(.stdEnvVars) {
            request.doNotReuse()
            let isLegacy = options.contains(.legacyDNFormat)
            var table =
                transport.serverCertificate.map { ServerVariables.of(transport.worker).table($0, legacy: isLegacy) }
                ?? Table()
            table.reserve(entries: table.count + 16, bytes: table.storage.count + 512)
            if let client = transport.clientCertificate { add(client, "SSL_CLIENT", legacy: isLegacy, to: &table) }
            addConnection(transport, to: &table)
            request.env.overlap(table)
        }
        if options.contains(.exportCertData) {
            request.doNotReuse()
            request.env.set("SSL_SERVER_CERT", transport.serverCertificate?.pem ?? "")
            request.env.set("SSL_CLIENT_CERT", transport.clientCertificate?.pem ?? "")
            for (index, certificate) in transport.clientChain.enumerated() {
                request.env.set("SSL_CLIENT_CERT_CHAIN_\(index)", certificate.pem)
            }
        }
    }

    private static func addConnection(_ transport: TLSTransport, to table: inout Table) {
        func add(_ name: StaticString, _ value: ByteString) {
            if !value.isEmpty { table.add(variable: name, value) }
        }
        add("SSL_VERSION_INTERFACE", TLSFacts.interface)
        add("SSL_VERSION_LIBRARY", TLSFacts.library)
        add("SSL_PROTOCOL", transport.version)
        add("SSL_SECURE_RENEG", transport.isSecureRenegotiationSupported ? "true" : "false")
        add("SSL_COMPRESS_METHOD", "NULL")
        let cipher = transport.cipher
        add("SSL_CIPHER", cipher?.name ?? "")
        add("SSL_CIPHER_EXPORT", (cipher?.usedBits ?? 0) < 56 ? "true" : "false")
        add("SSL_CIPHER_USEKEYSIZE", ByteString(decimal: cipher?.usedBits ?? 0))
        add("SSL_CIPHER_ALGKEYSIZE", ByteString(decimal: cipher?.bits ?? 0))
        add("SSL_CLIENT_VERIFY", transport.verification(transport.clientCertificate))
        add("SSL_SESSION_ID", transport.sessionID)
        add("SSL_SESSION_RESUMED", transport.isResumed ? "Resumed" : "Initial")
    }

    private static let parts: [ByteString] = [
        "M_VERSION", "M_SERIAL", "V_START", "V_END", "S_DN", "I_DN", "A_KEY", "A_SIG",
    ]
    /// Only of clients'.
    private static let clientParts: [ByteString] = ["V_REMAIN", "CERT_RFC4523_CEA"]

    /// What is told of one certificate. `prefix` is `SSL_SERVER` or `SSL_CLIENT`.
    static func add(_ certificate: Certificate, _ prefix: ByteString, legacy: Bool, to table: inout Table) {
        let isClient = prefix == "SSL_CLIENT"
        for part in isClient ? parts + clientParts : parts {
            let value =
                part == "CERT_RFC4523_CEA"
                ? TLSVariables.exactAssertion(certificate) : TLSVariables.certificate(certificate, part, legacy: legacy)
            if let value, !value.isEmpty { table.add("\(prefix)_\(part)", value) }
        }
        for (name, letter) in [(certificate.subject, "S"), (certificate.issuer, "I")] {
            var seen: [Int32: Int] = [:]
            for entry in name?.entries ?? [] {
                guard let known = Certificate.Name.nids.first(where: { $0.nid == entry.nid }) else { continue }
                let count = seen[entry.nid, default: 0]
                seen[entry.nid] = count + 1
                let suffix: ByteString = count == 0 ? "" : "_\(count)"
                table.set("\(prefix)_\(ByteString(letter))_DN_\(known.name)\(suffix)", entry.value)
            }
        }
        let kinds: [(kind: Certificate.NameKind, name: ByteString)] = [
            (.email, "SAN_Email"), (.dns, "SAN_DNS"),
            isClient ? (.userPrincipal, "SAN_OTHER_msUPN") : (.dnsService, "SAN_OTHER_dnsSRV"),
        ]
        for (kind, name) in kinds {
            for (index, value) in certificate.alternativeNames(kind).enumerated() {
                table.set("\(prefix)_\(name)_\(index)", value)
            }
        }
    }
}

/// What is told of the server's certificates, which is the same for each request. One loop's.
final class ServerVariables {
    private struct Key: Hashable {
        var certificate: Int
        var isLegacy: Bool
    }
    /// The certificates are held, so that no other comes to stand at the same address.
    private var tables: [Key: (certificate: Certificate, table: Table)] = [:]
    /// More than one loop has at a time; certificates that are replaced while the server runs do not pile up.
    private static let limit = 1024
    private static let key = ObjectIdentifier(ServerVariables.self)

    static func of(_ worker: Worker) -> ServerVariables {
        if let known = worker.moduleState[key] as? ServerVariables { return known }
        let made = ServerVariables()
        worker.moduleState[key] = made
        return made
    }
    func table(_ certificate: Certificate, legacy: Bool) -> Table {
        let key = unsafe Key(certificate: Int(bitPattern: certificate.pointer), isLegacy: legacy)
        if let known = tables[key] { return known.table }
        var table = Table()
        StandardVariables.add(certificate, "SSL_SERVER", legacy: legacy, to: &table)
        if tables.count >= Self.limit { tables.removeAll(keepingCapacity: true) }
        tables[key] = (certificate, table)
        return table
    }
}
