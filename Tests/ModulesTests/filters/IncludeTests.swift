import Bytes
import Testing

@testable import Modules

@Suite struct IncludeTests {
    private static func directive(_ text: String) -> IncludeDirective.Reading {
        IncludeDirective.read(Array(text.utf8), from: 0, endTag: Array("-->".utf8))
    }

    @Test(arguments: [
        ("echo var=\"A\" -->x", "echo", "var=A"), ("printenv-->", "printenv", ""),
        ("IF EXPR='a \\'b\\'' -->", "if", "expr=a 'b'"),
        ("set var=x value=`a-->b` -->", "set", "var=x|value=a-->b"),
        ("config timefmt = \"%Y\" -->", "config", "timefmt=%Y"),
        ("include flag file=\"x\" -->", "include", "flag|file=x"), ("x a-b=c -->", "x", "a-b=c"),
    ])
    func reads(_ row: (text: String, name: String, arguments: String)) throws {
        guard case .complete(let directive, _) = Self.directive(row.text) else {
            Issue.record("incomplete: \(row.text)")
            return
        }
        #expect(directive.name.string == row.name)
        let list = directive.arguments.map { $0.value == nil ? $0.name.string : "\($0.name)=\($0.value?.string ?? "")" }
        #expect(list.joined(separator: "|") == row.arguments)
        #expect(directive.faults.isEmpty)
    }

    @Test func everyPrefixIsIncomplete() {
        let text = "set var=\"x\" value='y' -->"
        for count in 0..<text.utf8.count { #expect(Self.directive(String(text.prefix(count))) == .incomplete) }
    }

    @Test(arguments: [
        ("-->", [IncludeDirective.Fault.noName]), ("echo \"A\" -->", [.noArgumentName]),
        ("echo =A -->", [.noArgumentName]),
    ])
    func faults(_ row: (text: String, faults: [IncludeDirective.Fault])) {
        guard case .complete(let directive, _) = Self.directive(row.text) else {
            Issue.record("incomplete: \(row.text)")
            return
        }
        #expect(directive.faults == row.faults)
    }

    @Test(arguments: [
        ("a$x b", "aX b"), ("${x}y", "Xy"), ("$xy", ""), ("\\$x", "$x"), ("\\n$", "\\n$"), ("$ {x}", "$ {x}"),
        ("${}", "${}"),
    ])
    func expands(_ row: (text: String, result: String)) {
        var fault: ByteString?
        let result = IncludeText.expand(ByteString(row.text), fault: &fault) { $0 == "x" ? "X" : nil }
        #expect(result.string == row.result)
        #expect(fault == nil)
    }

    @Test(arguments: [
        ("&lt;&gt;&amp;&quot;", "<>&\""), ("&#65;&#7;&#300;", "A"), ("&nope; & x", "&nope; & x"), ("a&lt", "a&lt"),
    ])
    func entities(_ row: (text: String, result: String)) {
        #expect(IncludeText.decodeEntities(ByteString(row.text)).string == row.result)
    }

    @Test(
        arguments: [
            (0, "  0 "), (972, "972 "), (973, "1.0K"), (1024, "1.0K"), (10_240, " 10K"), (1_048_576, "1.0M"),
            (9_999, "9.8K"),
            (123_456_789, "118M"), (-1, "  - "),
        ] as [(Int64, String)])
    func sizes(_ row: (size: Int64, text: String)) {
        #expect(IncludeText.abbreviated(size: row.size).string == row.text)
    }
    @Test func grouping() {
        #expect(IncludeText.grouped(1_234_567) == "1,234,567")
        #expect(IncludeText.grouped(123) == "123")
    }

    @Test(arguments: [
        ("a/b", "a/b"), ("a/../b", "b"), ("./a", "a"), ("a/", "a/"), ("../a", nil), ("/a", nil), ("a/../../b", nil),
    ])
    func paths(_ row: (path: String, result: String?)) {
        #expect(IncludeSource.pathBelow(ByteString(row.path))?.string == row.result)
    }
}

@Suite struct LegacyExpressionTests {
    @Test(
        arguments: [
            ("a", .string("a")), ("a b", .string("a b")), ("'a b' c", .string("a b c")),
            ("$x = y", .compare(.equal, "$x", "y")), ("$x == 'y z'", .compare(.equal, "$x", "y z")),
            ("a && b || c", .both(.string("a"), .either(.string("b"), .string("c")))),
            ("!a", .not(.string("a"))), ("(a)", .group(.string("a"))),
            ("a != /x\\/y/", .matches("a", pattern: "x/y", negated: true)),
            ("!(a = b) && c", .both(.not(.group(.compare(.equal, "a", "b"))), .string("c"))), ("-A /x", .access("/x")),
        ] as [(String, LegacyExpression)])
    func parses(_ row: (text: String, tree: LegacyExpression)) throws {
        #expect(try LegacyExpression.parse(ByteString(row.text)) == row.tree)
    }
    @Test(arguments: ["&& a", "a &&", "a = = b", "!a = b", "a)", "(a", "/x/", "a /x/", "= a"])
    func refuses(_ text: String) {
        #expect(throws: LegacyExpression.Invalid.self) { try LegacyExpression.parse(ByteString(text)) }
    }
    @Test func deepNestingIsRefused() {
        let text = ByteString([UInt8](repeating: UInt8(ascii: "("), count: 100_000))
        #expect(throws: LegacyExpression.Invalid.self) { try LegacyExpression.parse(text) }
    }
}
