// openssl x509, openssl s_client: whether a browser will believe the site
import ACME
import Bytes
import ConfigLanguage
import Kernel

extension SiteDoctor {
    mutating func examineCertificates() {
        let secure = site.hosts.filter(\.usesTLS)
        guard let first = secure.first else { return }
        guard sites.tree.isLoaded("ssl_module") else {
            return find(
                Finding(
                    "module-missing", first.location, "SSLEngine needs ssl, which is not enabled",
                    cure: "a2enmod ssl && \(server.reloadCommand)"))
        }
        for host in secure {
            let managed = sites.tree.managedDomains.first { domain in
                ([host.name] + host.aliases).contains { $0.map { domain.names.contains($0.text) } ?? false }
            }
            if let managed {
                examine(host, managed.names[0], managed.node)
            } else if host.certificates.isEmpty {
                find(
                    Finding(
                        "certificate-missing", host.location, "nothing says which certificate to show",
                        cure: "martinet ca issue \(site.name) --out \(sites.files.certificates)"))
            } else {
                for (index, file) in host.certificates.enumerated() {
                    let key = host.certificateKeys.count > index ? host.certificateKeys[index] : file
                    examine(host, file.text, key.text, at: file.location, managed: false)
                }
            }
        }
        if findings.allSatisfy(\.isWarning) { examineHandshake(secure) }
    }

    // MARK: Managed domains

    private mutating func examine(_ host: VirtualHost, _ name: ByteString, _ node: Node) {
        if !sites.tree.isLoaded("md_module") {
            return find(
                Finding(
                    "module-missing", node.location, "needs md, which is not enabled",
                    cure: "a2enmod md && \(server.reloadCommand)"))
        }
        examineChallenge(node)
        let stock = ManagedStock(tree: sites.tree, name: name)
        let log = host.logs.first?.text ?? "\(sites.files.apache)"
        guard let certificate = stock.certificate, let key = stock.key else {
            let reason = stock.complaint.map { ": \($0)" } ?? ""
            return find(
                Finding(
                    "certificate-missing", node.location, "the CA has given no certificate yet\(reason)",
                    cure: "tail \(sites.tree.value("ErrorLog").map(sites.tree.absolute) ?? log)"))
        }
        examine(host, certificate, key, at: node.location, managed: true)
        if let complaint = stock.complaint {
            find(
                Finding(
                    "renewal-fails", node.location, "the last attempt to renew the certificate failed: \(complaint)",
                    cure: "tail \(log)", isWarning: true))
        }
    }
    /// http-01: the CA asks on port 80.
    private mutating func examineChallenge(_ node: Node) {
        let challenges = sites.tree.nodes.flatMap(\.all).last { $0.isNamed("mdcachallenges") }?.words ?? ["http-01"]
        guard challenges.contains(where: { $0.equalsIgnoringCase("http-01") }), server.isRunning else { return }
        let port = UInt16(truncatingIfNeeded: sites.tree.plainPort)
        let path: ByteString = "/.well-known/acme-challenge/martinet-site-doctor"
        let place: ByteString = "http://\(site.name)\(path)"
        guard let status = HTTPProbe.status(of: site.name, port: port, path: path) else {
            return find(
                Finding(
                    "challenge-closed", place, "gets no answer on 127.0.0.1, and the CA asks there",
                    cure: "grep -rn '^Listen' \(sites.files.apache)/ports.conf"))
        }
        // 404 while a challenge is awaited; otherwise whatever the site does with it.
        if status == 401 || status == 403 || status >= 500 {
            find(
                Finding(
                    "challenge-closed", place, "is answered with \(status), and the CA asks there",
                    cure: "grep -rn 'well-known' \(sites.files.apache)/*-enabled", isWarning: true))
        }
    }

    // MARK: One certificate

