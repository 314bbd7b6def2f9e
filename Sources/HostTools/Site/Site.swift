// No Apache counterpart: sites as the configuration has them
import Bytes
import ConfigLanguage
import Kernel

/// One name that a server serves: its virtual hosts, and the pool behind them.
struct Site {
    /// `ServerName`, or the name of its file where it has none.
    let name: ByteString
    /// With the same name, in the order of the configuration.
    var hosts: [VirtualHost]
    let isEnabled: Bool
    var pool: PoolSection?

    var host: VirtualHost { hosts[0] }
    var file: ByteString { ByteString(host.location.file) }
    var socket: VirtualHost.Value? { hosts.lazy.compactMap { $0.handlers.first }.first }
    var documentRoot: VirtualHost.Value? { hosts.lazy.compactMap(\.documentRoot).first }
    /// Who the pool runs as, or who owns the files.
    var user: ByteString? {
        if let pool { return pool.user }
        guard let root = documentRoot, let status = try? FileStatus(root.text) else { return nil }
        return Users.name(uid: status.uid)
    }
}

/// Everything a host serves, found by reading its configuration.
struct Sites {
    let files: HostFiles
    let tree: ServerTree
    let managers: [PoolFiles]
    let all: [Site]

    init(_ files: HostFiles) {
        self.files = files
        let tree = ServerTree(files.apache)
        let managers = files.versions.map { PoolFiles($0, files) }
        self.tree = tree
        self.managers = managers
        var all: [Site] = []
        func add(_ nodes: [Node], isEnabled: Bool) {
            for node in nodes.flatMap(\.all) where node.isNamed("<virtualhost") {
                let host = VirtualHost(node, in: tree)
                let name = host.name?.text ?? Self.fileName(host.location.file)
                if let known = all.firstIndex(where: { $0.name == name && $0.isEnabled == isEnabled }) {
                    all[known].hosts.append(host)
                } else {
                    all.append(Site(name: name, hosts: [host], isEnabled: isEnabled))
                }
            }
        }
        add(tree.nodes, isEnabled: true)
        let read = Set(tree.files.compactMap { try? File.realPath($0) })
        for file in FileGlob.names("\(files.available)/*.conf") {
            guard let real = try? File.realPath(file), !read.contains(real) else { continue }
            add(tree.reading(file), isEnabled: false)
        }
        let pools = managers.flatMap(\.pools)
        for index in all.indices {
            guard let socket = all[index].socket?.text else { continue }
            all[index].pool = pools.first { Self.isSame($0.listen, socket) }
        }
        self.all = all
    }
    private static func fileName(_ path: String) -> ByteString {
        let name = ByteString(path).split(on: UInt8(ascii: "/")).last ?? ""
        return name.hasSuffix(".conf") ? name.upTo(name.count - 5) : name
    }
    /// `/var/run` is `/run`, and a port alone is this machine's.
    static func isSame(_ listen: ByteString, _ socket: ByteString) -> Bool {
        func plain(_ text: ByteString) -> ByteString {
            if text.hasPrefix("/var/run/") { return text.from(4) }
            if text.hasPrefix("localhost:") { return "127.0.0.1\(text.from(9))" }
            return !text.isEmpty && text.allSatisfy(ASCII.isDigit) ? "127.0.0.1:\(text)" : text
        }
        return plain(listen) == plain(socket)
    }

    var pools: [PoolSection] { managers.flatMap(\.pools) }
    /// By its name, an alias, or its file's name; one that is enabled first.
    func find(_ name: ByteString) throws(SiteError) -> Site {
        let wanted = name.lowercased
        let sorted = all.filter(\.isEnabled) + all.filter { !$0.isEnabled }
        if let site = sorted.first(where: { $0.name == wanted }) { return site }
        if let site = sorted.first(where: { site in site.hosts.contains { $0.answers(to: wanted) } }) { return site }
        if let site = sorted.first(where: { files.siteName(of: $0.file) == name }) { return site }
        if let failure = tree.failure {
            throw SiteError("the configuration cannot be read: \(ByteString(failure.description))")
        }
        throw SiteError("there is no site \(name)", cure: "martinet site list shows those there are")
    }
    /// Other sites that use the same pool.
    func others(using pool: PoolSection, than site: Site) -> [Site] {
        all.filter { $0.name != site.name && $0.pool?.name == pool.name && $0.pool?.version == pool.version }
    }
}
