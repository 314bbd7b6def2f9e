// PHP: sapi/fpm/fpm/fpm_children.c, fpm_child_init; no counterpart for the process itself
import Bytes
import Kernel

/// Inside a zygote: gives up rights, starts the language once, and forks a worker whenever the supervisor says so.
///
/// The worker is the supervisor's child, not the zygote's. It gets its descriptors with the order to fork it: a zygote has
/// neither listeners nor logs nor scoreboards of any pool.
struct ZygoteProcess {
    let credentials: Credentials
    /// In the order that spawn messages count them.
    let pools: [PoolConfig]
    let global: GlobalConfig
    let settings: EngineSettings
    let engine: any ScriptEngine
    let log: ErrorLog
    let isRoot: Bool
    let enterWorker: SupervisorOptions.EnterWorker
    /// The number of the control socket once everything else is closed.
    private static let control: Int32 = 3

    /// The life of a zygote, from right after its fork on; signals are blocked, as in the supervisor.
    func run(socket: Int32) -> Never {
        try? Descriptor.replace(Self.control, by: socket)
        File.setCloseOnExec(Self.control, true)
        // Nobody who waits for the end of the original stream shall wait for us.
        log.tieStandardError()
        Process.closeDescriptors(from: Self.control + 1)
        Process.setTitle("php-fpm: zygote of \(credentials.name)")
        log.becomeWorker()
        do throws(PrivilegeFailure) {
            try Privileges.drop(to: credentials, pool: pools.first?.name ?? "", log: log)
            do throws(EngineFailure) { try engine.start(settings) } catch {
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
        while let message = try? PacketSocket.receive(Self.control, wait: true) {
            guard case .spawn(let serial, let pool, let place, let passed)? = ZygoteMessage(message.bytes),
                pools.indices.contains(Int(pool))
            else {
                for descriptor in message.descriptors { File.close(descriptor) }
                continue
            }
            do throws(Errno) {
                switch try Process.forkSibling() {
                case .child: work(pools[Int(pool)], Int(place), Descriptors(passed, message.descriptors))
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
    private func work(_ pool: PoolConfig, _ place: Int, _ given: Descriptors) -> Never {
        File.close(Self.control)
        // Without catch_workers_output standard error goes where standard output goes: to /dev/null.
        if given[.output] >= 0 { take(given[.output], as: 1) }
        if given[.error] >= 0 { take(given[.error], as: 2) } else { try? Descriptor.replace(2, by: 1) }
        let variables = WorkerEnvironment.variables(of: pool)
        do throws(PrivilegeFailure) { try Privileges.confine(pool, isRoot: isRoot, log: log) } catch {
            fail(pool, error.message)
        }
        WorkerEnvironment.enter(variables, clear: pool.clearEnv)
        Process.setTitle("php-fpm: pool \(pool.name)")
        guard let scoreboard = try? PoolScoreboard(descriptor: given[.scoreboard]) else {
            fail(pool, "[pool \(pool.name)] the scoreboard is not readable")
        }
        var start = WorkerStart(
            pool: pool, global: global, listener: given[.listener], accessLog: given[.accessLog], place: place)
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
