// Apache: server/core.c (ap_get_useragent_host with REMOTE_DOUBLE_REV)

import Bytes
import Kernel
import ServerCore

/// The client's host name, believed only when it leads back to the client's address.
enum RemoteHost: Sendable {
    case name(ByteString)
    case unknown
    /// `Request.blockingWork` was set; the phase returns `.suspended`.
    case pending

    static func find(for request: Request) -> RemoteHost {
        let key = ObjectIdentifier(Answer.self)
        if let known = request.moduleState[key] as? Answer { return known.host }
        if let answer = request.blockingResult as? Answer {
            request.blockingResult = nil
            request.moduleState[key] = answer
            // Loggers show the name even if it did not lead back.
            if let reverse = answer.reverse { request.resolvedRemoteHost = reverse }
            return answer.host
        }
        let address = request.remoteAddress
        request.blockingWork = { lookUp(address) }
        return .pending
    }

    private struct Answer: Sendable {
        let host: RemoteHost
        /// What the address resolves to.
        let reverse: ByteString?
    }

    private static func lookUp(_ address: SocketAddress) -> Answer {
        guard let name = Resolver.name(of: address)?.lowercased, SocketAddress(name, port: 0) == nil else {
            return Answer(host: .unknown, reverse: nil)
        }
        let addresses = (try? Resolver.addresses(of: name)) ?? []
        let isConfirmed = addresses.contains { $0.hasSameHost(as: address) }
        return Answer(host: isConfirmed ? .name(name) : .unknown, reverse: name)
    }
}
