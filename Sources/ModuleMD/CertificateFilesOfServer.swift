// Apache: modules/md/mod_md.c (get_certificates, make_fallback_cert)

import ACME
import Bytes
import ServerCore

/// The files for a virtual host: those of its domain, or stand-ins until there are some. In the parent.
enum CertificateFilesOfServer {
    @Sendable static func find(_ server: Server) -> CertificateFiles? {
        guard let registry = server.configuration.managedDomains, let entry = registry.entry(of: server) else {
            return nil
        }
        let domain = entry.domain
        if domain.isStatic {
            let pairs = zip(domain.certificateFiles, domain.keyFiles).map { (ByteString($0), ByteString($1)) }
            return CertificateFiles(pairs: pairs, isFallback: false)
        }
        let store = registry.store
        let name = domain.name
        let pairs = domain.keyKinds.filter { kind in
            store.exists(.domains, name, kind.fileName("pubcert"))
                && store.exists(.domains, name, kind.fileName("privkey"))
        }.map { kind in
            (store.path(.domains, name, kind.fileName("pubcert")), store.path(.domains, name, kind.fileName("privkey")))
        }
        guard pairs.isEmpty else { return CertificateFiles(pairs: pairs, isFallback: false) }
        return fallback(domain, store, server)
    }
    private static func fallback(_ domain: ManagedDomain, _ store: Store, _ server: Server) -> CertificateFiles? {
        var pairs: [(certificate: ByteString, key: ByteString)] = []
        for kind in domain.keyKinds {
            let keyFile = "fallback-" + kind.fileName("privkey")
            let file = "fallback-" + kind.fileName("pubcert")
            if !store.exists(.domains, domain.name, keyFile) || !store.exists(.domains, domain.name, file) {
                do {
                    let key = try PrivateKey(generating: kind)
                    try store.save(key, .domains, domain.name, keyFile)
                    try store.save([try Certificate.fallback(domain.domains, key: key)], .domains, domain.name, file)
                } catch {
                    server.log(
                        .error, ManagedDomains.log,
                        ByteString("AH10174: \(domain.name): make fallback \(kind.name) certificate"))
                    return nil
                }
            }
            pairs.append((store.path(.domains, domain.name, file), store.path(.domains, domain.name, keyFile)))
        }
        return CertificateFiles(pairs: pairs, isFallback: true)
    }
}
