// Apache: server/core_filters.c
import Bytes
import Kernel

/// Moving bytes and waiting where needed. `timeout` is milliseconds for each wait for progress, as Apache's `TimeOut`;
/// nil waits without end.
extension EventLoop {
    /// Receives into the loop's buffer; the count is for `withInput`, before anything else is received. 0 is the end.
    public func receive(_ channel: Channel, timeout: UInt64?) async throws(IOError) -> Int {
        while true {
            switch receive(channel) {
            case .bytes(let count): return count
            case .wouldBlock: try await waitReadable(channel, timeout: timeout)
            case .failed(let error): throw isOpen(channel) ? .errno(error) : .closed
            }
        }
    }
    /// Receives and appends 1 to `limit` bytes; 0 is the end of the stream.
    public func receive(
        _ channel: Channel, into buffer: inout [UInt8], upTo limit: Int, timeout: UInt64?
    ) async throws(IOError) -> Int {
        while true {
            switch receive(channel, into: &buffer, upTo: limit) {
            case .bytes(let count): return count
            case .wouldBlock: try await waitReadable(channel, timeout: timeout)
            case .failed(let error): throw isOpen(channel) ? .errno(error) : .closed
            }
        }
    }
    /// Sends everything from `offset` on.
    public func sendAll(
        _ channel: Channel, _ bytes: [UInt8], from offset: Int = 0, timeout: UInt64?, more: Bool = false
    ) async throws(IOError) {
        var done = offset
        while done < bytes.count {
            switch send(channel, bytes, from: done, more: more) {
            case .bytes(let count): done += count
            case .wouldBlock: try await waitWritable(channel, timeout: timeout)
            case .failed(let error): throw isOpen(channel) ? .errno(error) : .closed
            }
        }
    }
    /// Sends a head and a body, together where they fit; `offset` counts through both.
    public func sendAll(
        _ channel: Channel, _ head: [UInt8], _ body: [UInt8], from offset: Int = 0, timeout: UInt64?
    ) async throws(IOError) {
        var done = offset
        while done < head.count + body.count {
            switch send(channel, head, body, from: done) {
            case .bytes(let count): done += count
            case .wouldBlock: try await waitWritable(channel, timeout: timeout)
            case .failed(let error): throw isOpen(channel) ? .errno(error) : .closed
            }
        }
    }
    /// Sends `count` bytes of a file from `offset`. The number sent, which is less where the file ends sooner.
    /// Other channels get their turn after each `fileTurn` bytes.
    public func sendFile(
        _ channel: Channel, _ file: Int32, offset: Int64, count: Int, timeout: UInt64?
    ) async throws(IOError) -> Int {
        var done = 0
        var inTurn = 0
        while done < count {
            switch sendFile(channel, file, offset: offset + Int64(done), count: min(count - done, Self.fileTurn)) {
            case .bytes(0): return done
            case .bytes(let sent):
                done += sent
                inTurn += sent
                if inTurn >= Self.fileTurn, done < count {
                    await Task.yield()
                    inTurn = 0
                }
            case .wouldBlock:
                try await waitWritable(channel, timeout: timeout)
                inTurn = 0
            case .failed(let error): throw isOpen(channel) ? .errno(error) : .closed
            }
        }
        return done
    }
    /// Bytes of a file one channel may send in one turn.
    static var fileTurn: Int { 1 << 20 }

    /// Connects. The channel is not parked; `timeout` is for the whole attempt.
    /// A unix listener whose queue is full is tried again until the time has passed.
    public func connect(
        _ endpoint: Endpoint, from source: SocketAddress? = nil, tag: Int = 0, timeout: UInt64?
    ) async throws(IOError) -> Channel {
        let deadline = timeout.map { milliseconds &+ $0 }
        while true {
            let channel: Channel
            do throws(Errno) {
                channel = try begin(endpoint, source, tag)
            } catch {
                guard error == .wouldBlock, case .unix = endpoint else { throw .errno(error) }
                try await waitForRoom(until: deadline)
                continue
            }
            try await finish(channel, endpoint, timeout)
            return channel
        }
    }
    /// The queue of a unix listener is full, of which no event tells.
    private func waitForRoom(until deadline: UInt64?) async throws(IOError) {
        if isStopping { throw .stopped }
        if let deadline, milliseconds >= deadline { throw .timedOut }
        await sleep(milliseconds: 10)
    }
    private func begin(_ endpoint: Endpoint, _ source: SocketAddress?, _ tag: Int) throws(Errno) -> Channel {
        let socket = try Socket.connect(endpoint, from: source)
        let descriptor = socket.take()
        let channel: Channel
        do throws(Errno) {
            channel = try adopt(descriptor, tag: tag)
        } catch {
            File.close(descriptor)
            throw error
        }
        unpark(channel)
        return channel
    }
    private func finish(_ channel: Channel, _ endpoint: Endpoint, _ timeout: UInt64?) async throws(IOError) {
        guard case .ip = endpoint else { return }
        markFull(channel)
        markDrained(channel)
        do throws(IOError) {
            try await waitWritable(channel, timeout: timeout)
        } catch {
            close(channel)
            throw error
        }
        if let descriptor = descriptor(channel), let error = Socket.connectResult(descriptor) {
            close(channel)
            throw .errno(error)
        }
    }
}
