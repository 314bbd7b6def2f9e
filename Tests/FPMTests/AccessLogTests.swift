import Bytes
import Kernel
import Testing

@testable import FPM

@Suite struct AccessLogTests {
    @Test(
        arguments: [
            ("%R - %u %t \"%m %r\" %s", nil), ("%{mili}d%{MICRO}d%{Kilo}M%{total}C%%%{X}e%{X}o%{%Y}T%", nil), ("", nil),
            ("%x", "Invalid token in the access.format (%x)"),
            ("%{a}r", "embrace is not allowed for modifier %r"), ("%{a}%", "embrace is not allowed for modifier %%"),
            ("%{}r", nil), ("%{abc", "missing closing embrace in the access.format"),
            ("%{abc}", "missing closing embrace in the access.format"),
            ("%e", "the name of the environment variable must be set between embraces for %e"),
            ("%o", "the name of the header must be set between embraces for %o"),
            ("%{x}C", "only 'total', 'user' or 'system' are allowed as a modifier for %C ('x')"),
            (
                "%{x}d",
                "only 'seconds', 'milli', 'milliseconds', 'micro' or 'microseconds' are allowed as a modifier for %d ('x')"
            ),
            (
                "%{x}M",
                "only 'bytes', 'kilo', 'kilobytes', 'mega' or 'megabytes' are allowed as a modifier for %M ('x')"
            ),
        ] as [(ByteString, String?)])
    func formats(_ format: ByteString, _ problem: String?) { #expect(AccessFormat.check(format) == problem) }

    private func line(
        _ format: ByteString, suppressed: [ByteString] = [], _ change: (inout AccessRecord) -> Void = { _ in }
    )
        throws -> String
    {
        var request = PoolScoreboard.RequestLine()
        request.uri = "/x.php"
        request.query = "a=b"
        request.method = "GET"
        request.script = "/srv/x.php"
        request.user = "me"
        request.contentLength = 12
        var facts = ScriptFacts()
        facts.status = 201
        facts.peakMemory = 3 << 20
        facts.headers = ["X-Other: Content-Type: no", "Content-Type: text/html", "X-Empty: "]
        var record = AccessRecord(
            line: request, facts: facts, peer: .loopback(port: 9), accepted: 0, duration: 1_234_567, user: 40,
            system: 20,
            variable: { $0 == "HTTP_HOST" ? "example.org" : nil })
        change(&record)
        let (reader, writer) = try Pipe().split()
        var notices = 0
        let log = AccessLog(
            try AccessFormat(format), descriptor: writer, pool: "www", suppressed: suppressed,
            notice: { _ in notices += 1 })
        log.write(record)
        File.close(writer)
        var bytes: [UInt8] = []
        while case .bytes(let count) = File.read(reader, into: &bytes, count: 65536), count > 0 {}
        File.close(reader)
        #expect(notices == (bytes.count >= AccessLog.limit ? 1 : 0))
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        arguments: [
            ("%R %u \"%m %r%Q%q\" %s", "127.0.0.1 me \"GET /x.php?a=b\" 201\n"),
            ("%f %l %n 100%%", "/srv/x.php 12 www 100%\n"),
            ("%d %{milli}d %{micro}d", "1.235 1234.567 1234567\n"), ("%M %{kilo}M %{mega}M", "3145728 3072 3\n"),
            ("%C %{user}C %{system}C", "48.60 32.40 16.20\n"), ("%{HTTP_HOST}e %{NONE}e", "example.org -\n"),
            ("%{Content-Type}o %{X-None}o %{X-Empty}o", "text/html - -\n"), ("%{fixed}t", "fixed\n"), ("", ""),
        ] as [(ByteString, String)])
    func lines(_ format: ByteString, _ expected: String) throws { #expect(try line(format) == expected) }

    @Test func emptyFacts() throws {
        let text = try line("%R|%u|%m|%f|%q|%Q|%r") {
            $0.line = PoolScoreboard.RequestLine()
            $0.peer = .none
        }
        #expect(text == "-||-|-|||\n")
    }

    @Test(arguments: [1023, 1024, 1025, 5000]) func longLines(_ size: Int) throws {
        let text = try line("%{LONG}e%s") { $0.variable = { _ in ByteString(repeatElement(120, count: size)) } }
        #expect(text.utf8.count == 1024)
    }

    @Test func longText() throws {
        #expect(try line(ByteString(repeatElement(120, count: 2000))).utf8.count == 1025)
    }

    @Test func suppression() throws {
        func isWritten(_ change: (inout AccessRecord) -> Void) throws -> Bool {
            let text = try line("x", suppressed: ["/a", "/x.php"]) {
                $0.line.query = ""
                $0.line.contentLength = 0
                change(&$0)
            }
            return !text.isEmpty
        }
        #expect(try !isWritten { _ in })
        #expect(try !isWritten { $0.line.method = "HEAD" })
        #expect(try isWritten { $0.line.method = "POST" })
        #expect(try isWritten { $0.line.query = "a" })
        #expect(try isWritten { $0.line.contentLength = 1 })
        #expect(try isWritten { $0.facts.status = 302 })
        #expect(try isWritten { $0.line.uri = "/x.php/" })
    }
}

@Suite struct StatusPageTests {
    @Test(
        arguments: [
            ("", .text, false), ("full", .text, true), ("f", .text, true), ("json&full=1", .json, true),
            ("x&h", .html, false),
            ("html&xml&json", .html, false), ("openmetrics", .openmetrics, false), ("jsonx", .text, false),
            ("full[]=1", .text, true),
            ("=full", .text, false), ("%66ull", .text, true), ("+xml", .xml, false),
        ] as [(ByteString, StatusPage.Format, Bool)])
    func queries(_ query: ByteString, _ format: StatusPage.Format, _ isFull: Bool) {
        let page = StatusPage(query: query)
        #expect(page.format == format)
        #expect(page.isFull == isFull)
    }

    private func status() -> PoolStatus {
        var status = PoolStatus()
        status.pool = "www"
        status.processManager = .dynamic
        status.startTime = 1000
        status.acceptedConnections = 7
        status.idleProcesses = 1
        status.activeProcesses = 2
        var one = ProcessStatus()
        one.pid = 77
        one.startTime = 1000
        one.requests = 3
        one.requestDuration = 1234
        one.requestMethod = "GET"
        one.requestURI = "/a<b>\u{e4}"
        one.queryString = "x=\"1\"&\u{1}"
        one.lastRequestCPU = 12.345
        one.lastRequestMemory = 2_097_152
        status.processes = [one, ProcessStatus()]
        return status
    }
    private func body(_ query: ByteString, showsQueueTimeouts: Bool = false) -> String {
        StatusPage(query: query).body(status(), now: 1010, showsQueueTimeouts: showsQueueTimeouts).string
    }

    @Test func json() {
        let short =
            "{\"pool\":\"www\",\"process manager\":\"dynamic\",\"start time\":1000,\"start since\":10,\"accepted conn\":7,\"listen queue\":0,\"max listen queue\":0,\"listen queue len\":0,\"idle processes\":1,\"active processes\":2,\"total processes\":3,\"max active processes\":0,\"max children reached\":0,\"slow requests\":0"
        #expect(body("json") == short + "}")
        #expect(body("json", showsQueueTimeouts: true) == short + ",\"queue timeouts\":0}")
        #expect(
            body("json&full")
                == short
                + ", \"processes\":[{\"pid\":77,\"state\":\"Idle\",\"start time\":1000,\"start since\":10,\"requests\":3,\"request duration\":1234,\"request method\":\"GET\",\"request uri\":\"\\/a<b>\\u00e4?x=\\\"1\\\"&\\u0001\",\"content length\":0,\"user\":\"-\",\"script\":\"-\",\"last request cpu\":12.35,\"last request memory\":2097152},{\"pid\":0,\"state\":\"Idle\",\"start time\":0,\"start since\":1010,\"requests\":0,\"request duration\":0,\"request method\":\"-\",\"request uri\":\"-\",\"content length\":0,\"user\":\"-\",\"script\":\"-\",\"last request cpu\":0.00,\"last request memory\":0}]}"
        )
    }

    @Test func text() {
        #expect(body("").hasPrefix("pool:                 www\nprocess manager:      dynamic\nstart time:           "))
        #expect(body("").hasSuffix("max children reached: 0\nslow requests:        0\n"))
        #expect(
            body("full").contains(
                "\n\n************************\npid:                  77\nstate:                Idle\n"))
        #expect(body("full").contains("request URI:          /a<b>\u{e4}?x=\"1\"&\u{1}\n"))
    }

