import Bytes
import Testing

@testable import Modules
@testable import ServerCore

@Suite struct RewriteReading {
    @Test(
        arguments: [
            ("^/a$ /b [L]", "^/a$", "/b", "[L]"),
            ("a  b", "a", "b", nil),
            ("\"a b\" 'c d' [R,L]", "a b", "c d", "[R,L]"),
            ("a\\ b c", "a\\ b", "c", nil),
            ("a b [E=x:y z]", "a", "b", "[E=x:y"),
            ("a b \"[E=x:y z]\"", "a", "b", "[E=x:y z]"),
            ("a \"\"", "a", "", nil),
        ] as [(ByteString, ByteString, ByteString, ByteString?)])
    func arguments(_ line: ByteString, _ first: ByteString, _ second: ByteString, _ third: ByteString?) {
        let arguments = RewriteArguments(line)
        #expect(arguments?.first == first)
        #expect(arguments?.second == second)
        #expect(arguments?.third == third)
    }

    @Test(arguments: ["only", "", "\"unfinished rest"] as [ByteString])
    func badLines(_ line: ByteString) { #expect(RewriteArguments(line) == nil) }

    private func settings(_ field: ByteString) throws(DirectiveError) -> RewriteRule.Settings {
        var settings = RewriteRule.Settings()
        try RewriteArguments.flags(field) { name, value throws(DirectiveError) in try settings.set(name, value) }
        return settings
    }

    @Test func ruleFlags() throws {
        let all = try settings("[NC,R=301,L,QSA,E=a:b,E=!c,CO=n:v:d,S=2,N=7,B=?/,BNP]")
        #expect(
            all.flags == [
                .noCase, .forceRedirect, .last, .queryAppend, .newRound, .escapeBackreferences, .escapeNoPlus,
            ])
        #expect(all.responseCode == 301)
        #expect(all.environment.count == 2)
        #expect(all.cookies.count == 1)
        #expect(all.skip == 2)
        #expect(all.maxRounds == 7)
        #expect(all.escapes == "?/")
        #expect(try settings("[F]").responseCode == 403)
        #expect(try settings("[ gone ]").responseCode == 410)
        #expect(try settings("[R=404]").flags == [.forceRedirect, .status, .noSubstitution])
        #expect(try settings("[Dxyz]").flags == [])
    }

    @Test(
        arguments: [
            ("[X]", "unknown flag 'X'"), ("[L,]", "unknown flag ''"), ("L]", "bad flag delimiters"),
            ("[R=799]", "invalid HTTP response code '799' for flag 'R'"),
            ("[BNE]", "flag 'BNE' wants a list of characters (i.e. [BNE=...])"),
        ] as [(ByteString, String)])
    func badFlags(_ field: ByteString, _ message: String) {
        var text = ""
        do throws(DirectiveError) { _ = try settings(field) } catch { text = error.message }
        #expect(text == message)
    }

    @Test(
        arguments: [
            ("%{HTTP_HOST}", .named(.httpHost)), ("%{http:X-Y}", .header("X-Y")), ("%{ENV:a}", .environment("a")),
            ("%{ENV:}", .nothing), ("%{abc}", .nothing), ("%{request_uri}", .named(.requestURI)),
            ("%{LA-U:REMOTE_USER}", .lookAhead(file: false, .named(.remoteUser), text: "REMOTE_USER")),
            ("%{SSL:SSL_CIPHER}", .ssl("SSL_CIPHER")), ("%{FOO:bar}", .nothing),
        ] as [(ByteString, RewriteVariable)])
    func variables(_ text: ByteString, _ expected: RewriteVariable) {
        let pieces = RewriteTemplate(text).pieces
        guard pieces.count == 1, case .variable(let found) = pieces[0] else {
            Issue.record("not a variable")
            return
        }
        #expect(found == expected)
    }

    @Test(
        arguments: [
            ("/a?b", "L(/a?b)?"), ("/a\\?b", "L(/a?b)"), ("$1-%2", "$1 L(-) %2"), ("a\\$1", "L(a$1)"), ("a$", "L(a$)"),
            ("%{broken", "L(%{broken)"), ("${m:k$1|d}", "M(m,L(k) $1,L(d))"), ("${m:k}", "M(m,L(k))"),
            ("${nokey}", "L(${nokey})"), ("${m:${n:$1}|x}", "M(m,M(n,$1),L(x))"), ("end\\", "L(end\\)"),
        ] as [(ByteString, String)])
    func templates(_ text: ByteString, _ expected: String) {
        #expect(describe(RewriteTemplate(text)) == expected)
    }
    private func describe(_ template: RewriteTemplate) -> String {
        template.pieces.map { piece in
            switch piece {
            case .literal(let text, let hasQuestion): "L(\(text))\(hasQuestion ? "?" : "")"
            case .ruleGroup(let number): "$\(number)"
            case .conditionGroup(let number): "%\(number)"
            case .variable: "V"
            case .map(let name, let key, let fallback):
                "M(\(name),\(describe(key))\(fallback.map { ",\(describe($0))" } ?? ""))"
            }
        }.joined(separator: " ")
    }
}

