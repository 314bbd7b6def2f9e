// Apache: server/util_expr_eval.c (core_expr_lookup and its request_var_fn …)

import Bytes
import Expressions
import HTTP
import Kernel

extension DirectiveContext {
    /// Parses a condition (`<If>`, `Require expr`, `expr=`). In `.htaccess` the restricted dialect holds.
    public func parseCondition(_ text: ByteString, flags: ExpressionFlags = []) throws(DirectiveError) -> Expression {
        try parse(text, flags)
    }
    /// Parses a string with `%{…}` in it.
    public func parseString(_ text: ByteString, flags: ExpressionFlags = []) throws(DirectiveError) -> Expression {
        try parse(text, flags.union(.stringResult))
    }
    private func parse(_ text: ByteString, _ flags: ExpressionFlags) throws(DirectiveError) -> Expression {
        var flags = flags
        if isHtaccess { flags.insert(.restrictedFileFunctions) }
        do throws(ExpressionError) {
            return try Expression(text, flags: flags, lookup: configuration.expressionLookup)
        } catch {
            throw DirectiveError(error.message)
        }
    }
    /// Compiles with the server's `RegexDefaultOptions`.
    public func regex(_ pattern: ByteString, _ options: RegexOptions = []) throws(RegexError) -> Regex {
        try Regex(pattern, options, defaults: configuration.regexDefaults)
    }
}

extension Configuration {
    /// Variables that modules add to expressions.
    public var expressionLookup: ExpressionLookup {
        let names = hooks.variableNames
        let hasTLS = hooks.tlsVariable != nil
        return ExpressionLookup { kind, name in
            if hasTLS, kind == .stringFunction, name.equalsIgnoringCase("SSL") { return names.count }
            if hasTLS, kind == .listFunction, name == "PeerExtList" { return names.count }
            guard kind == .variable else { return nil }
            if hasTLS, name.hasPrefixIgnoringCase("SSL_") { return names.count }
            return names.firstIndex(of: name.uppercased)
        }
    }
}

extension Request {
    public func evaluate(_ condition: Expression) throws(ExpressionFailure) -> Bool {
        try condition.evaluate(in: RequestExpressionContext(request: self))
    }
    /// `matches` gives `$1` … their values and takes new ones.
    public func evaluate(_ condition: Expression, matches: inout ExpressionMatches) throws(ExpressionFailure) -> Bool {
        try condition.evaluate(in: RequestExpressionContext(request: self), matches: &matches)
    }
    public func string(_ expression: Expression) throws(ExpressionFailure) -> ByteString {
        if let constant = expression.constant { return constant }
        return try expression.string(in: RequestExpressionContext(request: self))
    }
    public func string(_ expression: Expression, matches: inout ExpressionMatches) throws(ExpressionFailure)
        -> ByteString
    {
        try expression.string(in: RequestExpressionContext(request: self), matches: &matches)
    }
    /// A core variable by its name in expressions and in mod_rewrite's `%{…}`.
    public func variable(_ variable: ExpressionVariable) -> ByteString? {
        RequestExpressionContext(request: self).variable(variable)
    }
}

/// Functions that whoever evaluates a document's expression brings along.
public struct DocumentFunctions {
    let names: [ByteString]
    let call: (ByteString, ByteString) -> ByteString?
    /// `call` gets the function's name, in lower case, and its argument.
    public init(_ names: [ByteString], call: @escaping (ByteString, ByteString) -> ByteString?) {
        self.names = names
        self.call = call
    }
}

/// Why a document's expression has no value: its text, or its evaluation.
public enum DocumentExpressionError: Error, Sendable, Equatable {
    case parse(String)
    case evaluation(String)
}

extension Request {
    /// Parses and evaluates a condition that stands in a document: with the restricted dialect.
    public func evaluate(
        document text: ByteString, matches: inout ExpressionMatches, functions: DocumentFunctions
    ) throws(DocumentExpressionError) -> Bool {
        let names = functions.names
        let lookup = configuration.expressionLookup
        let expression: Expression
        do throws(ExpressionError) {
            expression = try Expression(
                text, flags: [.restricted, .restrictedFileFunctions],
                lookup: ExpressionLookup { kind, name in
                    if kind == .stringFunction { return names.firstIndex(of: name.lowercased) }
                    return lookup.find(kind, name)
                })
        } catch { throw .parse(error.message) }
        var context = RequestExpressionContext(request: self)
        context.functions = functions
        do throws(ExpressionFailure) {
            return try expression.evaluate(in: context, matches: &matches)
        } catch { throw .evaluation(error.message) }
    }
}

