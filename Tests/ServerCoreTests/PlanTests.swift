import Bytes
import EventLoop
import HTTP
import Kernel
import Testing

@testable import ServerCore

/// How often the phases run is how often no plan was found.
@Suite struct PlanTests {
    /// What a module reads, what is asked one after the other, and how many of it is walked for.
    struct Row: Sendable, CustomTestStringConvertible {
        var reads: String
        var asked: [(target: ByteString, fields: ByteString)]
        var walks: Int
        init(_ reads: String, _ fields: [ByteString], target: ByteString = "/f.html", walks: Int) {
            self.reads = reads
            asked = fields.map { (target, $0) }
            self.walks = walks
        }
        init(_ reads: String, targets: [ByteString], walks: Int) {
            self.reads = reads
            asked = targets.map { ($0, "") }
            self.walks = walks
        }
        var testDescription: String { "\(reads) \(asked.map { $0.target + " " + $0.fields })" }
    }

    @Test(arguments: [
        Row("", ["", "", ""], walks: 1),
        Row("", targets: ["/f.html", "/f.html?a", "/f.html", "/f.html?a", "/./f.html"], walks: 3),
        Row("", targets: ["/none", "/none"], walks: 1),
        // Fields that nobody read may differ; the host is part of what was asked.
        Row("", ["X-A: 1\r\n", "User-Agent: x\r\n", "Accept: */*\r\n"], walks: 1),
        Row("", ["Host: a\r\n", "Host: b\r\n", "Host: a\r\n", "Host: b\r\n"], walks: 2),
        // A field that was read: its value, its absence, any number of it.
        Row("Reads X-A", ["X-A: 1\r\n", "X-A: 1\r\n", "X-A: 2\r\n", "", "X-A: 1\r\n", "X-A: 2\r\n", ""], walks: 3),
        Row("Reads x-a", ["X-A: 1\r\n", "X-B: 1\r\n", "X-A: 11\r\n"], walks: 3),
        Row("Reads User-Agent", ["User-Agent: x\r\n", "User-Agent: y\r\n", "", "User-Agent: x\r\n"], walks: 3),
        Row("Reads User-Agent", ["User-Agent: x\r\n", "X-A: 1\r\nUser-Agent: x\r\nX-B: 2\r\n"], walks: 1),
        Row("Reads Cookie", ["Cookie: a\r\n", "Cookie: a\r\nCookie: b\r\n", "Cookie: a\r\n"], walks: 2),
        Row("Reads X-A X-B", ["X-A: 1\r\n", "X-B: 1\r\n", "X-A: 1\r\nX-B: 1\r\n", "X-B: 1\r\nX-A: 1\r\n"], walks: 3),
        Row("Reads address", ["", ""], walks: 1),
        // What cannot be compared.
        Row("Reads anything", ["", "", ""], walks: 3),
        Row("Reads fields", ["", "", ""], walks: 3),
        // Requests that are more than a wish for the whole thing.
        Row("", ["", "Range: bytes=0-1\r\n", "If-None-Match: \"x\"\r\n", "If-Modified-Since: x\r\n", ""], walks: 4),
        Row("", ["Range: bytes=0-1\r\n", "Range: bytes=0-1\r\n"], walks: 2),
        Row("", ["Content-Length: 0\r\n", "Content-Length: 0\r\n"], walks: 2),
    ])
    func reuse(_ row: Row) throws {
        let site = try Site(row.reads, files: [("/htdocs/f.html", "content")])
        try site.serve { visitor in
            for (target, fields) in row.asked { _ = try await visitor.ask(target, fields) }
        }
        #expect(site.walks == row.walks)
    }

    @Test func methodsHaveTheirOwn() throws {
        let site = try Site("", files: [("/htdocs/f.html", "content")])
        try site.serve { visitor in
            for (method, body) in [("GET", "content"), ("HEAD", ""), ("GET", "content"), ("HEAD", "")] {
                let answer = try await visitor.ask("/f.html", method: ByteString(method))
                #expect(answer.status == 200)
                #expect(answer.body == ByteString(body))
            }
        }
        #expect(site.walks == 2)
    }

    /// The same answer, whether a plan or a walk made it; eight variants are kept, then the oldest goes.
    @Test func variants() throws {
        let site = try Site("Reads X-A\nMark m", files: [("/htdocs/f.html", "content")])
        try site.serve { visitor in
            for number in [1, 2, 3, 4, 5, 6, 7, 8, 1, 8] {
                let answer = try await visitor.ask("/f.html", "X-A: \(number)\r\n")
                #expect(answer.body == "content")
                #expect(answer.marks == "m")
            }
            #expect(site.walks == 8)
            _ = try await visitor.ask("/f.html", "X-A: 9\r\n")
            _ = try await visitor.ask("/f.html", "X-A: 8\r\n")
            #expect(site.walks == 9)
            _ = try await visitor.ask("/f.html", "X-A: 1\r\n")
            #expect(site.walks == 10)
        }
    }

