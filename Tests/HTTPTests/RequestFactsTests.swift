import Bytes
import Testing

@testable import HTTP

/// Parses and examines; 200 or the status of the error.
func examined(_ text: String, _ options: RequestOptions = RequestOptions()) -> (Int, RequestFacts?) {
    let (result, head, buffer) = parsed(text, options)
    guard case .complete = result else { return (code(result), nil) }
    do {
        return (200, try head.examine(buffer.span, options, isSecure: false))
    } catch {
        return (error.status.code, nil)
    }
}

@Suite struct RequestFactsTests {
    /// What apache2 2.4.71 answers, unsafe and strict; answers of handlers count as 200.
    static let cases: [HeadCase] = [
        HeadCase("GET / HTTP/1.0\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\n\n", 200, 400),
        HeadCase("get / HTTP/1.0\r\n\r\n", 200),
        HeadCase("G/T / HTTP/1.0\r\n\r\n", 200, 400),
        HeadCase("GET  /  HTTP/1.0\r\nHost: localhost\r\n\r\n", 200, 400),
        HeadCase("GET / http/1.0\r\nHost: localhost\r\n\r\n", 200, 400),
        HeadCase("GET\r\n\r\n", 400),
        HeadCase("GET \r\n\r\n", 400),
        HeadCase(" GET / HTTP/1.0\r\n\r\n", 400),
        HeadCase("POST /\r\n", 200, 400),
        HeadCase("HEAD /\r\n", 200, 400),
        HeadCase("GET /\r\n", 200),
        HeadCase("GET http://[::1/ HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET foo HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET * HTTP/1.0\r\n\r\n", 400),
        HeadCase("OPTIONS * HTTP/1.0\r\n\r\n", 200),
        HeadCase("GET a:b HTTP/1.0\r\n\r\n", 400),
        HeadCase("CONNECT host:443 HTTP/1.0\r\n\r\n", 200),
        HeadCase("CONNECT host HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nA: b\r\n c\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\r\nA: b\r\n \r\n\r\n", 400),
        HeadCase("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n", 200),
        HeadCase("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.1\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
        HeadCase("GET http://localhost/ HTTP/1.1\r\n\r\n", 400),
        HeadCase("GET http://localhost/ HTTP/1.1\r\nHost: x y\r\n\r\n", 200),
        HeadCase("GET https://localhost/ HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\r\nHost: 123\r\n\r\n", 200, 400),
        HeadCase("GET / HTTP/1.0\r\nHost: 1.2.3\r\n\r\n", 200, 400),
        HeadCase("GET / HTTP/1.0\r\nHost: 1.2.3.4\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\r\nHost: 01.2.3.4\r\n\r\n", 200, 400),
        HeadCase("GET / HTTP/1.0\r\nHost: a..b\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nHost: a.b.\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\r\nHost: a.1b\r\n\r\n", 200, 400),
        HeadCase("GET / HTTP/1.0\r\nHost: a:\r\n\r\n", 200, 400),
        HeadCase("GET / HTTP/1.0\r\nHost: a:0\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nHost: a:65536\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nHost: :80\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nHost: .\r\n\r\n", 200, 400),
        HeadCase("GET / HTTP/1.0\r\nHost: a,b\r\n\r\n", 200, 400),
        HeadCase("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 200, 400),
        HeadCase("GET / HTTP/1.0\r\nHost: [::1%eth0]\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nHost: [::1]x\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nHost: [1:2:3:4:5:6:7:8:9]\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nHost: [::1.2.3.4]\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\r\nHost: a/b\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nHost: localhost:80 x\r\n\r\n", 200, 400),
        HeadCase("GET / HTTP/1.0\r\nHost: 4714::abcd:8001\r\n\r\n", 200, 400),
        HeadCase("GET http://017700000001/ HTTP/1.0\r\n\r\n", 200, 400),
        HeadCase("GET http://0x7f.1/ HTTP/1.0\r\n\r\n", 200, 400),
        HeadCase("GET http://127.01.0.1/ HTTP/1.0\r\n\r\n", 200, 400),
        HeadCase("GET http://%3127.0.0.1/ HTTP/1.0\r\n\r\n", 200, 400),
        HeadCase("GET http://[4712::abcd::]/ HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET http://[::1]x/ HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET http:/// HTTP/1.0\r\n\r\n", 200),
        HeadCase("GET http:/foo HTTP/1.0\r\n\r\n", 200),
        HeadCase("GET http:foo HTTP/1.0\r\n\r\n", 400),
        HeadCase("GET //foo HTTP/1.0\r\n\r\n", 200),
        HeadCase("GET http://a HTTP/1.0\r\n\r\n", 200),
        HeadCase("GET http://a?x HTTP/1.0\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\r\nContent-Length: x\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nContent-Length: 5, 5\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nContent-Length: +0\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nContent-Length:\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nContent-Length: -1\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nTransfer-Encoding: gzip chunked\r\n\r\n0\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\r\nTransfer-Encoding:\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nTransfer-Encoding: ,\tchunked\r\n\r\n0\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nTransfer-Encoding: gzip\tchunked\r\n\r\n0\r\n\r\n", 400),
        HeadCase("GET / HTTP/1.0\r\nExpect: foo\r\n\r\n", 417),
        HeadCase("GET / HTTP/1.0\r\nExpect: 100-Continue\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\r\nExpect:\r\n\r\n", 200),
        HeadCase("GET / HTTP/1.0\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n\r\n", 417),
    ]

    @Test(arguments: cases) func strict(_ test: HeadCase) {
        #expect(examined(test.text).0 == test.strict)
    }
    @Test(arguments: cases) func legacy(_ test: HeadCase) {
        var options = RequestOptions()
        options.isStrict = false
        #expect(examined(test.text, options).0 == test.unsafe)
    }

    @Test func framing() {
        #expect(examined("POST / HTTP/1.0\r\nContent-Length: 12\r\n\r\n").1?.framing == .length(12))
        #expect(examined("POST / HTTP/1.0\r\n\r\n").1?.framing == BodyFraming.none)
        let both = examined("POST / HTTP/1.0\r\nContent-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\n").1
        #expect(both?.framing == .chunked)
        #expect(both?.closesConnection == true)
        let maximum = "POST / HTTP/1.0\r\nContent-Length: 9223372036854775807\r\n\r\n"
        #expect(examined(maximum).1?.framing == .length(9_223_372_036_854_775_807))
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: Example.org:8080\r\n\r\n", "Example.org", 8080, false, false),
        ("GET / HTTP/1.1\r\nHost: example.org.\r\n\r\n", "example.org", 0, false, false),
        ("GET / HTTP/1.1\r\nHost: [::1]:81\r\n\r\n", "::1", 81, true, false),
        ("GET http://a.b:82/ HTTP/1.1\r\nHost: c\r\n\r\n", "a.b", 82, false, true),
        ("GET http://[::2]:83/ HTTP/1.1\r\nHost: c\r\n\r\n", "::2", 83, true, true),
        ("GET https://a.b/ HTTP/1.1\r\nHost: c:1\r\n\r\n", "c", 1, false, false),
        ("CONNECT x.y:443 HTTP/1.1\r\nHost: c\r\n\r\n", "x.y", 443, false, true),
    ]) func host(_ text: String, _ name: String, _ port: Int, _ isBracketed: Bool, _ isFromTarget: Bool) {
        let (_, _, buffer) = parsed(text)
        let facts = examined(text).1
        #expect(facts?.host.map { slice(buffer, $0.name).string } == name)
        #expect(facts?.host.map { Int($0.port) } == port)
        #expect(facts?.host?.isBracketed == isBracketed)
        #expect(facts?.hostIsFromTarget == isFromTarget)
    }

    @Test func joinedHost() {
        var options = RequestOptions()
        options.isStrict = false
        let facts = examined("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", options).1
        #expect(facts?.joinedHost == "a, b")
    }

    @Test func expectation() {
        #expect(examined("GET / HTTP/1.0\r\nExpect: 100-CONTINUE\r\n\r\n").1?.expectsContinue == true)
        #expect(examined("GET / HTTP/1.0\r\nExpect:\r\n\r\n").1?.expectsContinue == false)
        #expect(examined("GET ftp://a/ HTTP/1.0\r\n\r\n").1?.hasForeignScheme == true)
    }

    /// Log lines of apache2 for the same requests.
    @Test(arguments: [
        (
            "GET / HTTP/1.0\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", "AH10242",
            "client sent invalid Content-Length (0, 0): /"
        ),
        (
            "GET / HTTP/1.0\r\nTransfer-Encoding: gzip\r\n\r\n", "AH02539",
            "client sent unknown Transfer-Encoding (gzip): /"
        ),
        (
            "GET / HTTP/1.0\r\nExpect: foo\r\n\r\n", "AH00570",
            "client sent an unrecognized expectation value of Expect: foo"
        ),
        (
            "GET / HTTP/1.1\r\n\r\n", "AH00569",
            "client sent HTTP/1.1 request without hostname (see RFC2616 section 14.23): /"
        ),
        ("GET / HTTP/1.0\r\nHost: a..b\r\n\r\n", "AH00550", "Client sent malformed Host header: a..b"),
        ("GET / HTTP/1.0\r\nHost: 123\r\n\r\n", "AH02416", "[strict] purely numeric host names not allowed: 123"),
        (
            "GET / http/1.0\r\n\r\n", "AH02418",
            "HTTP Request Line; Unrecognized protocol 'http/1.0' (perhaps whitespace was injected?)"
        ),
        (
            "POST /\r\n", "AH03444",
            "HTTP Request Line; Invalid method token: 'POST' (only GET is allowed for HTTP/0.9 requests)"
        ),
        (
            "GET  / HTTP/1.0\r\n\r\n", "AH03448",
            "HTTP Request Line; Excess whitespace (disallowed by HttpProtocolOptions Strict)"
        ),
        ("GET http://[::1/ HTTP/1.0\r\n\r\n", "AH03450", "HTTP Request Line; Unable to parse URI: 'http'"),
        ("GET a:b HTTP/1.0\r\n\r\n", "AH03450", "HTTP Request Line; Unable to parse URI: 'b'"),
        ("GET\r\n\r\n", "AH03454", "HTTP Request Line; URI incorrectly encoded: ''"),
    ]) func logLines(_ text: String, _ number: String, _ message: String) {
        let options = RequestOptions()
        let (result, head, buffer) = parsed(text)
        var found: RequestError?
        if case .failed(let error) = result { found = error }
        if found == nil {
            do { _ = try head.examine(buffer.span, options, isSecure: false) } catch { found = error }
        }
        guard let error = found else {
            Issue.record("accepted")
            return
        }
        let line = head.logMessage(error, buffer.span, options)
        #expect(error.logNumber?.description == number)
        #expect(line.string == message)
    }
}
