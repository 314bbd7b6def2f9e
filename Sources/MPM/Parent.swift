// Apache: server/mpm/event/event.c (event_run, server_main_loop), server/mpm_unix.c

import Bytes
import Kernel
import ServerCore

/// The parent: opens sockets and logs, forks children, replaces those that die, obeys signals. One thread; it uses no
/// Swift concurrency, so that its children may (docs/mpm.md).
public final class Parent {
    let launch: Launch
    var generation: Generation
    let board: Scoreboard
    var children: [ChildRecord] = []
    private let signals: SignalSource
    /// Children write here when they begin to end by themselves.
    private let wakeReader: Int32
    private let wakeWriter: Int32
    var backOff = BackOff()
    private var isFatal = false
    /// The plan the server started with.
    private let firstPlan: ProcessPlan
    /// How many children of this generation there should be; ``maintain()`` moves it.
    var wanted = 0
    var spare = Spare()
    private let services = ServiceProcesses()

    struct ChildRecord {
        let pid: Int32
        let slot: Int
        let generation: Int
        let started: UInt64
        /// It was told to end.
        var isStopping = false
    }

    private init(
        _ launch: Launch, _ generation: Generation, _ board: Scoreboard, _ signals: consuming SignalSource,
        wake: consuming Pipe
    ) {
        self.launch = launch
        self.generation = generation
        firstPlan = generation.plan
        self.board = board
        self.signals = signals
        (wakeReader, wakeWriter) = wake.split()
        File.setNonBlocking(wakeReader, true)
        File.setNonBlocking(wakeWriter, true)
    }

    // MARK: Start

    /// Serves until a signal ends it.
    /// - Returns: The status to exit with.
    public static func run(_ launch: Launch, _ loaded: LoadedConfiguration) -> Int32 {
        let listeners: Listeners
        do throws(Listeners.Failure) {
            listeners = try Listeners(loaded.configuration.process, reusing: Listeners())
        } catch {
            for line in error.lines { say(line) }
            say("no listening sockets available, shutting down")
            say("AH00015: Unable to open logs")
            return 1
        }
        let generation = Generation(number: 0, loaded, listeners: listeners)
        // Apache's children find this out one by one, when the terminal hears no more.
        if let text = Privileges.complaint(loaded.configuration.process) {
            say(StartupMessage.line(.alert, "unixd", text))
            return 1
        }
        let terminal = Descriptor.duplicate(of: 2)
        if let lines = generation.openLogs(launch.program) {
            // Standard error may be the log already; whoever started us should see it too.
            for line in lines + ["AH00015: Unable to open logs"] {
                say(line)
                if !isSameFile(terminal, 2) { try? File.writeAll(terminal, Array((line + "\n").utf8)) }
            }
            return 1
        }
        File.close(terminal)
        for line in launch.messages(of: loaded) { say(line) }
        detach(launch)
        generation.startPrograms()
        do throws(Errno) {
            return try make(launch, generation).serve()
        } catch {
            generation.configuration.mainServer.log(
                .emerg, generation.plan.mpm.logName,
                "(\(error.rawValue))\(error): AH00004: Fatal error: could not create the scoreboard")
            return 1
        }
    }
    private static func make(_ launch: Launch, _ generation: Generation) throws(Errno) -> Parent {
        let plan = generation.plan
        let board = try Scoreboard(children: plan.scoreboardChildren, workersPerChild: plan.scoreboardWorkers)
        let signals = try SignalSource([
            Signal.terminate, Signal.interrupt, Signal.hangUp, Signal.user1, Signal.windowChange, Signal.child,
        ])
        try Signal.ignore(Signal.pipe)
        let now = UInt64(bitPattern: RealTime.now)
        board.global(Scoreboard.Global.started).store(now)
        board.global(Scoreboard.Global.restarted).store(now)
        board.global(Scoreboard.Global.parent).store(UInt64(Process.id))
        return Parent(launch, generation, board, signals, wake: try Pipe())
    }
    /// apr_proc_detach.
    private static func detach(_ launch: Launch) {
        guard !launch.isForeground else { return }
        try? Process.changeDirectory("/")
        if !launch.isNotDetached, case .parent? = try? Process.fork() { Process.exitNow(0) }
        try? Process.newSession()
        guard let null = try? File.open("/dev/null", .readWrite) else { return }
        try? null.replace(0)
        try? null.replace(1)
    }

