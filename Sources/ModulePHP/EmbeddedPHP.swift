// PHP: sapi/apache2handler/sapi_apache2.c (php_apache_server_startup, php_apache_child_init)

import Bytes
import CPHPABI
import EventLoop
import Kernel
import PHPLibrary
import ServerCore

/// PHP in this process: started by the parent, used by one thread of a child.
///
/// No Swift frame of ours lies between PHP's setjmp and its longjmp: the shim (PHPShim/apache_*.c) has both.
@safe
final class EmbeddedPHP: @unchecked Sendable {
    static let shared = EmbeddedPHP()

    /// What the thread of scripts is to do next.
    enum Work {
        case script(ScriptExchange)
        /// What virtual() asked for was sent, or could not be.
        case included(Bool)
    }
    /// Ini entries that this side decides by.
    struct Switches {
        var engine = true
        var xbithack = false
        var lastModified = false
    }

    private var library: LoadedLibrary?
    private var functions: UnsafePointer<martinet_apache_functions>?
    private(set) var switches = Switches()
    let inbox = Mailbox<Work>()
    /// Who hears what PHP says outside requests.
    private var configuration: Configuration?
    /// Of the thread of scripts: what it runs, and around it what includes that.
    var exchanges: [ScriptExchange] = []
    var current: ScriptExchange? { exchanges.last }
    /// Scripts that came while another one waited for what it includes.
    var postponed: [ScriptExchange] = []
    private var kept = unsafe UnsafeMutableBufferPointer<CChar>(start: nil, count: 0)

    private init() {}

    // MARK: The parent

    /// Starts PHP, or starts it anew: a restart reads php.ini again, and takes a newer libphp.
    func start(_ configuration: Configuration) throws(LibraryFailure) {
        stop()
        self.configuration = configuration
        let installation = try Installation.find(configuration.files["php"].flatMap { ModulePHP.version($0) })
        let loaded = try LoadedLibrary(installation)
        let entry = try unsafe loaded.entry(MARTINET_APACHE_ENTRY)
        let table = unsafe unsafeBitCast(entry, to: martinet_apache_entry_function.self)()
        guard let table = unsafe table, unsafe table.pointee.abi == MARTINET_APACHE_ABI else {
            throw loaded.strangerFailure
        }
        library = loaded
        unsafe functions = table
        let ini = IniFiles(
            folder: "apache2", version: installation.version,
            given: configuration.mainServer[ModulePHP.server].iniDirectory, ignoresIni: false, program: "")
        let texts = CTexts()
        var host = unsafe hostTable()
        var settings = unsafe martinet_php_settings()
        unsafe settings.ini_path = texts.add(ini.path)
        unsafe settings.scan_directories = texts.add(ini.folders)
        if let why = unsafe table.pointee.martinet_apache_start(&host, &settings) {
            throw LibraryFailure(unsafe String(cString: why))
        }
        switches = Switches(
            engine: isOn("engine"), xbithack: isOn("xbithack"), lastModified: isOn("last_modified"))
        if isOn("expose_php") {
            configuration.addVersionComponent("PHP/\(unsafe String(cString: table.pointee.version))")
        }
        // Timers are PHP's, and only its thread may take them.
        try? Signal.block([Signal.profilingTimer, Signal.alarm, Signal.virtualAlarm, Signal.user2])
    }
    private func stop() {
        guard let table = unsafe functions else { return }
        unsafe table.pointee.martinet_apache_stop()
        unsafe functions = nil
        library?.unload()
        library = nil
    }
    private func isOn(_ name: ByteString) -> Bool { setting(name).map(PHPHandler.isOn) ?? false }
    private func setting(_ name: ByteString) -> ByteString? {
        let texts = CTexts()
        var length = 0
        guard let value = unsafe functions?.pointee.martinet_apache_setting(texts.add(name), &length) else {
            return nil
        }
        return unsafe ByteString(Array(UnsafeRawBufferPointer(start: value, count: length)))
    }

    // MARK: A child

    /// Starts the thread that runs scripts.
    func enterChild(_ configuration: Configuration) throws(Errno) {
        self.configuration = configuration
        let loopThread = Process.threadID
        let soft = Process.limit("stack")?.soft ?? 0
        _ = try SideThread(name: "php", stackSize: Int(clamping: min(max(soft, 8 << 20), 64 << 20))) { [self] in
            try? Signal.takeAll(passingTo: loopThread)
            unsafe functions?.pointee.martinet_apache_enter_child()
            while true {
                if !postponed.isEmpty {
                    run(postponed.removeFirst())
                } else if case .script(let exchange) = inbox.take() {
                    run(exchange)
                }
            }
        }
    }
    private func run(_ exchange: ScriptExchange) {
        exchanges.append(exchange)
        unsafe functions?.pointee.martinet_apache_run(exchange.description)
        exchanges.removeLast()
        exchange.end()
    }

    /// A message of PHP's: to the request's log, or the server's.
    func report(_ level: LogLevel, _ text: ByteString) {
        if let current {
            current.log(level, text)
        } else {
            configuration?.mainServer.log(.error, "php", text)
        }
    }

    /// Keeps bytes in place until the next call.
    func keep(_ bytes: [UInt8]) -> UnsafePointer<CChar>? {
        unsafe kept.deallocate()
        unsafe kept = UnsafeMutableBufferPointer.allocate(capacity: bytes.count + 1)
        for index in bytes.indices { unsafe kept[index] = CChar(bitPattern: bytes[index]) }
        unsafe kept[bytes.count] = 0
        return unsafe UnsafePointer(kept.baseAddress)
    }
}

/// Texts for C that stay where they are as long as this lives.
@safe
final class CTexts {
    private var blocks: [UnsafeMutablePointer<CChar>] = unsafe []

    /// With a NUL behind; nil for nil.
    func add(_ text: ByteString?) -> UnsafePointer<CChar>? { unsafe text.flatMap { unsafe add(bytes: $0.bytes) } }
    func add(bytes: [UInt8]) -> UnsafePointer<CChar>? {
        let block = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
        for index in bytes.indices { unsafe block[index] = CChar(bitPattern: bytes[index]) }
        unsafe block[bytes.count] = 0
        unsafe blocks.append(block)
        return unsafe UnsafePointer(block)
    }
    deinit { unsafe blocks.forEach { unsafe $0.deallocate() } }
}
