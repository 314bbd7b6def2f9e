import Testing

@testable import LoadGenerator

struct AnswerCase: Sendable {
    var text: String
    var isWhole = true
    var isGood = true
    var isKept = true
}

@Test(arguments: [
    AnswerCase(text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"),
    AnswerCase(text: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", isWhole: false),
    AnswerCase(text: "HTTP/1.1 200 OK\r\nContent-Le", isWhole: false),
    AnswerCase(
        text: "HTTP/1.1 404 Not Found\r\ncontent-length:0\r\nConnection: close\r\n\r\n", isGood: false, isKept: false),
    AnswerCase(text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"),
    AnswerCase(text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n", isWhole: false),
    AnswerCase(text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nab", isWhole: false),
    AnswerCase(text: "", isWhole: false),
])
func answersEnd(_ one: AnswerCase) {
    let end = AnswerEnd(Array(one.text.utf8))
    #expect((end != nil) == one.isWhole)
    if let end { #expect(end.isGood == one.isGood && end.isKept == one.isKept) }
}

@Test func percentiles() {
    var result = LoadResult()
    #expect(result.percentile(0.5) == 0)
    result.latencies = Array(1...100)
    #expect(result.percentile(0.5) == 50 && result.percentile(0.99) == 99 && result.percentile(1) == 100)
}
