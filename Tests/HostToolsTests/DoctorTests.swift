import Bytes
import ConfigLanguage
import Testing

@testable import HostTools

@Suite struct DoctorTests {
    static let text = """
        # comment
        Listen 80

        <VirtualHost *:80>
            ServerName a \\
                b
            <Directory />
            </Directory>
            <virtualhost inner>
            </VirtualHost>
        </VirtualHost>
        User x
        """
    @Test func lines() {
        let lines = SourceLines(Array(Self.text.utf8))
        #expect(lines.lines.map(\.numbers.lowerBound) == [2, 4, 5, 7, 8, 9, 10, 11, 12])
        #expect(lines.line(at: 6)?.name == "servername")
        #expect(lines.line(at: 6)?.numbers == 5...6)
        #expect(lines.line(at: 3) == nil)
    }
    /// A line, and how far what it opens goes.
    @Test(arguments: [(2, 2...2), (4, 4...11), (6, 5...6), (7, 7...8), (9, 9...10), (12, 12...12)])
    func extents(_ number: Int, _ extent: ClosedRange<Int>) throws {
        let lines = SourceLines(Array(Self.text.utf8))
        let line = try #require(lines.line(at: number))
        #expect(lines.extent(of: line) == extent)
    }
    @Test(arguments: ["", "\\", "a\\", "<", "<x", "</x>", "<x\n<x>\n", "\\\n\\\n", "\r\n"])
    func oddTexts(_ text: String) {
        let lines = SourceLines(Array(text.utf8))
        for line in lines.lines { #expect(lines.extent(of: line).contains(line.numbers.lowerBound)) }
    }
    @Test(
        arguments: [
            ("bad", nil, "bad", nil),
            ("bad", 7, "bad", "/a:7"),
            ("Syntax error on line 3 of /b: bad: worse", 7, "bad: worse", "/b:3"),
            ("Syntax error on line 3 of /b: Syntax error on line 4 of /c: bad", 7, "bad", "/c:4"),
            ("Syntax error on line x of /b: bad", 7, "Syntax error on line x of /b: bad", "/a:7"),
            (
                "Syntax error on line 2 of macro 'm' (defined on line 1 of \"/m\") used on line 9 of \"/u\": bad", 7,
                "bad",
                "/u:9"
            ),
        ] as [(String, Int?, String, String?)])
    func places(_ message: String, _ line: Int?, _ inner: String, _ place: String?) {
        let found = DoctorCommand.innermost(ConfigError(message, at: line.map { SourceLocation(file: "/a", line: $0) }))
        #expect(found.message == inner)
        #expect(found.location.map { "\($0)" } == place)
    }
    @Test(
        arguments: [("sslengine", "ssl"), ("<proxyhtml", "proxy_html"), ("h2push", "http2"), ("nonsense", nil)]
            as [(String, String?)])
    func owners(_ name: String, _ owner: String?) {
        #expect(TreeAdvice.owner(of: ByteString(name)) == owner.map { ByteString($0) })
    }
    @Test func report() {
        var report = TreeReport()
        report.files.append(
            (
                "/a",
                [
                    .init(line: 1, text: "Listen 80", verdict: .honoured),
                    .init(line: 2, text: "SSLEngine \"on\"", verdict: .unsupported, note: "no", cure: "delete"),
                ]
            ))
        #expect(!report.isFine)
        #expect(
            report.text(all: false)
                == "/a: 1 honoured, 1 not supported\n  2: not supported: SSLEngine \"on\"\n      no\n      delete\n1 files: 1 honoured, 1 not supported\n"
        )
        #expect(report.json.contains("\"text\": \"SSLEngine \\\"on\\\"\""))
    }
}

@Suite struct AccessTests {
    /// The first class that one belongs to decides, also against one.
    @Test(
        arguments: [
            (0o700, 1, [1], true), (0o070, 1, [1], false), (0o070, 2, [1], true), (0o707, 2, [1], false),
            (0o707, 2, [2], true),
            (0o750, 2, [2], false), (0, 0, [0], true),
        ] as [(UInt32, UInt32, Set<UInt32>, Bool)])
    func rights(_ mode: UInt32, _ uid: UInt32, _ groups: Set<UInt32>, _ may: Bool) {
        let identity = Identity(name: "", uid: uid, groups: groups)
        #expect(identity.may(.search, mode: mode, uid: 1, gid: 1) == may)
    }
    @Test func directories() {
        #expect(Identity.directories(of: "/a/b") == ["/", "/a", "/a/b"])
        #expect(Identity.directories(of: "/") == ["/"])
    }
    @Test(arguments: [
        ("/", "/home/a/www", true), ("/home/*/www", "/home/a/www", true), ("/home/a", "/home/ab", false),
        ("/home/a/www/x", "/home/a/www", false),
    ])
    func sections(_ pattern: String, _ path: String, _ holds: Bool) {
        #expect(SiteDoctor.contains(ByteString(pattern), ByteString(path)) == holds)
    }
    @Test func numbersInJSON() {
        let value = JSONText.object([("a", .list([.number(1), .null, .flag(true)])), ("b", .text("\u{1}\"\\\n"))])
        #expect(
            value.document == "{\n  \"a\": [\n    1,\n    null,\n    true\n  ],\n  \"b\": \"\\u0001\\\"\\\\\\n\"\n}\n")
    }
}
