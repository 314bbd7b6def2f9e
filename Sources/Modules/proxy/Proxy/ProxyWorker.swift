// Apache: modules/proxy/mod_proxy.h (proxy_worker, proxy_worker_shared), proxy_util.c (ap_proxy_get_worker_ex)

import Bytes
import Kernel
import ServerCore

/// A backend that ProxyPass, ProxySet or `<Proxy>` named, with its parameters (proxy_worker).
/// Written while configuration is read, then only read.
public final class ProxyWorker: @unchecked Sendable {
    /// `scheme://host[:port]/path`, scheme and host in lower case.
    public let name: ByteString
    /// The name holds `$1`, `$2`, …, which stand for any text.
    let isMatch: Bool
    /// `unix:` part.
    public let socket: ByteString?
    var parameters = WorkerParameters()
    /// What all children know of a member of a balancer; nil for other workers.
    let record: WorkerRecord?

    init(name: ByteString, isMatch: Bool, socket: ByteString?, record: WorkerRecord? = nil) {
        self.name = name
        self.isMatch = isMatch
        self.socket = socket
        self.record = record
    }
    var status: WorkerStatus { record?.status ?? parameters.status }
    /// Connections may serve several requests: said, or not forbidden by a name that differs for each.
    public var isReusable: Bool { parameters.reuses ?? !(isMatch && name.contains(UInt8(ascii: "$"))) }
    /// The host or the port of the name differ, so that nothing can be kept even if that is asked for.
    public var hasFixedPlace: Bool {
        guard isMatch, let start = name.firstRange(of: "://")?.upperBound else { return true }
        let end = name.bytes[start...].firstIndex(of: UInt8(ascii: "/")) ?? name.count
        return !name[start..<end].contains(UInt8(ascii: "$"))
    }
    /// `upgrade=`, or what the scheme stands for (ap_proxy_worker_can_upgrade).
    func mayUpgrade(to name: ByteString, standard: ByteString?) -> Bool {
        if let list = parameters.upgrade, !list.isEmpty {
            return list == "*" || list.equalsIgnoringCase(name)
                || list.split(on: UInt8(ascii: ",")).contains { $0.trimmed().equalsIgnoringCase(name) }
        }
        return standard?.equalsIgnoringCase(name) ?? false
    }

    /// How many bytes of `url` the name covers; nil when it is another backend (worker_matches).
    func match(_ url: ByteString) -> Int? {
        if url.hasPrefix(name) { return name.count }
        return isMatch && name.contains(UInt8(ascii: "$")) && Self.matches(name.bytes[...], url.bytes[...])
            ? name.count : nil
    }
    private static func matches(_ pattern: ArraySlice<UInt8>, _ url: ArraySlice<UInt8>) -> Bool {
        var pattern = pattern
        var url = url
        while let next = pattern.first {
            if next == UInt8(ascii: "$"), let digit = pattern.dropFirst().first, ASCII.isDigit(digit) {
                let rest = pattern.dropFirst(2)
                if rest.isEmpty { return true }
                for start in url.startIndex...url.endIndex where matches(rest, url[start...]) { return true }
                return false
            }
            guard url.first == next else { return false }
            pattern = pattern.dropFirst()
            url = url.dropFirst()
        }
        return true
    }

    /// The worker of `url` with the longest name; scheme and host must be among what agrees (ap_proxy_get_worker_ex).
    static func find(_ url: ByteString, in workers: [ProxyWorker]) -> ProxyWorker? {
        guard !workers.isEmpty, let host = ProxyURL.lowerHost(url) else { return nil }
        var best: ProxyWorker?
        var longest = 0
        for worker in workers where worker.name.count >= host.hostEnd {
            if let length = worker.match(host.url), length > longest {
                best = worker
                longest = length
            }
        }
        return best
    }
}
