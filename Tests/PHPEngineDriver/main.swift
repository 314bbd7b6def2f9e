// PHP: sapi/fpm/fpm/fpm_main.c
// Runs scripts in a forked worker without a web server, for PHPEngineTests, and prints what happened.
import Bytes
import FPM
import Kernel
import PHPEngine

/// One request in memory; every event is written down.
final class MemoryExchange: ScriptExchange {
    var task = ScriptTask.script
    var variables = TextTable()
    var requestURI: ByteString?
    var pathTranslated: ByteString?
    var body: [UInt8] = []
    /// The client goes after so many bytes of the answer.
    var clientLeavesAfter = Int.max
    var events: [ByteString] = []
    var answer: [UInt8] = []
    private var taken = 0

    func withVariables(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
        unsafe variables.withTexts(body)
    }
    func authenticated(_ user: ByteString) { events.append("user \(user)") }
    func readBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, body.count - taken)
        unsafe buffer.copyBytes(from: body[taken..<taken + count])
        taken += count
        return count
    }
    func sendHead(status: Int, _ head: UnsafeRawBufferPointer) -> Bool {
        events.append("head \(status)")
        unsafe answer += head
        return true
    }
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        unsafe answer += bytes
        return answer.count < clientLeavesAfter
    }
    func flush() -> Bool { answer.count < clientLeavesAfter }
    func finishEarly() -> Bool {
        events.append("finishEarly after \(answer.count > 0 ? "an answer" : "nothing")")
        return true
    }
    func finish() -> Bool {
        events.append("finish")
        return true
    }
    func log(_ level: LogLevel, _ message: [UInt8]) -> Bool {
        events.append("\(level.name): \(ByteString(message))")
        return true
    }
    func scriptStarts() { events.append("starts") }
    func scriptEnded(_ facts: ScriptFacts) {
        events.append("ended \(facts.status)\(facts.peakMemory >= 1 << 19 ? "" : " without memory")")
        for header in facts.headers { events.append("ended with \(header)") }
    }
    func poolStatus() -> PoolStatus? {
        var status = PoolStatus()
        status.pool = "www"
        status.startTime = RealTime.now / 1_000_000 - 5
        status.activeProcesses = 1
        var process = ProcessStatus()
        process.pid = Process.id
        process.requestURI = "/x"
        process.state = .executing
        status.processes = [process]
        return status
    }
}

/// The command line: options of the pool, then requests that each begin with `--`.
struct Plan {
    var settings = EngineSettings()
    var pool = PoolConfig(name: "www")
    var page: PHPEngine.Page?
    var slowLog: ByteString?
    var requests: [(exchange: MemoryExchange, times: Int)] = []

    init(_ arguments: [ByteString]) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            switch word {
            case "--": requests.append((MemoryExchange(), 1))
            case "-n": settings.ignoresIni = true
            case "-v": page = .version
            case "-i": page = .information
            case "-m": page = .modules
            case "-c": settings.iniPath = rest.popFirst()
            case "-d": settings.iniLines.append(rest.popFirst() ?? "")
            case "--php": settings.version = rest.popFirst()
            case "--slow": slowLog = rest.popFirst()
            case "--format": (pool.accessFormat, pool.accessLog) = (rest.popFirst() ?? "", "/dev/null")
            case "--value": pool.phpValues.append(Plan.pair(rest.popFirst()))
            case "--admin": pool.phpAdminValues.append(Plan.pair(rest.popFirst()))
            case "--times": requests[requests.count - 1].times = rest.popFirst()?.decimal ?? 1
            default: set(word, &rest)
            }
        }
    }

    private func set(_ word: ByteString, _ rest: inout ArraySlice<ByteString>) {
        guard let exchange = requests.last?.exchange else { return }
        switch word {
        case "--body": exchange.body = rest.popFirst()?.bytes ?? []
        case "--leave": exchange.clientLeavesAfter = rest.popFirst()?.decimal ?? 0
        case "--ping":
            exchange.task = .page(
                headers: ["Content-Type: text/plain", "Expires: Thu, 01 Jan 1970 00:00:00 GMT"], body: "pong")
        case "--refuse":
            exchange.task = .refuse(
                status: 404, body: "File not found.\n", level: .debug, message: "Primary script unknown")
        case "--nothing": exchange.task = .nothing
        default:
            let variable = Plan.pair(word)
            exchange.variables.set(variable.key, variable.value)
            if variable.key == "SCRIPT_FILENAME" { exchange.pathTranslated = variable.value }
            if variable.key == "SCRIPT_NAME" { exchange.requestURI = variable.value }
        }
    }

    private static func pair(_ text: ByteString?) -> KeyValue {
        let text = text ?? ""
        let sign = text.bytes.firstIndex(of: UInt8(ascii: "=")) ?? text.endIndex
        return KeyValue(text[0..<sign], text.from(min(sign + 1, text.endIndex)))
    }
}

func say(_ text: ByteString) { try? File.writeAll(1, text.bytes + [UInt8(ascii: "\n")]) }

/// Pages of memory that are only ours, in kB.
func privateMemory() -> Int {
    let text = (try? File.readWhole("/proc/self/smaps_rollup", limit: 1 << 16)) ?? []
    return ByteString(text).split(on: 10).filter { $0.hasPrefix("Private_") }
        .compactMap { $0.words().dropFirst().first?.decimal }.reduce(0, +)
}

func work(_ plan: Plan, _ engine: PHPEngine) -> Int32 {
    engine.log = { level, line in say("worker \(level.name): \(ByteString(line))") }
    let slowLog = plan.slowLog.flatMap { try? File.openAppend($0) }
    let descriptor = slowLog?.take() ?? -1
    var pool = plan.pool
    pool.requestSlowlogTimeout = descriptor >= 0 ? 1 : 0
    for refused in engine.enterWorker(pool, slowLog: descriptor) { say("refused \(refused.directive) \(refused.name)") }
    for (exchange, times) in plan.requests {
        for turn in 1...times {
            exchange.events = []
            exchange.answer = []
            let before = turn == 100 ? privateMemory() : 0
            guard engine.run(exchange) == .finished else { return 70 }
            if turn == 100 { say("memory before \(before)") }
        }
        if times > 1 { say("memory after \(privateMemory())") }
        say(ByteString(exchange.answer))
        for event in exchange.events { say("| \(event)") }
    }
    engine.stop()
    return 0
}

func main() -> Int32 {
    let plan = Plan(CommandLine.arguments.dropFirst().map { ByteString($0) })
    let engine = PHPEngine()
    engine.log = { level, line in say("start \(level.name): \(ByteString(line))") }
    do throws(EngineFailure) { try engine.start(plan.settings) } catch {
        say("cannot start: \(error.message)")
        return 1
    }
    if let page = plan.page { return engine.print(page) ? 0 : 1 }
    guard let fork = try? Process.fork() else { return 1 }
    switch fork {
    case .child: Process.exitNow(work(plan, engine))
    case .parent(let child):
        let end = Process.reap(child, wait: true)
        if let signal = end?.signal { say("worker ended by signal \(signal)") }
        return end?.code ?? 1
    }
}

Process.exitNow(main())
