import Bytes
import Testing

@testable import HostTools

@Suite struct SiteTextsTests {
    @Test(arguments: [
        ("example.net", false, true), ("a-b.example.net", false, true), ("localhost", false, true),
        ("*.example.net", false, false), ("*.example.net", true, true), ("", false, false), (".net", false, false),
        ("a..b", false, false), ("-a.net", false, false), ("a b.net", false, false), ("a/b.net", false, false),
        ("a\nb.net", false, false), ("a\".net", false, false),
    ])
    func hostNames(_ name: String, _ isAlias: Bool, _ holds: Bool) {
        #expect(SiteTexts.isHostName(ByteString(name), isAlias: isAlias) == holds)
    }
    @Test(arguments: [
        ("alice", true), ("a", true), ("a-b_c1", true), ("1a", false), ("Alice", false), ("", false), ("a b", false),
        ("a/b", false), ("-a", false), ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
    ])
    func userNames(_ name: String, _ holds: Bool) { #expect(Account.isName(ByteString(name)) == holds) }
    @Test(
        arguments: [
            ("proxy:unix:/run/php/a.sock|fcgi://localhost", "/run/php/a.sock"),
            ("proxy:unix:/run/php/a.sock|fcgi://localhost/", "/run/php/a.sock"),
            ("unix:/run/php/a.sock|fcgi://localhost/var/www", "/run/php/a.sock"),
            ("proxy:fcgi://127.0.0.1:9000", "127.0.0.1:9000"), ("fcgi://[::1]:9000/var/www/$1", "[::1]:9000"),
            ("proxy:unix:/run/a.sock|http://localhost", nil), ("application/x-httpd-php", nil), ("", nil),
        ] as [(String, String?)])
    func sockets(_ handler: String, _ socket: String?) {
        #expect(VirtualHost.socket(inHandler: ByteString(handler)) == socket.map { ByteString($0) })
    }
    @Test(arguments: [
        ("/run/php/a.sock", "/var/run/php/a.sock", true), ("9000", "127.0.0.1:9000", true),
        ("127.0.0.1:9000", "localhost:9000", true), ("9001", "127.0.0.1:9000", false), ("", "127.0.0.1:9000", false),
    ])
    func sameSockets(_ listen: String, _ socket: String, _ holds: Bool) {
        #expect(Sites.isSame(ByteString(listen), ByteString(socket)) == holds)
    }
}
