// PHP: sapi/fpm/fpm/fpm_scoreboard.c, fpm_scoreboard.h
import Bytes
import Kernel
import Synchronization

/// What a pool's workers do, in memory that the supervisor and the pool's workers share.
///
/// A record for the pool and one for each place a worker can have, all made of 64-bit words. The memory has a descriptor, so
/// it outlives an exec of the supervisor: ``init(descriptor:)``. No locks: each word has one writer or is changed atomically,
/// and the texts of a request stand under a count that a reader compares before and after. A worker can write anything here:
/// the supervisor must not take process ids from it to send signals to.
@safe
public final class PoolScoreboard {
    private let memory: SharedMemory
    /// How many workers there can be (`pm.max_children`).
    public let places: Int

    /// Word numbers within the pool's record.
    enum Field {
        static let magic = 0
        static let places = 1
        static let processManager = 2
        static let startTime = 3
        static let accepted = 4
        static let active = 5
        static let maxActive = 6
        static let maxChildrenReached = 7
        static let queue = 8
        static let maxQueue = 9
        static let queueLength = 10
        static let slowRequests = 11
        static let queueTimeouts = 12
        /// The place that is probably free.
        static let nextPlace = 13
        /// One more than the highest place that was ever taken.
        static let placesUsed = 14
        static let nameLength = 15
        /// 64 bytes.
        static let name = 16
        /// Connections that workers took from the queue, and microseconds they had waited in it.
        static let queued = 24
        static let queueWait = 25
        static let size = 32
    }
    /// Word numbers within a worker's record.
    enum Place {
        static let used = 0
        static let pid = 1
        static let stage = 2
        static let startTime = 3
        static let requests = 4
        /// Monotonic microseconds, as all times but `startTime` and `acceptedTime`.
        static let accepted = 5
        static let acceptedTime = 6
        static let lastActivity = 7
        static let duration = 8
        static let contentLength = 9
        static let cpuUser = 10
        static let cpuSystem = 11
        static let cpuDuration = 12
        static let memory = 13
        /// The supervisor's: when the request began whose slowness is known.
        static let slowMark = 14
        /// Odd while the texts change.
        static let version = 15
        static let claimed = 16
        static let size = 24
    }
    /// Bytes kept of each fact of a request, a final zero among them.
    enum Text: Int, CaseIterable {
        case uri, query, method, script, user
        var capacity: Int {
            switch self {
            case .uri: 128
            case .query: 512
            case .method: 16
            case .script: 256
            case .user: 32
            }
        }
        /// Bytes after the worker's words.
        var offset: Int {
            switch self {
            case .uri: 0
            case .query: 128
            case .method: 640
            case .script: 656
            case .user: 912
            }
        }
        static let total = 944
    }
    private static let magic: UInt64 = 0x4D52_544E_4650_4D02
    private static let placeSize = Place.size * 8 + Text.total

    /// Supervisor: memory for a new pool. `places` is at least 1.
    public init(pool: ByteString, processManager: ProcessManagement, places: Int) throws(Errno) {
        guard places > 0, places <= 1 << 24 else { throw .invalid }
        self.places = places
        memory = try SharedMemory(named: "fpm-scoreboard", size: Field.size * 8 + places * Self.placeSize)
        header(Field.places).store(UInt64(places))
        header(Field.processManager).store(UInt64(ProcessManagement.allCases.firstIndex(of: processManager) ?? 0))
        header(Field.startTime).store(UInt64(bitPattern: RealTime.now / 1_000_000))
        let name = pool.upTo(64)
        header(Field.nameLength).store(UInt64(name.count))
        unsafe name.bytes.withUnsafeBytes { source in
            let target = unsafe UnsafeMutableRawBufferPointer(start: memory.base() + Field.name * 8, count: 64)
            unsafe target.copyMemory(from: source)
        }
        header(Field.magic).store(Self.magic)
    }
    /// A scoreboard that another process made, by its descriptor, which is taken over. Fails with `invalid` when it is none.
    public init(descriptor: Int32) throws(Errno) {
        let memory = try SharedMemory(descriptor: descriptor)
        guard memory.size >= Field.size * 8, memory.word(Field.magic).load() == Self.magic,
            let places = Int(exactly: memory.word(Field.places).load()), places > 0, places <= 1 << 24,
            memory.size == Field.size * 8 + places * Self.placeSize
        else { throw .invalid }
        self.memory = memory
        self.places = places
    }
    /// To be handed over an exec (`Descriptor.inherit`) or to another process. Closed on exec, and with this value.
    public var descriptor: Int32 { memory.descriptor }