struct RequestExpressionContext: ExpressionContext {
    let request: Request
    var functions: DocumentFunctions?

    init(request: Request) { self.request = request }

    func moduleFunction(_ number: Int, _ name: ByteString, _ argument: ByteString) -> ByteString? {
        if functions == nil, name.equalsIgnoringCase("SSL") { return request.tlsVariable(argument.uppercased) }
        return functions?.call(name.lowercased, argument)
    }

    func variable(_ variable: ExpressionVariable) -> ByteString? {
        switch variable {
        case .requestMethod: request.method
        case .requestScheme: request.scheme
        case .requestURI: request.uri
        case .requestFilename, .scriptFilename: request.filename
        case .remoteHost: request.remoteHostName
        case .remoteIdent: nil
        case .remoteUser: request.user
        case .serverAdmin: request.server.serverAdmin
        case .serverName: request.serverName
        case .serverPort: ByteString(decimal: request.serverPort)
        case .serverProtocol: request.protocolText
        case .pathInfo: request.pathInfo
        case .queryString: request.args
        case .isSubrequest: request.isSubrequest ? "true" : "false"
        case .documentRoot: request.documentRoot
        case .authType: request.authType
        case .theRequest: request.requestLine
        case .contentType: request.contentType
        case .handler: request.handler
        case .requestLogID: request.loggedID
        case .connectionLogID: request.connectionLogID
        case .scriptUser: request.finfo.flatMap { Users.name(uid: $0.uid) }
        case .scriptGroup: request.finfo.flatMap { Users.name(gid: $0.gid) }
        case .documentURI: request.env["DOCUMENT_URI"] ?? request.uri
        case .contextPrefix: request.contextPrefix ?? ""
        case .contextDocumentRoot: request.contextDocumentRoot ?? request.documentRoot
        case .requestStatus: request.status == 0 ? nil : ByteString(decimal: request.status)
        case .remoteAddress: request.remoteAddress.text
        case .remotePort: remotePort
        case .https: request.connection.isSecure ? "on" : "off"
        case .ipv6: request.connection.remoteAddress.isIPv6 ? "on" : "off"
        case .connectionRemoteAddress: connectionRemoteAddress
        case .http2: "off"
        case .serverSoftware: request.configuration.banner
        }
    }
    private var remotePort: ByteString {
        request.doNotReuse()
        return ByteString(decimal: request.useragentAddress.port)
    }
    private var connectionRemoteAddress: ByteString {
        request.doNotReuse()
        return request.connection.remoteAddress.text
    }

    var now: ExpressionTime {
        request.doNotReuse()
        return Self.time(RealTime.now / 1_000_000)
    }
    var lastModified: ExpressionTime { Self.time(request.mtime / 1_000_000) }
    private static func time(_ seconds: Int64) -> ExpressionTime {
        let time = CalendarTime(seconds: seconds, local: true)
        return ExpressionTime(
            year: time.year, month: time.month, day: time.day, hour: time.hour, minute: time.minute,
            second: time.second, weekday: time.weekday)
    }

    func requestHeader(_ name: ByteString, varying: Bool) -> ByteString? { request.header(name) }
    func responseHeader(_ name: ByteString) -> ByteString? { request.headersOut[name] ?? request.errHeadersOut[name] }
    func note(_ name: ByteString) -> ByteString? { request.notes[name] }
    func environment(_ name: ByteString) -> ByteString? { request.env[name] }
    func processEnvironment(_ name: ByteString) -> ByteString? { request.configuration.environment(name) }
    var remoteAddress: IPAddress? { IPAddress(bytes: request.remoteAddress.bytes) }

