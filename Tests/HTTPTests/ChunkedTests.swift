import Bytes
import Testing

@testable import HTTP

@Suite struct ChunkedTests {
    /// Decodes in pieces of `size` bytes: the body, what is left over, or the status of the error.
    static func decode(
        _ text: String, size: Int, _ options: RequestOptions = RequestOptions(), limit: UInt64 = 0
    ) -> (body: String, end: String, rest: Int) {
        var decoder = ChunkedDecoder(options, limit: limit)
        let bytes = Array(text.utf8)
        var body: [UInt8] = []
        var start = 0
        while start < bytes.count {
            let piece = Array(bytes[start..<min(start + size, bytes.count)])
            var position = 0
            loop: while true {
                switch decoder.next(piece.span, &position, to: piece.count) {
                case .needMore: break loop
                case .body(let range): body += piece[range]
                case .end:
                    let names = decoder.trailers.map { ByteString(decoder.trailerBytes.span, $0.value).string }
                    return (
                        String(decoding: body, as: UTF8.self), "end" + names.map { ":" + $0 }.joined(),
                        bytes.count - start - position
                    )
                case .failed(let error): return (String(decoding: body, as: UTF8.self), "\(error.status.code)", 0)
                }
            }
            start += size
        }
        return (String(decoding: body, as: UTF8.self), "more", 0)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var body: String
        var strict: String
        var legacy: String
        init(_ text: String, _ body: String, _ strict: String, _ legacy: String? = nil) {
            self.text = text
            self.body = body
            self.strict = strict
            self.legacy = legacy ?? strict
        }
        var testDescription: String { text.debugDescription }
    }

    static let cases: [Case] = [
        Case("0\r\n\r\n", "", "end"),
        Case("3\r\nabc\r\n0\r\n\r\nGET", "abc", "end"),
        Case("3\r\nabc\r\n4\r\ndefg\r\n000\r\n\r\n", "abcdefg", "end"),
        Case("a\r\n0123456789\r\n0\r\n\r\n", "0123456789", "end"),
        Case("A\r\n0123456789\r\n0\r\n\r\n", "0123456789", "end"),
        Case("3;x=y\r\nabc\r\n0;\tz\r\n\r\n", "abc", "end"),
        Case("3 \t \r\nabc\r\n0\r\n\r\n", "abc", "end"),
        Case("3 ;x\r\nabc\r\n0\r\n\r\n", "abc", "end"),
        Case("3           \r\nabc\r\n0\r\n\r\n", "", "400"),
        Case("3 3\r\nabc\r\n0\r\n\r\n", "", "400"),
        Case("3\nabc\n0\n\n", "", "400", "end"),
        Case("3\r\nabc\n0\r\n\r\n", "abc", "400", "end"),
        Case("3\r\nabcd\r\n0\r\n\r\n", "abc", "400"),
        Case("3\r\nabc\r\r\n0\r\n\r\n", "abc", "400"),
        Case("3\rabc\r\n", "", "400"),
        Case("\r\n", "", "400"),
        Case("x\r\n", "", "400"),
        Case(" 3\r\nabc\r\n", "", "400"),
        Case("+3\r\nabc\r\n", "", "400"),
        Case("0x3\r\nabc\r\n", "", "400"),
        Case("3;\u{01}\r\nabc\r\n", "", "400"),
        Case("7fffffffffffffff\r\nab", "ab", "more"),
        Case("8000000000000000\r\nab", "", "413"),
        Case("00000000000000000000001\r\na\r\n0\r\n\r\n", "a", "end"),
        Case("10000000000000000\r\n", "", "413"),
        Case("fffffffffffffffff\r\n", "", "413"),
        Case("0\r\nA: b\r\nC: d \r\n\r\n", "", "end:b:d"),
        Case("0\r\nA: b\r\n c\r\n\r\n", "", "end:b c"),
        Case("0\r\nA b\r\n\r\n", "", "400"),
        Case("0\r\n" + String(repeating: "A: b\r\n", count: 101) + "\r\n", "", "400"),
        Case("0\r\nA: " + String(repeating: "x", count: 9000), "", "400"),
        Case("3;" + String(repeating: "x", count: 9000), "", "413"),
        Case("3\r\nab", "ab", "more"),
    ]

    @Test(arguments: cases, [1, 2, 3, 7, 10_000]) func strict(_ test: Case, _ size: Int) {
        let result = Self.decode(test.text, size: size)
        #expect(result.end == test.strict)
        if test.strict.hasPrefix("end") { #expect(result.body == test.body) }
    }
    @Test(arguments: cases, [1, 2, 3, 7, 10_000]) func legacy(_ test: Case, _ size: Int) {
        var options = RequestOptions()
        options.isStrict = false
        #expect(Self.decode(test.text, size: size, options).end == test.legacy)
    }
    @Test func restIsNotTaken() {
        #expect(Self.decode("1\r\na\r\n0\r\n\r\nGET /", size: 1000).rest == 5)
    }
    @Test func bodyLimit() {
        #expect(Self.decode("3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n", size: 1000, limit: 6).end == "end")
        #expect(Self.decode("3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n", size: 1000, limit: 5).end == "413")
    }

    @Test func roundTrip() {
        var state: UInt64 = 7
        var coded: [UInt8] = []
        var plain: [UInt8] = []
        for _ in 0..<20 {
            let count = Int(next(&state) % 5000) + 1
            let piece = (0..<count).map { _ in UInt8(32 + next(&state) % 90) }
            ChunkedEncoder.appendHeader(count: count, to: &coded)
            coded += piece
            ChunkedEncoder.appendTrailer(to: &coded)
            plain += piece
        }
        ChunkedEncoder.appendEnd(to: &coded)
        let text = String(decoding: coded, as: UTF8.self)
        for size in [1, 17, 4096] {
            let result = Self.decode(text, size: size)
            #expect(result.end == "end")
            #expect(result.body == String(decoding: plain, as: UTF8.self))
        }
    }

    @Test func arbitraryBytes() {
        var state: UInt64 = 3
        let alphabet = Array("0123aAf; \t\r\n\r\n:x\u{01}".utf8)
        for _ in 0..<3000 {
            let bytes = (0..<Int(next(&state) % 40)).map { _ in alphabet[Int(next(&state) % UInt64(alphabet.count))] }
            let text = String(decoding: bytes, as: UTF8.self)
            let whole = Self.decode(text, size: 1000)
            let pieces = Self.decode(text, size: 1)
            #expect(whole.end == pieces.end)
            #expect(whole.body == pieces.body)
        }
    }
}
