import Bytes
import FastCGI
import Testing

@testable import HTTP

@Suite struct FieldTests {
    @Test(arguments: [
        ("bytes=0-99", "0-99"), ("bytes=-5", "995-999"), ("bytes=990-", "990-999"), ("bytes=0-", "0-999"),
        ("bytes=0-5,2-8", "0-8"), ("bytes=0-5,6-8", "0-8"), ("bytes=0-5,10-20", "0-5,10-20"),
        ("bytes=10-20,0-5", "10-20,0-5"), ("bytes=1000-", "416"), ("bytes=1000-2000,5-6", "5-6"),
        ("bytes=5-4", "whole"),
        ("bytes=a-b", "whole"), ("bytes=", "whole"), ("bytes=,1-2", "whole"), ("bytes=1-2,,3-4", "1-4"),
        ("bytes= 1-2", "whole"), ("lines=1-2", "whole"), ("BYTES=1-2", "1-2"), ("bytes=-0", "whole"),
        ("bytes=-", "whole"),
        ("bytes=-5000", "0-999"), ("bytes=1-2-3", "whole"), ("bytes=5", "whole"), ("bytes=1-5,0-", "0-999"),
        ("bytes=0-99999", "0-999"), ("bytes=99999999999999999999-", "whole"),
        ("bytes=0-700,100-800,900-", "0-800,900-999"),
        ("bytes=0-999,5-6,10-0", "whole"), ("bytes=0-600,900-999,1-600", "whole"),
    ]) func ranges(_ value: String, _ expected: String) {
        let text =
            switch RangeRequest.parse(ByteString(value), length: 1000) {
            case .whole: "whole"
            case .unsatisfiable: "416"
            case .ranges(let ranges):
                ranges.map { "\($0.lowerBound)-\($0.upperBound - 1)" }.joined(separator: ",")
            }
        #expect(text == expected)
    }

    @Test func rangeLimits() {
        let many = "bytes=" + (0..<201).map { "\($0 * 3)-\($0 * 3)" }.joined(separator: ",")
        #expect(RangeRequest.parse(ByteString(many), length: 1000) == .whole)
        var limits = RangeRequest.Limits()
        limits.ranges = nil
        guard case .ranges(let ranges) = RangeRequest.parse(ByteString(many), length: 1000, limits: limits) else {
            Issue.record("no ranges")
            return
        }
        #expect(ranges.count == 201)
        limits.overlaps = 0
        #expect(RangeRequest.parse("bytes=0-5,1-6", length: 1000, limits: limits) == .whole)
        #expect(RangeRequest.parse("bytes=0-5", length: 0) == .whole)
        #expect(RangeRequest.parse("bytes=0-5", length: .max) == .whole)
    }

    @Test func rangeTexts() {
        var output: [UInt8] = []
        RangeResponse.appendContentRange(0..<500, length: 1234, to: &output)
        #expect(ByteString(output) == "bytes 0-499/1234")
        output = []
        RangeResponse.appendPartHead(boundary: "B", contentType: "text/plain", 1..<3, length: 10, to: &output)
        #expect(ByteString(output) == "\r\n--B\r\nContent-type: text/plain\r\nContent-range: bytes 1-2/10\r\n\r\n")
        output = []
        RangeResponse.appendEnd(boundary: "B", to: &output)
        #expect(ByteString(output) == "\r\n--B--\r\n")
    }

    @Test func entityTags() {
        var output: [UInt8] = []
        EntityTag.append(inode: 0x1A, size: 0x3E8, modified: 0x59B0D_0C1F_0000, now: .max, to: &output)
        #expect(ByteString(output) == "\"3e8-59b0d0c1f0000\"")
        output = []
        EntityTag.append(
            inode: 0x1A, size: 0, modified: 1_000_000, now: 1_500_000, parts: [.inode, .size, .modificationTime],
            to: &output)
        #expect(ByteString(output) == "W/\"1a-0-f4240\"")
        output = []
        EntityTag.append(inode: 1, size: 2, modified: 0, now: .max, variants: "W/\"x\"", to: &output)
        #expect(ByteString(output) == "W/\"2-0;x\"")
    }

    @Test(arguments: [
        ("\"a\"", "\"a\"", true, true), ("\"b\", \"a\"", "\"a\"", true, true), ("W/\"a\"", "\"a\"", false, true),
        ("\"a\"", "W/\"a\"", false, true), ("W/\"a\"", "W/\"a\"", false, true), ("a", "\"a\"", false, false),
        ("\"A\"", "\"a\"", false, false), ("\"a,b\"", "\"a,b\"", true, true), ("", "\"a\"", false, false),
        ("\"a\"x", "\"a\"", false, false), ("W/\"b\", \"a\"", "\"a\"", false, true), ("\"ab\"", "\"a\"", false, false),
    ]) func tagLists(_ list: String, _ tag: String, _ strong: Bool, _ weak: Bool) {
        #expect(EntityTag.strongMatch(ByteString(list), ByteString(tag)) == strong)
        #expect(EntityTag.weakMatch(ByteString(list), ByteString(tag)) == weak)
    }

