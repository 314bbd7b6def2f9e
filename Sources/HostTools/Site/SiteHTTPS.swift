// Apache: modules/md (MDomain), modules/ssl, as far as a new site needs them
import ACME
import Bytes
import ConfigLanguage
import Kernel

/// Where the certificate of a site comes from.
enum CertificateSource {
    /// A CA that speaks ACME: its URL or known name, nil for the one that the server's configuration names.
    case managed(authority: ByteString?, contact: ByteString?, agrees: Bool)
    /// `martinet ca`: for development.
    case local(certificate: ByteString, key: ByteString)
}

extension ServerTree {
    /// Sections and directives that make managed domains, with their names.
    var managedDomains: [(names: [ByteString], node: Node)] {
        nodes.flatMap(\.all).compactMap { node in
            guard node.isNamed("mdomain") || node.isNamed("<mdomain") || node.isNamed("<mdomainset") else { return nil }
            var words = node.words
            for child in node.children where child.isNamed("mdmember") || child.isNamed("mdmembers") {
                words += child.words
            }
            let names = words.map(\.lowercased).filter { !["auto", "manual"].contains($0) }
            return names.isEmpty ? nil : (names, node)
        }
    }
    /// `MDStoreDir`
    var store: ByteString { absolute(value("MDStoreDir") ?? "md") }
    /// Where a site with TLS is asked; nil when nothing listens for it.
    var securePort: Int? {
        let ports = listens.filter(\.isTLS).map(\.port)
        return ports.contains(443) ? 443 : ports.first
    }
}

/// What `martinet site add --https` does more.
struct SiteHTTPS {
    let source: CertificateSource
    let names: [ByteString]
    let sites: Sites

    /// - Parameter wish: `--ca`: `local`, or the CA.
    init(_ request: SiteAdd.Request, _ sites: Sites) throws(SiteError) {
        self.sites = sites
        names = [request.name] + request.aliases
        let files = sites.files
        if request.authority == "local" {
            source = .local(certificate: files.certificateFile(request.name), key: files.keyFile(request.name))
            for file in [files.certificateFile(request.name), files.keyFile(request.name)] where File.isThere(file) {
                throw SiteError("\(file) is there already", cure: "rm \(file)")
            }
            return
        }
        let tree = sites.tree
        let said = tree.nodes.flatMap(\.all).first {
            $0.isNamed("mdcertificateagreement") && $0.words.first?.equalsIgnoringCase("accepted") == true
        }
        let hasContact = tree.nodes.contains { $0.isNamed("mdcontactemail") || $0.isNamed("serveradmin") }
        source = .managed(authority: request.authority, contact: request.contact, agrees: said == nil)
        if let name = names.first(where: { $0.hasPrefix("*.") }) {
            throw SiteError(
                "\(name): a CA gives certificates for wildcards only after a check by DNS (MDChallengeDns01)",
                cure: "name each alias, or take --ca local")
        }
        guard request.agreesToTerms || said != nil else {
            throw SiteError("a CA wants its terms of service accepted", cure: "read them and say --agree-tos")
        }
        guard request.contact != nil || hasContact else {
            throw SiteError("a CA wants to know whom to tell about certificates", cure: "say --contact ADDRESS")
        }
        for name in names {
            guard let domain = tree.managedDomains.first(where: { $0.names.contains(name) }) else { continue }
            throw SiteError("\(name) is in a managed domain already: \(domain.node.location)")
        }
        if request.authority == nil, tree.value("MDCertificateAuthority") == nil,
            let name = names.first(where: { !Self.isPublic($0) })
        {
            throw SiteError(
                "no public CA gives a certificate for \(name)", cure: "--ca local makes one for development")
        }
    }
    /// RFC 2606, 6761, 6762, 8375 and what has no dot: names that are nobody's.
    static func isPublic(_ name: ByteString) -> Bool {
        let labels = name.split(on: UInt8(ascii: "."))
        let own: Set<ByteString> = [
            "test", "localhost", "invalid", "example", "local", "internal", "arpa", "lan", "home",
        ]
        return labels.count > 1 && labels.last.map { !own.contains($0) } ?? false
    }

    /// For `a2enmod`.
    var modules: [ByteString] {
        switch source {
        case .managed: ["ssl", "http2", "alias", "md"]
        case .local: ["ssl", "http2", "alias"]
        }
    }

    // MARK: Steps

