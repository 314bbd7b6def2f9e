// Apache: modules/ssl/ssl_util_ocsp.c, ssl_util_stapling.c

import Bytes
import Testing

@testable import ModuleTLS

@Suite struct ResponderTests {
    @Test(arguments: [
        ("http://ocsp.example.net", "ocsp.example.net", 80, "/"),
        ("http://ocsp.example.net:8080/a/b?c#d", "ocsp.example.net", 8080, "/a/b?c"),
        ("http://[::1]:81?x", "::1", 81, "/?x"), ("http://user@host:/", "host", 80, "/"),
        ("https://h/", "h", 80, "/"),
    ])
    func addresses(_ text: String, _ host: String, _ port: Int, _ path: String) throws {
        let url = try #require(ResponderURL(ByteString(text)))
        #expect(url.host == ByteString(host))
        #expect(Int(url.port) == port)
        #expect(url.path == ByteString(path))
        #expect(url.isHTTP == text.hasPrefix("http:"))
    }
    @Test(arguments: [
        "", "ocsp.example.net", "http://", "http:///x", "http://h:0/", "http://h:65536/", "http://h:x/", "http://a b/",
        "http://h/\r\nX: y",
    ])
    func noAddresses(_ text: String) { #expect(ResponderURL(ByteString(text)) == nil) }

    @Test func questions() throws {
        let url = try #require(ResponderURL("http://h:81/p"))
        let text = String(decoding: url.post([1, 2], throughProxy: false), as: UTF8.self)
        #expect(text.hasPrefix("POST /p HTTP/1.0\r\nHost: h:81\r\n"))
        #expect(text.contains("Content-Length: 2\r\n"))
        #expect(
            String(decoding: url.post([], throughProxy: true), as: UTF8.self).hasPrefix("POST http://h:81/p HTTP/1.0"))
    }
    @Test(arguments: [
        ("HTTP/1.0 200 OK\r\nA: b\r\n\r\nbody", 25), ("HTTP/1.0 200 OK\n\nbody", 17), ("HTTP/1.0 200 OK\r\n", -1),
        ("", -1),
    ])
    func heads(_ text: String, _ end: Int) { #expect((ResponderClient.headEnd(Array(text.utf8)) ?? -1) == end) }
}

@Suite struct AnswerCacheTests {
    /// Answers of all sizes are kept, also in the smallest cache, and one that changes its size is found as it is now.
    @Test(arguments: [1, 5, 2080, 2081, 10_240])
    func sizes(_ size: Int) throws {
        let cache = try SessionCache(forAnswers: 8192)
        let id = [UInt8](repeating: 7, count: 20)
        for count in [5, size, 10_000, size] {
            let answer = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            cache.insert(id, answer, end: 100, now: 10)
            #expect(cache.find(id, now: 10) == answer)
        }
        #expect(cache.find(id, now: 100) == nil)
    }
}
