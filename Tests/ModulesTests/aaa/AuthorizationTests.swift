// Whole trips through access control, authentication and authorisation, without a connection.

import Bytes
import ConfigLanguage
import Expressions
import HTTP
import Kernel
import Testing

@testable import EventLoop
@testable import Modules
@testable import ServerCore

/// A configuration made of sections, and requests to it that go as far as authorisation.
final class AuthorizationBench {
    static let users = """
        # all have the password "secret"
        alice:$apr1$ylrfg4jZ$ujTDBQZJkobwjA4VgMDN0/
        bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
        carol:$2y$04$wKtzH6.G9gPociUUdB35hu4w0nlgd2u00h5P1be5lk6q5etF8HpUq
        dave:EHkd.5Q7bqUZY
        eve:$6$rounds=1000$rre42RX0hNrxkJsQ$eyxn6w7cGP3aTxBC831829jHVSdQwJ1NQEhTUrl7ErWnryPRx62Z/gpwrS6TcXjJvepc9zJopZVdeISUhSuN00
        frank:$5$rounds=1000$dbe32vC1pqSJy3o1$tFKPzn.ooBFq1pxmZFc5WH2lz9UgxdWcEGlzh5Xuis3
        """
    static let groups = "admins: alice\nstaff : bob \"alice\"\n"
    static let digests = "dora:r:6ab14642ec2ffb583ae487781cdb9176\n"

    let worker: Worker
    let configuration: Configuration
    private let directory: ByteString
    deinit { Bench.remove(directory) }

    /// Reads the sections as `<Location /r0>`, `<Location /r0/in>`, `<Location /r1>` …
    init(_ rows: [[String]], outside: String = "") throws {
        let directory = try Bench.temporaryDirectory()
        self.directory = directory
        try Bench.write(Self.users, to: directory + "/users")
        try Bench.write(Self.groups, to: directory + "/groups")
        try Bench.write(Self.digests, to: directory + "/digests")
        var text = "ServerName x\nDocumentRoot \(directory)\n"
        let modules = moduleList.filter { $0.family == .aaa }
        for module in modules { text += "LoadModule \(module.symbol) modules/mod_\(module.name).so\n" }
        try Bench.write("zoe:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n", to: directory + "/others")
        text += Bench.replace(outside, "OTHERS", "\(directory)/others") + "\n"
        let basic = """
            AuthType Basic
            AuthName r
            AuthUserFile \(directory)/users
            AuthGroupFile \(directory)/groups
            """
        for (number, row) in rows.enumerated() {
            for (section, path) in zip(row, ["/r\(number)", "/r\(number)/in"]) {
                let lines = Bench.replace(
                    Bench.replace(Bench.replace(section, " ; ", "\n"), "BASIC", basic), "DIGESTS",
                    "\(directory)/digests")
                text += "<Location \(path)>\n\(lines)\n</Location>\n"
            }
        }
        try Bench.write(text, to: directory + "/httpd.conf")
        configuration = Configuration(
            available: [Core.module, Core.http] + modules,
            commandLine: CommandLineConfiguration(serverRoot: directory, configFile: directory + "/httpd.conf"))
        do { try ConfigurationLoader(configuration).load() } catch {
            Bench.remove(directory)
            throw error
        }
        configuration.mainServer.errorLog = ErrorLog(descriptor: -1)
        worker = Worker(loop: try EventLoop(), configuration: configuration, connectionLimit: 1)
    }

    func request(
        _ number: Int, method: ByteString = "GET", from client: ByteString = "127.0.0.1", user: String = "-"
    ) throws -> Request {
        let remote = try #require(SocketAddress(client, port: 1234))
        let connection = Connection(
            worker: worker, channel: Channel(index: 0, generation: 0), localAddress: .loopback(port: 80),
            remoteAddress: remote, candidates: [configuration.mainServer], keepAlives: 0, id: 1)
        let request = Request(
            connection: connection, server: configuration.mainServer, method: method,
            unparsedURI: ByteString("/r\(number)/in"))
        request.env.set("tagged", "1")
        if user != "-" {
            let credentials = user.contains(":") ? user : user + ":secret"
            let encoded = Base64.encode(ByteString(credentials))
            request.headersInStorage.set("Authorization", "Basic \(encoded)")
        }
        return request
    }
    /// The status after all phases up to authorisation; 200 when it passed.
    func authorize(_ request: Request) -> Int {
        request.perDirectory = request.server.lookupDefaults
        locationWalk(request)
        request.filename = "/nonexistent"
        switch ProcessRequest.blocking(request, { Authorization.run($0) }) {
        case .status(let status): return status
        case .ok: return 200
        case let other:
            Issue.record("\(other)")
            return 0
        }
    }
}

