// Apache: modules/mappers/mod_rewrite.c (lookup_variable, lookup_header, la_u)

import Bytes
import Kernel
import ServerCore

extension RewriteContext {
    /// What a variable is for this request; empty when it is nothing.
    mutating func value(of variable: RewriteVariable) -> ByteString {
        switch variable {
        case .nothing: return ""
        case .environment(let name):
            return request.notes[name] ?? request.env[name] ?? request.configuration.environment(name) ?? ""
        case .ssl(let name): return request.tlsVariable(name.uppercased) ?? ""
        case .header(let name): return header(name)
        case .lookAhead(let isFile, let variable, let text): return lookAhead(isFile: isFile, variable, text)
        case .named(let name): return named(name)
        }
    }

    /// A request field; the answer then depends on it, which `Vary` tells. Host needs no telling (RFC 7231, 7.1.4).
    private mutating func header(_ name: ByteString) -> ByteString {
        guard let value = request.header(name) else { return "" }
        if !name.equalsIgnoringCase("Host") { varyThis = varyThis.map { "\($0), \(name)" } ?? name }
        return value
    }

    /// A subrequest for the request's own URL would look ahead for ever.
    var maySubrequest: Bool { request.main.map { $0.uri != request.uri } ?? true }

    private mutating func lookAhead(isFile: Bool, _ variable: RewriteVariable, _ text: ByteString) -> ByteString {
        guard maySubrequest else { return "" }
        let outer = request
        let path: ByteString
        let sub: Request
        if isFile, !(directory != nil && uri.first == UInt8(ascii: "/")) {
            path = directory == nil ? uri : (outer[Rewrite.directory].directory ?? "") + uri
            sub = outer.lookup(file: path)
        } else {
            path = directory == nil || isFile ? uri : urlPath
            sub = outer.lookup(uri: path)
        }
        request = sub
        let result = value(of: variable)
        request = outer
        trace(5, "lookahead: path=\(path) var=\(text) -> val=\(result)")
        return result
    }
    /// The URL path in a directory's context: below RewriteBase or below the directory itself (la_u).
    private var urlPath: ByteString {
        if uri.first == UInt8(ascii: "/") { return uri }
        let config = request[Rewrite.directory]
        return (config.base.value ?? config.directory ?? "") + uri
    }

    private mutating func named(_ name: RewriteVariable.Name) -> ByteString {
        switch name {
        case .httpHost: return header("Host")
        case .httpAccept: return header("Accept")
        case .httpCookie: return header("Cookie")
        case .httpReferer: return header("Referer")
        case .httpForwarded: return header("Forwarded")
        case .httpUserAgent: return header("User-Agent")
        case .httpProxyConnection: return header("Proxy-Connection")
        case .time, .timeDay, .timeHour, .timeMinute, .timeMonth, .timeSecond, .timeWeekday, .timeYear:
            return time(name)
        case .ipv6:
            let isIPv6 = request.remoteAddress.isIPv6
            trace(1, "IPV6='\(isIPv6 ? "on" : "off")'")
            return isIPv6 ? "on" : "off"
        case .remoteAddress, .remotePort, .remoteHost, .remoteIdent, .connectionRemoteAddress, .remoteUser, .authType:
            return remote(name)
        case .serverName, .serverAddress, .serverPort, .serverAdmin, .serverProtocol, .serverSoftware, .apiVersion,
            .https, .requestScheme:
            return server(name)
        default: return requestFact(name)
        }
    }

    private func requestFact(_ name: RewriteVariable.Name) -> ByteString {
        switch name {
        case .isSubrequest: return request.isSubrequest ? "true" : "false"
        case .pathInfo: return request.pathInfo
        case .theRequest: return request.requestLine
        case .requestURI: return request.uri
        case .queryString: return request.args ?? ""
        case .requestMethod: return request.method
        case .scriptFilename, .requestFilename: return request.filename ?? ""
        case .documentRoot: return request.documentRoot
        case .contextPrefix: return request.contextPrefix ?? ""
        case .contextDocumentRoot: return request.contextDocumentRoot ?? request.documentRoot
        case .scriptUser: return request.finfo.flatMap { Users.name(uid: $0.uid) } ?? "<unknown>"
        case .scriptGroup: return request.finfo.flatMap { Users.name(gid: $0.gid) } ?? "<unknown>"
        default: return ""
        }
    }

    private func remote(_ name: RewriteVariable.Name) -> ByteString {
        switch name {
        case .remoteAddress: return request.remoteAddress.text
        case .remotePort:
            request.doNotReuse()
            return ByteString(decimal: request.remoteAddress.port)
        case .connectionRemoteAddress:
            _ = request.remoteAddress
            return request.connection.remoteAddress.text
        case .remoteHost: return request.remoteHostName ?? ""
        case .remoteUser: return request.user ?? ""
        case .authType: return request.authType ?? ""
        default: return ""
        }
    }

    private func server(_ name: RewriteVariable.Name) -> ByteString {
        switch name {
        case .serverName: return request.serverNameForURL
        case .serverAddress: return request.connection.localAddress.text
        case .serverPort: return ByteString(decimal: request.serverPort)
        case .serverAdmin: return request.server.serverAdmin ?? ""
        case .serverProtocol: return request.protocolText
        case .serverSoftware: return request.configuration.banner
        case .apiVersion: return "20120211:142"
        case .https: return request.connection.isSecure ? "on" : "off"
        default: return request.scheme
        }
    }

    private func time(_ name: RewriteVariable.Name) -> ByteString {
        request.doNotReuse()
        let now = CalendarTime(seconds: request.loop.realTime / 1_000_000, local: true)
        var text: [UInt8] = []
        switch name {
        case .timeDay: text.append(decimal: now.day, width: 2)
        case .timeHour: text.append(decimal: now.hour, width: 2)
        case .timeMinute: text.append(decimal: now.minute, width: 2)
        case .timeMonth: text.append(decimal: now.month, width: 2)
        case .timeSecond: text.append(decimal: now.second, width: 2)
        case .timeWeekday: text.append(decimal: now.weekday)
        case .timeYear: text.append(decimal: now.year, width: 4)
        default:
            text.append(decimal: now.year, width: 4)
            for part in [now.month, now.day, now.hour, now.minute, now.second] { text.append(decimal: part, width: 2) }
            trace(1, "RESULT='\(ByteString(text))'")
        }
        return ByteString(text)
    }
}
