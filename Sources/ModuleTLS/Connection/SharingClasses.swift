// No Apache counterpart: Apache keeps no answers. See ServerCore/Plan/Plan.swift.

import Bytes
import ServerCore

/// Numbers for connections without a client's certificate that share plans and kept walks: those of one server whose clients named the same
/// host, which scripts are told (`SSL_TLS_SNI`). What else differs between connections is read through variables, and a walk that does so is
/// not kept. One loop's.
final class SharingClasses {
    private struct Facts: Hashable {
        var server: Int
        var serverName: ByteString?
    }
    private var numbers: [Facts: UInt32] = [:]
    /// 0 is for connections without TLS.
    private var last: UInt32 = 0
    /// Clients may name what they like.
    private static let limit = 4096
    private static let key = ObjectIdentifier(SharingClasses.self)

    static func of(_ worker: Worker) -> SharingClasses {
        if let known = worker.moduleState[key] as? SharingClasses { return known }
        let made = SharingClasses()
        worker.moduleState[key] = made
        return made
    }
    /// nil when no number is left. A number that was forgotten is not given again.
    func number(server: Int, serverName: ByteString?) -> UInt32? {
        let facts = Facts(server: server, serverName: serverName)
        if let known = numbers[facts] { return known }
        guard last < UInt32.max else { return nil }
        if numbers.count >= Self.limit { numbers.removeAll(keepingCapacity: true) }
        last += 1
        numbers[facts] = last
        return last
    }
}
