// PHP: sapi/fpm/fpm/fpm_main.c (main), fpm_children.c (fpm_child_init); main/fastcgi.c (fcgi_accept_request)
import Bytes
import Kernel

/// A worker: takes connections from the pool's listener and answers requests, one at a time, until it is told to leave.
public enum Worker {
    /// Does all of a worker's work in a fresh fork and ends the process: 0 when it was told to leave or has had
    /// `pm.max_requests`, 70 when the language failed.
    ///
    /// The process has its final user and directories; descriptors 0, 1, 2 are what scripts shall see. `engine` was started.
    /// `log` becomes the worker's here; its level and limit are set.
    public static func run(
        _ start: WorkerStart, scoreboard: PoolScoreboard, engine: any ScriptEngine, log: ErrorLog = ErrorLog()
    ) -> Never {
        log.becomeWorker()
        scoreboard.enter(start.place, pid: Process.id)
        let worker = WorkerLoop(start, scoreboard: scoreboard, engine: engine, log: log)
        do throws(Errno) {
            try worker.installSignals()
        } catch {
            log(.error, pool: start.pool.name, "child failed to initialize", error)
            Process.exitNow(70)
        }
        worker.enter()
        let code = worker.serve()
        if code == 0 { engine.stop() }
        Process.exitNow(code)
    }
}

/// A worker's state between requests.
final class WorkerLoop {
    private let start: WorkerStart
    private let scoreboard: PoolScoreboard
    private let engine: any ScriptEngine
    private let log: ErrorLog
    private let decision: TaskDecision
    private let connection = FastCGIConnection()
    private let exchange: Exchange
    private let source: ConnectionSource
    /// The scoreboard of the pool whose status pages show.
    private let shown: PoolScoreboard
    private var paths = PathSettings()
    private(set) var requests = 0
    /// Requests after which the worker leaves; 0: never.
    private let mostRequests: Int
    /// Whether somebody reads what the worker writes to descriptor 2.
    private let marksOutput: Bool

    init(_ start: WorkerStart, scoreboard: PoolScoreboard, engine: any ScriptEngine, log: ErrorLog) {
        self.start = start
        self.scoreboard = scoreboard
        self.engine = engine
        self.log = log
        decision = TaskDecision(start.pool)
        source = ConnectionSource(listener: start.listener, queue: start.queue)
        mostRequests = start.pool.maxRequests
        marksOutput = start.pool.catchWorkersOutput
        shown =
            start.shownScoreboard < 0
            ? scoreboard : (try? PoolScoreboard(descriptor: start.shownScoreboard)) ?? scoreboard
        exchange = Exchange(
            connection, scoreboard: scoreboard, place: start.place, errorLog: log,
            accessLog: Self.accessLog(start, log))
        source.tellWait = { scoreboard.addQueued(waited: $0) }
    }
    private static func accessLog(_ start: WorkerStart, _ log: ErrorLog) -> AccessLog? {
        guard start.accessLog >= 0 else { return nil }
        do throws(AccessFormat.Failure) {
            let format = try AccessFormat(start.pool.accessFormat)
            return AccessLog(
                format, descriptor: start.accessLog, pool: start.pool.name, suppressed: start.pool.accessSuppressPaths
            ) { log(.notice, $0) }
        } catch {
            log(.warning, error.message)
            return nil
        }
    }

    /// SIGQUIT leaves softly, other signals do what they do by default. Before the language looks at them.
    func installSignals() throws(Errno) {
        for signal in [
            Signal.terminate, Signal.interrupt, Signal.user1, Signal.user2, Signal.hangUp, Signal.child,
        ] { try Signal.restoreDefault(signal) }
        try Signal.ignore(Signal.pipe)
        try SoftQuit.install(listener: start.listener)
        try Signal.unblockAll()
    }
    /// The pool's values, who may connect.
    func enter() {
        engine.log = { [log] level, text in log(level, ByteString(text)) }
        for refused in engine.enterWorker(start.pool, slowLog: start.slowLog) {
            log(.error, "Unable to set \(refused.directive) '\(refused.name)'")
        }
        readSettings()
        source.allow(start.pool.listenAllowedClients) { log(.error, $0) }
    }
    private func readSettings() {
        func isOn(_ name: ByteString) -> Bool {
            guard let value = engine.setting(name) else { return false }
            return value.equalsIgnoringCase("on") || value.equalsIgnoringCase("yes")
                || value.equalsIgnoringCase("true") || value.leadingInteger != 0
        }
        paths.fixesPathInfo = isOn("cgi.fix_pathinfo")
        paths.discardsPath = isOn("cgi.discard_path")
        paths.documentRoot = engine.setting("doc_root").flatMap { $0.isEmpty ? nil : $0 }
        exchange.isLoggingToClient = isOn("fastcgi.logging")
    }

    /// Until the worker is to leave; the process's exit code.
    func serve() -> Int32 {
        while !SoftQuit.isWanted {
            scoreboard.accepting(start.place)
            switch source.next() {
            case .connection(let descriptor, let peer):
                if let code = serve(descriptor, peer: peer) { return code }
            case .refused(let descriptor, let peer):
                log(.error, "Connection disallowed: IP address '\(peer.text)' has been dropped.")
                File.close(descriptor)
            case .none: continue
            case .ended: return 0
            }
        }
        return 0
    }

    /// All requests of one connection. The exit code when the worker has to leave after it.
    func serve(_ descriptor: Int32, peer: SocketAddress) -> Int32? {
        connection.open(descriptor, peer: peer)
        guard connection.waitForFirstBytes(milliseconds: 5000) else {
            connection.close(force: true)
            return nil
        }
        var isFirst = true
        while connection.isOpen {
            exchange.arrive()
            guard isFirst || connection.waitForNextRequest() else {
                connection.close(force: true)
                break
            }
            isFirst = false
            switch connection.readRequest(&exchange.variables) {
            case .broken: connection.close(force: true)
            case .question: continue
            case .request: if let code = serveRequest() { return code }
            }
        }
        scoreboard.finished(start.place)
        return nil
    }

    private func serveRequest() -> Int32? {
        exchange.prepare(paths, decision, statusPage: statusPage)
        let end = engine.run(exchange)
        exchange.leave()
        _ = connection.finish(force: end == .failed)
        if end == .failed { return 70 }
        if exchange.changesSettings { readSettings() }
        // What a script wrote without a line end shall come out now.
        if marksOutput { _ = File.write(2, Self.mark) }
        requests += 1
        guard mostRequests > 0, requests >= mostRequests else { return nil }
        connection.keeps = false
        connection.close(force: false)
        return 0
    }
    /// The supervisor takes it for the end of a line.
    private static let mark: [UInt8] = [0] + Array("fscf".utf8) + [0]

    private func statusPage(_ exchange: Exchange) -> ScriptTask {
        let page = StatusPage(query: exchange.line.query)
        let status = shown.snapshot(processes: page.isFull)
        return page.task(
            status, isHead: exchange.line.method == "HEAD",
            showsQueueTimeouts: start.pool.queueTimeout > 0 || status.queueTimeouts > 0)
    }
}
