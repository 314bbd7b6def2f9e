import Bytes
import Kernel
import Testing

@testable import ServerCore

@Suite struct VirtualHostTests {
    /// `addresses name aliases`, in the order of the configuration.
    private func site(_ hosts: [String]) throws -> Site {
        try Site(
            hosts.map { host in
                let parts = host.split(separator: ";").map { $0.split(separator: " ").joined(separator: " ") }
                let name = parts[1].isEmpty ? "" : "ServerName \(parts[1])\n"
                let aliases = parts.count > 2 ? "ServerAlias \(parts[2])\n" : ""
                return "<VirtualHost \(parts[0])>\n\(name)\(aliases)</VirtualHost>"
            }.joined(separator: "\n"))
    }
    /// The number of the server that answers: 0 is the main server.
    private func answering(_ site: Site, _ local: ByteString, _ port: UInt16, _ host: ByteString) throws -> Int {
        let address = try #require(SocketAddress(local, port: port))
        guard let candidates = site.configuration.virtualHostTable.candidates(for: address, port: port) else {
            return 0
        }
        return (VirtualHostTable.match(candidates, host: host, port: port) ?? candidates[0]).number
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var hosts: [String]
        /// Local address, port, Host, number of the server.
        var asked: [(ByteString, UInt16, ByteString, Int)]
        var testDescription: String { "\(hosts)" }
    }

    static let rows: [Row] = [
        // By name; the first is the default of the address.
        Row(
            hosts: ["*:80; a.test", "*:80; b.test", "*:80; c.test"],
            asked: [
                ("127.0.0.1", 80, "a.test", 1), ("127.0.0.1", 80, "b.test", 2), ("127.0.0.1", 80, "C.TEST", 3),
                ("127.0.0.1", 80, "d.test", 1), ("127.0.0.1", 80, "", 1), ("127.0.0.1", 80, "main.test", 1),
            ]),
        // By address: a better address match wins before any name is looked at.
        Row(
            hosts: ["*:80; a.test", "127.0.0.1:80; b.test", "127.0.0.2:80; c.test"],
            asked: [
                ("127.0.0.1", 80, "a.test", 2), ("127.0.0.2", 80, "b.test", 3), ("127.0.0.3", 80, "b.test", 1),
                ("127.0.0.3", 81, "a.test", 0),
            ]),
        // By port.
        Row(
            hosts: ["*:80; a.test", "*:8080; a.test", "*:*; a.test"],
            asked: [
                ("127.0.0.1", 80, "a.test", 1), ("127.0.0.1", 8080, "a.test", 2), ("127.0.0.1", 81, "a.test", 3),
                ("127.0.0.1", 81, "b.test", 3),
            ]),
        // Address and port, address, port, anything: in this order.
        Row(
            hosts: ["*:*; a", "*:80; a", "127.0.0.1:*; a", "127.0.0.1:80; a"],
            asked: [
                ("127.0.0.1", 80, "a", 4), ("127.0.0.1", 81, "a", 3), ("127.0.0.2", 80, "a", 2),
                ("127.0.0.2", 81, "a", 1),
            ]),
        // Aliases: also wild ones, in the order of the hosts.
        Row(
            hosts: [
                "*:80; first.test", "*:80; a.test; www.a.test *.a.test", "*:80; b.a.test; b? *.org", "*:80; x.org",
            ],
            asked: [
                ("127.0.0.1", 80, "www.a.test", 2), ("127.0.0.1", 80, "q.A.test", 2), ("127.0.0.1", 80, "b.a.test", 2),
                ("127.0.0.1", 80, "bb", 3), ("127.0.0.1", 80, "bbb", 1), ("127.0.0.1", 80, "x.org", 3),
                ("127.0.0.1", 80, "a.test.", 1),
            ]),
        // Several addresses, several families.
        Row(
            hosts: ["127.0.0.1:80 127.0.0.2:81; a", "[::1]:80; b", "127.0.0.2:81; c"],
            asked: [
                ("127.0.0.1", 80, "x", 1), ("127.0.0.2", 81, "x", 1), ("127.0.0.2", 81, "c", 3), ("::1", 80, "x", 2),
                ("127.0.0.2", 80, "a", 0), ("::1", 81, "b", 0),
            ]),
        Row(hosts: [], asked: [("127.0.0.1", 80, "main.test", 0), ("127.0.0.1", 80, "x", 0)]),
    ]
    @Test(arguments: rows) func choice(_ row: Row) throws {
        let site = try site(row.hosts)
        for (local, port, host, expected) in row.asked {
            #expect(try answering(site, local, port, host) == expected, "\(local):\(port) \(host)")
        }
    }

    @Test(
        arguments: [
            ("*", "", true), ("*", "a", true), ("a*", "a", true), ("a*", "ba", false), ("*.a", "x.a", true),
            ("*.a", ".a", true),
            ("*.a", "a", false), ("?", "", false), ("?", "a", true), ("a?c", "abc", true), ("A?C", "aBc", true),
            ("a*b*c", "a--b--c", true), ("a*b*c", "a--c--b", false), ("*a*", "bab", true), ("a**", "a", true),
            ("", "", true),
            ("", "a", false), ("*ab", "aab", true),
        ] as [(ByteString, ByteString, Bool)])
    func wildcards(_ pattern: ByteString, _ text: ByteString, _ matches: Bool) {
        #expect(VirtualHostTable.wildcardMatches(pattern, text) == matches)
    }

    /// A virtual host has what the main server says, and its own over it.
    @Test func inherits() throws {
        let site = try Site(
            """
            Timeout 11
            KeepAlive Off
            ServerAdmin main@test
            <VirtualHost *:80>
            Timeout 22
            </VirtualHost>
            <VirtualHost *:80>
            KeepAlive On
            ServerAdmin own@test
            </VirtualHost>
            """)
        let servers = site.configuration.servers
        #expect(servers.map(\.timeoutMilliseconds) == [11_000, 22_000, 11_000])
        #expect(servers.map { $0.keepAlive.value(default: true) } == [false, false, true])
        #expect(servers.map(\.serverAdmin) == ["main@test", "main@test", "own@test"])
        #expect(servers.map(\.number) == [0, 1, 2])
    }
}
