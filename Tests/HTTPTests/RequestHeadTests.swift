import Bytes
import Testing

@testable import HTTP

/// Parses `text` whole; the buffer is returned because folds are joined in it.
func parsed(_ text: String, _ options: RequestOptions = RequestOptions()) -> (
    RequestHead.ParseResult, RequestHead, [UInt8]
) {
    var head = RequestHead()
    head.reset()
    var buffer = Array(text.utf8)
    let result = head.parse(&buffer, options)
    return (result, head, buffer)
}

/// Parses `text` one byte at a time.
func dripped(_ text: String, _ options: RequestOptions = RequestOptions()) -> (
    RequestHead.ParseResult, RequestHead, [UInt8]
) {
    var head = RequestHead()
    head.reset()
    var buffer = Array(text.utf8)
    var result = RequestHead.ParseResult.incomplete
    for end in 0...buffer.count {
        var span = buffer.mutableSpan
        result = head.parse(&span, to: end, options)
        if result != .incomplete { break }
    }
    return (result, head, buffer)
}

func slice(_ buffer: [UInt8], _ range: ByteRange) -> ByteString { ByteString(buffer.span, range) }
func value(_ head: RequestHead, _ name: HeaderName, _ buffer: [UInt8]) -> ByteString? {
    head.value(name, in: buffer.span)
}
func value(_ head: RequestHead, named name: ByteString, _ buffer: [UInt8]) -> ByteString? {
    head.value(named: name, in: buffer.span)
}

func code(_ result: RequestHead.ParseResult) -> Int {
    switch result {
    case .incomplete: 0
    case .complete: 200
    case .failed(let error): error.status.code
    }
}

/// A request, and what Apache's parser says of it: 200 for a head that is accepted, 0 for one that is not finished.
struct HeadCase: Sendable, CustomTestStringConvertible {
    var text: String
    var unsafe: Int
    var strict: Int
    init(_ text: String, _ unsafe: Int, _ strict: Int? = nil) {
        self.text = text
        self.unsafe = unsafe
        self.strict = strict ?? unsafe
    }
    var testDescription: String { text.debugDescription }
}

@Suite struct RequestHeadTests {
    static let cases: [HeadCase] = [
        HeadCase("GET / HTTP/1.0\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\n\n", 200, 400),
        HeadCase("get / HTTP/1.0\r\n\r\n", 200),
        HeadCase("G ET / HTTP/1.0\r\n\r\n", 400),
        HeadCase("G\0ET / HTTP/1.0\r\n\r\n", 400),
        HeadCase("G/T / HTTP/1.0\r\n\r\n", 200, 400),
        HeadCase("GET /\0 HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\0\r\n\r\n", 400),
        HeadCase("GET\u{0C}/ HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET\r/ HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET\t/ HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET / HTT/1.0\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n", 200),
        HeadCase("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.2\r\nHost: localhost\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.11\r\nHost: localhost\r\n\r\n", 400),
        HeadCase("GET / HTTP/10.0\r\nHost: localhost\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0  \r\nHost: localhost\r\n\r\n", 200, 400),
        HeadCase("GET / HTTP/1.0 x\r\nHost: localhost\r\n\r\n", 400),
        HeadCase("GET  /  HTTP/1.0\r\nHost: localhost\r\n\r\n", 200, 400),
        HeadCase("GET / http/1.0\r\nHost: localhost\r\n\r\n", 200, 400),
        HeadCase("GET / HTTP/\r\nHost: localhost\r\n\r\n", 400),
        HeadCase("GET / HTTP/0.9\r\n\r\n", 400),
        HeadCase("GET / HTTP/0.8\r\n\r\n", 400),
        HeadCase("GET /\u{01} HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nFoo: bar\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\r\nFoo:bar\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\r\nFoo: b\0ar\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nFoo: b\u{01}ar\r\n\r\n", 200, 400),
        HeadCase("GET / HTTP/1.0\r\nFoo\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nFoo bar\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\n: bar\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nX: bar\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\r\nFoo bar:bash\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nFoo :bar\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\n Foo:bar\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nF\u{01}o: bar\r\n\r\n", 200, 400),
        HeadCase("GET / HTTP/1.0\r\nF\ro: bar\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nF\to: bar\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nFo: b\tar\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\r\nFo: bar\r\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\r", 0),
        HeadCase("GET /\r\n", 200),
        HeadCase("POST /\r\n", 200, 400),
        HeadCase("HEAD /\r\n", 200, 400),
        HeadCase("GET /#frag HTTP/1.0\r\n\r\n", 200, 400),
        HeadCase("GET\r\n\r\n", 400),
        HeadCase("GET \r\n\r\n", 400),
        HeadCase(" GET / HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET http://foo@localhost:80/ HTTP/1.0\r\n\r\n", 200, 400),
        HeadCase("GET http://localhost:80x/ HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET http://localhost:80:80/ HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET http://localhost::80/ HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET http://[::1]/ HTTP/1.0\r\n\r\n", 200),
        HeadCase("GET http://[::1/ HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET http://4713::abcd:8001/ HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET foo HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET * HTTP/1.0\r\n\r\n", 400),
        HeadCase("OPTIONS * HTTP/1.0\r\n\r\n", 200),
        HeadCase("GET a:b HTTP/1.0\r\n\r\n", 400),
        HeadCase("CONNECT host:443 HTTP/1.0\r\n\r\n", 200),
        HeadCase("CONNECT host HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nA: b\r\n c\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\r\nA: b\r\n \r\n\r\n", 400),
        HeadCase(String(repeating: "\r\n", count: 10) + "GET / HTTP/1.0\r\n\r\n", 200),
        HeadCase(String(repeating: "\r\n", count: 11) + "GET / HTTP/1.0\r\n\r\n", 400),
        HeadCase(String(repeating: "x", count: 9000), 414),
        HeadCase("GET / HTTP/1.0\r\nA: " + String(repeating: "x", count: 9000), 400),
        HeadCase("GET / HTTP/1.0\r\n" + String(repeating: "A: b\r\n", count: 100) + "\r\n", 200),
        HeadCase("GET / HTTP/1.0\r\n" + String(repeating: "A: b\r\n", count: 101) + "\r\n", 400),
    ]

