// Apache: server/util_script.c (ap_add_common_vars, ap_add_cgi_vars, ap_find_path_info)

import Bytes
import HTTP

/// The variables that CGI programs, FastCGI applications and PHP see (RFC 3875, section 4.1, and Apache's additions),
/// written into `Request.env`.
public enum CGIEnvironment {
    private static let defaultPath: ByteString = "/bin:/usr/bin:/usr/ucb:/usr/bsd:/usr/local/bin"

    /// What every kind of script is told: request fields, server, client, file.
    public static func addCommonVariables(_ request: Request) {
        var table = Table()
        table.reserve(entries: 40, bytes: 2048)
        addFields(request, &table)
        addProcess(request, &table)
        addServer(request, &table)
        addClient(request, &table)
        addPrevious(request, &table)
        if request.env.isEmpty {
            request.env = table
        } else {
            request.env.overlap(table)
        }
    }

    /// What CGI adds: method, query, the URL's parts.
    public static func addCGIVariables(_ request: Request) {
        request.env.set(variable: "GATEWAY_INTERFACE", "CGI/1.1")
        request.env.set(variable: "SERVER_PROTOCOL", request.protocolText)
        request.env.set(variable: "REQUEST_METHOD", request.method)
        request.env.set(variable: "QUERY_STRING", request.args ?? ByteString())
        let rule = request[Core.directory].cgiVariables["REQUEST_URI"]
        request.env.set(variable: "REQUEST_URI", rule == "current-uri" ? request.uri : originalURI(request.requestLine))
        guard !request.pathInfo.isEmpty else {
            request.env.set(variable: "SCRIPT_NAME", request.uri)
            return
        }
        request.env.set(variable: "SCRIPT_NAME", request.uri.upTo(pathInfoStart(request.uri, request.pathInfo)))
        request.env.set(variable: "PATH_INFO", request.pathInfo)
        let mapped = request.lookup(uri: request.pathInfo.escapedPath)
        if let name = mapped.filename { request.env.set(variable: "PATH_TRANSLATED", name + mapped.pathInfo) }
    }

    /// What differs from request to request though their walks agree: fields, and the client's address and port.
    public static func variablesOfOneRequest(_ request: Request) -> Table {
        var table = Table()
        table.reserve(entries: request.headersInStorage.count + 2, bytes: 512)
        addFields(request, &table)
        table.add(variable: "REMOTE_ADDR") { request.useragentAddress.append(to: &$0) }
        table.add(variable: "REMOTE_PORT") { $0.append(decimal: Int(request.connection.remoteAddress.port)) }
        return table
    }
    /// Whether a variable is one of those of ``variablesOfOneRequest(_:)``.
    public static func isOfOneRequest(_ text: borrowing Span<UInt8>, _ name: Range<Int>) -> Bool {
        name.count > 5 && text.equals("HTTP_", in: name.lowerBound..<name.lowerBound + 5)
            || name.count > 10 && text.equals("H2_STREAM_", in: name.lowerBound..<name.lowerBound + 10)
            || text.equals("CONTENT_TYPE", in: name) || text.equals("CONTENT_LENGTH", in: name)
            || text.equals("REMOTE_ADDR", in: name) || text.equals("REMOTE_PORT", in: name)
    }

    /// Every request field as `HTTP_NAME`. A field whose name is not letters, digits and hyphens is no variable, `Proxy`
    /// never is, and credentials only with `CGIPassAuth`.
    private static func addFields(_ request: Request, _ table: inout Table) {
        if let stream = request.connection.secondary {
            table.add(variable: "H2_STREAM_ID") { $0.append(decimal: Int(stream.id)) }
            table.add(variable: "H2_STREAM_TAG", stream.tag)
        }
        let fields = request.headersInStorage
        let passesCredentials = request[Core.directory].cgiPassAuth.value(default: false)
        for index in fields.entries.indices {
            let (name, value) = fields.ranges(at: index)
            let text = fields.text.span
            if text.equalsIgnoringCase("Content-Type", in: name) {
                table.add(variable: "CONTENT_TYPE") { $0.append(contentsOf: fields.text[value]) }
            } else if text.equalsIgnoringCase("Content-Length", in: name) {
                table.add(variable: "CONTENT_LENGTH") { $0.append(contentsOf: fields.text[value]) }
            } else if text.equalsIgnoringCase("Proxy", in: name) {
                continue
            } else if !passesCredentials,
                text.equalsIgnoringCase("Authorization", in: name)
                    || text.equalsIgnoringCase("Proxy-Authorization", in: name)
            {
                continue
            } else {
                table.add(
                    name: { appendVariableName(fields.text, name, to: &$0) },
                    value: { $0.append(contentsOf: fields.text[value]) })
            }
        }
    }
    private static func appendVariableName(_ text: [UInt8], _ range: Range<Int>, to buffer: inout [UInt8]) -> Bool {
        buffer.append("HTTP_")
        for index in range {
            let byte = text[index]
            if ASCII.isAlnum(byte) {
                buffer.append(ASCII.upper(byte))
            } else if byte == UInt8(ascii: "-") {
                buffer.append(UInt8(ascii: "_"))
            } else {
                return false
            }
        }
        return true
    }

