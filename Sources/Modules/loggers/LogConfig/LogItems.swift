// Apache: modules/loggers/mod_log_config.c (log_* functions), modules/loggers/mod_logio.c

import Bytes
import HTTP
import Kernel
import ServerCore

/// What the letters of a `LogFormat` stand for.
enum LogItems {
    static func isKnown(_ name: ByteString, countsBytes: Bool) -> Bool {
        switch name {
        case "h", "a", "A", "l", "u", "t", "f", "b", "B", "i", "o", "n", "L", "e", "V", "v", "p", "P", "H", "m", "q",
            "X", "C", "k", "x", "c", "r", "D", "T", "U", "s", "R", "^ti", "^to":
            true
        case "I", "O", "S", "^FB": countsBytes
        default: false
        }
    }
    private static func tlsVariable(_ name: ByteString, _ request: Request, _ line: inout [UInt8]) -> Bool {
        guard let value = request.tlsVariableForLog(name), !value.isEmpty else { return false }
        return escaped(&line) {
            $0.append(value)
            return true
        }
    }
    /// `%{version}c` and its like, which are older than `%{SSL_PROTOCOL}x` (ssl_var_log_handler_c).
    private static func tlsFact(_ name: ByteString) -> LogItemWriter {
        let variable: ByteString
        switch name {
        case "version": variable = "SSL_PROTOCOL"
        case "cipher": variable = "SSL_CIPHER"
        case "subjectdn", "clientcert": variable = "SSL_CLIENT_S_DN"
        case "issuerdn", "cacert": variable = "SSL_CLIENT_I_DN"
        case "errstr": variable = "SSL_CLIENT_VERIFY_ERROR"
        default: return { _, _, _ in false }
        }
        return { request, _, line in tlsVariable(variable, request, &line) }
    }
    /// The letters that mean the original request when neither `<` nor `>` is said.
    static func describesOriginal(_ name: ByteString) -> Bool {
        switch name {
        case "L", "r", "D", "T", "U", "s", "R": true
        default: false
        }
    }

    static func writer(_ name: ByteString, _ argument: ByteString) -> LogItemWriter {
        switch name {
        case "h": argument == "c" ? peerAddress : clientHost
        case "a": argument == "c" ? peerAddress : clientAddress
        case "A": localAddress
        case "u": user
        case "t": LogTimeItem.writer(argument)
        case "f": { request, _, line in text(request.filename, &line) }
        case "b": { request, _, line in bytesSent(request, orElse: UInt8(ascii: "-"), &line) }
        case "B": { request, _, line in bytesSent(request, orElse: UInt8(ascii: "0"), &line) }
        case "i": { request, _, line in escaped(&line) { request.append(header: argument, to: &$0) } }
        case "o": LogFieldItems.responseField(argument)
        case "n": { request, _, line in escaped(&line) { request.notes.append(valueOf: argument, to: &$0) } }
        case "e": variable(argument)
        case "V": { request, _, line in text(request.serverName, &line) }
        case "v": { request, _, line in text(request.server.serverName, &line) }
        case "p": port(argument)
        case "P": process(argument)
        case "H": requestProtocol
        case "m": { request, _, line in text(request.method, &line) }
        case "q": query
        case "X": connectionState
        case "C": { request, _, line in escaped(&line) { LogFieldItems.appendCookie(argument, request, &$0) } }
        case "k": { request, _, line in number(max(request.connection.keepAlives - 1, 0), &line) }
        case "r": { request, _, line in text(withoutPassword(request.requestLine), &line) }
        case "D": { request, moment, line in number(Int(moment.end() - request.requestTime), &line) }
        case "T": scaledDuration(argument)
        case "U": { request, _, line in text(request.uri, &line) }
        case "s": { request, _, line in request.status > 0 && number(request.status, &line) }
        case "R": { request, _, line in text(request.handler, &line) }
        case "x": { request, _, line in tlsVariable(argument, request, &line) }
        case "c": tlsFact(argument)
        case "I": { request, _, line in number(Int(request.first.bytesReceived), &line) }
        case "O": { request, _, line in number(sentBytes(request), &line) }
        case "S":
            { request, _, line in number(Int(request.first.bytesReceived) + sentBytes(request), &line) }
        case "L" where argument == "c": { request, _, line in text(request.connection.logID, &line) }
        case "L": { request, _, line in text(request.logID, &line) }
        case "^ti": { request, _, line in escaped(&line) { request.trailersIn.append(valueOf: argument, to: &$0) } }
        case "^FB": LogIO.appendTimeToFirstByte
        // %l (identd) and %^to (trailers of the answer): nothing to say.
        default: { _, _, _ in false }
        }
    }

    /// Bytes of the whole answer.
    private static func sentBytes(_ request: Request) -> Int {
        let last = request.last
        return last.headerBytesSent + Int(last.bytesSent + last.framingBytesSent)
    }

    // MARK: Pieces

    /// Runs `body`, then escapes in place what it appended (ap_escape_logitem). Nothing is allocated unless
    /// something must be escaped.
    static func escaped(_ line: inout [UInt8], _ body: (inout [UInt8]) -> Bool) -> Bool {
        let start = line.count
        guard body(&line) else { return false }
        for index in start..<line.count where ByteSet.escapeLogItem.contains(line[index]) {
            let tail = Array(line[index...])
            line.removeSubrange(index...)
            line.appendLogItem(tail)
            break
        }
        return true
    }
    static func text(_ value: ByteString?, _ line: inout [UInt8]) -> Bool {
        guard let value else { return false }
        return escaped(&line) { output in
            output.append(value)
            return true
        }
    }
    static func number(_ value: Int, _ line: inout [UInt8]) -> Bool {
        line.append(decimal: value)
        return true
    }

