// PHP: main/fastcgi.c (fcgi_set_allowed_clients, fcgi_is_allowed)
import Bytes
import Kernel

/// `listen.allowed_clients`: who may connect to a TCP listener.
struct AllowedClients {
    private var addresses: [SocketAddress] = []

    /// Reads a comma list of addresses, without blanks, as PHP's FPM does. `problem` is told what cannot be read. When nothing
    /// is left, nobody is allowed.
    init(_ list: ByteString, problem: (ByteString) -> Void) {
        for piece in list.split(on: UInt8(ascii: ",")) {
            if let address = SocketAddress(piece, port: 0) {
                addresses.append(address)
            } else {
                problem("Wrong IP address '\(piece)' in listen.allowed_clients")
            }
        }
        if addresses.isEmpty { problem("There are no allowed addresses") }
    }

    /// Unix peers are.
    func allows(_ peer: SocketAddress) -> Bool {
        if !peer.isIPv4 && !peer.isIPv6 { return true }
        return addresses.contains { $0.hasSameHost(as: peer) }
    }
}
