// ModuleHTTP2/HeadBuilder.swift

import Bytes
import Testing

@testable import ModuleHTTP2

/// Fields of a HEADERS frame, and the head of HTTP/1 they become.
struct HeadCase: Sendable, CustomStringConvertible {
    let name: String
    let fields: [(String, String)]
    let expected: String
    var status = 0
    var endsStream = true
    var description: String { name }
}

private let get: [(String, String)] = [
    (":method", "GET"), (":scheme", "http"), (":authority", "example.net"), (":path", "/a?b=c"),
]
private let getText = "GET /a?b=c HTTP/2.0\r\nHost: example.net\r\n"

private let cases: [HeadCase] = [
    HeadCase(name: "pseudo-fields", fields: get, expected: getText + "\r\n"),
    HeadCase(
        name: "host without authority",
        fields: [(":method", "GET"), (":scheme", "http"), (":path", "/"), ("host", "example.org")],
        expected: "GET / HTTP/2.0\r\nHost: example.org\r\n\r\n"),
    HeadCase(
        name: "authority and host", fields: get + [("host", "other.net"), ("accept", "*/*")],
        expected: getText + "Accept: */*\r\n\r\n"),
    HeadCase(
        name: "empty authority",
        fields: [
            (":method", "GET"), (":scheme", "http"), (":authority", ""), (":path", "/"), ("host", "h"),
        ], expected: "GET / HTTP/2.0\r\nHost: h\r\n\r\n"),
    HeadCase(
        name: "cookies are one", fields: get + [("cookie", "a=1"), ("x-a", "b"), ("cookie", "b=2"), ("cookie", "")],
        expected: getText + "X-A: b\r\nCookie: a=1; b=2\r\n\r\n"),
    HeadCase(
        name: "fields of connections",
        fields: get + [
            ("connection", "close"), ("keep-alive", "1"), ("proxy-connection", "x"), ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"), ("http2-settings", "AAA"), ("te", "trailers"),
        ], expected: getText + "Te: trailers\r\n\r\n"),
    HeadCase(
        name: "blanks around values", fields: get + [("x-blank", " \t a b\t ")],
        expected: getText + "X-Blank: a b\r\n\r\n"),
    HeadCase(
        name: "repeated fields stay", fields: get + [("x-a", "1"), ("x-a", "2")],
        expected: getText + "X-A: 1\r\nX-A: 2\r\n\r\n"),
    HeadCase(
        name: "a type without a body", fields: get + [("content-type", "text/plain")],
        expected: getText + "Content-Type: text/plain\r\nContent-Length: 0\r\n\r\n"),
    HeadCase(
        name: "a type with a body", fields: get + [("content-type", "text/plain")],
        expected: getText + "Content-Type: text/plain\r\n\r\n", endsStream: false),
    HeadCase(
        name: "CONNECT", fields: [(":method", "CONNECT"), (":authority", "example.net:443")],
        expected: "CONNECT example.net:443 HTTP/2.0\r\nHost: example.net:443\r\n\r\n"),
    HeadCase(
        name: "another scheme",
        fields: [
            (":method", "GET"), (":scheme", "ftp"), (":authority", "example.net"), (":path", "/x"),
        ], expected: "GET ftp://example.net/x HTTP/2.0\r\nHost: example.net\r\n\r\n"),
    HeadCase(
        name: "OPTIONS *",
        fields: [
            (":method", "OPTIONS"), (":scheme", "https"), (":authority", "example.net"), (":path", "*"),
        ], expected: "OPTIONS * HTTP/2.0\r\nHost: example.net\r\n\r\n"),
    HeadCase(
        name: "a field that is too long", fields: get + [("x-long", String(repeating: "a", count: 8190))],
        expected: getText + "\r\n", status: 431),
    HeadCase(
        name: "cookies that are too long together",
        fields: get + [
            ("cookie", String(repeating: "a", count: 8000)), ("cookie", String(repeating: "b", count: 400)),
        ],
        expected: getText + "Cookie: " + String(repeating: "a", count: 8000) + "\r\n\r\n", status: 431),
    HeadCase(
        name: "a path that is too long",
        fields: [
            (":method", "GET"), (":scheme", "http"), (":authority", "h"),
            (":path", "/" + String(repeating: "a", count: 8190)),
        ], expected: "GET / HTTP/2.0\r\nHost: h\r\n\r\n", status: 414),
]

private func build(
    _ fields: [(String, String)], _ limits: HeadLimits = HeadLimits(), endsStream: Bool = true
) -> (text: [UInt8], progress: HeadBuilder.Progress, isTaken: Bool) {
    var builder = HeadBuilder()
    var text: [UInt8] = []
    builder.begin(at: 0, isTrailer: false, limits)
    var isTaken = true
    for (name, value) in fields where isTaken {
        isTaken = builder.add(Array(name.utf8).span, Array(value.utf8).span, to: &text)
    }
    if isTaken { builder.finish(&text, endsStream: endsStream) }
    return (text, builder.progress, isTaken)
}

@Test(arguments: cases) func heads(_ given: HeadCase) {
    let built = build(given.fields, endsStream: given.endsStream)
    #expect(String(decoding: built.text, as: UTF8.self) == given.expected)
    #expect(built.progress.status == given.status)
    #expect(built.isTaken)
}

@Test func replacedHostIsKept() {
    let built = build(get + [("host", "other.net")])
    #expect(built.progress.originalHost == Array("other.net".utf8))
    #expect(build(get + [("host", "example.net")]).progress.originalHost.isEmpty)
}

@Test func fieldsAreCounted() {
    var limits = HeadLimits()
    limits.fields = 3
    let extra: [(String, String)] = (0..<3).map { ("x-\($0)", "v") }
    #expect(build(get + extra, limits).progress.status == 0)
    #expect(build(get + extra + [("x-3", "v")], limits).progress.status == 431)
    let many: [(String, String)] = (0..<200).map { ("x-\($0)", "v") }
    #expect(!build(get + many, limits).isTaken)
    limits.fields = 0
    #expect(build(get + many, limits).progress.status == 0)
}

@Test func trailersLeaveOutWhatMustNotBeThere() {
    var builder = HeadBuilder()
    var text: [UInt8] = []
    builder.begin(at: 0, isTrailer: true, HeadLimits())
    for (name, value) in [("x-sum", "1"), ("host", "evil"), ("content-length", "9"), ("te", "x"), ("expires", "never")]
    {
        #expect(builder.add(Array(name.utf8).span, Array(value.utf8).span, to: &text))
    }
    #expect(text.isEmpty)
    #expect(builder.takeTrailers().map { "\($0.name)=\($0.value)" } == ["X-Sum=1", "Expires=never"])
}

@Test(arguments: [
    ("AAMAAABkAAQCAAAAAAIAAAAA", [0, 3, 0, 0, 0, 100, 0, 4, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0] as [UInt8]?),
    ("", []), ("AA", [0]), ("AA==", [0]), ("-_8", [251, 255]), ("A A", nil), ("A.", nil),
])
func settingsOfUpgrades(_ text: String, _ bytes: [UInt8]?) {
    #expect(Base64URL.decode(ByteString(text)) == bytes)
}

@Test func tokensComeBackWithTime() {
    var bucket = TokenBucket(burst: 3, rate: 2)
    #expect((0..<4).map { _ in bucket.take(now: 5000) } == [true, true, true, false])
    #expect((0..<3).map { _ in bucket.take(now: 6000) } == [true, true, false])
    #expect((0..<4).map { _ in bucket.take(now: 1_000_000) } == [true, true, true, false])
}