    @Test(arguments: cases) func strict(_ test: HeadCase) {
        #expect(code(parsed(test.text).0) == test.strict)
    }
    @Test(arguments: cases) func legacy(_ test: HeadCase) {
        var options = RequestOptions()
        options.isStrict = false
        #expect(code(parsed(test.text, options).0) == test.unsafe)
    }

    /// However the bytes come, the outcome is the same.
    @Test(arguments: cases, [true, false]) func everySplit(_ test: HeadCase, isStrict: Bool) {
        var options = RequestOptions()
        options.isStrict = isStrict
        let whole = parsed(test.text, options)
        let pieces = dripped(test.text, options)
        #expect(whole.0 == pieces.0)
        #expect(whole.1.fields == pieces.1.fields)
        #expect(whole.1.requestLine == pieces.1.requestLine)
        #expect(whole.1.target == pieces.1.target)
        #expect(whole.1.version == pieces.1.version)
    }

    @Test func browserRequest() {
        let text =
            "GET /a/b.html?x=1&y HTTP/1.1\r\nHost: example.org:8080\r\nUser-Agent: Mozilla/5.0 (X11)\r\n"
            + "accept-ENCODING:gzip, br\t \r\nCookie: a=b\r\nX-Other:  c \r\nCookie: c=d\r\n\r\nbody"
        let (result, head, buffer) = parsed(text)
        #expect(result == .complete(length: text.utf8.count - 4))
        #expect(head.method == .get)
        #expect(head.version == .http11)
        #expect(slice(buffer, head.requestLine) == "GET /a/b.html?x=1&y HTTP/1.1")
        #expect(slice(buffer, head.target.path) == "/a/b.html")
        #expect(slice(buffer, head.target.query) == "x=1&y")
        #expect(value(head, .host, buffer) == ByteString("example.org:8080"))
        #expect(value(head, .acceptEncoding, buffer) == ByteString("gzip, br"))
        #expect(value(head, .cookie, buffer) == ByteString("a=b, c=d"))
        #expect(value(head, named: "x-other", buffer) == ByteString("c"))
        #expect(value(head, named: "X-None", buffer) == nil)
        #expect(!head.has(.range))
        #expect(head.has(.userAgent))
    }