    private static func isSameFile(_ left: Int32, _ right: Int32) -> Bool {
        guard let left = try? FileStatus(descriptor: left), let right = try? FileStatus(descriptor: right) else {
            return true
        }
        return left.inode == right.inode && left.device == right.device
    }

    // MARK: Serving

    func log(_ level: LogLevel, _ text: String, module: String? = nil) {
        generation.configuration.mainServer.log(level, module ?? generation.plan.mpm.logName, ByteString(text))
    }

    private func number(_ message: MPMMessage) -> String { message.number(generation.plan.mpm) }

    private func serve() -> Int32 {
        guard writePidFile(isFirst: true) else { return 1 }
        offerScoreboard()
        startGeneration()
        services.start(generation.configuration)
        announce()
        ServiceNotice.ready("Processing requests...")
        while true {
            _ = Poll.readable(
                [signals.descriptor.raw, wakeReader] + services.descriptors,
                milliseconds: backOff.isWaiting ? 100 : 1000)
            drainWake()
            while let signal = signals.next() {
                if let status = obey(signal) { return status }
            }
            reap()
            if isFatal { return shutDown(status: 1) }
            services.look()
            startChildren()
            maintain()
        }
    }
    private func drainWake() {
        var bytes: [UInt8] = []
        while case .bytes(let count) = File.read(wakeReader, into: &bytes, count: 64), count > 0 { bytes = [] }
    }
    private func announce() {
        log(
            .notice,
            "\(number(.configured)): \(generation.configuration.banner) configured -- resuming normal operations")
        log(.info, "\(number(.built)): Server built: \(launch.built)")
        let line = launch.arguments.map(\.string).joined(separator: " ")
        log(.notice, "AH00094: Command line: '\(line)'", module: "core")
    }
    private func offerScoreboard() {
        let board = board
        let plan = generation.plan
        generation.configuration.scoreboard = { board.snapshot(plan) }
    }
    var pidFile: ByteString { generation.configuration.serverRelative(generation.configuration.process.pidFile) }

    private func writePidFile(isFirst: Bool) -> Bool {
        if isFirst, File.exists(pidFile) {
            log(
                .warning, "AH00098: pid file \(pidFile) overwritten -- Unclean shutdown of previous Apache run?",
                module: "core")
        }
        do throws(Errno) {
            try PidFile.write(pidFile, pid: Process.id)
            return true
        } catch {
            log(
                .error, "(\(error.rawValue))\(error): AH00099: could not create \(pidFile).\(Process.id)",
                module: "core")
            log(.error, "AH00100: \(launch.program): could not log pid to file \(pidFile)", module: "core")
            return false
        }
    }

    // MARK: Signals

    /// - Returns: The status to exit with, when it is time.
    private func obey(_ signal: Int32) -> Int32? {
        switch signal {
        case Signal.terminate, Signal.interrupt: return shutDown(status: 0)
        case Signal.windowChange: return shutDownGracefully()
        case Signal.user1: restart(isGraceful: true)
        case Signal.hangUp: restart(isGraceful: false)
        default: break
        }
        return nil
    }

    private func shutDown(status: Int32) -> Int32 {
        ServiceNotice.stopping()
        services.stop()
        endChildren { _ in true }
        try? File.unlink(pidFile)
        if !isFatal { log(.notice, "\(number(.terminated)): caught SIGTERM, shutting down") }
        return status
    }
    private func shutDownGracefully() -> Int32 {
        ServiceNotice.stopping()
        services.stop()
        generation.listeners.close(except: Listeners())
        for index in children.indices { tell(index, Signal.user1) }
        try? File.unlink(pidFile)
        log(.notice, "\(number(.stoppedGracefully)): caught SIGWINCH, shutting down gracefully")
        let timeout = generation.configuration.process.gracefulShutdownTimeout
        let end = timeout > 0 ? MonotonicTime.milliseconds + UInt64(timeout) * 1000 : UInt64.max
        wait: while !children.isEmpty, MonotonicTime.milliseconds < end {
            _ = Poll.readable([signals.descriptor.raw], milliseconds: 500)
            while let signal = signals.next() {
                if signal == Signal.terminate || signal == Signal.interrupt { break wait }
            }
            reap()
        }
        endChildren { _ in true }
        return 0
    }

