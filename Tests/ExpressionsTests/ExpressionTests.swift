import Bytes
import Testing

@testable import Expressions

/// A request that never was; notes what an evaluation asked for.
final class RequestFacts: ExpressionContext {
    var read: [ByteString] = []
    var varied: ByteString?
    var debug: [String] = []
    let files: [ByteString: ByteString] = ["/dir/foo": "foo\n", "/dir/zero": "", "/dir/nul": "a\0b"]
    static let headers: [ByteString: ByteString] = [
        "someheader": "SomeValue", "user-agent": "SomeAgent", "referer": "SomeReferer", "host": "example.org",
    ]

    func variable(_ variable: ExpressionVariable) -> ByteString? {
        read.append(ByteString(variable.rawValue))
        return switch variable {
        case .requestMethod: "GET"
        case .https: "off"
        case .remoteAddress: "127.0.0.1"
        case .requestURI: "/c124/x"
        default: nil
        }
    }
    var now: ExpressionTime {
        ExpressionTime(year: 2024, month: 2, day: 3, hour: 4, minute: 5, second: 6, weekday: 6)
    }
    var lastModified: ExpressionTime {
        ExpressionTime(year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, weekday: 4)
    }
    func requestHeader(_ name: ByteString, varying: Bool) -> ByteString? {
        read.append(name)
        return Self.headers[name.lowercased]
    }
    func responseHeader(_ name: ByteString) -> ByteString? { name == "X" ? "response" : nil }
    func note(_ name: ByteString) -> ByteString? { name == "N" ? "note" : nil }
    func environment(_ name: ByteString) -> ByteString? { name == "E" || name == "N" ? "environment" : nil }
    func processEnvironment(_ name: ByteString) -> ByteString? { name == "MYENV" ? "envval" : nil }
    var remoteAddress: IPAddress? { IPAddress("127.0.0.1") }
    func fileTest(_ test: FileTest, _ path: ByteString) -> Bool {
        switch test {
        case .directory: path == "/dir"
        case .exists: path == "/dir" || files[path] != nil
        case .file: files[path] != nil
        case .nonEmptyFile: files[path]?.isEmpty == false
        case .link: path == "/dir/link"
        case .executable: path == "/dir/run"
        }
    }
    func fileSize(_ path: ByteString) -> Int? { files[path]?.count }
    func fileContents(_ path: ByteString, limit: Int) -> ExpressionFile {
        if path == "/large" { return .tooLarge }
        if path == "/unreadable" { return .cannotRead }
        return files[path].map(ExpressionFile.contents) ?? .cannotOpen
    }
    func lookupFile(_ path: ByteString) -> Bool { files[path] != nil }
    func lookupURI(_ uri: ByteString) -> Bool { uri == "/ok" }
    func resolve(_ name: ByteString) -> IPAddress? { name == "localhost" ? IPAddress("127.0.0.1") : nil }
    func moduleVariable(_ number: Int, _ name: ByteString) -> ByteString? { "\(number)-\(name)" }
    func moduleFunction(_ number: Int, _ name: ByteString, _ argument: ByteString) -> ByteString? {
        "\(number)-\(name)-\(argument)"
    }
    func moduleList(_ number: Int, _ name: ByteString, _ argument: ByteString) -> [ByteString] { [name, argument] }
    func vary(on names: ByteString) { varied = names }
    func logDebug(_ message: @autoclosure () -> String) { debug.append(message()) }
}

@Suite struct ExpressionTests {
    @Test(
        arguments: [
            ("-d '/dir'", true), ("-e '/dir'", true), ("-f '/dir'", false), ("-s '/dir/foo'", true),
            ("-s '/dir/zero'", false),
            ("-L '/dir/link'", true), ("-h '/dir/link'", true), ("-x '/dir/run'", true), ("-F '/dir/foo'", true),
            ("-F '/none'", false), ("-U '/ok'", true), ("-A '/none'", false), ("filesize('/dir/foo') = 4", true),
            ("filesize('/none') = 0", true), ("file('/dir/foo') = 'foo\\n'", true), ("file('/dir/nul') = 'a'", true),
            ("file('/dir/zero') = ''", true), ("'localhost' -ipmatch '127.0.0.0/8'", true),
            ("'nowhere' -ipmatch '127.0.0.0/8'", false), ("resp('X') = 'response'", true), ("note('N') = 'note'", true),
            ("env('N') = 'note'", true), ("env('E') = 'environment'", true), ("env('MYENV') = 'envval'", true),
            ("reqenv('N') = 'environment'", true), ("%{TIME} = '20240203040506'", true), ("%{TIME_WDAY} = 6", true),
            ("%{TIME_YEAR}%{TIME_MON} = 0", false), ("%{LAST_MODIFIED} = '19700101000000'", true),
        ] as [(ByteString, Bool)])
    func facts(_ text: ByteString, _ expected: Bool) throws {
        guard let expression = try? Expression(text) else {
            #expect(text.contains("}%{"))
            return
        }
        #expect(try expression.evaluate(in: RequestFacts()) == expected)
    }

