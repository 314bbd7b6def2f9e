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
    /// Why the certificate is the machine's own authority's, though nobody said `--ca local`.
    let reason: ByteString?
    let names: [ByteString]
    let sites: Sites

    /// Without `--ca` a site whose names no public CA knows, or whose CA cannot be reached, gets a certificate of the machine's
    /// own authority. A CA that was named is the one that is wanted: when it is not there, the steps fail.
    init(_ request: SiteAdd.Request, _ sites: Sites) throws(SiteError) {
        let names = [request.name] + request.aliases
        (self.sites, self.names) = (sites, names)
        var reason = request.authority == "local" ? nil : Self.whyNoPublic(request, sites.tree, names)
        if request.authority != "local", reason == nil {
            try Self.checkManaged(request, sites.tree, names)
            if request.authority == nil { reason = Self.ask(Self.url(nil, sites.tree), sites.tree) }
        }
        self.reason = reason
        guard request.authority == "local" || reason != nil else {
            let agrees = Self.agreement(sites.tree) == nil
            source = .managed(authority: request.authority, contact: request.contact, agrees: agrees)
            return
        }
        let files = sites.files
        source = .local(certificate: files.certificateFile(request.name), key: files.keyFile(request.name))
        for file in [files.certificateFile(request.name), files.keyFile(request.name)] where File.isThere(file) {
            throw SiteError("\(file) is there already", cure: "rm \(file)")
        }
    }
    private static func agreement(_ tree: ServerTree) -> Node? {
        tree.nodes.flatMap(\.all).first {
            $0.isNamed("mdcertificateagreement") && $0.words.first?.equalsIgnoringCase("accepted") == true
        }
    }
    /// That the server could ask a CA for a certificate for these names.
    private static func checkManaged(
        _ request: SiteAdd.Request, _ tree: ServerTree, _ names: [ByteString]
    ) throws(SiteError) {
        if let name = names.first(where: { $0.hasPrefix("*.") }) {
            throw SiteError(
                "\(name): a CA gives certificates for wildcards only after a check by DNS (MDChallengeDns01)",
                cure: "name each alias, or take --ca local")
        }
        guard request.agreesToTerms || agreement(tree) != nil else {
            throw SiteError("a CA wants its terms of service accepted", cure: "read them and say --agree-tos")
        }
        let hasContact = tree.nodes.contains { $0.isNamed("mdcontactemail") || $0.isNamed("serveradmin") }
        guard request.contact != nil || hasContact else {
            throw SiteError("a CA wants to know whom to tell about certificates", cure: "say --contact ADDRESS")
        }
        for name in names {
            guard let domain = tree.managedDomains.first(where: { $0.names.contains(name) }) else { continue }
            throw SiteError("\(name) is in a managed domain already: \(domain.node.location)")
        }
    }
    private static func whyNoPublic(
        _ request: SiteAdd.Request, _ tree: ServerTree, _ names: [ByteString]
    ) -> ByteString? {
        guard request.authority == nil, tree.value("MDCertificateAuthority") == nil,
            let name = names.first(where: { !isPublic($0) })
        else { return nil }
        return "no public CA gives a certificate for \(name)"
    }
    /// The directory (RFC 8555, 7.1.1) of the CA that is wanted.
    private static func url(_ wanted: ByteString?, _ tree: ServerTree) -> String {
        let named = wanted ?? tree.value("MDCertificateAuthority") ?? "LetsEncrypt"
        return KnownAuthority.url(named: named.string) ?? named.string
    }
    /// - Returns: Why the CA cannot be asked for certificates; nil when it can.
    private static func ask(_ url: String, _ tree: ServerTree) -> ByteString? {
        do {
            let trust = try TrustStore(file: tree.value("MDCACertificateFile").map { tree.absolute($0).string })
            let proxy = tree.value("MDHttpProxy").flatMap { RequestURL($0.string) }
            var client = HTTPClient(userAgent: "martinet site", trust: trust, proxy: proxy)
            client.connectTimeout = 10_000
            client.timeout = 20_000
            _ = try ACMEClient(url, client)
            return nil
        } catch {
            return ByteString(String(describing: error))
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

    /// Before anything is changed: whether the CA that was named is there. (The one of the configuration has been asked.)
    var firstSteps: [SiteAdd.Step] {
        guard case .managed(let wanted?, _, _) = source else { return [] }
        let tree = sites.tree
        let url = Self.url(wanted, tree)
        return [
            SiteAdd.Step(title: "ask the CA whether it is there (\(ByteString(url)))") { (_) throws(SiteError) in
                guard let complaint = Self.ask(url, tree) else { return }
                throw SiteError(
                    complaint,
                    cure: "--ca URL names another CA; --ca local makes a certificate for development without one")
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
