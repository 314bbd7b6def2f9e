import Bytes
import Testing

@testable import HTTP

@Suite struct PathTests {
    @Test(arguments: [
        ("/a%20b", 0, "/a b"), ("/a%2Fb", 404, "/a/b"), ("/%00", 404, "/\0"), ("/%zz", 400, "/%zz"),
        ("/%4", 400, "/%4"),
        ("/%", 400, "/%"), ("/%41%c3%a9", 0, "/Aé"), ("/plain", 0, "/plain"), ("", 0, ""), ("%2f%zz", 400, "/%zz"),
    ]) func unescape(_ text: String, _ status: Int, _ result: String) {
        var bytes = Array(text.utf8)
        #expect((URLPath.unescape(&bytes)?.code ?? 0) == status)
        #expect(bytes == Array(result.utf8))
    }
    @Test func unescapeFlags() {
        var bytes = Array("/a%2fb%41%20".utf8)
        #expect(URLPath.unescape(&bytes, [.keepSlashes, .keepUnreserved]) == nil)
        #expect(ByteString(bytes) == "/a%2fb%41 ")
        bytes = Array("/a%2Fb".utf8)
        #expect(URLPath.unescape(&bytes, []) == nil)
        #expect(ByteString(bytes) == "/a/b")
        bytes = Array("a+b%2B".utf8)
        #expect(URLPath.unescapeForm(&bytes) == nil)
        #expect(ByteString(bytes) == "a b+")
    }

    static let request: URLPath.NormalizeFlags = [.notAboveRoot, .mergeSlashes, .decodeUnreserved]

    @Test(arguments: [
        ("/", "/", true), ("/a/b", "/a/b", true), ("/a/./b", "/a/b", true), ("/a/../b", "/b", true),
        ("/a/..", "/", true), ("/a/.", "/a/", true), ("/..", "/", false), ("/../a", "/a", false),
        ("/a/../../b", "/b", false), ("//a///b", "/a/b", true), ("/a//../b", "/b", true), ("/%61/%2e%2e/b", "/b", true),
        ("/a/.%2E/b", "/b", true), ("/a/%2e/b", "/a/b", true), ("/...", "/...", true), ("/.a", "/.a", true),
        ("/a..", "/a..", true), ("/%2f", "/%2f", true), ("/%zz", "/%zz", false), ("/%7euser", "/~user", true),
        ("*", "*", true),
        ("a", "a", false), ("", "", false), ("/a/%2e%2", "/a/.%2", false), ("/.%2f", "/.%2f", true),
    ]) func normalize(_ text: String, _ result: String, _ isGood: Bool) {
        var path = Array(text.utf8)
        #expect(URLPath.normalize(&path, Self.request) == isGood)
        #expect(String(decoding: path, as: UTF8.self) == result)
    }

    @Test(arguments: [("a/../b", "b"), ("../a", ""), ("a/b/../../c", "c"), ("/a//..", "/a/"), ("", "")])
    func parents(_ text: String, _ result: String) {
        var path = Array(text.utf8)
        URLPath.removeParents(&path)
        #expect(String(decoding: path, as: UTF8.self) == result)
    }
    @Test func slashes() {
        var path = Array("//a///b/".utf8)
        URLPath.mergeSlashes(&path)
        #expect(ByteString(path) == "/a/b/")
    }

    /// Normalising twice changes nothing more, and no `..` segment is left.
    @Test func properties() {
        var state: UInt64 = 11
        let alphabet = Array("//..%2eEaf".utf8)
        for _ in 0..<20_000 {
            var path: [UInt8] = [UInt8(ascii: "/")]
            for _ in 0..<Int(next(&state) % 16) { path.append(alphabet[Int(next(&state) % UInt64(alphabet.count))]) }
            let isGood = URLPath.normalize(&path, Self.request)
            #expect(path.first == UInt8(ascii: "/"))
            #expect(!ByteString(path).split(on: UInt8(ascii: "/")).contains(".."))
            var again = path
            let isStillGood = URLPath.normalize(&again, [.notAboveRoot, .mergeSlashes])
            #expect(isStillGood)
            #expect(again == path)
            if isGood {
                again = path
                let isGoodAgain = URLPath.normalize(&again, Self.request)
                #expect(isGoodAgain)
                #expect(again == path)
            }
        }
    }

    @Test func escapes() {
        #expect(ByteString("a<b>&\"'").escapedHTML == "a&lt;b&gt;&amp;&quot;'")
        var output: [UInt8] = []
        output.appendEscapedHTML(ByteString("é"), toASCII: true)
        #expect(ByteString(output) == "&#195;&#169;")
        #expect(ByteString("/a b;é%").escapedPath == "/a%20b;%c3%a9%25")
        #expect(ByteString("/a;~").escapedPathSegment == "%2fa%3b~")
        #expect(ByteString("a:b/c").escapedWholePath == "./a:b/c")
        #expect(ByteString("/a:b").escapedWholePath == "/a:b")
        #expect(ByteString("a b&c=d*").urlEncoded == "a+b%26c%3dd*")
        #expect(ByteString("a\"b\\\n\t\u{01}\u{7F}é").escapedLogItem == "a\\\"b\\\\\\n\\t\\x01\\x7f\\xc3\\xa9")
        #expect(ByteString("a\"b\\\r").escapedErrorLogItem == "a\"b\\\\\\r")
        #expect(ByteString("a\"b\\\"c\\").escapedQuotes == "a\\\"b\\\"c\\")
        #expect(ByteString("a;b$c'\nd").escapedShellCommand == "a\\;b\\$c\\'\\\nd")
        output = []
        let line = ByteString("x\"y\u{08}z")
        output.appendLogItem(line.bytes.span, 0..<line.count)
        #expect(ByteString(output) == "x\\\"y\\bz")
    }
}
