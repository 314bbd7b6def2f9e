// Apache: server/mpm/event/event.c (worker and listener threads); here one loop does both

import Bytes
import EventLoop
import HTTP
import Kernel

/// One event loop of a child and everything that belongs to it: its connections and its caches.
/// Used on the loop's thread only.
public final class Worker: LoopDelegate, @unchecked Sendable {
    public let loop: EventLoop
    public let configuration: Configuration
    public let files: FileCache
    /// Where modules keep what they know for as long as the loop lives, by key.
    public var moduleState: [ObjectIdentifier: Any] = [:]
    var merges = MergeCache()
    var directoryWalks = DirectoryWalkCache()
    var plans = PlanCache()
    var walks = WalkCache()
    /// Requests are no longer kept alive: the child is on its way out.
    public private(set) var isStopping = false
    public let scores: (any WorkerScore)?
    let loggers: [Hooks.Notice]

    var parked: [ParkedConnection] = []
    /// Transports and sessions of connections, by the channel's index; as long as the highest index that has any.
    var transports: [(any Transport)?] = []
    var sessions: [(any ConnectionSession)?] = []
    private var listeners: [Channel] = []
    private var listenersPaused = false
    private var lastLingeringCount = 0
    public private(set) var connectionCount = 0
    private var nextConnectionID: UInt64 = 0
    /// Connections at once; further ones wait in the listen queue.
    public let connectionLimit: Int
    public private(set) var acceptedCount = 0
    /// Requests at work at once; further ones wait for one of them to end (MaxRequestWorkers).
    public var requestLimit = Int.max
    private var requestsAtWork = 0
    private var waiting: [(channel: Channel, input: [UInt8])] = []
    /// Streams that wait for their turn under `requestLimit`.
    private var waitingStreams: [() async -> Void] = []
    var endingTurn: [any TurnEndListener] = []
    var endingTurnNow: [any TurnEndListener] = []
    /// The head being read when a parked connection wakes; reused.
    var head = RequestHead()
    var output: [UInt8] = []
    /// KeepAliveTimeout of the last answer.
    var keepAliveMilliseconds: UInt64 = 5000
    /// Lines that loggers collected in this turn, by descriptor.
    public var logBuffers = LogBuffers()

    public init(
        loop: EventLoop, configuration: Configuration, connectionLimit: Int, scores: (any WorkerScore)? = nil
    ) {
        self.loop = loop
        self.configuration = configuration
        self.connectionLimit = connectionLimit
        self.scores = scores
        loggers = configuration.hooks.logTransaction.functions
        files = FileCache(loop: loop)
        files.cannotWatch = { directory in
            configuration.mainServer.log(
                .warning, "core",
                "\(directory) cannot be watched for changes (inotify): its files are looked at for every request. Raise fs.inotify.max_user_instances or fs.inotify.max_user_watches"
            )
        }
    }
    /// Begins to serve what is accepted on `descriptors` (owned by the caller, shared with other workers).
    public func listen(on descriptors: [Int32]) throws(Errno) {
        loop.delegate = self
        for descriptor in descriptors { listeners.append(try loop.adoptListener(descriptor, tag: 0)) }
    }

    // MARK: LoopDelegate

    public func listenerReady(_ channel: Channel) {
        // A bounded batch, so that one busy port does not starve the connections there are.
        for _ in 0..<16 {
            guard connectionCount < connectionLimit else { return pauseListeners() }
            guard let (descriptor, remote) = loop.accept(channel) else { return }
            acceptedCount += 1
            begin(descriptor, remote)
        }
    }
    public func channelReadable(_ channel: Channel, tag: Int) { wake(channel) }
    public func channelTimedOut(_ channel: Channel, tag: Int) {
        let state = parked[Int(channel.index)]
        if let session = session(channel) { return session.deadlinePassed() }
        if let transport = transport(channel), !transport.isEstablished {
            handshakeTimeout(channel)
        } else if state.keepAlives == 0 {
            idleTimeout(
                Connection(
                    worker: self, channel: channel, localAddress: state.local, remoteAddress: state.remote,
                    candidates: self.candidates(state.candidates), keepAlives: 0, id: state.id))
        }
        drop(channel)
    }
    public func filesChanged() { files.drainNotices() }
    public func turnEnded() {
        if !endingTurn.isEmpty { tellTurnEnd() }
        logBuffers.flush()
        files.age()
        if loop.lingeringCount != lastLingeringCount {
            lastLingeringCount = loop.lingeringCount
            scores?.connectionsClosing(lastLingeringCount)
        }
        if isStopping, connectionCount == 0 { loop.stop() }
    }

