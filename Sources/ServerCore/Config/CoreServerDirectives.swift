// Apache: server/core.c core_cmds (settings of servers)

import Bytes
import ConfigLanguage
import Expressions
import HTTP
import Kernel

/// Core's settings for main server and virtual hosts.
enum CoreServerDirectives {
    static let rows: [Directive] = [
        Directive(
            "AccessFileName", .server, "Name(s) of per-directory config files (default: .htaccess)",
            .rawArgs { context, text in context.server[Core.server].accessFileNames = .set(text.argumentWords) }),
        Directive("DocumentRoot", .server, "Root directory of the document tree", .take1(documentRoot)),
        Directive(
            "ReadBufferSize", [.directory, .server], "Size (in bytes) of the memory buffers used to read data",
            .take1 { context, word throws(DirectiveError) in
                context.server[Core.server].readBufferSize = .set(
                    try number(word, 1...Int.max, "ReadBufferSize must be greater than 0"))
            }),
        Directive(
            "FlushMaxThreshold", .server,
            "Maximum threshold above which pending data are flushed to the network",
            .take1 { context, word throws(DirectiveError) in
                context.server[Core.server].flushMaxThreshold = .set(
                    try number(word, 0...Int.max, "FlushMaxThreshold must be greater than or equal to 0"))
            }),
        Directive(
            "FlushMaxPipelined", .server,
            "Maximum number of pipelined responses (pending) above which they are flushed to the network",
            .take1 { context, word throws(DirectiveError) in
                context.server[Core.server].flushMaxPipelined = .set(
                    try number(word, -1...Int.max, "parameter must be numeric"))
            }),
        Directive(
            "Protocol", .server, "Set the Protocol for httpd to use.",
            .take1 { context, word throws(DirectiveError) in
                try CoreDirectives.choice(
                    word, ["http": (), "https": ()],
                    "only the protocols http and https exist here: remove this line or name one of them")
            }),
        Directive(
            "AcceptFilter", .server, "Set the Accept Filter to use for a protocol",
            .take2 { context, scheme, filter throws(DirectiveError) in
                try context.requireGlobal()
                context.configuration.process.acceptFilters[scheme.lowercased] = filter.lowercased
            }),
        Directive(
            "Port", .server, "Port was replaced with Listen in Apache 2.0",
            .take1 { _, _ throws(DirectiveError) in throw DirectiveError("Port was replaced with Listen in Apache 2.0")
            }),
        Directive(
            "ServerAdmin", .server, "The email address of the server administrator",
            .take1 { context, word in context.server.serverAdmin = word }),
        Directive("ServerName", .server, "The hostname and port of the server", .take1(serverName)),
        Directive(
            "ErrorLog", .server, "The filename of the error log",
            .take1 { context, word in context.server.errorLogName = word }),
        Directive(
            "ErrorLogFormat", .server, "Format string for the ErrorLog",
            .take12(errorLogFormat)),
        Directive(
            "ServerAlias", .server, "A name or names alternately used to access the server",
            .rawArgs { context, text throws(DirectiveError) in
                guard context.server.isVirtual else {
                    throw DirectiveError("ServerAlias only used in <VirtualHost>")
                }
                for word in text.argumentWords {
                    if word.contains(UInt8(ascii: "*")) || word.contains(UInt8(ascii: "?")) {
                        context.server.wildAliases.append(word)
                    } else {
                        context.server.aliases.append(word)
                    }
                }
            }),
        Directive(
            "ServerPath", .server, "The pathname the server can be reached at",
            .take1 { context, word in context.server.path = word }),
        Directive(
            "Timeout", .server, "Timeout duration (sec)",
            .take1 { context, word throws(DirectiveError) in
                try context.forbidDirectoryContext()
                context.server.timeout = .set(CoreProcessDirectives.leadingNumber(word))
            }),
        Directive(
            "NameVirtualHost", .server, "A numeric IP address:port, or the name of a host",
            .take1 { context, _ in
                context.warn(
                    "AH00548: NameVirtualHost has no effect and will be removed in the next release \(context.location.file):\(context.location.line)"
                )
            }),
        Directive(
            "LimitRequestLine", .server, "Limit on maximum size of an HTTP request line",
            .take1 { context, word throws(DirectiveError) in
                context.server.limitRequestLine = .set(
                    try limit(word, "LimitRequestLine"))
            }),
        Directive(
            "LimitRequestFieldsize", .server, "Limit on maximum size of an HTTP request header field",
            .take1 { context, word throws(DirectiveError) in
                context.server.limitRequestFieldSize = .set(try limit(word, "LimitRequestFieldsize"))
            }),
        Directive(
            "LimitRequestFields", .server,
            "Limit (0 = unlimited) on max number of header fields in a request message",
            .take1 { context, word throws(DirectiveError) in
                context.server.limitRequestFields = .set(try limit(word, "LimitRequestFields"))
            }),
        Directive(
            "RegexDefaultOptions", .server,
            "default options for regexes (prefixed by '+' to add, '-' to del)", .rawArgs(regexDefaultOptions)),
        Directive(
            "LimitInternalRecursion", .server,
            "maximum recursion depth of internal redirects and subrequests", .take12(limitRecursion)),
        Directive(
            "StrictHostCheck", .server, "Controls whether a hostname match is required",
            .flag { context, on in context.server[Core.server].strictHostCheck = .set(on) }),
        Directive(
            "TraceEnable", .server, "'on' (default), 'off' or 'extended' to trace request body content",
            .take1 { context, word throws(DirectiveError) in
                context.server[Core.server].traceEnable = .set(
                    try CoreDirectives.choice(
                        word, ["on": .on, "off": .off, "extended": .extended],
                        "TraceEnable must be one of 'on', 'off', or 'extended'"))
            }),
        Directive(
            "MergeTrailers", .server, "merge request trailers into request headers or not",
            .flag { context, on in context.server[Core.server].mergeTrailers = .set(on) }),
        Directive(
            "Protocols", .server, "Controls which protocols are allowed",
            .iterate { context, word in
                var list = context.server[Core.server].protocols.value ?? []
                list.append(word.lowercased)
                context.server[Core.server].protocols = .set(list)
            }),
        Directive(
            "ProtocolsHonorOrder", .server,
            "'off' (default) or 'on' to respect given order of protocols, by default the client specified order determines selection",
            .take1 { context, word throws(DirectiveError) in
                context.server[Core.server].protocolsHonorOrder = .set(
                    try CoreDirectives.choice(
                        word, ["on": true, "off": false], "ProtocolsHonorOrder must be 'on' or 'off'"))
            }),
        Directive(
            "HttpProtocolOptions", .server,
            "'Allow0.9' or 'Require1.0' (default); 'RegisteredMethods' or 'LenientMethods' (default); 'Unsafe' or 'Strict' (default). Sets HTTP acceptance rules",
            .iterate(httpProtocolOptions)),
        Directive(
            "RegisterHttpMethod", .server, "Registers non-standard HTTP methods",
            .iterate { context, word in context.configuration.process.registeredMethods.append(word) }),
        Directive(
            "MergeSlashes", .server, "Controls whether consecutive slashes in the URI path are merged",
            .flag { context, on in context.server[Core.server].mergeSlashes = .set(on) }),
    ]

