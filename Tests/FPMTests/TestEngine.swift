import Bytes
import FastCGI
import Kernel

@testable import FPM

/// A language for tests: a closure is the script.
final class TestEngine: ScriptEngine {
    var log: (LogLevel, [UInt8]) -> Void = { _, _ in }
    var settings: [ByteString: ByteString] = ["cgi.fix_pathinfo": "1", "fastcgi.logging": "1"]
    var refused: [RefusedValue] = []
    var script: (Running) -> Void = { $0.write("hello") }
    var end = ScriptEnd.finished
    var facts = ScriptFacts()
    private(set) var tasks: [ScriptTask] = []

    func start(_ settings: EngineSettings) throws(EngineFailure) {}
    func enterWorker(_ pool: PoolConfig, slowLog: Int32) -> [RefusedValue] { refused }
    func setting(_ name: ByteString) -> ByteString? { settings[name] }
    func stop() {}

    func run(_ exchange: any ScriptExchange) -> ScriptEnd {
        tasks.append(exchange.task)
        guard case .finished = end else { return end }
        let running = Running(exchange)
        var facts = facts
        switch exchange.task {
        case .script:
            exchange.scriptStarts()
            script(running)
        case .page(let headers, let body):
            for header in headers { running.head += header.string + "\r\n" }
            running.write(body.string)
        case .refuse(let status, let body, let level, let message):
            _ = exchange.log(level, message.bytes)
            facts.status = status
            running.head = "Status: \(status)\r\n"
            running.write(body.string)
        case .nothing: break
        }
        exchange.scriptEnded(facts)
        running.sendHead()
        _ = exchange.finish()
        return .finished
    }

    /// What a script can do.
    final class Running {
        let exchange: any ScriptExchange
        var head = ""
        private var isSent = false
        var isThere = true
        init(_ exchange: any ScriptExchange) { self.exchange = exchange }

        func sendHead() {
            guard !isSent else { return }
            isSent = true
            let bytes = Array((head + "\r\n").utf8)
            isThere = unsafe bytes.withUnsafeBytes { unsafe exchange.sendHead(status: 200, $0) }
        }
        func write(_ text: String) { write(Array(text.utf8)) }
        func write(_ bytes: [UInt8]) {
            sendHead()
            isThere = unsafe bytes.withUnsafeBytes { unsafe exchange.write($0) } && isThere
        }
        func read(_ count: Int) -> [UInt8] {
            unsafe [UInt8](unsafeUninitializedCapacity: count) { room, used in
                used = unsafe exchange.readBody(UnsafeMutableRawBufferPointer(room))
            }
        }
        func readAll() -> [UInt8] {
            var all: [UInt8] = []
            while true {
                let piece = read(16384)
                if piece.isEmpty { return all }
                all += piece
            }
        }
        var variables: [String: String] {
            var result: [String: String] = [:]
            for pair in (exchange as? Exchange)?.variables.pairs ?? [] { result[pair.name.string] = pair.value.string }
            return result
        }
    }
}

/// A worker on one end of a socket pair, a client on the other.
final class TestWorker {
    let engine = TestEngine()
    let board: PoolScoreboard
    let loop: WorkerLoop
    let log: ErrorLog

    init(_ change: (inout WorkerStart) -> Void = { _ in }, before: (TestEngine) -> Void = { _ in }) throws {
        var pool = PoolConfig(name: "www")
        pool.pm = .static
        pool.maxChildren = 1
        pool.limitExtensions = [".php", ".phar"]
        var start = WorkerStart(pool: pool, listener: -1, accessLog: -1, place: 0)
        change(&start)
        board = try PoolScoreboard(pool: pool.name, processManager: .static, places: 2)
        _ = board.claim()
        board.enter(0, pid: 4242)
        log = ErrorLog()
        log.level = .alert
        before(engine)
        loop = WorkerLoop(start, scoreboard: board, engine: engine, log: log)
        loop.enter()
    }

    struct Answer {
        var stdout: [UInt8] = []
        var stderr: [UInt8] = []
        /// How the records came, one letter each: `o`, `e`, `E` for the end, `v` for values.
        var records = ""
        var sizes: [Int] = []
        var isClosed = false
        var code: Int32?
        var text: String { String(decoding: stdout, as: UTF8.self) }
        var errors: String { String(decoding: stderr, as: UTF8.self) }
        var body: String {
            if text.hasPrefix("\r\n") { return String(text.dropFirst()) }
            return text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false).last.map(
                String.init)
                ?? ""
        }
    }

    /// Sends bytes, ends the client's half, lets the worker serve, and reads what came.
    func exchange(_ bytes: [UInt8], keepsSending: Bool = false) throws -> Answer {
        let (client, server) = try Socket.pair().split()
        File.setNonBlocking(server, false)
        Socket.setSendBuffer(client, 1 << 21)
        Socket.setSendBuffer(server, 1 << 21)
        var sent = 0
        while sent < bytes.count, case .bytes(let count) = Socket.send(client, bytes, from: sent) { sent += count }
        if !keepsSending { Socket.shutdownWrite(client) }
        var answer = Answer()
        answer.code = loop.serve(server, peer: .none)
        var raw: [UInt8] = []
        while case .bytes(let count) = Socket.receive(client, into: &raw, upTo: 65536) {
            if count == 0 {
                answer.isClosed = true
                break
            }
        }
        File.close(client)
        Self.decode(raw, &answer)
        return answer
    }
    static func decode(_ raw: [UInt8], _ answer: inout Answer) {
        var at = 0
        while let header = RecordHeader(raw.span, at: at) {
            let start = at + 8
            let content = raw[start..<min(raw.count, start + Int(header.contentLength))]
            answer.sizes.append(content.count)
            switch RecordType(rawValue: header.type) {
            case .stdout:
                answer.stdout += content
                answer.records += "o"
            case .stderr:
                answer.stderr += content
                answer.records += "e"
            case .endRequest: answer.records += "E"
            case .getValuesResult:
                answer.stdout += content
                answer.records += "v"
            default: answer.records += "?"
            }
            at = start + Int(header.contentLength) + Int(header.paddingLength)
        }
    }

    /// A whole request.
    static func request(
        _ variables: [(String, String)], body: [UInt8]? = nil, keep: Bool = false, role: Role = .responder,
        id: UInt16 = 1
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        RecordEncoder.appendBeginRequest(id: id, role: role, keepsConnection: keep, to: &bytes)
        RecordEncoder.appendParams(
            id: id, variables.map { (name: ByteString($0), value: ByteString($1)) }, to: &bytes)
        if let body { RecordEncoder.appendStdin(id: id, body.span, to: &bytes) }
        RecordEncoder.appendEnd(of: .stdin, id: id, to: &bytes)
        return bytes
    }
    /// This source file stands in for a script.
    static let script: String = String(describing: #filePath)
    static func get(_ more: [(String, String)] = []) -> [(String, String)] {
        [("REQUEST_METHOD", "GET"), ("SCRIPT_FILENAME", script), ("SCRIPT_NAME", "/x.php")] + more
    }
}