    // MARK: Connections

    private func begin(_ descriptor: Int32, _ remote: SocketAddress) {
        guard let local = try? Socket.localAddress(descriptor) else {
            File.close(descriptor)
            return
        }
        guard let channel = try? loop.adopt(descriptor, tag: 0) else {
            File.close(descriptor)
            return
        }
        let index = Int(channel.index)
        while parked.count <= index { parked.append(ParkedConnection()) }
        let candidates = candidateList(local)
        nextConnectionID += 1
        parked[index] = ParkedConnection(
            remote: remote.unmapped, local: local.unmapped, candidates: candidates, id: nextConnectionID)
        if let make = candidateTransports[Int(candidates)] {
            guard let transport = make(self, channel) else { return loop.close(channel) }
            attach(transport, to: index)
        }
        connectionCount += 1
        scores?.connectionOpened()
        let server = self.candidates(candidates).first ?? configuration.mainServer!
        loop.park(channel, deadline: firstWait(server, isSecure: parked[index].hasTransport))
    }
    /// How long a client may take to send anything, or to finish the handshake.
    func firstWait(_ server: Server, isSecure: Bool) -> UInt64 {
        let limits = configuration.readTimeout(server)
        let limit = isSecure ? limits.handshake.initial : limits.header.initial
        let timeout = server.timeoutMilliseconds
        return limit > 0 ? min(limit, timeout) : timeout
    }
    /// Gives a connection with input a task, now or as soon as there may be one more.
    func start(_ channel: Channel, _ input: [UInt8]) {
        markIdle(channel, false)
        guard requestsAtWork < requestLimit else {
            waiting.append((channel, input))
            return
        }
        requestsAtWork += 1
        loop.spawnLocal { await self.serve(channel, input) }
    }
    /// A task ended.
    func finished() {
        requestsAtWork -= 1
        if !waiting.isEmpty {
            let next = waiting.removeFirst()
            start(next.channel, next.input)
        } else if !waitingStreams.isEmpty {
            startStream(waitingStreams.removeFirst())
        }
    }
    /// A request waits for its client to take what was sent: others may have its place meanwhile.
    func pause() { finished() }
    func resume() { requestsAtWork += 1 }
    /// Gives a request of a connection that carries several at once a task, now or as soon as there may be one more.
    func startStream(_ work: @escaping () async -> Void) {
        guard requestsAtWork < requestLimit else {
            waitingStreams.append(work)
            return
        }
        requestsAtWork += 1
        loop.spawnLocal {
            await work()
            self.finished()
        }
    }
    /// Keeps the scoreboard's count of connections that wait for their next request.
    func markIdle(_ channel: Channel, _ isIdle: Bool) {
        let index = Int(channel.index)
        guard index < parked.count, parked[index].isIdle != isIdle else { return }
        parked[index].isIdle = isIdle
        scores?.connectionIdle(isIdle)
    }
    /// Closes a connection that no task holds.
    func drop(_ channel: Channel) {
        markIdle(channel, false)
        closeNow(channel)
        ended()
    }
    func ended() {
        connectionCount -= 1
        scores?.connectionClosed()
        if listenersPaused, connectionCount < connectionLimit { resumeListeners() }
        if isStopping, connectionCount == 0 { loop.stop() }
    }
    /// What a request began outlives its connection, and takes up a connection's place as long.
    public func keepPlace() { connectionCount += 1 }
    /// That is over.
    public func givePlaceBack() {
        connectionCount -= 1
        if listenersPaused, connectionCount < connectionLimit { resumeListeners() }
        if isStopping, connectionCount == 0 { loop.stop() }
    }
    /// Which servers may answer on an address: an index into `candidateLists`, so that a parked connection holds no reference.
    private var candidateLists: [[Server]] = []
    private var candidateIndex: [SocketAddress: UInt32] = [:]
    private func candidateList(_ local: SocketAddress) -> UInt32 {
        if let known = candidateIndex[local] { return known }
        let list =
            configuration.virtualHostTable.candidates(for: local.unmapped, port: local.port)
            ?? [configuration.mainServer]
        candidateLists.append(list)
        candidateOptionLists.append(requestOptions(list[0]))
        candidateTransports.append(configuration.hooks.transport?(list[0]))
        let index = UInt32(candidateLists.count - 1)
        candidateIndex[local] = index
        return index
    }
    func candidates(_ index: UInt32) -> [Server] { candidateLists[Int(index)] }
    private var candidateTransports: [TransportMaker?] = []
    /// Limits for reading heads on such connections.
    private var candidateOptionLists: [RequestOptions] = []
    func candidateOptions(_ index: UInt32) -> RequestOptions { candidateOptionLists[Int(index)] }