    @Test(
        arguments: [
            ("%{HTTP_USER_AGENT} = 'x' || req('Host') = 'y' || http('a') = ''", "User-Agent, a"),
            ("true || req('a') = ''", nil), ("req_novary('a') = ''", nil), ("%{HTTP_HOST} = 'x'", nil),
            ("req('a') = file('/none')", nil),
        ] as [(ByteString, ByteString?)])
    func vary(_ text: ByteString, _ expected: ByteString?) throws {
        let facts = RequestFacts()
        _ = try? Expression(text).evaluate(in: facts)
        #expect(facts.varied == expected)
        let silent = RequestFacts()
        _ = try? Expression(text, flags: .dontVary).evaluate(in: silent)
        #expect(silent.varied == nil)
        #expect(silent.read == facts.read)
    }

    @Test(
        arguments: [
            ("file('/none') = ''", "Cannot open file /none"), ("file('/large') = ''", "File /large too large"),
            ("file('/unreadable') = ''", "Cannot read from file /unreadable"),
            ("!(!(!(!(!(!(!(!(!(!(!(!(!(!(!(!(!(!(!(!(!(-z '')))))))))))))))))))))", nil),
            (
                "(true && (true && (true && (true && (true && (true && (true && (true && (true && (true && (true && (true && (true && (true && (true && (true && (true && (true && (true && (true && (true && true) && true) && true) && true) && true) && true) && true) && true) && true) && true) && true) && true) && true) && true) && true) && true) && true) && true) && true) && true) && true)",
                "Recursion limit reached"
            ),
        ] as [(ByteString, String?)])
    func failures(_ text: ByteString, _ expected: String?) throws {
        let expression = try Expression(text)
        do throws(ExpressionFailure) {
            _ = try expression.evaluate(in: RequestFacts())
            #expect(expected == nil)
        } catch {
            #expect(error.message == expected)
        }
    }

    @Test(
        arguments: [
            ("file('a') = ''", .restrictedFileFunctions, "file not available in restricted context"),
            ("FileSize('a') = ''", .restrictedFileFunctions, "filesize not available in restricted context"),
            ("-f 'a'", .restrictedFileFunctions, nil),
            ("file('a') = ''", .restricted, "file not available in restricted context"),
            ("-d 'a'", .restricted, "-d not available in restricted context"),
            ("-U '/a' || -F 'a' || -n osenv('a')", .restricted, nil), ("file('a') = ''", [], nil),
        ] as [(ByteString, ExpressionFlags, String?)])
    func restricted(_ text: ByteString, _ flags: ExpressionFlags, _ expected: String?) {
        do throws(ExpressionError) {
            _ = try Expression(text, flags: flags)
            #expect(expected == nil)
        } catch {
            #expect(error.message == expected)
        }
    }

