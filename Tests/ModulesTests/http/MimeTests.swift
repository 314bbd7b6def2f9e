// Apache: modules/http/mod_mime.c

import Bytes
import Testing

@testable import Modules

@Suite("mod_mime")
struct MimeTests {
    @Test(
        "parts of names",
        arguments: [
            ("a.html", "a", ["html"]),
            ("a.html.gz", "a", ["html", "gz"]),
            (".htaccess", ".htaccess", []),
            ("..a.b", "..a", ["b"]),
            ("bad..html", "bad", ["html"]),
            ("a.", "a", []),
            ("noextension", "noextension", []),
            ("", "", []),
        ] as [(ByteString, ByteString, [ByteString])])
    func parts(_ name: ByteString, _ base: ByteString, _ rest: [ByteString]) {
        var parts = NameParts(name)
        var found: [ByteString] = []
        while let part = parts.next() { found.append(part) }
        #expect(parts.base == base)
        #expect(found == rest)
    }

    @Test(
        "media types",
        arguments: [
            ("text/html", "text/html"),
            (" text/html ; charset = utf-8", "text/html|charset=utf-8"), ("text/html; a=b ", nil),
            ("text/html;a=b;c=\"d;e\"", "text/html|a=b|c=\"d;e\""),
            ("text/html; a", "text/html"),
            ("text", nil), ("text/", nil), ("", nil), ("text/html;", nil), ("text/html;=x", nil),
            ("text/html; a=", nil), ("text/html; a=\"x\"y", nil), ("text/html; a=b@c", nil),
        ] as [(ByteString, ByteString?)])
    func mediaTypes(_ text: ByteString, _ expected: ByteString?) {
        let media = try? MediaType(text)
        var shown = media.map { "\($0.type)/\($0.subtype)" as ByteString }
        for (name, value) in media?.parameters ?? [] { shown?.append("|\(name)=\(value)" as ByteString) }
        #expect(shown == expected)
    }

    @Test("mime.types")
    func types() {
        let types = MimeTypes(
            Array("# x y\n  text/plain\tTXT asc\nimage/png png \\\n apng\n\nempty/type\nlast/one txt".utf8))
        #expect(types.byExtension == ["txt": "last/one", "asc": "text/plain", "png": "image/png", "apng": "image/png"])
    }

    @Test("removals count in merges, RemoveType hides TypesConfig")
    func merge() {
        var base = MimeDirectory()
        base.add("text/x", to: ".X", \.type)
        base.add("cgi-script", to: "x", \.handler)
        var child = MimeDirectory()
        child.add("fr", to: "x", \.language)
        child.remove(".x", \.handler)
        child.add("", to: "x", \.type)
        let info = MimeDirectory.merged(base, child).extensions["x"]
        #expect(info?.handler == nil)
        #expect(info?.language == "fr")
        #expect(info?.type == "")
    }
}
