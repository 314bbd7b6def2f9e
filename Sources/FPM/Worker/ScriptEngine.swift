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
    /// Names the version to load: `8.2`.
    public var version = "8.2"
    /// Path of the FPM configuration (`fpm.config`).
    public var configFile: ByteString = ""
    public init() {}
}

/// A sentence that says what is missing and what to do.
public struct EngineFailure: Error, Sendable {
    public let message: String
    public init(_ message: String) { self.message = message }
}

/// The language that scripts are written in, as a worker sees it. One thread, no Swift concurrency; `PHPEngine` is one, tests
/// have another.
///
/// Order of calls: ``start(_:)`` once in a zygote with its final user; then in each forked worker ``enterWorker(_:)`` and
/// ``run(_:)`` for each request.
public protocol ScriptEngine: AnyObject {
    /// Loads and starts the language. About 50 ms.
    func start(_ settings: EngineSettings) throws(EngineFailure)

    /// Makes a fresh fork a worker: sets `php_value` and `php_admin_value` of the pool, as the pool's section orders them.
    /// Signal handlers of the worker must be in place already. Returns names that PHP does not know, with
    /// `php_value` or `php_admin_value` before them.
    func enterWorker(_ pool: PoolConfig) -> [(directive: String, name: ByteString)]

    /// An ini entry's present value: `cgi.fix_pathinfo`, `doc_root`, `fastcgi.logging`.
    func setting(_ name: ByteString) -> ByteString?

    /// Ini text that came with a request (`PHP_VALUE`; `PHP_ADMIN_VALUE` when `isAdmin`). Sticks to the worker, as in FPM.
    func apply(_ ini: ByteString, isAdmin: Bool)

    /// One request from its start to its shutdown, `exchange`'s functions called in between, none of them after return.
    func run(_ exchange: any ScriptExchange) -> ScriptEnd
}

/// How a request ended.
public enum ScriptEnd: Sendable {
    case finished
    /// The request could not even start: the worker has to end with code 70.
    case failed
}

/// What to do with a request, decided before the engine starts it.
public enum ScriptTask: Sendable {
    /// Runs this file.
    case script(path: ByteString)
    /// Sends a page (ping, status) through the engine's header machinery.
    case page(contentType: ByteString, headers: [ByteString], body: ByteString)
    /// Refuses: a status, a body, and what the log is told.
    case refuse(status: Int, body: ByteString, message: String)
    /// Nothing runs, and the answer is empty (no REQUEST_METHOD).
    case nothing
}

/// What the engine knows of a request that has ended.
public struct ScriptFacts: Sendable {
    /// The status code PHP sent, 200 when none was set.
    public var status = 200
    /// Bytes, at the peak (`%M`, last request memory).
    public var peakMemory = 0
    public init() {}
}

/// One request as the engine sees it. Each function is a leaf: it copies and returns, and never calls the engine.
public protocol ScriptExchange: AnyObject {
    var task: ScriptTask { get }
    /// The environment after all fix-ups, as `name\0value\0` pairs; what `$_SERVER` and `getenv()` show.
    var environment: [UInt8] { get }
    /// Facts PHP asks for by name; empty when unset.
    var method: ByteString { get }
    var queryString: ByteString { get }
    var contentType: ByteString { get }
    var cookies: ByteString { get }
    var authorization: ByteString { get }
    /// PHP's request_uri: the base of PHP_SELF.
    var requestURI: ByteString { get }
    var pathTranslated: ByteString { get }
    /// Negative or 0: none was named.
    var contentLength: Int { get }

    /// Fills at most `buffer.count` bytes of the request's body; 0 at its end.
    func readBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int
    /// The answer's head: a status line's text when one was set by a script, and header lines without line ends.
    func sendHead(status: Int, statusLine: ByteString?, lines: [ByteString])
    /// A piece of the answer's body. False when the client has gone: the engine aborts the script.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool
    func flush() -> Bool
    /// `fastcgi_finish_request()`: the client gets its end now, the script goes on.
    func finishEarly() -> Bool
    /// A line for the log (`error_log()`, errors with log_errors).
    func log(_ message: UnsafeRawBufferPointer, level: Int32)
    /// The script begins to run now (the scoreboard's "Running").
    func scriptStarts()
    /// The script has ended and its shutdown has not begun: the access log is written here.
    func scriptEnded(_ facts: ScriptFacts)
    /// For `fpm_get_status()`.
    func poolStatus() -> PoolStatus
}
