// Apache: modules/ssl/ssl_util_ocsp.c (serialize_request); srclib/apr-util/uri/apr_uri.c

import Bytes

/// The address of an OCSP responder, or of a proxy on the way to one: `http://host:port/path?query`.
struct ResponderURL: Sendable, Equatable {
    var scheme: ByteString
    var host: ByteString
    var port: UInt16
    /// `host:port` or `host`, as it was written.
    var hostInfo: ByteString
    /// Path and query; never empty.
    var path: ByteString

    /// nil for what is no absolute URL with a host.
    init?(_ text: ByteString) {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), text.from(colon).hasPrefix("://") else { return nil }
        scheme = text.upTo(colon)
        let rest = text.from(colon + 3)
        let end = rest.bytes.firstIndex {
            $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#")
        }
        var authority = rest.upTo(end ?? rest.count)
        if let at = authority.bytes.lastIndex(of: UInt8(ascii: "@")) { authority = authority.from(at + 1) }
        hostInfo = authority
        var tail = end.map { rest.from($0) } ?? "/"
        if let mark = tail.firstIndex(of: UInt8(ascii: "#")) { tail = tail.upTo(mark) }
        path = tail.first == UInt8(ascii: "/") ? tail : "/" + tail
        var name = authority
        var number: UInt16 = 80
        let bracket = authority.bytes.lastIndex(of: UInt8(ascii: "]")) ?? 0
        if let mark = authority.bytes.lastIndex(of: UInt8(ascii: ":")), mark >= bracket {
            name = authority.upTo(mark)
            let digits = authority.from(mark + 1)
            if !digits.isEmpty {
                guard let value = digits.decimal, let short = UInt16(exactly: value), short > 0 else { return nil }
                number = short
            }
        }
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.from(1).upTo(name.count - 2) }
        guard !name.isEmpty, !name.bytes.contains(where: { $0 <= 32 || $0 == 127 }),
            !path.bytes.contains(where: { $0 <= 32 || $0 == 127 })
        else { return nil }
        host = name
        port = number
    }
    /// Whether it can be asked.
    var isHTTP: Bool { scheme.equalsIgnoringCase("http") }
    /// The host as it stands in a URL.
    private var hostInURL: ByteString { host.contains(UInt8(ascii: ":")) ? "[\(host)]" : host }

    /// The request that carries a question to the responder, through a proxy with the whole URL.
    func post(_ question: [UInt8], throughProxy: Bool) -> [UInt8] {
        let target: ByteString = throughProxy ? "http://\(hostInURL):\(Int(port))\(path)" : path
        let head: ByteString =
            "POST \(target) HTTP/1.0\r\nHost: \(hostInURL):\(Int(port))\r\nContent-Type: application/ocsp-request\r\nConnection: close\r\nContent-Length: \(question.count)\r\n\r\n"
        return head.bytes + question
    }
}
