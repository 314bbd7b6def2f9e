import Bytes
import Glibc
import Kernel
import Synchronization
import Testing

@testable import EventLoop

/// Runs a loop on the test's thread until `body`, a task on it, is done.
func onLoop(
    _ loop: EventLoop? = nil, delegate: (any LoopDelegate)? = nil,
    _ body: @escaping @Sendable (EventLoop) async throws -> Void
) throws {
    let loop = try loop ?? EventLoop()
    let failure = Mutex<(any Error)?>(nil)
    loop.delegate = delegate
    loop.spawn {
        do { try await body(loop) } catch { failure.withLock { $0 = error } }
        loop.stop()
    }
    loop.run()
    if let error = failure.withLock({ $0 }) { throw error }
}

final class Counter: Sendable {
    private let number = Mutex(0)
    var value: Int { number.withLock { $0 } }
    func add() { number.withLock { $0 += 1 } }
}

final class Recorder: LoopDelegate, @unchecked Sendable {
    weak var loop: EventLoop?
    var events: [String] = []
    var turns = 0
    var onReadable: (@Sendable (Channel) -> Void)?
    func listenerReady(_ channel: Channel) {
        events.append("listener \(loop?.tag(channel) ?? -1)")
        while let found = loop?.accept(channel) { _ = try? loop?.adopt(found.descriptor, tag: 100) }
    }
    func channelReadable(_ channel: Channel, tag: Int) {
        events.append("readable \(tag)")
        onReadable?(channel)
    }
    func channelTimedOut(_ channel: Channel, tag: Int) { events.append("timeout \(tag)") }
    func filesChanged() {
        loop?.drainFileChanges { _, mask, name in
            if mask.contains(.created) { events.append("created \(name)") }
        }
    }
    func turnEnded() { turns += 1 }
}

func adoptPair(_ loop: EventLoop) throws -> (Channel, Channel) {
    let ends = try Socket.pair().split()
    return (try loop.adopt(ends.first, tag: 1), try loop.adopt(ends.second, tag: 2))
}

