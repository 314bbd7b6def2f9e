// Apache: server/vhost.c, server/core.c (AllowOverride), as far as one site is concerned
import Bytes
import ConfigLanguage
import Kernel

extension SiteDoctor {
    private var reload: ByteString { server.reloadCommand }

    // MARK: Virtual hosts

    mutating func examineVirtualHosts() {
        guard site.isEnabled else { return }
        let ordered = sites.tree.nodes.flatMap(\.all).filter { $0.isNamed("<virtualhost") }
            .map { VirtualHost($0, in: sites.tree) }
        for host in site.hosts {
            examinePorts(host)
            for name in [host.name].compactMap({ $0 }) + host.aliases {
                guard let first = ordered.first(where: { $0.overlaps(host) && $0.answers(to: name.text) }),
                    first.location != host.location, ordered.contains(where: { $0.location == host.location })
                else { continue }
                find(
                    Finding(
                        "name-taken", name.location,
                        "\(name.text) is answered by the virtual host that comes first: \(first.location)",
                        cure: "martinet -S"))
            }
        }
        examineModules()
    }
    private mutating func examinePorts(_ host: VirtualHost) {
        for address in host.addresses {
            guard let port = VirtualHost.port(address).decimal, !sites.tree.listens.contains(where: { $0.port == port })
            else { continue }
            find(
                Finding(
                    "not-listening", host.location, "the server does not listen on port \(port)",
                    cure: "echo 'Listen \(port)' >> \(sites.files.apache)/ports.conf && \(reload)"))
        }
    }
    private mutating func examineModules() {
        guard let socket = site.socket else { return }
        let handler = site.hosts.flatMap { $0.node.all }.first { $0.location == socket.location }
        let needed: [ByteString] =
            handler?.isNamed("fastcgiexternalserver") == true ? ["actions", "alias"] : ["proxy", "proxy_fcgi"]
        let missing = needed.filter { !sites.tree.isLoaded("\($0)_module") }
        if !missing.isEmpty {
            find(
                Finding(
                    "module-missing", socket.location, "needs \(ByteString(joining: missing)), which is not enabled",
                    cure: "a2enmod \(ByteString(joining: missing)) && \(reload)"))
        }
        for name in ["php_module", "php7_module", "php5_module"] as [ByteString] {
            guard let module = sites.tree.modules.first(where: { $0.symbol == name }) else { continue }
            let file = ByteString(module.location.file).split(on: UInt8(ascii: "/")).last ?? ""
            let short = file.hasSuffix(".load") ? file.upTo(file.count - 5) : "php8.2"
            find(
                Finding(
                    "mod-php", module.location,
                    "mod_php is loaded beside the pools: sites without one run their PHP as \(sites.tree.user)",
                    cure: "a2dismod \(short) mpm_prefork && a2enmod mpm_event && systemctl restart martinet",
                    isWarning: true))
        }
        examineHandlers(site.hosts.flatMap { $0.node.all })
    }
    /// `application/x-httpd-php` is mod_php's.
    private mutating func examineHandlers(_ nodes: [Node]) {
        guard site.socket != nil else { return }
        for node in nodes where ["sethandler", "addhandler", "addtype"].contains(where: { node.isNamed($0) }) {
            guard node.words.first?.hasPrefixIgnoringCase("application/x-httpd-php") == true else { continue }
            find(
                Finding(
                    "mod-php-handler", node.location,
                    "\(ByteString(node.name)) \(node.arguments) is for mod_php: the pool may not get these files",
                    cure: "sed -i '\(node.location.line)s/^/#/' \(ByteString(node.location.file))"))
        }
    }

    // MARK: .htaccess