    @Test func foldsAreJoined() {
        let (result, head, buffer) = parsed(
            "GET / HTTP/1.1\r\nHost: a\r\nFoo: bar  \r\n\t  baz\r\n  quux \r\nNext: n\r\n\r\n")
        #expect(code(result) == 200)
        #expect(value(head, named: "Foo", buffer) == ByteString("bar baz quux"))
        #expect(value(head, named: "Next", buffer) == ByteString("n"))
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: a\r\nFoo: bar  \r\n\t  baz\r\n\r\n", "GET\t/ HTTP/1.0\r\n\r\n",
        "GET /  HTTP/1.0\r\n\r\n",
    ])
    func trialsLeaveTheBufferAlone(_ text: String) {
        let sent = Array(text.utf8)
        var buffer = sent
        var head = RequestHead()
        head.isTrial = true
        #expect(head.parse(&buffer, RequestOptions()) == .incomplete)
        #expect(buffer == sent)
        var plain = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        head.reset()
        #expect(head.parse(&plain, RequestOptions()) == .complete(length: plain.count))
    }

    @Test func unusualLinesAreRebuilt() {
        var options = RequestOptions()
        options.isStrict = false
        let (_, head, buffer) = parsed("GET   /x   http/1.1  \r\nHost: a\r\n\r\n", options)
        #expect(slice(buffer, head.requestLine) == "GET /x http/1.1")
        #expect(slice(buffer, head.targetText) == "/x")
        #expect(head.version == .http11)
    }

    @Test(arguments: [
        ("GET / HTTP/1.0\r\nA: " + String(repeating: "x", count: 9000), "AH00561"),
        ("GET / HTTP/1.0\r\n" + String(repeating: "A: b\r\n", count: 101) + "\r\n", "AH00563"),
        (
            "GET / HTTP/1.0\r\nA: " + String(repeating: "x", count: 4500) + "\r\na: "
                + String(repeating: "x", count: 4500) + "\r\n\r\n", "AH00560"
        ),
        (
            "GET / HTTP/1.0\r\nCookie: " + String(repeating: "x", count: 4500) + "\r\nCookie: "
                + String(repeating: "x", count: 4500) + "\r\n\r\n", "AH00560"
        ),
        ("GET / HTTP/1.0\r\nA: " + String(repeating: "x\r\n ", count: 4500) + "\r\n\r\n", "AH00562"),
    ]) func limits(_ text: String, _ number: String) {
        guard case .failed(let error) = parsed(text).0 else {
            Issue.record("accepted")
            return
        }
        #expect(error.logNumber?.description == number)
        #expect(error.notes != nil)
    }

    /// Apache lets a line be one byte longer than the limit.
    @Test(arguments: [(8191, 200), (8192, 414)]) func requestLineLimit(_ length: Int, _ status: Int) {
        let target = "/" + String(repeating: "a", count: length - 14)
        #expect(code(parsed("GET \(target) HTTP/1.1\r\n\r\n").0) == status)
    }

    @Test func registeredMethods() {
        var options = RequestOptions()
        options.registeredMethodsOnly = true
        #expect(code(parsed("FROB / HTTP/1.1\r\n\r\n", options).0) == 501)
        options.registeredMethods = ["FROB"]
        #expect(code(parsed("FROB / HTTP/1.1\r\n\r\n", options).0) == 200)
    }

    @Test func version09() {
        let (result, head, _) = parsed("GET /\r\nmore")
        #expect(result == .complete(length: 7))
        #expect(head.isSimple)
        #expect(head.version == .http09)
        var options = RequestOptions()
        options.allows09 = false
        let (refused, after, _) = parsed("GET /\r\n", options)
        #expect(code(refused) == 400)
        #expect(after.version == .http10)
        #expect(!after.isSimple)
    }

    /// Any bytes at all are answered without a trap, and the same whether dripped or not.
    @Test func arbitraryBytes() {
        var state: UInt64 = 42
        let alphabet = Array("GET /:HTTP.10\r\n\r\n\r\n \t\0aZ-#?@[]*;\u{7F}".utf8)
        for _ in 0..<3000 {
            var bytes: [UInt8] = Array("GET / HTTP/1.1\r\n".utf8.prefix(Int(next(&state) % 17)))
            for _ in 0..<Int(next(&state) % 60) { bytes.append(alphabet[Int(next(&state) % UInt64(alphabet.count))]) }
            for strict in [true, false] {
                var options = RequestOptions()
                options.isStrict = strict
                let text = String(decoding: bytes, as: UTF8.self)
                #expect(parsed(text, options).0 == dripped(text, options).0)
            }
        }
    }
}

/// A small generator for tests: the same numbers in every run.
func next(_ state: inout UInt64) -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
}

@Suite struct HeaderNameTests {
    @Test(arguments: HeaderName.allCases) func everyNameIsFound(_ name: HeaderName) {
        guard name != .other else { return }
        let text = ByteString(name.text)
        #expect(!text.isEmpty)
        #expect(HeaderName(text) == name)
        #expect(HeaderName(text.lowercased) == name)
        #expect(HeaderName(text.uppercased) == name)
        #expect(HeaderName(text + "x") == .other)
        #expect(HeaderName(text[0..<text.count - 1]) != name)
    }
    @Test func writtenNames() {
        #expect(ByteString(HeaderName.wwwAuthenticate.text) == "WWW-Authenticate")
        #expect(ByteString(HeaderName.lastModified.text) == "Last-Modified")
        #expect(ByteString(HeaderName.warning.text) == "Warning")
        #expect(HeaderName.warning.rawValue == 63)
        #expect(HeaderName.host.bit == 2)
        #expect(HeaderName.eTag.bit == 0)
        #expect(HeaderName("") == .other)
        #expect(HeaderName("Ho st") == .other)
    }
    @Test(arguments: Method.allCases) func methods(_ method: Method) {
        #expect(Method(ByteString(method.text)) == method)
    }
}
