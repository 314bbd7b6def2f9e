// Apache: server/vhost.c

import Bytes
import Kernel

/// Finds the server of a request: by the address and port the connection came in on, then by the Host field.
public struct VirtualHostTable: Sendable {
    struct Group: Sendable {
        let address: VirtualHostAddress
        /// In the order of the configuration; the first is the default of this address.
        var servers: [Server]
    }
    var groups: [Group] = []

    init() {}
    init(_ virtualHosts: [Server]) {
        for server in virtualHosts {
            for address in server.addresses {
                if let index = groups.firstIndex(where: {
                    $0.address.address == address.address && $0.address.port == address.port
                }) {
                    if !groups[index].servers.contains(where: { $0 === server }) {
                        groups[index].servers.append(server)
                    }
                } else {
                    groups.append(Group(address: address, servers: [server]))
                }
            }
        }
    }

    /// Servers for a connection to `local`, best match first: address and port, address with any port,
    /// any address with the port, any address and port (vhost.c lookup_vhost order).
    public func candidates(for local: SocketAddress, port: UInt16) -> [Server]? {
        var best: (rank: Int, servers: [Server])?
        for group in groups {
            let rank: Int
            if let address = group.address.address {
                guard address.hasSameHost(as: local) else { continue }
                rank = group.address.port == nil ? 2 : 3
            } else {
                rank = group.address.port == nil ? 0 : 1
            }
            if let wanted = group.address.port, wanted != port { continue }
            if best == nil || rank > best!.rank { best = (rank, group.servers) }
        }
        return best?.servers
    }

    /// The candidate that serves `host` on `port`, or nil (check_hostalias, matches_aliases).
    public static func match(_ candidates: [Server], host: ByteString, port: UInt16) -> Server? {
        for server in candidates {
            // ServerName and ServerAlias hold for the ports the virtual host was declared on.
            if let name = server.serverName, name.equalsIgnoringCase(host) { return server }
            if server.aliases.contains(where: { $0.equalsIgnoringCase(host) }) { return server }
            if server.wildAliases.contains(where: { wildcardMatches($0, host) }) { return server }
        }
        return nil
    }
    /// The candidate whose `ServerPath` begins the URL (check_serverpath).
    public static func match(_ candidates: [Server], path uri: ByteString) -> Server? {
        candidates.first { server in
            guard let path = server.path, uri.hasPrefix(path) else { return false }
            return path.last == UInt8(ascii: "/") || uri.count == path.count || uri[path.count] == UInt8(ascii: "/")
        }
    }
    /// `*` and `?` without regard to case (ap_strcasecmp_match).
    static func wildcardMatches(_ pattern: ByteString, _ text: ByteString) -> Bool {
        var (p, t) = (0, 0)
        var star: (p: Int, t: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                star = (p, t)
                p += 1
            } else if p < pattern.count,
                pattern[p] == UInt8(ascii: "?") || ASCII.lower(pattern[p]) == ASCII.lower(text[t])
            {
                p += 1
                t += 1
            } else if let last = star {
                star = (last.p, last.t + 1)
                p = last.p + 1
                t = last.t + 1
            } else {
                return false
            }
        }
        return pattern.bytes[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
