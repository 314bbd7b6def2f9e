// Apache: server/scoreboard.c (ap_update_child_status, ap_increment_counts)

import Bytes
import EventLoop
import Kernel
import ServerCore

/// One loop's hand on the scoreboard. Used on the loop's thread only; a request costs some relaxed stores.
final class LoopScore: WorkerScore {
    private let board: Scoreboard
    private let slot: Int
    /// Numbers of this loop's workers that have no request.
    private var free: [Int] = []
    /// Three words for each server: the beginning of its name.
    private var names: [[UInt8]] = []
    private let seesTail: Bool
    private var cpuSecond: Int64 = 0
    /// What the place shows that the next request gets, where that is a request answered at once: the same one again need not
    /// be written again.
    private var shown: (request: Request, connection: UInt64, place: Int)?
    /// More requests at work than the scoreboard has places: they are counted only.
    private static let noPlace = -2
    /// `MaxConnectionsPerChild`, and what to do when the child has taken so many.
    private let connectionLimit: UInt64
    private let limitReached: @Sendable () -> Void
    /// The place of a loop that holds one connection for its whole life: it is taken as long as there is one.
    private let heldPlace: Int?

    // The words that every request touches.
    private let connections: SharedWord
    private let accepted: SharedWord
    private let active: SharedWord
    private let accesses: SharedWord
    private let bytes: SharedWord
    private let duration: SharedWord
    private let keepAlive: SharedWord
    private let notAccepting: SharedWord
    private let closing: SharedWord
    /// This loop's part of ``closing``.
    private var closingHere = 0

    /// - Parameter workers: The numbers of the child's workers that belong to this loop.
    init(
        _ board: Scoreboard, slot: Int, workers: Range<Int>, configuration: Configuration, connectionLimit: Int,
        holds: Bool = false, limitReached: @escaping @Sendable () -> Void
    ) {
        self.board = board
        self.slot = slot
        self.connectionLimit = UInt64(max(0, connectionLimit))
        self.limitReached = limitReached
        heldPlace = holds ? workers.first : nil
        seesTail = configuration.process.seeRequestTail
        free = workers.reversed()
        names = configuration.servers.map { server in
            (server.serverName ?? configuration.hostName).upTo(24).bytes
        }
        connections = board.child(slot, Scoreboard.Field.connections)
        accepted = board.child(slot, Scoreboard.Field.accepted)
        active = board.child(slot, Scoreboard.Field.active)
        accesses = board.child(slot, Scoreboard.Field.accesses)
        bytes = board.child(slot, Scoreboard.Field.bytes)
        duration = board.child(slot, Scoreboard.Field.duration)
        keepAlive = board.child(slot, Scoreboard.Field.keepAlive)
        notAccepting = board.child(slot, Scoreboard.Field.notAccepting)
        closing = board.child(slot, Scoreboard.Field.closing)
    }

    func connectionOpened() {
        connections.add(1)
        setHeld(.reading)
        let count = accepted.add(1)
        if connectionLimit != 0, count == connectionLimit { limitReached() }
    }
    func connectionClosed() {
        connections.subtract(1)
        setHeld(.ready)
    }
    private func setHeld(_ state: WorkerState) {
        guard let heldPlace else { return }
        board.word(board.workerBase(slot, heldPlace) + Scoreboard.Place.state).store(UInt64(state.rawValue))
    }
    func connectionIdle(_ isIdle: Bool) {
        if isIdle { setHeld(.keepAlive) }
        if isIdle { keepAlive.add(1) } else { keepAlive.subtract(1) }
    }

    func accepting(_ isAccepting: Bool) {
        if isAccepting { notAccepting.subtract(1) } else { notAccepting.add(1) }
    }
    func connectionsClosing(_ count: Int) {
        // Signed in two's complement: the sum over the child's loops is what counts.
        closing.add(UInt64(bitPattern: Int64(count - closingHere)))
        closingHere = count
    }

    /// Gives the connection a place; false when there is none.
    private func take(_ connection: Connection) -> Bool {
        if connection.scorePlace == -1 {
            active.add(1)
            connection.scorePlace = free.popLast() ?? Self.noPlace
        }
        return connection.scorePlace >= 0
    }
    func requestReading(_ connection: Connection) {
        guard connection.scorePlace == -1, take(connection) else { return }
        shown = nil
        let base = board.workerBase(slot, connection.scorePlace)
        board.word(base + Scoreboard.Place.started).store(UInt64(bitPattern: connection.loop.realTime))
        storeClient(base, connection, connection.remoteAddress, version: 0)
        for word in Scoreboard.Place.virtualHost..<Scoreboard.Place.size { board.word(base + word).store(0) }
        requestState(connection, .reading)
    }
    func requestAbandoned(_ connection: Connection) {
        guard connection.scorePlace != -1 else { return }
        active.subtract(1)
        requestState(connection, .ready)
        if connection.scorePlace >= 0 { free.append(connection.scorePlace) }
        connection.scorePlace = -1
    }
    func requestState(_ connection: Connection, _ state: WorkerState) {
        guard connection.scorePlace >= 0 else { return }
        board.word(board.workerBase(slot, connection.scorePlace) + Scoreboard.Place.state).store(UInt64(state.rawValue))
    }