    /// Reads the configuration again. When it cannot be used the old generation goes on.
    private func restart(isGraceful: Bool) {
        log(
            .notice,
            isGraceful
                ? "\(number(.restartedGracefully)): \(generation.plan.mpm.gracefulRestartText)"
                : "\(number(.restarted)): SIGHUP received.  Attempting to restart")
        ServiceNotice.reloading()
        guard let next = prepareNext() else {
            log(.error, "The new configuration cannot be used: the server goes on with the old one")
            return ServiceNotice.ready("The new configuration cannot be used; serving the old one")
        }
        let old = generation
        let oldPidFile = pidFile
        generation = next
        board.global(Scoreboard.Global.generation).store(UInt64(next.number))
        board.global(Scoreboard.Global.restarted).store(UInt64(bitPattern: RealTime.now))
        if pidFile != oldPidFile { try? File.unlink(oldPidFile) }
        _ = writePidFile(isFirst: false)
        offerScoreboard()
        old.close(except: next)
        next.startPrograms()
        backOff = BackOff()
        services.stop()
        startGeneration()
        services.start(next.configuration)
        for index in children.indices where children[index].generation != next.number {
            tell(index, isGraceful ? Signal.user1 : Signal.terminate)
        }
        if !isGraceful { endChildren { $0.generation != next.number } }
        announce()
        ServiceNotice.ready("Processing requests...")
    }
    private func prepareNext() -> Generation? {
        let loaded = launch.load(isRestart: true, first: firstPlan)
        for line in launch.messages(of: loaded) { say(line) }
        guard loaded.error == nil else { return nil }
        guard loaded.plan.mpm == firstPlan.mpm else {
            say("AH00534: \(launch.program): Configuration error: The MPM cannot be changed during restart.")
            return nil
        }
        let listeners: Listeners
        do throws(Listeners.Failure) {
            listeners = try Listeners(loaded.configuration.process, reusing: generation.listeners)
        } catch {
            for line in error.lines { say(line) }
            say("no listening sockets available")
            return nil
        }
        let next = Generation(number: generation.number + 1, loaded, listeners: listeners)
        if let lines = next.openLogs(launch.program) {
            generation.replaceStandardError()
            for line in lines { say(line) }
            listeners.close(except: generation.listeners)
            loaded.configuration.logs.close()
            return nil
        }
        return next
    }

    // MARK: Children

    /// Makes the children of this generation as many as planned.
    func startChildren() {
        guard !backOff.isWaiting else { return }
        while children.count(where: isServing) < wanted {
            guard let slot = board.freeSlot() else { return endOldest() }
            guard startChild(slot) else { return }
        }
    }
    /// A child of this generation that takes connections.
    func isServing(_ child: ChildRecord) -> Bool {
        child.generation == generation.number && !child.isStopping
            && board.child(child.slot, Scoreboard.Field.state).load() != Scoreboard.ChildState.quiescing
    }
    private func startChild(_ slot: Int) -> Bool {
        let parent = Process.id
        board.prepare(slot, generation: generation.number)
        do throws(Errno) {
            switch try Process.fork() {
            case .child:
                Child(generation, board, slot: slot, parent: parent, parentWake: wakeWriter).run()
            case .parent(let pid):
                board.child(slot, Scoreboard.Field.pid).store(UInt64(pid))
                children.append(
                    ChildRecord(
                        pid: pid, slot: slot, generation: generation.number, started: MonotonicTime.milliseconds))
                return true
            }
        } catch {
            board.release(slot)
            log(.error, "(\(error.rawValue))\(error): \(number(.forkFailed)): fork: Unable to fork new process")
            backOff.failed()
            return false
        }
    }
    /// All places are taken by children that finish old connections: the oldest must go.
    private func endOldest() {
        guard let index = children.indices.first(where: { children[$0].isStopping }) else { return }
        try? Process.kill(children[index].pid, Signal.terminate)
    }
    func tell(_ index: Int, _ signal: Int32) {
        children[index].isStopping = true
        try? Process.kill(children[index].pid, signal)
    }

