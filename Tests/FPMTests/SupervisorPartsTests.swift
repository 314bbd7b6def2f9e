import Bytes
import Kernel
import Testing

@testable import FPM

@Suite struct ZygoteMessageTests {
    @Test(arguments: [
        ZygoteMessage.spawn(serial: 1, pool: 2, place: 12_799, passed: 0x7F), .order, .ready, .failed("no language"),
        .born(serial: .max, pid: 4_194_304), .unborn(serial: 7, error: 11),
    ])
    func roundTrip(_ message: ZygoteMessage) { #expect(ZygoteMessage(message.bytes) == message) }

    @Test(arguments: [[], [0], [1], [1, 0, 0, 0, 0], [4, 1, 2], [9, 9, 9]] as [[UInt8]])
    func othersAreNone(_ bytes: [UInt8]) { #expect(ZygoteMessage(bytes) == nil) }
}

@Suite struct InheritanceTests {
    @Test func roundTrip() throws {
        var left = Inheritance()
        left.zygotes = [12, 13]
        for name in ["www", "", "two words\n"] as [ByteString] {
            var config = PoolConfig(name: name)
            config.decorateWorkersOutput = false
            config.requestTerminateTimeout = 30
            config.requestTerminateTimeoutTrackFinished = true
            left.pools.append(Inheritance.Pool(config: config, scoreboard: 9, queue: (-1, 7)))
            left.pools[left.pools.count - 1].workers = [
                Inheritance.Worker(pid: 100, place: 3, started: 5_000_000_000, output: 11, error: -1)
            ]
        }
        let found = try #require(Inheritance(text: left.text, supervisor: Process.id))
        #expect(found.zygotes == [12, 13])
        #expect(found.pools.map(\.config.name) == ["www", "", "two words\n"])
        #expect(found.pools.allSatisfy { $0.workers == left.pools[0].workers && $0.queue == (-1, 7) })
        #expect(found.pools[0].config.requestTerminateTimeout == 30)
        #expect(found.pools[0].config.requestTerminateTimeoutTrackFinished)
        #expect(!found.pools[0].config.decorateWorkersOutput)
        #expect(found.descriptors == [9, 7, 11, 9, 7, 11, 9, 7, 11])
    }
    @Test(arguments: [
        "", "supervisor", "supervisor 1x", "zygote 3", "supervisor 77\nworker 5 1 1 1 1",
        "supervisor 77\npool", "supervisor 77\npool n 1 1 1 1 1 1 1\nworker 1 0 0 0 0",
        "supervisor 77\npool n 1 1 1 1 1 1 1\nworker 9 -1 0 0 0", "supervisor 77\nother",
    ])
    func othersAreNone(_ text: String) { #expect(Inheritance(text: ByteString(text), supervisor: 77) == nil) }
    @Test func anotherProcessIsNone() { #expect(Inheritance(text: "supervisor 78\n", supervisor: 77) == nil) }
}

@Suite struct QueuedConnectionTests {
    @Test func firstInFirstOut() throws {
        let ends = try PacketSocket.pair().split()
        let file = try File.open("/dev/null")
        #expect(QueuedConnection.oldest(in: ends.second) == nil)
        #expect(QueuedConnection.put(file.raw, accepted: 5, into: ends.first))
        #expect(QueuedConnection.put(file.raw, accepted: .max, into: ends.first))
        #expect(QueuedConnection.oldest(in: ends.second) == 5)
        for expected in [5, .max] as [UInt64] {
            guard case .connection(let one) = QueuedConnection.take(from: ends.second) else {
                Issue.record("no connection")
                return
            }
            #expect(one.accepted == expected)
            #expect(try FileStatus(descriptor: one.descriptor).kind == .character)
            File.close(one.descriptor)
        }
        guard case .none = QueuedConnection.take(from: ends.second) else {
            Issue.record("more than was put")
            return
        }
        File.close(ends.first)
        guard case .closed = QueuedConnection.take(from: ends.second) else {
            Issue.record("not closed")
            return
        }
        File.close(ends.second)
    }
}

@Suite struct RefusalTests {
    static func talk(_ sent: [UInt8]) throws -> (answer: [UInt8], more: Bool) {
        let ends = try Socket.pair().split()
        _ = Socket.send(ends.first, sent)
        var refusal = Refusal(ends.second, retryAfter: 2)
        let more = refusal.advance()
        var answer: [UInt8] = []
        _ = Socket.receive(ends.first, into: &answer, upTo: 4096)
        File.close(ends.first)
        File.close(ends.second)
        return (answer, more)
    }
    @Test func answersTheRequestsNumber() throws {
        let (answer, more) = try Self.talk([1, 1, 3, 4, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 4])
        #expect(more)
        #expect(answer.starts(with: [1, 6, 3, 4]))
        let text = ByteString(answer)
        #expect(text.contains("Status: 503 Service Unavailable\r\n") && text.contains("Retry-After: 2\r\n"))
        #expect(answer.suffix(16) == [1, 3, 3, 4, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    }
    @Test func otherProtocolsAreClosed() throws {
        let (answer, more) = try Self.talk(Array("GET / HTTP/1.0\r\n\r\n".utf8))
        #expect(!more && answer.isEmpty)
    }
    @Test func aPartOfTheHeadIsWaitedFor() throws {
        let (answer, more) = try Self.talk([1, 1, 0])
        #expect(more && answer.isEmpty)
    }
}

@Suite struct MetricsPageTests {
    @Test func allPoolsUnderEachName() {
        var one = PoolStatus()
        one.pool = "a\"b"
        one.queueTimeouts = 3
        var two = PoolStatus()
        two.pool = "c"
        let page = MetricsPage.text([one, two])
        #expect(page.contains("# TYPE phpfpm_queue_timeouts counter\nphpfpm_queue_timeouts{pool=\"a\\\"b\"} 3\n"))
        #expect(page.contains("phpfpm_queue_timeouts{pool=\"c\"} 0\n"))
        #expect(page.hasSuffix("# EOF\n"))
    }
}
