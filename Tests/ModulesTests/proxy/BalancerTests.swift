import Bytes
import ServerCore
import Testing

@testable import Modules

struct BalancerTests {
    private static func balancer(
        _ members: [(name: ByteString, parameters: [(ByteString, ByteString)])], _ own: [(ByteString, ByteString)] = []
    ) throws -> ProxyBalancer {
        let balancer = ProxyBalancer(name: "balancer://b")
        for (name, parameters) in members {
            let worker = try #require(balancer.add(name, socket: nil))
            for (key, value) in parameters { #expect(worker.parameters.set(key, value) == nil) }
            worker.record?.status = worker.parameters.status
        }
        for (key, value) in own { #expect(balancer.parameters.set(key, value, isLoaded: { _ in true }) == nil) }
        return balancer
    }
    private static func turns(_ balancer: ProxyBalancer, _ count: Int) -> String {
        (0..<count).map { _ in balancer.best(now: 0)?.name.string ?? "-" }.joined()
    }

    /// As the real lbmethod_byrequests gives them out.
    @Test(
        arguments: [
            ([("a", []), ("b", [])], "abab"),
            ([("a", [("loadfactor", "3")]), ("b", [])], "aabaaaba"),
            ([("a", [("status", "+D")]), ("b", [])], "bbb"),
            ([("a", [("status", "+H")]), ("b", [("status", "+D")])], "aa"),
            ([("a", []), ("b", [("lbset", "1")])], "aa"),
            ([("a", [("status", "+D")]), ("b", [("lbset", "1")])], "bb"),
            ([("a", [("status", "+D")]), ("b", [("status", "+R")])], "bb"),
            ([("a", []), ("b", [("status", "+R")])], "aa"),
            ([("a", [("status", "+N")]), ("b", [])], "bb"),
            ([("a", [("status", "+S")])], "-"),
        ] as [([(ByteString, [(ByteString, ByteString)])], String)])
    func takesTurns(_ members: [(ByteString, [(ByteString, ByteString)])], _ expected: String) throws {
        let balancer = try Self.balancer(members.map { (name: $0.0, parameters: $0.1) })
        #expect(Self.turns(balancer, expected.count) == expected)
    }

    @Test func leavesFailedMembersAlone() throws {
        let balancer = try Self.balancer([("a", [("retry", "5")]), ("b", [])])
        let first = try #require(balancer.workers.first)
        first.record?.fail(now: 1_000_000)
        #expect(balancer.best(now: 2_000_000)?.name == "b")
        #expect(balancer.best(now: 5_900_000)?.name == "b")
        #expect(!balancer.isUsable(first, now: 5_900_000))
        #expect(balancer.isUsable(first, now: 6_100_000))
    }
    @Test func recoversWhenAllFailed() throws {
        let balancer = try Self.balancer([("a", []), ("b", [])])
        for worker in balancer.workers { worker.record?.fail(now: 10) }
        balancer.forceRecovery(now: 20)
        #expect(balancer.best(now: 20) != nil)
        let strict = try Self.balancer([("a", []), ("b", [])], [("forcerecovery", "off")])
        for worker in strict.workers { worker.record?.fail(now: 10) }
        strict.forceRecovery(now: 20)
        #expect(strict.best(now: 20) == nil)
    }
    @Test func findsRoutes() throws {
        let balancer = try Self.balancer([
            ("a", [("route", "1"), ("status", "+D"), ("redirect", "2")]), ("b", [("route", "2")]),
            ("c", [("route", "3"), ("status", "+H")]),
        ])
        #expect(balancer.member(route: "1", now: 0)?.name == "b")
        #expect(balancer.member(route: "2", now: 0)?.name == "b")
        #expect(balancer.member(route: "3", now: 0)?.name == "c")
        #expect(balancer.member(route: "4", now: 0) == nil)
    }

    @Test(
        arguments: [
            ("/a;sid=x.1?y", "sid", false, "x.1"), ("/a;sid=x.1;b?y", "sid", true, "x.1"),
            ("/a?b=c&sid=z", "sid", false, "z"), ("/a?xsid=1", "sid", false, "1"), ("/a?sid=", "sid", false, nil),
            ("/a?sid", "sid", false, nil), ("/a", "sid", false, nil), ("/a?sid=&b", "sid", false, "b"),
        ] as [(ByteString, ByteString, Bool, ByteString?)])
    func readsPaths(_ url: ByteString, _ name: ByteString, _ semicolon: Bool, _ expected: ByteString?) {
        #expect(ProxyBalancer.pathParameter(url, name, semicolon) == expected)
    }
    @Test(
        arguments: [
            ("SID=a.1", "a.1"), ("x=y; SID=a.1; z", "a.1"), ("XSID=1", nil), ("x,SID =a,b", "a"), ("SID=", nil),
            ("", nil),
        ] as [(ByteString, ByteString?)])
    func readsCookies(_ cookies: ByteString, _ expected: ByteString?) {
        #expect(ProxyBalancer.cookie(cookies, "SID") == expected)
    }
    @Test(
        arguments: [
            ("+D", [.disabled], nil), ("DH", [.disabled, .hotStandby], nil), ("+D-D", [], nil),
            ("+x", [], "Unknown status parameter option"),
        ] as [(ByteString, WorkerStatus, String?)])
    func readsStatus(_ letters: ByteString, _ expected: WorkerStatus, _ complaint: String?) {
        var status: WorkerStatus = []
        #expect(status.apply(letters) == complaint)
        #expect(status == expected)
    }
}

struct ProxyTargetTests {
    @Test(
        arguments: [
            ("http://h/p?q", "h", 80, "/p?q", "h"), ("https://h/p", "h", 443, "/p", "h"),
            ("http://h:8080/", "h", 8080, "/", "h:8080"), ("https://h:80/", "h", 80, "/", "h"),
            ("http://[::1]:81/x", "::1", 81, "/x", "[::1]:81"), ("h2://h", "h", 443, "", "h"),
            ("http://u@h?x", "h", 80, "?x", "h"),
        ] as [(ByteString, ByteString, UInt16, ByteString, ByteString)])
    func takesURLsApart(
        _ url: ByteString, _ host: ByteString, _ port: UInt16, _ path: ByteString, _ field: ByteString
    ) throws {
        let target = try #require(ProxyTarget(url))
        #expect(target.host == host && target.port == port && target.path == path && target.hostField == field)
    }
    @Test(arguments: ["", "http:", "http:/h", "http:///p", "://h/", "http://h:x/"] as [ByteString])
    func refusesOthers(_ url: ByteString) { #expect(ProxyTarget(url) == nil) }

    @Test func clearsConnectionFields() {
        var table = Table()
        for (name, value) in [
            ("A", "1"), ("Connection", "a, close"), ("Connection", "B;;c"), ("B", "2"), ("C", "3"), ("D", "4"),
            ("Proxy-Connection", "x"),
        ] as [(ByteString, ByteString)] { table.add(name, value) }
        #expect(ForwardedFields.clearConnection(&table))
        #expect(table.pairs.map(\.name) == ["D"])
    }
}
