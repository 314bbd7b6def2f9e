// Apache: modules/md/md_reg.c, modules/md/mod_md.h (md_mod_conf_t)

import ACME
import Bytes
import Kernel
import ServerCore
import Synchronization

/// The domains of a running server with their store. Made in the parent; children and the renewal have it as it was when
/// they were forked.
final class Registry: Sendable {
    struct Entry: Sendable {
        var domain: ManagedDomain
        /// ``Server/number`` of the virtual hosts it is for.
        var servers: [Int] = []
        var certificates: [Certificate?] = []
        var stock: CertificateStock { CertificateStock(domain, certificates) }
    }
    let store: Store
    let config: GlobalConfig
    let settings: RenewalSettings
    private let state: Mutex<[Entry]>
    /// In the parent, and in processes it forked since: a certificate has come into use after the start.
    var hasActivated: Bool { activations.withLock { $0 } }
    private let activations = Mutex(false)
    /// What was published on the board: name and pairs.
    private let published = Mutex<[CertificateBoard.Entry]>([])
    /// Certificates whose OCSP answers are looked after, and what is known of them.
    let stapling = StapleRegistry()

    init(_ store: Store, _ config: GlobalConfig, _ settings: RenewalSettings, _ entries: [Entry]) {
        self.store = store
        self.config = config
        self.settings = settings
        state = Mutex(entries)
    }
    var entries: [Entry] { state.withLock { $0 } }

    /// The domain one of whose names is this one.
    func entry(for name: String) -> Entry? { entries.first { $0.domain.contains(name) } }
    func entry(of server: Server) -> Entry? { entries.first { $0.servers.contains(server.number) } }

    /// In the parent: takes staged certificates of this domain into use and lets the children know.
    /// - Returns: Whether there were some.
    func activate(_ name: String, _ configuration: Configuration) throws(ACMEError) -> Bool {
        guard try Activation.activate(name, store) else { return false }
        activations.withLock { $0 = true }
        state.withLock { entries in
            guard let index = entries.firstIndex(where: { $0.domain.name == name }) else { return }
            let stored = try? store.domain(.domains, name)
            entries[index].domain.account = stored?.account
            entries[index].domain.authority = stored?.authority
            let stock = CertificateStock(entries[index].domain, store)
            entries[index].certificates = stock.certificates
            (entries[index].domain.state, entries[index].domain.stateDescription) = stock.state
            try? store.save(entries[index].domain, .domains)
        }
        publish(name, configuration)
        if let entry = entries.first(where: { $0.domain.name == name }), entry.domain.stapling {
            stapling.forget(name)
            for kind in entry.domain.keyKinds {
                if let pem = try? store.bytes(.domains, name, kind.fileName("pubcert")) { stapling.add(name, pem) }
            }
        }
        return true
    }
    private func publish(_ name: String, _ configuration: Configuration) {
        guard let entry = entries.first(where: { $0.domain.name == name }) else { return }
        let pairs = entry.domain.keyKinds.compactMap { kind -> CertificatePair? in
            guard let certificate = try? store.bytes(.domains, name, kind.fileName("pubcert")),
                let key = try? store.bytes(.domains, name, kind.fileName("privkey"))
            else { return nil }
            return CertificatePair(certificate: certificate, key: key)
        }
        let all = published.withLock { list in
            list.removeAll { $0.name == ByteString(name) }
            list.append(.init(name: ByteString(name), servers: entry.servers, pairs: pairs))
            return list
        }
        guard configuration.certificateBoard?.publish(all) != true else { return }
        configuration.mainServer.log(
            .error, ManagedDomains.log, "\(name): no room for the new certificate: reload the server to use it")
    }
    /// In a child: the certificates of now.
    func current(_ configuration: Configuration) -> [Entry] {
        var list = entries
        guard let (_, board) = configuration.certificateBoard?.entries() else { return list }
        for changed in board {
            guard let index = list.firstIndex(where: { $0.domain.name == changed.name.string }) else { continue }
            list[index].certificates = changed.pairs.map { Certificate.chain(pem: $0.certificate).first }
            (list[index].domain.state, list[index].domain.stateDescription) = list[index].stock.state
        }
        return list
    }
}

extension Configuration {
    var managedDomains: Registry? { mainServer[ManagedDomains.global].registry }
}