    private static func addProcess(_ request: Request, _ table: inout Table) {
        table.add(
            variable: "PATH", request.env["PATH"] ?? request.configuration.environment("PATH") ?? defaultPath)
        if let path = request.env["LD_LIBRARY_PATH"] ?? request.configuration.environment("LD_LIBRARY_PATH") {
            table.add(variable: "LD_LIBRARY_PATH", path)
        }
    }

    private static func addServer(_ request: Request, _ table: inout Table) {
        table.add(variable: "SERVER_SIGNATURE", request.signature)
        table.add(variable: "SERVER_SOFTWARE", request.configuration.banner)
        table.add(variable: "SERVER_NAME") { $0.appendEscapedHTML(request.serverNameForURL) }
        table.add(variable: "SERVER_ADDR") { request.connection.localAddress.append(to: &$0) }
        table.add(variable: "SERVER_PORT") { $0.append(decimal: request.serverPort) }
    }

    private static func addClient(_ request: Request, _ table: inout Table) {
        if let host = request.resolvedRemoteHost { table.add(variable: "REMOTE_HOST", host) }
        table.add(variable: "REMOTE_ADDR") { request.useragentAddress.append(to: &$0) }
        let root = request.documentRoot
        table.add(variable: "DOCUMENT_ROOT", root)
        table.add(variable: "REQUEST_SCHEME", request.scheme)
        table.add(variable: "CONTEXT_PREFIX", request.contextPrefix ?? ByteString())
        table.add(variable: "CONTEXT_DOCUMENT_ROOT", request.contextDocumentRoot ?? root)
        table.add(variable: "SERVER_ADMIN", request.server.serverAdmin ?? "[no address given]")
        var name = request.filename ?? ByteString()
        if request.notes.contains("proxy-noquery"), let question = name.firstIndex(of: UInt8(ascii: "?")) {
            name = name.upTo(question)
        }
        table.add(variable: "SCRIPT_FILENAME", name)
        table.add(variable: "REMOTE_PORT") { $0.append(decimal: Int(request.connection.remoteAddress.port)) }
        if let user = request.user {
            table.add(variable: "REMOTE_USER", user)
        } else {
            var earlier = request.previous
            while let back = earlier {
                if let user = back.user {
                    table.add(variable: "REDIRECT_REMOTE_USER", user)
                    break
                }
                earlier = back.previous
            }
        }
        if let type = request.authType { table.add(variable: "AUTH_TYPE", type) }
    }

    private static func addPrevious(_ request: Request, _ table: inout Table) {
        guard let previous = request.previous else { return }
        let qualifies = request[Core.directory].qualifyRedirectURL.value(default: false)
        table.add(variable: "REDIRECT_URL", qualifies ? previous.absoluteURL(previous.uri) : previous.uri)
        if let query = previous.args { table.add(variable: "REDIRECT_QUERY_STRING", query) }
    }

    /// The target as the client wrote it: the second word of the request line.
    private static func originalURI(_ line: ByteString) -> ByteString {
        var start = 0
        while start < line.count, !ASCII.isSpace(line[start]) { start += 1 }
        while start < line.count, ASCII.isSpace(line[start]) { start += 1 }
        var end = start
        while end < line.count, !ASCII.isSpace(line[end]) { end += 1 }
        return line[start..<end]
    }

    /// Where in `uri` the part begins that `pathInfo` is: both are compared from their ends, because a path on disk and
    /// its URL need not agree further ahead.
    public static func pathInfoStart(_ uri: ByteString, _ pathInfo: ByteString) -> Int {
        var left = uri.count
        var right = pathInfo.count
        var matched = true
        while left > 0, right > 0 {
            left -= 1
            right -= 1
            guard uri[left] == pathInfo[right] else {
                matched = false
                break
            }
            if pathInfo[right] == UInt8(ascii: "/") {
                while left > 0, uri[left - 1] == UInt8(ascii: "/") { left -= 1 }
            }
        }
        // As in C, where the loop's own test has moved one further when one of the two is used up.
        if matched { left = left == 0 ? 0 : left - 1 }
        while left < uri.count, uri[left] != UInt8(ascii: "/") { left += 1 }
        return left
    }
}
