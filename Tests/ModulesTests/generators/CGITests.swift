import Bytes
import Testing

@testable import Modules

@Suite struct CGITests {
    @Test(
        arguments: [
            (nil, []), ("", []), ("a=b", []), ("a+b%20c", ["a", "b c"]), ("a", ["a"]), ("%3bls+$x", ["\\;ls", "\\$x"]),
            ("a++b", ["a", "", "b"]), ("%", ["%"]), ("%4", ["%4"]),
        ] as [(String?, [String])])
    func arguments(_ row: (query: String?, words: [String])) {
        #expect(CGIHandler.arguments(row.query.map { ByteString($0) }).map(\.string) == row.words)
    }

    @Test(
        arguments: [
            ("5", 5000), ("5s", 5000), ("500ms", 500), ("2mi", 120_000), ("1h", 3_600_000), ("0", 0), ("x", nil),
            ("5y", nil),
            ("-1", nil),
        ] as [(String, UInt64?)])
    func timeouts(_ row: (text: String, milliseconds: UInt64?)) {
        #expect(CGI.milliseconds(ByteString(row.text)) == row.milliseconds)
    }
}
