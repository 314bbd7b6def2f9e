// Apache: server/mpm/event/event.c (child_main)

import Bytes
import EventLoop
import Kernel
import ServerCore
import Synchronization

/// A child process: it drops privileges, starts its loops, serves, and ends when it is told to.
final class Child: @unchecked Sendable {
    private let generation: Generation
    private let board: Scoreboard
    private let slot: Int
    private let parent: Int32
    /// A byte written here makes the parent look at its children.
    private let parentWake: Int32
    private var loops: [EventLoop] = []
    private var workers: [Worker] = []
    private var threads: [LoopThread] = []
    private let isQuiescing = Atomic<Bool>(false)
    private let quiescedWorkers = Atomic<Int>(0)

    /// APEXIT_CHILDFATAL: the next child would fail the same way.
    static let fatalExit: Int32 = 15
    /// APEXIT_CHILDSICK: a resource is short now.
    static let sickExit: Int32 = 7

    init(_ generation: Generation, _ board: Scoreboard, slot: Int, parent: Int32, parentWake: Int32) {
        self.generation = generation
        self.board = board
        self.slot = slot
        self.parent = parent
        self.parentWake = parentWake
    }

    /// The whole life of the child, on a thread of its own (see ``ForkedThread``).
    func run() -> Never {
        do throws(Errno) {
            try ForkedThread.run { self.live() }
        } catch { fail(Self.sickExit, "(\(error.rawValue))\(error): AH03104: could not create a thread") }
    }
    private func live() -> Never {
        for signal in [Signal.hangUp, Signal.interrupt, Signal.quit, Signal.windowChange, Signal.pipe] {
            try? Signal.ignore(signal)
        }
        // Blocked since before the fork, so that none is lost.
        guard let signals = try? SignalSource([Signal.terminate, Signal.user1]) else { fail(Self.sickExit, "signalfd") }
        // A crash must be quick and leave the kernel's core file. The runtime's own report stops the process for
        // seconds; who wants it sets SWIFT_BACKTRACE.
        if Environment.get("SWIFT_BACKTRACE") == nil {
            for signal in Signal.crashes { try? Signal.restoreDefault(signal) }
        }
        try? Signal.restoreDefault(Signal.child)
        try? Signal.unblock([Signal.child])
        Privileges.raiseDescriptorLimit()
        generation.configuration.logs.closeReaders()
        do throws(Privileges.Failure) {
            try Privileges.drop(generation.configuration.process)
        } catch { fail(Self.fatalExit, error.text, module: "unixd") }
        // Without a parent nobody would replace or end us.
        try? Process.setParentDeathSignal(Signal.user1)
        if Process.parent != parent { Process.exitNow(0) }
        for step in generation.configuration.hooks.childInit.functions {
            do throws(DirectiveError) {
                try step(generation.configuration)
            } catch { fail(Self.fatalExit, error.message) }
        }
        serve(ChildSignals(signals))
    }

    private func serve(_ signals: ChildSignals) -> Never {
        do throws(Errno) {
            try makeLoops()
        } catch { fail(Self.sickExit, "(\(error.rawValue))\(error): AH00480: could not start a loop") }
        board.child(slot, Scoreboard.Field.state).store(Scoreboard.ChildState.serving)
        let first = loops[0]
        first.spawn { await self.obey(signals, first) }
        for (number, loop) in loops.enumerated().dropFirst() {
            do throws(Errno) {
                threads.append(try LoopThread(loop, name: "loop \(number)"))
            } catch { fail(Self.sickExit, "(\(error.rawValue))\(error): AH03104: could not create a thread") }
        }
        first.run()
        // From here a signal ends the process without ceremony.
        try? Signal.restoreDefault(Signal.terminate)
        try? Signal.unblock([Signal.terminate])
        for thread in threads { thread.join() }
        Process.exitNow(0)
    }

    private func makeLoops() throws(Errno) {
        let plan = generation.plan
        let configuration = generation.configuration
        let pool = BlockingPool(limit: max(16, plan.mpm == .worker ? plan.loopsPerChild : 0))
        // A loop that holds one connection has one place.
        let share = plan.mpm.isAsync ? max(1, board.workersPerChild / plan.loopsPerChild) : 1
        for number in 0..<plan.loopsPerChild {
            let loop = try EventLoop(pool: pool)
            let places = (number * share..<(number + 1) * share).clamped(to: 0..<board.workersPerChild)
            let score = LoopScore(
                board, slot: slot, workers: places, configuration: configuration,
                connectionLimit: plan.maxConnectionsPerChild, holds: !plan.mpm.isAsync,
                limitReached: { self.stopGracefully() })
            let worker = Worker(
                loop: loop, configuration: configuration, connectionLimit: plan.connectionsPerLoop, scores: score)
            worker.requestLimit = plan.requestsPerLoop
            try worker.listen(on: generation.listeners.descriptors)
            loops.append(loop)
            workers.append(worker)
        }
    }

    // MARK: Ending

    /// USR1 lets requests finish, TERM does not.
    private func obey(_ signals: ChildSignals, _ loop: EventLoop) async {
        while true {
            do throws(IOError) {
                try await loop.waitReadable(descriptor: signals.descriptor, timeout: nil)
            } catch { return }
            while let signal = signals.next() {
                if signal == Signal.terminate { return stopNow() }
                stopGracefully()
            }
        }
    }
    private func stopNow() {
        for loop in loops { loop.stop() }
    }
    /// From any loop's thread.
    private func stopGracefully() {
        guard !isQuiescing.exchange(true, ordering: .relaxed) else { return }
        board.child(slot, Scoreboard.Field.state).store(Scoreboard.ChildState.quiescing)
        _ = File.write(parentWake, [1])
        for worker in workers {
            worker.loop.spawn { [self] in
                worker.stopGracefully()
                // The last one to take its listeners out of its epoll: before that they would go on reporting there,
                // since the parent keeps them open.
                if quiescedWorkers.add(1, ordering: .acquiringAndReleasing).newValue == workers.count {
                    letGoOfListeners()
                }
            }
        }
    }
    /// The port is free once nobody holds its listener: this child's copies give way to /dev/null, so that their numbers
    /// mean nothing else while a loop may still look at them.
    private func letGoOfListeners() {
        guard let nothing = try? File.open("/dev/null", .readOnly) else { return }
        for descriptor in generation.listeners.descriptors { try? Descriptor.replace(descriptor, by: nothing.raw) }
    }
    private func fail(_ code: Int32, _ text: String, module: String? = nil) -> Never {
        let module = module ?? generation.plan.mpm.logName
        generation.configuration.mainServer.log(.alert, module, ByteString(text))
        Process.exitNow(code)
    }
}

/// The signals of a child. Read on its first loop only.
final class ChildSignals: @unchecked Sendable {
    private let source: SignalSource
    init(_ source: consuming SignalSource) { self.source = source }
    var descriptor: Int32 { source.descriptor.raw }
    func next() -> Int32? { source.next() }
}