struct EventLoopTests {
    @Test func tasksEchoThroughSocketpairsOnOneThread() throws {
        try onLoop { loop in
            let (near, far) = try adoptPair(loop)
            loop.unpark(near)
            loop.unpark(far)
            let payload = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
            loop.spawn {
                var buffer: [UInt8] = []
                while let count = try? await loop.receive(far, into: &buffer, upTo: 4096, timeout: 2000), count > 0 {
                    #expect(loop.isOnThread)
                    try? await loop.sendAll(far, buffer, timeout: 2000)
                    buffer.removeAll(keepingCapacity: true)
                }
                loop.close(far)
            }
            loop.spawn {
                try? await loop.sendAll(near, payload, timeout: 2000)
                if let socket = loop.descriptor(near) { Socket.shutdownWrite(socket) }
            }
            var back: [UInt8] = []
            while try await loop.receive(near, into: &back, upTo: 65536, timeout: 2000) > 0 { #expect(loop.isOnThread) }
            #expect(back == payload)
            loop.close(near)
            #expect(loop.channelCount == 0)
        }
    }
    /// Head, body, where to begin: either may be empty.
    @Test(
        arguments: [
            ([1, 2], [3], 0), ([1, 2], [3], 1), ([1, 2], [3], 2), ([1, 2], [], 0), ([1, 2], [], 1), ([], [3], 0),
            ([], [], 0),
            ([1], [2, 3, 4], 3),
        ] as [([UInt8], [UInt8], Int)])
    func sendsHeadAndBody(_ head: [UInt8], _ body: [UInt8], _ offset: Int) throws {
        try onLoop { loop in
            let (near, far) = try adoptPair(loop)
            let expected = Array((head + body)[offset...])
            #expect(loop.send(near, head, body, from: offset) == .bytes(expected.count))
            try await loop.sendAll(near, head, body, from: offset, timeout: 1000)
            loop.close(near)
            var got: [UInt8] = []
            while try await loop.receive(far, into: &got, upTo: 64, timeout: 1000) > 0 {}
            #expect(got == expected + expected)
        }
    }
    @Test func tcpConnectsListensAndRefuses() throws {
        let listener = try Socket.listen(.loopback(port: 0))
        let port = try Socket.localAddress(listener.raw).port
        let number = listener.take()
        try onLoop { loop in
            let listening = try loop.adoptListener(number, tag: 5)
            let recorder = Recorder()
            recorder.loop = loop
            recorder.onReadable = { channel in
                guard case .bytes(let count) = loop.receive(channel) else { return }
                loop.withInput(count) { span in
                    var copy: [UInt8] = []
                    for index in span.indices { copy.append(span[index] &+ 1) }
                    #expect(loop.send(channel, copy) == .bytes(count))
                }
            }
            loop.delegate = recorder
            await Task.yield()
            let client = try await loop.connect(.ip(.loopback(port: port)), timeout: 1000)
            try await loop.sendAll(client, [1, 2], [3], timeout: 1000)
            let count = try await loop.receive(client, timeout: 1000)
            #expect(count == 3)
            loop.withInput(count) { #expect($0[2] == 4) }
            #expect(recorder.events.contains("listener 5") && recorder.events.contains("readable 100"))
            loop.close(listening)
            await #expect(throws: IOError.errno(.connectionRefused)) {
                _ = try await loop.connect(.ip(.loopback(port: port)), timeout: 1000)
            }
            loop.close(client)
        }
    }
    @Test func waitingEndsAtItsDeadlineNotBefore() throws {
        try onLoop { loop in
            let (near, far) = try adoptPair(loop)
            _ = loop.receive(near)
            let start = MonotonicTime.milliseconds
            await #expect(throws: IOError.timedOut) { _ = try await loop.receive(near, timeout: 100) }
            let taken = MonotonicTime.milliseconds - start
            #expect(taken >= 99 && taken < 1000)
            // The channel goes on living.
            _ = loop.send(far, [9])
            #expect(try await loop.receive(near, timeout: 1000) == 1)
        }
    }
    @Test func parkedChannelsTimeOutAndTellInput() throws {
        let recorder = Recorder()
        try onLoop(delegate: recorder) { loop in
            let (near, far) = try adoptPair(loop)
            #expect(loop.receive(near) == .wouldBlock)
            #expect(loop.receive(far) == .wouldBlock)
            loop.park(near, deadline: 60)
            await loop.sleep(milliseconds: 20)
            #expect(recorder.events == [])
            await loop.sleep(milliseconds: 200)
            #expect(recorder.events == ["timeout 1"])
            loop.setDeadline(near, milliseconds: 10_000)
            loop.setDeadline(near, milliseconds: nil)
            _ = loop.send(far, [1])
            recorder.onReadable = { _ = loop.receive($0) }
            await loop.sleep(milliseconds: 40)
            #expect(recorder.events == ["timeout 1", "readable 1"])
            loop.unpark(near)
            _ = loop.send(far, [1])
            await loop.sleep(milliseconds: 40)
            #expect(recorder.events.count == 2)
            loop.park(near, deadline: nil)
            await loop.sleep(milliseconds: 40)
            #expect(recorder.events.count == 3)
            loop.close(far)
            await loop.sleep(milliseconds: 40)
            #expect(recorder.events.count > 3 && loop.isHungUp(near))
            #expect(loop.receive(near) == .bytes(0))
            loop.close(near)
            #expect(recorder.turns > 3)
        }
    }
    @Test func inputLeftOverIsToldAgain() throws {
        let recorder = Recorder()
        try onLoop(delegate: recorder) { loop in
            let (near, far) = try adoptPair(loop)
            _ = loop.receive(near)
            _ = loop.receive(far)
            recorder.onReadable = { channel in
                var few: [UInt8] = []
                _ = loop.receive(channel, into: &few, upTo: 4)
            }
            _ = loop.send(far, [1, 2, 3, 4, 5, 6, 7, 8, 9])
            await loop.sleep(milliseconds: 64)
            #expect(recorder.events == ["readable 1", "readable 1", "readable 1"])
        }
    }
    @Test func staleChannelsAreDropped() throws {
        let recorder = Recorder()
        try onLoop(delegate: recorder) { loop in
            let (near, far) = try adoptPair(loop)
            _ = loop.receive(near)
            _ = loop.receive(far)
            loop.setDeadline(near, milliseconds: 30)
            let copies = [dup(loop.descriptor(near) ?? -1)]
            loop.close(near)
            #expect(!loop.isOpen(near))
            #expect(loop.send(near, [1]) == .failed(.brokenPipe))
            #expect(loop.receive(near) == .failed(.badDescriptor))
            // The duplicate keeps the epoll entry alive: its events carry the old generation.
            let again = try loop.adopt(try Socket.pair().split().first, tag: 7)
            #expect(again != near && again.index == near.index)
            _ = loop.send(far, [1])
            await loop.sleep(milliseconds: 100)
            #expect(!recorder.events.contains("readable 1") && !recorder.events.contains("timeout 1"))
            #expect(!recorder.events.contains("timeout 7"))
            for copy in copies { File.close(copy) }
            await #expect(throws: IOError.closed) { _ = try await loop.receive(near, timeout: 10) }
        }
    }
    @Test func closingWakesWhoeverWaits() throws {
        try onLoop { loop in
            let (near, _) = try adoptPair(loop)
            _ = loop.receive(near)
            loop.spawn {
                await loop.sleep(milliseconds: 10)
                loop.close(near)
            }
            await #expect(throws: IOError.closed) { try await loop.waitReadable(near, timeout: nil) }
        }
    }
    @Test func stoppingWakesWhoeverWaits() throws {
        let loop = try EventLoop()
        let outcome = Mutex<IOError?>(nil)
        let ends = try Socket.pair().split()
        loop.spawn {
            guard let channel = try? loop.adopt(ends.first, tag: 0) else { return }
            do throws(IOError) {
                _ = try await loop.receive(channel, timeout: nil)
            } catch {
                outcome.withLock { $0 = error }
            }
        }
        loop.spawn {
            await loop.sleep(milliseconds: 10)
            loop.stop()
        }
        loop.run()
        File.close(ends.second)
        #expect(outcome.withLock { $0 } == .stopped)
    }
    @Test func filesAreSentWholeAndShortOnesSaySo() throws {
        let path: ByteString = "/tmp/martinet-send-\(Process.id)"
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try File.writeWhole(path, content)
        let file = try File.open(path).take()
        try File.unlink(path)
        try onLoop { loop in
            let (near, far) = try adoptPair(loop)
            loop.unpark(near)
            loop.unpark(far)
            loop.spawn {
                let sent = try? await loop.sendFile(near, file, offset: 10, count: 4_000_000, timeout: 2000)
                #expect(sent == 2_999_990)
                loop.close(near)
            }
            var back: [UInt8] = []
            while try await loop.receive(far, into: &back, upTo: 65536, timeout: 2000) > 0 {}
            #expect(back[...] == content[10...])
        }
        File.close(file)
    }
    @Test func piecesAreSentInOrderFromAnyOffset() throws {
        try onLoop { loop in
            let (near, far) = try adoptPair(loop)
            loop.unpark(near)
            loop.unpark(far)
            let pieces: [[UInt8]] = [[1, 2, 3], [], [4], [5, 6]]
            for offset in 0...6 {
                #expect(loop.send(near, pieces: pieces, from: offset) == .bytes(6 - offset))
                #expect(loop.send(near, [1, 2], [3, 4, 5, 6], from: offset) == .bytes(6 - offset))
                if offset == 6 { break }
                var got: [UInt8] = []
                while got.count < 2 * (6 - offset) {
                    _ = try await loop.receive(far, into: &got, upTo: 100, timeout: 1000)
                }
                let half: [UInt8] = Array([1, 2, 3, 4, 5, 6][offset...])
                #expect(got == half + half)
            }
        }
    }
    @Test func blockingWorkRunsElsewhereAndComesBack() throws {
        let pool = BlockingPool(limit: 2, idleSeconds: 1)
        let loop = try EventLoop(pool: pool)
        try onLoop(loop) { loop in
            let done = Counter()
            for _ in 0..<20 {
                loop.spawn {
                    let elsewhere = await loop.blocking { !loop.isOnThread }
                    #expect(elsewhere && loop.isOnThread)
                    done.add()
                }
            }
            while done.value < 20 { await loop.sleep(milliseconds: 10) }
            #expect(pool.threadCount <= 2)
            while pool.threadCount > 0 { await loop.sleep(milliseconds: 100) }
        }
    }
    @Test func otherThreadsMayStartTasks() throws {
        let count = Counter()
        try onLoop { loop in
            for _ in 0..<8 {
                loop.pool.submit {
                    for _ in 0..<100 {
                        loop.spawn {
                            #expect(loop.isOnThread)
                            count.add()
                        }
                    }
                }
            }
            while count.value < 800 { await loop.sleep(milliseconds: 5) }
        }
        #expect(count.value == 800)
    }
    @Test func changedFilesAreTold() throws {
        let place: ByteString = "/tmp/martinet-watch-\(Process.id)"
        try Directory.make(place)
        let recorder = Recorder()
        try onLoop(delegate: recorder) { loop in
            recorder.loop = loop
            #expect(loop.watchDirectory(path: place) != nil)
            #expect(loop.watchDirectory(path: "\(place)/none") == nil)
            try File.writeWhole("\(place)/.htaccess", [])
            await loop.sleep(milliseconds: 20)
            #expect(recorder.events == ["created .htaccess"])
        }
        try File.unlink("\(place)/.htaccess")
        try Directory.remove(place)
    }
    @Test func anyDescriptorCanBeWaitedFor() throws {
        try onLoop { loop in
            let pipe = try Pipe().split()
            await #expect(throws: IOError.timedOut) {
                try await loop.waitReadable(descriptor: pipe.reader, timeout: 30)
            }
            _ = File.write(pipe.writer, [1])
            try await loop.waitReadable(descriptor: pipe.reader, timeout: 1000)
            try await loop.waitReadable(descriptor: pipe.reader, timeout: 1000)
            File.close(pipe.reader)
            File.close(pipe.writer)
            #expect(loop.channelCount == 0)
        }
    }

