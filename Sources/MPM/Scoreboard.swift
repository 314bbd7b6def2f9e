// Apache: server/scoreboard.c, include/scoreboard.h

import Bytes
import Kernel
import ServerCore

/// What every child does, in memory that the parent and all children share.
///
/// Fixed-size records of 64-bit atomic words: one for the server, one for each child, and in each child one for each
/// request that may be at work (a "worker"; Apache's thread). A word has one writer; readers see each word whole, and
/// a text may be half old and half new. Nothing here allocates while the server runs, except ``snapshot(_:)``.
@safe
final class Scoreboard: @unchecked Sendable {
    private let memory: SharedMemory
    /// Places for children: those of the running generation and of older ones that still have connections.
    let childCount: Int
    /// Workers of one child.
    let workersPerChild: Int

    /// Word numbers within the server's record.
    enum Global {
        static let generation = 0
        static let started = 1
        static let restarted = 2
        /// Sums of children that have ended.
        static let accesses = 3
        static let bytes = 4
        static let duration = 5
        static let cpuUser = 6
        static let cpuSystem = 7
        static let parent = 8
        static let size = 16
    }
    /// Word numbers within a child's record.
    enum Field {
        static let pid = 0
        static let generation = 1
        static let state = 2
        static let started = 3
        static let connections = 4
        static let keepAlive = 5
        static let accepted = 6
        static let active = 7
        static let accesses = 8
        static let bytes = 9
        static let duration = 10
        static let cpuUser = 11
        static let cpuSystem = 12
        static let notAccepting = 13
        static let closing = 14
        static let size = 16
    }
    /// Word numbers within a worker's record.
    enum Place {
        static let state = 0
        static let childAccesses = 1
        static let childBytes = 2
        static let accesses = 3
        static let bytes = 4
        static let connectionAccesses = 5
        static let connectionBytes = 6
        static let duration = 7
        static let started = 8
        static let stopped = 9
        /// 16 bytes in network order.
        static let address = 10
        /// 4 or 6, and the local port << 8, and the protocol number << 32.
        static let kind = 12
        /// 24 bytes.
        static let virtualHost = 13
        /// 64 bytes.
        static let request = 16
        static let size = 24
    }
    enum ChildState {
        static let free: UInt64 = 0
        static let starting: UInt64 = 1
        static let serving: UInt64 = 2
        static let quiescing: UInt64 = 3
    }

    /// Parent, before the first fork.
    init(children: Int, workersPerChild: Int) throws(Errno) {
        childCount = children
        self.workersPerChild = workersPerChild
        let words = Global.size + children * (Field.size + workersPerChild * Place.size)
        memory = try SharedMemory(size: words * 8)
        assert(Place.request + 8 == Place.size && Place.virtualHost + 3 == Place.request, "layout")
    }

    // MARK: Words

    func global(_ field: Int) -> SharedWord { memory.word(field) }
    private func childBase(_ slot: Int) -> Int { Global.size + slot * (Field.size + workersPerChild * Place.size) }
    func child(_ slot: Int, _ field: Int) -> SharedWord { memory.word(childBase(slot) + field) }
    /// The first word of a worker's record.
    func workerBase(_ slot: Int, _ worker: Int) -> Int { childBase(slot) + Field.size + worker * Place.size }
    @inline(__always) func word(_ index: Int) -> SharedWord { memory.word(index) }

    /// Copies the beginning of a text into `count` words; what is left of them becomes zero.
    func store(_ text: [UInt8], at index: Int, words count: Int) {
        unsafe text.withUnsafeBytes { bytes in
            for word in 0..<count {
                let offset = word * 8
                var value: UInt64 = 0
                if offset + 8 <= bytes.count {
                    value = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                } else if offset < bytes.count {
                    for position in offset..<bytes.count {
                        value |= UInt64(unsafe bytes[position]) << UInt64((position - offset) * 8)
                    }
                }
                memory.word(index + word).store(value)
            }
        }
    }
    /// The text in `count` words, up to its first zero byte.
    func text(at index: Int, words count: Int) -> ByteString {
        var text = ByteString()
        for word in 0..<count {
            var value = memory.word(index + word).load()
            for _ in 0..<8 {
                let byte = UInt8(truncatingIfNeeded: value)
                if byte == 0 { return text }
                text.append(byte)
                value >>= 8
            }
        }
        return text
    }

    // MARK: The parent's part

    /// A place without a child; nil when all are taken.
    func freeSlot() -> Int? { (0..<childCount).first { child($0, Field.state).load() == ChildState.free } }

    /// Before the fork.
    func prepare(_ slot: Int, generation: Int) {
        for field in 0..<Field.size { child(slot, field).store(0) }
        child(slot, Field.generation).store(UInt64(generation))
        child(slot, Field.started).store(UInt64(bitPattern: RealTime.now))
        child(slot, Field.state).store(ChildState.starting)
        for worker in 0..<workersPerChild {
            let base = workerBase(slot, worker)
            if word(base + Place.childAccesses).load() == 0, word(base + Place.state).load() == 0 { continue }
            word(base + Place.state).store(0)
            word(base + Place.childAccesses).store(0)
            word(base + Place.childBytes).store(0)
        }
    }
    /// After a child was reaped: its sums stay, its place is free.
    func release(_ slot: Int) {
        for (field, sum) in [
            (Field.accesses, Global.accesses), (Field.bytes, Global.bytes), (Field.duration, Global.duration),
            (Field.cpuUser, Global.cpuUser), (Field.cpuSystem, Global.cpuSystem),
        ] {
            global(sum).add(child(slot, field).load())
            child(slot, field).store(0)
        }
        child(slot, Field.pid).store(0)
        child(slot, Field.state).store(ChildState.free)
    }

