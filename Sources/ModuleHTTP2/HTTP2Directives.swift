// Apache: modules/http2/h2_config.c (h2_cmds)

import Bytes
import ServerCore

extension HTTP2 {
    static let directives: [Directive] = [
        Directive(
            "H2MaxSessionStreams", .server, "maximum number of open streams per session",
            .take1 { context, word throws(DirectiveError) in
                context.server[HTTP2Config.server].maxSessionStreams = .set(try atLeast(1, word, "value must be > 0"))
            }),
        Directive(
            "H2WindowSize", .server, "window size on client DATA",
            .take1 { context, word throws(DirectiveError) in
                context.server[HTTP2Config.server].window = .set(try atLeast(1024, word, "value must be >= 1024"))
            }),
        // Streams are tasks of the connection's loop: there are no threads to count.
        Directive("H2MinWorkers", .server, "minimum number of worker threads per child", .take1(workers)),
        Directive("H2MaxWorkers", .server, "maximum number of worker threads per child", .take1(workers)),
        Directive(
            "H2MaxWorkerIdleSeconds", .server, "maximum number of idle seconds before a worker shuts down",
            .take1 { _, word throws(DirectiveError) in _ = try milliseconds(word, "Invalid idle limit value") }),
        // Answers are pulled: there is never more than one piece of a stream in memory.
        Directive(
            "H2StreamMaxMemSize", .server, "maximum number of bytes buffered in memory for a stream",
            .take1 { _, word throws(DirectiveError) in _ = try atLeast(1024, word, "value must be >= 1024") }),
        Directive(
            "H2SerializeHeaders", .server, "disabled, this directive has no longer an effect.",
            .take1 { context, word in
                guard word.equalsIgnoringCase("on") else { return }
                context.warn(
                    "AH10307: H2SerializeHeaders: this feature has been disabled and the directive to enable it is ignored."
                )
            }),
        onOff("H2ModernTLSOnly", "off to not impose RFC 7540 restrictions on TLS", \.modernTLSOnly),
        Directive(
            "H2Upgrade", [.server, .authConfig], "on to allow HTTP/1 Upgrades to h2/h2c",
            .take1 { context, word throws(DirectiveError) in
                let on = try flag(word)
                if context.path != nil || context.isHtaccess {
                    context[HTTP2DirectoryConfig.directory].upgrade = .set(on)
                } else {
                    context.server[HTTP2Config.server].upgrade = .set(on)
                }
            }),
        onOff("H2Direct", "on to enable direct HTTP/2 mode", \.direct),
        Directive(
            "H2SessionExtraFiles", .server, "number of extra file a session might keep open (obsolete)",
            .take1 { context, _ in context.warn("H2SessionExtraFiles is obsolete and will be ignored") }),
        // The sizes of TLS records are mod_ssl's here.
        Directive(
            "H2TLSWarmUpSize", .server, "number of bytes on TLS connection before doing max writes", .take1 { _, _ in }),
        Directive(
            "H2TLSCoolDownSecs", .server, "seconds of idle time on TLS before shrinking writes", .take1 { _, _ in }),
        Directive(
            "H2Push", [.server, .authConfig], "off to disable HTTP/2 server push",
            .take1 { context, word throws(DirectiveError) in
                let on = try flag(word)
                if context.path != nil || context.isHtaccess {
                    context[HTTP2DirectoryConfig.directory].push = .set(on)
                } else {
                    context.server[HTTP2Config.server].push = .set(on)
                }
            }),
        Directive(
            "H2PushPriority", .server, "define priority of PUSHed resources per content type",
            .take23 { context, type, dependency, weight throws(DirectiveError) in
                context.server[HTTP2Config.server].pushPriorities[type] = try pushPriority(type, dependency, weight)
            }
        ),
        Directive(
            "H2PushDiarySize", .server, "size of push diary",
            .take1 { context, word throws(DirectiveError) in
                let value = number(word)
                if value < 0 { throw DirectiveError("value must be >= 0") }
                if value > 0, value & (value - 1) != 0 { throw DirectiveError("value must a power of 2") }
                if value > 1 << 15 { throw DirectiveError("value must <= 65536") }
                context.server[HTTP2Config.server].pushDiarySize = .set(value)
            }),
        // Files are read where they are sent.
        Directive(
            "H2CopyFiles", .fileInfo, "on to perform copy of file data",
            .take1 { _, word throws(DirectiveError) in _ = try flag(word) }),
        Directive(
            "H2PushResource", [.fileInfo, .authConfig],
            "add a resource to be pushed in this location/on this server.", .take123(pushResource)),
        onOff("H2EarlyHints", "on to enable interim status 103 responses", \.earlyHints),
        Directive(
            "H2Padding", .server, "set payload padding",
            .take1 { context, word throws(DirectiveError) in
                let value = number(word)
                if value < 0 { throw DirectiveError("number of bits must be >= 0") }
                if value > 8 { throw DirectiveError("number of bits must be <= 8") }
                context.server[HTTP2Config.server].paddingBits = .set(value)
            }),
        onOff("H2OutputBuffering", "set stream output buffer on/off", \.outputBuffering),
        Directive(
            "H2StreamTimeout", .server, "set stream timeout",
            .take1 { context, word throws(DirectiveError) in
                context.server[HTTP2Config.server].timeout = .set(try milliseconds(word, "Invalid timeout value"))
            }),
        Directive(
            "H2MaxDataFrameLen", .server, "maximum number of bytes in a single HTTP/2 DATA frame",
            .take1 { context, word throws(DirectiveError) in
                context.server[HTTP2Config.server].dataFrameLength = .set(
                    try atLeast(0, word, "value must be 0 or larger"))
            }),
        Directive(
            "H2MaxHeaderBlockLen", .server, "maximum number of bytes in a response header block",
            .take1 { context, word throws(DirectiveError) in
                context.server[HTTP2Config.server].headerBlockLength = .set(
                    try atLeast(0, word, "value must be 0 or larger"))
            }),
        Directive(
            "H2MaxStreamErrors", .server, "maximum number of flow control errors tolerated",
            .take1 { context, word throws(DirectiveError) in
                context.server[HTTP2Config.server].streamErrors = .set(
                    try atLeast(0, word, "value must be 0 or larger"))
            }),
        Directive(
            "H2EarlyHint", [.fileInfo, .authConfig], "add a a 'Link:' header for a 103 Early Hints response.",
            .take2(earlyHint)),
        Directive(
            "H2ProxyRequests", .fileInfo, "Enables forward proxy requests via HTTP/2",
            .take1 { _, word throws(DirectiveError) in
                if try flag(word) { throw DirectiveError("forward proxying is not supported in this server version") }
            }),
        onOff("H2WebSockets", "off to disable WebSockets over HTTP/2", \HTTP2Config.webSockets),
    ]

