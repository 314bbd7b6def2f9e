// PHP: sapi/fpm/tests/socket-*.phpt
import Bytes
import Kernel
import Testing

@testable import FPM

@Suite(.serialized) struct ListenTests {
    @Test(
        arguments: [
            ("/run/x.sock", .unix("/run/x.sock")), ("9000", .internet(host: nil, port: "9000", number: 9000)),
            ("127.0.0.1:9000", .internet(host: "127.0.0.1", port: "9000", number: 9000)),
            ("[::1]:9000", .internet(host: "::1", port: "9000", number: 9000)),
            ("::1:9000", .internet(host: "::1", port: "9000", number: 9000)),
            (":80", .internet(host: "", port: "80", number: 80)),
            ("a:", .internet(host: "a", port: "", number: 0)), ("x9000", .unix("x9000")),
            ("99999999999999999999", .internet(host: nil, port: "99999999999999999999", number: .max)),
        ] as [(ByteString, ListenAddress)])
    func addresses(text: ByteString, expected: ListenAddress) { #expect(ListenAddress(text) == expected) }

    @Test func accessLists() {
        let list = AccessList(users: [65534, 0], groups: [33])
        #expect(
            list.encoded(mode: 0o600) == [
                2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 6, 0, 0, 0, 0, 0, 2, 0, 6, 0, 254, 255, 0, 0, 4, 0, 0,
                0,
                255, 255, 255, 255, 8, 0, 6, 0, 33, 0, 0, 0, 16, 0, 6, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255,
                255, 255,
            ])
    }
    @Test(arguments: [("0660", 0o660), ("600", 0o600), ("x", 0), ("0690", 0o6)] as [(ByteString, UInt32)])
    func modes(text: ByteString, expected: UInt32) { #expect(SocketPermissions.octal(text) == expected) }

    private func quietLog() throws -> ErrorLog {
        let log = ErrorLog()
        log.level = .alert
        return log
    }
    private func pool(_ name: ByteString, _ listen: ByteString) -> PoolConfig {
        var pool = PoolConfig(name: name)
        pool.listen = listen
        return pool
    }

    @Test func unixSockets() throws {
        let path: ByteString = "/tmp/fpm-listen-\(Process.id).sock"
        let sockets = ListeningSockets(try quietLog())
        var one = pool("one", path)
        one.listenMode = "0600"
        let first = try #require(sockets.open(one))
        let status = try FileStatus(path)
        #expect(status.kind == .socket && status.mode & 0o777 == 0o600)
        // Somebody listens: another program must not take it away.
        #expect(ListeningSockets(try quietLog()).open(one) == nil)
        File.close(first)
        // Nobody does: what is left over is replaced.
        let second = try #require(ListeningSockets(try quietLog()).open(one))
        File.close(second)
        sockets.release(one)
        #expect(!File.exists(path))
    }

    @Test(arguments: ["/tmp/fpm-queue-\(Process.id).sock", "127.0.0.1:"]) func queues(listen: String) throws {
        let sockets = ListeningSockets(try quietLog())
        var text = ByteString(listen)
        if listen.hasSuffix(":") {
            let any = try Socket.listen(.loopback(port: 0))
            text.append(ByteString(decimal: try Socket.localAddress(any.raw).port))
        }
        var one = pool("one", text)
        one.listenBacklog = 7
        let listener = try #require(sockets.open(one))
        defer {
            File.close(listener)
            sockets.release(one)
        }
        let endpoint = try Socket.localEndpoint(listener)
        let first = try Socket.connect(endpoint)
        let second = try Socket.connect(endpoint)
        // A kernel may be built without the answer for unix sockets.
        if let queue = Socket.listenQueue(listener) {
            #expect(queue.waiting == 2 && queue.length == 7)
        } else {
            #expect(!listen.hasSuffix(":"))
        }
        _ = consume first
        _ = consume second
    }

    @Test func filesThatAreNoSocketsStay() throws {
        let path: ByteString = "/tmp/fpm-listen-\(Process.id).txt"
        try File.writeWhole(path, [1])
        defer { try? File.unlink(path) }
        #expect(ListeningSockets(try quietLog()).open(pool("one", path)) == nil)
        #expect(try File.readWhole(path, limit: 10) == [1])
    }

    @Test func oneAddressUnderTwoNames() throws {
        let sockets = ListeningSockets(try quietLog())
        let any = try Socket.listen(.loopback(port: 0))
        let port = try Socket.localAddress(any.raw).port
        _ = consume any
        let first = try #require(sockets.open(pool("one", "127.0.0.1:\(port)")))
        let second = try #require(sockets.open(pool("two", "127.0.0.01:\(port)")))
        #expect(first != second)
        #expect(try Socket.localAddress(second).port == port)
        File.close(first)
        File.close(second)
    }

    @Test func socketsGoOverAnExec() throws {
        let before = ListeningSockets(try quietLog())
        var pools: [(pool: PoolConfig, listener: Int32)] = []
        for index in 0..<130 {
            let one = pool("p\(index)", "/tmp/fpm-listen-\(Process.id)-\(index).sock")
            pools.append((one, try #require(before.open(one))))
        }
        before.handOver(pools)
        #expect(Environment.get("FPM_SOCKETS")?.split(on: 44).count == 128)
        #expect(Environment.get("FPM_SOCKETS_1")?.split(on: 44).count == 2)
        #expect(Environment.get("FPM_SOCKETS_2") == nil)
        let after = ListeningSockets(try quietLog())
        after.inherit()
        #expect(Environment.get("FPM_SOCKETS") == nil && Environment.get("FPM_SOCKETS_1") == nil)
        #expect(after.open(pools[5].pool) == pools[5].listener)
        after.dropUnused()
        #expect(File.exists(pools[5].pool.listen ?? ""))
        #expect(!File.exists(pools[129].pool.listen ?? ""))
        File.close(pools[5].listener)
        after.release(pools[5].pool)
        #expect(!File.exists(pools[5].pool.listen ?? ""))
    }

    @Test func aPoolThatMoves() throws {
        let sockets = ListeningSockets(try quietLog())
        let old = pool("one", "/tmp/fpm-listen-\(Process.id)-old.sock")
        let new = pool("one", "/tmp/fpm-listen-\(Process.id)-new.sock")
        let first = try #require(sockets.open(old))
        let second = try #require(sockets.open(new))
        File.close(first)
        sockets.release(old)
        #expect(!File.exists(old.listen ?? "") && File.exists(new.listen ?? ""))
        File.close(second)
        sockets.release(new)
        #expect(!File.exists(new.listen ?? ""))
    }

    @Test(arguments: ["127.0.0.1:0", "70000", "0", "no.such.host.invalid:9000"]) func refusals(listen: String) throws {
        #expect(ListeningSockets(try quietLog()).open(pool("one", ByteString(listen))) == nil)
    }
}
