// PHP: sapi/embed/php_embed.c, sapi/fpm/fpm/fpm_main.c
import Bytes
import CPHPABI
import FPM
import Kernel
import PHPLibrary

/// PHP, from Debian's libphp and our shim, both loaded when it starts. One for a process; only the thread that starts it may use it.
///
/// No Swift frame of ours lies between PHP's setjmp and its longjmp: the shim (PHPShim/) has both.
@safe
public final class PHPEngine: ScriptEngine {
    public var log: (LogLevel, [UInt8]) -> Void = { _, _ in }

    private var functions: UnsafePointer<martinet_php_functions>?
    /// The request that runs.
    var exchange: (any ScriptExchange)?
    /// The pool's `access.format` shows headers of answers.
    private var wantsHeaders = false
    private var kept = unsafe UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)
    private var texts: [UInt8] = []

    public init() {}
    deinit { unsafe kept.deallocate() }

    // MARK: Start and end

    public func start(_ settings: EngineSettings) throws(EngineFailure) {
        let installation: Installation
        let table: UnsafePointer<martinet_php_functions>
        do throws(LibraryFailure) {
            installation = try Installation.find(settings.version)
            unsafe table = try load(installation)
        } catch { throw EngineFailure(error.message) }
        let ini = IniFiles(
            folder: "fpm", version: installation.version, given: settings.iniPath, ignoresIni: settings.ignoresIni,
            program: settings.program)
        let lines = settings.iniLines.reduce(into: [UInt8]()) { $0 += $1.bytes + [UInt8(ascii: "\n")] }
        let program = settings.program.isEmpty ? try? File.readLink("/proc/self/exe") : settings.program
        let texts = [ini.path, ini.folders, ByteString(lines), program].map { $0.map { $0.bytes + [0] } }
        var host = unsafe hostTable()
        let failure: String? = unsafe withTexts(texts) { texts in
            var given = unsafe martinet_php_settings()
            unsafe given.ini_path = texts[0]
            unsafe given.scan_directories = texts[1]
            unsafe given.ini_entries = texts[2]
            unsafe given.program = texts[3]
            unsafe given.ignores_ini = settings.ignoresIni ? 1 : 0
            unsafe given.extended_info = settings.compilesForDebuggers ? 1 : 0
            return unsafe table.pointee.martinet_php_start(&host, &given).map { unsafe String(cString: $0) }
        }
        if let failure { throw EngineFailure(failure) }
        unsafe functions = table
    }

    private func load(_ installation: Installation) throws(LibraryFailure) -> UnsafePointer<martinet_php_functions> {
        let library = try LoadedLibrary(installation)
        let entry = try unsafe library.entry(MARTINET_PHP_ENTRY)
        let table = unsafe unsafeBitCast(entry, to: martinet_php_entry_function.self)()
        guard let table = unsafe table, unsafe table.pointee.abi == MARTINET_PHP_ABI else {
            throw library.strangerFailure
        }
        return unsafe table
    }

    public func stop() {
        unsafe functions?.pointee.martinet_php_stop()
        unsafe functions = nil
    }

    // MARK: Printing

    public enum Page: Sendable { case version, information, modules }

    /// Prints what `-v`, `-i` and `-m` print to standard output, after ``start(_:)``. False when PHP could not.
    public func print(_ page: Page) -> Bool {
        let what =
            switch page {
            case .version: MARTINET_PHP_PRINT_VERSION
            case .information: MARTINET_PHP_PRINT_INFORMATION
            case .modules: MARTINET_PHP_PRINT_MODULES
            }
        return unsafe functions?.pointee.martinet_php_print(Int32(what)) == 0
    }

    // MARK: Values

    public func enterWorker(_ pool: PoolConfig, slowLog: Int32) -> [RefusedValue] {
        guard let functions = unsafe functions else { return [] }
        unsafe functions.pointee.martinet_php_enter_worker()
        wantsHeaders = pool.accessLog != nil && pool.accessFormat.contains("}o")
        let refused =
            set(pool.phpValues, isAdmin: false).map { RefusedValue(directive: "php_value", name: $0) }
            + set(pool.phpAdminValues, isAdmin: true).map { RefusedValue(directive: "php_admin_value", name: $0) }
        unsafe functions.pointee.martinet_php_values_are_set()
        if slowLog >= 0, pool.requestSlowlogTimeout > 0 { watch(pool, slowLog) }
        return refused
    }

    private func set(_ values: [KeyValue], isAdmin: Bool) -> [ByteString] {
        guard let functions = unsafe functions, !values.isEmpty else { return [] }
        let blob = values.reduce(into: [UInt8]()) { $0 += $1.key.bytes + [0] + $1.value.bytes + [0] }
        let refused = Names()
        unsafe blob.withUnsafeBytes { bytes in
            unsafe functions.pointee.martinet_php_set_values(
                bytes.bindMemory(to: CChar.self).baseAddress, bytes.count, isAdmin ? 1 : 0,
                Unmanaged.passUnretained(refused).toOpaque()
            ) { names, name in
                guard let names = unsafe names, let name = unsafe name else { return }
                unsafe Unmanaged<Names>.fromOpaque(names).takeUnretainedValue().list.append(ByteString(cString: name))
            }
        }
        return refused.list
    }

    private final class Names { var list: [ByteString] = [] }

    private func watch(_ pool: PoolConfig, _ slowLog: Int32) {
        let error = unsafe (pool.name.bytes + [0]).withUnsafeBytes { name in
            unsafe functions?.pointee.martinet_php_watch(
                slowLog, SlowTrace.signal, name.bindMemory(to: CChar.self).baseAddress,
                Int32(clamping: pool.requestSlowlogTraceDepth)) ?? 0
        }
        if error != 0 {
            log(.error, Array("[pool \(pool.name)] no slow log: \(Errno(rawValue: error)) (\(error))".utf8))
        }
    }

    public func setting(_ name: ByteString) -> ByteString? {
        unsafe (name.bytes + [0]).withUnsafeBytes { name in
            var length = 0
            guard
                let value = unsafe functions?.pointee.martinet_php_setting(
                    name.bindMemory(to: CChar.self).baseAddress, &length)
            else { return nil }
            return unsafe ByteString(Array(UnsafeRawBufferPointer(start: value, count: length)))
        }
    }

    // MARK: Requests

    public func run(_ exchange: any ScriptExchange) -> ScriptEnd {
        guard let functions = unsafe functions else { return .failed }
        self.exchange = exchange
        defer { self.exchange = nil }
        var request = unsafe martinet_php_request()
        unsafe request.wants_headers = wantsHeaders ? 1 : 0
        texts.removeAll(keepingCapacity: true)
        let path = add(exchange.pathTranslated)
        let uri = add(exchange.requestURI)
        let lines = texts.count
        let task = exchange.task
        unsafe describe(task, in: &request)
        unsafe request.lines_length = texts.count - lines
        let body = task.body
        var outcome: Int32 = -1
        unsafe exchange.withVariables { names, values, list in
            unsafe texts.withUnsafeBytes { texts in
                unsafe body.withUnsafeBytes { body in
                    let variables = unsafe list.bindMemory(to: martinet_php_variable.self)
                    unsafe request.variables = UnsafePointer(variables.baseAddress)
                    unsafe request.variables_count = variables.count
                    unsafe request.names = names.bindMemory(to: CChar.self).baseAddress
                    unsafe request.values = values.bindMemory(to: CChar.self).baseAddress
                    let start = unsafe texts.bindMemory(to: CChar.self).baseAddress
                    unsafe request.path_translated = path.flatMap { unsafe start?.advanced(by: $0) }
                    unsafe request.request_uri = uri.flatMap { unsafe start?.advanced(by: $0) }
                    unsafe request.lines = unsafe start?.advanced(by: lines)
                    unsafe request.body = body.bindMemory(to: CChar.self).baseAddress
                    unsafe request.body_length = body.count
                    unsafe outcome = functions.pointee.martinet_php_run(&request)
                }
            }
        }
        return outcome == 0 ? .finished : .failed
    }

    /// Appends a text that ends with NUL to ``texts``; returns where it begins.
    private func add(_ text: ByteString?) -> Int? {
        guard let text else { return nil }
        let start = texts.count
        texts += text.bytes
        texts.append(0)
        return start
    }

    private func describe(_ task: ScriptTask, in request: inout martinet_php_request) {
        switch task {
        case .script: unsafe request.task = Int32(MARTINET_PHP_SCRIPT)
        case .page(let headers, _):
            unsafe request.task = Int32(MARTINET_PHP_PAGE)
            for header in headers { _ = add(header) }
        case .refuse(let status, _, let level, let message):
            unsafe request.task = Int32(MARTINET_PHP_REFUSE)
            unsafe request.status = Int32(clamping: status)
            unsafe request.level = Int32(level.rawValue)
            if !message.isEmpty { _ = add(message) }
        case .nothing: unsafe request.task = Int32(MARTINET_PHP_NOTHING)
        }
    }

    /// A message of PHP's, to the request's log or ours.
    func report(_ level: LogLevel, _ line: [UInt8]) -> Int32 {
        if let exchange { return exchange.log(level, line) ? 1 : 0 }
        log(level, line)
        return 1
    }

    /// Keeps bytes in place until the next call.
    func keep(_ bytes: [UInt8]) -> UnsafeMutableBufferPointer<UInt8> {
        unsafe kept.deallocate()
        unsafe kept = UnsafeMutableBufferPointer.allocate(capacity: bytes.count)
        _ = unsafe kept.initialize(from: bytes)
        return unsafe kept
    }
}

extension ScriptTask {
    fileprivate var body: [UInt8] {
        switch self {
        case .page(_, let body), .refuse(_, let body, _, _): body.bytes
        case .script, .nothing: []
        }
    }
}

/// Calls `body` with pointers to texts that end with NUL, nil for those that are nil.
private func withTexts<R>(_ texts: [[UInt8]?], _ body: ([UnsafePointer<CChar>?]) -> R) -> R {
    func step(_ rest: ArraySlice<[UInt8]?>, _ found: [UnsafePointer<CChar>?]) -> R {
        guard let first = rest.first else { return unsafe body(found) }
        guard let text = first else { return unsafe step(rest.dropFirst(), found + [nil]) }
        return unsafe text.withUnsafeBytes { bytes in
            unsafe step(rest.dropFirst(), found + [bytes.bindMemory(to: CChar.self).baseAddress])
        }
    }
    return unsafe step(texts[...], [])
}
