// Apache: modules/loggers/mod_log_config.c (config_log_state, open_config_log), server/log.c (ap_open_piped_log)

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
    /// Opened by ``LogConfig/openLogs(_:)``, before there is a second thread.
    var output: OpenFile?

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
        var opened: [ByteString: OpenFile] = [:]
        for one in configuration.servers {
            let state = one[server]
            var active: [(log: AccessLog, format: LogFormat)] = []
            for log in state.effective {
                if log.output == nil {
                    if opened[log.file] == nil { opened[log.file] = try open(log.file, one) }
                    log.output = opened[log.file]
                }
                let text = log.format ?? state.defaultFormat.value(default: defaultFormat)
                active.append((log, try compile(state.formats[text] ?? text, configuration)))
            }
            guard !active.isEmpty else { continue }
            one[server].active = active
        }
    }

    private static func open(_ name: ByteString, _ server: Server) throws(DirectiveError) -> OpenFile {
        if name.first == UInt8(ascii: "|") {
            do throws(Errno) { return OpenFile(try PipedLog.start(name.from(1))) } catch {
                throw DirectiveError(
                    "(\(error.rawValue))\(error.description): AH00089: Couldn't start ErrorLog process '\(name.from(1))'."
                )
            }
        }
        let path = server.configuration.serverRelative(name)
        do throws(Errno) { return OpenFile(try File.openAppend(path)) } catch {
            throw DirectiveError(
                "(\(error.rawValue))\(error.description): AH00649: could not open transfer log file \(path).")
        }
    }
}

/// A program that reads a log from its standard input.
enum PipedLog {
    /// Starts it: `|prog args` and `||prog args` run the program itself, `|$text` gives the text to the shell.
    static func start(_ command: ByteString) throws(Errno) -> Descriptor {
        switch command.first {
        case UInt8(ascii: "$"):
            return Descriptor(try Process.spawnShell(command.from(1)).take().input)
        case UInt8(ascii: "|"): return try run(command.from(1))
        default: return try run(command)
        }
    }
    private static func run(_ command: ByteString) throws(Errno) -> Descriptor {
        let words = arguments(command)
        guard let program = words.first else { throw .notFound }
        let ends = try Pipe().split()
        let input = Descriptor(ends.reader)
        let output = Descriptor(ends.writer)
        _ = try Process.spawn(
            program, arguments: words, environment: Environment.all, directory: nil, input: input.raw)
        return output
    }

    /// apr_tokenize_to_argv: words between blanks; quotes of either kind join, a backslash protects one byte.
    static func arguments(_ text: ByteString) -> [ByteString] {
        var words: [ByteString] = []
        var word = ByteString()
        var isOpen = false
        var quote: UInt8?
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            if byte == UInt8(ascii: "\\"), index < text.count {
                word.append(text[index])
                isOpen = true
                index += 1
            } else if byte == quote {
                quote = nil
            } else if quote == nil, byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
                isOpen = true
            } else if quote == nil, ASCII.isSpace(byte) {
                if isOpen { words.append(word) }
                word = ByteString()
                isOpen = false
            } else {
                word.append(byte)
                isOpen = true
            }
        }
        if isOpen { words.append(word) }
        return words
    }
}