    /// modules/http/http_core.c
    static let httpRows: [Directive] = [
        Directive(
            "KeepAliveTimeout", .server, "Keep-Alive timeout duration (sec)",
            .take1 { context, word throws(DirectiveError) in
                context.server.keepAliveTimeout = .set(
                    try duration(word, unit: 1000, "KeepAliveTimeout has wrong format"))
            }),
        Directive(
            "MaxKeepAliveRequests", .server, "Maximum number of Keep-Alive requests per connection, or 0 for infinite",
            .take1 { context, word in
                context.server.maxKeepAliveRequests = .set(
                    ByteString(word.bytes.prefix(while: ASCII.isDigit)).decimal ?? 0)
            }),
        Directive(
            "KeepAlive", .server, "Whether persistent connections should be On or Off",
            .flag { context, on in context.server.keepAlive = .set(on) }),
    ]

    // MARK: Values

    static func number(_ word: ByteString, _ range: ClosedRange<Int>, _ message: String) throws(DirectiveError) -> Int {
        guard let value = word.decimal, range.contains(value) else { throw DirectiveError(message) }
        return value
    }
    private static func limit(_ word: ByteString, _ name: String) throws(DirectiveError) -> Int {
        let value = ByteString(word.bytes.prefix(while: { ASCII.isDigit($0) || $0 == UInt8(ascii: "-") })).decimal ?? 0
        if value < 0 { throw DirectiveError("\(name) \"\(word)\" must be a non-negative integer") }
        return value
    }
    /// `5`, `5s`, `500ms`, `2mi`, `1h` in milliseconds (ap_timeout_parameter_parse).
    static func duration(_ word: ByteString, unit: Int, _ message: String) throws(DirectiveError) -> Int {
        let digits = ByteString(word.bytes.prefix(while: ASCII.isDigit))
        guard let count = digits.decimal else { throw DirectiveError(message) }
        let suffix = word.from(digits.count).lowercased
        let factor: Int
        switch suffix {
        case "": factor = unit
        case "ms": factor = 1
        case "s": factor = 1000
        case "mi": factor = 60_000
        case "h": factor = 3_600_000
        default: throw DirectiveError(message)
        }
        let (value, overflow) = count.multipliedReportingOverflow(by: factor)
        guard !overflow, value <= Int(Int32.max) * 1000 else { throw DirectiveError(message) }
        return value
    }

