// Apache: modules/proxy/mod_proxy.h (canon_handler, scheme_handler)

import Bytes
import ServerCore

/// What a module does that speaks the protocol of a URL's scheme; offered with ``Hooks/addProvider(_:to:as:)`` under the scheme's
/// name in lower case.
public struct ProxyScheme: Sendable {
    public static let group = ProviderGroup<ProxyScheme>("proxy_scheme")

    /// Brings `request.filename` (`proxy:` and the URL) into canonical form.
    public let canonicalize: @Sendable (Request, _ url: ByteString) -> Outcome
    /// Asks the backend and makes its answer the request's. `.declined`: this URL cannot be served.
    public let serve: @Sendable (Request, _ url: ByteString, ProxyWorker?) async -> Outcome

    public init(
        canonicalize: @escaping @Sendable (Request, ByteString) -> Outcome,
        serve: @escaping @Sendable (Request, ByteString, ProxyWorker?) async -> Outcome
    ) {
        self.canonicalize = canonicalize
        self.serve = serve
    }

    /// Canonical form of URLs that are HTTP's in all but the name (proxy_http_canon, proxy_http2_canon). `module` speaks in the
    /// error log.
    public static func canonicalizeHTTP(_ request: Request, _ url: ByteString, module: String) -> Outcome {
        guard let colon = url.firstIndex(of: UInt8(ascii: ":")) else { return .declined }
        let scheme = url.upTo(colon).lowercased
        let location: ProxyURL.Location
        switch ProxyURL.parse(afterScheme: url.from(colon + 1)) {
        case .location(let parsed): location = parsed
        case .malformed(let complaint):
            request.log(.error, module, "AH01083: error parsing URL \(url): \(complaint)")
            return .status(400)
        }
        var path = location.path
        var search: ByteString?
        var isRaw = true
        if request.isProxyRequest || request.notes.contains("proxy-nocanon") {
            // Raw, as the client sent it.
        } else if request.notes.contains("proxy-noencode") {
            search = request.args
        } else {
            let keeps = request[Core.directory].allowEncodedSlashes.value(default: .off) == .noDecode
            guard let encoded = ProxyURL.encodePath(path, keepsEncodedSlashes: keeps) else { return .status(400) }
            path = encoded
            search = request.args
            isRaw = false
        }
        if isRaw, path.contains(where: Self.isBlankOrControl) {
            request.log(
                .error, module, "AH10415: To be forwarded path contains control characters or spaces")
            return .status(403)
        }
        if let search, search.contains(where: Self.isBlankOrControl) {
            request.log(
                .error, module, "AH10408: To be forwarded query string contains control characters or spaces")
            return .status(403)
        }
        let port: ByteString =
            location.port == 0 || location.port == ProxyTarget.defaultPort(scheme) ? "" : ":\(location.port)"
        let host = location.host.contains(UInt8(ascii: ":")) ? "[\(location.host)]" : location.host
        request.filename = "proxy:\(scheme)://\(host)\(port)/\(path)"
        if let search { request.filename = (request.filename ?? "") + "?" + search }
        return .ok
    }
    private static func isBlankOrControl(_ byte: UInt8) -> Bool { byte <= 32 || byte == 127 }
}
