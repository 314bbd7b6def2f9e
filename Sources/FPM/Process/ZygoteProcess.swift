// PHP: sapi/fpm/fpm/fpm_children.c, fpm_child_init; no counterpart for the process itself
import Bytes
import Kernel

/// Inside a zygote: gives up rights, starts the language once, and forks a worker whenever the supervisor says so.
///
/// It is an execution of this program anew, so that nothing of the supervisor's memory, where the configuration of all pools
/// is, can be found in it. The worker is the supervisor's child, not the zygote's. It gets its descriptors with the order to
/// fork it: a zygote has neither listeners nor logs nor scoreboards of any pool.
public struct ZygoteProcess {
    public typealias EnterWorker = (WorkerStart, PoolScoreboard, any ScriptEngine, ErrorLog) -> Never

    private let order: ZygoteOrder
    private let engine: any ScriptEngine
    private let log: ErrorLog
    private let isRoot = Process.userID == 0
    private let enterWorker: EnterWorker
    /// The number of the control socket once everything else is closed.
    private static let control: Int32 = 3
    private static let argument: ByteString = "--zygote"

    // MARK: Supervisor

    /// Executes one. Returns the supervisor's end of its control socket.
    static func start(_ order: ZygoteOrder, _ log: ErrorLog) throws(Errno) -> (pid: Int32, socket: Int32) {
        let (first, second) = try PacketSocket.pair().split()
        let near = Descriptor(first)
        let far = Descriptor(second)
        let file = try order.file()
        if case .failed(let error) = PacketSocket.send(near.raw, ZygoteMessage.order.bytes, descriptors: [file.raw]) {
            throw error
        }
        // Where the title of the zygote and those of its workers find room, whatever the environment is.
        let room = order.pools.map { title(of: $0).count }.max() ?? 0
        let pid = try Process.spawn(
            program, arguments: [order.title, argument, ByteString(repeating: 32, count: room)],
            environment: Environment.all, directory: nil, input: far.raw, error: log.standardErrorOfChildren)
        return (pid, near.take())
    }
    /// This program's file, even where another has been put in its place.
    private static var program: ByteString {
        let link: ByteString = "/proc/self/exe"
        guard let path = try? File.readLink(link), !path.hasSuffix(" (deleted)") else { return link }
        return path
    }
    private static func title(of pool: PoolConfig) -> ByteString { "php-fpm: pool \(pool.name)" }

    // MARK: Zygote

    /// Whether this execution of the program is to become a zygote.
    public static func isMeant(by arguments: [ByteString]) -> Bool { arguments.dropFirst().first == argument }

