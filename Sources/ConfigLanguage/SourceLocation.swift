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

/// What Apache prints on standard error before it gives up.
/// - Parameter program: `argv[0]` of the server, printed before errors of the reading phase.
public func configurationErrorText(_ error: ConfigError, program: String = "apache2") -> String {
    switch error.phase {
    case .reading: return "\(program): \(error)"
    case .walking:
        guard let location = error.location else { return error.message }
        return "AH00526: Syntax error on line \(location.line) of \(location.file):\n\(error.message)"
    }
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