    @Test func modules() throws {
        let lookup = ExpressionLookup { kind, name in
            switch kind {
            case .variable: name.hasPrefix("SSL_") || name == "REMOTE_USER" ? 1 : nil
            case .stringFunction: name == "SSL" ? 2 : nil
            case .listFunction: name == "PeerExtList" ? 3 : nil
            }
        }
        let facts = RequestFacts()
        let text: ByteString = "%{SSL_CIPHER}|%{SSL:x}|%{REMOTE_USER}"
        let string = try Expression(text, flags: .stringResult, lookup: lookup)
        #expect(try string.string(in: facts) == "1-SSL_CIPHER|2-SSL-x|1-REMOTE_USER")
        #expect(try Expression("'arg' -in PeerExtList('arg')", lookup: lookup).evaluate(in: facts))
        #expect(try !Expression("'other' -in PeerExtList('arg')", lookup: lookup).evaluate(in: facts))
        #expect(throws: ExpressionError(message: "Variable 'SSL_X' does not exist")) {
            _ = try Expression("%{SSL_X} = ''")
        }
    }

    @Test func matchesFlowOut() throws {
        var matches = ExpressionMatches()
        #expect(try Expression("'abc' =~ /a(.)/").evaluate(in: RequestFacts(), matches: &matches))
        #expect(matches[0] == "ab" && matches[1] == "b" && matches[2] == "" && matches[10] == "")
        let string = try Expression("<$1>", flags: .stringResult)
        #expect(try string.string(in: RequestFacts(), matches: &matches) == "<b>")
        #expect(try Expression("'abc' !~ /(x)/").evaluate(in: RequestFacts(), matches: &matches))
        #expect(matches[0] == "")
    }

    @Test(
        arguments: [
            ("'10' -gt '9'", true), ("'b' < 'aa'", true), ("'10' == '010'", false), ("'ab' >= 'aa'", true),
            ("'\\377' < 'a'", true), ("'a' <= 'a'", true), ("'a' -eq 'A'", false), ("'a' ne 'A'", true),
        ] as [(ByteString, Bool)])
    func sslCompatible(_ text: ByteString, _ expected: Bool) throws {
        #expect(try Expression(text, flags: .sslCompatible).evaluate(in: RequestFacts()) == expected)
    }

    @Test func constants() throws {
        #expect(try Expression("abc", flags: .stringResult).constant == "abc")
        #expect(try Expression("", flags: .stringResult).constant == "")
        #expect(try Expression("a%{TIME}", flags: .stringResult).constant == nil)
        #expect(throws: ExpressionFailure.self) { _ = try Expression("true").string(in: RequestFacts()) }
        #expect(throws: ExpressionFailure.self) {
            _ = try Expression("x", flags: .stringResult).evaluate(in: RequestFacts())
        }
    }

    @Test func limits() throws {
        func text(_ head: String, _ count: Int, _ tail: String) -> ByteString {
            ByteString(String(repeating: head, count: count) + "true" + String(repeating: tail, count: count))
        }
        #expect(throws: ExpressionError(message: "memory exhausted")) { _ = try Expression(text("(", 100_000, ")")) }
        #expect(try Expression(text("!", 100_001, "")).evaluate(in: RequestFacts()) == false)
        #expect(try Expression(text("", 20_000, " && true")).evaluate(in: RequestFacts()))
        #expect(throws: ExpressionError.self) {
            _ = try Expression(ByteString(String(repeating: "%{tolower:", count: 50_000)), flags: .stringResult)
        }
        let long = ByteString([UInt8](repeating: 97, count: 8192))
        #expect(throws: ExpressionError(message: "String too long")) { _ = try Expression("'\(long)' = ''") }
        #expect(
            throws: ExpressionError(
                message: "syntax error, unexpected T_ERROR, expecting T_REGEX or T_REGEX_I: Regexp too long")
        ) {
            _ = try Expression("'' =~ /\(long)/")
        }
        #expect(try Expression("'\(long.from(1))' = ''").evaluate(in: RequestFacts()) == false)
    }

    /// Any text is an expression or an error, and any expression has a value or fails.
    @Test func anyText() {
        let pieces: [ByteString] = [
            "'", "\"", "%{", "}", "{", "(", ")", ",", ":", "$1", "\\", "/", "m#", "#", "-in", "-ipmatch ", "=~", "==",
            " ",
            "true", "req", "tolower", "TIME", "1", "-f", "!", "&&", "||", "\u{0}", "\n", "\\400", "(a)", ".", "-R",
            "10.1/8", "é",
        ]
        var state: UInt64 = 42
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(truncatingIfNeeded: state >> 33) % bound
        }
        var accepted = 0
        for _ in 0..<20_000 {
            var text = ByteString()
            for _ in 0..<(1 + next(9)) { text.append(pieces[next(pieces.count)]) }
            for flags in [[], ExpressionFlags.stringResult] {
                guard let expression = try? Expression(text, flags: flags) else { continue }
                accepted += 1
                _ = try? expression.evaluate(in: RequestFacts())
                _ = try? expression.string(in: RequestFacts())
            }
        }
        #expect(accepted > 100)
    }
}