    @Sendable static func documentRoot(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        try context.forbidDirectoryContext()
        guard let path = canonicalPath(context.serverRelative(word)) else {
            throw DirectiveError("DocumentRoot must be a directory")
        }
        let shown = path.count > 1 && path.last == UInt8(ascii: "/") ? path.upTo(path.count - 1) : path
        if context.configuration.commandLine.checksDocumentRoot, (try? FileStatus(path))?.kind != .directory {
            guard context.server.isVirtual else {
                throw DirectiveError("DocumentRoot '\(word)' is not a directory, or is not readable")
            }
            context.warn("AH00112: Warning: DocumentRoot [\(word)] does not exist")
        }
        context.server[Core.server].documentRoot = .set(shown)
    }

    /// The format of messages, or one more line that stands once before those of a connection or request.
    @Sendable static func errorLogFormat(
        _ context: DirectiveContext, _ kindOrFormat: ByteString, _ format: ByteString?
    ) throws(DirectiveError) {
        func parsed(_ text: ByteString, isMain: Bool) throws(DirectiveError) -> [ErrorLogItem] {
            do throws(FormatError) {
                return try FormatString.parseErrorLog(text, isMain: isMain, isKnown: ErrorLogMessage.isKnown)
            } catch { throw DirectiveError(error.message) }
        }
        guard let format else {
            context.server.errorLogFormat = try parsed(kindOrFormat, isMain: true)
            return
        }
        let lines = format.isEmpty ? [] : [try parsed(format, isMain: false)]
        switch kindOrFormat.lowercased {
        case "connection":
            context.server.errorLogConnectionFormats = (context.server.errorLogConnectionFormats ?? []) + lines
        case "request": context.server.errorLogRequestFormats = (context.server.errorLogRequestFormats ?? []) + lines
        default: throw DirectiveError("ErrorLogFormat type must be one of request, connection")
        }
    }

