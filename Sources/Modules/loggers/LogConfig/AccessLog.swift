// Apache: modules/loggers/mod_log_config.c (config_log_state, open_config_log)

import Bytes
import ConfigLanguage
import Expressions
import Kernel
import ServerCore

/// One `CustomLog`. Shared by the main server and the virtual hosts that inherit it.
final class AccessLog: @unchecked Sendable {
    enum Condition: Sendable {
        case with(ByteString)
        case without(ByteString)
        case expression(Expression)
    }
    let file: ByteString
    let format: ByteString?
    /// `GlobalLog`: virtual hosts with logs of their own write it too.
    let isGlobal: Bool
    let location: SourceLocation
    var condition: Condition?
    /// Opened by ``LogConfig/openLogs(_:)``, before there is a second thread; it belongs to `Configuration.logs`.
    var output: Int32?

    init(file: ByteString, format: ByteString?, isGlobal: Bool, location: SourceLocation) {
        self.file = file
        self.format = format
        self.isGlobal = isGlobal
        self.location = location
    }
}

extension LogConfig {
    /// Opens every log once and compiles the formats of every server (init_config_log).
    @Sendable static func openLogs(_ configuration: Configuration) throws(DirectiveError) {
        for one in configuration.servers {
            let state = one[server]
            var active: [(log: AccessLog, format: LogFormat)] = []
            for log in state.effective {
                if log.output == nil { log.output = try open(log.file, configuration) }
                let text = log.format ?? state.defaultFormat.value(default: defaultFormat)
                active.append((log, try compile(state.formats[text] ?? text, configuration)))
            }
            guard !active.isEmpty else { continue }
            one[server].active = active
        }
    }

    private static func open(_ name: ByteString, _ configuration: Configuration) throws(DirectiveError) -> Int32 {
        let isProgram = name.first == UInt8(ascii: "|")
        let path = isProgram ? name : configuration.serverRelative(name)
        do throws(Errno) {
            return try configuration.logs.open(path)
        } catch {
            let cause = "(\(error.rawValue))\(error.description)"
            throw DirectiveError(
                isProgram
                    ? "\(cause): AH00104: unable to start piped log program '\(name.from(1))'"
                    : "\(cause): AH00649: could not open transfer log file \(path).")
        }
    }
}
