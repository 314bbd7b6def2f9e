// Apache: modules/mappers/mod_rewrite.c (lookup_variable)

import Bytes

/// What stands in `%{…}`.
indirect enum RewriteVariable: Sendable, Equatable {
    /// `ENV:name`: a note, then the request's environment, then the process's.
    case environment(ByteString)
    case ssl(ByteString)
    /// `HTTP:name`.
    case header(ByteString)
    /// `LA-U:` and `LA-F:`: the value that the variable will have, found with a subrequest.
    case lookAhead(file: Bool, RewriteVariable, text: ByteString)
    case named(Name)
    /// Unknown names are empty.
    case nothing

    enum Name: String, Sendable, CaseIterable {
        case time = "TIME"
        case ipv6 = "IPV6"
        case https = "HTTPS"
        case timeDay = "TIME_DAY"
        case timeSecond = "TIME_SEC"
        case timeMinute = "TIME_MIN"
        case timeMonth = "TIME_MON"
        case timeWeekday = "TIME_WDAY"
        case timeYear = "TIME_YEAR"
        case timeHour = "TIME_HOUR"
        case isSubrequest = "IS_SUBREQ"
        case pathInfo = "PATH_INFO"
        case authType = "AUTH_TYPE"
        case httpHost = "HTTP_HOST"
        case serverName = "SERVER_NAME"
        case remoteAddress = "REMOTE_ADDR"
        case serverAddress = "SERVER_ADDR"
        case httpAccept = "HTTP_ACCEPT"
        case theRequest = "THE_REQUEST"
        case apiVersion = "API_VERSION"
        case httpCookie = "HTTP_COOKIE"
        case serverPort = "SERVER_PORT"
        case remoteHost = "REMOTE_HOST"
        case remotePort = "REMOTE_PORT"
        case remoteUser = "REMOTE_USER"
        case scriptUser = "SCRIPT_USER"
        case requestURI = "REQUEST_URI"
        case scriptGroup = "SCRIPT_GROUP"
        case remoteIdent = "REMOTE_IDENT"
        case httpReferer = "HTTP_REFERER"
        case queryString = "QUERY_STRING"
        case serverAdmin = "SERVER_ADMIN"
        case documentRoot = "DOCUMENT_ROOT"
        case httpForwarded = "HTTP_FORWARDED"
        case contextPrefix = "CONTEXT_PREFIX"
        case requestMethod = "REQUEST_METHOD"
        case requestScheme = "REQUEST_SCHEME"
        case httpUserAgent = "HTTP_USER_AGENT"
        case scriptFilename = "SCRIPT_FILENAME"
        case serverProtocol = "SERVER_PROTOCOL"
        case serverSoftware = "SERVER_SOFTWARE"
        case connectionRemoteAddress = "CONN_REMOTE_ADDR"
        case requestFilename = "REQUEST_FILENAME"
        case httpProxyConnection = "HTTP_PROXY_CONNECTION"
        case contextDocumentRoot = "CONTEXT_DOCUMENT_ROOT"
    }

    init(_ text: ByteString) {
        guard text.count >= 4 else {
            self = .nothing
            return
        }
        if text[3] == UInt8(ascii: ":") {
            let rest = text.from(4)
            if rest.isEmpty {
                self = .nothing
            } else if text.hasPrefixIgnoringCase("ENV") {
                self = .environment(rest)
            } else {
                self = text.hasPrefixIgnoringCase("SSL") ? .ssl(rest) : .nothing
            }
            return
        }
        if text.count > 4, text[4] == UInt8(ascii: ":") {
            self = Self.prefixed(text)
            return
        }
        self = Name(rawValue: text.uppercased.string).map { .named($0) } ?? .nothing
    }

    private static func prefixed(_ text: ByteString) -> RewriteVariable {
        let rest = text.from(5)
        guard !rest.isEmpty else { return .nothing }
        if text.hasPrefixIgnoringCase("HTTP") { return .header(rest) }
        if text.hasPrefixIgnoringCase("LA-U") { return .lookAhead(file: false, RewriteVariable(rest), text: rest) }
        if text.hasPrefixIgnoringCase("LA-F") { return .lookAhead(file: true, RewriteVariable(rest), text: rest) }
        return .nothing
    }
}
