// Apache: modules/metadata/mod_expires.c, mod_headers.c, mod_setenvif.c, mod_env.c

import Bytes
import ServerCore
import Testing

@testable import Modules

@Suite("metadata modules")
struct MetadataTests {
    @Test(
        "expiry codes",
        arguments: [
            ("A3600", true, 3600), ("M-5", false, -5), ("Mfoo", false, 0), ("access", true, 0),
            ("access plus 1 month 15 days 2 hours", true, 3_895_200), ("now 2 weeks", true, 1_209_600),
            ("modification plus 1 year", false, 31_536_000), ("a 1 mi 1 mo 1 s", true, 2_592_061),
        ] as [(ByteString, Bool, Int32)])
    func expiry(_ text: ByteString, _ isAccess: Bool, _ seconds: Int32) throws {
        let code = try ExpiryCode(text)
        #expect(code.seconds == seconds)
        #expect((code.base == .access) == isAccess)
    }

    @Test(
        "which code a type gets",
        arguments: [
            ("text/html; charset=utf-8", 1), ("TEXT/HTML", 1), ("image/png", 2), ("video/x", 3),
        ] as [(ByteString, Int32)])
    func expiryByType(_ type: ByteString, _ seconds: Int32) throws {
        var config = ExpiresDirectory()
        config.types = ["text/html": try ExpiryCode("A1"), "image/*": try ExpiryCode("A2")]
        config.byDefault = .set(try ExpiryCode("A3"))
        config.hasWildcards = true
        #expect(config.code(for: type)?.seconds == seconds)
    }

    @Test(
        "Header merge",
        arguments: [
            ("a, b", "b", true), ("a,b", "a", true), ("ab, c", "b", false), ("\"x, y\", z", "y\"", false),
            ("\"x, y\", z", "\"x, y\"", true), ("", "a", false), ("a ", "a", false),
        ] as [(ByteString, ByteString, Bool)])
    func elements(_ list: ByteString, _ element: ByteString, _ expected: Bool) {
        #expect(HeaderActions.hasElement(list, element) == expected)
    }

    @Test(
        "patterns that are plain text",
        arguments: [
            ("abc", "abc"), ("a\\.b", "a.b"), ("a\\\\b", "a\\b"), ("a.b", nil), ("^a", nil), ("\\d", nil), ("a*", nil),
        ] as [(ByteString, ByteString?)])
    func plain(_ pattern: ByteString, _ text: ByteString?) { #expect(SetEnvIfEntry.plainText(pattern) == text) }

    @Test("UnsetEnv in an inner scope")
    func env() {
        var base = EnvDirectory()
        base.variables.set("A", "1")
        base.variables.set("B", "2")
        var child = EnvDirectory()
        child.removed = ["A"]
        child.variables.set("B", "3")
        let merged = EnvDirectory.merged(base, child)
        #expect(merged.variables["A"] == nil)
        #expect(merged.variables["B"] == "3")
    }
}
