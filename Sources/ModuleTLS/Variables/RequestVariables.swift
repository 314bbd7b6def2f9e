// Apache: modules/ssl/ssl_engine_vars.c (ssl_var_lookup)

import Bytes
import Expressions
import Kernel
import ServerCore

/// What `%{…}x` in logs, `%{…}s` in `Header` and `%{SSL:…}` know besides mod_ssl's own variables.
enum RequestVariables {
    static func lookup(_ request: Request, _ name: ByteString) -> ByteString? {
        if name.hasPrefixIgnoringCase("HTTP:") { return request.header(name.from(5)) }
        if name.hasPrefixIgnoringCase("ENV:") { return request.notes[name.from(4)] ?? request.env[name.from(4)] }
        let name = name.uppercased
        if let header = headers.first(where: { $0.variable == name }) { return request.header(header.name) }
        if let known = variables.first(where: { $0.name == name }) { return request.variable(known.variable) }
        if name == "API_VERSION" { return "20120211" }
        guard name.hasPrefix("TIME") else { return nil }
        return time(name.from(4), CalendarTime(seconds: RealTime.now / 1_000_000, local: true))
    }
    private static let headers: [(variable: ByteString, name: ByteString)] = [
        ("HTTP_USER_AGENT", "User-Agent"), ("HTTP_REFERER", "Referer"), ("HTTP_COOKIE", "Cookie"),
        ("HTTP_FORWARDED", "Forwarded"), ("HTTP_HOST", "Host"), ("HTTP_PROXY_CONNECTION", "Proxy-Connection"),
        ("HTTP_ACCEPT", "Accept"),
    ]
    private static let variables: [(name: ByteString, variable: ExpressionVariable)] = [
        ("REQUEST_METHOD", .requestMethod), ("REQUEST_SCHEME", .requestScheme), ("REQUEST_URI", .requestURI),
        ("REQUEST_FILENAME", .requestFilename), ("REMOTE_ADDR", .remoteAddress), ("REMOTE_HOST", .remoteHost),
        ("REMOTE_IDENT", .remoteIdent), ("REMOTE_USER", .remoteUser), ("SERVER_ADMIN", .serverAdmin),
        ("SERVER_NAME", .serverName), ("SERVER_PORT", .serverPort), ("SERVER_PROTOCOL", .serverProtocol),
        ("SCRIPT_FILENAME", .scriptFilename), ("PATH_INFO", .pathInfo), ("QUERY_STRING", .queryString),
        ("IS_SUBREQ", .isSubrequest), ("DOCUMENT_ROOT", .documentRoot), ("AUTH_TYPE", .authType),
        ("THE_REQUEST", .theRequest), ("SERVER_SOFTWARE", .serverSoftware),
    ]
    /// `rest` is what follows `TIME`.
    private static func time(_ rest: ByteString, _ now: CalendarTime) -> ByteString? {
        let parts: [(name: ByteString, value: Int, width: Int)] = [
            ("_YEAR", now.year, 4), ("_MON", now.month, 2), ("_DAY", now.day, 2), ("_HOUR", now.hour, 2),
            ("_MIN", now.minute, 2), ("_SEC", now.second, 2), ("_WDAY", now.weekday, 1),
        ]
        if rest.isEmpty { return parts.dropLast().map { padded($0.value, $0.width) }.reduce("", +) }
        return parts.first { $0.name == rest }.map { padded($0.value, $0.width) }
    }
    private static func padded(_ value: Int, _ width: Int) -> ByteString {
        let digits = ByteString(decimal: value)
        return ByteString(Array(repeating: UInt8(ascii: "0"), count: max(0, width - digits.count))) + digits
    }
}
