// Apache: include/http_ssl.h (ap_ssl_bind_outgoing, ap_ssl_has_outgoing_handlers)

import Bytes
import EventLoop

/// TLS to another server, for one request's configuration: what mod_ssl offers to modules that connect to others.
public struct OutgoingSecurity {
    /// Connections with the same name are alike in all that was configured, so that requests may share them.
    public let name: ByteString
    /// Makes the transport of a connection that was just made; nil: it cannot be had, and the error log knows why. The handshake
    /// goes on with what is sent and received.
    public let open: (_ loop: EventLoop, _ channel: Channel) -> (any Transport)?

    public init(name: ByteString, open: @escaping (EventLoop, Channel) -> (any Transport)?) {
        self.name = name
        self.open = open
    }
}

/// What is wanted of such a connection.
public struct OutgoingSecurityWish: Sendable {
    /// The server's name: SNI, and what its certificate must be for. Nil: an address, or a socket.
    public let serverName: ByteString?
    /// What may be spoken (ALPN), best first; nothing is offered when empty.
    public let protocols: [ByteString]

    public init(serverName: ByteString?, protocols: [ByteString] = []) {
        self.serverName = serverName
        self.protocols = protocols
    }
}

extension Hooks {
    /// Takes over the encryption of connections to other servers. The function answers nil where it is not switched on
    /// (`SSLProxyEngine`).
    public mutating func setOutgoingSecurity(
        _ maker: @escaping @Sendable (Request, OutgoingSecurityWish) -> OutgoingSecurity?
    ) {
        outgoingSecurity = maker
    }
}