    /// Collects ended processes.
    private func reap() {
        while let exit = Process.reap() {
            if let index = children.firstIndex(where: { $0.pid == exit.pid }) {
                let child = children.remove(at: index)
                ended(child, exit)
                board.release(child.slot)
            } else if services.ended(exit) {
                continue
            } else if let program = generation.configuration.logs.programs.first(where: { $0.pid == exit.pid }) {
                restartProgram(program)
            }
        }
    }
    private func ended(_ child: ChildRecord, _ exit: Process.Exit) {
        let isCurrent = child.generation == generation.number
        if exit.code == Child.fatalExit {
            if isCurrent {
                if !isFatal {
                    log(
                        .alert, "AH00050: Child \(child.pid) returned a Fatal error... Apache is exiting!",
                        module: "core")
                }
                isFatal = true
            } else {
                log(
                    .warning,
                    "\(number(.oldGenerationFailed)): Ignoring fatal error in child of previous generation (pid \(child.pid))."
                )
            }
            return
        }
        if let signal = exit.signal { CrashReport.log(self, child, signal) }
        guard isCurrent, !child.isStopping, exit.code != 0, exit.signal != Signal.terminate else { return }
        if MonotonicTime.milliseconds - child.started < 5000 {
            backOff.failed()
            if backOff.failures % 10 == 3 {
                log(.warning, "\(number(.killedSuccessively)): children are killed successively!")
            }
        } else {
            backOff = BackOff()
        }
    }
    private func restartProgram(_ program: LogProgram) {
        program.ended()
        say("AH00106: piped log program '\(program.command)' failed unexpectedly")
        do throws(Errno) {
            try program.start()
        } catch {
            say("(\(error.rawValue))\(error): AH00107: piped_log_maintenance: unable to respawn '\(program.command)'")
        }
    }

    /// TERM now and again, KILL in the end (ap_reclaim_child_processes).
    private func endChildren(_ isMeant: (ChildRecord) -> Bool) {
        let start = MonotonicTime.milliseconds
        var reminders: [UInt64] = [3000, 5000, 7000, 9000]
        for index in children.indices where isMeant(children[index]) { tell(index, Signal.terminate) }
        while children.contains(where: isMeant) {
            _ = Poll.readable([signals.descriptor.raw], milliseconds: 50)
            reap()
            let passed = MonotonicTime.milliseconds - start
            if passed > 10_000 { break }
            guard let next = reminders.first, passed >= next else { continue }
            reminders.removeFirst()
            for child in children where isMeant(child) {
                let last = reminders.isEmpty
                log(
                    last ? .error : .warning,
                    last
                        ? "AH00046: child process \(child.pid) still did not exit, sending a SIGKILL"
                        : "AH00045: child process \(child.pid) still did not exit, sending a SIGTERM", module: "core")
                try? Process.kill(child.pid, last ? Signal.kill : Signal.terminate)
            }
        }
        for child in children where isMeant(child) {
            log(
                .error,
                "AH00047: could not make child process \(child.pid) exit, attempting to continue anyway",
                module: "core")
        }
    }
}

/// How long to wait before the next child when children die young: twice as long each time, up to ten seconds.
struct BackOff {
    private(set) var failures = 0
    private var until: UInt64 = 0
    var isWaiting: Bool { MonotonicTime.milliseconds < until }

    mutating func failed() {
        failures += 1
        // As Apache, the first three are replaced at once.
        guard failures >= 3 else { return }
        until = MonotonicTime.milliseconds + min(10_000, 100 << UInt64(min(failures - 3, 7)))
    }
}