    // MARK: Letters

    private static let clientHost: LogItemWriter = { request, moment, line in
        if let name = request.resolvedRemoteHost { return text(name, &line) }
        return clientAddress(request, &moment, &line)
    }
    private static let clientAddress: LogItemWriter = { request, _, line in
        request.useragentAddress.append(to: &line)
        return true
    }
    private static let peerAddress: LogItemWriter = { request, _, line in
        request.connection.remoteAddress.append(to: &line)
        return true
    }
    private static let localAddress: LogItemWriter = { request, _, line in
        request.connection.localAddress.append(to: &line)
        return true
    }
    private static let user: LogItemWriter = { request, _, line in
        guard let user = request.user else { return false }
        if user.isEmpty {
            line.append("\"\"")
            return true
        }
        return text(user, &line)
    }
    /// Bytes of the body; HEAD has none, whatever its fields say.
    private static func bytesSent(_ request: Request, orElse none: UInt8, _ line: inout [UInt8]) -> Bool {
        if request.bytesSent == 0 || request.isHeadOnly {
            line.append(none)
        } else {
            line.append(decimal: Int(request.bytesSent))
        }
        return true
    }
    /// The number of a stream is no variable of the request's table: plans and walks are shared by many streams.
    private static func variable(_ name: ByteString) -> LogItemWriter {
        switch name {
        case "H2_STREAM_ID":
            { request, _, line in
                guard let stream = request.connection.secondary else { return false }
                line.append(decimal: Int(stream.id))
                return true
            }
        case "H2_STREAM_TAG":
            { request, _, line in
                guard let stream = request.connection.secondary else { return false }
                line.append(stream.tag)
                return true
            }
        default: { request, _, line in escaped(&line) { request.env.append(valueOf: name, to: &$0) } }
        }
    }
    /// A password in a URL of the request line is nobody's business (log_request_line, apr_uri_unparse).
    private static func withoutPassword(_ line: ByteString) -> ByteString {
        guard let blank = line.firstIndex(of: 32), blank + 1 < line.count, line[blank + 1] != UInt8(ascii: "/"),
            let colon = line.from(blank).firstIndex(of: UInt8(ascii: ":"))
        else { return line }
        let start = blank + colon + 3
        guard start <= line.count, line.from(blank + colon).hasPrefix("://") else { return line }
        let authority = ByteString(Array(line.from(start).bytes.prefix { !"/?# ".utf8.contains($0) }))
        guard let at = authority.lastIndex(of: UInt8(ascii: "@")),
            let user = authority.upTo(at).firstIndex(of: UInt8(ascii: ":"))
        else { return line }
        return "\(line.upTo(start + user + 1))XXXXXXXX\(line.from(start + at))"
    }
    private static func port(_ argument: ByteString) -> LogItemWriter {
        if argument.isEmpty || argument.equalsIgnoringCase("canonical") {
            return { request, _, line in
                let port = request.server.port
                return number(Int(port != 0 ? port : request.defaultPort), &line)
            }
        }
        if argument.equalsIgnoringCase("remote") {
            return { request, _, line in number(Int(request.useragentAddress.port), &line) }
        }
        if argument.equalsIgnoringCase("local") {
            return { request, _, line in number(Int(request.connection.localAddress.port), &line) }
        }
        return verbatim(argument)
    }
    private static func process(_ argument: ByteString) -> LogItemWriter {
        if argument.isEmpty || argument.equalsIgnoringCase("pid") {
            return { _, _, line in number(Int(Process.id), &line) }
        }
        if argument.equalsIgnoringCase("tid") {
            return { _, _, line in number(Int(Process.threadID), &line) }
        }
        if argument.equalsIgnoringCase("hextid") {
            return { _, _, line in
                line.append(hexadecimal: UInt(bitPattern: Int(Process.threadID)))
                return true
            }
        }
        return verbatim(argument)
    }
    private static let requestProtocol: LogItemWriter = { request, _, line in
        line.append("HTTP/")
        line.append(decimal: request.protocolNumber / 1000)
        line.append(UInt8(ascii: "."))
        line.append(decimal: request.protocolNumber % 1000)
        return true
    }
    private static let query: LogItemWriter = { request, _, line in
        guard let args = request.args else { return true }
        line.append(UInt8(ascii: "?"))
        return text(args, &line)
    }
    private static let connectionState: LogItemWriter = { request, _, line in
        let connection = request.connection
        let limit = request.server.maxKeepAliveRequests.value(default: 100)
        if connection.aborted {
            line.append(UInt8(ascii: "X"))
        } else if connection.keepAlive == .keepAlive, limit == 0 || limit - connection.keepAlives > 0 {
            line.append(UInt8(ascii: "+"))
        } else {
            line.append(UInt8(ascii: "-"))
        }
        return true
    }
    private static func scaledDuration(_ argument: ByteString) -> LogItemWriter {
        let unit: Int64
        if argument.isEmpty || argument.equalsIgnoringCase("s") {
            unit = 1_000_000
        } else if argument.equalsIgnoringCase("ms") {
            unit = 1000
        } else if argument.equalsIgnoringCase("us") {
            unit = 1
        } else {
            return verbatim(argument)
        }
        return { request, moment, line in number(Int((moment.end() - request.requestTime) / unit), &line) }
    }
    /// An argument that means nothing is logged as it is.
    private static func verbatim(_ argument: ByteString) -> LogItemWriter {
        { _, _, line in
            line.append(argument)
            return true
        }
    }
}
