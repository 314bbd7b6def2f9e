// Apache: modules/http/http_filters.c ap_http_header_filter, merge_response_headers;
//         modules/http/http_protocol.c ap_set_keepalive

import Bytes
import HTTP

/// Makes the head of an answer: last changes to the fields, the decision to keep the connection, the bytes.
enum ResponseHead {
    /// Settles fields and framing of a prepared answer. Returns whether the body goes out in chunks.
    static func settle(_ request: Request) -> Bool {
        let connection = request.connection
        if !request.errHeadersOut.isEmpty {
            request.headersOut = request.headersOut.overlaid(with: request.errHeadersOut)
            request.errHeadersOut.removeAll()
        }
        // The version to answer with; loggers still see what the client said.
        var version = request.protocolNumber
        if request.isSet("force-no-vary") {
            request.headersOut.unset("Vary")
            version = 1000
            request.env.set("force-response-1.0", "1")
        } else {
            mergeVary(request)
        }
        if version > 1000, request.isSet("downgrade-1.0") { version = 1000 }
        request.answersAsHTTP10 = version == 1000 && request.isSet("force-response-1.0")
        if request.answersAsHTTP10 { connection.keepAlive = .close }
        if connection.secondary != nil {
            request.answersAsHTTP10 = false
            connection.keepAlive = .keepAlive
        }

        let headerOnly = Status(request.status).isHeaderOnly
        setContentLength(request, headerOnly)
        var chunked = connection.secondary == nil && decideKeepAlive(request, headerOnly, version)
        if request.noCache, !request.headersOut.contains("Expires") {
            request.dependsOnSecond()
            var date: [UInt8] = []
            HTTPDate.append(Int(request.requestTime / 1_000_000), to: &date)
            request.headersOut.add("Expires", ByteString(date))
        }
        if request.notes.contains("no-etag") { request.headersOut.unset("ETag") }
        if headerOnly {
            for name: ByteString in ["Transfer-Encoding", "Content-Length"] { request.headersOut.unset(name) }
            request.contentType = nil
            request.contentEncoding = nil
            request.contentLanguages = []
            chunked = false
        } else if chunked {
            request.headersOut.merge("Transfer-Encoding", "chunked")
            request.headersOut.unset("Content-Length")
        }
        setContentFields(request)
        if request.isHeadOnly, request.headersOut["Content-Length"] == "0" {
            request.headersOut.unset("Content-Length")
        }
        return chunked
    }

    /// ap_content_length_filter: a length that is known is said.
    private static func setContentLength(_ request: Request, _ headerOnly: Bool) {
        guard !headerOnly, !request.isLengthUntold, let count = request.responseBody.knownCount else { return }
        // HEAD: the handler made no body, so its own length stands.
        if request.isHeadOnly, count == 0 { return }
        request.headersOut.set("Content-Length", ByteString(decimal: count))
    }

    private static func mergeVary(_ request: Request) {
        let values = request.headersOut.values(of: "Vary")
        guard !values.isEmpty else { return }
        var unique: [ByteString] = []
        for value in values {
            for name in value.bytes.split(whereSeparator: { $0 == UInt8(ascii: ",") || ASCII.isSpace($0) }) {
                let name = ByteString(Array(name))
                if !unique.contains(where: { $0.equalsIgnoringCase(name) }) { unique.append(name) }
            }
        }
        var line = ByteString()
        for name in unique { line.append(line.isEmpty ? name : "," + name) }
        request.headersOut.set("Vary", line)
    }

