// Apache: modules/proxy/mod_proxy_http.c (process_proxy_header), modules/http2/h2_proxy_session.c (process_proxy_header)

import Bytes
import HTTP
import ServerCore

/// What the modules that proxy over HTTP do alike with an answer.
public enum ProxyAnswer {
    /// Fields as clients are told them: what the backend says of itself and of the time is changed. Names as HTTP/1 writes them.
    public static func fields(
        _ request: Request, _ given: [(name: ByteString, value: ByteString)], restoresCase: Bool = true
    ) -> Table {
        var table = Table()
        for (name, value) in given { table.add(restoresCase ? capitalized(name) : name, map(request, name, value)) }
        return table
    }
    /// `content-type` is `Content-Type` (h2_proxy_util_camel_case_header).
    static func capitalized(_ name: ByteString) -> ByteString {
        var bytes = name.bytes
        var isStart = true
        for index in bytes.indices {
            if isStart { bytes[index] = ASCII.upper(bytes[index]) }
            isStart = bytes[index] == UInt8(ascii: "-")
        }
        return ByteString(bytes)
    }
    static func map(_ request: Request, _ name: ByteString, _ value: ByteString) -> ByteString {
        switch name.lowercased {
        case "date", "expires", "last-modified":
            guard let time = HTTPDate.parse(value) else { return value }
            return HTTPDate.string(time)
        case "location", "content-location", "uri", "destination": return ReverseMap.location(request, value)
        case "set-cookie": return ReverseMap.cookie(request, value)
        default: return value
        }
    }
    /// `ProxyErrorOverride`: this server's own page takes the place of an answer with this status.
    public static func override(_ request: Request, _ status: Int) -> Outcome? {
        guard !request.isSubrequest, request[Proxy.directory].overrides(status) else { return nil }
        if status == 401, let challenge = request.headersOut["WWW-Authenticate"] {
            request.errHeadersOut.set("WWW-Authenticate", challenge)
        }
        request.status = 200
        request.notes.set("proxy-error-override", "1")
        return .status(status)
    }
}
