// Apache: include/http_connection.h (process_connection), include/http_protocol.h (protocol_propose, protocol_switch)

import Bytes
import EventLoop

/// A connection that speaks another protocol than HTTP/1, from when it was chosen to its end.
///
/// The channel stays parked, so what happens to it is told here, on the loop's thread and between its other work. Nothing
/// may wait: what must wait is a task (`loop.spawnLocal`). The session moves the deadline with `loop.setDeadline`, and is
/// over when it called ``Worker/end(_:linger:)``; a connection that breaks is told by what the stream's calls return.
public protocol ConnectionSession: AnyObject {
    /// There is input, or the other end is gone: receive from the stream until `.wouldBlock` or the end.
    func readable()
    /// The deadline passed.
    func deadlinePassed()
    /// The child is on its way out: finish what is under way and take nothing new.
    func childStops()
}

/// A protocol that connections may change to: what a module registers with ``Hooks/addProtocol(_:)``.
public struct ConnectionProtocol: Sendable {
    /// As in `Protocols` and ALPN: `h2`, `h2c`.
    public let name: ByteString
    /// What clients begin with who know beforehand that it is spoken here, without asking; empty: they ask.
    public let preface: [UInt8]
    /// Takes the connection over. `input` is what was read of it so far and nobody used. Nil: it cannot be served.
    public let open: @Sendable (Connection, ClientStream, _ input: [UInt8]) -> (any ConnectionSession)?
    /// Answers a request that asks for the protocol with `Upgrade` and takes the connection over; `input` is what came
    /// after the request. Nil: the request is answered as any other. Without it there is no upgrade to the protocol.
    public let upgrade: (@Sendable (Request, ClientStream, _ input: [UInt8]) async -> (any ConnectionSession)?)?
    /// Whether the protocol may be spoken on a connection with these parameters.
    public let accepts: @Sendable (Server, TLSParameters) -> Bool

    public init(
        _ name: ByteString, preface: [UInt8] = [],
        accepts: @escaping @Sendable (Server, TLSParameters) -> Bool = { _, _ in true },
        upgrade: (@Sendable (Request, ClientStream, [UInt8]) async -> (any ConnectionSession)?)? = nil,
        open: @escaping @Sendable (Connection, ClientStream, [UInt8]) -> (any ConnectionSession)?
    ) {
        self.name = name
        self.preface = preface
        self.upgrade = upgrade
        self.accepts = accepts
        self.open = open
    }
}

extension Hooks {
    /// Offers a protocol. Whether a server speaks it is for `Protocols` to say.
    public mutating func addProtocol(_ offered: ConnectionProtocol) { protocols.append(offered) }
}

extension Server {
    /// `Protocols`, or HTTP/1.1.
    public var allowedProtocols: [ByteString] {
        let list = self[Core.server].protocols.value ?? []
        return list.isEmpty ? ["http/1.1"] : list
    }
    /// Which of the protocols that a client offers is spoken from now on; nil: HTTP/1, as before (ap_select_protocol).
    /// `isSecure` chooses between those that are for TLS (ALPN) and those whose names end with `c`.
    public func selectProtocol(
        _ offers: [ByteString], isSecure: Bool, _ parameters: TLSParameters? = nil
    ) -> ByteString? {
        let allowed = allowedProtocols
        let spoken = allowed.filter { name in
            name == "http/1.1"
                || configuration.hooks.protocols.contains { offered in
                    offered.name == name && (parameters.map { offered.accepts(self, $0) } ?? true)
                } && (name == "h2c") != isSecure
        }
        let honoursOrder = self[Core.server].protocolsHonorOrder.value(default: true)
        let chosen =
            honoursOrder
            ? spoken.first { offers.contains($0) } : offers.first { spoken.contains($0) }
        return chosen == "http/1.1" ? nil : chosen
    }
}
