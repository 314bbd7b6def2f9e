import Bytes
import Testing

@testable import Modules

@Suite struct AliasMatching {
    @Test(
        arguments: [
            ("/icons/a.png", "/icons/", 7), ("/icons", "/icons", 6), ("/iconsx", "/icons", 0),
            ("/icons/x", "/icons", 6),
            ("//icons//a", "/icons/", 9), ("/icon", "/icons", 0), ("/icons", "/icons/", 0), ("/a/b", "/", 1),
            ("", "/a", 0),
        ] as [(ByteString, ByteString, Int)])
    func prefixes(_ uri: ByteString, _ fake: ByteString, _ expected: Int) {
        #expect(aliasMatch(uri, fake) == expected)
    }

    @Test(
        arguments: [("http://x", true), ("/x", false), (":x", false), ("a/b:c", false), ("mailto:x", true)]
            as [(ByteString, Bool)])
    func urls(_ text: ByteString, _ expected: Bool) { #expect(isURL(text) == expected) }

    @Test func order() {
        var base = AliasServerConfig()
        base.aliases = [AliasEntry(fake: "/base", real: "/b")]
        var child = AliasServerConfig()
        child.aliases = [AliasEntry(fake: "/child", real: "/c")]
        #expect(AliasServerConfig.merged(base, child).aliases.map(\.fake) == ["/child", "/base"])
    }
}

@Suite struct TypeMapReading {
    @Test func lines() {
        let text: ByteString =
            "# comment\nURI: a.html\n  continued\n#more\nContent-type: text/html\n\nBody: --\ntext\n--\nURI: b\n"
        var reader = TypeMap.Reader(bytes: text.bytes)
        var seen: [String] = []
        while !reader.isAtEnd {
            switch reader.next() {
            case .header(let line):
                seen.append(line.string)
                if line.hasPrefix("Body") { seen.append(reader.body(until: "--", limit: 100)?.string ?? "none") }
            case .blank: seen.append("blank")
            case .end: seen.append("end")
            }
        }
        #expect(
            seen == [
                "URI: a.html\ncontinued\n", "Content-type: text/html\n", "blank", "Body: --\n", "text\n", "URI: b\n",
                "end",
            ])
    }
}