    @Test func markup() {
        #expect(
            body("xml").hasPrefix(
                "<?xml version=\"1.0\" ?>\n<status>\n<pool>www</pool>\n<process-manager>dynamic</process-manager>\n"))
        #expect(body("xml").hasSuffix("<slow-requests>0</slow-requests>\n</status>"))
        #expect(body("xml&full").contains("<request-uri>/a&lt;b&gt;\u{e4}?x=&quot;1&quot;&amp;\u{FFFD}</request-uri>"))
        #expect(body("html&full").hasSuffix("<td>0</td></tr>\n</table></body></html>"))
        #expect(body("html").hasSuffix("<tr><th>slow requests</th><td>0</td></tr>\n</table>\n</body></html>"))
        #expect(MarkupText.escape(ByteString([65, 0xFF])) == "")
        #expect(JSONText.escape(ByteString([65, 0xFF, 66])) == "AB")
        #expect(JSONText.escape("\u{1F600}") == "\\ud83d\\ude00")
    }

    @Test func metrics() {
        #expect(
            body("openmetrics").hasPrefix(
                "# HELP phpfpm_up Could pool www using a dynamic PM on PHP-FPM be reached?\n# TYPE phpfpm_up gauge\nphpfpm_up 1\n"
            ))
        #expect(body("openmetrics&full").hasSuffix("phpfpm_slow_requests 0\n# EOF\n"))
    }
}
