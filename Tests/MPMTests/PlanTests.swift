import Bytes
import Kernel
import ServerCore
import Testing

@testable import MPM

/// Settings and what apache2 makes of them.
struct PlanCase: Sendable {
    var start: Int? = 2
    var workers: Int?
    var threads = 25
    var limit: Int?
    var spare: Int?
    var expected = 400
    var warnings: [String] = []
}

@Test(arguments: [
    PlanCase(),
    PlanCase(start: nil),
    PlanCase(workers: 10, expected: 25, warnings: ["AH00511"]),
    PlanCase(workers: 110, expected: 100, warnings: ["AH00513"]),
    PlanCase(workers: 1000, expected: 400, warnings: ["AH00515"]),
    PlanCase(threads: 100, expected: 384, warnings: ["AH00507", "AH00513"]),
    PlanCase(limit: 0, expected: 25, warnings: ["AH00499", "AH00515"]),
    PlanCase(start: 0, spare: 0, warnings: ["AH00517", "AH00519"]),
    PlanCase(threads: 0, expected: 16, warnings: ["AH00509", "AH00515"]),
])
func planFollowsEvent(_ one: PlanCase) {
    var settings = ProcessSettings()
    settings.startServers = one.start
    settings.maxRequestWorkers = one.workers
    settings.threadsPerChild = one.threads
    settings.serverLimit = one.limit
    settings.minSpareThreads = one.spare
    let plan = ProcessPlan(settings)
    #expect(plan.maxRequestWorkers == one.expected)
    #expect(plan.warnings.map { String($0.prefix(7)) } == one.warnings)
    #expect(plan.children >= 1 && plan.loopsPerChild >= 1)
    #expect(plan.requestsPerLoop * plan.loopsPerChild * plan.children >= one.expected)
    let single = ProcessPlan(settings, isSingle: true)
    #expect(single.children == 1 && single.loopsPerChild == 1)
}

/// The plan of worker and prefork, as apache2 corrects it.
struct HoldingCase: Sendable {
    var mpm: MPMKind
    var start: Int?
    var workers: Int?
    var threads = 25
    var limit: Int?
    var spare: (Int?, Int?) = (nil, nil)
    var children = 3
    var childLimit = 16
    var loops = 25
    var spares = 75...250
    var warnings: [String] = []
}

@Test(arguments: [
    HoldingCase(mpm: .worker),
    HoldingCase(mpm: .worker, start: 20, workers: 100, children: 4, childLimit: 4),
    HoldingCase(mpm: .worker, workers: 10, children: 1, childLimit: 1, warnings: ["AH00314"]),
    HoldingCase(mpm: .worker, threads: 100, childLimit: 6, loops: 64, warnings: ["AH00310", "AH00316"]),
    HoldingCase(mpm: .worker, start: 0, spare: (0, 0), children: 1, spares: 1...26, warnings: ["AH00320", "AH00322"]),
    HoldingCase(mpm: .prefork, children: 5, childLimit: 256, loops: 1, spares: 5...10),
    HoldingCase(
        mpm: .prefork, workers: 300, children: 5, childLimit: 256, loops: 1, spares: 5...10, warnings: ["AH00180"]),
    HoldingCase(
        mpm: .prefork, start: 9, workers: 0, limit: 0, spare: (0, 1), children: 1, childLimit: 1, loops: 1,
        spares: 1...2, warnings: ["AH00177", "AH00182", "AH00186"]),
])
func planOfHeldConnections(_ one: HoldingCase) {
    var settings = ProcessSettings()
    settings.startServers = one.start
    settings.maxRequestWorkers = one.workers
    settings.threadsPerChild = one.threads
    settings.serverLimit = one.limit
    (settings.minSpareThreads, settings.maxSpareThreads) = one.spare
    (settings.minSpareServers, settings.maxSpareServers) = one.spare
    let plan = ProcessPlan(settings, mpm: one.mpm)
    #expect(plan.children == one.children && plan.childLimit == one.childLimit)
    #expect(plan.loopsPerChild == one.loops && plan.connectionsPerLoop == 1)
    #expect(plan.spares == one.spares)
    #expect(plan.warnings.map { String($0.prefix(7)) } == one.warnings)
}

@Test func restartsKeepLimits() {
    var settings = ProcessSettings()
    let first = ProcessPlan(settings, mpm: .worker)
    settings.serverLimit = 20
    settings.threadLimit = 30
    let next = ProcessPlan(settings, mpm: .worker, isRestart: true, first: first)
    #expect(next.serverLimit == 16 && next.threadLimit == 64)
    #expect(
        next.warnings == [
            "AH00304: changing ServerLimit to 20 from original value of 16 not allowed during restart",
            "AH00309: changing ThreadLimit to 30 from original value of 64 not allowed during restart",
        ])
}