    @inline(__always) private func header(_ field: Int) -> SharedWord { memory.word(field) }
    @inline(__always) private func word(_ place: Int, _ field: Int) -> SharedWord {
        precondition(place >= 0 && place < places, "a place of the scoreboard")
        return memory.word(Field.size + place * (Self.placeSize / 8) + field)
    }
    @unsafe private func text(_ place: Int, _ text: Text) -> UnsafeMutableRawPointer {
        precondition(place >= 0 && place < places, "a place of the scoreboard")
        return unsafe memory.base() + Field.size * 8 + place * Self.placeSize + Place.size * 8 + text.offset
    }

    // MARK: Supervisor

    /// Takes a place for a worker that is about to be made, in the order PHP's FPM takes them; nil when all are taken.
    public func claim() -> Int? {
        var place = Int(truncatingIfNeeded: header(Field.nextPlace).load())
        if place < 0 || place >= places || isUsed(place) {
            guard let free = (0..<places).first(where: { !isUsed($0) }) else { return nil }
            place = free
        }
        clear(place)
        word(place, Place.claimed).store(MonotonicTime.microseconds)
        word(place, Place.used).storeReleasing(1)
        header(Field.nextPlace).store(UInt64(place + 1 < places ? place + 1 : 0))
        if UInt64(place) >= header(Field.placesUsed).load() { header(Field.placesUsed).store(UInt64(place + 1)) }
        return place
    }
    /// Gives the place of a worker back that has gone, or could not be made.
    public func free(_ place: Int) {
        guard place >= 0, place < places else { return }
        if isAtWork(place) { leaveActive() }
        clear(place)
        header(Field.nextPlace).store(UInt64(place))
    }
    private func clear(_ place: Int) {
        for field in 0..<Place.size { word(place, field).store(0) }
        clearTexts(place)
    }
    private func clearTexts(_ place: Int) {
        unsafe text(place, .uri).storeBytes(of: 0, as: UInt8.self)
        unsafe text(place, .query).storeBytes(of: 0, as: UInt8.self)
        unsafe text(place, .method).storeBytes(of: 0, as: UInt8.self)
        unsafe text(place, .script).storeBytes(of: 0, as: UInt8.self)
        unsafe text(place, .user).storeBytes(of: 0, as: UInt8.self)
    }
    private func isUsed(_ place: Int) -> Bool { word(place, Place.used).load() != 0 }
    private func isAtWork(_ place: Int) -> Bool {
        isUsed(place) && word(place, Place.stage).load() > RequestStage.accepting.rawValue
    }

    /// What the worker does; nil while it starts.
    public func stage(of place: Int) -> RequestStage? { RequestStage(rawValue: word(place, Place.stage).load()) }
    /// Waits for a connection.
    public func isIdle(_ place: Int) -> Bool { stage(of: place) == .accepting }
    /// When the worker's stage last changed, in microseconds of `MonotonicTime`.
    public func lastActivity(of place: Int) -> UInt64 { word(place, Place.lastActivity).load() }

    /// Idle workers and all others, those that start among them, as the process manager counts them.
    public func counts() -> (idle: Int, active: Int) {
        var result = (idle: 0, active: 0)
        for place in 0..<highest where isUsed(place) {
            if isIdle(place) { result.idle += 1 } else { result.active += 1 }
        }
        return result
    }
    /// The idle worker that was made first.
    public func oldestIdle() -> Int? {
        (0..<highest).filter { isUsed($0) && isIdle($0) }
            .min { word($0, Place.claimed).load() < word($1, Place.claimed).load() }
    }
    private var highest: Int { min(places, Int(truncatingIfNeeded: header(Field.placesUsed).load() & 0xFFFF_FFFF)) }

    /// Connections that wait, and how many can (0: keep the number); the highest is kept.
    public func setQueue(waiting: Int, length: Int) {
        header(Field.queue).store(UInt64(max(0, waiting)))
        header(Field.queueLength).store(UInt64(max(0, length)))
        if UInt64(max(0, waiting)) > header(Field.maxQueue).load() {
            header(Field.maxQueue).store(UInt64(max(0, waiting)))
        }
    }
    public func addMaxChildrenReached() { header(Field.maxChildrenReached).add(1) }
    public func addSlowRequest() { header(Field.slowRequests).add(1) }
    public func addQueueTimeout() { header(Field.queueTimeouts).add(1) }

    /// The request of a worker that is between its acceptance and its end (`trackFinished`: or its shutdown), for
    /// `request_terminate_timeout` and `request_slowlog_timeout`.
    public func running(_ place: Int, trackFinished: Bool) -> (microseconds: UInt64, stage: RequestStage)? {
        guard let stage = stage(of: place), stage != .accepting,
            trackFinished || stage.rawValue < RequestStage.end.rawValue
        else { return nil }
        let accepted = word(place, Place.accepted).load()
        let now = MonotonicTime.microseconds
        return (now > accepted ? now - accepted : 0, stage)
    }
    /// True once for each request: the first time that it is found slow.
    public func markSlow(_ place: Int) -> Bool {
        let accepted = word(place, Place.accepted).load()
        guard word(place, Place.slowMark).load() != accepted else { return false }
        word(place, Place.slowMark).store(accepted)
        return true
    }