    /// The long condition of ap_set_keepalive, in its order. Returns whether chunks are to be used.
    private static func decideKeepAlive(_ request: Request, _ headerOnly: Bool, _ version: Int) -> Bool {
        let connection = request.connection
        let server = request.server
        let limit = server.maxKeepAliveRequests.value(default: 100)
        let left = limit - connection.keepAlives
        let said = request.headersIn(unnoted: "Connection") ?? ""
        let saysClose = FieldList.hasToken(said, "close")
        let wimpy = request.headersOut["Connection"].map { FieldList.hasToken($0, "close") } ?? false
        var chunked = false
        var keep = connection.keepAlive != .close && !request.expectingContinue
        if keep {
            keep =
                request.isHeadOnly || headerOnly || request.headersOut.contains("Content-Length")
                || request.headersOut["Transfer-Encoding"].map { FieldList.hasToken($0, "chunked") } ?? false
            if !keep, version >= 1001 {
                keep = true
                chunked = true
            }
        }
        let saysKeepAlive = FieldList.hasToken(said, "keep-alive")
        connection.clientEnds = saysClose
        keep =
            keep && server.keepAlive.value(default: true) && server.keepAliveTimeout.value(default: 5000) > 0
            && (limit == 0 || left > 0) && !Status(request.status).dropsConnection && !wimpy && !saysClose
            && (!request.isSet("nokeepalive") || request.headersIn(unnoted: "Via") != nil)
            && (saysKeepAlive || version >= 1001) && !connection.worker.isStopping
        if keep {
            connection.keepAlive = .keepAlive
            connection.keepAlives += 1
            if saysKeepAlive {
                let seconds = server.keepAliveTimeout.value(default: 5000) / 1000
                request.headersOut.set(
                    "Keep-Alive", limit != 0 ? "timeout=\(seconds), max=\(left)" : "timeout=\(seconds)")
                request.headersOut.merge("Connection", "Keep-Alive")
            }
            return chunked
        }
        if !wimpy { request.headersOut.merge("Connection", "close") }
        if connection.keepAlive != .close, limit != 0, left == 0 { connection.keepAlives += 1 }
        connection.keepAlive = .close
        return chunked
    }

    private static func setContentFields(_ request: Request) {
        if let type = request.contentTypeForSending { request.headersOut.set("Content-Type", type) }
        if let encoding = request.contentEncoding { request.headersOut.set("Content-Encoding", encoding) }
        guard !request.contentLanguages.isEmpty else { return }
        var line = ByteString()
        for language in request.contentLanguages { line.append(line.isEmpty ? language : "," + language) }
        request.headersOut.set("Content-Language", line)
    }

    /// Status line and fields, with the empty line.
    static func append(_ request: Request, to buffer: inout [UInt8]) {
        guard !request.assumedHTTP09 else { return }
        buffer.append(request.answersAsHTTP10 ? "HTTP/1.0 " : "HTTP/1.1 ")
        if let line = request.statusLine, line.hasPrefix(ByteString(decimal: request.status)) {
            buffer.append(line)
        } else {
            Status(request.status).appendLine(to: &buffer)
        }
        buffer.append("\r\n")
        if request.isProxyResponse, let date = request.headersOut["Date"] {
            buffer.append("Date: ")
            buffer.append(date)
        } else {
            buffer.append("Date: ")
            request.connection.worker.appendDate(to: &buffer)
        }
        buffer.append("\r\n")
        request.headersOut.unset("Date")
        let banner = request.isProxyResponse ? request.headersOut["Server"] : nil
        buffer.append("Server: ")
        buffer.append(banner ?? request.configuration.banner)
        buffer.append("\r\n")
        if banner != nil || !request.isProxyResponse { request.headersOut.unset("Server") }
        request.headersOut.appendFieldLines(to: &buffer)
        buffer.append("\r\n")
    }
}

extension Request {
    /// A request field for the protocol's own decisions, which depend on it for every request.
    func headersIn(unnoted name: StaticString) -> ByteString? { headersInStorage[name] }
}

extension Request {
    /// The type with AddDefaultCharset's charset where it is text without one (ap_make_content_type).
    var contentTypeForSending: ByteString? {
        guard let type = contentType else { return nil }
        guard !suppressCharset, case .set(let charset?) = self[Core.directory].defaultCharset,
            type.lowercased.firstRange(of: "charset=") == nil
        else { return type }
        let bare = (type.bytes.firstIndex(of: UInt8(ascii: ";")).map { type.upTo($0) } ?? type).trimmed()
        guard bare.equalsIgnoringCase("text/plain") || bare.equalsIgnoringCase("text/html") else { return type }
        return "\(type); charset=\(charset)"
    }
}