@Suite struct RewriteStrings {
    @Test(
        arguments: [
            ("a b/c?d", "[B]", "a+b%2fc%3fd"), ("a b", "[B,BNP]", "a%20b"), ("a?b/c", "[B=?]", "a%3fb/c"),
            ("a/b c", "[B,BNE=/]", "a/b+c"), ("a\u{1}b/ c", "[BCTLS]", "a%01b/+c"), ("x_1", "[B]", "x_1"),
        ] as [(ByteString, ByteString, ByteString)])
    func backReferences(_ text: ByteString, _ flags: ByteString, _ expected: ByteString) throws {
        var settings = RewriteRule.Settings()
        try RewriteArguments.flags(flags) { name, value throws(DirectiveError) in try settings.set(name, value) }
        var result: [UInt8] = []
        RewriteEscape.append(text, settings, to: &result)
        #expect(ByteString(result) == expected)
    }

    @Test(
        arguments: [
            ("http://h/a b", "http://h/a%20b"), ("http://h", "http://h"), ("http://h/", "http://h/"),
            ("mailto:a b@c", "mailto:a%20b@c"), ("ldap://h/dc=a b?x y?sub", "ldap://h/dc=a%20b?x%20y?sub"),
        ] as [(ByteString, ByteString)])
    func absolute(_ url: ByteString, _ expected: ByteString) throws {
        let scheme = try #require(RewriteURL.absolute(url))
        #expect(RewriteURL.escapeAbsolute(url, scheme: scheme.length) == expected)
    }

    @Test(arguments: ["/http://x", "foo://host/", "http:", "htt", ""] as [ByteString])
    func notAbsolute(_ url: ByteString) { #expect(RewriteURL.absolute(url) == nil) }

    @Test(
        arguments: [("12abc", 12), (" -5", -5), ("x", 0), ("", 0), ("99999999999", 2_147_483_647)]
            as [(ByteString, Int)])
    func integers(_ text: ByteString, _ expected: Int) { #expect(CInteger.parse(text) == expected) }

    @Test func textMap() {
        let text: ByteString = "# comment\nkey value rest\n  indented no\nkey second\nnovalue\nlast \t v2"
        #expect(RewriteMap.parse(text.bytes) == ["key": "value", "last": "v2"])
    }

    @Test func programWords() {
        #expect(RewriteProgram.words(" /bin/x 'a b' c\\ d \"\" ") == ["/bin/x", "a b", "c d", ""])
    }

    @Test func program() throws {
        let program = try #require(RewriteProgram(["/bin/sed", "-u", "s/^none$/NULL/;t;s/.*/<&>/"]))
        #expect(program.ask("it's") == "<it's>")
        #expect(program.ask("none") == nil)
        #expect(program.ask("a\nb") == nil)
        #expect(program.ask("again") == "<again>")
    }

    @Test(
        arguments: [("b", "a", 1), ("a", "bb", -1), ("bb", "a", 1), ("ab", "ab", 0)] as [(ByteString, ByteString, Int)])
    func order(_ left: ByteString, _ right: ByteString, _ expected: Int) {
        #expect(RewriteContext.compareByLength(left, right) == expected)
    }
}

@Suite struct RewriteMerging {
    private func config(_ options: RewriteOptions?, base: ByteString? = nil, directory: ByteString)
        -> RewriteDirectoryConfig
    {
        var config = RewriteDirectoryConfig()
        if let options { config.options = .set(options) }
        if let base { config.base = .set(base) }
        config.directory = directory
        return config
    }

    @Test func bases() {
        let outer = config(nil, base: "/x", directory: "/a/")
        #expect(RewriteDirectoryConfig.merged(outer, config(nil, directory: "/a/b/")).base == .inherited)
        #expect(RewriteDirectoryConfig.merged(outer, config(.mergeBase, directory: "/a/b/")).base == .set("/x"))
        #expect(RewriteDirectoryConfig.merged(outer, config(nil, directory: "/a/b/")).directory == "/a/b/")
    }

    @Test(
        arguments: [
            ([], [], .none), ([], .inherit, .after),
            ([], .inheritBefore, .before), (.inheritDown, [], .after), (.inheritDown, .ignoreInherit, .none),
            (.inheritDownBefore, [], .before), (.inheritDownBefore, .ignoreInherit, .none),
            (.inheritDown, [.ignoreInherit, .inheritBefore], .before),
        ] as [(RewriteOptions, RewriteOptions, RewriteOptions.Inheritance)])
    func inheritance(_ base: RewriteOptions, _ own: RewriteOptions, _ expected: RewriteOptions.Inheritance) {
        #expect(RewriteOptions.inheritance(from: base, into: own) == expected)
    }
}
