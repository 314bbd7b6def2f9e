// Apache: modules/proxy/mod_proxy.c (proxy_handler), proxy_util.c (ap_proxy_pre_request, ap_proxyerror)

import Bytes
import HTTP
import ServerCore

/// Finds the backend of a request and hands the request to the module of its scheme.
enum ProxyHandler {
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
        request.isProxyResponse = true
        guard let name = request.filename, let colon = name.bytes.dropFirst(6).firstIndex(of: UInt8(ascii: ":")) else {
            return .status(400)
        }
        if let refusal = maxForwards(request) { return refusal }
        let scheme = name[6..<colon]
        let url = name.from(6)
        let worker = ProxyWorker.find(url, in: request.server[Proxy.server].workers)
        if scheme.equalsIgnoringCase("fcgi"), request.configuration.module("proxy_fcgi") != nil {
            return await ProxyFCGI.serve(request, url, worker)
        }
        request.log(
            .warning, "proxy",
            "AH01144: No protocol handler was valid for the URL \(request.uri) (scheme '\(scheme)'). If you are using a DSO version of mod_proxy, make sure the proxy submodules are included in the configuration using LoadModule."
        )
        return .status(500)
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
        if number == 0, request.methodNumber != .trace, request.methodNumber != .options {
            return error(request, 400, "Max-Forwards has reached zero - proxy loop?")
        }
        request.headersIn.set("Max-Forwards", ByteString(decimal: max(number - 1, 0)))
        return nil
    }

    /// An answer with the proxy's own page (ap_proxyerror).
    static func error(_ request: Request, _ status: Int, _ message: ByteString) -> Outcome {
        request.log(.error, "proxy", "AH00898: \(message) returned by \(request.uri)")
        request.notes.set(
            "error-notes",
            "The proxy server could not handle the request<p>Reason: <strong>\(message.escapedHTML)</strong></p>")
        request.notes.set("verbose-error-to", "*")
        request.statusLine = "\(status) Proxy Error"
        return .status(status)
    }
}
