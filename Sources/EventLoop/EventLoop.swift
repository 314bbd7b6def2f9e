// Apache: server/mpm/event/event.c (listener_thread)
import Bytes
import Glibc
import Kernel
import Synchronization

/// One thread that waits for all its channels at once, and runs the tasks that were started on it.
///
/// Everything but `stop`, `enqueue` and `spawn` is for the loop's own thread (before `run`: for the thread that sets it
/// up); debug builds check that. Tasks started with `spawn` never leave the thread.
@safe
public final class EventLoop: TaskExecutor, @unchecked Sendable {
    let epoll: Epoll
    let wakeDescriptor: WakeDescriptor
    var table = ChannelTable(capacity: 256)
    var wheel = TimerWheel()
    var jobs = JobQueue(capacity: 256)
    /// Parked channels whose input was not all read.
    var unread: [Channel] = []
    private var expired: [UInt32] = []
    private var unreadNow: [Channel] = []
    let remote = Mutex<[UnownedJob]>([])
    private var arrived: [UnownedJob] = []
    private let stopRequested = Atomic<Bool>(false)
    private(set) var isStopping = false
    /// Channels in ``lingeringClose(_:)``.
    public internal(set) var lingeringCount = 0
    /// `pthread_self` of the thread in `run`; 0 before.
    private let owner = Atomic<UInt>(0)
    let started: UInt64
    let input: UnsafeMutableRawBufferPointer
    var inotify: Inotify?
    public let pool: BlockingPool

    /// How many bytes one `receive` into the loop's buffer takes at most.
    public static let inputSize = 65536
    /// A tick of the timer wheel, in milliseconds, as a shift: deadlines are kept to 32 ms and never fire early.
    static let tickShift: UInt64 = 5

    /// Who is told of events without a waiter. Kept alive until `run` returns.
    public var delegate: (any LoopDelegate)?
    /// Monotonic milliseconds, read once a turn.
    public private(set) var milliseconds: UInt64
    /// Microseconds since the epoch, read once a turn.
    public private(set) var realTime: Int64

    /// `pool` may be shared by the loops of a process; without one the loop makes its own of at most 4 threads.
    public init(pool: BlockingPool = BlockingPool(limit: 4)) throws(Errno) {
        epoll = try Epoll(capacity: 256)
        wakeDescriptor = try WakeDescriptor()
        self.pool = pool
        milliseconds = MonotonicTime.milliseconds
        started = milliseconds
        realTime = RealTime.now
        unsafe input = .allocate(byteCount: Self.inputSize, alignment: 64)
        unread.reserveCapacity(16)
        unreadNow.reserveCapacity(16)
        expired.reserveCapacity(64)
        try epoll.add(wakeDescriptor.descriptor.raw, Epoll.Mask.readable, data: Self.wakeData)
    }
    deinit { unsafe input.deallocate() }

    static let wakeData = UInt64.max
    static let inotifyData = UInt64.max - 1

    // MARK: - Running

    /// Serves on the calling thread until `stop`. At the end whoever still waits gets `IOError.stopped`.
    public func run() {
        owner.store(UInt(pthread_self()), ordering: .relaxed)
        takeRemoteJobs()
        while !stopRequested.load(ordering: .relaxed) { turn() }
        isStopping = true
        resumeAll()
        // Tasks that were told to stop get a fair number of turns to finish.
        for _ in 0..<64 where jobs.count > 0 || stillWaiting { turn() }
        delegate = nil
    }
    /// Ends `run` after the current turn; from any thread.
    public func stop() {
        stopRequested.store(true, ordering: .relaxed)
        wakeDescriptor.wake()
    }

