import Bytes
import FPM
import Kernel
import Testing

@Suite struct PoolScoreboardTests {
    @Test func placesAreTakenInOrderAndGivenBack() throws {
        let board = try PoolScoreboard(pool: "www", processManager: .dynamic, places: 3)
        #expect([board.claim(), board.claim(), board.claim(), board.claim()] == [0, 1, 2, nil])
        board.free(1)
        #expect(board.claim() == 1)
        #expect(board.claim() == nil)
        #expect(board.counts() == (0, 3))
        board.accepting(0)
        board.accepting(2)
        #expect(board.counts() == (2, 1))
        #expect(board.oldestIdle() == 0)
        board.readingHeaders(0)
        #expect(board.oldestIdle() == 2)
        #expect(board.stage(of: 1) == nil)
    }

    @Test func anotherMappingShowsTheSame() throws {
        let board = try PoolScoreboard(pool: "unpriv", processManager: .ondemand, places: 2)
        let other = try PoolScoreboard(descriptor: Descriptor.duplicate(of: board.descriptor))
        #expect(other.places == 2)
        let place = try #require(board.claim())
        other.enter(place, pid: 77)
        other.accepting(place)
        other.readingHeaders(place)
        var facts = PoolScoreboard.RequestLine()
        facts.uri = "/status"
        facts.query = ByteString(repeatElement(65, count: 600))
        facts.method = "GET"
        facts.script = "/srv/x.php"
        facts.user = ByteString(repeatElement(66, count: 32))
        facts.contentLength = 12
        other.info(place, facts)
        other.executing(place)
        let status = board.snapshot()
        #expect(status.pool == "unpriv")
        #expect(status.processManager == .ondemand)
        #expect(status.acceptedConnections == 1)
        #expect((status.idleProcesses, status.activeProcesses, status.maxActiveProcesses) == (0, 1, 1))
        let one = try #require(status.processes.first)
        #expect((one.pid, one.state, one.requests, one.contentLength) == (77, .executing, 1, 12))
        #expect(one.requestURI == "/status")
        #expect(one.queryString.count == 511)
        #expect(one.user.count == 31)
        #expect(one.script == "/srv/x.php")
        #expect(board.running(place, trackFinished: false) != nil)
        #expect(board.markSlow(place))
        #expect(!board.markSlow(place))
        other.ended(place, user: 1, system: 0, memory: 4096)
        #expect(board.running(place, trackFinished: false) == nil)
        #expect(board.running(place, trackFinished: true) != nil)
        #expect(board.process(place).lastRequestMemory == 0)
        other.accepting(place)
        #expect(board.process(place).lastRequestMemory == 4096)
        other.readingHeaders(place)
        #expect(board.process(place).requestURI == "")
        board.free(place)
        #expect(board.snapshot().maxActiveProcesses == 1)
        #expect(board.snapshot().processes.isEmpty)
    }

    @Test func mostActiveAtOnceIsKept() throws {
        let board = try PoolScoreboard(pool: "p", processManager: .static, places: 12_800)
        let places = (0..<12_800).compactMap { _ in board.claim() }
        #expect(places.count == 12_800)
        for place in places { board.accepting(place) }
        for place in places.prefix(5) { board.readingHeaders(place) }
        board.free(4)
        for place in places.prefix(4) { board.accepting(place) }
        board.readingHeaders(9)
        #expect(board.snapshot(processes: false).maxActiveProcesses == 5)
        #expect(board.snapshot().processes.count == 12_799)
    }

    @Test func figuresOfTheSupervisor() throws {
        let board = try PoolScoreboard(pool: "p", processManager: .static, places: 1)
        board.setQueue(waiting: 7, length: 511)
        board.setQueue(waiting: 2, length: 511)
        board.addMaxChildrenReached()
        board.addSlowRequest()
        board.addQueueTimeout()
        board.addQueueTimeout()
        let status = board.snapshot()
        #expect((status.listenQueue, status.maxListenQueue, status.listenQueueLength) == (2, 7, 511))
        #expect((status.maxChildrenReached, status.slowRequests, status.queueTimeouts) == (1, 1, 2))
    }

    @Test func otherFilesAreNoScoreboard() throws {
        let memory = try SharedMemory(named: "other", size: 4096)
        #expect(throws: Errno.self) { try PoolScoreboard(descriptor: Descriptor.duplicate(of: memory.descriptor)) }
        #expect(throws: Errno.self) { try File.setSize(memory.descriptor, 8) }
    }
}
