// PHP: sapi/fpm/fpm/fpm_sockets.c, FPM_SOCKETS, is the counterpart for listeners
import Bytes
import Kernel

/// What a supervisor leaves to the program that it executes for a reload: workers that still have requests, where their output
/// comes from, their scoreboards, and connections that wait in queues.
///
/// It is written to a file in memory whose descriptor stands in the environment. One line for each thing:
///
///     supervisor PID
///     zygote PID
///     pool NAME SCOREBOARD DECORATE TERMINATE TRACK SLOWLOG ENTRANCE EXIT      (name in hexadecimal, then numbers)
///     worker PID PLACE STARTED OUTPUT ERROR                                    (of the pool before it)
struct Inheritance {
    static let variable: ByteString = "MARTINET_FPM_WORKERS"

    struct Worker: Equatable {
        var pid: Int32
        var place: Int
        var started: UInt64
        var output: Int32
        var error: Int32
    }
    struct Pool {
        var config: PoolConfig
        var scoreboard: Int32
        var queue: (entrance: Int32, exit: Int32)
        var workers: [Worker] = []
    }
    var zygotes: [Int32] = []
    var pools: [Pool] = []

    init() {}

    /// Which descriptors have to stay open over the exec.
    var descriptors: [Int32] {
        pools.flatMap { pool in
            [pool.scoreboard, pool.queue.entrance, pool.queue.exit] + pool.workers.flatMap { [$0.output, $0.error] }
        }.filter { $0 >= 0 }
    }
    var text: ByteString {
        var lines: [ByteString] = ["supervisor \(Process.id)"]
        for pid in zygotes { lines.append("zygote \(pid)") }
        for pool in pools {
            let config = pool.config
            lines.append(
                """
                pool \(Self.hexadecimal(config.name)) \(pool.scoreboard) \(config.decorateWorkersOutput ? 1 : 0) \
                \(config.requestTerminateTimeout) \(config.requestTerminateTimeoutTrackFinished ? 1 : 0) \
                \(config.requestSlowlogTimeout) \(pool.queue.entrance) \(pool.queue.exit)
                """)
            for one in pool.workers {
                lines.append("worker \(one.pid) \(one.place) \(one.started) \(one.output) \(one.error)")
            }
        }
        return ByteString(lines.flatMap { $0.bytes + [10] })
    }
    /// nil when the text is none of ours, or was written for another process.
    init?(text: ByteString, supervisor: Int32) {
        let lines = text.split(on: 10).map { $0.words() }.filter { !$0.isEmpty }
        guard lines.first == ["supervisor", ByteString(decimal: supervisor)] else { return nil }
        for words in lines.dropFirst() {
            let numbers = words.dropFirst().map { $0.decimal ?? -1 }
            func number(_ index: Int) -> Int32 { Int32(clamping: numbers[index]) }
            switch (words[0].string, numbers.count) {
            case ("zygote", 1): zygotes.append(number(0))
            case ("pool", 8):
                var config = PoolConfig(name: Self.bytes(words[1]))
                config.decorateWorkersOutput = numbers[2] == 1
                config.requestTerminateTimeout = max(0, numbers[3])
                config.requestTerminateTimeoutTrackFinished = numbers[4] == 1
                config.requestSlowlogTimeout = max(0, numbers[5])
                pools.append(Pool(config: config, scoreboard: number(1), queue: (number(6), number(7))))
            case ("worker", 5):
                guard !pools.isEmpty, numbers[0] > 1, numbers[1] >= 0, numbers[2] >= 0 else { return nil }
                pools[pools.count - 1].workers.append(
                    Worker(
                        pid: number(0), place: numbers[1], started: UInt64(numbers[2]), output: number(3),
                        error: number(4)))
            default: return nil
            }
        }
    }
    private static func hexadecimal(_ bytes: ByteString) -> ByteString {
        // A letter in front: an empty name is a word too.
        ByteString(
            "n".utf8.map { $0 } + bytes.flatMap { [ASCII.hexDigits[Int($0 >> 4)], ASCII.hexDigits[Int($0 & 15)]] })
    }
    private static func bytes(_ text: ByteString) -> ByteString {
        let digits = text.dropFirst().compactMap { ASCII.hexValue($0) }
        return ByteString(stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
    }

    /// What the program before this one left; nothing when there was none. The environment forgets it.
    static func take() -> Inheritance {
        guard let value = Environment.get(variable)?.decimal, let number = Int32(exactly: value), number > 2 else {
            return Inheritance()
        }
        Environment.remove(variable)
        let file = Descriptor(number)
        guard let bytes = try? MemoryFile.read(file.raw, limit: 16 << 20),
            let found = Inheritance(text: ByteString(bytes), supervisor: Process.id)
        else { return Inheritance() }
        for descriptor in found.descriptors { File.setCloseOnExec(descriptor, true) }
        return found
    }
    func queue(of name: ByteString) -> (entrance: Int32, exit: Int32)? {
        pools.first { $0.config.name == name && $0.queue.exit >= 0 }?.queue
    }
    /// After a start that has no use for it: the workers finish.
    static func abandon() {
        for worker in take().pools.flatMap(\.workers) { try? Process.kill(worker.pid, Signal.quit) }
    }
}

extension Supervisor {
    /// Takes over what a former image of this program left.
    func adopt(_ inherited: Inheritance) {
        dismissedZygotes.formUnion(inherited.zygotes)
        for one in inherited.pools {
            guard let scoreboard = try? PoolScoreboard(descriptor: one.scoreboard) else { continue }
            let pool = WorkerPool(one.config, scoreboard: scoreboard, generation: 0)
            pool.isCurrent = false
            pool.queue = one.queue
            for worker in one.workers where worker.place < scoreboard.places {
                let child = Child(pid: worker.pid, pool: pool, place: worker.place, started: worker.started)
                if worker.output >= 0 || worker.error >= 0 {
                    child.output = WorkerOutput(
                        pool: one.config, global: config.global, pid: worker.pid, output: worker.output,
                        error: worker.error)
                }
                link(child)
            }
            formerPools.append(pool)
        }
    }
    /// Each inherited pool waits for its successor's workers; those without a successor finish now. Afterwards (or after some
    /// time) no former worker waits for connections any more: whoever connects finds the new configuration.
    func settleFormerPools() {
        guard !formerPools.isEmpty else { return }
        for former in formerPools {
            if let successor = pools.first(where: { $0.name == former.name && $0.predecessor == nil }) {
                successor.predecessor = former
                former.queue = (-1, -1)
            } else {
                former.closeQueue()
                retire(former)
            }
        }
        formerPools = []
        retirePredecessors()
        let limit = MonotonicTime.milliseconds + 2000
        while canSpawn, exitCode == nil, MonotonicTime.milliseconds < limit, hasFormerIdle { turn(atMost: 20) }
    }
    private var hasFormerIdle: Bool {
        pools.contains { $0.predecessor != nil }
            || children.values.contains { !$0.pool.isCurrent && $0.pool.scoreboard.isIdle($0.place) }
    }
    /// Everything of now, for the next image.
    func inheritance() -> Inheritance {
        var result = Inheritance()
        result.zygotes = zygotes.map(\.pid) + dismissedZygotes
        var all = pools
        for child in children.values where !all.contains(where: { $0 === child.pool }) { all.append(child.pool) }
        for pool in all {
            var one = Inheritance.Pool(
                config: pool.config, scoreboard: pool.scoreboard.descriptor, queue: pool.queue)
            one.workers = pool.children.map { child in
                let ends = child.output?.descriptors ?? [-1, -1]
                return Inheritance.Worker(
                    pid: child.pid, place: child.place, started: child.started, output: ends[0], error: ends[1])
            }
            result.pools.append(one)
        }
        return result
    }
}
