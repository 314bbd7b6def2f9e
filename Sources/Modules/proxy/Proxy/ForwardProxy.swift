// Apache: modules/proxy/mod_proxy.c (proxy_detect, proxy_needsdomain)

import Bytes
import HTTP
import ServerCore

/// `ProxyRequests On`: requests whose target is a URL of another server.
enum ForwardProxy {
    @Sendable static func detect(_ request: Request) -> Outcome {
        guard request.server.isForwardProxy, isMeant(request) else { return .declined }
        request.isProxyRequest = true
        request.uri = request.unparsedURI
        request.filename = "proxy:" + request.unparsedURI
        request.handler = "proxy-server"
        request.doNotReuse()
        return .declined
    }
    private static func isMeant(_ request: Request) -> Bool {
        // CONNECT has no scheme.
        if request.methodNumber == .connect { return ProxyTarget("connect://\(request.unparsedURI)")?.hasPort == true }
        return scheme(request.unparsedURI).map { !isOwn(request, $0) } ?? false
    }
    static func scheme(_ target: ByteString) -> ByteString? {
        guard let colon = target.firstIndex(of: UInt8(ascii: ":")), colon > 0, ASCII.isAlpha(target[0]),
            target.upTo(colon).allSatisfy({ ASCII.isAlnum($0) || $0 == 43 || $0 == 45 || $0 == 46 })
        else { return nil }
        return target.upTo(colon)
    }
    /// A URL of the very virtual host that was asked (ap_matches_request_vhost): by its address, or by name and port.
    private static func isOwn(_ request: Request, _ scheme: ByteString) -> Bool {
        guard scheme.equalsIgnoringCase(request.scheme), let target = ProxyTarget(request.unparsedURI) else {
            return false
        }
        let host = target.host.lowercased
        for address in request.server.addresses where address.port == nil || address.port == target.port {
            if address.address?.text == host || address.text.equalsIgnoringCase(host) { return true }
        }
        guard target.port == request.server.port else { return false }
        return request.server.serverName?.equalsIgnoringCase(host) == true
            || VirtualHostTable.match([request.server], host: host, port: target.port) != nil
    }

    /// `ProxyDomain`: a host without a domain is asked for again with one.
    static func completeDomain(_ request: Request) -> Outcome? {
        guard request.isProxyRequest, request.methodNumber.isGet,
            let domain = request.server[Proxy.server].domain.value, let target = ProxyTarget(request.unparsedURI),
            !target.host.contains(UInt8(ascii: ".")), !target.host.equalsIgnoringCase("localhost"),
            !target.host.contains(UInt8(ascii: ":"))
        else { return nil }
        let port: ByteString = target.hasPort ? ":\(target.port)" : ""
        request.headersOut.set("Location", "\(target.scheme)://\(target.host)\(domain)\(port)\(target.path)")
        request.log(.info, "proxy", "AH01138: Domain missing: \(request.uri) sent to \(domain)")
        return .status(301)
    }
}