    /// One round: wait, changed files, channels, deadlines, jobs, `turnEnded`.
    private func turn() {
        let busy = jobs.count > 0 || !unread.isEmpty || isStopping
        let count = epoll.wait(milliseconds: busy ? 0 : timeToNextDeadline())
        updateClock()
        let delegate = delegate
        for index in 0..<count where epoll.data(index) == Self.inotifyData { filesChanged(delegate) }
        for index in 0..<count { dispatch(epoll.data(index), epoll.mask(index), delegate) }
        if !unread.isEmpty { deliverUnread(delegate) }
        fireDeadlines(delegate)
        runJobs(limit: max(jobs.count, 1024))
        delegate?.turnEnded()
    }
    private func updateClock() {
        milliseconds = MonotonicTime.milliseconds
        realTime = RealTime.now
    }

    private func dispatch(_ data: UInt64, _ mask: UInt32, _ delegate: (any LoopDelegate)?) {
        if data >= Self.inotifyData {
            if data == Self.wakeData {
                wakeDescriptor.clear()
                takeRemoteJobs()
            }
            return
        }
        let channel = Channel(
            index: UInt32(truncatingIfNeeded: data), generation: UInt32(truncatingIfNeeded: data >> 32))
        guard let slot = unsafe table.find(channel) else { return }
        if unsafe slot.pointee.flags.contains(.listener) {
            delegate?.listenerReady(channel)
        } else {
            unsafe channelEvent(channel, slot, mask, delegate)
        }
        if jobs.count > 0 { runJobs(limit: jobs.count) }
    }
    private func channelEvent(
        _ channel: Channel, _ slot: UnsafeMutablePointer<Slot>, _ mask: UInt32, _ delegate: (any LoopDelegate)?
    ) {
        let gone = mask & (Epoll.Mask.error | Epoll.Mask.hangUp) != 0
        if gone || mask & Epoll.Mask.readHangUp != 0 { unsafe slot.pointee.flags.insert([.hungUp, .readReady]) }
        if gone || mask & Epoll.Mask.writable != 0 {
            unsafe slot.pointee.flags.insert(.writeReady)
            if unsafe slot.pointee.writer != 0 { unsafe resumeWriter(slot, .ready) }
        }
        if mask & Epoll.Mask.readable != 0 { unsafe slot.pointee.flags.insert(.readReady) }
        let input = gone || mask & (Epoll.Mask.readable | Epoll.Mask.readHangUp) != 0
        guard input else { return }
        if unsafe slot.pointee.reader != 0 {
            unsafe resumeReader(slot, .ready)
        } else if unsafe slot.pointee.flags.contains(.parked) {
            delegate?.channelReadable(channel, tag: unsafe slot.pointee.tag)
            requeueIfUnread(channel)
        }
    }
    /// Edge-triggered events come once: a parked channel with input left over is looked at again in the next turn.
    private func requeueIfUnread(_ channel: Channel) {
        guard let slot = unsafe table.find(channel) else { return }
        let flags = unsafe slot.pointee.flags
        guard flags.isSuperset(of: [.parked, .readReady]), !flags.contains(.queued) else { return }
        unsafe slot.pointee.flags.insert(.queued)
        unread.append(channel)
    }
    func parkedWithInput(_ channel: Channel) { requeueIfUnread(channel) }

    private func deliverUnread(_ delegate: (any LoopDelegate)?) {
        swap(&unread, &unreadNow)
        for channel in unreadNow {
            guard let slot = unsafe table.find(channel) else { continue }
            unsafe slot.pointee.flags.remove(.queued)
            guard unsafe slot.pointee.flags.isSuperset(of: [.parked, .readReady]) else { continue }
            delegate?.channelReadable(channel, tag: unsafe slot.pointee.tag)
            requeueIfUnread(channel)
        }
        unreadNow.removeAll(keepingCapacity: true)
    }

    // MARK: - Deadlines

