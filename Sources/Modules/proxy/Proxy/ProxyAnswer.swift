// Apache: modules/proxy/mod_proxy_http.c (process_proxy_header), modules/http2/h2_proxy_session.c (process_proxy_header)

import Bytes
import HTTP
import ServerCore

/// What the modules that proxy over HTTP do alike with an answer.
public enum ProxyAnswer {
    /// Fields as clients are told them: what the backend says of itself and of the time is changed. Names as HTTP/1 writes them.
    public static func fields(_ request: Request, _ given: [(name: ByteString, value: ByteString)]) -> Table {
        var table = Table()
        for (name, value) in given { table.add(capitalized(name), map(request, name, value)) }
        return table
    }
    /// The same of an answer over HTTP/1.
    static func fields(_ request: Request, _ head: ResponseHeadReader) -> Table {
        var table = Table()
        // With room for what other modules add.
        table.reserve(entries: head.ranges.count + 4, bytes: head.text.count + 128)
        let text = head.text.span
        for (name, value) in head.ranges {
            guard changing.contains(where: { text.equalsIgnoringCase($0, in: name) }) else {
                table.add(text, name: name, value: value)
                continue
            }
            let own = ByteString(Array(head.text[name]))
            table.add(own, map(request, own, ByteString(Array(head.text[value]))))
        }
        return table
    }
    /// Names of the fields that ``map(_:_:_:)`` looks at.
    private static let changing: [StaticString] = [
        "Date", "Expires", "Last-Modified", "Location", "Content-Location", "URI", "Destination", "Set-Cookie",
    ]
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