    // MARK: Worker

    /// The worker took a connection that had waited so many microseconds.
    public func addQueued(waited: UInt64) {
        header(Field.queued).add(1)
        header(Field.queueWait).add(waited)
    }
    /// The worker has been made; `start` is now.
    public func enter(_ place: Int, pid: Int32) {
        word(place, Place.pid).store(UInt64(UInt32(bitPattern: pid)))
        word(place, Place.startTime).store(UInt64(bitPattern: RealTime.now / 1_000_000))
        word(place, Place.used).store(1)
    }
    /// Idle from now on.
    public func accepting(_ place: Int) {
        if isAtWork(place) { leaveActive() }
        enterStage(place, .accepting)
    }
    /// A request begins: its facts are forgotten.
    public func readingHeaders(_ place: Int) {
        let now = MonotonicTime.microseconds
        let version = word(place, Place.version)
        let before = version.load()
        version.store(before &+ 1)
        atomicMemoryFence(ordering: .releasing)
        clearTexts(place)
        word(place, Place.contentLength).store(0)
        version.storeReleasing(before &+ 2)
        word(place, Place.accepted).store(now)
        word(place, Place.acceptedTime).store(UInt64(bitPattern: RealTime.now / 1_000_000))
        let requests = word(place, Place.requests)
        requests.store(requests.load() &+ 1)
        if !isAtWork(place) { enterActive() }
        word(place, Place.lastActivity).store(now)
        word(place, Place.stage).storeReleasing(RequestStage.readingHeaders.rawValue)
        header(Field.accepted).add(1)
    }
    /// The request is known.
    public func info(_ place: Int, _ facts: borrowing RequestLine) {
        let version = word(place, Place.version)
        let before = version.load()
        version.store(before &+ 1)
        atomicMemoryFence(ordering: .releasing)
        set(place, .uri, facts.uri)
        set(place, .query, facts.query)
        set(place, .method, facts.method)
        set(place, .script, facts.script)
        set(place, .user, facts.user)
        word(place, Place.contentLength).store(UInt64(bitPattern: Int64(facts.contentLength)))
        version.storeReleasing(before &+ 2)
        enterStage(place, .info)
    }
    /// The user of the present request became known.
    public func setUser(_ place: Int, _ user: ByteString) {
        let version = word(place, Place.version)
        let before = version.load()
        version.store(before &+ 1)
        atomicMemoryFence(ordering: .releasing)
        set(place, .user, user)
        version.storeReleasing(before &+ 2)
    }
    private func set(_ place: Int, _ kind: Text, _ value: ByteString) {
        let start = unsafe text(place, kind)
        let count = min(value.count, kind.capacity - 1)
        unsafe value.bytes.withUnsafeBytes { source in
            if count > 0, let from = source.baseAddress { unsafe start.copyMemory(from: from, byteCount: count) }
        }
        unsafe start.storeBytes(of: 0, toByteOffset: count, as: UInt8.self)
    }
    /// What the scoreboard keeps of a request.
    public struct RequestLine {
        public var uri: ByteString = ""
        public var query: ByteString = ""
        public var method: ByteString = ""
        public var script: ByteString = ""
        public var user: ByteString = ""
        public var contentLength = 0
        public init() {}
    }
    public func executing(_ place: Int) { enterStage(place, .executing) }
    public func finished(_ place: Int) { enterStage(place, .finished) }
    /// The script has ended. `user` and `system` are the ticks it took since the request's acceptance, `memory` its peak in
    /// bytes. Returns its duration in microseconds.
    @discardableResult
    public func ended(_ place: Int, user: Int64, system: Int64, memory: Int) -> Int {
        let now = enterStage(place, .finished)
        let duration = now &- word(place, Place.accepted).load()
        word(place, Place.duration).store(duration)
        word(place, Place.cpuDuration).store(duration)
        word(place, Place.cpuUser).store(UInt64(bitPattern: user))
        word(place, Place.cpuSystem).store(UInt64(bitPattern: system))
        word(place, Place.memory).store(UInt64(max(0, memory)))
        return Int(clamping: duration)
    }
    @discardableResult private func enterStage(_ place: Int, _ stage: RequestStage) -> UInt64 {
        let now = MonotonicTime.microseconds
        word(place, Place.lastActivity).store(now)
        word(place, Place.stage).storeReleasing(stage.rawValue)
        return now
    }
    private func enterActive() {
        let active = header(Field.active).add(1)
        let most = header(Field.maxActive)
        while true {
            let known = most.load()
            guard active > known, active < 1 << 32, !most.compareExchange(expected: known, desired: active) else {
                return
            }
        }
    }
    /// Never below zero: a worker that was killed between two words may have been counted twice.
    private func leaveActive() {
        let active = header(Field.active)
        while true {
            let known = active.load()
            guard known > 0, !active.compareExchange(expected: known, desired: known - 1) else { return }
        }
    }
    /// When the present request of the worker was accepted: microseconds of `MonotonicTime`, seconds since the epoch.
    public func accepted(_ place: Int) -> (monotonic: UInt64, time: Int64) {
        (word(place, Place.accepted).load(), Int64(bitPattern: word(place, Place.acceptedTime).load()))
    }

