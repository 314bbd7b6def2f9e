// Apache: include/util_filter.h (connection filters), server/core_filters.c

import Bytes
import EventLoop
import Kernel

/// What lies between a channel and the bytes of its requests: TLS. A connection without one reads and writes its socket.
///
/// Every call acts at once and never waits, on the loop's thread. `.wouldBlock` means that the channel must become
/// readable first, or writable where ``waitsForRoom`` says so; `.bytes(0)` from a receive is the orderly end of the
/// stream, `.failed` any other. Input that the channel will not tell of again is told by ``hasPendingInput``.
public protocol Transport: AnyObject {
    /// Receives into the loop's own buffer, which `withInput` and `withMutableInput` show until the next receive.
    func receive() -> IOResult
    /// Receives and appends at most `limit` bytes.
    func receive(into buffer: inout [UInt8], upTo limit: Int) -> IOResult
    /// Sends `bytes` from `offset` on, as much as fits. `more`: something follows at once.
    func send(_ bytes: [UInt8], from offset: Int, more: Bool) -> IOResult
    /// Sends a head and a body; `offset` counts through both.
    func send(_ head: [UInt8], _ body: [UInt8], from offset: Int) -> IOResult
    /// Sends `count` bytes of an open file from `offset`, as much as fits. 0 bytes: the file is shorter than that.
    func sendFile(_ file: Int32, offset: Int64, count: Int) -> IOResult
    /// Tells the other end that nothing follows, as far as that goes without waiting. The socket stays open.
    func shutdown()
    /// The connection is over; nothing is called any more.
    func end()

    /// After `.wouldBlock`: it is room to send that is missing, also for a receive.
    var waitsForRoom: Bool { get }
    /// There are bytes to receive that the channel has given already.
    var hasPendingInput: Bool { get }
    /// The handshake is done. It goes on with every receive until then.
    var isEstablished: Bool { get }
    /// Requests that come over it are `https`.
    var isSecure: Bool { get }
    /// What both ends agreed to speak (ALPN); nil is HTTP/1.
    var negotiatedProtocol: ByteString? { get }
    /// The virtual host that the client named before any request; nil: none.
    var selectedServer: Server? { get }
    /// Version and cipher of TLS, as OpenSSL names them; nil: not known.
    var tlsParameters: TLSParameters? { get }
    /// Connections with the same number are alike in all that an answer may depend on, so that they share plans; nil:
    /// answers of this connection are for it alone. 0 is for connections without a transport.
    var sharing: UInt32? { get }
}

extension Transport {
    public var selectedServer: Server? { nil }
    public var tlsParameters: TLSParameters? { nil }
}

/// `TLSv1.3` and the like, and the cipher's name.
public struct TLSParameters: Sendable {
    public let version: ByteString
    public let cipher: ByteString
    public init(version: ByteString, cipher: ByteString) {
        self.version = version
        self.cipher = cipher
    }
}

/// Makes the transport of one accepted connection; nil: it cannot be served and is closed.
public typealias TransportMaker = (Worker, Channel) -> (any Transport)?

/// The bytes of one client's connection, waited for where needed: those of its transport, else of the socket itself.
/// Timeouts are milliseconds for each wait for progress.
public struct ClientStream {
    public let loop: EventLoop
    public let channel: Channel
    public let transport: (any Transport)?

    public init(loop: EventLoop, channel: Channel, transport: (any Transport)?) {
        self.loop = loop
        self.channel = channel
        self.transport = transport
    }

    // MARK: Now

    /// Receives into the loop's own buffer (`loop.withInput`).
    public func receive() -> IOResult { transport?.receive() ?? loop.receive(channel) }
    /// Sends `bytes` from `offset` on, as much as fits.
    public func send(_ bytes: [UInt8], from offset: Int = 0, more: Bool = false) -> IOResult {
        transport?.send(bytes, from: offset, more: more) ?? loop.send(channel, bytes, from: offset, more: more)
    }
    /// Sends `count` bytes of an open file from `offset`, as much as fits.
    public func sendFile(_ file: Int32, offset: Int64, count: Int) -> IOResult {
        transport?.sendFile(file, offset: offset, count: count)
            ?? loop.sendFile(channel, file, offset: offset, count: count)
    }

    // MARK: Waiting

    /// Receives and appends 1 to `limit` bytes; 0 is the end of the stream.
    public func receive(
        into buffer: inout [UInt8], upTo limit: Int, timeout: UInt64?
    ) async throws(IOError) -> Int {
        guard let transport else {
            return try await loop.receive(channel, into: &buffer, upTo: limit, timeout: timeout)
        }
        while true {
            switch transport.receive(into: &buffer, upTo: limit) {
            case .bytes(let count): return count
            case .wouldBlock: try await wait(transport, timeout)
            case .failed(let error): throw loop.isOpen(channel) ? .errno(error) : .closed
            }
        }
    }
    /// Sends everything from `offset` on.
    public func sendAll(
        _ bytes: [UInt8], from offset: Int = 0, timeout: UInt64?, more: Bool = false
    ) async throws(IOError) {
        guard let transport else {
            return try await loop.sendAll(channel, bytes, from: offset, timeout: timeout, more: more)
        }
        var done = offset
        while done < bytes.count {
            switch transport.send(bytes, from: done, more: more) {
            case .bytes(let count): done += count
            case .wouldBlock: try await wait(transport, timeout)
            case .failed(let error): throw loop.isOpen(channel) ? .errno(error) : .closed
            }
        }
    }
    /// Sends a head and a body, together where they fit.
    public func sendAll(_ head: [UInt8], _ body: [UInt8], timeout: UInt64?) async throws(IOError) {
        guard let transport else { return try await loop.sendAll(channel, head, body, timeout: timeout) }
        var done = 0
        while done < head.count + body.count {
            switch transport.send(head, body, from: done) {
            case .bytes(let count): done += count
            case .wouldBlock: try await wait(transport, timeout)
            case .failed(let error): throw loop.isOpen(channel) ? .errno(error) : .closed
            }
        }
    }
    /// Sends `count` bytes of a file from `offset`; the number sent, which is less where the file ends sooner.
    /// Other channels get their turn after each megabyte.
    public func sendFile(_ file: Int32, offset: Int64, count: Int, timeout: UInt64?) async throws(IOError) -> Int {
        guard let transport else {
            return try await loop.sendFile(channel, file, offset: offset, count: count, timeout: timeout)
        }
        var done = 0
        var inTurn = 0
        while done < count {
            switch transport.sendFile(file, offset: offset + Int64(done), count: min(count - done, 1 << 20)) {
            case .bytes(0): return done
            case .bytes(let sent):
                done += sent
                inTurn += sent
                if inTurn >= 1 << 20, done < count {
                    await Task.yield()
                    inTurn = 0
                }
            case .wouldBlock:
                try await wait(transport, timeout)
                inTurn = 0
            case .failed(let error): throw loop.isOpen(channel) ? .errno(error) : .closed
            }
        }
        return done
    }
    /// Waits for what a call that gave `.wouldBlock` lacks.
    public func wait(reading: Bool, timeout: UInt64?) async throws(IOError) {
        if let transport { return try await wait(transport, timeout) }
        if reading {
            try await loop.waitReadable(channel, timeout: timeout)
        } else {
            try await loop.waitWritable(channel, timeout: timeout)
        }
    }
    private func wait(_ transport: any Transport, _ timeout: UInt64?) async throws(IOError) {
        if transport.waitsForRoom {
            try await loop.waitWritable(channel, timeout: timeout)
        } else {
            try await loop.waitReadable(channel, timeout: timeout)
        }
    }
}
