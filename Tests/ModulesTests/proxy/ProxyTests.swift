import Bytes
import ServerCore
import Testing

@testable import Modules

struct ProxyURLTests {
    @Test(
        arguments: [
            ("proxy:fcgi://127.0.0.1:9000/w/a.php", nil, "proxy:fcgi://127.0.0.1:9000/w/a.php"),
            ("proxy:unix:/run/p.sock|fcgi://localhost/w/a.php", "/run/p.sock", "proxy:fcgi://localhost/w/a.php"),
            ("proxy:unix:/run/p.sock|fcgi:", "/run/p.sock", "proxy:fcgi://localhost"),
            ("proxy:unix:/run/p.sock|fcgi:/w/a.php", "/run/p.sock", "proxy:fcgi://localhost/w/a.php"),
            ("proxy:unix:/run/p.sock|fcgi:///w/a.php", "/run/p.sock", "proxy:fcgi://localhost/w/a.php"),
            ("proxy:UNIX:///run/p.sock|fcgi://h/a", "/run/p.sock", "proxy:fcgi://h/a"),
            ("proxy:unix:p.sock|fcgi://h/a", "p.sock", "proxy:fcgi://h/a"),
        ] as [(ByteString, ByteString?, ByteString)])
    func takesTheSocketOut(_ name: ByteString, _ socket: ByteString?, _ rest: ByteString) throws {
        let split = try #require(ProxyURL.splitFilename(name))
        #expect(split.socket == socket)
        #expect(split.filename == rest)
    }
    @Test(
        arguments: ["proxy:unix:|fcgi://h/a", "proxy:unix:/p|nothing", "proxy:unix://host/p|fcgi://h/a"] as [ByteString]
    )
    func refusesMalformedSockets(_ name: ByteString) { #expect(ProxyURL.splitFilename(name) == nil) }

    @Test(
        arguments: [
            ("//h/p", "h", 0, "p"), ("//H:81/p/q", "h", 81, "p/q"), ("//[::1]:9000/x", "::1", 9000, "x"),
            ("//u:p@h:1/", "h", 1, ""), ("//h", "h", 0, ""), ("//localhostredirect:/x", "localhostredirect:", 0, "x"),
        ] as [(ByteString, ByteString, UInt16, ByteString)])
    func parsesHosts(_ url: ByteString, _ host: ByteString, _ port: UInt16, _ path: ByteString) throws {
        guard case .location(let location) = ProxyURL.parse(afterScheme: url) else {
            Issue.record("malformed")
            return
        }
        #expect(location.host == host && location.port == port && location.path == path)
    }
    @Test(arguments: ["h/p", "//", "//:80/", "//h:x/", "//h:99999/", "//[::1]x/"] as [ByteString])
    func refusesBadHosts(_ url: ByteString) {
        if case .location = ProxyURL.parse(afterScheme: url) { Issue.record("taken") }
    }

    @Test(
        arguments: [
            ("/a/b", "/a", 2), ("/ab", "/a", 0), ("/a", "/a/", 0), ("/a//b", "/a/", 4), ("//a/b", "/a", 3),
            ("/x", "/", 1),
            ("/", "/examples", 0),
        ] as [(ByteString, ByteString, Int)])
    func matchesAliases(_ uri: ByteString, _ alias: ByteString, _ length: Int) {
        #expect(ProxyURL.aliasMatch(uri, alias) == length)
    }
    @Test(
        arguments: [
            ("/a b", false, "/a%20b"), ("/a%2Fb", false, "/a%252Fb"), ("/a%2Fb", true, "/a%2Fb"),
            ("/é", false, "/%C3%A9"),
            ("/~$-_.+!*'(),;:@&=", false, "/~$-_.+!*'(),;:@&="), ("/%zz", true, nil),
        ] as [(ByteString, Bool, ByteString?)])
    func encodesPaths(_ path: ByteString, _ keeps: Bool, _ expected: ByteString?) {
        #expect(ProxyURL.encodePath(path, keepsEncodedSlashes: keeps) == expected)
    }
}

struct WorkerTests {
    @Test(
        arguments: [
            ("timeout", "0", "Timeout must be at least one second"), ("timeout", "5", nil),
            ("retry", "-1", "Retry must be a positive value"),
            ("acquire", "5", nil), ("acquire", "x", "Acquire timeout has wrong format"), ("ping", "100ms", nil),
            ("enablereuse", "maybe", "EnableReuse must be On|Off"), ("status", "+D", nil),
            ("status", "Q", "Unknown status parameter option"),
            ("flushpackets", "auto", nil), ("nonsense", "1", "unknown Worker parameter"),
            ("iobuffersize", "100", "IOBufferSize must be >= 512 bytes, or 0 for system default."),
        ] as [(ByteString, ByteString, String?)])
    func checksParameters(_ key: ByteString, _ value: ByteString, _ complaint: String?) {
        var parameters = WorkerParameters()
        #expect(parameters.set(key, value) == complaint)
    }
    @Test func findsTheLongestName() {
        let workers = ["fcgi://h/", "fcgi://h/a/", "fcgi://h:9000/w/$1"].map {
            ProxyWorker(name: ByteString($0), isMatch: $0.contains("$"), socket: nil)
        }
        #expect(ProxyWorker.find("fcgi://H/a/b", in: workers)?.name == "fcgi://h/a/")
        #expect(ProxyWorker.find("fcgi://h/x", in: workers)?.name == "fcgi://h/")
        #expect(ProxyWorker.find("fcgi://h:9000/w/any/thing", in: workers)?.name == "fcgi://h:9000/w/$1")
        #expect(ProxyWorker.find("fcgi://other/a", in: workers) == nil)
    }
}

struct ScriptVariableTests {
    @Test(
        arguments: [
            ("/env.php/a", "/a", 8), ("/env.php", "", 8), ("/a/b", "/a/b", 0), ("/x//p", "/p", 2),
            ("/s/x/y", "/x/y", 2),
        ] as [(ByteString, ByteString, Int)])
    func splitsPathInfo(_ uri: ByteString, _ info: ByteString, _ start: Int) {
        #expect(CGIEnvironment.pathInfoStart(uri, info) == start)
    }
    @Test(
        arguments: [
            ("64M", "'64M'"), ("", "''"), ("a;b\"c", "'a;b\"c'"), ("it's ${x}", "\"it's \\${x}\""),
            ("'\"\\", "\"'\\\"\\\\\""),
        ] as [(ByteString, ByteString)])
    func quotesValues(_ value: ByteString, _ expected: ByteString) { #expect(PHPValues.quoted(value) == expected) }

    @Test func administratorsHaveTheLastWord() {
        var base = PHPValues.DirectoryConfig()
        base.set("memory_limit", .init(value: "64M", isAdmin: true))
        base.set("display_errors", .init(value: "0", isAdmin: false))
        var child = PHPValues.DirectoryConfig()
        child.set("memory_limit", .init(value: "1G", isAdmin: false))
        child.set("display_errors", .init(value: "1", isAdmin: false))
        let merged = PHPValues.DirectoryConfig.merged(base, child)
        #expect(merged.entries["memory_limit"] == .init(value: "64M", isAdmin: true))
        #expect(merged.entries["display_errors"] == .init(value: "1", isAdmin: false))
    }
}
