// PHP: sapi/fpm/fpm/fpm_sockets.c, fpm_sockets_domain_from_address and fpm_socket_af_inet_listening_socket
import Bytes

/// What `listen` says.
enum ListenAddress: Equatable {
    case unix(ByteString)
    /// `host` is without brackets; nil: any address. The port is as written, a service name must begin with its number.
    case internet(host: ByteString?, port: ByteString, number: Int)

    /// With a colon, or of nothing but digits.
    static func isInternet(_ text: ByteString) -> Bool {
        text.contains(UInt8(ascii: ":")) || text.allSatisfy(ASCII.isDigit)
    }

    init(_ text: ByteString) {
        guard ListenAddress.isInternet(text) else {
            self = .unix(text)
            return
        }
        guard let colon = text.lastIndex(of: UInt8(ascii: ":")) else {
            self = .internet(host: nil, port: text, number: text.leadingInteger)
            return
        }
        var host = text.upTo(colon)
        if host.count >= 2, host.first == UInt8(ascii: "["), host.last == UInt8(ascii: "]") {
            host = host[1..<host.count - 1]
        }
        let port = text.from(colon + 1)
        self = .internet(host: host, port: port, number: port.leadingInteger)
    }
}
