// Apache: support/ab.c, in spirit

import Bytes
import EventLoop
import Kernel

/// What came of asking for a while.
public struct LoadResult: Sendable {
    public var requests = 0
    public var errors = 0
    public var milliseconds: UInt64 = 0
    /// µs of each answer, in ascending order.
    public var latencies: [Int64] = []
    public init() {}
    public var perSecond: Double { milliseconds == 0 ? 0 : Double(requests) * 1000 / Double(milliseconds) }
    /// The latency, in µs, that `share` (0 to 1) of the requests did not exceed; 0 without requests.
    public func percentile(_ share: Double) -> Int64 {
        guard !latencies.isEmpty else { return 0 }
        let index = Int((Double(latencies.count) * min(1, max(0, share))).rounded(.up)) - 1
        return latencies[min(latencies.count - 1, max(0, index))]
    }
}

/// A small HTTP/1.1 client with kept connections on one event loop, on the caller's thread.
public final class LoadGenerator {
    private let endpoint: Endpoint
    private let request: [UInt8]
    private var result = LoadResult()
    /// ms without progress after which a request has failed.
    private static let timeout: UInt64 = 60_000

    public init(_ endpoint: Endpoint, host: ByteString, path: ByteString) {
        self.endpoint = endpoint
        request = ("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n" as ByteString).bytes
    }

    /// Asks without pause on so many connections; a connection that the server ends is opened again. Calls `amid` once, in the
    /// middle.
    public func load(
        connections: Int, milliseconds: UInt64, amid: @escaping () -> Void = {}
    ) throws(Errno) -> LoadResult {
        let loop = try EventLoop()
        result = LoadResult()
        let begin = MonotonicTime.milliseconds
        let end = begin + milliseconds
        var running = connections
        loop.spawnLocal {
            await loop.sleep(milliseconds: milliseconds / 2)
            amid()
        }
        for _ in 0..<connections {
            loop.spawnLocal { [self] in
                while MonotonicTime.milliseconds < end { await ask(loop, until: end) }
                running -= 1
                if running == 0 { loop.stop() }
            }
        }
        if connections > 0 { loop.run() }
        result.milliseconds = MonotonicTime.milliseconds - begin
        result.latencies.sort()
        return result
    }
    private func ask(_ loop: EventLoop, until end: UInt64) async {
        do throws(IOError) {
            let channel = try await loop.connect(endpoint, timeout: Self.timeout)
            defer { loop.close(channel) }
            var buffer: [UInt8] = []
            while MonotonicTime.milliseconds < end {
                let start = MonotonicTime.microseconds
                guard try await exchange(loop, channel, &buffer) else { return }
                result.latencies.append(Int64(clamping: MonotonicTime.microseconds &- start))
                result.requests += 1
            }
        } catch { result.errors += 1 }
    }

    /// Opens so many connections, gets one answer on each, and calls `body` while they wait.
    /// - Returns: How many got their answer.
    public func hold(_ count: Int, _ body: @escaping () -> Void) throws(Errno) -> Int {
        let loop = try EventLoop()
        var held: [Channel] = []
        loop.spawnLocal { [self] in
            for _ in 0..<count {
                do throws(IOError) {
                    let channel = try await loop.connect(endpoint, timeout: Self.timeout)
                    var buffer: [UInt8] = []
                    if try await exchange(loop, channel, &buffer) { held.append(channel) } else { loop.close(channel) }
                } catch { break }
            }
            // What the last answers made is settled then.
            await loop.sleep(milliseconds: 1000)
            body()
            for channel in held { loop.close(channel) }
            loop.stop()
        }
        loop.run()
        return held.count
    }

    /// One request and its answer; false where the server ended the connection or will.
    private func exchange(_ loop: EventLoop, _ channel: Channel, _ buffer: inout [UInt8]) async throws(IOError) -> Bool
    {
        try await loop.sendAll(channel, request, timeout: Self.timeout)
        buffer.removeAll(keepingCapacity: true)
        while true {
            let count = try await loop.receive(channel, into: &buffer, upTo: 65536, timeout: Self.timeout)
            if let answer = AnswerEnd(buffer) {
                if !answer.isGood { result.errors += 1 }
                return answer.isGood && answer.isKept
            }
            if count == 0 {
                if !buffer.isEmpty { result.errors += 1 }
                return false
            }
        }
    }
}
