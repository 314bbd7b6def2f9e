import Bytes
import Testing

@testable import Expressions

@Suite struct WildcardTests {
    @Test(
        arguments: [
            ("*", "", [], true), ("*", "a/b", [], true), ("*", "a/b", .pathName, false),
            ("*/b", "a/b", .pathName, true),
            ("a*", "a/b", .pathName, false), ("a/*", "a/b", .pathName, true), ("*a*b*", "xxaxxbxx", [], true),
            ("a?c", "abc", [], true), ("a?c", "a/c", .pathName, false), ("a[b-d]e", "ace", [], true),
            ("a[!b-d]e", "ace", [], false), ("a[^x]e", "ace", [], true), ("[]]", "]", [], true),
            ("[a-]", "-", [], true),
            ("[", "[", [], true), ("[a", "[a", [], true), ("[a/b]", "[a/b]", .pathName, true), ("\\*", "*", [], true),
            ("\\*", "a", [], false), ("\\*", "\\a", .noEscape, true), ("A*", "abc", .caseBlind, true),
            ("[A-C]", "b", .caseBlind, true), ("*.html", ".html", .period, false), ("*.html", ".html", [], true),
            ("?a", ".a", .period, false), (".*", ".a", .period, true), ("a/*", "a/.b", [.period, .pathName], false),
            ("*/*/c", "a/b/c", .pathName, true), ("*/c", "a/b/c", .pathName, false), ("", "", [], true),
            ("", "a", [], false),
            ("a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", [], false),
            ("a", "ab", [], false),
            ("ab", "a", [], false), ("*\\", "a\\", [], true),
        ] as [(ByteString, ByteString, Wildcard.Flags, Bool)])
    func fnmatch(_ pattern: ByteString, _ text: ByteString, _ flags: Wildcard.Flags, _ expected: Bool) {
        #expect(Wildcard.matches(pattern, text, flags) == expected)
    }

    @Test(
        arguments: [
            ("a*", true), ("a?", true), ("[a]", true), ("[a", false), ("a]", false), ("\\*", false), ("abc", false),
            ("\\", false),
        ] as [(ByteString, Bool)])
    func isPattern(_ text: ByteString, _ expected: Bool) { #expect(Wildcard.isPattern(text) == expected) }

    @Test(
        arguments: [
            ("example.org", "*.org", true), ("abc", "a*?", true), ("a", "a*?", false), ("ABC", "abc", false),
            ("", "*", true),
            ("a*", "a\\*", false),
        ] as [(ByteString, ByteString, Bool)])
    func simple(_ text: ByteString, _ expected: ByteString, _ result: Bool) {
        #expect(Wildcard.matchesSimply(text, expected) == result)
        #expect(Wildcard.matchesSimply(text.uppercased, expected, ignoringCase: true) || !result)
    }
}

@Suite struct IPSubnetTests {
    @Test(
        arguments: [
            ("10.1", "10.1.2.3", true), ("10.1", "10.2.2.3", false), ("10.", "10.9.9.9", true),
            ("10", "11.0.0.0", false),
            ("10.1.0.0/16", "10.1.255.1", true), ("10.1.2.3/16", "10.1.0.0", true),
            ("10.1.0.0/255.255.0.0", "10.1.9.9", true),
            ("10.1.0.0/255.255.0.0", "10.3.9.9", false), ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false), ("::1", "::1", true),
            ("::1/128", "::2", false), ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("10.1.2.3.", "10.1.2.3", true),
            ("010.1", "10.1.2.3", true),
            ("ff::/8", "127.0.0.1", false), ("::/1", "127.0.0.1", false), ("128.0.0.0/1", "200.1.1.1", true),
            ("2001:db8::/65", "2001:db8::8000:0:0:0", false), ("1.2.3.4/32", "1.2.3.4", true),
        ] as [(ByteString, ByteString, Bool)])
    func contains(_ subnet: ByteString, _ address: ByteString, _ expected: Bool) throws {
        #expect(try IPSubnet(subnet).contains(try #require(IPAddress(address))) == expected)
    }

    @Test(
        arguments: [
            ("abc", .notAnAddress), ("example.org", .notAnAddress), ("1.2.3.4.5", .badAddress),
            ("256.1.1.1", .badAddress),
            ("::ffff:10.0.0.0", .badAddress), ("10.1/16", .badAddress), ("1.2.3.4/33", .badMask),
            ("1.2.3.4/0", .badMask), ("1.2.3.4/", .badMask),
            ("1.2.3.4/x", .badMask), ("::1/129", .badMask), ("::1/255.0.0.0", .badMask), ("a:b", .badAddress),
            ("1..2", .badAddress), ("1.2.3.4/-1", .badMask), ("1.2.3.4/99999999999999999999", .badMask),
        ] as [(ByteString, IPSubnetError)])
    func refuses(_ subnet: ByteString, _ expected: IPSubnetError) {
        #expect(throws: expected) { _ = try IPSubnet(subnet) }
    }

