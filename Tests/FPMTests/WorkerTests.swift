import Bytes
import FastCGI
import Kernel
import Testing

@testable import FPM

@Suite struct WorkerTests {
    private func anyFile(_ start: inout WorkerStart) { start.pool.limitExtensions = [] }

    @Test func smallAnswer() throws {
        let worker = try TestWorker(anyFile)
        let answer = try worker.exchange(TestWorker.request(TestWorker.get([("QUERY_STRING", "a=1")])))
        #expect(answer.text == "\r\nhello")
        #expect(answer.records == "oE")
        #expect(answer.isClosed)
        let status = worker.board.process(0)
        #expect(status.requestURI == "/x.php")
        #expect(status.queryString == "a=1")
        #expect(status.requests == 1)
        #expect(worker.board.snapshot().acceptedConnections == 1)
    }

    @Test func severalRequestsOfOneConnection() throws {
        let worker = try TestWorker(anyFile)
        worker.engine.script = { $0.write($0.variables["N"] ?? "-") }
        var bytes: [UInt8] = []
        for number in 1...3 {
            bytes += TestWorker.request(
                TestWorker.get([("N", "\(number)"), ("CONTENT_LENGTH", "2")]), body: Array("abcdef".utf8), keep: true,
                id: UInt16(number))
        }
        let answer = try worker.exchange(bytes)
        #expect(answer.text == "\r\n1\r\n2\r\n3")
        #expect(answer.records == "oEoEoE")
        #expect(answer.isClosed)
        // The end of the connection counts once more, as in PHP's FPM.
        #expect(worker.board.snapshot().acceptedConnections == 4)
    }

    @Test(arguments: [0, 1, 8191, 8192, 8193, 16383, 65535, 65536, 70000, 200_000])
    func outputOfManySizes(_ size: Int) throws {
        let worker = try TestWorker(anyFile)
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        worker.engine.script = { $0.write(bytes) }
        let whole = try worker.exchange(TestWorker.request(TestWorker.get()))
        #expect(whole.stdout.dropFirst(2).elementsEqual(bytes))
        #expect(whole.sizes.allSatisfy { $0 > 0 })
        worker.engine.script = { running in
            for start in stride(from: 0, to: size, by: 1000) {
                running.write(Array(bytes[start..<min(size, start + 1000)]))
            }
        }
        let pieces = try worker.exchange(TestWorker.request(TestWorker.get()))
        #expect(pieces.stdout.dropFirst(2).elementsEqual(bytes))
        #expect(pieces.records.hasSuffix("E"))
    }

    @Test func streamsKeepTheirOrder() throws {
        let worker = try TestWorker(anyFile)
        worker.engine.script = { running in
            running.write("one")
            _ = running.exchange.log(.notice, Array("PHP message: first".utf8))
            _ = running.exchange.log(.notice, Array("PHP message: second".utf8))
            running.write("two")
            _ = running.exchange.log(.debug, Array("third".utf8))
        }
        let answer = try worker.exchange(TestWorker.request(TestWorker.get()))
        #expect(answer.records == "oeoeE")
        #expect(answer.text == "\r\nonetwo")
        #expect(answer.errors == "PHP message: first; PHP message: second; third")
        worker.engine.settings["fastcgi.logging"] = "0"
        worker.loop.enter()
        #expect(try worker.exchange(TestWorker.request(TestWorker.get())).records == "oE")
    }

