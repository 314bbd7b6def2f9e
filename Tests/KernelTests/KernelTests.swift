import Bytes
import Glibc
import Testing

@testable import Kernel

struct KernelTests {
    private func temporary() throws -> ByteString {
        let name: ByteString = "/tmp/martinet-test-\(Process.id)-\(MonotonicTime.microseconds)"
        try Directory.make(name)
        return name
    }
    @Test func errorsHaveTheSystemsText() {
        #expect(Errno.accessDenied.description == "Permission denied")
        #expect(Errno.notFound.text == "No such file or directory")
    }
    @Test func filesAreWrittenReadListedAndRemoved() throws {
        let place = try temporary()
        let path: ByteString = "\(place)/a"
        let large = [UInt8](repeating: 7, count: 200_000)
        try File.writeWhole(path, large)
        #expect(try File.readWhole(path, limit: 200_000) == large)
        #expect(throws: Errno.fileTooBig) { try File.readWhole(path, limit: 199_999) }
        let status = try FileStatus(path)
        #expect(status.isRegular && status.size == 200_000 && status.mode == 0o644)
        try File.link("a", at: "\(place)/b")
        #expect(try FileStatus(link: "\(place)/b").isSymlink)
        #expect(try File.readLink("\(place)/b") == "a")
        #expect(try File.realPath("\(place)/../\(place.from(5))/b") == path)
        #expect(try Directory.entries(place).map(\.name).sorted() == ["a", "b"])
        let log = try File.openAppend("\(place)/log")
        try File.writeAll(log.raw, Array("one\n".utf8))
        try File.writeAll(log.raw, Array("two\n".utf8))
        #expect(try File.readWhole("\(place)/log", limit: 100) == Array("one\ntwo\n".utf8))
        var part: [UInt8] = [1]
        let file = try File.open(path)
        #expect(File.read(file.raw, into: &part, count: 10, offset: 199_995) == .bytes(5))
        #expect(part == [1, 7, 7, 7, 7, 7])
        for name in ["a", "b", "log"] as [ByteString] { try File.unlink("\(place)/\(name)") }
        try Directory.remove(place)
        #expect(throws: Errno.notFound) { try FileStatus(place) }
    }
    @Test func aNulInAPathIsRefused() {
        #expect(throws: Errno.invalid) { try FileStatus("/etc/passwd\0.html") }
        #expect(throws: Errno.invalid) { _ = try File.open("/etc/passwd\0") }
    }
    @Test func limitedWalkRefusesLinks() throws {
        let place = try temporary()
        try File.writeWhole("\(place)/a", [1])
        try File.link("a", at: "\(place)/b")
        #expect(throws: Errno.loop) { _ = try File.open("\(place)/b", resolve: .noSymlinks) }
        let plain = try File.open("\(place)/a", resolve: .noSymlinks)
        #expect(plain.raw >= 0)
        try File.unlink("\(place)/a")
        try File.unlink("\(place)/b")
        try Directory.remove(place)
    }
    @Test func limitsHoldForTheProgramOnly() throws {
        let (reader, writer) = try Pipe().split()
        let before = Process.limit("cpu")
        let pid = try Process.spawn(
            "/bin/sh", arguments: ["sh", "-c", "ulimit -S -t; ulimit -H -t; ulimit -S -v; pwd"], environment: [],
            directory: "/", output: writer,
            limits: [("cpu", .init(soft: 7, hard: 9)), ("as", .init(soft: 1 << 30, hard: 1 << 30))])
        File.close(writer)
        var text: [UInt8] = []
        while case .bytes(let count) = File.read(reader, into: &text, count: 100), count > 0 {}
        File.close(reader)
        #expect(Process.reap(pid, wait: true)?.code == 0)
        #expect(String(decoding: text, as: UTF8.self) == "7\n9\n1048576\n/\n")
        #expect(Process.limit("cpu") == before)
    }
    @Test func whatKeepsAProgramFromRunningIsTold() {
        #expect(throws: Errno.notFound) {
            _ = try Process.spawn("/nowhere", arguments: ["x"], environment: [], directory: nil)
        }
        #expect(throws: Errno.notFound) {
            _ = try Process.spawn("/bin/sh", arguments: ["sh"], environment: [], directory: "/nowhere")
        }
        #expect(throws: Errno.invalid) {
            _ = try Process.spawn(
                "/bin/sh", arguments: ["sh"], environment: [], directory: nil,
                limits: [("cpu", .init(soft: 2, hard: 1))])
        }
    }
    @Test func shellsGetInputAndGiveOutput() throws {
        let spawned = try Process.spawnShell("tr a-z A-Z", readOutput: true)
        let ends = spawned.take()
        try File.writeAll(ends.input, Array("hello".utf8))
        File.close(ends.input)
        #expect(try File.readWhole(ends.output, limit: 100) == Array("HELLO".utf8))
        File.close(ends.output)
        #expect(Process.reap(ends.pid, wait: true) == Process.Exit(pid: ends.pid, code: 0, signal: nil))
    }
    @Test func programsGetArgumentsEnvironmentAndDirectory() throws {
        let pipe = try Pipe()
        let pid = try Process.spawn(
            "/bin/sh", arguments: ["sh", "-c", "echo $X $0 $(pwd); kill -9 $$", "zero"], environment: ["X=y"],
            directory: "/", output: pipe.writer.raw)
        let ends = pipe.split()
        File.close(ends.writer)
        #expect(try File.readWhole(ends.reader, limit: 100) == Array("y zero /\n".utf8))
        File.close(ends.reader)
        #expect(Process.reap(pid, wait: true)?.signal == Signal.kill)
    }
    @Test func sharedMemoryCounts() throws {
        let memory = try SharedMemory(size: 4096)
        #expect(memory.word(511).load() == 0)
        #expect(memory.word(3).add(5) == 5)
        #expect(memory.word(3).subtract(6) == .max)
        #expect(memory.word(3).compareExchange(expected: .max, desired: 1))
        #expect(memory.word(3).load() == 1 && memory.word(2).load() == 0)
    }
    @Test(arguments: [0, 86_399, 951_782_400, 1_783_000_000, -1] as [Int64])
    func calendarsGoBothWays(seconds: Int64) {
        let time = CalendarTime(seconds: seconds, local: false)
        #expect(
            CalendarTime.seconds(
                year: time.year, month: time.month, day: time.day, hour: time.hour, minute: time.minute,
                second: time.second) == seconds)
        #expect(time.offset == 0)
    }
    @Test func usersAndGroupsAreFound() {
        #expect(Users.user("root")?.uid == 0)
        #expect(Users.user("#0")?.home == "/root")
        #expect(Users.user("no-such-user") == nil)
        #expect(Users.name(uid: 0) == "root" && Users.name(gid: 0) == "root")
        #expect(Users.group("root") == 0 && Users.group("#33") == 33)
    }
    @Test func machineIsKnown() {
        #expect(Process.availableProcessors > 0)
        #expect(HostName.short?.isEmpty == false)
        #expect((Process.limit("nofile")?.soft ?? 0) > 0)
        #expect(Environment.get("PATH") != nil)
        #expect((try? Resolver.addresses(of: "127.0.0.1", port: 7))?.first == .loopback(port: 7))
    }
    @Test func listenersTakeBothFamiliesAsApaches() throws {
        let listener = try Socket.listenAny(port: 0)
        let bound = try Socket.localAddress(listener.raw)
        let client = try Socket.connect(.ip(.loopback(port: bound.port)))
        #expect(Poll.readable([listener.raw], milliseconds: 2000) == [listener.raw])
        let accepted = try #require(try Socket.accept(listener.raw))
        #expect(accepted.peer.isIPv4 && accepted.peer.isLoopback)
        #expect(accepted.peer == (try Socket.localAddress(client.raw)))
        let another = try Socket.accept(listener.raw)
        #expect(another == nil)
        File.close(accepted.descriptor)
    }
    @Test func unixListenersReplaceOldSockets() throws {
        let place = try temporary()
        let path: ByteString = "\(place)/s"
        do { _ = try Socket.listenUnix(path) }
        let listener = try Socket.listenUnix(path, mode: 0o660)
        #expect(try Socket.localEndpoint(listener.raw) == .unix(path))
        #expect(try FileStatus(path).mode == 0o660)
        let client = try Socket.connect(.unix(path))
        #expect(Socket.send(client.raw, [1, 2, 3]) == .bytes(3))
        let accepted = try #require(try Socket.accept(listener.raw))
        var got: [UInt8] = []
        #expect(Socket.receive(accepted.descriptor, into: &got, upTo: 10) == .bytes(3))
        #expect(got == [1, 2, 3] && accepted.peer == .none)
        File.close(accepted.descriptor)
        try File.unlink(path)
        try Directory.remove(place)
    }

    @Test func signalsAreRead() throws {
        let source = try SignalSource([Signal.windowChange])
        #expect(source.next() == nil)
        #expect(source.wait(milliseconds: 1) == nil)
        raise(Signal.windowChange)
        #expect(source.wait(milliseconds: 1000) == Signal.windowChange)
        try Signal.unblock([Signal.windowChange])
    }
}
