// Apache: modules/proxy/mod_proxy.h (proxy_worker_shared), modules/slotmem/mod_slotmem_shm.c

import Kernel
import ServerCore

/// Memory for what all children know of a balancer's members: one page for each ``count`` of them.
final class BalancerMemory: Sendable {
    private let memory: SharedMemory
    static let wordsEach = 8
    static let count = 64

    init?() {
        guard let memory = try? SharedMemory(size: Self.wordsEach * Self.count * 8) else { return nil }
        self.memory = memory
    }
    func word(_ index: Int) -> SharedWord { memory.word(index) }
}

/// One member: what is counted of it and how it fares, the same for all children.
struct WorkerRecord: Sendable {
    private let memory: BalancerMemory
    private let base: Int

    /// The record number `index` of the memory.
    init(_ memory: BalancerMemory, _ index: Int) {
        self.memory = memory
        base = index * BalancerMemory.wordsEach
    }
    private func number(_ offset: Int) -> Int {
        Int(truncatingIfNeeded: Int64(bitPattern: memory.word(base + offset).load()))
    }

    var status: WorkerStatus {
        get { WorkerStatus(rawValue: memory.word(base).load()) }
        nonmutating set { memory.word(base).store(newValue.rawValue) }
    }
    /// Who is next, for the methods that take turns.
    var turn: Int { number(1) }
    func addTurn(_ count: Int) { memory.word(base + 1).add(UInt64(bitPattern: Int64(count))) }
    /// Requests at work.
    var busy: Int { number(2) }
    func begin() { memory.word(base + 2).add(1) }
    func end() { memory.word(base + 2).subtract(1) }
    /// Requests it was chosen for.
    var elected: Int { number(3) }
    func elect() { memory.word(base + 3).add(1) }
    /// Bytes to it and from it.
    var sent: Int { number(4) }
    var received: Int { number(5) }
    func add(sent: Int, received: Int) {
        if sent > 0 { memory.word(base + 4).add(UInt64(sent)) }
        if received > 0 { memory.word(base + 5).add(UInt64(received)) }
    }
    /// µs since the epoch.
    var errorTime: Int64 { Int64(number(6)) }
    var retries: Int { number(7) }

    /// Leaves it alone for a while.
    func fail(now: Int64) {
        guard !status.contains(.ignoreErrors) else { return }
        memory.word(base + 6).store(UInt64(bitPattern: now))
        status = status.union(.inError)
    }
    /// Lets it be tried again.
    func recover() {
        memory.word(base + 7).add(1)
        status = status.subtracting(.inError)
    }
    /// It answered.
    func succeed() {
        if number(6) != 0 { memory.word(base + 6).store(0) }
        if number(7) != 0 { memory.word(base + 7).store(0) }
    }
}