    private static func onOff(
        _ name: StaticString, _ usage: StaticString, _ path: any WritableKeyPath<HTTP2Config, Setting<Bool>> & Sendable
    ) -> Directive {
        Directive(
            name, .server, usage,
            .take1 { context, word throws(DirectiveError) in
                context.server[HTTP2Config.server][keyPath: path] = .set(try flag(word))
            })
    }
    private static func flag(_ word: ByteString) throws(DirectiveError) -> Bool {
        if word.equalsIgnoringCase("on") { return true }
        if word.equalsIgnoringCase("off") { return false }
        throw DirectiveError("value must be On or Off")
    }
    /// atoi: what is no number is 0.
    private static func number(_ word: ByteString) -> Int { word.leadingNumber.0 ?? 0 }
    private static func atLeast(_ least: Int, _ word: ByteString, _ message: String) throws(DirectiveError) -> Int {
        let value = number(word)
        guard value >= least else { throw DirectiveError(message) }
        return value
    }
    @Sendable private static func workers(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        _ = try atLeast(1, word, "value must be > 0")
    }
    /// ap_timeout_parameter_parse with seconds as the unit.
    private static func milliseconds(_ word: ByteString, _ message: String) throws(DirectiveError) -> UInt64 {
        let (value, rest) = word.leadingNumber
        guard let value, value >= 0 else { throw DirectiveError(message) }
        let factor: UInt64 =
            switch rest.lowercased {
            case "", "s": 1000
            case "ms": 1
            case "mi": 60_000
            case "h": 3_600_000
            default: 0
            }
        guard factor > 0 else { throw DirectiveError(message) }
        let (product, isOver) = UInt64(value).multipliedReportingOverflow(by: factor)
        guard !isOver else { throw DirectiveError(message) }
        return product
    }

    private static func pushPriority(
        _ type: ByteString, _ dependency: ByteString, _ weight: ByteString?
    ) throws(DirectiveError) -> PushPriority {
        if type.isEmpty { throw DirectiveError("1st argument must be a mime-type, like 'text/css' or '*'") }
        var (dependency, weight) = (dependency, weight)
        if weight == nil, let first = dependency.first, first >= 48, first <= 57 {
            weight = dependency
            dependency = "AFTER"
        }
        var priority = PushPriority()
        switch dependency.uppercased {
        case "AFTER": break
        case "BEFORE":
            if weight != nil { throw DirectiveError("dependency 'Before' does not allow a weight") }
            priority.place = .before
        case "INTERLEAVED": priority = PushPriority(place: .interleaved, weight: 256)
        default: throw DirectiveError("dependency must be one of 'After', 'Before' or 'Interleaved'")
        }
        if let weight { priority.weight = number(weight) }
        if priority.weight < 1 { throw DirectiveError("weight must be a number >= 1") }
        return priority
    }

    @Sendable private static func pushResource(
        _ context: DirectiveContext, _ first: ByteString, _ second: ByteString?, _ third: ByteString?
    ) throws(DirectiveError) {
        var resource = PushResource(reference: first)
        var last = second
        if first.equalsIgnoringCase("add") {
            resource.reference = second ?? ""
            last = third
        } else if third != nil {
            throw DirectiveError("too many parameter")
        }
        if let last {
            guard last.equalsIgnoringCase("critical") else { throw DirectiveError("unknown last parameter") }
            resource.isCritical = true
        }
        if context.path != nil || context.isHtaccess {
            context[HTTP2DirectoryConfig.directory].pushList.append(resource)
        } else {
            context.server[HTTP2Config.server].pushList.append(resource)
        }
    }

    @Sendable private static func earlyHint(
        _ context: DirectiveContext, _ name: ByteString, _ value: ByteString
    ) throws(DirectiveError) {
        if name.isEmpty { throw DirectiveError("Early Hint header name must not be empty") }
        if value.isEmpty { throw DirectiveError("Early Hint header value must not be empty") }
        let value = value.trimmed()
        if value.isEmpty { throw DirectiveError("Early Hint header value must not be empty/only space") }
        if value.bytes.contains(where: { $0 < 32 && $0 != 9 || $0 == 127 }) {
            throw DirectiveError("Early Hint header value contains invalid characters")
        }
        let hint = EarlyHint(name: name, value: value)
        if context.path != nil || context.isHtaccess {
            context[HTTP2DirectoryConfig.directory].earlyHintFields.append(hint)
        } else {
            context.server[HTTP2Config.server].earlyHintFields.append(hint)
        }
    }
}