    @Test(
        arguments: [
            "1:2:3:4:5:6:7:8", "1::8", "::", "::1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1::", "::ffff:1.2.3.4", "ABCD::ef",
        ] as [ByteString])
    func parses(_ text: ByteString) { #expect(IPAddress(text) != nil) }

    @Test(
        arguments: [
            "", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "1:", ":1", "1.2.3",
            "01.2.3.4",
            "1.2.3.4:1::", "::1%eth0", "1:2:3:4:5:6:7:1.2.3.4", "1.2.3.", "1:2:3:4:5:6:7::8:9",
        ] as [ByteString])
    func doesNotParse(_ text: ByteString) { #expect(IPAddress(text) == nil) }

    @Test func rawBytes() {
        #expect(IPAddress(bytes: [127, 0, 0, 1]) == IPAddress("127.0.0.1"))
        #expect(IPAddress(bytes: [UInt8](repeating: 0, count: 15) + [1]) == IPAddress("::1"))
        #expect(IPAddress(bytes: [1, 2]) == nil)
    }
}

@Suite struct FormatStringTests {
    private static let log: @Sendable (ByteString) -> Bool = {
        $0.count == 1 ? "hlutrsiXoDI".utf8.contains($0[0]) : $0 == "^FU"
    }

    @Test func common() throws {
        let format: ByteString = "%h \"%r\" %>s %{Referer}i %400,501{User-agent}i %!200{X}o %<s%% %^FU\\n\\q"
        let items = try FormatString.parseLog(format, isKnown: Self.log)
        #expect(
            items == [
                .directive(.init(name: "h")), .literal(" \""), .directive(.init(name: "r")), .literal("\" "),
                .directive(.init(name: "s", which: .final)), .literal(" "),
                .directive(.init(name: "i", argument: "Referer")), .literal(" "),
                .directive(.init(name: "i", argument: "User-agent", statuses: [400, 501])), .literal(" "),
                .directive(.init(name: "o", argument: "X", statuses: [200], isNegated: true)), .literal(" "),
                .directive(.init(name: "s", which: .original)), .literal("%"), .literal(" "),
                .directive(.init(name: "^FU")), .literal("\n\\q"),
            ])
    }

    @Test func conditions() {
        let some = FormatString.Directive(name: "i", statuses: [400, 501])
        #expect(some.applies(to: 501))
        #expect(!some.applies(to: 200))
        let others = FormatString.Directive(name: "i", statuses: [400], isNegated: true)
        #expect(!others.applies(to: 400))
        #expect(others.applies(to: 200))
        #expect(FormatString.Directive(name: "i").applies(to: 500))
    }

    @Test(
        arguments: [
            ("%", "Ran off end of LogFormat parsing args to some directive"),
            ("%{abc", "Ran off end of LogFormat parsing args to some directive"),
            ("%>99999999999999999999", "Ran off end of LogFormat parsing args to some directive"),
            ("%Z", "Unrecognized LogFormat directive %Z"), ("%^xy", "Unrecognized LogFormat directive %^"),
        ] as [(ByteString, String)])
    func logErrors(_ format: ByteString, _ message: String) {
        #expect(throws: FormatError(message: message)) { _ = try FormatString.parseLog(format, isKnown: Self.log) }
    }

    @Test func header() throws {
        let items = try FormatString.parseHeader("t=%t %{X}e%%%") { "te".utf8.contains($0) }
        #expect(
            items == [
                .literal("t="), .directive(.init(name: "t")), .literal(" "),
                .directive(.init(name: "e", argument: "X")),
                .literal("%"), .literal("%"),
            ])
        #expect(throws: FormatError(message: "Unrecognized header format %s")) {
            _ = try FormatString.parseHeader("%s") { _ in false }
        }
        #expect(throws: FormatError.self) { _ = try FormatString.parseHeader("%{a") { _ in true } }
    }

    @Test func errorLog() throws {
        let items = try FormatString.parseErrorLog("[%{u}t] [%-m:%l]% %7F \\x%M", isMain: true) {
            "tmlF".utf8.contains($0)
        }
        #expect(
            items.map(\.content) == [
                .literal("["), .directive(UInt8(ascii: "t"), argument: "u"), .literal("]"), .literal(" ["),
                .directive(UInt8(ascii: "m"), argument: nil), .literal(":"),
                .directive(UInt8(ascii: "l"), argument: nil),
                .literal("]"), .directive(UInt8(ascii: "F"), argument: nil), .literal(" x"), .message,
            ])
        #expect(items[3].isFieldSeparator && items[8].isFieldSeparator && items[4].nullAsHyphen)
        #expect(items[8].minimumLevel == 7)
    }

    @Test(
        arguments: [
            ("%t", true, "main ErrorLogFormat must contain message format string '%M'"),
            ("%M", false, "%M cannot be used in once-per-request or once-per-connection formats"),
            ("%+t%M", true, "The '+' flag cannot be used in the main error log format"),
            ("%16t%M", true, "The specified loglevel modifier is out of range"),
            ("%q", true, "Unrecognized error log format directive %q"),
            ("%", true, "Ran off end of error log format parsing args to some directive"),
        ] as [(ByteString, Bool, String)])
    func errorLogErrors(_ format: ByteString, _ isMain: Bool, _ message: String) {
        #expect(throws: FormatError(message: message)) {
            _ = try FormatString.parseErrorLog(format, isMain: isMain) { $0 == UInt8(ascii: "t") }
        }
    }
}
