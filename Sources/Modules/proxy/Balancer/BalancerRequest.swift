// Apache: modules/proxy/mod_proxy_balancer.c (proxy_balancer_pre_request, proxy_balancer_post_request, balancer_fixup)

import Bytes
import ServerCore

extension ProxyBalancer {
    enum Choice {
        case member(ProxyWorker, url: ByteString)
        case refused(Outcome)
    }

    /// Chooses a member for a request and makes the URL its own.
    func choose(_ request: Request, _ url: ByteString) async -> Choice {
        forceRecovery(now: request.loop.realTime)
        let session = route(request, url)
        if let session, let member = member(route: session.route, now: request.loop.realTime) {
            if member.parameters.route != session.route { request.env.set("BALANCER_ROUTE_CHANGED", "1") }
            chargeTurn(member)
            return take(member, request, url, session)
        }
        if let session, parameters.breaksSessions, workers.contains(where: { $0.parameters.route == session.route }) {
            request.log(
                .error, "proxy_balancer",
                "AH01167: \(name): All workers are in error state for route (\(session.route))")
            return .refused(.status(503))
        }
        var member = best(now: request.loop.realTime)
        if member == nil, let timeout = parameters.timeout {
            for _ in 0..<100 where member == nil {
                await request.loop.sleep(milliseconds: max(timeout / 100, 1))
                member = best(now: request.loop.realTime)
            }
        }
        guard let member else {
            request.log(
                .error, "proxy_balancer",
                workers.isEmpty
                    ? "AH01171: \(name): No workers in balancer"
                    : "AH01170: \(name): All workers are in error state")
            return .refused(.status(503))
        }
        if !parameters.cookie.isEmpty { request.env.set("BALANCER_ROUTE_CHANGED", "1") }
        return take(member, request, url, session)
    }

    private func take(
        _ member: ProxyWorker, _ request: Request, _ url: ByteString, _ session: (route: ByteString, name: ByteString)?
    ) -> Choice {
        member.record?.elect()
        request.env.set("BALANCER_NAME", name)
        request.env.set("BALANCER_WORKER_NAME", member.name)
        request.env.set("BALANCER_WORKER_ROUTE", member.parameters.route)
        var path = ByteString()
        if url.count > 11, let slash = url.bytes[11...].firstIndex(of: UInt8(ascii: "/")) { path = url.from(slash) }
        request.filename = "proxy:" + member.name + path
        if let session {
            request.notes.set("session-sticky", session.name)
            request.notes.set("session-route", session.route)
            request.env.set("BALANCER_SESSION_STICKY", session.name)
            request.env.set("BALANCER_SESSION_ROUTE", session.route)
        }
        let outcome = ProxyTranslation.canonicalize(request)
        guard outcome == .ok, let name = request.filename else { return .refused(outcome) }
        return .member(member, url: name.from(6))
    }

    /// The member answered with this status, or failed.
    func note(_ worker: ProxyWorker, _ request: Request, status: Int) {
        guard let record = worker.record, !record.status.contains(.ignoreErrors) else { return }
        if parameters.failingStatuses.contains(status) {
            request.log(
                .error, "proxy_balancer",
                "AH01174: \(name): Forcing worker (\(worker.name)) into error state due to status code \(status) matching 'failonstatus' balancer parameter"
            )
            record.fail(now: request.loop.realTime)
        }
        if parameters.failsOnTimeout, request.notes.contains("proxy_timedout") {
            request.log(
                .error, "proxy_balancer",
                "AH02460: \(name): Forcing worker (\(worker.name)) into error state due to timeout and 'failontimeout' parameter being set"
            )
            record.fail(now: request.loop.realTime)
        }
    }
}