    // MARK: Reading

    /// The pool's figures now; with those of each worker when `processes`.
    public func snapshot(processes: Bool = true) -> PoolStatus {
        func number(_ field: Int) -> Int { Int(clamping: header(field).load()) }
        var status = PoolStatus()
        status.pool = name
        status.processManager = processManager
        status.startTime = Int64(clamping: header(Field.startTime).load())
        status.acceptedConnections = number(Field.accepted)
        status.listenQueue = number(Field.queue)
        status.maxListenQueue = number(Field.maxQueue)
        status.listenQueueLength = number(Field.queueLength)
        status.maxActiveProcesses = number(Field.maxActive)
        status.maxChildrenReached = number(Field.maxChildrenReached)
        status.slowRequests = number(Field.slowRequests)
        status.queueTimeouts = number(Field.queueTimeouts)
        status.queuedConnections = number(Field.queued)
        status.queueWait = number(Field.queueWait)
        let now = MonotonicTime.microseconds
        for place in 0..<highest where isUsed(place) {
            guard let stage = stage(of: place) else { continue }
            if stage == .accepting { status.idleProcesses += 1 } else { status.activeProcesses += 1 }
            if processes { status.processes.append(process(place, now: now)) }
        }
        return status
    }
    public var name: ByteString {
        let count = min(64, Int(truncatingIfNeeded: header(Field.nameLength).load() & 0xFF))
        return unsafe ByteString(UnsafeRawBufferPointer(start: memory.base() + Field.name * 8, count: count))
    }
    public var processManager: ProcessManagement {
        let index = Int(clamping: header(Field.processManager).load())
        return ProcessManagement.allCases.indices.contains(index) ? ProcessManagement.allCases[index] : .static
    }
    /// One worker's figures.
    public func process(_ place: Int) -> ProcessStatus { process(place, now: MonotonicTime.microseconds) }

    private func process(_ place: Int, now: UInt64) -> ProcessStatus {
        func number(_ field: Int) -> Int { Int(clamping: Int64(bitPattern: word(place, field).load())) }
        var one = ProcessStatus()
        one.pid = Int32(truncatingIfNeeded: number(Place.pid))
        one.state = stage(of: place) ?? .accepting
        one.startTime = Int64(number(Place.startTime))
        one.requests = number(Place.requests)
        let isIdle = one.state == .accepting
        one.requestDuration = Int64(isIdle ? number(Place.duration) : Int(clamping: now) - number(Place.accepted))
        readTexts(place, into: &one)
        if isIdle {
            let seconds = Double(number(Place.cpuDuration)) / 1_000_000
            let ticks = Double(number(Place.cpuUser)) + Double(number(Place.cpuSystem))
            if seconds > 0 { one.lastRequestCPU = ticks / Double(ProcessTicks.perSecond) / seconds * 100 }
            one.lastRequestMemory = number(Place.memory)
        }
        return one
    }
    /// Tries a few times to find the texts of one request, not of two.
    private func readTexts(_ place: Int, into one: inout ProcessStatus) {
        for _ in 0..<4 {
            let before = word(place, Place.version).loadAcquiring()
            one.requestURI = text(of: place, .uri)
            one.queryString = text(of: place, .query)
            one.requestMethod = text(of: place, .method)
            one.script = text(of: place, .script)
            one.user = text(of: place, .user)
            one.contentLength = Int(clamping: Int64(bitPattern: word(place, Place.contentLength).load()))
            atomicMemoryFence(ordering: .acquiring)
            if before & 1 == 0, word(place, Place.version).load() == before { return }
        }
    }
    private func text(of place: Int, _ kind: Text) -> ByteString {
        let all = unsafe UnsafeRawBufferPointer(start: text(place, kind), count: kind.capacity)
        return unsafe ByteString(all.prefix { $0 != 0 })
    }
}
