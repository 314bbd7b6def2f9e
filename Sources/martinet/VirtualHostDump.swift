// Apache: server/vhost.c (ap_fini_vhost_config, dump_vhost_config)

import Bytes
import ConfigLanguage
import Kernel
import ServerCore

/// `-D DUMP_VHOSTS`: virtual hosts by address, in the order of Apache's tables.
struct VirtualHostDump {
    /// One address with the virtual hosts that named it.
    private struct Chain {
        let address: VirtualHostAddress
        var servers: [Server]
    }
    private let configuration: Configuration
    /// Apache hashes addresses into 256 buckets and lists those first.
    private var buckets: [[Chain]] = Array(repeating: [], count: 256)
    private var wildcards: [Chain] = []

    init(_ configuration: Configuration) {
        self.configuration = configuration
        // As Apache: from the last to the first, each new chain before the others.
        for server in configuration.virtualHosts.reversed() {
            for address in server.addresses {
                if let known = address.address, !known.isAny {
                    Self.add(server, address, to: &buckets[Self.bucket(known)])
                } else {
                    Self.add(server, address, to: &wildcards)
                }
            }
        }
    }
    private static func add(_ server: Server, _ address: VirtualHostAddress, to list: inout [Chain]) {
        let known = list.firstIndex { chain in
            chain.address.port == address.port && isSame(chain.address.address, address.address)
        }
        guard let known else {
            list.insert(Chain(address: address, servers: [server]), at: 0)
            return
        }
        if list[known].servers.first !== server { list[known].servers.insert(server, at: 0) }
    }
    private static func isSame(_ left: SocketAddress?, _ right: SocketAddress?) -> Bool {
        guard let left, let right else { return (left?.isAny ?? true) && (right?.isAny ?? true) }
        return left.hasSameHost(as: right)
    }
    /// hash_addr.
    private static func bucket(_ address: SocketAddress) -> Int {
        let last = address.bytes.suffix(4)
        var key = last.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        key ^= key >> 16
        return Int(((key >> 8) ^ key) % 256)
    }

    func write() {
        print("VirtualHost configuration:")
        for chain in buckets.joined() { write(chain) }
        for chain in wildcards { write(chain) }
    }
    private func write(_ chain: Chain) {
        let address = pad(text(chain.address), 22)
        guard chain.servers.count > 1 else {
            print("\(address) \(named(chain.servers[0]))")
            return
        }
        print("\(address) is a NameVirtualHost")
        print("         default server \(named(chain.servers[0]))")
        for server in chain.servers {
            let port = chain.address.port.map { "\($0)" } ?? "*"
            print("         port \(port) namevhost \(named(server))")
            for alias in server.aliases { print("                 alias \(alias)") }
            for alias in server.wildAliases { print("                 wild alias \(alias)") }
        }
    }
    private func text(_ address: VirtualHostAddress) -> String {
        let port = address.port.map { "\($0)" } ?? "*"
        guard let known = address.address, !known.isAny else { return "*:\(port)" }
        return known.isIPv6 ? "[\(known.text)]:\(port)" : "\(known.text):\(port)"
    }
    private func named(_ server: Server) -> String {
        let place = server.location ?? SourceLocation(file: "", line: 0)
        return "\(name(server)) (\(place.file):\(place.line))"
    }
    private func name(_ server: Server) -> ByteString { server.serverName ?? configuration.hostName }
    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.utf8.count))
    }
}
