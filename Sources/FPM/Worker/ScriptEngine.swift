// PHP: sapi/fpm/fpm/fpm_main.c; main/SAPI.h
import Bytes

/// What has to be known before the language starts.
public struct EngineSettings: Sendable {
    /// Lines of `-d name=value`, as ini text.
    public var iniLines: [ByteString] = []
    /// `-c`: a php.ini or the directory that holds it.
    public var iniPath: ByteString?
    /// `-n`: no php.ini, and no directory of further ones.
    public var ignoresIni = false
    /// `-e`: scripts are compiled with what debuggers and profilers ask for.
    public var compilesForDebuggers = false
    /// Names the version to load, `8.2`; nil: the newest that is installed.
    public var version: ByteString?
    /// Path of this program: `PHP_BINARY`, and where a php.ini is looked for.
    public var program: ByteString = ""
    public init() {}
}

/// A sentence that says what is missing and what to do.
public struct EngineFailure: Error, Sendable {
    public let message: String
    public init(_ message: String) { self.message = message }
}

/// A value of the pool's section that the language refused.
public struct RefusedValue: Sendable, Hashable {
    /// `php_value` or `php_admin_value`.
    public let directive: String
    public let name: ByteString
    public init(directive: String, name: ByteString) {
        self.directive = directive
        self.name = name
    }
}

/// The language that scripts are written in, as a worker sees it. One thread, no Swift concurrency; `PHPEngine` is one, tests
/// have another.
///
/// Order of calls: ``start(_:)`` once in a zygote with its final user; then in each forked worker ``enterWorker(_:slowLog:)``,
/// ``run(_:)`` for each request, and ``stop()`` before it leaves.
public protocol ScriptEngine: AnyObject {
    /// Takes messages that belong to no request: of start-up, of values that are set between requests. The text is what the log
    /// shows after the level.
    var log: (LogLevel, [UInt8]) -> Void { get set }

    /// Loads and starts the language. About 50 ms.
    func start(_ settings: EngineSettings) throws(EngineFailure)

    /// Makes a fresh fork a worker: sets `php_value` and `php_admin_value` of the pool, in the section's order. Signal handlers of
    /// the worker must be in place already, and its environment final. Returns names that PHP does not know.
    ///
    /// `slowLog`: the pool's slow log, opened for appending, or -1. With one, the worker writes its own trace when
    /// it gets ``SlowTrace/signal``, whatever it is doing then, and nothing that a script does is interrupted.
    func enterWorker(_ pool: PoolConfig, slowLog: Int32) -> [RefusedValue]

    /// An ini entry's present value: `cgi.fix_pathinfo`, `doc_root`, `fastcgi.logging`, `fpm.config`; nil when it does not exist or
    /// has none.
    func setting(_ name: ByteString) -> ByteString?

    /// One request from its start to its shutdown, `exchange`'s functions called in between, none of them after return. Ini
    /// text in `PHP_VALUE` and `PHP_ADMIN_VALUE` of its environment is applied first and sticks to the worker, as in FPM.
    func run(_ exchange: any ScriptExchange) -> ScriptEnd

    /// Ends the language in a worker that leaves.
    func stop()
}

/// How the supervisor asks a worker for a trace into the slow log.
public enum SlowTrace {
    /// SIGURG: ignored by a process that has no slow log.
    public static let signal: Int32 = 23
}

/// How a request ended.
public enum ScriptEnd: Sendable {
    case finished
    /// The request could not even start: the worker has to end with code 70.
    case failed
}

/// What to do with a request, decided before the engine starts it.
public enum ScriptTask: Sendable {
    /// Runs the exchange's ``ScriptExchange/pathTranslated``.
    case script
    /// Sends a page (ping, status) with status 200 through the engine's header machinery. `headers` are whole lines in their order,
    /// `Content-Type: text/plain`; each replaces one of the same name.
    case page(headers: [ByteString], body: ByteString)
    /// Refuses: a status, a body, and what the log is told first.
    case refuse(status: Int, body: ByteString, level: LogLevel, message: ByteString)
    /// Nothing runs, and the answer is empty (no REQUEST_METHOD).
    case nothing
}

/// What the engine knows of a request that has ended.
public struct ScriptFacts: Sendable {
    /// The status code PHP sent or would send, 200 when none was set.
    public var status = 200
    /// Bytes, at the peak (`%M`, last request memory).
    public var peakMemory = 0
    /// Header lines of the answer in their order, without line ends: `%{name}o`. Empty unless the pool's `access.format` asks.
    public var headers: [ByteString] = []
    public init() {}
}

/// One request as the engine sees it. Each function is a leaf: it copies and returns, and never calls the engine.
///
/// Functions that return a Bool say false when the client has gone: the engine aborts the script unless that ignores it.
public protocol ScriptExchange: AnyObject {
    var task: ScriptTask { get }
    /// Shows the environment after all fix-ups, as ``TextTable/withTexts(_:)`` does. PHP shows it last to first, as FPM does.
    /// REQUEST_METHOD, QUERY_STRING, CONTENT_TYPE, CONTENT_LENGTH, HTTP_COOKIE and HTTP_AUTHORIZATION are taken from here.
    func withVariables(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void)
    /// PHP's request_uri: the base of PHP_SELF. Nil: none.
    var requestURI: ByteString? { get }
    /// The script's file after the fix-ups, whatever the task is; nil when there is none, or its path is not valid.
    var pathTranslated: ByteString? { get }

    /// Who the client says it is, from its Authorization line. Called before the request starts, only when there is a name.
    func authenticated(_ user: ByteString)
    /// Fills at most `buffer.count` bytes of the request's body; 0 at its end.
    func readBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int
    /// The answer's head as it goes on the wire, `Status:` line and empty line among it.
    func sendHead(status: Int, _ head: UnsafeRawBufferPointer) -> Bool
    /// A piece of the answer's body.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool
    func flush() -> Bool
    /// `fastcgi_finish_request()`: the client gets its end now, the script goes on. At most once.
    func finishEarly() -> Bool
    /// The answer is complete, the rest of the shutdown does not concern the client. Called once, after ``scriptEnded(_:)``, also
    /// after ``finishEarly()``.
    func finish() -> Bool
    /// A line for the log and, with `fastcgi.logging`, the client. Errors and `error_log()` begin with `PHP message: `.
    func log(_ level: LogLevel, _ message: [UInt8]) -> Bool
    /// The script begins to run now (the scoreboard's "Running"); not called for other tasks.
    func scriptStarts()
    /// The task is done and its shutdown has not begun: the access log is written here.
    func scriptEnded(_ facts: ScriptFacts)
    /// For `fpm_get_status()`; nil: it cannot be had now.
    func poolStatus() -> PoolStatus?
}