    /// The life of a zygote. Standard input is its control socket, standard error where its messages go.
    /// - Parameters:
    ///   - engine: Not started.
    ///   - enterWorker: What a fresh worker does.
    public static func run(engine: any ScriptEngine, enterWorker: @escaping EnterWorker) -> Never {
        try? Signal.block(Supervisor.handled)
        let log = ErrorLog()
        log.becomeWorker()
        guard let message = try? PacketSocket.receive(0, wait: true), ZygoteMessage(message.bytes) == .order,
            let file = message.descriptors.first, let order = ZygoteOrder(file: file)
        else {
            log(.error, "\(argument) is for the process manager's own use")
            Process.exitNow(ExitCode.usage)
        }
        log.level = order.logLevel
        log.limit = order.logLimit
        ZygoteProcess(order: order, engine: engine, log: log, enterWorker: enterWorker).run()
    }
    private func run() -> Never {
        try? Descriptor.replace(Self.control, by: 0)
        File.setCloseOnExec(Self.control, true)
        // Standard output is /dev/null, open for both.
        try? Descriptor.replace(0, by: 1)
        Process.closeDescriptors(from: Self.control + 1)
        Process.setName(order.processName)
        Process.setTitle(order.title)
        do throws(PrivilegeFailure) {
            try Privileges.drop(to: order.credentials, pool: order.pools.first?.name ?? "", log: log)
            do throws(EngineFailure) { try engine.start(order.settings) } catch {
                throw PrivilegeFailure(ByteString(error.message))
            }
        } catch {
            answer(.failed(error.message))
            Process.exitNow(ExitCode.software)
        }
        answer(.ready)
        serve()
    }
    private func answer(_ message: ZygoteMessage) {
        // Room in the socket is no matter: an answer is small, and the supervisor reads.
        while case .wouldBlock = PacketSocket.send(Self.control, message.bytes) {
            _ = Poll.readable([], milliseconds: 1)
        }
    }
    /// Until the supervisor closes its end.
    private func serve() -> Never {
        // What the system's users say is asked once for all workers.
        var variables = [[KeyValue]?](repeating: nil, count: order.pools.count)
        while let message = try? PacketSocket.receive(Self.control, wait: true) {
            guard case .spawn(let serial, let number, let place, let passed)? = ZygoteMessage(message.bytes),
                order.pools.indices.contains(Int(number))
            else {
                for descriptor in message.descriptors { File.close(descriptor) }
                continue
            }
            let pool = order.pools[Int(number)]
            let environment = variables[Int(number)] ?? WorkerEnvironment.variables(of: pool)
            variables[Int(number)] = environment
            do throws(Errno) {
                switch try Process.forkSibling() {
                case .child: work(pool, environment, Int(place), Descriptors(passed, message.descriptors))
                case .parent(let child): answer(.born(serial: serial, pid: child))
                }
            } catch { answer(.unborn(serial: serial, error: error.rawValue)) }
            for descriptor in message.descriptors { File.close(descriptor) }
        }
        Process.exitNow(0)
    }

    /// Descriptors of one spawn message by name; -1 where one did not come.
    private struct Descriptors {
        private var numbers = [Int32](repeating: -1, count: ZygoteMessage.Passed.allCases.count)
        init(_ passed: UInt32, _ list: [Int32]) {
            for (kind, number) in zip(ZygoteMessage.Passed.allCases.filter { passed & $0.bit != 0 }, list) {
                numbers[Int(kind.rawValue)] = number
            }
        }
        subscript(_ kind: ZygoteMessage.Passed) -> Int32 { numbers[Int(kind.rawValue)] }
    }

    /// In a fresh worker.
    private func work(_ pool: PoolConfig, _ variables: [KeyValue], _ place: Int, _ given: Descriptors) -> Never {
        File.close(Self.control)
        // Without catch_workers_output standard error goes where standard output goes: to /dev/null.
        if given[.output] >= 0 { take(given[.output], as: 1) }
        if given[.error] >= 0 { take(given[.error], as: 2) } else { try? Descriptor.replace(2, by: 1) }
        do throws(PrivilegeFailure) { try Privileges.confine(pool, isRoot: isRoot, log: log) } catch {
            fail(pool, error.message)
        }
        WorkerEnvironment.enter(variables, clear: pool.clearEnv)
        Process.setTitle(Self.title(of: pool))
        guard let scoreboard = try? PoolScoreboard(descriptor: given[.scoreboard]) else {
            fail(pool, "[pool \(pool.name)] the scoreboard is not readable")
        }
        var start = WorkerStart(
            pool: pool, listener: given[.listener], accessLog: given[.accessLog], place: place)
        start.slowLog = given[.slowLog]
        start.queue = given[.queue]
        start.shownScoreboard = given[.shownScoreboard]
        enterWorker(start, scoreboard, engine, log)
    }
    private func take(_ descriptor: Int32, as number: Int32) {
        try? Descriptor.replace(number, by: descriptor)
        File.close(descriptor)
    }
    private func fail(_ pool: PoolConfig, _ message: ByteString) -> Never {
        log(.error, message)
        log(.error, pool: pool.name, "child failed to initialize")
        Process.exitNow(ExitCode.software)
    }
}

/// Exit statuses of PHP's FPM (sysexits.h).
public enum ExitCode {
    public static let ok: Int32 = 0
    public static let usage: Int32 = 64
    public static let software: Int32 = 70
    public static let configuration: Int32 = 78
}
