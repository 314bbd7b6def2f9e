// Apache: modules/filters/mod_reqtimeout.c

import Bytes
import ServerCore

/// mod_reqtimeout: how long a client may take to send a request's head and body. ServerCore keeps the time
/// (``RequestReadTimeout``); this module says how much there is.
public enum ReqTimeout {
    /// One stage, as written; nil was not said.
    struct Stage: Sendable, Equatable {
        /// Seconds.
        var timeout: Int
        var maximum: Int
        /// Bytes per second.
        var minimumRate: Int
    }
    public struct ServerConfig: MergeableConfig {
        var handshake: Stage?
        var header: Stage?
        var body: Stage?
        public init() {}
        public static func merged(_ base: ServerConfig, _ child: ServerConfig) -> ServerConfig {
            var result = child
            result.handshake = child.handshake ?? base.handshake
            result.header = child.header ?? base.header
            result.body = child.body ?? base.body
            return result
        }
    }
    static let server = ConfigKey<ServerConfig>()

    public static let module = ModuleDefinition(
        "reqtimeout", .filters,
        directives: [
            Directive(
                "RequestReadTimeout", .server,
                "Set various timeout parameters for TLS handshake and/or reading request headers and body",
                .rawArgs(set))
        ]
    ) { hooks in
        hooks.onPostConfig { configuration in configuration.readTimeout = { timeouts(of: $0) } }
    }

    @Sendable private static func set(_ context: DirectiveContext, _ line: ByteString) throws(DirectiveError) {
        for word in line.argumentWords {
            guard let equals = word.firstIndex(of: UInt8(ascii: "=")) else {
                throw DirectiveError("Invalid RequestReadTimeout parameter. Parameter must be in the form 'key=value'")
            }
            let key = word.upTo(equals)
            let value = word.from(equals + 1)
            do throws(DirectiveError) {
                try set(key, value, &context.server[server])
            } catch {
                throw DirectiveError("RequestReadTimeout: \(key)=\(value): \(error.message)")
            }
        }
    }
    private static func set(_ key: ByteString, _ value: ByteString, _ config: inout ServerConfig) throws(DirectiveError)
    {
        switch key.lowercased {
        case "handshake": config.handshake = try stage(value)
        case "header": config.header = try stage(value)
        case "body": config.body = try stage(value)
        default: throw DirectiveError("Unknown RequestReadTimeout parameter")
        }
    }

    /// `initial[-maximum],MinRate=rate` or `seconds`.
    static func stage(_ text: ByteString) throws(DirectiveError) -> Stage {
        var stage = Stage(timeout: 0, maximum: 0, minimumRate: 0)
        if let mark = text.lowercased.firstRange(of: ",minrate=") {
            stage.minimumRate = try number(text.from(mark.upperBound))
            if stage.minimumRate == 0 { throw DirectiveError("Minimum data rate must be larger than 0") }
            var initial = text.upTo(mark.lowerBound)
            if let dash = initial.firstIndex(of: UInt8(ascii: "-")) {
                stage.maximum = try number(initial.from(dash + 1))
                initial = initial.upTo(dash)
            }
            stage.timeout = try number(initial)
        } else {
            if text.contains(UInt8(ascii: "-")) {
                throw DirectiveError("Must set MinRate option if using timeout range")
            }
            stage.timeout = try number(text)
        }
        if stage.maximum != 0, stage.timeout >= stage.maximum {
            throw DirectiveError("Maximum timeout must be larger than initial timeout")
        }
        return stage
    }
    private static func number(_ text: ByteString) throws(DirectiveError) -> Int {
        let (value, rest) = text.leadingNumber
        guard let value else { throw DirectiveError("Value '\(text)' not numerical") }
        guard rest.isEmpty else { throw DirectiveError("Cannot parse '\(rest)'") }
        guard value >= 0 else { throw DirectiveError("Value must be non-negative") }
        return value
    }

    /// What holds for one server; stages nobody set have Apache's values.
    static func timeouts(of server: Server) -> RequestReadTimeout {
        let config = server[ReqTimeout.server]
        var result = RequestReadTimeout()
        let isOff = (config.handshake?.timeout ?? 0) <= 0 && config.header?.timeout == 0 && config.body?.timeout == 0
        guard !isOff else { return result }
        result.handshake = milliseconds(config.handshake ?? Stage(timeout: 0, maximum: 0, minimumRate: 0))
        result.header = milliseconds(config.header ?? Stage(timeout: 20, maximum: 40, minimumRate: 500))
        result.body = milliseconds(config.body ?? Stage(timeout: 20, maximum: 0, minimumRate: 500))
        return result
    }
    private static func milliseconds(_ stage: Stage) -> RequestReadTimeout.Stage {
        RequestReadTimeout.Stage(
            initial: UInt64(clamping: stage.timeout) &* 1000, maximum: UInt64(clamping: stage.maximum) &* 1000,
            minimumRate: UInt64(clamping: stage.minimumRate))
    }
}