    @Test func pipesAreReadAndWritten() throws {
        let shell = try Process.spawnShell("cat", readOutput: true).take()
        try onLoop { loop in
            let input = try loop.adoptPipe(shell.input, tag: 0)
            let output = try loop.adoptPipe(shell.output, tag: 0)
            let payload = [UInt8](repeating: 3, count: 200_000)
            loop.spawn {
                try? await loop.sendAll(input, [1, 2], payload, timeout: 2000)
                loop.close(input)
            }
            var back: [UInt8] = []
            while try await loop.receive(output, into: &back, upTo: 65536, timeout: 2000) > 0 {}
            #expect(back == [1, 2] + payload)
            loop.close(output)
        }
        #expect(Process.reap(shell.pid, wait: true)?.code == 0)
    }
    @Test func pausedAndRemovedListenersTakeNothing() throws {
        let listener = try Socket.listen(.loopback(port: 0))
        let port = try Socket.localAddress(listener.raw).port
        let number = listener.raw
        let recorder = Recorder()
        try onLoop(delegate: recorder) { loop in
            recorder.loop = loop
            let listening = try loop.adoptListener(number, tag: 5)
            loop.pause(listening)
            let client = try await loop.connect(.ip(.loopback(port: port)), timeout: 1000)
            await loop.sleep(milliseconds: 40)
            #expect(recorder.events == [])
            loop.resume(listening)
            await loop.sleep(milliseconds: 40)
            #expect(recorder.events == ["listener 5"])
            #expect(loop.parkedChannels.count == 1)
            loop.remove(listening)
            let second = try await loop.connect(.ip(.loopback(port: port)), timeout: 1000)
            await loop.sleep(milliseconds: 40)
            #expect(recorder.events == ["listener 5"])
            for channel in loop.parkedChannels + [client, second] { loop.close(channel) }
        }
        let waiting = try Socket.accept(listener.raw)
        #expect(waiting != nil)
        if let waiting { File.close(waiting.descriptor) }
    }
    @Test func localTasksMayHoldWhatIsNotSendable() throws {
        final class Box { var value = 0 }
        try onLoop { loop in
            let box = Box()
            loop.spawnLocal {
                await loop.sleep(milliseconds: 1)
                box.value = loop.isOnThread ? 1 : 2
            }
            await loop.sleep(milliseconds: 64)
            #expect(box.value == 1)
        }
    }
    @Test func connectingToAFullUnixQueueWaitsAndTimesOut() throws {
        let path: ByteString = "/tmp/martinet-full-\(Process.id)"
        let listener = try Socket.listenUnix(path, backlog: 0)
        let number = listener.raw
        try onLoop { loop in
            let first = try await loop.connect(.unix(path), timeout: 100)
            await #expect(throws: IOError.timedOut) { _ = try await loop.connect(.unix(path), timeout: 50) }
            loop.spawn {
                await loop.sleep(milliseconds: 40)
                if let found = (try? Socket.accept(number)) ?? nil { File.close(found.descriptor) }
            }
            let second = try await loop.connect(.unix(path), timeout: 2000)
            loop.close(first)
            loop.close(second)
        }
        try File.unlink(path)
    }

