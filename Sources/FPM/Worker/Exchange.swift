// PHP: sapi/fpm/fpm/fpm_main.c (the functions of cgi_sapi_module), fpm_request.c
import Bytes
import FastCGI
import HTTP
import Kernel

/// The request that a worker has, as the language sees it. One object for all requests of a worker.
final class Exchange: ScriptExchange {
    let connection: FastCGIConnection
    private let scoreboard: PoolScoreboard
    private let place: Int
    private let errorLog: ErrorLog
    private let accessLog: AccessLog?

    /// When the last script ended: microseconds of `MonotonicTime`.
    private var endedAt: UInt64 = 0
    /// Before and while the fix-ups run.
    var variables = RequestEnvironment()
    private(set) var task = ScriptTask.nothing
    private(set) var paths = RequestPaths()
    private(set) var line = PoolScoreboard.RequestLine()
    /// Of the last request, so that the same ones need no memory of their own.
    private var method: ByteString?
    private var query: ByteString?
    private var ticks = ProcessTicks()
    /// The last request's end left them at what they are now, to less than one of them.
    private var knowsTicks = false
    /// Scripts that were found, and when: microseconds of `MonotonicTime`.
    private var filesSeen: [ByteString: UInt64] = [:]
    private lazy var fileStatus: (ByteString) -> PathStatus = { [unowned self] in self.status($0) }
    private var lastSeen: (path: ByteString, time: UInt64) = ("", 0)
    /// `fastcgi.logging`
    var isLoggingToClient = true
    private var hasLogged = false
    /// Bytes of the body that PHP may still read: those that CONTENT_LENGTH names; nil: all there are.
    private var bodyBudget: Int? = 0

    var requestURI: ByteString? { paths.uri }
    var pathTranslated: ByteString? { paths.script }

    init(
        _ connection: FastCGIConnection, scoreboard: PoolScoreboard, place: Int, errorLog: ErrorLog,
        accessLog: AccessLog?
    ) {
        self.connection = connection
        self.scoreboard = scoreboard
        self.place = place
        self.errorLog = errorLog
        self.accessLog = accessLog
        errorLog.listener = { [unowned self] _, text in self.sendLog(text) }
    }

    /// The connection has or will have a request: time runs.
    func arrive() {
        scoreboard.readingHeaders(place)
        if !knowsTicks { ticks = ProcessTicks.now }
        knowsTicks = false
    }
    /// The language is done with the request, which may have taken long after its end: destructors, shutdown functions.
    func leave() { knowsTicks = MonotonicTime.microseconds &- endedAt < 2000 }
    /// The request's variables are there: corrects them and decides what to do.
    func prepare(_ settings: PathSettings, _ decision: TaskDecision, statusPage: (Exchange) -> ScriptTask) {
        hasLogged = false
        if !EnvironmentFixups.leaveAlone(&variables, settings, &paths, status: { status($0) }) {
            paths = EnvironmentFixups.apply(to: &variables, settings, status: fileStatus)
        }
        variables.load("REQUEST_METHOD", into: &method)
        line.uri = paths.uri ?? ByteString()
        line.method = method ?? ByteString()
        line.script = paths.script ?? ByteString()
        line.user = ByteString()
        if paths.isNamed {
            variables.load("QUERY_STRING", into: &query)
            line.query = query ?? ByteString()
            line.contentLength = variables["CONTENT_LENGTH"]?.leadingInteger ?? 0
        } else {
            line.query = ByteString()
            line.contentLength = 0
        }
        bodyBudget = line.contentLength < 0 ? nil : line.contentLength
        scoreboard.info(place, line)
        task = decision.task(method: method, paths: paths, isHead: line.method == "HEAD") {
            // The language says who asks when its request begins, which is too late for this page.
            if let user = Self.basicUser(variables["HTTP_AUTHORIZATION"]) { authenticated(user) }
            scoreboard.executing(place)
            return statusPage(self)
        }
        if case .page = task { scoreboard.executing(place) }
    }
    private static func basicUser(_ authorization: ByteString?) -> ByteString? {
        guard let authorization, authorization.hasPrefixIgnoringCase("Basic ") else { return nil }
        let pair = Base64.decode(authorization.from(6))
        return pair.firstIndex(of: UInt8(ascii: ":")).map { pair.upTo($0) }
    }
    /// Files that were there are taken to be there for a second; PHP itself believes it for `realpath_cache_ttl`, 120 of them.
    private func status(_ path: ByteString) -> PathStatus {
        let now = scoreboard.accepted(place).monotonic
        // Mostly it is the one of the last request.
        if path == lastSeen.path, now < lastSeen.time + 1_000_000 { return .regular }
        if let seen = filesSeen[path], now < seen + 1_000_000 {
            lastSeen = (path, seen)
            return .regular
        }
        guard let found = try? FileStatus(path) else { return .missing }
        guard found.isRegular else { return .other }
        if filesSeen.count >= 256 { filesSeen.removeAll() }
        filesSeen[path] = now
        lastSeen = (path, now)
        return .regular
    }

    /// PHP took settings from the request, which stay.
    var changesSettings: Bool { variables.has("PHP_VALUE") || variables.has("PHP_ADMIN_VALUE") }

    // MARK: ScriptExchange

    func withVariables(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
        unsafe variables.withTexts(body)
    }
    func authenticated(_ user: ByteString) {
        line.user = user
        scoreboard.setUser(place, user)
    }

    func readBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, bodyBudget ?? buffer.count)
        guard count > 0 else { return 0 }
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[0..<count])
        let read = unsafe connection.readBody(room)
        if let budget = bodyBudget { bodyBudget = budget - read }
        return read
    }
    func sendHead(status: Int, _ head: UnsafeRawBufferPointer) -> Bool { unsafe connection.write(.stdout, head) }
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool { unsafe connection.write(.stdout, bytes) }
    func flush() -> Bool { connection.flush() }
    func finishEarly() -> Bool {
        let isThere = connection.finish()
        if !connection.isOpen { scoreboard.finished(place) }
        return isThere
    }
    func finish() -> Bool { connection.finish() }

    func log(_ level: LogLevel, _ message: [UInt8]) -> Bool {
        let text = ByteString(message)
        if text.hasPrefix("PHP message: ") { errorLog.message(level, text) } else { errorLog(level, text) }
        return connection.isOpen || connection.isEnded
    }
    /// Several messages of a request are one text to its client.
    private func sendLog(_ text: ByteString) {
        guard isLoggingToClient, connection.isOpen, !connection.isEnded, !text.isEmpty else { return }
        if hasLogged { _ = connection.write(.stderr, Array("; ".utf8)) }
        hasLogged = true
        _ = connection.write(.stderr, text.bytes)
    }

    func scriptStarts() { scoreboard.executing(place) }

    func scriptEnded(_ facts: ScriptFacts) {
        let now = ProcessTicks.now
        let user = now.user - ticks.user + now.childUser - ticks.childUser
        let system = now.system - ticks.system + now.childSystem - ticks.childSystem
        ticks = now
        let duration = scoreboard.ended(place, user: user, system: system, memory: facts.peakMemory)
        endedAt = scoreboard.lastActivity(of: place)
        guard let accessLog else { return }
        accessLog.write(
            AccessRecord(
                line: line, facts: facts, peer: connection.peer, accepted: scoreboard.accepted(place).time,
                duration: duration, user: user, system: system, variable: { self.variables.value(of: $0) }))
    }

    func poolStatus() -> PoolStatus? { scoreboard.snapshot() }
}
