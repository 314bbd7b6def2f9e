import ACME
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        #"{"a":1,"b":[true,false,null],"c":{"d":"e\"\\\n"}}"#, "[]", "{}", #""ü€😀""#, "-12", "3.5", #"["\u0001"]"#,
        "9223372036854775807",
    ])
    func readsWhatItWrites(_ text: String) throws {
        #expect(String(decoding: try JSON(Array(text.utf8)).text(), as: UTF8.self) == text)
    }
    @Test(arguments: [
        ("\"\\u00fc\\uD83D\\ude00\\/\"", JSON.string("ü😀/")), (" [ 1 , 2.0 ] ", .array([1, .real(2)])),
        ("1e2", .real(100)), ("18446744073709551616", .real(18_446_744_073_709_551_616)),
    ])
    func reads(_ text: String, _ value: JSON) throws { #expect(try JSON(Array(text.utf8)) == value) }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\" 1}", "{a:1}", "01", "1.", "-", "\"a", "\"\\x\"", "\"\\ud800\"", "\"\t\"", "nul", "1 2",
        "[1}", "\"\\u12\"", "+1", "1e", "{\"a\":1,}", String(repeating: "[", count: 100_000), "1e999",
    ])
    func refuses(_ text: String) { #expect(throws: JSON.SyntaxError.self) { try JSON(Array(text.utf8)) } }

    @Test func refusesBytesThatAreNoText() { #expect(throws: JSON.SyntaxError.self) { try JSON([34, 0xFF, 34]) } }

    @Test func indents() {
        let json: JSON = ["a": ["b": .array([]), "c": .array([1, 2])], "d": .emptyObject]
        #expect(
            String(decoding: json.text(indented: true), as: UTF8.self)
                == "{\n  \"a\": {\n    \"b\": [],\n    \"c\": [\n      1,\n      2\n    ]\n  },\n  \"d\": {}\n}")
    }
    @Test func membersAreSetAndTakenAway() {
        var json: JSON = ["a": 1]
        json["b"] = "c"
        json["a"] = .null
        #expect(json == ["b": "c"])
        #expect(json["x"]["y"] == .null)
        #expect(json["b"].string == "c")
    }
}