    func requestStarted(_ request: Request) {
        let connection = request.connection
        guard take(connection) else { return }
        shown = nil
        let base = board.workerBase(slot, connection.scorePlace)
        show(request, base)
        board.word(base + Scoreboard.Place.state).store(UInt64(WorkerState.writing.rawValue))
    }
    private func show(_ request: Request, _ base: Int) {
        let connection = request.connection
        func set(_ field: Int, _ value: UInt64) { board.word(base + field).store(value) }
        set(Scoreboard.Place.started, UInt64(bitPattern: request.requestTime))
        storeClient(
            base, connection, connection.remoteAddress,
            version: UInt64(clamping: request.protocolNumber) & 0xFFFF)
        board.store(
            names[min(request.server.number, names.count - 1)], at: base + Scoreboard.Place.virtualHost, words: 3)
        let line = request.requestLine.bytes
        if seesTail, line.count > 63 {
            board.store(Array(line.suffix(63)), at: base + Scoreboard.Place.request, words: 8)
        } else {
            board.store(line, at: base + Scoreboard.Place.request, words: 8)
        }
        if connection.keepAlives == 0 {
            set(Scoreboard.Place.connectionAccesses, 0)
            set(Scoreboard.Place.connectionBytes, 0)
        }
    }
    private func storeClient(_ base: Int, _ connection: Connection, _ address: SocketAddress, version: UInt64) {
        var halves: (UInt64, UInt64) = (0, 0)
        for index in 0..<8 { halves.0 |= UInt64(address.byte(index)) << UInt64(index * 8) }
        if address.isIPv6 {
            for index in 0..<8 { halves.1 |= UInt64(address.byte(index + 8)) << UInt64(index * 8) }
        }
        board.word(base + Scoreboard.Place.address).store(halves.0)
        board.word(base + Scoreboard.Place.address + 1).store(halves.1)
        let kind: UInt64 = address.isIPv4 ? 4 : address.isIPv6 ? 6 : 0
        board.word(base + Scoreboard.Place.kind).store(
            kind | UInt64(connection.localAddress.port) << 8 | version << 32)
    }

    func requestFinished(_ request: Request) {
        // A request that could not be read was never begun.
        if request.connection.scorePlace != -1 { active.subtract(1) }
        let sent = UInt64(clamping: request.last.bytesSent)
        let now = request.loop.realTime
        let took = UInt64(clamping: (now - request.requestTime) / 1000)
        addToChild(sent, took, now)
        let worker = request.connection.scorePlace
        request.connection.scorePlace = -1
        guard worker >= 0 else { return }
        free.append(worker)
        let base = board.workerBase(slot, worker)
        addToPlace(base, sent, took, now)
        board.word(base + Scoreboard.Place.state).store(
            UInt64((heldPlace == nil ? WorkerState.ready : .keepAlive).rawValue))
    }
    func requestAnswered(_ request: Request, bytesSent: Int64) {
        let connection = request.connection
        // A plan's request has no place of its own.
        guard heldPlace == nil, let place = free.last else {
            requestStarted(request)
            return requestFinished(request)
        }
        let base = board.workerBase(slot, place)
        let now = request.requestTime
        if let shown, shown.request === request, shown.connection == connection.id, shown.place == place {
            board.word(base + Scoreboard.Place.started).store(UInt64(bitPattern: now))
        } else {
            show(request, base)
            shown = (request, connection.id, place)
        }
        let sent = UInt64(clamping: bytesSent)
        addToChild(sent, 0, now)
        addToPlace(base, sent, 0, now)
    }
    private func addToChild(_ sent: UInt64, _ took: UInt64, _ now: Int64) {
        accesses.add(1)
        bytes.add(sent)
        if took > 0 { duration.add(took) }
        updateCPU(now)
    }
    private func addToPlace(_ base: Int, _ sent: UInt64, _ took: UInt64, _ now: Int64) {
        func add(_ field: Int, _ value: UInt64) {
            let word = board.word(base + field)
            word.store(word.load() &+ value)
        }
        add(Scoreboard.Place.childAccesses, 1)
        add(Scoreboard.Place.childBytes, sent)
        add(Scoreboard.Place.accesses, 1)
        add(Scoreboard.Place.bytes, sent)
        add(Scoreboard.Place.connectionAccesses, 1)
        add(Scoreboard.Place.connectionBytes, sent)
        add(Scoreboard.Place.duration, took)
        board.word(base + Scoreboard.Place.stopped).store(UInt64(bitPattern: now))
    }
    /// The child's processor time, once a second at most.
    private func updateCPU(_ now: Int64) {
        let second = now / 1_000_000
        guard second != cpuSecond else { return }
        cpuSecond = second
        let time = Process.cpuTime()
        board.child(slot, Scoreboard.Field.cpuUser).store(UInt64(clamping: time.user))
        board.child(slot, Scoreboard.Field.cpuSystem).store(UInt64(clamping: time.system))
    }
}