    @Test func lingeringCloseDeliversTheAnswerDespiteUnreadInput() throws {
        let listener = try Socket.listen(.loopback(port: 0))
        let port = try Socket.localAddress(listener.raw).port
        let number = listener.raw
        try onLoop { loop in
            let client = try await loop.connect(.ip(.loopback(port: port)), timeout: 1000)
            try await loop.waitReadable(descriptor: number, timeout: 1000)
            let taken = try #require(try Socket.accept(number))
            let server = try loop.adopt(taken.descriptor, tag: 0)
            try await loop.sendAll(client, [UInt8](repeating: 1, count: 10_000), timeout: 1000)
            try await loop.sendAll(server, [UInt8](repeating: 2, count: 1000), timeout: 1000)
            loop.lingeringClose(server)
            var answer: [UInt8] = []
            while try await loop.receive(client, into: &answer, upTo: 4096, timeout: 1000) > 0 {}
            #expect(answer == [UInt8](repeating: 2, count: 1000))
            #expect(loop.isOpen(server))
            loop.close(client)
            await loop.sleep(milliseconds: 40)
            #expect(!loop.isOpen(server) && loop.channelCount == 0)
        }
    }
    /// A thread takes the name of the one that made it, so a thread that the loop caused would be counted.
    @Test func servingMakesNoThreadBesidesThePools() throws {
        let name: ByteString = "loop-\(Process.id)"
        Process.setName(name)
        defer { Process.setName("tests") }
        try onLoop { loop in
            for _ in 0..<10 {
                loop.spawn {
                    guard let (near, far) = try? adoptPair(loop) else { return }
                    loop.unpark(near)
                    _ = loop.send(far, [1])
                    _ = try? await loop.receive(near, timeout: 100)
                    await Task.yield()
                    _ = await loop.blocking { 1 }
                    loop.close(near)
                    loop.close(far)
                }
            }
            await loop.sleep(milliseconds: 64)
            #expect(loop.channelCount == 0)
            var named = 0
            for thread in try Directory.entries("/proc/self/task") {
                let comm = try? File.readWhole("/proc/self/task/\(thread.name)/comm", limit: 64)
                if comm == name.bytes + [10] { named += 1 }
            }
            #expect(named == 1)
            #expect(loop.pool.threadCount <= 4)
        }
    }
}