    private mutating func examine(
        _ host: VirtualHost, _ file: ByteString, _ keyFile: ByteString, at place: SourceLocation, managed: Bool
    ) {
        let again: ByteString =
            managed
            ? "\(server.reloadCommand)"
            : "martinet ca issue \(ByteString(joining: ([host.name].compactMap { $0 } + host.aliases).map(\.text))) --out \(RelativePath.directory(of: file)) && \(server.reloadCommand)"
        guard let text = try? File.readWhole(file, limit: 1 << 20), let certificate = Certificate.chain(pem: text).first
        else {
            let what: ByteString = File.isThere(file) ? "has no certificate" : "is not there"
            return find(Finding("certificate-missing", place, "\(file) \(what)", cure: again))
        }
        let now = RealTime.now / 1_000_000
        if certificate.notAfter <= now {
            find(
                Finding(
                    "certificate-over", place, "\(file) ended \(Self.days(now - certificate.notAfter)) ago", cure: again
                ))
        } else if certificate.notBefore > now {
            find(
                Finding(
                    "certificate-early", place, "\(file) begins in \(Self.days(certificate.notBefore - now))",
                    cure: "date"))
        } else if certificate.notAfter - now < min(14 * 86400, (certificate.notAfter - certificate.notBefore) / 5) {
            find(
                Finding(
                    "certificate-ends", place, "\(file) ends in \(Self.days(certificate.notAfter - now))", cure: again,
                    isWarning: true))
        }
        let names = certificate.names
        for name in [host.name].compactMap({ $0 }) + host.aliases
        where !names.contains(where: { DNSName.matches($0, name.text.string) }) {
            let there = names.joined(separator: " ")
            find(
                Finding(
                    "certificate-names", name.location,
                    "\(name.text) is not in \(file), which is for \(ByteString(there))", cure: again))
        }
        guard Process.userID == 0 else { return }
        guard let pem = try? File.readWhole(keyFile, limit: 1 << 20) else {
            return find(Finding("key-missing", place, "the key \(keyFile) cannot be read", cure: again))
        }
        // One with a passphrase is the server's to ask for.
        guard let key = try? PrivateKey(pem: pem) else { return }
        if !certificate.matches(key) {
            find(Finding("key-differs", place, "\(keyFile) is not the key of \(file)", cure: again))
        }
        if let status = try? FileStatus(keyFile), status.mode & 0o004 != 0 {
            find(
                Finding(
                    "secret-open", keyFile, "every user of this machine can read it (\(status.rights))",
                    cure: "chmod o-rwx \(keyFile)"))
        }
    }
    private static func days(_ seconds: Int64) -> ByteString {
        let days = seconds / 86400
        if days == 0 { return "less than a day" }
        return "\(Int(days)) day\(days == 1 ? "" : "s")"
    }

    // MARK: What a browser gets

    /// The files may be newer than what the server has read.
    private mutating func examineHandshake(_ secure: [VirtualHost]) {
        guard site.isEnabled, server.isRunning else { return }
        let ports = secure.flatMap(\.addresses).map { VirtualHost.port($0).decimal ?? 443 }
        guard let port = ports.first(where: { port in sites.tree.listens.contains { $0.port == port } }),
            let number = UInt16(exactly: port)
        else { return }
        let place: ByteString = "https://\(site.name)\(port == 443 ? "" : ":\(port)")/"
        let shown: Certificate
        do {
            shown = try TLSProbe.certificate(site.name.string, .loopback(port: number), timeout: 10_000)
        } catch {
            return find(
                Finding(
                    "no-handshake", place, "no TLS on 127.0.0.1: \(ByteString(String(describing: error)))",
                    cure: "tail \(secure[0].logs.first?.text ?? sites.files.apache)"))
        }
        let now = RealTime.now / 1_000_000
        if !shown.names.contains(where: { DNSName.matches($0, site.name.string) }) || shown.notAfter <= now
            || shown.subject.contains("temporary-certificate")
        {
            find(
                Finding(
                    "certificate-old", place,
                    "shows another certificate than the file's (\(ByteString(shown.subject)))",
                    cure: server.reloadCommand))
        }
    }
}
