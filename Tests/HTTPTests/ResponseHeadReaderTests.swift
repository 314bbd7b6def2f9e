import Bytes
import Testing

@testable import HTTP

struct ResponseHeadReaderTests {
    /// What reading all of `text` comes to, in pieces of `size` bytes.
    private static func read(
        _ text: ByteString, _ badLine: ResponseHeadReader.BadLine, limit: Int = 8192, pieces size: Int
    ) -> (event: ResponseHeadReader.Event, reader: ResponseHeadReader, rest: ByteString) {
        var reader = ResponseHeadReader(limit: limit, badLine: badLine)
        var at = 0
        while at < text.count {
            let end = min(at + size, text.count)
            let piece = text[at..<end].bytes
            var position = 0
            let event = reader.feed(piece.span, &position)
            if event != .needMore { return (event, reader, text.from(at + position)) }
            at = end
        }
        return (.needMore, reader, "")
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody", "200 OK", "A=b", "body"),
            ("HTTP/1.1 200\r\n\r\n", "200 ", "", ""),
            ("\r\nHTTP/1.0 404 No\r\nA:b \r\nA:  c\r\n\r\n", "404 No", "A=b A=c", ""),
            ("HTTP/1.1 200 OK\nA: b\n\nx", "200 OK", "A=b", "x"),
            ("HTTP/1.1 200 OK\r\nA: b \r\n  c\r\n\td\r\nE: f\r\n\r\n", "200 OK", "A=b  c\td E=f", ""),
            ("HTTP/1.1 200 OK\r\n: v\r\nX:\r\n\r\n", "200 OK", "=v X=", ""),
            ("HTTP/1.1 200 OK\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n", "200 OK", "A=b", ""),
        ] as [(ByteString, ByteString, ByteString, ByteString)], [1, 3, 1000])
    func reads(_ row: (ByteString, ByteString, ByteString, ByteString), _ size: Int) {
        let (event, reader, rest) = Self.read(row.0, .isError, pieces: size)
        #expect(event == .complete)
        #expect(reader.statusLine == row.1)
        #expect(reader.fields.map { "\($0.name)=\($0.value)" as ByteString } == (row.2.isEmpty ? [] : split(row.2)))
        #expect(rest == row.3)
    }
    /// Fields are divided by a blank before a capital or `=`.
    private func split(_ text: ByteString) -> [ByteString] {
        var parts: [ByteString] = [""]
        for (index, byte) in text.bytes.enumerated() {
            if byte == 32, index + 1 < text.count, (65...90).contains(text[index + 1]) {
                parts.append("")
            } else {
                parts[parts.count - 1].append(byte)
            }
        }
        return parts
    }

    @Test(
        arguments: [
            ("\r\n\r\n", .noStatusLine), ("HTTP/2.0 200 OK\r\n\r\n", .statusLine("HTTP/2.0 200 OK")),
            ("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", .badField),
        ] as [(ByteString, ResponseHeadReader.Failure)], [1, 1000])
    func refuses(_ row: (ByteString, ResponseHeadReader.Failure), _ size: Int) {
        #expect(Self.read(row.0, .isError, pieces: size).event == .failed(row.1))
    }
    @Test func knowsAnswersWithoutHead() {
        let (event, reader, rest) = Self.read("garbage\nmore", .isError, pieces: 1000)
        #expect(event == .simple)
        #expect(reader.simpleStart == "garbage")
        #expect(rest == "more")
    }
    @Test func limitsLines() {
        let long = ByteString("HTTP/1.1 200 OK\r\nA: ") + ByteString([UInt8](repeating: 98, count: 200))
        guard case .failed(.tooLong(let start, _)) = Self.read(long, .isError, limit: 100, pieces: 7).event else {
            Issue.record("no limit")
            return
        }
        #expect(start.hasPrefix("A: bbb"))
    }
    @Test(
        arguments: [
            (.ignore, "A=b C=d", "", "body", [.ignored]),
            (.startBody, "A=b", "nonsense\nC: d\n", "\r\nbody", [.startsBody]),
        ] as [(ResponseHeadReader.BadLine, ByteString, ByteString, ByteString, [ResponseHeadReader.Remark])])
    func obeysProxyBadHeader(
        _ badLine: ResponseHeadReader.BadLine, _ fields: ByteString, _ start: ByteString, _ rest: ByteString,
        _ remarks: [ResponseHeadReader.Remark]
    ) {
        let text: ByteString = "HTTP/1.1 200 OK\r\nA: b\r\nnonsense\r\nC: d\r\n\r\nbody"
        let (event, reader, left) = Self.read(text, badLine, pieces: 1000)
        #expect(event == .complete)
        #expect(reader.fields.map { "\($0.name)=\($0.value)" as ByteString } == split(fields))
        #expect(reader.simpleStart == start)
        #expect(left == rest)
        #expect(reader.remarks == remarks)
    }
}