    private func pauseListeners() {
        guard !listenersPaused else { return }
        listenersPaused = true
        scores?.accepting(false)
        for listener in listeners { loop.pause(listener) }
    }
    private func resumeListeners() {
        guard listenersPaused, !isStopping else { return }
        listenersPaused = false
        scores?.accepting(true)
        for listener in listeners { loop.resume(listener) }
    }

    /// Stops accepting. Requests finish; a connection that waits may send one more, which is answered with
    /// `Connection: close`, or ends when its time is over. The loop stops when no connection is left.
    public func stopGracefully() {
        guard !isStopping else { return }
        isStopping = true
        // The kernel wakes one loop for a connection. If it woke this one, nobody else knows of it.
        if !listenersPaused { for listener in listeners { listenerReady(listener) } }
        for listener in listeners { loop.remove(listener) }
        listeners = []
        for session in sessions { session?.childStops() }
        if connectionCount == 0 { loop.stop() }
    }

    // MARK: The Date field, made once a second

    private var dateSecond: Int64 = 0
    private var dateText: [UInt8] = []
    func appendDate(to buffer: inout [UInt8]) { buffer.append(contentsOf: dateField) }
    /// The value of Date.
    public var dateField: [UInt8] {
        let second = loop.realTime / 1_000_000
        if second != dateSecond {
            dateText.removeAll(keepingCapacity: true)
            HTTPDate.append(Int(second), to: &dateText)
            dateSecond = second
        }
        return dateText
    }
    private var logTimeSecond: Int64 = -1
    private var logTimeText: [UInt8] = []
    /// Appends `[22/Nov/2026:21:00:00 +0100]`, local time, as access logs have it; made once a second.
    public func appendLogTime(seconds: Int64, to buffer: inout [UInt8]) {
        if seconds != logTimeSecond {
            logTimeText.removeAll(keepingCapacity: true)
            let offset = CalendarTime(seconds: seconds, local: true).offset
            LogTime.appendCommon(CivilTime(seconds: Int(seconds), offset: offset), to: &logTimeText)
            logTimeSecond = seconds
        }
        buffer.append(contentsOf: logTimeText)
    }
}

/// What of a connection outlives a request: everything an idle connection costs besides its slot in the loop.
struct ParkedConnection {
    var remote = SocketAddress.none
    var local = SocketAddress.none
    var candidates: UInt32 = 0
    var keepAlives: UInt32 = 0
    var id: UInt64 = 0
    var isIdle = false
    /// Of ``Connection``.
    var hasLogged = false
    /// ``Worker/transports`` and ``Worker/sessions`` have something for it.
    var hasTransport = false
    var hasSession = false
}

/// Where a worker reports what it does; the MPM's scoreboard.
public protocol WorkerScore: AnyObject {
    func connectionOpened()
    func connectionClosed()
    /// A connection begins or ends to wait for its next request.
    func connectionIdle(_ isIdle: Bool)
    /// Part of a request has come; the rest is waited for.
    func requestReading(_ connection: Connection)
    /// What was begun to be read became no request.
    func requestAbandoned(_ connection: Connection)
    /// A request at work does something else now.
    func requestState(_ connection: Connection, _ state: WorkerState)
    /// Whether this loop takes connections.
    func accepting(_ isAccepting: Bool)
    /// Connections that are closed on this side and wait for the other: so many.
    func connectionsClosing(_ count: Int)
    /// A request began; `request` is its line for the status page and for the report of a crash.
    func requestStarted(_ request: Request)
    func requestFinished(_ request: Request)
    /// A request that was answered the moment it came.
    func requestAnswered(_ request: Request, bytesSent: Int64)
}