    mutating func examineHtaccess() {
        guard let root = site.documentRoot else { return }
        let file: ByteString = "\(root.text)/.htaccess"
        guard File.isThere(file) else { return }
        if let visitor, let status = try? FileStatus(file), !visitor.reallyMay(.read, file, status) {
            find(
                Finding(
                    "htaccess-unreadable", file,
                    "\(visitor.name) cannot read it (\(status.rights)): everything is forbidden",
                    cure: "chmod g+r \(file)"))
        }
        let override = overrides(root)
        if override.words.allSatisfy({ $0.equalsIgnoringCase("none") }) {
            let place = override.location ?? root.location
            return find(
                Finding(
                    "htaccess-ignored", place,
                    "\(file) is not read: AllowOverride is None\(override.location == nil ? " where nothing else is said" : "")",
                    cure:
                        "write AllowOverride All in <Directory \(root.text)> of \(ByteString(site.host.location.file)) && \(reload)"
                ))
        }
        examineHtaccess(file)
    }
    private mutating func examineHtaccess(_ file: ByteString) {
        let nodes: [Node]
        do throws(ConfigError) { nodes = try sites.tree.reading(htaccess: file) } catch {
            let place = error.location ?? SourceLocation(file: file.string, line: 1)
            return find(Finding("htaccess-wrong", place, "\(ByteString(error.message))", cure: "$EDITOR \(file)"))
        }
        let isApache = server.running?.name == "apache2"
        var told: Set<ByteString> = []
        for node in nodes.flatMap(\.all) {
            let name = ByteString(node.name).lowercased
            guard let module = directives[name] else {
                if isApache || directives.isEmpty { continue }
                find(
                    Finding(
                        "htaccess-unknown", node.location,
                        "\(ByteString(node.name)) is not known: the directory answers 500",
                        cure: "sed -i '\(node.location.line)s/^/#/' \(file)"))
                continue
            }
            guard !module.isEmpty, !sites.tree.isLoaded(module), told.insert(module).inserted else { continue }
            let short = module.hasSuffix("_module") ? module.upTo(module.count - 7) : module
            find(
                Finding(
                    "module-missing", node.location,
                    "\(ByteString(node.name)) needs \(short), which is not enabled: the directory answers 500",
                    cure: "a2enmod \(short) && \(reload)"))
        }
        examineHandlers(nodes.flatMap(\.all))
    }
    /// What holds for a directory: its own section or the nearest above it, the virtual host's after the server's.
    private func overrides(_ root: VirtualHost.Value) -> (words: [ByteString], location: SourceLocation?) {
        var best: (depth: Int, words: [ByteString], location: SourceLocation)?
        for node in sites.tree.nodes + site.hosts.flatMap(\.node.children) where node.isNamed("<directory") {
            guard let path = node.words.first.map(VirtualHost.withoutSlash), Self.contains(path, root.text),
                let line = node.children.last(where: { $0.isNamed("allowoverride") })
            else { continue }
            let depth = path == "/" ? 0 : path.count
            if depth >= best?.depth ?? 0 { best = (depth, line.words, line.location) }
        }
        return best.map { ($0.words, $0.location) } ?? ([], nil)
    }
    /// Whether a directory section holds for a path in or below it; patterns compare component by component.
    static func contains(_ pattern: ByteString, _ path: ByteString) -> Bool {
        if pattern == "/" { return true }
        let parts = pattern.split(on: UInt8(ascii: "/"))
        let names = path.split(on: UInt8(ascii: "/"))
        return parts.count <= names.count && zip(parts, names).allSatisfy { fileNameMatches($0, $1) }
    }

    // MARK: Logs

    mutating func examineLogs() {
        for log in site.hosts.flatMap(\.logs) {
            let folder = RelativePath.directory(of: log.text)
            guard let status = try? FileStatus(folder), status.isDirectory else {
                find(
                    Finding(
                        "log-directory", log.location, "\(folder) is not there: the server will not start",
                        cure: "mkdir -p \(folder)"))
                continue
            }
            guard
                let owner = Identity.directories(of: folder).lazy.compactMap({ try? FileStatus($0) }).first(where: {
                    $0.uid != 0
                })
            else { continue }
            let name = Users.name(uid: owner.uid) ?? "\(owner.uid)"
            find(
                Finding(
                    "log-unsafe", log.location,
                    "the server opens \(log.text) as root, and \(name) can put a link to any file in its place",
                    cure:
                        "mkdir -p \(sites.files.logDirectory(name)) && sed -i '\(log.location.line)s,\(folder),\(sites.files.logDirectory(name)),' \(ByteString(log.location.file)) && \(reload)",
                    isWarning: true))
        }
    }
}