@Suite struct ScoreboardTests {
    @Test(arguments: ["", "GET / HTTP/1.1", String(repeating: "x", count: 63), String(repeating: "y", count: 200)])
    func textsAreCutAndCleared(text: String) throws {
        let board = try Scoreboard(children: 2, workersPerChild: 3)
        let base = board.workerBase(1, 2) + Scoreboard.Place.request
        board.store(Array(repeating: 0x7A, count: 64), at: base, words: 8)
        board.store(Array(text.utf8), at: base, words: 8)
        #expect(board.text(at: base, words: 8).string == String(text.prefix(64)))
    }
    @Test func sumsOutliveChildren() throws {
        let board = try Scoreboard(children: 2, workersPerChild: 3)
        let plan = ProcessPlan(ProcessSettings(), isSingle: true)
        #expect(board.freeSlot() == 0)
        board.prepare(0, generation: 4)
        #expect(board.freeSlot() == 1)
        board.child(0, Scoreboard.Field.pid).store(77)
        board.child(0, Scoreboard.Field.accesses).store(5)
        board.child(0, Scoreboard.Field.bytes).store(500)
        var snapshot = board.snapshot(plan)
        #expect(snapshot.accesses == 5 && snapshot.children.map(\.pid) == [77])
        #expect(snapshot.children[0].generation == 4 && snapshot.children[0].workers.count == 3)
        board.release(0)
        snapshot = board.snapshot(plan)
        #expect(snapshot.accesses == 5 && snapshot.bytes == 500 && snapshot.children.isEmpty)
        #expect(board.freeSlot() == 0)
    }
    /// Workers of a child that ends show as Apache's threads: gone, or gracefully finishing.
    @Test(arguments: [
        (WorkerState.ready, WorkerState.dead), (.reading, .graceful), (.writing, .writing), (.logging, .logging),
    ])
    func statesOfAnEndingChild(_ row: (state: WorkerState, shown: WorkerState)) throws {
        let board = try Scoreboard(children: 1, workersPerChild: 1)
        let plan = ProcessPlan(ProcessSettings(), isSingle: true)
        board.prepare(0, generation: 0)
        board.word(board.workerBase(0, 0) + Scoreboard.Place.state).store(UInt64(row.state.rawValue))
        #expect(board.snapshot(plan).children[0].workers[0].state == row.state)
        board.child(0, Scoreboard.Field.state).store(Scoreboard.ChildState.quiescing)
        #expect(board.snapshot(plan).children[0].workers[0].state == row.shown)
    }
    @Test func connectionsThatAreClosingCount() throws {
        let board = try Scoreboard(children: 1, workersPerChild: 1)
        let plan = ProcessPlan(ProcessSettings(), isSingle: true)
        board.prepare(0, generation: 0)
        board.child(0, Scoreboard.Field.connections).store(2)
        board.child(0, Scoreboard.Field.closing).store(3)
        let child = board.snapshot(plan).children[0]
        #expect(child.connections == 5 && child.closing == 3 && !child.isNotAccepting)
        board.child(0, Scoreboard.Field.notAccepting).store(UInt64(plan.loopsPerChild))
        #expect(board.snapshot(plan).children[0].isNotAccepting)
    }
    @Test(
        arguments: [
            ([:], "http", 30), ([:], "https", 30), ([:], "ftp", nil), (["http": "none"], "http", nil),
            (["ftp": "httpready"], "ftp", 30),
        ] as [([String: String], String, Int32?)])
    func acceptFilters(_ row: (filters: [String: String], scheme: String, seconds: Int32?)) {
        var settings = ProcessSettings()
        for (scheme, filter) in row.filters { settings.acceptFilters[ByteString(scheme)] = ByteString(filter) }
        #expect(settings.deferAcceptSeconds(ByteString(row.scheme)) == row.seconds)
    }
    @Test func crashReportsNameTheLatestRequestFirst() throws {
        let board = try Scoreboard(children: 1, workersPerChild: 3)
        for (worker, line) in ["GET /old HTTP/1.1", "GET /new HTTP/1.1"].enumerated() {
            let base = board.workerBase(0, worker)
            board.store(Array(line.utf8), at: base + Scoreboard.Place.request, words: 8)
            board.word(base + Scoreboard.Place.started).store(UInt64(1000 + worker))
            board.word(base + Scoreboard.Place.state).store(UInt64(WorkerState.writing.rawValue))
        }
        #expect(board.working(0).map(\.request.string) == ["GET /new HTTP/1.1", "GET /old HTTP/1.1"])
    }
}