    // MARK: Reading

    func snapshot(_ plan: ProcessPlan) -> ScoreboardSnapshot {
        var result = ScoreboardSnapshot(
            generation: number(Global.generation), started: time(global(Global.started)),
            restarted: time(global(Global.restarted)), serverLimit: plan.mpm.isAsync ? plan.children : plan.childLimit,
            workersPerChild: min(workersPerChild, plan.loopsPerChild * plan.requestsPerLoop),
            parent: Int32(truncatingIfNeeded: global(Global.parent).load()))
        result.accesses = global(Global.accesses).load()
        result.bytes = global(Global.bytes).load()
        result.duration = global(Global.duration).load()
        result.cpu = Process.CPUTime(
            user: time(global(Global.cpuUser)), system: time(global(Global.cpuSystem)))
        for slot in 0..<childCount where child(slot, Field.state).load() != ChildState.free {
            var one = readChild(slot, workers: result.workersPerChild)
            // Every loop has its listeners; Apache counts a connection until the other end closed it, too.
            one.isNotAccepting = child(slot, Field.notAccepting).load() >= UInt64(max(1, plan.loopsPerChild))
            one.connections += one.closing
            result.accesses &+= one.accesses
            result.bytes &+= one.bytes
            result.duration &+= one.duration
            result.cpu.user += one.cpu.user
            result.cpu.system += one.cpu.system
            result.children.append(one)
        }
        return result
    }
    private func number(_ field: Int) -> Int { Int(truncatingIfNeeded: global(field).load()) }
    private func time(_ word: SharedWord) -> Int64 { Int64(bitPattern: word.load()) }
    private func readChild(_ slot: Int, workers: Int) -> ScoreboardSnapshot.Child {
        func value(_ field: Int) -> Int { Int(truncatingIfNeeded: child(slot, field).load()) }
        var one = ScoreboardSnapshot.Child()
        one.slot = slot
        one.pid = Int32(truncatingIfNeeded: value(Field.pid))
        one.generation = value(Field.generation)
        one.isQuiescing = child(slot, Field.state).load() == ChildState.quiescing
        one.started = time(child(slot, Field.started))
        one.connections = max(0, value(Field.connections))
        one.keepAlive = max(0, value(Field.keepAlive))
        one.closing = max(0, value(Field.closing))
        one.accepted = value(Field.accepted)
        one.active = max(0, value(Field.active))
        one.accesses = child(slot, Field.accesses).load()
        one.bytes = child(slot, Field.bytes).load()
        one.duration = child(slot, Field.duration).load()
        one.cpu = Process.CPUTime(user: time(child(slot, Field.cpuUser)), system: time(child(slot, Field.cpuSystem)))
        one.workers = (0..<workers).map { readWorker(slot, $0) }
        guard one.isQuiescing else { return one }
        // Who has nothing to do in a child that ends takes nothing new; who only waits finishes gracefully.
        for index in one.workers.indices {
            switch one.workers[index].state {
            case .ready: one.workers[index].state = .dead
            case .reading: one.workers[index].state = .graceful
            default: break
            }
        }
        return one
    }
    func readWorker(_ slot: Int, _ worker: Int) -> ScoreboardSnapshot.Worker {
        let base = workerBase(slot, worker)
        func value(_ field: Int) -> UInt64 { word(base + field).load() }
        let kind = value(Place.kind)
        var name = text(at: base + Place.virtualHost, words: 3)
        if !name.isEmpty { name = "\(name):\((kind >> 8) & 0xFFFF)" }
        let version = kind >> 32
        var one = ScoreboardSnapshot.Worker()
        one.state = WorkerState(rawValue: UInt8(truncatingIfNeeded: value(Place.state))) ?? .ready
        one.childAccesses = value(Place.childAccesses)
        one.childBytes = value(Place.childBytes)
        one.accesses = value(Place.accesses)
        one.bytes = value(Place.bytes)
        one.connectionAccesses = value(Place.connectionAccesses)
        one.connectionBytes = value(Place.connectionBytes)
        one.duration = value(Place.duration)
        one.started = Int64(bitPattern: value(Place.started))
        one.stopped = Int64(bitPattern: value(Place.stopped))
        one.client = address(base, kind)
        one.virtualHost = name
        one.protocolName = version == 0 ? "" : version >= 1000 ? "http/1.\(version - 1000)" : "http/0.9"
        one.request = text(at: base + Place.request, words: 8)
        return one
    }
    private func address(_ base: Int, _ kind: UInt64) -> ByteString {
        let count = kind & 0xFF == 4 ? 4 : kind & 0xFF == 6 ? 16 : 0
        let bytes = (0..<count).map { index in
            UInt8(truncatingIfNeeded: word(base + Place.address + index / 8).load() >> UInt64(index % 8 * 8))
        }
        return SocketAddress(bytes: bytes, port: 0)?.text ?? ""
    }
    /// What a child has at work: for the report of a crash, the latest first.
    func working(_ slot: Int) -> [ScoreboardSnapshot.Worker] {
        (0..<workersPerChild).filter { word(workerBase(slot, $0) + Place.state).load() != 0 }
            .map { readWorker(slot, $0) }
            .filter { $0.state != .ready && $0.state != .keepAlive }
            .sorted { $0.started > $1.started }
    }
}
