import Bytes
import Testing

@testable import Expressions

@Suite struct RegexTests {
    @Test func matchesWithGroups() throws {
        let regex = try Regex("^/(\\w+)/(x)?(?<rest>.*)$")
        #expect(regex.numberOfGroups == 3)
        #expect(regex.groupNames.map(\.name) == ["rest"])
        #expect(regex.groupNames.map(\.number) == [3])
        let subject: ByteString = "/abc/def\n"
        let captures = try #require(regex.match(subject))
        #expect(captures[0] == 0..<9)
        #expect(captures[1] == 1..<4)
        #expect(captures[2] == nil)
        #expect(captures[3] == 5..<9)
        #expect(captures[4] == nil)
        #expect(captures[10] == nil)
        #expect(captures[-1] == nil)
        var all: [Range<Int>?] = []
        #expect(regex.match(subject, groups: &all))
        #expect(all == [0..<9, 1..<4, nil, 5..<9])
        #expect(!regex.match("abc", groups: &all))
        #expect(all.isEmpty)
    }

    @Test func startsAnywhere() throws {
        let regex = try Regex("^b")
        #expect(regex.match("ab", from: 1)?[0] == 1..<2)
        #expect(!regex.matches("ab"))
        #expect(try Regex("^$").matches("ab", from: 2))
        #expect(!regex.matches("ab", from: 3))
        #expect(!regex.matches("ab", from: -1))
        #expect(try Regex("").matches(""))
    }

    @Test(
        arguments: [
            ("a.c", "a\nc", RegexOptions.standard, true),
            ("a.c", "a\nc", [], false),
            ("a$", "a\n", RegexOptions.standard, false),
            ("a$", "a\n", [], true),
            ("A", "a", [], false),
            ("A", "a", .ignoreCase, true),
            ("^b", "a\nb", .newline, true),
        ] as [(ByteString, ByteString, RegexOptions, Bool)])
    func options(_ pattern: ByteString, _ subject: ByteString, _ options: RegexOptions, _ expected: Bool) throws {
        #expect(try Regex(pattern, options, defaults: []).matches(subject) == expected)
    }

    @Test(arguments: ["(", "[a", "a{2,1}", "(?<n", "\\"] as [ByteString])
    func refuses(_ pattern: ByteString) { #expect(throws: RegexError.self) { _ = try Regex(pattern) } }

    @Test(
        arguments: [("icase", 0x01), ("DOTALL", 0x40), ("Dollar_EndOnly", 0x200), ("EXTENDED", nil), ("", nil)]
            as [(ByteString, UInt16?)])
    func namedOptions(_ name: ByteString, _ value: UInt16?) { #expect(RegexOptions.named(name)?.rawValue == value) }

    @Test func limitsAreNoMatch() throws {
        let bomb = try Regex("^(([a-z])+.)+[A-Z]([a-z])+$")
        #expect(!bomb.matches(ByteString([UInt8](repeating: 97, count: 60))))
        // More stack than JIT has: the interpreter answers.
        #expect(try Regex("^(?:(a)|b)*$").matches(ByteString([UInt8](repeating: 97, count: 20_000))))
        // More groups than any pattern before.
        let many = try Regex(ByteString(String(repeating: "(a)?", count: 300)))
        var all: [Range<Int>?] = []
        #expect(many.match("aa", groups: &all))
        #expect(many.match("aa")?[9] == nil)
    }

    @Test(
        arguments: [
            ("[$1]", "[b]"), ("$0$0", "abcabc"), ("\\$1", "$1"), ("$3$2.", "."), ("a\\", "a\\"), ("\\\\x", "\\x"),
            ("$", "$"),
            ("$x", "$x"), ("", ""),
        ] as [(ByteString, ByteString)])
    func substitutes(_ template: ByteString, _ expected: ByteString) throws {
        let captures = try Regex("a(b)c(x)?").match("abc")
        #expect(Substitution.expand(template, source: "abc", captures: captures) == expected)
    }

    @Test func substitutionLimits() {
        #expect(Substitution.expand("a\\b$1", source: "", captures: nil) == "a\\b$1")
        #expect(Substitution.expand("abcd", source: "", captures: nil, limit: 4) == nil)
        #expect(Substitution.expand("abc", source: "", captures: nil, limit: 4) == "abc")
        var captures = RegexCaptures()
        captures[0] = 0..<100
        #expect(Substitution.expand("$0", source: "short", captures: captures) == "")
    }

    @Test(
        arguments: [
            ("s/b/x/", "abcb", "axcb"), ("s/b/x/g", "abcb", "axcx"), ("s#(B)#<$1>#ig", "abcb", "a<b>c<b>"),
            ("/b/", "abc", nil), ("b", "abc", nil), ("s/x*/-/g", "ab", "-a-b-"), ("s/z/-/", "ab", nil),
        ] as [(ByteString, ByteString, ByteString?)])
    func plus(_ pattern: ByteString, _ subject: ByteString, _ expected: ByteString?) throws {
        #expect(try #require(RegexPlus(pattern)).replace(subject) == expected)
    }

    @Test(arguments: ["s/a/", "s/a/b", "/(/", "s/(/x/"] as [ByteString])
    func plusRefuses(_ pattern: ByteString) { #expect(RegexPlus(pattern) == nil) }
}
