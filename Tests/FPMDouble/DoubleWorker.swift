import Bytes
import FPM
import Kernel

/// Starts when the file that says why it should not, its "ini file", is absent.
final class DoubleEngine: ScriptEngine {
    var log: (LogLevel, [UInt8]) -> Void = { _, _ in }
    func enterWorker(_ pool: PoolConfig, slowLog: Int32) -> [RefusedValue] { [] }
    func setting(_ name: ByteString) -> ByteString? { nil }
    func run(_ exchange: any ScriptExchange) -> ScriptEnd { .finished }
    func stop() {}
    func start(_ settings: EngineSettings) throws(EngineFailure) {
        guard let failure = settings.iniPath, let text = try? File.readWhole(failure, limit: 1000) else { return }
        throw EngineFailure(ByteString(text).string)
    }
}

/// Obeys one line of each connection and answers with one.
struct DoubleWorker {
    let start: WorkerStart
    let scoreboard: PoolScoreboard

    func run() -> Never {
        guard let signals = try? SignalSource([Signal.quit]) else { Process.exitNow(70) }
        for signal in Supervisor.handled where signal != Signal.quit { try? Signal.restoreDefault(signal) }
        for signal in Signal.crashes { try? Signal.restoreDefault(signal) }
        try? Signal.unblock(Supervisor.handled.filter { $0 != Signal.quit })
        scoreboard.enter(start.place, pid: Process.id)
        let sources = [signals.descriptor.raw, start.queue, start.listener].filter { $0 >= 0 }
        var isStubborn = false
        while true {
            scoreboard.accepting(start.place)
            let readable = Poll.readable(sources, milliseconds: -1)
            if readable.contains(signals.descriptor.raw), signals.next() != nil, !isStubborn { Process.exitNow(0) }
            guard let connection = take(readable) else { continue }
            scoreboard.readingHeaders(start.place)
            File.setNonBlocking(connection, false)
            var line: [UInt8] = []
            while !line.contains(10), case .bytes(let count) = File.read(connection, into: &line, count: 512), count > 0
            {}
            var answer = obey(ByteString(line).words(), &isStubborn)
            answer.append(10)
            _ = File.write(connection, answer.bytes)
            File.close(connection)
        }
    }
    private func take(_ readable: [Int32]) -> Int32? {
        if start.queue >= 0, readable.contains(start.queue),
            case .connection(let one) = QueuedConnection.take(from: start.queue)
        {
            return one.descriptor
        }
        return (try? Socket.accept(start.listener))?.descriptor
    }
    private func obey(_ words: [ByteString], _ isStubborn: inout Bool) -> ByteString {
        let argument = words.dropFirst().first ?? ""
        switch words.first?.string {
        case "pid": return ByteString(decimal: Process.id)
        case "user": return ByteString(decimal: Process.userID)
        case "sleep":
            scoreboard.executing(start.place)
            _ = Poll.readable([], milliseconds: Int32(argument.decimal ?? 0))
            return ByteString(decimal: Process.id)
        case "say": _ = File.write(2, argument.bytes + [10])
        case "mutter": _ = File.write(1, argument.bytes)
        case "exit": Process.exitNow(Int32(argument.decimal ?? 0))
        case "kill": try? Process.kill(Process.id, Int32(argument.decimal ?? 9))
        case "stubborn": isStubborn = true
        case "env": return Environment.get(argument) ?? "(unset)"
        case "title": return (try? ByteString(titleBytes())) ?? ""
        case "files": return files()
        case "exists": return File.exists(argument) ? "yes" : "no"
        default: break
        }
        return "ok"
    }
    private func titleBytes() throws(Errno) -> [UInt8] {
        let file = try File.open("/proc/self/cmdline")
        var bytes: [UInt8] = []
        _ = File.read(file.raw, into: &bytes, count: 4096)
        return Array(bytes.prefix { $0 != 0 })
    }
    /// The numbers of all open descriptors with what they are.
    private func files() -> ByteString {
        var result: ByteString = ""
        for number in 0..<256 as Range<Int32> {
            if let target = try? File.readLink("/proc/self/fd/\(number)") {
                result += "\(number)=\(target) " as ByteString
            }
        }
        return result
    }
}