/// Small things that the tests of this folder need.
enum Bench {
    static func temporaryDirectory() throws -> ByteString {
        let path: ByteString = "/tmp/martinet-aaa-\(Process.id)-\(UInt64.random(in: 0...UInt64.max))"
        try Directory.make(path)
        return path
    }
    static func remove(_ directory: ByteString) {
        for entry in (try? Directory.entries(directory)) ?? [] {
            try? Kernel.File.unlink(directory + "/" + entry.name)
        }
        try? Directory.remove(directory)
    }
    static func write(_ text: String, to path: ByteString) throws {
        try Kernel.File.writeWhole(path, Array(text.utf8))
    }
    static func replace(_ text: String, _ old: String, _ new: String) -> String {
        var result = ""
        var rest = Substring(text)
        while let range = rest.firstRange(of: old) {
            result += rest[..<range.lowerBound] + new
            rest = rest[range.upperBound...]
        }
        return result + rest
    }
    static func split(_ text: String, _ separator: String) -> [String] {
        replace(text, separator, "\u{1}").split(separator: "\u{1}").map(String.init)
    }
}

@Suite struct AuthorizationTests {
    @Test func answersAsApache() throws {
        let rows = authorizationRows.map { Bench.split($0, " | ") }
        let bench = try AuthorizationBench(rows.map { Bench.split($0[1], " >> ") })
        for (number, row) in rows.enumerated() {
            let words = row[0].split(separator: " ").map(String.init)
            let request = try bench.request(
                number, method: ByteString(words[0]), from: ByteString(words[1]), user: words[2])
            #expect(bench.authorize(request) == Int(words[3]), "\(authorizationRows[number])")
        }
    }