    func fileTest(_ test: FileTest, _ path: ByteString) -> Bool {
        guard path.first == UInt8(ascii: "/") else { return false }
        switch test {
        case .directory: return request.files.status(path)?.kind == .directory
        case .exists: return request.files.status(path) != nil
        case .file: return request.files.status(path)?.kind == .regular
        case .nonEmptyFile:
            guard let status = request.files.status(path) else { return false }
            return status.kind == .regular && status.size > 0
        case .link:
            guard case .success(let status) = request.files.linkLookup(path) else { return false }
            return status.kind == .symlink
        case .executable:
            guard case .success(let status) = request.files.linkLookup(path) else { return false }
            return status.mode & 0o111 != 0
        }
    }
    func fileSize(_ path: ByteString) -> Int? {
        guard let status = request.files.status(path), status.kind == .regular else { return nil }
        return Int(status.size)
    }
    func fileContents(_ path: ByteString, limit: Int) -> ExpressionFile {
        request.doNotReuse()
        guard let status = try? FileStatus(path) else { return .cannotOpen }
        guard status.size <= Int64(limit) else { return .tooLarge }
        guard let bytes = try? File.readWhole(path, limit: limit) else { return .cannotOpen }
        return .contents(ByteString(bytes))
    }
    func lookupFile(_ path: ByteString) -> Bool {
        let sub = request.lookup(file: path)
        return sub.status < 300 && sub.finfo != nil
    }
    func lookupURI(_ uri: ByteString) -> Bool {
        if let main = request.main, main.uri == uri { return false }
        return request.lookup(uri: uri).status < 400
    }
    func resolve(_ name: ByteString) -> IPAddress? {
        request.doNotReuse()
        guard let address = (try? Resolver.addresses(of: name, port: 0))?.first else { return nil }
        return IPAddress(bytes: address.bytes)
    }
    func moduleVariable(_ number: Int, _ name: ByteString) -> ByteString? {
        name.hasPrefixIgnoringCase("SSL_")
            ? request.tlsVariable(name.uppercased) : request.configuration.hooks.variables[name.uppercased]?(request)
    }
    func moduleList(_ number: Int, _ name: ByteString, _ argument: ByteString) -> [ByteString] {
        request.doNotReuse()
        return request.configuration.hooks.tlsExtensions?(request, argument) ?? []
    }
    func vary(on names: ByteString) { request.headersOut.merge("Vary", names) }
    func logDebug(_ message: @autoclosure () -> String) {
        request.log(.debug, "core", ByteString(message()))
    }
}

// MARK: - Facts of a request that several modules ask for

extension Request {
    /// An `SSL_…` variable (`SSL_PROTOCOL`), in upper case; nil without TLS. The answer is for this request alone.
    public func tlsVariable(_ name: ByteString) -> ByteString? {
        doNotReuse()
        return configuration.hooks.tlsVariable?(self, name)
    }
    /// The same for loggers, which run for every request anyway.
    public func tlsVariableForLog(_ name: ByteString) -> ByteString? { configuration.hooks.tlsVariable?(self, name) }
    /// `http` or `https`: what ServerName says of a connection that is not encrypted here (ap_http_scheme).
    public var scheme: ByteString { connection.isSecure ? "https" : server.serverScheme ?? "http" }
    /// `HTTP/1.1`
    public var protocolText: ByteString {
        switch protocolNumber {
        case 9: "HTTP/0.9"
        case 1000: "HTTP/1.0"
        case 1001: "HTTP/1.1"
        default: ByteString("HTTP/\(protocolNumber / 1000).\(protocolNumber % 1000)")
        }
    }
    public var documentRoot: ByteString { server[Core.server].documentRoot.value(default: Core.defaultDocumentRoot) }

    /// The name for self-referential URLs, as UseCanonicalName says (ap_get_server_name).
    public var serverName: ByteString {
        switch self[Core.directory].useCanonicalName.value(default: .off) {
        case .off:
            if let hostname { return hostname }
            return server.serverName ?? configuration.hostName
        case .on, .dns: return server.serverName ?? configuration.hostName
        }
    }
    /// With brackets around an IPv6 address (ap_get_server_name_for_url).
    public var serverNameForURL: ByteString {
        let name = serverName
        return name.contains(UInt8(ascii: ":")) && name.first != UInt8(ascii: "[") ? "[\(name)]" : name
    }
    /// The port that URLs of `scheme` need not name (ap_default_port).
    public var defaultPort: UInt16 { scheme == "https" ? 443 : 80 }
    /// As UseCanonicalName and UseCanonicalPhysicalPort say (ap_get_server_port).
    public var serverPort: Int {
        let core = self[Core.directory]
        let physical = core.useCanonicalPhysicalPort.value(default: false) ? connection.localAddress.port : 0
        let ports =
            switch core.useCanonicalName.value(default: .off) {
            case .on: [server.port, physical]
            case .off, .dns: [hostPort, physical, server.port]
            }
        return Int(ports.first { $0 != 0 } ?? defaultPort)
    }
    /// `http://name:port/path`, the port left out when it is the scheme's own (ap_construct_url).
    public func absoluteURL(_ path: ByteString) -> ByteString {
        let port = serverPort
        return port == defaultPort
            ? "\(scheme)://\(serverNameForURL)\(path)" : "\(scheme)://\(serverNameForURL):\(port)\(path)"
    }
    /// The client's name where HostnameLookups found one, else nothing.
    public var remoteHostName: ByteString? { resolvedRemoteHost ?? remoteAddress.text }
}