    static let old = "Wed, 01 Jan 2020 00:00:00 GMT"
    static let older = "Tue, 31 Dec 2019 23:59:59 GMT"

    /// Fields of a request for a resource of 1 January 2020 with the tag "x".
    @Test(arguments: [
        ("", Method.get, Conditions.Verdict.proceed),
        ("If-Modified-Since: \(old)", .get, .notModified), ("If-Modified-Since: \(older)", .get, .proceed),
        ("If-Modified-Since: \(old)", .post, .proceed), ("If-Modified-Since: rubbish", .get, .proceed),
        ("If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", .get, .proceed),
        ("If-None-Match: \"x\"", .get, .notModified), ("If-None-Match: W/\"x\"", .head, .notModified),
        ("If-None-Match: \"y\"", .get, .proceed), ("If-None-Match: *", .get, .notModified),
        ("If-None-Match: *", .put, .preconditionFailed), ("If-None-Match: \"x\"", .put, .preconditionFailed),
        ("If-None-Match: \"y\"\r\nIf-Modified-Since: \(old)", .get, .proceed),
        ("If-None-Match: \"x\"\r\nIf-Modified-Since: \(older)", .get, .proceed),
        ("If-None-Match: \"x\"\r\nIf-Modified-Since: \(old)", .get, .notModified),
        ("If-Match: \"x\"", .get, .proceed), ("If-Match: \"y\"", .get, .preconditionFailed),
        ("If-Match: *", .get, .proceed), ("If-Match: W/\"x\"", .get, .preconditionFailed),
        ("If-Unmodified-Since: \(old)", .get, .proceed), ("If-Unmodified-Since: \(older)", .get, .preconditionFailed),
        ("If-Unmodified-Since: rubbish", .get, .proceed),
        ("If-Unmodified-Since: \(old)\r\nIf-None-Match: \"x\"", .get, .proceed),
        ("Range: bytes=0-1\r\nIf-Range: \"x\"\r\nIf-None-Match: \"x\"", .get, .proceed),
        ("Range: bytes=0-1\r\nIf-None-Match: W/\"x\"", .get, .proceed),
    ]) func conditions(_ fields: String, _ method: Method, _ verdict: Conditions.Verdict) {
        let (_, head, buffer) = parsed("GET / HTTP/1.0\r\n\(fields)\(fields.isEmpty ? "" : "\r\n")\r\n")
        let conditions = Conditions(head, buffer.span)
        let validators = Conditions.Validators(
            entityTag: "\"x\"", lastModified: HTTPDate.parse(ByteString(Self.old)), now: 1_795_381_200)
        #expect(conditions.evaluate(method, validators) == verdict)
        #expect((head.present & Conditions.bits != 0) == !fields.isEmpty)
    }

    @Test func freshTimesAreWeak() {
        let (_, head, buffer) = parsed(
            "GET / HTTP/1.0\r\nRange: bytes=0-1\r\nIf-Range: \(Self.old)\r\n\r\n")
        let conditions = Conditions(head, buffer.span)
        let time = HTTPDate.parse(ByteString(Self.old)) ?? 0
        #expect(conditions.allowsRange(.init(lastModified: time, now: time + 60)))
        #expect(!conditions.allowsRange(.init(lastModified: time, now: time + 59)))
        #expect(!conditions.allowsRange(.init(lastModified: time + 1, now: time + 600)))
    }

