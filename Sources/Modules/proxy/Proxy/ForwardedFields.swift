// Apache: modules/proxy/proxy_util.c (ap_proxy_create_hdrbrgd, ap_proxy_clear_connection)

import Bytes
import HTTP
import ServerCore

/// The fields of a request as the backend gets them.
public struct ForwardedFields {
    /// What is sent as Host.
    public var host: ByteString
    /// Everything else, without what belongs to a connection or to the framing of the body.
    public var table: Table

    /// - Parameters:
    ///   - target: where the request goes.
    ///   - expectsContinue: the backend is to say `100 Continue` before the body.
    public init(_ request: Request, _ target: ProxyTarget, expectsContinue: Bool) {
        let directory = request[Proxy.directory]
        let savedHost = request.header("Host")
        var fields = request.headersIn
        for name: StaticString in ["Transfer-Encoding", "Content-Length"] { fields.unset(name) }
        _ = Self.clearConnection(&fields)
        for name: StaticString in ["Keep-Alive", "Upgrade", "Trailer", "TE"] { fields.unset(name) }
        if !directory.preserveHost.value(default: false) {
            host = target.hostField
        } else if let savedHost {
            host = savedHost
        } else {
            host = request.server.serverName ?? request.configuration.hostName
            request.log(
                .warning, "proxy",
                "AH01092: no HTTP 0.9 request (with no host line) on incoming request and preserve host set forcing hostname to be \(host) for uri \(request.uri)"
            )
        }
        fields.unset("Host")
        if let via = Self.via(request) { fields.merge("Via", via) }
        if request.server[Proxy.server].via.value(default: .off) == .block { fields.unset("Via") }
        if !expectsContinue {
            fields.unset("Expect")
        } else if !(fields["Expect"].map { FieldList.hasToken($0, "100-continue") } ?? false) {
            fields.merge("Expect", "100-Continue")
        }
        if directory.addHeaders.value(default: true), !request.isProxyRequest {
            fields.merge("X-Forwarded-For", request.useragentAddress.text)
            if let savedHost { fields.merge("X-Forwarded-Host", savedHost) }
            fields.merge("X-Forwarded-Server", request.server.serverName ?? request.configuration.hostName)
        }
        if request.user != nil, !request.isSet("Proxy-Chain-Auth") { fields.unset("Proxy-Authorization") }
        if request.isSubrequest {
            for name: StaticString in [
                "If-Match", "If-Modified-Since", "If-Range", "If-Unmodified-Since", "If-None-Match",
            ] { fields.unset(name) }
        }
        table = fields
    }

    /// Removes `Connection` and every field that it names; true: it says `close`.
    public static func clearConnection(_ fields: inout Table) -> Bool {
        fields.unset("Proxy-Connection")
        let values = fields.values(of: "Connection")
        guard !values.isEmpty else { return false }
        var closes = false
        var names: [ByteString] = []
        for value in values {
            var at = 0
            repeat {
                while at < value.count, value[at] == UInt8(ascii: ",") || value[at] == UInt8(ascii: ";") { at += 1 }
                let before = at
                let name = FieldList.token(value, &at, acceptsBlanks: false)
                if name.equalsIgnoringCase("close") { closes = true }
                if !name.isEmpty { names.append(name) }
                // A byte that is no part of any token.
                if at == before { at += 1 }
            } while at < value.count
        }
        fields.unset("Connection")
        for name in names { fields.unset(name) }
        return closes
    }

    /// What this server adds to `Via`, as `ProxyVia` says.
    public static func via(_ request: Request) -> ByteString? {
        let mode = request.server[Proxy.server].via.value(default: .off)
        guard mode == .on || mode == .full else { return nil }
        var name = request.serverName
        // The name that the client used is the backend's business, not this server's.
        if name == request.hostname { name = request.server.serverName ?? request.configuration.hostName }
        let version: ByteString = "\(request.protocolNumber / 1000).\(request.protocolNumber % 1000)"
        let port: ByteString = request.serverPort == Int(request.defaultPort) ? "" : ":\(request.serverPort)"
        return mode == .full
            ? "\(version) \(name)\(port) (Apache/\(ServerBanner.apacheVersion))" : "\(version) \(name)\(port)"
    }
}

/// A URL of a backend taken apart: `scheme://host[:port]/path?query`.
public struct ProxyTarget: Sendable {
    public var scheme: ByteString
    public var host: ByteString
    public var port: UInt16
    /// The URL names a port.
    public var hasPort: Bool
    /// Path and query, as they are sent.
    public var path: ByteString

    /// Nil where there is no host.
    public init?(_ url: ByteString) {
        guard let colon = url.firstIndex(of: UInt8(ascii: ":")), colon > 0, url.from(colon).hasPrefix("://") else {
            return nil
        }
        scheme = url.upTo(colon).lowercased
        let start = colon + 3
        let end =
            url.bytes[start...].firstIndex {
                $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#")
            } ?? url.count
        var authority = url[start..<end]
        if let at = authority.lastIndex(of: UInt8(ascii: "@")) { authority = authority.from(at + 1) }
        guard let (host, port) = ProxyURL.splitPort(authority) else { return nil }
        self.host = host
        hasPort = port != 0
        self.port = port == 0 ? Self.defaultPort(scheme) : port
        path = url.from(end)
    }
    /// ap_proxy_port_of_scheme
    public static func defaultPort(_ scheme: ByteString) -> UInt16 {
        switch scheme {
        case "https", "wss", "h2": 443
        case "fcgi": 8000
        default: 80
        }
    }
    /// The value of Host: the port is named unless it is 80 (sic, also with TLS).
    public var hostField: ByteString {
        let name: ByteString = host.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return hasPort && port != 80 ? "\(name):\(port)" : name
    }
}
