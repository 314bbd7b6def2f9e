// Apache: modules/proxy/mod_proxy.c (proxy_handler), proxy_util.c (ap_proxy_pre_request, ap_proxyerror)

import Bytes
import HTTP
import ServerCore

/// Finds the backend of a request and hands the request to the module of its scheme.
public enum ProxyHandler {
    @Sendable static func handle(_ request: Request) async -> Outcome {
        if let recipe = ScriptRecipe.of(request) { return await ProxyFCGI.serve(request, recipe) }
        guard let filename = request.filename else { return .declined }
        if request.isReverseProxied {
            request.notes.unset("proxy-sethandler")
        } else {
            guard let handler = request.handler, handler.hasPrefix("proxy:") else { return .declined }
            request.filename = handler + filename
            request.notes.set("proxy-sethandler", "1")
            let outcome = ProxyTranslation.canonicalize(request)
            guard outcome == .ok else {
                request.filename = filename
                return outcome
            }
        }
        guard let name = request.filename, let colon = name.bytes.dropFirst(6).firstIndex(of: UInt8(ascii: ":")) else {
            return .status(400)
        }
        if let answer = maxForwards(request) ?? trace(request) { return answer }
        if let answer = ForwardProxy.completeDomain(request) { return answer }
        let url = name.from(6)
        let scheme = name[6..<colon].lowercased
        request.isProxyResponse = true
        if let balancer = ProxyBalancer.named(url, request), hasBalancers(request) {
            return await serve(request, balancer, url)
        }
        let worker = ProxyWorker.find(url, in: request.server[Proxy.server].workers)
        if worker == nil { request.env.set("proxy-nokeepalive", "1") }
        let outcome = await serve(request, scheme, url, worker)
        return outcome == .declined ? unserved(request, scheme) : outcome
    }
    private static func hasBalancers(_ request: Request) -> Bool {
        request.configuration.provider(ProxyScheme.group, "balancer") != nil
    }
    private static func serve(
        _ request: Request, _ scheme: ByteString, _ url: ByteString, _ worker: ProxyWorker?
    ) async -> Outcome {
        let name = request.methodNumber == .connect ? ProxyConnect.name : scheme
        guard let module = request.configuration.provider(ProxyScheme.group, name) else { return .declined }
        return await module.serve(request, url, worker)
    }
    private static func unserved(_ request: Request, _ scheme: ByteString) -> Outcome {
        request.isProxyResponse = false
        request.log(
            .warning, "proxy",
            "AH01144: No protocol handler was valid for the URL \(request.uri) (scheme '\(scheme)'). If you are using a DSO version of mod_proxy, make sure the proxy submodules are included in the configuration using LoadModule."
        )
        return .status(500)
    }

    /// Asks one member after the other as long as they fail.
    private static func serve(_ request: Request, _ balancer: ProxyBalancer, _ url: ByteString) async -> Outcome {
        var attempt = 0
        while true {
            let member: ProxyWorker
            let place: ByteString
            switch await balancer.choose(request, url) {
            case .refused(let outcome): return outcome
            case .member(let worker, let theirs):
                member = worker
                place = theirs
            }
            let scheme = place.firstIndex(of: UInt8(ascii: ":")).map { place.upTo($0).lowercased } ?? ""
            // Busy until the answer is gone; see BusyMember.
            BusyMember.begin(member, request)
            let outcome = await serve(request, scheme, place, member)
            if outcome == .declined { return unserved(request, scheme) }
            var status = request.status
            if case .status(let refusal) = outcome { status = refusal }
            let failed = outcome == .status(503) || outcome == .status(500)
            let isOverride = request.notes.contains("proxy-error-override")
            if failed, !isOverride { member.record?.fail(now: request.loop.realTime) }
            balancer.note(member, request, status: status)
            guard outcome == .status(503), !isOverride, !member.status.isUsable, attempt < balancer.attempts else {
                return outcome
            }
            BusyMember.end(request)
            attempt += 1
        }
    }

    /// Counts `Max-Forwards` down; zero ends here.
    private static func maxForwards(_ request: Request) -> Outcome? {
        guard let said = request.header("Max-Forwards") else {
            let limit = request.server[Proxy.server].maxForwards.value(default: -1)
            if limit >= 0 { request.headersIn.set("Max-Forwards", ByteString(decimal: limit)) }
            return nil
        }
        guard said.allSatisfy(ASCII.isDigit), let number = said.decimal, number >= 0, number < Int.max else {
            request.log(.warning, "proxy", "AH10188: Max-Forwards value '\(said)' could not be parsed")
            return error(request, 400, "Max-Forwards request header could not be parsed")
        }
        if number == 0 {
            switch request.methodNumber {
            case .trace: return request.answerTrace()
            case .options: return request.answerOptions()
            default: return error(request, 400, "Max-Forwards has reached zero - proxy loop?")
            }
        }
        request.headersIn.set("Max-Forwards", ByteString(decimal: max(number - 1, 0)))
        return nil
    }

    /// `TraceEnable off` forbids passing TRACE on, and so does a body that `extended` does not allow.
    private static func trace(_ request: Request) -> Outcome? {
        guard request.methodNumber == .trace else { return nil }
        let enabled = request.server[Core.server].traceEnable.value(default: .on)
        let complaint: ByteString
        let status: Int
        if enabled == .off {
            complaint = "TRACE forbidden by server configuration"
            status = 405
        } else if enabled != .extended, request.body != nil {
            complaint = "TRACE with request body is not allowed"
            status = 413
        } else {
            return nil
        }
        request.notes.set("error-notes", complaint)
        request.notes.set("verbose-error-to", "*")
        request.log(.error, "proxy", "\(status == 405 ? "AH01139" : "AH01140"): \(complaint)")
        return .status(status)
    }

    /// A worker that was switched off is not asked; `label` is the protocol in the message.
    public static func refuseDisabled(
        _ request: Request, _ worker: ProxyWorker?, _ label: ByteString, _ host: ByteString, _ port: UInt16
    ) -> Outcome? {
        // Where errors are ignored, one that is known does not matter.
        guard let worker else { return nil }
        let status = worker.record == nil ? worker.status.subtracting(.inError) : worker.status
        guard !status.isUsable else { return nil }
        request.server.log(.error, "proxy", "AH00940: \(label): disabled connection for (\(host):\(port))")
        return .status(503)
    }

    /// An answer with the proxy's own page (ap_proxyerror).
    public static func error(_ request: Request, _ status: Int, _ message: ByteString) -> Outcome {
        request.log(.error, "proxy", "AH00898: \(message) returned by \(request.uri)")
        request.notes.set(
            "error-notes",
            "The proxy server could not handle the request<p>Reason: <strong>\(message.escapedHTML)</strong></p>")
        request.notes.set("verbose-error-to", "*")
        request.statusLine = "\(status) Proxy Error"
        return .status(status)
    }
}

/// Counts a member as busy for as long as its answer is under way.
final class BusyMember {
    private let record: WorkerRecord?
    private init(_ worker: ProxyWorker) {
        record = worker.record
        record?.begin()
    }
    deinit { record?.end() }

    private static let key = ObjectIdentifier(BusyMember.self)
    static func begin(_ worker: ProxyWorker, _ request: Request) { request.moduleState[key] = BusyMember(worker) }
    static func end(_ request: Request) { request.moduleState[key] = nil }
}