    @Test func lists() {
        var at = 0
        #expect(FieldList.word("a,,b", &at, stop: UInt8(ascii: ",")) == "a")
        #expect(FieldList.word("a,,b", &at, stop: UInt8(ascii: ",")) == "b")
        at = 0
        #expect(FieldList.wordOrEmpty("a,,b", &at, stop: UInt8(ascii: ",")) == "a")
        #expect(FieldList.wordOrEmpty("a,,b", &at, stop: UInt8(ascii: ",")) == "")
        at = 0
        #expect(FieldList.token("  \"a;b\"c ; d", &at, acceptsBlanks: false) == "\"a;b\"c")
        at = 0
        #expect(FieldList.canonicalItem(" Text/HTML ; Q = \"A B\" , x", &at) == "text/html;q=\"A B\"")
        #expect(FieldList.canonicalItem(" Text/HTML ; Q = \"A B\" , x", &at) == "x")
        #expect(FieldList.canonicalItem(" Text/HTML ; Q = \"A B\" , x", &at) == nil)
        #expect(FieldList.contains("gzip, X-Foo ;q=1", item: "x-foo;q=1"))
        #expect(!FieldList.contains("gzipx", item: "gzip"))
        #expect(FieldList.hasToken("Keep-Alive, Upgrade", "upgrade"))
        #expect(FieldList.hasToken("clo", "close"))
        #expect(!FieldList.hasToken("closed", "close"))
        #expect(!FieldList.hasToken("", "close"))
        #expect(FieldList.tokens("a, ,b") == ["a", "b"])
        #expect(FieldList.tokens("a b, c") == nil)
        #expect(FieldList.tokens("a b, c", skipsInvalid: true) == ["c"])
    }

    @Test func accept() {
        let items = AcceptItem.parse("text/HTML;level=1;q=0.5, */*;q=.25, text/plain; charset=\"UTF-8\"; q=1.5,en;q=0")
        #expect(items.map(\.name) == ["text/html", "*/*", "text/plain", "en"])
        #expect(items.map(\.quality) == [500, 250, 1000, 0])
        #expect(items[0].level == 1)
        #expect(items[2].charset == "utf-8")
        #expect(AcceptItem.parse("text/html")[0].level == 2)
        #expect(AcceptItem.parse(",,").count == 2)
        #expect(AcceptItem.quality("0.1234") == 123)
        let type = Parameter.parseContentType("Text/HTML; Charset=\"a;\\\"b\" ;x=Y")
        #expect(type.type == "text/html")
        #expect(type.parameters.map(\.name) == ["charset", "x"])
        #expect(type.parameters.map(\.value) == ["a;\"b", "Y"])
    }

    @Test(arguments: ["", "f", "fo", "foo", "foob", "fooba", "foobar"]) func base64(_ text: String) {
        let coded = Base64.encode(ByteString(text))
        #expect(coded.count % 4 == 0)
        #expect(Base64.decode(coded).string == text)
        #expect(Base64.decode(ByteString(coded.filter { $0 != UInt8(ascii: "=") })).string == text)
    }
    @Test func base64Tolerance() {
        #expect(Base64.encode(ByteString("foobar")) == "Zm9vYmFy")
        #expect(Base64.encode(ByteString("fo")) == "Zm8=")
        #expect(Base64.decode("Zm9v!YmFy") == "foo")
        #expect(Base64.decode("Z") == "")
    }

    static func head(_ text: String, size: Int) -> (CGIResponseHead, String) {
        var head = CGIResponseHead()
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let end = min(start + size, bytes.count)
            switch head.feed(bytes.span, start..<end) {
            case .needMore: start = end
            case .complete(let body): return (head, "body:" + String(decoding: bytes[body...], as: UTF8.self))
            case .failed(let failure): return (head, failure.message(script: "x.pl").string)
            }
        }
        return (head, head.finish().map { $0.message(script: "x.pl").string } ?? "done")
    }

    @Test(arguments: [
        ("Content-Type: text/html\r\n\r\nhello", "body:hello"), ("A: b\n\nx", "body:x"), ("\n", "body:"),
        ("", "End of script output before headers: x.pl"), ("A: b\n", "Premature end of script headers: x.pl"),
        (
            "A: b\nno colon here, none at all, not one\n",
            "malformed header from script 'x.pl': Bad header: no colon here, none at all, no"
        ),
        ("A: " + String(repeating: "x", count: 9000), "End of script output before headers: x.pl"),
    ]) func cgiHeads(_ text: String, _ outcome: String) {
        for size in [1, 2, 5, 100_000] { #expect(Self.head(text, size: size).1 == outcome) }
    }
    @Test func cgiFields() {
        let (head, _) = Self.head(
            "Status: 404 Not here\r\nContent-type: Text/HTML; Charset=X  \r\nset-cookie: a=b\r\nSet-Cookie: c=d\r\n"
                + "X-A:  1 \r\nLocation: /x\r\n\r\n", size: 3)
        #expect(head.status == 404)
        #expect(head.statusLine == "404 Not here")
        #expect(head.last(.contentType) == "text/html; Charset=X")
        #expect(head.last(.location) == "/x")
        #expect(head.fields.filter { $0.kind == .setCookie }.count == 2)
        #expect(head.fields.filter { $0.kind == .other }.map { head.text($0.value) } == ["1 "])
        #expect(head.last(.lastModified) == nil)
    }
}