    @Test(arguments: [0, 1, 7, 8192, 65535, 65536, 150_000]) func bodies(_ size: Int) throws {
        let worker = try TestWorker(anyFile)
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 3) }
        var got: [UInt8] = [1]
        worker.engine.script = { got = $0.readAll() }
        let answer = try worker.exchange(
            TestWorker.request(TestWorker.get([("CONTENT_LENGTH", "\(size)")]), body: body))
        #expect(got == body)
        #expect(answer.records == "oE")
    }

    @Test func bodyNoLongerThanItsLength() throws {
        let worker = try TestWorker(anyFile)
        var got: [UInt8] = []
        worker.engine.script = { got = $0.readAll() }
        _ = try worker.exchange(
            TestWorker.request(TestWorker.get([("CONTENT_LENGTH", "3")]), body: Array("abcdef".utf8)))
        #expect(got == Array("abc".utf8))
        _ = try worker.exchange(TestWorker.request(TestWorker.get(), body: Array("abcdef".utf8)))
        #expect(got == [])
    }

    @Test func questionsKeepTheConnection() throws {
        let worker = try TestWorker(anyFile)
        var bytes = RecordHeader(type: .getValues, requestID: 0, contentLength: 34).encoded
        bytes += [14, 0] + Array("FCGI_MAX_CONNS".utf8) + [15, 0] + Array("FCGI_MPXS_CONNS".utf8) + [0]
        bytes[5] = 33
        bytes = Array(bytes.dropLast())
        let answer = try worker.exchange(bytes + TestWorker.request(TestWorker.get()))
        #expect(answer.records == "voE")
        #expect(answer.text == "\u{0F}\u{01}FCGI_MPXS_CONNS0\r\nhello")
    }

    @Test(arguments: [Role.responder, .authorizer, .filter]) func roles(_ role: Role) throws {
        let worker = try TestWorker(anyFile)
        worker.engine.script = { $0.write($0.variables["FCGI_ROLE"] ?? "-") }
        let answer = try worker.exchange(TestWorker.request(TestWorker.get(), role: role))
        #expect(answer.body == ["", "RESPONDER", "AUTHORIZER", "FILTER"][Int(role.rawValue)])
    }

    @Test func variablesInSeveralRecords() throws {
        let worker = try TestWorker(anyFile)
        let long = String(repeating: "x", count: 200_000)
        worker.engine.script = { $0.write("\($0.variables["LONG"]?.count ?? 0) \($0.variables["LAST"] ?? "")") }
        let answer = try worker.exchange(TestWorker.request(TestWorker.get([("LONG", long), ("LAST", "end")])))
        #expect(answer.body == "200000 end")
    }

    @Test(
        arguments: [
            [], [1], [0, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], [1, 1, 0, 1, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0],
            [1, 1, 0, 1, 0, 8, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0], [1, 2, 0, 1, 0, 0, 0, 0],
            [1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 4, 0, 1, 0, 3, 0, 0, 9, 9, 65, 1, 4, 0, 1, 0, 0, 0, 0],
            [1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 0, 1, 0, 0, 0, 0],
            [1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 4, 0, 1, 0, 1, 0, 0, 255, 1, 4, 0, 1, 0, 0, 0, 0],
        ] as [[UInt8]])
    func nonsenseCloses(_ bytes: [UInt8]) throws {
        let worker = try TestWorker(anyFile)
        let answer = try worker.exchange(bytes)
        #expect(answer.records == "")
        #expect(answer.isClosed)
        #expect(worker.engine.tasks.isEmpty)
        #expect(try worker.exchange(TestWorker.request(TestWorker.get())).text == "\r\nhello")
    }

    @Test func endBeforeTheScript() throws {
        let worker = try TestWorker(anyFile)
        worker.engine.script = { running in
            running.write("early")
            _ = running.exchange.finishEarly()
            running.write("late")
            _ = running.exchange.flush()
            _ = running.exchange.log(.notice, Array("PHP message: late".utf8))
        }
        for keep in [false, true] {
            let answer = try worker.exchange(TestWorker.request(TestWorker.get(), keep: keep))
            #expect(answer.text == "\r\nearly")
            #expect(answer.records == "oE")
        }
    }

    @Test func tasks() throws {
        let worker = try TestWorker {
            $0.pool.pingPath = "/ping"
            $0.pool.statusPath = "/status"
        }
        func text(_ variables: [(String, String)]) throws -> TestWorker.Answer {
            try worker.exchange(TestWorker.request(variables))
        }
        let missing = try text([("REQUEST_METHOD", "GET"), ("SCRIPT_FILENAME", "/nowhere/x.php")])
        #expect(missing.text == "Status: 404\r\n\r\nFile not found.\n")
        #expect(missing.errors == "Primary script unknown")
        #expect(try text([("REQUEST_METHOD", "GET")]).errors == "Primary script unknown")
        let denied = try text(TestWorker.get())
        #expect(denied.text == "Status: 403\r\n\r\nAccess denied.\n")
        #expect(
            denied.errors
                == "Access to the script '\(TestWorker.script)' has been denied (see security.limit_extensions)")
        #expect(try text([("SCRIPT_FILENAME", TestWorker.script)]).text == "\r\n")
        #expect(try text([]).records == "oE")
        let named = [("REQUEST_METHOD", "GET"), ("SCRIPT_FILENAME", TestWorker.script)]
        let ping = try text(named + [("SCRIPT_NAME", "/ping")])
        #expect(ping.body == "pong")
        #expect(ping.text.hasPrefix("Content-Type: text/plain\r\nExpires: Thu, 01 Jan 1970 00:00:00 GMT\r\n"))
        let status = try text(named + [("SCRIPT_NAME", "/status"), ("QUERY_STRING", "json&full")])
        #expect(status.body.hasPrefix("{\"pool\":\"www\",\"process manager\":\"static\",\"start time\":"))
        #expect(status.body.contains("\"active processes\":1,"))
        #expect(status.body.contains("\"state\":\"Running\""))
    }

    @Test func leavesAfterItsRequests() throws {
        let worker = try TestWorker {
            $0.pool.limitExtensions = []
            $0.pool.maxRequests = 2
        }
        var bytes: [UInt8] = []
        for _ in 1...3 { bytes += TestWorker.request(TestWorker.get(), keep: true) }
        let answer = try worker.exchange(bytes)
        #expect(answer.records == "oEoE")
        #expect(answer.code == 0)
    }

    @Test func languageThatFails() throws {
        let worker = try TestWorker(anyFile)
        worker.engine.end = .failed
        let answer = try worker.exchange(TestWorker.request(TestWorker.get()))
        #expect(answer.code == 70)
        #expect(answer.records == "E")
    }

    @Test func clientThatGoes() throws {
        let worker = try TestWorker(anyFile)
        let (client, server) = try Socket.pair().split()
        File.setNonBlocking(server, false)
        _ = Socket.send(client, TestWorker.request(TestWorker.get()))
        var results: [Bool] = []
        worker.engine.script = { running in
            running.write("x")
            _ = running.exchange.flush()
            File.close(client)
            running.write("y")
            results.append(running.exchange.flush())
            results.append(running.exchange.flush())
        }
        #expect(worker.loop.serve(server, peer: .none) == nil)
        #expect(results == [false, true])
    }

    @Test func allowedClients() {
        var problems: [String] = []
        let allowed = AllowedClients("127.0.0.1,xxx,::1, 10.0.0.1") { problems.append($0.string) }
        #expect(
            problems == [
                "Wrong IP address 'xxx' in listen.allowed_clients",
                "Wrong IP address ' 10.0.0.1' in listen.allowed_clients",
            ])
        for (address, isAllowed) in [
            ("127.0.0.1", true), ("::ffff:127.0.0.1", true), ("::1", true), ("10.0.0.1", false), ("::2", false),
        ] {
            let peer = SocketAddress(ByteString(address), port: 1)
            #expect(peer.map { allowed.allows($0) } == isAllowed)
        }
        #expect(allowed.allows(.none))
        problems = []
        let none = AllowedClients("x") { problems.append($0.string) }
        #expect(problems.last == "There are no allowed addresses")
        #expect(!none.allows(.loopback(port: 1)))
    }
}

extension RecordHeader {
    fileprivate var encoded: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }
}