    @Test(arguments: refusedSections)
    func refusesAsApache(_ row: (section: String, message: String)) {
        #expect {
            _ = try AuthorizationBench([[row.section]])
        } throws: { error in
            // A check after reading adds a second line, AH00014.
            (error as? ConfigError)?.message.split(separator: "\n").first.map(String.init) == row.message
        }
    }

    @Test func challengesWithRealm() throws {
        let bench = try AuthorizationBench([
            ["BASIC ; AuthName \"a \\\"quoted\\\" realm\" ; Require valid-user"],
            ["BASIC ; AuthName %{REQUEST_METHOD} ; Require valid-user"],
        ])
        for (number, realm) in ["a \\\"quoted\\\" realm", "GET"].enumerated() {
            let request = try bench.request(number)
            #expect(bench.authorize(request) == 401)
            #expect(request.errHeadersOut["WWW-Authenticate"] == ByteString("Basic realm=\"\(realm)\""))
        }
    }

    @Test func aliasesLendTheirSection() throws {
        let bench = try AuthorizationBench(
            [
                ["BASIC ; AuthUserFile /nonexistent ; AuthBasicProvider others ; Require valid-user"],
                ["BASIC ; AuthBasicProvider others file ; Require valid-user"],
                ["Require home"], ["BASIC ; Require mine"],
            ],
            outside: """
                <AuthnProviderAlias file others>
                AuthUserFile OTHERS
                </AuthnProviderAlias>
                <AuthzProviderAlias ip home "127.0.0.1 127.0.0.3">
                </AuthzProviderAlias>
                <AuthzProviderAlias user mine alice>
                </AuthzProviderAlias>
                """)
        let expected: [(Int, String, String, Int)] = [
            (0, "127.0.0.1", "zoe", 200), (0, "127.0.0.1", "alice", 401),
            (1, "127.0.0.1", "zoe", 200), (1, "127.0.0.1", "alice", 200), (1, "127.0.0.1", "nobody", 401),
            (2, "127.0.0.1", "-", 200), (2, "127.0.0.2", "-", 403), (2, "127.0.0.3", "-", 200),
            (3, "127.0.0.1", "-", 401), (3, "127.0.0.1", "alice", 200), (3, "127.0.0.1", "bob", 401),
        ]
        for (number, client, user, status) in expected {
            let request = try bench.request(number, from: ByteString(client), user: user)
            #expect(bench.authorize(request) == status, "\(number) \(client) \(user)")
        }
    }

    @Test func subrequestsOfTheSameSectionShowNoTicketAgain() throws {
        let bench = try AuthorizationBench([["BASIC ; Require valid-user"]])
        let request = try bench.request(0, user: "alice")
        #expect(bench.authorize(request) == 200)
        #expect(request.user == "alice")
        #expect(request.authType == "Basic")
        let sub = try bench.request(0)
        sub.main = request
        #expect(bench.authorize(sub) == 200)
        #expect(sub.user == "alice")
    }

    /// What is logged with `LogLevel debug`, as apache2 logs it.
    @Test(
        arguments: [
            (
                "<RequireAll> ; Require all granted ; <RequireNone> ; Require ip 10 ; Require ip 127 ; </RequireNone> ; </RequireAll>",
                "-",
                [
                    "AH01626: authorization result of Require all granted: granted",
                    "AH01626: authorization result of Require not ip 10: neutral",
                    "AH01626: authorization result of Require not ip 127: denied",
                    "AH01626: authorization result of <RequireAll>: denied",
                    "AH01626: authorization result of <RequireAny>: denied",
                    "AH01630: client denied by server configuration: /nonexistent",
                ]
            ),
            (
                "BASIC ; <Limit POST> ; Require valid-user ; </Limit>", "-",
                [
                    "AH01625: authorization result of <RequireAny>: granted (directive limited to other methods)"
                ]
            ),
            (
                "BASIC ; Require user bob", "alice",
                [
                    "AH01626: authorization result of Require user bob: denied (no authenticated user yet)",
                    "AH01626: authorization result of <RequireAny>: denied (no authenticated user yet)",
                    "AH01663: access to /r0/in failed, reason: user 'alice' does not meet 'require'ments for user to be allowed access",
                    "AH01626: authorization result of Require user bob: denied",
                    "AH01626: authorization result of <RequireAny>: denied",
                    "AH01631: user alice: authorization failure for \"/r0/in\": ",
                ]
            ),
            (
                "Require all denied >> AuthMerging And ; Require all granted", "-",
                [
                    "AH01626: authorization result of Require all denied: denied",
                    "AH01626: authorization result of <RequireAny>: denied",
                    "AH01626: authorization result of AuthMerging All: denied",
                    "AH01630: client denied by server configuration: /nonexistent",
                ]
            ),
            (
                "BASIC ; Require valid-user", "alice:wrong",
                [
                    "AH01626: authorization result of Require valid-user : denied (no authenticated user yet)",
                    "AH01626: authorization result of <RequireAny>: denied (no authenticated user yet)",
                    "AH01617: user alice: authentication failure for \"/r0/in\": Password Mismatch",
                ]
            ),
        ] as [(String, String, [String])])
    func logsAsApache(section: String, user: String, expected: [String]) throws {
        let bench = try AuthorizationBench([Bench.split(section, " >> ")])
        let log = bench.configuration.serverRoot + "/log"
        let file = try Kernel.File.open(log, [.writeOnly, .create, .append])
        bench.configuration.mainServer.errorLog = ErrorLog(descriptor: file.raw)
        bench.configuration.mainServer.logLevels.overall = .debug
        _ = bench.authorize(try bench.request(0, user: user))
        let lines = try Kernel.File.readWhole(log, limit: 1 << 20).split(separator: 10)
        let messages = lines.map { line in
            let text = ByteString(line)
            return (text.firstRange(of: "] AH").map { text.from($0.lowerBound + 2) } ?? text).string
        }
        #expect(messages == expected)
    }

    @Test func changedFilesCount() throws {
        let bench = try AuthorizationBench([["BASIC ; Require valid-user"]])
        #expect(bench.authorize(try bench.request(0, user: "alice")) == 200)
        let path = bench.configuration.serverRoot + "/users"
        try Bench.write("zoe:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n", to: path)
        bench.worker.files.drainNotices()
        #expect(bench.authorize(try bench.request(0, user: "alice")) == 401)
        #expect(bench.authorize(try bench.request(0, user: "zoe")) == 200)
    }
}

@Suite struct AuthWordsTests {
    @Test(
        arguments: [
            ("example.org", "example.org", true), ("www.Example.org", "example.ORG", true),
            ("example.org", ".example.org", false), ("www.example.org", ".example.org", true),
            ("badexample.org", "example.org", false), ("org", "example.org", false),
        ] as [(ByteString, ByteString, Bool)])
    func domains(name: ByteString, domain: ByteString, expected: Bool) {
        #expect(isInDomain(name, domain) == expected)
    }

    @Test(
        arguments: [
            ("YWxpY2U6c2VjcmV0", "alice", "secret"), ("  YWxpY2U6c2VjcmV0", "alice", "secret"),
            ("YWxpY2U6", "alice", ""), ("YWxpY2U=", "alice", ""), ("", "", ""), ("!!!", "", ""),
            ("YTpiOmM=", "a", "b:c"),
        ] as [(ByteString, ByteString, ByteString)])
    func credentials(text: ByteString, user: ByteString, password: ByteString) {
        let decoded = AuthBasic.decode(text)
        #expect(decoded.user == user)
        #expect(decoded.password == password)
    }

    @Test func linesOfFiles() {
        let text = Array("a:b  \r\n  # x\n\nlong \\\nline\nlast".utf8)
        #expect(configLines(text) == ["a:b", "# x", "", "long line", "last"])
    }
}
