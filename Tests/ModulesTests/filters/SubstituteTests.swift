import Bytes
import ServerCore
import Testing

@testable import Modules

@Suite struct SubstituteTests {
    private static func apply(_ rules: [String], _ line: String, limit: Int = 1000) throws -> String? {
        let rules = try rules.map { try Substitute.rule(ByteString($0), .standard) }
        return LineSubstitution.apply(rules, to: ByteString(line), limit: limit)?.string
    }

    @Test(arguments: [
        (["s/foo/bar/"], "foo Foo foo", "bar Foo bar"), (["s/foo/bar/i"], "foo Foo", "bar bar"),
        (["s|a.c|[$0]|"], "abc a.c", "[abc] [a.c]"), (["s/a.c/x/n"], "abc a.c", "abc x"),
        (["s/(a)(b)/$2$1/"], "abab", "baba"), (["s/a/b/", "s/b/c/"], "a", "c"), (["s/a/b/q", "s/b/c/"], "ab", "bc"),
        (["s/x/y/in"], "aXx", "ayy"), (["s/z//"], "azb", "ab"),
    ])
    func lines(_ row: (rules: [String], line: String, result: String)) throws {
        #expect(try Self.apply(row.rules, row.line) == row.result)
    }
    @Test func longLinesAreRefused() throws {
        #expect(try Self.apply(["s/a/bbbb/"], "aaa", limit: 10) == nil)
    }
    @Test(arguments: [
        ("x/a/b/", "Bad Substitute format, must be an s/// pattern"),
        ("s/a", "Bad Substitute format, must be a complete s/// pattern"),
        ("s//b/", "Bad Substitute format, must be a complete s/// pattern"),
        ("s", "Bad Substitute format, must be a complete s/// pattern"),
        ("s/a/b/x", "Bad Substitute flag, only s///[infq] are supported"),
        ("s/(/b/", "Substitute could not compile regex"),
    ])
    func refuses(_ row: (text: String, message: String)) {
        #expect {
            try Substitute.rule(ByteString(row.text), .standard)
        } throws: { ($0 as? DirectiveError)?.message == row.message }
    }
    @Test(
        arguments: [("10", 10), ("1k", 1024), ("2M", 2_097_152), ("1x", nil), ("-1", nil), ("5b", 5)]
            as [(String, Int?)])
    func lengths(_ row: (text: String, length: Int?)) {
        #expect(Substitute.lineLength(ByteString(row.text)) == row.length)
    }
}