    /// What changes below the document root, and what the next request gets.
    struct Change: Sendable, CustomTestStringConvertible {
        var name: String
        var change: @Sendable (Site) throws -> Void
        var status = 200
        var body: ByteString = "content"
        var marks: ByteString = "server"
        var walks = 2
        var testDescription: String { name }
    }

    @Test(arguments: [
        Change(name: "nothing", change: { _ in }, walks: 1),
        Change(name: "content", change: { try $0.write("other", to: "/htdocs/a/f.html") }, body: "other"),
        Change(name: "removed", change: { try File.unlink($0.directory + "/htdocs/a/f.html") }, status: 404, body: ""),
        Change(
            name: "replaced",
            change: {
                try $0.write("new", to: "/htdocs/a/g")
                try File.rename($0.directory + "/htdocs/a/g", to: $0.directory + "/htdocs/a/f.html")
            }, body: "new"),
        Change(name: ".htaccess", change: { try $0.write("Mark a", to: "/htdocs/a/.htaccess") }, marks: "server a"),
        Change(
            name: ".htaccess above", change: { try $0.write("Mark top", to: "/htdocs/.htaccess") }, marks: "server top"),
        Change(
            name: "directory moved away",
            change: { try File.rename($0.directory + "/htdocs/a", to: $0.directory + "/htdocs/b") }, status: 404,
            body: ""
        ),
        Change(name: "a name nobody asked for", change: { try $0.write("x", to: "/htdocs/a/x") }, walks: 1),
        Change(name: "a file elsewhere", change: { try $0.write("x", to: "/elsewhere/f.html") }, walks: 1),
    ])
    func changes(_ change: Change) throws {
        let site = try Site(
            "Mark server\n<Directory DIR/htdocs>\nAllowOverride All\n</Directory>",
            files: [("/htdocs/a/f.html", "content"), ("/elsewhere/e", "")])
        try site.serve { visitor in
            for _ in 0..<2 {
                let answer = try await visitor.ask("/a/f.html")
                #expect(answer.status == 200)
                #expect(answer.marks == "server")
                #expect(answer.body == "content")
            }
            #expect(site.walks == 1)
            try change.change(site)
            let answer = try await visitor.ask("/a/f.html")
            #expect(answer.status == change.status)
            #expect(site.walks == change.walks)
            if change.status == 200 {
                #expect(answer.body == change.body)
                #expect(answer.marks == change.marks)
            }
        }
    }

    /// A plan that names the time or the client's address is for them only.
    @Test(arguments: [
        ("", 7, "10.0.0.1", true), ("", 8, "10.0.0.2", true), ("Reads second", 7, "10.0.0.1", true),
        ("Reads second", 8, "10.0.0.1", false), ("Reads address", 8, "10.0.0.1", true),
        ("Reads address", 7, "10.0.0.2", false),
    ])
    func timeAndAddress(_ reads: String, _ second: Int64, _ remote: ByteString, _ isAnswered: Bool) throws {
        let site = try Site(reads, files: [("/htdocs/f.html", "content")])
        let address = try #require(SocketAddress(remote, port: 99))
        // The walk alone; what follows it has no part in this.
        let request = site.request("/f.html")
        request.requestLine = "GET /f.html HTTP/1.1"
        request.requestTime = 7_000_000
        request.connection.remoteAddress = try #require(SocketAddress("10.0.0.1", port: 1))
        #expect(ProcessRequest.resolveNow(request) == .ok)
        let isKept = site.worker.plan(
            request, request, epoch: site.worker.files.epoch, unreliable: site.worker.files.unreliableAnswers,
            candidates: 0)
        #expect(isKept)
        var text = Array("GET /f.html HTTP/1.1\r\n\r\n".utf8)
        var head = RequestHead()
        var found: Plan?
        var input = text.mutableSpan
        head.reset(start: 0)
        guard case .complete = head.parse(&input, to: input.count, RequestOptions()) else {
            Issue.record("not a request")
            return
        }
        found = site.worker.plans.find(
            PlanCache.hash(head.requestLine, nil, input.span), head, nil, input.span, candidates: 0, sharing: 0,
            epoch: site.worker.files.epoch, remote: address, second: second)
        #expect((found != nil) == isAnswered)
    }
}