    @inline(__always) func tick(after delay: UInt64) -> UInt32 {
        let moment = (milliseconds &- started).addingReportingOverflow(delay).partialValue
        return UInt32(clamping: (moment >> Self.tickShift) &+ 1)
    }
    private func timeToNextDeadline() -> Int32 {
        guard let next = wheel.nextTick() else { return -1 }
        let moment = UInt64(next) << Self.tickShift
        let now = MonotonicTime.milliseconds &- started
        return moment <= now ? 0 : Int32(clamping: moment - now)
    }
    private func fireDeadlines(_ delegate: (any LoopDelegate)?) {
        wheel.advance(to: UInt32(clamping: (milliseconds &- started) >> Self.tickShift), expired: &expired)
        guard !expired.isEmpty else { return }
        for node in expired {
            let index = Int(node >> 1)
            let slot = unsafe table.slots + index
            let flags = unsafe slot.pointee.flags
            // A call before this one may have closed the channel, or given it a new deadline.
            guard flags.contains(.used), wheel.deadline(Int(node)) == nil else { continue }
            if node & 1 == 1 {
                if unsafe slot.pointee.writer != 0 { unsafe resumeWriter(slot, .timedOut) }
            } else if unsafe slot.pointee.reader != 0 {
                unsafe resumeReader(slot, .timedOut)
            } else if flags.contains(.resting) {
                unsafe endRest(slot, index)
            } else if flags.contains(.parked) {
                let channel = Channel(index: UInt32(index), generation: unsafe slot.pointee.generation)
                delegate?.channelTimedOut(channel, tag: unsafe slot.pointee.tag)
            }
        }
        expired.removeAll(keepingCapacity: true)
    }

    // MARK: - Jobs

    /// For the runtime: takes a task's next piece of work.
    public func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        if isOnThread {
            jobs.append(unowned)
            return
        }
        let first = remote.withLock { queue in
            queue.append(unowned)
            return queue.count == 1
        }
        if first { wakeDescriptor.wake() }
    }
    private func takeRemoteJobs() {
        remote.withLock { queue in swap(&queue, &arrived) }
        for job in arrived { jobs.append(job) }
        arrived.removeAll(keepingCapacity: true)
    }
    private func runJobs(limit: Int) {
        var left = limit
        while left > 0, let job = jobs.removeFirst() {
            unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            left -= 1
        }
    }
    /// Whether the caller is on the loop's thread.
    public var isOnThread: Bool { owner.load(ordering: .relaxed) == UInt(pthread_self()) }
    @inline(__always) func assertOnThread() {
        assert(isOnThread || owner.load(ordering: .relaxed) == 0, "a loop is used from another thread")
    }
    private func filesChanged(_ delegate: (any LoopDelegate)?) {
        if let delegate { delegate.filesChanged() } else { drainFileChanges { _, _, _ in } }
    }

    // MARK: - Tasks

    /// Starts a task on this loop. From any thread.
    public func spawn(_ body: sending @escaping () async -> Void) {
        Task(executorPreference: self, operation: body)
    }
    /// Starts a task on this loop from the loop's own thread. The task stays on the thread, so it may use what belongs to
    /// the loop without that being `Sendable`.
    public func spawnLocal(_ body: @escaping () async -> Void) {
        assertOnThread()
        let confined = Confined(body: body)
        Task(executorPreference: self) { await confined.body() }
    }
    /// What only ever runs on the thread it was made on.
    private struct Confined: @unchecked Sendable {
        let body: () async -> Void
    }
    /// Waits. Deadlines are kept to 32 ms; returns early when the loop stops.
    public func sleep(milliseconds delay: UInt64) async {
        assertOnThread()
        let channel = insert(-1, tag: 0, flags: [])
        _ = await wait(channel, .read, timeout: delay)
        release(channel)
    }
    /// Runs `work`, which may block, on a thread of the pool, and comes back to the loop with its result.
    public func blocking<T: Sendable>(_ work: @escaping @Sendable () -> T) async -> T {
        await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<T, Never>) in
            pool.submit { unsafe continuation.resume(returning: work()) }
        }
    }
}
