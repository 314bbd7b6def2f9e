// Apache: server/core.c (virtualhost_section), read without a server
import Bytes
import ConfigLanguage
import Kernel

/// One `<VirtualHost>` section as its file has it.
struct VirtualHost {
    /// A value with the line that gives it.
    struct Value {
        var text: ByteString
        var location: SourceLocation
    }
    let node: Node
    var location: SourceLocation { node.location }
    /// `*:80`.
    let addresses: [ByteString]
    let name: Value?
    let aliases: [Value]
    let documentRoot: Value?
    /// `ErrorLog`, `CustomLog`, `TransferLog`: files only.
    let logs: [Value]
    /// What hands PHP to a process manager.
    let handlers: [Value]
    /// `SSLEngine on`
    let usesTLS: Bool
    /// `SSLCertificateFile`, and `SSLCertificateKeyFile` in the same order.
    let certificates: [Value]
    let certificateKeys: [Value]

    init(_ node: Node, in tree: ServerTree) {
        self.node = node
        addresses = node.words
        func values(_ names: [StaticString]) -> [Value] {
            node.children.filter { child in names.contains { child.isNamed($0) } }.compactMap { child in
                child.words.first.map { Value(text: $0, location: child.location) }
            }
        }
        name = values(["servername"]).last.map { Value(text: Self.host($0.text), location: $0.location) }
        aliases = node.children.filter { $0.isNamed("serveralias") }.flatMap { child in
            child.words.map { Value(text: $0.lowercased, location: child.location) }
        }
        documentRoot = values(["documentroot"]).last.map {
            Value(text: Self.withoutSlash(tree.absolute($0.text)), location: $0.location)
        }
        logs = values(["errorlog", "customlog", "transferlog"]).filter {
            !$0.text.hasPrefix("|") && !$0.text.hasPrefix("syslog")
        }.map { Value(text: tree.absolute($0.text), location: $0.location) }
        handlers = Self.sockets(node.all)
        usesTLS = values(["sslengine"]).last.map { $0.text.equalsIgnoringCase("on") } ?? false
        // The whole server's count where the section has none.
        func files(_ name: StaticString) -> [Value] {
            let own = node.children.filter { $0.isNamed(name) }
            return (own.isEmpty ? tree.nodes.filter { $0.isNamed(name) } : own).compactMap { line in
                line.words.first.map { Value(text: tree.absolute($0), location: line.location) }
            }
        }
        certificates = usesTLS ? files("sslcertificatefile") : []
        certificateKeys = usesTLS ? files("sslcertificatekeyfile") : []
    }

    /// Without scheme and port, in lower case.
    static func host(_ text: ByteString) -> ByteString {
        var host = text
        if let scheme = host.firstRange(of: "://") { host = host.from(scheme.upperBound) }
        if !host.hasPrefix("["), let colon = host.lastIndex(of: UInt8(ascii: ":")) { host = host.upTo(colon) }
        return host.lowercased
    }
    static func withoutSlash(_ path: ByteString) -> ByteString {
        path.count > 1 && path.hasSuffix("/") ? path.upTo(path.count - 1) : path
    }

    /// Sockets of `SetHandler`, `AddHandler`, `ProxyPass`, `ProxyPassMatch` and `FastCgiExternalServer`: paths, or
    /// `address:port`.
    static func sockets(_ nodes: [Node]) -> [Value] {
        var found: [Value] = []
        for node in nodes where !node.isSection {
            let words = node.words
            if node.isNamed("fastcgiexternalserver") {
                if let at = words.firstIndex(where: { $0 == "-socket" || $0 == "-host" }), at + 1 < words.count {
                    found.append(Value(text: words[at + 1], location: node.location))
                }
            } else if ["sethandler", "addhandler", "proxypass", "proxypassmatch"].contains(where: { node.isNamed($0) })
            {
                for word in words {
                    if let socket = socket(inHandler: word) {
                        found.append(Value(text: socket, location: node.location))
                    }
                }
            }
        }
        return found
    }
    /// `proxy:unix:/run/php/u.sock|fcgi://localhost`, `proxy:fcgi://127.0.0.1:9000`.
    static func socket(inHandler handler: ByteString) -> ByteString? {
        let text = handler.hasPrefix("proxy:") ? handler.from(6) : handler
        if text.hasPrefix("unix:"), let bar = text.firstIndex(of: UInt8(ascii: "|")) {
            return text.from(bar).hasPrefix("|fcgi://") ? text[5..<bar] : nil
        }
        guard text.hasPrefix("fcgi://") else { return nil }
        let rest = text.from(7)
        return rest.upTo(rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.count)
    }

    /// Whether a request for `host` may come here.
    func answers(to host: ByteString) -> Bool {
        if name?.text == host { return true }
        return aliases.contains { $0.text == host || Self.matches($0.text, host) }
    }
    private static func matches(_ pattern: ByteString, _ host: ByteString) -> Bool {
        (pattern.contains(UInt8(ascii: "*")) || pattern.contains(UInt8(ascii: "?"))) && fileNameMatches(pattern, host)
    }
    /// Whether both are asked on one address and port.
    func overlaps(_ other: VirtualHost) -> Bool {
        addresses.contains { mine in other.addresses.contains { Self.port(mine) == Self.port($0) } }
    }
    /// Empty for all ports.
    static func port(_ address: ByteString) -> ByteString {
        guard let colon = address.lastIndex(of: UInt8(ascii: ":")), !address.from(colon).contains(UInt8(ascii: "]"))
        else {
            return ""
        }
        return address.from(colon + 1)
    }
}