    /// Before anything is changed.
    var firstSteps: [SiteAdd.Step] {
        guard case .managed(let wanted, _, _) = source else { return [] }
        let tree = sites.tree
        let named = wanted ?? tree.value("MDCertificateAuthority") ?? "LetsEncrypt"
        let url = KnownAuthority.url(named: named.string) ?? named.string
        return [
            SiteAdd.Step(title: "ask the CA whether it is there (\(ByteString(url)))") { (_) throws(SiteError) in
                do {
                    let trust = try TrustStore(file: tree.value("MDCACertificateFile").map { tree.absolute($0).string })
                    let proxy = tree.value("MDHttpProxy").flatMap { RequestURL($0.string) }
                    var client = HTTPClient(userAgent: "martinet site", trust: trust, proxy: proxy)
                    client.connectTimeout = 10_000
                    client.timeout = 20_000
                    _ = try ACMEClient(url, client)
                } catch {
                    throw SiteError(
                        ByteString(String(describing: error)),
                        cure: "--ca URL names another CA; --ca local makes a certificate for development without one")
                }
            }
        ]
    }
    /// The files that the virtual host names.
    var certificateSteps: [SiteAdd.Step] {
        guard case .local(let certificate, let key) = source else { return [] }
        let authority = LocalAuthority(directory: LocalAuthority.standardDirectory)
        var steps: [SiteAdd.Step] = []
        if !authority.exists {
            steps.append(
                SiteAdd.Step(title: "make a certification authority for this machine (\(authority.directory))") {
                    (journal) throws(SiteError) in
                    try journal.makeDirectory(authority.directory, mode: 0o755)
                    journal.record("remove \(authority.directory)") { () throws(SiteError) in
                        try Journal.remove(authority.certificateFile)
                        try Journal.remove(authority.keyFile)
                    }
                    try authority.make()
                })
        }
        let names = names
        steps.append(
            SiteAdd.Step(title: "issue \(certificate) for \(ByteString(joining: names))") {
                (journal) throws(SiteError) in
                let issued = try authority.issue(names)
                try journal.makeDirectory(RelativePath.directory(of: certificate), mode: 0o755)
                try journal.write(key, ByteString(issued.key), mode: 0o600)
                try journal.write(certificate, ByteString(issued.chain))
            })
        return steps
    }
    /// After the modules are there: ports.conf listens on 443 when ssl is enabled, unless somebody changed it.
    var portStep: SiteAdd.Step {
        let files = sites.files
        return SiteAdd.Step(title: "check that the server listens for HTTPS (\(files.apache)/ports.conf)") {
            (_) throws(SiteError) in
            guard ServerTree(files.apache).securePort == nil else { return }
            throw SiteError(
                "nothing says that the server listens on port 443",
                cure: "echo 'Listen 443' >> \(files.apache)/ports.conf, and again")
        }
    }

    /// Looks at what comes of it, for a minute. The certificate may also come later.
    func awaitCertificate(_ server: WebServer, _ say: (ByteString) -> Void) {
        guard case .managed = source, server.isRunning else { return }
        let stock = ManagedStock(tree: ServerTree(sites.files.apache), name: names[0])
        say("wait for the certificate (\(stock.folder))")
        var isToldToReload = false
        let came = Patience.until(milliseconds: 60_000) {
            // Apache takes it up with a reload only.
            if server.running?.name == "apache2", !isToldToReload, stock.isStaged {
                isToldToReload = true
                try? server.reload()
            }
            return stock.certificate != nil || stock.complaint != nil
        }
        if came, stock.certificate != nil { return say("the certificate is there") }
        let reason = stock.complaint.map { ": \($0)" } ?? ""
        say("It has not come yet\(reason). The server goes on trying; martinet site doctor \(names[0]) tells more.")
    }
}

/// A managed domain in mod_md's store.
struct ManagedStock {
    let tree: ServerTree
    let name: ByteString

    var folder: ByteString { "\(tree.store)/domains/\(name)" }
    /// `pubcert.pem`, `pubcert.secp256r1.pem`: not the stand-ins.
    var certificate: ByteString? { FileGlob.names("\(folder)/pubcert*.pem").first }
    var key: ByteString? {
        certificate.map { file in
            let short = file.from(folder.count + "/pubcert".utf8.count)
            return "\(folder)/privkey\(short)"
        }
    }
    var isStaged: Bool { job?.isFinished == true }
    private var job: Job? {
        let file: ByteString = "\(tree.store)/staging/\(name)/job.json"
        guard let text = try? File.readWhole(file, limit: 1 << 20), let json = try? JSON(text) else { return nil }
        return Job(name.string, json)
    }
    /// What the last attempt failed by.
    var complaint: ByteString? {
        guard let job, job.errors > 0, let last = job.last else { return nil }
        return ByteString([last.problem, last.detail].compactMap { $0 }.joined(separator: " "))
    }
}
