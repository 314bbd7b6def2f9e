// No Apache counterpart: what keeps a site from working
import Bytes
import ConfigLanguage
import Kernel

/// `martinet site doctor`: looks at everything between a request and the user's script.
struct SiteDoctor {
    let site: Site
    let sites: Sites
    /// The module of each directive by lower-case name; empty for those that are always there.
    let directives: [ByteString: ByteString]
    let server: WebServer
    let manager: PHPManager?
    /// Who serves.
    let visitor: Identity?
    var findings: [Finding] = []

    /// - Returns: 1 when something is wrong; warnings do not count.
    static func run(_ site: Site, _ sites: Sites, _ directives: [ByteString: ByteString], json: Bool) -> Int32 {
        var doctor = SiteDoctor(site, sites, directives)
        doctor.examine()
        doctor.report(json: json)
        return doctor.findings.contains { !$0.isWarning } ? 1 : 0
    }
    init(_ site: Site, _ sites: Sites, _ directives: [ByteString: ByteString]) {
        self.site = site
        self.sites = sites
        self.directives = directives
        server = WebServer(sites.tree)
        manager = site.pool.flatMap { pool in sites.managers.first { $0.version == pool.version } }.map {
            PHPManager($0)
        }
        visitor = Identity(sites.tree.user)
    }
    mutating func find(_ finding: Finding) { findings.append(finding) }

    private mutating func examine() {
        examineConfiguration()
        examineName()
        examineVirtualHosts()
        examineFiles()
        examineHtaccess()
        examineLogs()
        examinePool()
        examineCertificates()
        if findings.allSatisfy(\.isWarning) { examineAnswer() }
    }
    private func report(json: Bool) {
        if json {
            let value = JSONText.object([("site", .text(site.name)), ("findings", .list(findings.map(\.json)))])
            return Console.print(value.document)
        }
        for finding in findings { Console.print(finding.lines) }
        let wrong = findings.count { !$0.isWarning }
        let warnings = findings.count - wrong
        var end: ByteString = wrong == 0 ? "\(site.name): all well" : "\(site.name): \(wrong) wrong"
        if warnings > 0 { end += ", \(warnings) warning\(warnings == 1 ? "" : "s")" }
        Console.print("\(end)\n")
    }

    // MARK: Both programs

    private mutating func examineConfiguration() {
        if let complaint = server.complaint() {
            find(
                Finding(
                    "configuration", sites.files.apache, complaint,
                    cure: "martinet doctor --apache \(sites.files.apache)"))
        }
        if let manager, let complaint = manager.complaint() {
            find(
                Finding(
                    "php-configuration", manager.files.file, complaint, cure: "martinet-fpm -t -y \(manager.files.file)"
                ))
        }
        if !server.isRunning {
            find(
                Finding(
                    "server-down", sites.tree.pidFile, "no server runs with \(sites.files.apache)",
                    cure: "systemctl start martinet"))
        }
        if let manager, !manager.isRunning {
            find(
                Finding(
                    "php-down", manager.files.pidFile ?? manager.files.file,
                    "no process manager runs for PHP \(manager.files.version)", cure: "systemctl start martinet-fpm"))
        }
        guard !site.isEnabled else { return }
        find(
            Finding(
                "not-enabled", site.host.location, "the site is not enabled", cure: "martinet site enable \(site.name)")
        )
    }

    // MARK: The name

    private mutating func examineName() {
        for name in [site.host.name?.text].compactMap({ $0 }) + site.hosts[0].aliases.map(\.text)
        where !name.contains(UInt8(ascii: "*")) {
            let addresses: [SocketAddress]
            do throws(Resolver.Failure) { addresses = try Resolver.addresses(of: name) } catch {
                find(
                    Finding(
                        "name-unknown", name, "has no address: \(error.description)",
                        cure: "getent ahosts \(name)", isWarning: true))
                continue
            }
            let isHere = addresses.contains { address in
                (try? Socket.listen(address)) != nil
            }
            guard !isHere else { continue }
            var seen: [ByteString] = []
            for address in addresses.map(\.text) where !seen.contains(address) { seen.append(address) }
            find(
                Finding(
                    "name-elsewhere", name,
                    "is \(ByteString(joining: seen)), which is not an address of this machine (right behind a proxy or NAT)",
                    cure: "ip -brief address", isWarning: true))
        }
    }

    // MARK: An answer

    /// Only when nothing was found that explains a wrong one.
    private mutating func examineAnswer() {
        guard site.isEnabled, server.isRunning,
            let port = site.hosts.flatMap(\.addresses).map({ VirtualHost.port($0).decimal ?? sites.tree.plainPort })
                .first(where: { port in sites.tree.listens.contains { $0.port == port && !$0.isTLS } }),
            let number = UInt16(exactly: port)
        else { return }
        let place: ByteString = "http://\(site.name)\(port == 80 ? "" : ":\(port)")/"
        let log = site.hosts.flatMap(\.logs).first?.text ?? "\(sites.files.apache)"
        guard let status = HTTPProbe.status(of: site.name, port: number) else {
            return find(
                Finding("no-answer", place, "gets no answer on 127.0.0.1", cure: "tail \(log)", isWarning: true))
        }
        guard status == 403 || status >= 500 else { return }
        find(Finding("bad-answer", place, "is answered with \(status)", cure: "tail \(log)"))
    }
}

/// One request to this machine.
enum HTTPProbe {
    /// nil without an answer in ten seconds.
    static func status(of host: ByteString, port: UInt16, path: ByteString = "/") -> Int? {
        guard let socket = try? Socket.connect(.ip(.loopback(port: port))) else { return nil }
        let request: ByteString = "GET \(path) HTTP/1.0\r\nHost: \(host)\r\nUser-Agent: martinet site doctor\r\n\r\n"
        var sent = false
        for _ in 0..<100 where !sent {
            do throws(Errno) {
                try File.writeAll(socket.raw, request.bytes)
                sent = true
            } catch {
                guard error == .notConnected || error == .wouldBlock else { return nil }
                MonotonicTime.sleep(milliseconds: 10)
            }
        }
        let answer = Patience.receive(socket.raw, milliseconds: 10_000) { $0.contains(10) }
        let words = answer.map { ByteString($0).upTo(64).words() } ?? []
        return words.count > 1 ? words[1].decimal : nil
    }
}
