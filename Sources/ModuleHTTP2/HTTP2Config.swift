// Apache: modules/http2/h2_config.c

import Bytes
import ServerCore

/// What mod_http2's directives said for a server.
struct HTTP2Config: MergeableConfig {
    var maxSessionStreams: Setting<Int> = .inherited
    var window: Setting<Int> = .inherited
    var direct: Setting<Bool> = .inherited
    var upgrade: Setting<Bool> = .inherited
    var modernTLSOnly: Setting<Bool> = .inherited
    var push: Setting<Bool> = .inherited
    var pushDiarySize: Setting<Int> = .inherited
    var pushList: [PushResource] = []
    /// `H2PushPriority` by type; `*` for all others.
    var pushPriorities: [ByteString: PushPriority] = [:]
    var earlyHints: Setting<Bool> = .inherited
    var earlyHintFields: [EarlyHint] = []
    var paddingBits: Setting<Int> = .inherited
    var dataFrameLength: Setting<Int> = .inherited
    var headerBlockLength: Setting<Int> = .inherited
    var streamErrors: Setting<Int> = .inherited
    /// Milliseconds.
    var timeout: Setting<UInt64> = .inherited
    var proxyRequests: Setting<Bool> = .inherited
    var outputBuffering: Setting<Bool> = .inherited
    var webSockets: Setting<Bool> = .inherited

    static let server = ConfigKey<HTTP2Config>()
    static func of(_ server: Server) -> HTTP2Config { server[Self.server] }

    static func merged(_ base: HTTP2Config, _ child: HTTP2Config) -> HTTP2Config {
        var result = child
        result.maxSessionStreams = child.maxSessionStreams.or(base.maxSessionStreams)
        result.window = child.window.or(base.window)
        result.direct = child.direct.or(base.direct)
        result.upgrade = child.upgrade.or(base.upgrade)
        result.modernTLSOnly = child.modernTLSOnly.or(base.modernTLSOnly)
        result.push = child.push.or(base.push)
        result.pushDiarySize = child.pushDiarySize.or(base.pushDiarySize)
        result.pushList = base.pushList + child.pushList
        result.pushPriorities = base.pushPriorities.merging(child.pushPriorities) { $1 }
        result.earlyHints = child.earlyHints.or(base.earlyHints)
        result.earlyHintFields = child.earlyHintFields + base.earlyHintFields
        result.paddingBits = child.paddingBits.or(base.paddingBits)
        result.dataFrameLength = child.dataFrameLength.or(base.dataFrameLength)
        result.headerBlockLength = child.headerBlockLength.or(base.headerBlockLength)
        result.streamErrors = child.streamErrors.or(base.streamErrors)
        result.timeout = child.timeout.or(base.timeout)
        result.proxyRequests = child.proxyRequests.or(base.proxyRequests)
        result.outputBuffering = child.outputBuffering.or(base.outputBuffering)
        result.webSockets = child.webSockets.or(base.webSockets)
        return result
    }

    /// h2_cconfig_get_priority.
    func pushPriority(of type: ByteString?) -> PushPriority {
        guard !pushPriorities.isEmpty else { return PushPriority() }
        let name = ByteString(Array((type ?? "").bytes.prefix { $0 != UInt8(ascii: ";") && $0 != 32 && $0 != 9 }))
        return pushPriorities[name] ?? pushPriorities["*"] ?? PushPriority()
    }
    var maxStreams: UInt32 { UInt32(clamping: maxSessionStreams.value(default: 100)) }
    var maxStreamErrors: Int { streamErrors.value(default: 8) }
    var streamTimeout: UInt64? { timeout.value.flatMap { $0 > 0 ? $0 : nil } }

    func frameOptions(_ server: Server) -> FrameOptions {
        var options = FrameOptions()
        options.maxStreams = maxStreams
        options.windowSize = UInt32(clamping: min(window.value(default: 65535), Int(Int32.max)))
        options.maxHeaderBlock = headerBlockLength.value(default: 0)
        options.maxDataFrame = dataFrameLength.value(default: 0)
        options.paddingBits = paddingBits.value(default: 0)
        options.limits.line = server.limitRequestLine.value(default: 8190)
        options.limits.fields = server.limitRequestFields.value(default: 100)
        let fieldSize = server.limitRequestFieldSize.value(default: 8190)
        options.limits.fieldSize = fieldSize > 0 ? fieldSize : 8190
        return options
    }
}

/// The same in directory sections and `.htaccess`.
struct HTTP2DirectoryConfig: MergeableConfig {
    var upgrade: Setting<Bool> = .inherited
    var push: Setting<Bool> = .inherited
    var pushList: [PushResource] = []
    var earlyHints: Setting<Bool> = .inherited
    var earlyHintFields: [EarlyHint] = []

    static let directory = ConfigKey<HTTP2DirectoryConfig>()

    static func merged(_ base: HTTP2DirectoryConfig, _ child: HTTP2DirectoryConfig) -> HTTP2DirectoryConfig {
        var result = child
        result.upgrade = child.upgrade.or(base.upgrade)
        result.push = child.push.or(base.push)
        result.pushList = base.pushList + child.pushList
        result.earlyHints = child.earlyHints.or(base.earlyHints)
        result.earlyHintFields = child.earlyHintFields + base.earlyHintFields
        return result
    }
}

/// `H2PushResource`.
struct PushResource: Sendable {
    var reference: ByteString
    var isCritical = false
}
/// `H2EarlyHint`.
struct EarlyHint: Sendable {
    var name: ByteString
    var value: ByteString
}
