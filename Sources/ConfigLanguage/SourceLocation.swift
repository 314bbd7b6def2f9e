// Apache: include/http_config.h, the file and line of ap_directive_t.
import Bytes

/// Where a line of configuration stood, as error messages name it.
public struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
    /// The path as Apache prints it, or the description of a macro's use.
    public let file: String
    /// The 1-based number of the last physical line of a continued line.
    public let line: Int

    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }
    public var description: String { "\(file):\(line)" }
}

/// A refusal, in Apache's words.
public struct ConfigError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Apache refuses in two passes, and prints the two differently.
    public enum Phase: Sendable, Hashable {
        /// While text becomes a tree: `apache2: Syntax error on line 1 of F: message`, on one line.
        case reading
        /// While the tree is executed: `AH00526: Syntax error on line 1 of F:` and the message on the next line.
        case walking
    }
    public var message: String
    /// Nil where Apache names no line (a file that cannot be opened, a directive from the command line).
    public var location: SourceLocation?
    public var phase: Phase

    public init(_ message: String, at location: SourceLocation? = nil, phase: Phase = .walking) {
        self.message = message
        self.location = location
        self.phase = phase
    }
    /// The message with its line, on one line, as an including file repeats it.
    public var description: String {
        guard let location else { return message }
        return "Syntax error on line \(location.line) of \(location.file): \(message)"
    }
}

/// What Apache prints on standard error before it gives up, control characters escaped as in its log.
/// - Parameter program: `argv[0]` of the server, printed before errors of the reading phase.
public func configurationErrorText(_ error: ConfigError, program: String = "apache2") -> String {
    switch error.phase {
    case .reading: return errorLogEscaped("\(program): \(error)")
    case .walking:
        let message = errorLogEscaped(error.message)
        guard let location = error.location else { return message }
        return errorLogEscaped("AH00526: Syntax error on line \(location.line) of \(location.file):") + "\n" + message
    }
}

/// `text` as one line of an error log: newlines, tabs, backslashes and everything outside printable ASCII escaped.
/// Apache: server/util.c, ap_escape_errorlog_item.
public func errorLogEscaped(_ text: String) -> String {
    var escaped: [UInt8] = []
    escaped.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
        switch byte {
        case 8: escaped.append("\\b")
        case 9: escaped.append("\\t")
        case 10: escaped.append("\\n")
        case 11: escaped.append("\\v")
        case 13: escaped.append("\\r")
        case UInt8(ascii: "\\"): escaped.append("\\\\")
        case 32..<127: escaped.append(byte)
        default:
            escaped.append("\\x")
            escaped.append(ASCII.hexDigits[Int(byte >> 4)])
            escaped.append(ASCII.hexDigits[Int(byte & 15)])
        }
    }
    return String(decoding: escaped, as: UTF8.self)
}

/// Something worth a line in the log that does not stop the reading.
public struct ConfigWarning: Sendable, Hashable {
    public enum Level: Sendable, Hashable { case error, warning }
    public let level: Level
    /// Apache's number, as in `AH00111`.
    public let number: Int
    public let message: String

    public init(_ number: Int, _ message: String, level: Level = .warning) {
        self.level = level
        self.number = number
        self.message = message
    }
    /// `AH00111: Config variable ${X} is not defined`.
    public var text: String {
        let digits = String(number)
        return "AH" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits + ": " + message
    }
}
