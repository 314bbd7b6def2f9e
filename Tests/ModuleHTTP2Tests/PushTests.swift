import Bytes
import Testing

@testable import ModuleHTTP2

@Suite struct PushTests {
    /// Link fields and the paths that are pushed for them.
    @Test(
        arguments: [
            ("</a.css>;rel=preload", ["/a.css"]),
            ("</a.css>; rel=preloadX, </a.js> ; rel = preload", ["/a.js"]),
            ("</a.css>;rel=preload,</b.js>;rel=\"x preload\",</c>;rel=\"preload y\"", ["/a.css", "/b.js", "/c"]),
            ("</a.css>;rel=\"preload\"; nopush", []),
            ("</a.css;rel=preload, </b>; preload", []),
            ("</a.css>", []),
            ("", []),
            ("<", []),
            ("</a>;rel=\"preload", []),
            ("</a>;;rel=preload", []),
            ("<a.css>;rel=preload", []),
            ("<https://example.net/a?b=c#d>;rel=preload", ["/a?b=c"]),
            ("<//example.net/a>;rel=preload", ["/a"]),
            ("<http://example.net/a>;rel=preload", []),
            ("<https://example.net.evil/a>;rel=preload", []),
            ("<https://other/a>;rel=preload", []),
            ("</a b>;rel=preload", []),
        ] as [(ByteString, [ByteString])])
    func candidates(link: ByteString, expected: [ByteString]) {
        let found = PushCandidate.collect([link], scheme: "https", authority: "example.net")
        #expect(found.map(\.path) == expected)
    }
    @Test func critical() {
        let found = PushCandidate.collect(
            ["</a>; rel=preload; critical, </b>; rel=preload"], scheme: "https", authority: "h")
        #expect(found.map(\.isCritical) == [true, false])
    }
    @Test(
        arguments: [
            (nil, PushPolicy.default), ("none", .none), ("head", .head), ("fast-load", .fastLoad), ("what", .default),
        ] as [(ByteString?, PushPolicy)])
    func policies(field: ByteString?, expected: PushPolicy) { #expect(PushPolicy(field: field) == expected) }

    @Test func diary() {
        var diary = PushDiary(limit: 2)
        // The oldest is forgotten; what comes again is the latest.
        var answers: [Bool] = []
        for path: ByteString in ["/1", "/2", "/1", "/3", "/2"] { answers.append(diary.note("h", path)) }
        #expect(answers == [true, true, false, true, true])
        var forgetful = PushDiary(limit: 0)
        answers = []
        for path: ByteString in ["/1", "/1"] { answers.append(forgetful.note("h", path)) }
        #expect(answers == [true, true])
    }
    @Test(
        arguments: [
            ("text/css; charset=utf-8", PushPriority.Place.before), ("image/png", .interleaved), (nil, .interleaved),
        ] as [(ByteString?, PushPriority.Place)])
    func priorities(type: ByteString?, expected: PushPriority.Place) {
        var config = HTTP2Config()
        config.pushPriorities = ["text/css": PushPriority(place: .before), "*": PushPriority(place: .interleaved)]
        #expect(config.pushPriority(of: type).place == expected)
    }
}
