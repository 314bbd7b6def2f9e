import Bytes
import Testing

@testable import FPM

/// S is the script's file, n its address. A value nil: the variable is not there.
struct FixupCase: Sendable, CustomTestStringConvertible {
    var name: String
    var settings = PathSettings()
    var sent: [(String, String)]
    var expected: [(String, String?)]
    var uri: String?
    var script: String?
    var testDescription: String { name }
}

private let S = "/srv/www/fcgi.php"
private let n = "/fcgi.php"
private let keep = PathSettings(fixesPathInfo: false, discardsPath: false)
private let discard = PathSettings(fixesPathInfo: false, discardsPath: true)
private let hosts = ["proxy:fcgi://127.0.0.1:9000", "PROXY:balancer://name", "proxy:fcgi://localhost"]

private let cases: [FixupCase] = [
    FixupCase(
        name: "no fixing, discard, proxy", settings: discard,
        sent: [
            ("SCRIPT_FILENAME", hosts[0] + S), ("SCRIPT_NAME", n), ("PATH_INFO", "/pinfo"),
            ("PATH_TRANSLATED", "/srv/www/pinfo"),
        ],
        expected: [("SCRIPT_FILENAME", S), ("SCRIPT_NAME", n), ("PATH_INFO", "/pinfo"), ("ORIG_SCRIPT_FILENAME", nil)],
        uri: "/pinfo", script: S),
    FixupCase(
        name: "no fixing, discard", settings: discard,
        sent: [("SCRIPT_FILENAME", S), ("SCRIPT_NAME", n), ("PATH_INFO", "/pinfo"), ("PATH_TRANSLATED", "/srv/www")],
        expected: [("SCRIPT_FILENAME", S), ("PATH_TRANSLATED", "/srv/www")], uri: "/pinfo", script: S),
    FixupCase(
        name: "no fixing, keep, path info", settings: keep,
        sent: [
            ("SCRIPT_FILENAME", S + "/pinfo"), ("SCRIPT_NAME", n), ("PATH_INFO", "/pinfo"), ("PATH_TRANSLATED", S),
        ], expected: [("SCRIPT_FILENAME", S + "/pinfo"), ("SCRIPT_NAME", n)], uri: "/pinfo", script: S),
    FixupCase(
        name: "no fixing, no translated path", settings: keep,
        sent: [("SCRIPT_FILENAME", S), ("SCRIPT_NAME", n), ("PATH_INFO", "/pinfo")],
        expected: [("SCRIPT_FILENAME", S)], uri: "/pinfo", script: S),
    FixupCase(
        name: "no fixing, keep, no path info", settings: keep,
        sent: [("SCRIPT_FILENAME", S + "/pinfo"), ("SCRIPT_NAME", n), ("PATH_TRANSLATED", S)],
        expected: [("SCRIPT_FILENAME", S + "/pinfo"), ("PATH_INFO", nil)], uri: n, script: S),
    FixupCase(
        name: "no fixing, file only", settings: keep, sent: [("SCRIPT_FILENAME", S), ("SCRIPT_NAME", n)],
        expected: [("SCRIPT_NAME", n)], uri: n, script: S),
    FixupCase(
        name: "no fixing, no file name", settings: keep,
        sent: [("SCRIPT_NAME", n), ("PATH_INFO", "/pinfo"), ("PATH_TRANSLATED", S)],
        expected: [("SCRIPT_FILENAME", nil), ("SCRIPT_NAME", n), ("PATH_INFO", "/pinfo")], uri: "/pinfo", script: S),

    FixupCase(
        name: "proxy with path info and root",
        sent: [
            ("SCRIPT_FILENAME", hosts[0] + S), ("SCRIPT_NAME", n), ("PATH_INFO", "/pinfo"),
            ("PATH_TRANSLATED", "/srv/www/pinfo"), ("DOCUMENT_ROOT", "/srv/www"),
        ], expected: [("SCRIPT_FILENAME", S), ("SCRIPT_NAME", n), ("PATH_INFO", "/pinfo")], uri: n, script: S),
    FixupCase(
        name: "balancer with query",
        sent: [
            ("SCRIPT_FILENAME", hosts[1] + S + "?q=1"), ("SCRIPT_NAME", n), ("PATH_INFO", "/pinfo"),
            ("PATH_TRANSLATED", "/srv/www/pinfo"),
        ], expected: [("SCRIPT_FILENAME", S), ("PATH_INFO", "/pinfo"), ("ORIG_PATH_INFO", nil)], uri: n, script: S),
    FixupCase(
        name: "unix socket", sent: [("SCRIPT_FILENAME", hosts[2] + S), ("SCRIPT_NAME", n)],
        expected: [("SCRIPT_FILENAME", S), ("PATH_INFO", nil)], uri: n, script: S),
    FixupCase(
        name: "action handler of a proxy",
        sent: [
            ("SCRIPT_FILENAME", S + "/pinfo"), ("PATH_INFO", S + "/pinfo"),
            ("PATH_TRANSLATED", "proxy:balancer://x" + S + "/pinfo"), ("SCRIPT_NAME", ""),
        ],
        expected: [
            ("SCRIPT_NAME", S), ("SCRIPT_FILENAME", S), ("PATH_INFO", "/pinfo"), ("ORIG_PATH_INFO", S + "/pinfo"),
            ("ORIG_SCRIPT_NAME", ""), ("ORIG_SCRIPT_FILENAME", S + "/pinfo"),
        ], uri: S, script: S),
    FixupCase(
        name: "ProxyPass with path info",
        sent: [("SCRIPT_FILENAME", hosts[0] + S + "/pinfo"), ("SCRIPT_NAME", n + "/pinfo")],
        expected: [
            ("SCRIPT_NAME", n), ("ORIG_SCRIPT_NAME", n + "/pinfo"), ("SCRIPT_FILENAME", S), ("PATH_INFO", "/pinfo"),
            ("ORIG_SCRIPT_FILENAME", S + "/pinfo"), ("ORIG_PATH_INFO", nil),
        ], uri: n, script: S),
    FixupCase(
        name: "ProxyPass with an encoded blank",
        sent: [("SCRIPT_FILENAME", hosts[0] + S + "/1%202"), ("SCRIPT_NAME", n + "/1 2")],
        expected: [("SCRIPT_NAME", n), ("ORIG_SCRIPT_NAME", n + "/1 2"), ("PATH_INFO", "/1%202")], uri: n, script: S),
    FixupCase(
        name: "ProxyPass with a plus",
        sent: [("SCRIPT_FILENAME", hosts[0] + S + "/1%20+2"), ("SCRIPT_NAME", n + "/1 +2")],
        expected: [("SCRIPT_NAME", n), ("ORIG_SCRIPT_NAME", n + "/1 +2"), ("PATH_INFO", "/1%20+2")], uri: n,
        script: S),
    FixupCase(
        name: "ProxyPass with another end",
        sent: [("SCRIPT_FILENAME", hosts[0] + S + "/pinfoy"), ("SCRIPT_NAME", n + "/pinfox")],
        expected: [("SCRIPT_NAME", n + "/pinfox"), ("ORIG_SCRIPT_NAME", nil), ("PATH_INFO", "/pinfoy")],
        uri: n + "/pinfox", script: S),

    FixupCase(
        name: "nginx with path info",
        sent: [
            ("SCRIPT_FILENAME", S + "/a/b"), ("SCRIPT_NAME", n + "/a/b"), ("PATH_INFO", n + "/a/b"),
            ("DOCUMENT_ROOT", "/srv/www/"),
        ],
        expected: [
            ("SCRIPT_FILENAME", S), ("SCRIPT_NAME", n), ("PATH_INFO", "/a/b"), ("ORIG_PATH_INFO", n + "/a/b"),
            ("PATH_TRANSLATED", "/srv/www/a/b"), ("ORIG_PATH_TRANSLATED", nil),
        ], uri: n, script: S),
    FixupCase(
        name: "path info that is empty stays empty",
        sent: [("SCRIPT_FILENAME", S + "/x"), ("SCRIPT_NAME", n), ("PATH_INFO", "")],
        expected: [("PATH_INFO", ""), ("SCRIPT_FILENAME", S)], uri: n, script: S),
    FixupCase(
        name: "path info shorter than the rest",
        sent: [("SCRIPT_FILENAME", S + "/xyz"), ("SCRIPT_NAME", n), ("PATH_INFO", "/z")],
        expected: [("PATH_INFO", "/z"), ("ORIG_PATH_INFO", nil)], uri: n, script: S),
    FixupCase(
        name: "Apache's Action",
        sent: [
            ("SCRIPT_FILENAME", "/usr/lib/cgi-bin/php"), ("SCRIPT_NAME", "/cgi-bin/php"), ("PATH_INFO", n),
            ("PATH_TRANSLATED", S), ("REDIRECT_URL", n),
        ],
        expected: [
            ("SCRIPT_FILENAME", S), ("ORIG_SCRIPT_FILENAME", "/usr/lib/cgi-bin/php"), ("SCRIPT_NAME", n),
            ("ORIG_SCRIPT_NAME", "/cgi-bin/php"), ("PATH_INFO", nil), ("ORIG_PATH_INFO", n), ("PATH_TRANSLATED", nil),
            ("ORIG_PATH_TRANSLATED", S),
        ], uri: n, script: S),
    FixupCase(
        name: "nothing found", sent: [("SCRIPT_FILENAME", "/srv/www/none.php"), ("SCRIPT_NAME", "/none.php")],
        expected: [
            ("SCRIPT_FILENAME", nil), ("ORIG_SCRIPT_FILENAME", "/srv/www/none.php"), ("SCRIPT_NAME", "/none.php"),
        ],
        uri: "/none.php", script: nil),
    FixupCase(
        name: "doc_root", settings: PathSettings(documentRoot: "/other"),
        sent: [("SCRIPT_FILENAME", S), ("SCRIPT_NAME", n)], expected: [("DOCUMENT_ROOT", "/other")], uri: n, script: S),
    FixupCase(
        name: "two dots", settings: keep, sent: [("SCRIPT_FILENAME", "/srv/../etc/x.php"), ("SCRIPT_NAME", n)],
        expected: [], uri: n, script: nil),
    FixupCase(name: "nothing sent", sent: [("SCRIPT_NAME", n)], expected: [("SCRIPT_NAME", n)], uri: nil, script: nil),
    FixupCase(
        name: "IIS",
        sent: [
            ("SCRIPT_FILENAME", S), ("SCRIPT_NAME", n), ("PATH_INFO", n + "/x"), ("SERVER_SOFTWARE", "Microsoft-IIS/8"),
        ], expected: [("PATH_INFO", "/x"), ("ORIG_PATH_INFO", n + "/x")], uri: n, script: S),
]

@Suite struct EnvironmentFixupsTests {
    @Test(arguments: cases) func table(_ one: FixupCase) {
        var environment = RequestEnvironment()
        for (name, value) in one.sent {
            let bytes = [UInt8(name.utf8.count), UInt8(value.utf8.count)] + Array((name + value).utf8)
            let isTaken = environment.append(pairs: bytes.span, 0..<bytes.count)
            #expect(isTaken)
        }
        let paths = EnvironmentFixups.apply(to: &environment, one.settings) {
            $0.string == S ? .regular : $0 == "/srv/www" || $0 == "/usr/lib/cgi-bin/php" ? .other : .missing
        }
        #expect(paths.uri?.string == one.uri)
        #expect(paths.script?.string == one.script)
        for (name, value) in one.expected {
            #expect(environment.value(of: ByteString(name))?.string == value, "\(name)")
        }
    }

    @Test(arguments: [
        ("/a/b", true), ("/a/../b", false), ("..", false), ("/..", false), ("../a", false), ("/a..b/c", true),
        ("/...", true), ("/a/..b", true), ("", true),
    ])
    func twoDots(_ path: String, _ isValid: Bool) { #expect(EnvironmentFixups.isValid(ByteString(path)) == isValid) }
}
