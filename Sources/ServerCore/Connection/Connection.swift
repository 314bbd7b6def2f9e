// Apache: include/httpd.h (conn_rec)

import Bytes
import EventLoop
import Kernel

/// A client's connection while it has a request: conn_rec. Made when input arrives, gone when the connection is
/// parked again; what outlives that is in ``ParkedConnection``.
public final class Connection {
    public let loop: EventLoop
    public internal(set) var channel: Channel
    public let worker: Worker
    public let localAddress: SocketAddress
    public internal(set) var remoteAddress: SocketAddress
    /// Servers that may answer here, best address match first; the first is the default.
    public let candidates: [Server]
    public var baseServer: Server { candidates.first ?? worker.configuration.mainServer! }
    /// Requests answered before this one.
    public internal(set) var keepAlives: Int
    /// Number of the connection in this child (%{c}L).
    public internal(set) var id: UInt64
    /// The server of the last request.
    public internal(set) var server: Server
    /// What lies between the socket and the requests, if anything.
    public internal(set) var transport: (any Transport)?
    /// TLS.
    public var isSecure: Bool { transport?.isSecure ?? false }
    /// For sending to the client and receiving from it.
    public var stream: ClientStream { ClientStream(loop: loop, channel: channel, transport: transport) }
    public internal(set) var aborted = false
    /// The error log said something about it.
    var hasLogged = false
    /// No further request after this one.
    public internal(set) var keepAlive: KeepAlive = .unknown
    /// The client said that it sends nothing after this request (RFC 9112, section 9.6), so nothing that comes later can
    /// destroy the answer under way.
    var clientEnds = false
    /// The scoreboard's place for the request at work; -1 without one.
    public var scorePlace = -1
    /// The stream this request came on, where the connection carries several at once; such a connection object is for this
    /// request only (a secondary connection).
    public internal(set) var secondary: StreamFacts?
    /// The way to the client of the request on that stream.
    public internal(set) weak var requestStream: (any RequestStream)?
    /// Where the client's bytes come from; none for a request on a stream.
    weak var reader: ConnectionReader?
    /// Where connection-level modules keep what they know.
    public var notes = Table()

    public enum KeepAlive: Sendable { case unknown, close, keepAlive }

    init(
        worker: Worker, channel: Channel, localAddress: SocketAddress, remoteAddress: SocketAddress,
        candidates: [Server], keepAlives: Int, id: UInt64
    ) {
        self.worker = worker
        loop = worker.loop
        self.channel = channel
        self.localAddress = localAddress
        self.remoteAddress = remoteAddress
        self.candidates = candidates
        self.keepAlives = keepAlives
        self.id = id
        server = candidates.first ?? worker.configuration.mainServer!
    }
}
