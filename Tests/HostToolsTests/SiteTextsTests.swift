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
    @Test(arguments: [
        ("example.net", true), ("example.co.uk", true), ("localhost", false), ("a.test", false), ("a.local", false),
        ("router.home.arpa", false), ("a.b.internal", false),
    ])
    func publicNames(_ name: String, _ holds: Bool) { #expect(SiteHTTPS.isPublic(ByteString(name)) == holds) }

    private func texts(_ certificate: CertificateSource?, port: Int = 443) -> String {
        SiteTexts(
            name: "example.net", aliases: ["www.example.net"], user: "alice", group: "alice", home: "/home/alice",
            documentRoot: "/home/alice/www", socket: "/run/php/alice.sock", serverUser: "www-data",
            serverGroup: "www-data", logs: "/var/log/sites/alice", port: 80, pidFile: "/run/apache2/apache2.pid",
            certificate: certificate, securePort: port
        ).hosts.string
    }
    @Test func hostsWithoutHTTPS() {
        let text = texts(nil)
        #expect(text.hasPrefix("<VirtualHost *:80>\n    ServerName example.net\n    ServerAlias www.example.net\n"))
        #expect(!text.contains("443") && !text.contains("SSL") && !text.contains("Redirect"))
    }
    @Test func hostsWithManagedCertificate() {
        let text = texts(.managed(authority: "https://ca.example/dir", contact: "a@example.net", agrees: true))
        for line in [
            "<MDomain example.net www.example.net>", "MDCertificateAuthority https://ca.example/dir",
            "MDContactEmail a@example.net", "MDCertificateAgreement accepted",
            "Redirect permanent / https://example.net/\n", "<VirtualHost *:443>", "Protocols h2 http/1.1",
            "SSLEngine on",
        ] { #expect(text.contains(line)) }
        #expect(!text.contains("SSLCertificateFile"))
        let plain = texts(.managed(authority: nil, contact: nil, agrees: false))
        #expect(!plain.contains("MDCert") && !plain.contains("MDContact"))
    }
    @Test func hostsWithLocalCertificate() {
        let text = texts(.local(certificate: "/etc/a.pem", key: "/etc/a.key"), port: 8443)
        for line in [
            "SSLCertificateFile /etc/a.pem", "SSLCertificateKeyFile /etc/a.key", "<VirtualHost *:8443>",
            "Redirect permanent / https://example.net:8443/\n",
        ] { #expect(text.contains(line)) }
        #expect(!text.contains("MDomain"))
    }
}
