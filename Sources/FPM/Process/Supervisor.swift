// PHP: sapi/fpm/fpm/fpm.c, fpm_events.c, fpm_process_ctl.c
import Bytes
import Kernel

/// The process that decides: it makes zygotes and workers, collects what they write and how they end, and answers signals.
/// It never runs a script and never reads a request.
///
/// One thread and one loop (``loop()``); what the loop calls stands in extensions, a file for each matter.
public final class Supervisor {
    let options: SupervisorOptions
    let log: ErrorLog
    let isRoot = Process.userID == 0
    let epoll: Epoll
    let signals: SignalSource

    var config: FPMConfig
    var pools: [WorkerPool] = []
    /// All workers, those of former pools among them.
    var children: [Int32: Child] = [:]
    /// Which worker is behind a pipe.
    var outputs: [Int32: Int32] = [:]
    /// The number of new pools' generation; grows with each pool that is reloaded by name.
    var generation = 1
    var timers = Timers()
    var state = State.normal
    /// The last signal of a stop; 0: none yet.
    var signalSent: Int32 = 0
    /// Set when the loop has to end with this code.
    var exitCode: Int32?

    var zygotes: [Zygote] = []
    /// Pids of zygotes that were told to end, or that another image of this program made.
    var dismissedZygotes: Set<Int32> = []
    var lastSerial: UInt32 = 0
    /// Milliseconds until a zygote that could not be started is tried again; doubles.
    var zygoteDelay = 0
    /// How processes ended that no answer of a zygote has named yet.
    var earlyExits: [Int32: Process.Exit] = [:]
    var isStarting = true
    var hasWarnedOfProcessMax = false
    /// Seconds of `MonotonicTime` when workers crashed last (`emergency_restart_*`).
    var crashes: [UInt64] = []

    /// Inherited pools, until their successors are known.
    var formerPools: [WorkerPool] = []
    /// The descriptor of what an exec was to inherit.
    var inheritanceFile: Int32?
    var control: ControlSocket?
    var refusals: [Refusal] = []

    enum State: String { case normal, reloading, terminating, finishing }

    /// What an event of the epoll belongs to; the descriptor's number is the other half.
    enum Source: UInt64 { case signals, output, error, zygote, listener, control, controlClient, refusal }

    init(_ config: FPMConfig, _ options: SupervisorOptions, _ log: ErrorLog) throws(Errno) {
        self.config = config
        self.options = options
        self.log = log
        try Signal.ignore(Signal.pipe)
        signals = try SignalSource(Self.handled)
        epoll = try Epoll()
        try watch(.signals, signals.descriptor.raw)
    }
    /// Blocked everywhere but in workers.
    public static let handled = [
        Signal.terminate, Signal.interrupt, Signal.quit, Signal.user1, Signal.user2, Signal.hangUp, Signal.child,
    ]

    /// Starts everything and serves until a signal ends it.
    /// - Returns: the status to exit with. A reload does not return: the program is executed again.
    public static func run(config: FPMConfig, options: SupervisorOptions, log: ErrorLog) -> Int32 {
        do throws(Errno) {
            let supervisor = try Supervisor(config, options, log)
            if supervisor.start() { return supervisor.loop() }
            supervisor.giveUp()
        } catch { log(.error, "failed to init signals: signalfd()", error) }
        log(.error, "FPM initialization failed")
        return ExitCode.configuration
    }

    func loop() -> Int32 {
        while true {
            turn()
            if let exitCode { return exitCode }
        }
    }
    /// Waits for something, at most so long in milliseconds (-1: without end), and does what it asks for. What workers wrote
    /// comes before what became of them, and both before what a signal asks for.
    func turn(atMost limit: Int32 = -1) {
        let wait = timers.wait
        let count = epoll.wait(milliseconds: limit < 0 ? wait : wait < 0 ? limit : min(wait, limit))
        var haveSignals = false
        for index in 0..<count {
            let descriptor = Int32(truncatingIfNeeded: epoll.data(index) & 0xFFFF_FFFF)
            switch Source(rawValue: epoll.data(index) >> 32) {
            case .output: readOutput(descriptor, .output)
            case .error: readOutput(descriptor, .error)
            case .zygote: hearZygote(descriptor)
            case .listener: connectionsWait(at: descriptor)
            case .control: acceptCommand()
            case .controlClient: readCommand(descriptor)
            case .refusal: continueRefusal(descriptor)
            case .signals: haveSignals = true
            case nil: continue
            }
        }
        if haveSignals { takeSignals() }
        for timer in timers.take() { timeHasCome(timer) }
    }

    func watch(_ source: Source, _ descriptor: Int32, _ mask: UInt32 = Epoll.Mask.readable) throws(Errno) {
        try epoll.add(descriptor, mask, data: source.rawValue << 32 | UInt64(UInt32(bitPattern: descriptor)))
    }
    /// A descriptor that fired once is watched again.
    func watchAgain(_ source: Source, _ descriptor: Int32) {
        let mask = Epoll.Mask.readable | Epoll.Mask.oneShot
        try? epoll.modify(
            descriptor, mask, data: source.rawValue << 32 | UInt64(UInt32(bitPattern: descriptor)))
    }

    func timeHasCome(_ timer: Timers.Kind) {
        switch timer {
        case .maintenance:
            timers.set(.maintenance, in: 1000)
            maintain()
        case .requests: checkRequests()
        case .control: nextStep()
        case .listeners: lookAtListenersAgain()
        case .queue: expireQueues()
        case .zygotes: retryZygotes()
        case .refusals: closeRefusals()
        }
    }
}
