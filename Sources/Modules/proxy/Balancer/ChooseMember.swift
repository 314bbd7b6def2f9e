// Apache: modules/proxy/mod_proxy_balancer.c (find_session_route, find_best_worker, force_recovery), proxy_util.c
//         (proxy_balancer_get_best_worker, ap_proxy_retry_worker), balancers/mod_lbmethod_*.c

import Bytes
import ServerCore

extension ProxyBalancer {
    // MARK: Health

    /// Whether the member may be asked: one that failed is tried again when its time is over.
    func isUsable(_ worker: ProxyWorker, now: Int64) -> Bool {
        guard let record = worker.record else { return worker.status.isUsable }
        if record.status.contains(.inError), !record.status.contains(.stopped) {
            let until = record.errorTime + Int64(worker.parameters.retry) * 1_000_000
            if record.status.contains(.ignoreErrors) || now > until { record.recover() }
        }
        return record.status.isUsable
    }
    /// When every member failed, all are tried again at once.
    func forceRecovery(now: Int64) {
        for worker in workers {
            if !worker.status.contains(.inError) { return }
            _ = isUsable(worker, now: now)
            if !worker.status.contains(.inError) { return }
        }
        guard parameters.forcesRecovery else { return }
        for worker in workers { worker.record?.recover() }
    }

    // MARK: Sessions

    /// What a session in the URL or in a cookie says about the member: the route, and the name it was found under.
    func route(_ request: Request, _ url: ByteString) -> (route: ByteString, name: ByteString)? {
        guard !parameters.cookie.isEmpty else { return nil }
        let whole = request.args.map { url + "?" + $0 } ?? url
        var found: (ByteString, ByteString)?
        if let value = Self.pathParameter(whole, parameters.pathParameter, parameters.semicolonDivides) {
            found = (value, parameters.pathParameter)
        } else if let cookies = request.header("Cookie"), let value = Self.cookie(cookies, parameters.cookie) {
            found = (value, parameters.cookie)
        }
        guard let (session, name) = found else { return nil }
        guard let separator = parameters.separator else { return session.isEmpty ? nil : (session, name) }
        guard let at = session.firstIndex(of: separator) else { return nil }
        let route = session.from(at + 1)
        return route.isEmpty ? nil : (route, name)
    }
    static func pathParameter(_ url: ByteString, _ name: ByteString, _ semicolonDivides: Bool) -> ByteString? {
        guard !name.isEmpty else { return nil }
        var from = 0
        while let range = url.firstRange(of: name, from: from) {
            from = range.lowerBound + 1
            guard range.upperBound < url.count, url[range.upperBound] == UInt8(ascii: "=") else { continue }
            let value = url.from(range.upperBound + 1)
            guard !value.isEmpty else { continue }
            let isEnd = { (byte: UInt8) -> Bool in
                byte == UInt8(ascii: "?") || byte == UInt8(ascii: "&")
                    || semicolonDivides && byte == UInt8(ascii: ";")
            }
            // As strtok: ends at the beginning do not count.
            let start = value.firstIndex { !isEnd($0) } ?? value.count
            let end = value.bytes[start...].firstIndex(where: isEnd) ?? value.count
            return start < end ? value[start..<end] : nil
        }
        return nil
    }
    static func cookie(_ cookies: ByteString, _ name: ByteString) -> ByteString? {
        guard !name.isEmpty else { return nil }
        var from = 0
        while let range = cookies.firstRange(of: name, from: from) {
            from = range.lowerBound + 1
            if range.lowerBound > 0 {
                let before = cookies[range.lowerBound - 1]
                guard before == UInt8(ascii: ";") || before == UInt8(ascii: ",") || ASCII.isSpace(before) else {
                    continue
                }
            }
            var at = range.upperBound
            while at < cookies.count, ASCII.isSpace(cookies[at]) { at += 1 }
            guard at + 1 < cookies.count, cookies[at] == UInt8(ascii: "=") else { continue }
            let value = cookies.from(at + 1)
            let end = value.firstIndex { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: ",") } ?? value.count
            return value.upTo(end)
        }
        return nil
    }

    /// The member with this route; where it cannot be used, the one it redirects to.
    func member(route: ByteString, now: Int64, depth: Int = 1) -> ProxyWorker? {
        for standby in [false, true] {
            for worker in workers
            where worker.status.contains(.hotStandby) == standby && worker.parameters.route == route && !route.isEmpty {
                if isUsable(worker, now: now) { return worker }
                guard !worker.parameters.redirect.isEmpty, depth < workers.count,
                    let other = member(route: worker.parameters.redirect, now: now, depth: depth + 1),
                    isUsable(other, now: now)
                else { continue }
                return other
            }
        }
        return nil
    }
    /// A session chose the member itself: the others' turns move on.
    func chargeTurn(_ chosen: ProxyWorker) {
        var total = 0
        for worker in workers where worker.status.isUsable {
            worker.record?.addTurn(worker.parameters.loadFactor)
            total += worker.parameters.loadFactor
        }
        chosen.record?.addTurn(-total)
    }

    // MARK: Load

    /// The member to ask, as the method says; nil when none can be used.
    func best(now: Int64) -> ProxyWorker? {
        var chooser = MemberChooser(parameters.method)
        let last = workers.reduce(0) { max($0, $1.parameters.set) }
        for set in 0...last {
            var unusable = 0
            var spares: [ProxyWorker] = []
            var standbys: [ProxyWorker] = []
            for worker in workers where worker.parameters.set == set {
                let status = worker.status
                if status.contains(.drain) {
                    if status.isDisjoint(with: [.hotSpare, .hotStandby]) { unusable += 1 }
                    continue
                }
                let isUsable = isUsable(worker, now: now)
                if status.contains(.hotSpare) {
                    if isUsable { spares.append(worker) }
                } else if status.contains(.hotStandby) {
                    if isUsable { standbys.append(worker) }
                } else if isUsable {
                    chooser.consider(worker)
                } else {
                    unusable += 1
                }
            }
            for worker in spares.prefix(unusable) { chooser.consider(worker) }
            if chooser.best == nil { for worker in standbys { chooser.consider(worker) } }
            if let best = chooser.finish() { return best }
        }
        return nil
    }
}

/// Compares members one after the other.
struct MemberChooser {
    private let method: BalancerParameters.Method
    private(set) var best: ProxyWorker?
    private var total = 0

    init(_ method: BalancerParameters.Method) { self.method = method }

    mutating func consider(_ worker: ProxyWorker) {
        guard let record = worker.record else { return }
        if method != .byTraffic {
            record.addTurn(worker.parameters.loadFactor)
            total += worker.parameters.loadFactor
        }
        guard let before = best?.record else {
            best = worker
            return
        }
        let isBetter: Bool
        switch method {
        case .byRequests: isBetter = record.turn > before.turn
        case .byBusyness:
            isBetter = record.busy < before.busy || record.busy == before.busy && record.turn > before.turn
        case .byTraffic: isBetter = traffic(worker, record) < (best.map { traffic($0, before) } ?? 0)
        }
        if isBetter { best = worker }
    }
    private func traffic(_ worker: ProxyWorker, _ record: WorkerRecord) -> Int {
        record.sent / worker.parameters.loadFactor + record.received / worker.parameters.loadFactor
    }
    /// The member that was best, whose turn is over.
    mutating func finish() -> ProxyWorker? {
        if method != .byTraffic { best?.record?.addTurn(-total) }
        return best
    }
}
