// No Apache counterpart: what is served, as a table and as JSON
import Bytes
import ConfigLanguage
import Kernel

enum SiteListing {
    static func list(_ sites: Sites, json: Bool) {
        if json { return Console.print(JSONText.list(sites.all.map { value($0) }).document) }
        guard !sites.all.isEmpty else { return Console.error("no sites\n") }
        var rows: [[ByteString]] = [["NAME", "STATE", "USER", "PHP", "DOCUMENT ROOT"]]
        for site in sites.all {
            rows.append([
                site.name, site.isEnabled ? "enabled" : "disabled", site.user ?? "-", site.pool?.version ?? "-",
                site.documentRoot?.text ?? "-",
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            var line: ByteString = ""
            for (column, cell) in row.enumerated() {
                line += cell
                guard column < row.count - 1 else { continue }
                line += ByteString([UInt8](repeating: 32, count: widths[column] - cell.count + 2))
            }
            Console.print("\(line)\n")
        }
    }

    static func show(_ site: Site, _ sites: Sites, json: Bool) {
        if json { return Console.print(value(site).document) }
        var rows: [(ByteString, ByteString)] = [("Name", site.name)]
        let aliases = site.hosts.flatMap(\.aliases).map(\.text)
        if !aliases.isEmpty { rows.append(("Aliases", ByteString(joining: aliases))) }
        rows.append(("State", site.isEnabled ? "enabled" : "disabled"))
        for host in site.hosts {
            rows.append(("Virtual host", "\(ByteString(joining: host.addresses)) (\(host.location))"))
        }
        if let root = site.documentRoot { rows.append(("Document root", "\(root.text) (\(root.location))")) }
        if let user = site.user { rows.append(("User", user)) }
        if let socket = site.socket { rows.append(("Socket", "\(socket.text) (\(socket.location))")) }
        if let pool = site.pool {
            rows.append(("Pool", "\(pool.name), PHP \(pool.version) (\(pool.location))"))
            let others = sites.others(using: pool, than: site).map(\.name)
            if !others.isEmpty { rows.append(("Shared with", ByteString(joining: others))) }
        }
        for file in certificates(site, sites) { rows.append(("Certificate", file)) }
        for log in site.hosts.flatMap(\.logs) { rows.append(("Log", "\(log.text) (\(log.location))")) }
        if let log = site.pool?.entries["php_admin_value[error_log]"] ?? site.pool?.entries["php_value[error_log]"] {
            rows.append(("PHP log", "\(log.text) (\(log.location))"))
        }
        for (name, text) in rows {
            Console.print("\(name):\(ByteString([UInt8](repeating: 32, count: max(1, 15 - name.count))))\(text)\n")
        }
    }

    private static func certificates(_ site: Site, _ sites: Sites) -> [ByteString] {
        let secure = site.hosts.filter(\.usesTLS)
        let names = secure.flatMap { [$0.name].compactMap { $0 } + $0.aliases }.map(\.text)
        if let domain = sites.tree.managedDomains.first(where: { !Set($0.names).isDisjoint(with: names) }) {
            let file = ManagedStock(tree: sites.tree, name: domain.names[0]).certificate
            return ["\(file ?? "none yet") (managed: \(domain.node.location))"]
        }
        return secure.flatMap(\.certificates).map { "\($0.text) (\($0.location))" }
    }
    private static func place(_ location: SourceLocation) -> JSONText {
        .object([("file", .text(ByteString(location.file))), ("line", .number(location.line))])
    }
    private static func value(_ site: Site) -> JSONText {
        .object([
            ("name", .text(site.name)), ("aliases", .list(site.hosts.flatMap(\.aliases).map { .text($0.text) })),
            ("enabled", .flag(site.isEnabled)), ("user", .optional(site.user)),
            ("documentRoot", .optional(site.documentRoot?.text)), ("socket", .optional(site.socket?.text)),
            (
                "pool",
                site.pool.map { pool in
                    .object([
                        ("name", .text(pool.name)), ("php", .text(pool.version)), ("user", .text(pool.user)),
                        ("place", place(pool.location)),
                    ])
                } ?? .null
            ),
            (
                "virtualHosts",
                .list(
                    site.hosts.map { host in
                        .object([
                            ("addresses", .list(host.addresses.map { .text($0) })), ("place", place(host.location)),
                            ("tls", .flag(host.usesTLS)),
                            ("logs", .list(host.logs.map { .text($0.text) })),
                        ])
                    })
            ),
        ])
    }
}
