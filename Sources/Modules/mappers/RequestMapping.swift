// Apache: server/vhost.c (ap_matches_request_vhost)

import Bytes
import ServerCore

extension Request {
    /// `http://name:port` of this server.
    var serverURL: ByteString { absoluteURL("") }

    /// Whether `host` and `port` are this request's own server.
    func matchesVirtualHost(_ host: ByteString, _ port: UInt16) -> Bool {
        for address in server.addresses where address.port == nil || address.port == port {
            var name = address.text
            if let colon = name.lastIndex(of: UInt8(ascii: ":")), name.from(colon + 1).allSatisfy(ASCII.isDigit) {
                name = name.upTo(colon)
            }
            if name.equalsIgnoringCase(host) { return true }
        }
        guard port == server.port else { return false }
        return VirtualHostTable.match([server], host: host, port: port) != nil
    }
}