    /// `[scheme://]name[:port]` (server_hostname_port).
    @Sendable static func serverName(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        try context.forbidDirectoryContext()
        if Wildcard.isPattern(word) {
            throw DirectiveError("Invalid ServerName \"\(word)\" use ServerAlias to set multiple server names.")
        }
        var rest = word
        if let end = rest.firstRange(of: "://") {
            context.server.serverScheme = rest.upTo(end.lowerBound).lowercased
            rest = rest.from(end.upperBound)
        }
        context.server.port = 0
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")) else {
            context.server.serverName = rest
            return
        }
        context.server.serverName = rest.upTo(colon)
        let port = CoreProcessDirectives.leadingNumber(rest.from(colon + 1))
        guard (1...65535).contains(port) else {
            throw DirectiveError("The port number \"\(word)\" is outside the appropriate range (i.e., 1..65535).")
        }
        context.server.port = UInt16(port)
    }

    @Sendable static func regexDefaultOptions(_ context: DirectiveContext, _ text: ByteString) throws(DirectiveError) {
        for argument in text.argumentWords {
            var word = argument
            var adds = true
            if let mark = word.first, mark == UInt8(ascii: "+") || mark == UInt8(ascii: "-") {
                adds = mark == UInt8(ascii: "+")
                word = word.from(1)
            }
            switch word.lowercased {
            case "none": context.configuration.regexDefaults = []
            default:
                guard let option = RegexOptions.named(word) else {
                    throw DirectiveError("Unknown keyword '\(word)' for RegexDefaultOptions")
                }
                if adds {
                    context.configuration.regexDefaults.formUnion(option)
                } else {
                    context.configuration.regexDefaults.subtract(option)
                }
            }
        }
    }

    @Sendable static func limitRecursion(
        _ context: DirectiveContext, _ redirects: ByteString, _ subrequests: ByteString?
    ) throws(DirectiveError) {
        func parse(_ word: ByteString) throws(DirectiveError) -> Int {
            let value = CoreProcessDirectives.leadingNumber(word)
            guard value > 0 else { throw DirectiveError("The recursion limit must be greater than zero.") }
            return value
        }
        let first = try parse(redirects)
        if first < 4 {
            context.warn(
                "AH00119: Limiting internal redirects to very low numbers may cause normal requests to fail.")
        }
        var second = first
        if let subrequests {
            second = try parse(subrequests)
            if second < 4 {
                context.warn(
                    "AH00120: Limiting the subrequest depth to a very low level may cause normal requests to fail.")
            }
        }
        context.server[Core.server].redirectLimit = .set(first)
        context.server[Core.server].subrequestLimit = .set(second)
    }

    @Sendable static func httpProtocolOptions(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        func choose(
            _ path: WritableKeyPath<CoreServer.HTTPOptions, Setting<Bool>>, _ value: Bool, _ pair: String
        ) throws(DirectiveError) {
            if let earlier = context.server[Core.server].httpOptions[keyPath: path].value, earlier != value {
                throw DirectiveError("HttpProtocolOptions \(pair) are mutually exclusive")
            }
            context.server[Core.server].httpOptions[keyPath: path] = .set(value)
        }
        switch word.lowercased {
        case "allow0.9": try choose(\.require10, false, "'Allow0.9' and 'Require1.0'")
        case "require1.0": try choose(\.require10, true, "'Allow0.9' and 'Require1.0'")
        case "strict": try choose(\.unsafe, false, "'Strict' and 'Unsafe'")
        case "unsafe": try choose(\.unsafe, true, "'Strict' and 'Unsafe'")
        case "registeredmethods": try choose(\.registeredMethods, true, "'RegisteredMethods' and 'LenientMethods'")
        case "lenientmethods": try choose(\.registeredMethods, false, "'RegisteredMethods' and 'LenientMethods'")
        default:
            throw DirectiveError(
                "HttpProtocolOptions accepts 'Unsafe' or 'Strict' (default), 'RegisteredMethods' or 'LenientMethods' (default), and 'Require1.0' or 'Allow0.9' (default)"
            )
        }
    }
}
