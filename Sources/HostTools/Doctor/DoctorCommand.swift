// No Apache counterpart: the command line of `martinet doctor`
import Bytes
import ConfigLanguage
import Kernel

/// `martinet doctor`: which lines of a configuration Martinet honours.
public struct DoctorCommand: Sendable {
    private static let usage: ByteString = """
        Usage: martinet doctor [--apache DIR] [--json] [--all]
          --apache  a tree as /etc/apache2; that of the running server when it is left out
          --all     lists the lines that are honoured and those that are not read, too

        """
    public let root: ByteString
    public let json: Bool
    public let all: Bool

    /// What is left to do, or the status to exit with.
    public enum Parsed { case command(DoctorCommand), end(Int32) }

    /// - Parameter arguments: Those after `doctor`.
    public static func read(_ arguments: [ByteString]) -> Parsed {
        var root: ByteString?
        var flags: Set<ByteString> = []
        var rest = arguments[...]
        while let word = rest.popFirst() {
            switch word {
            case "-h", "--help":
                Console.print(usage)
                return .end(0)
            case "--json", "--all": flags.insert(word)
            case "--apache" where !rest.isEmpty: root = rest.popFirst()
            default:
                if word.hasPrefix("--apache="), word.count > 9 {
                    root = word.from(9)
                    continue
                }
                Console.error("martinet doctor: what is '\(word)'?\n\(usage)")
                return .end(2)
            }
        }
        let path = root ?? running() ?? "/etc/apache2"
        guard let real = try? File.realPath(path), File.isDirectory(real) else {
            Console.error("martinet doctor: \(path) is not a directory\n")
            return .end(2)
        }
        return .command(DoctorCommand(root: real, json: flags.contains("--json"), all: flags.contains("--all")))
    }
    /// `-d` of the server that Debian's pid file names.
    private static func running() -> ByteString? {
        guard let server = RunningProgram(pidFile: "/run/apache2/apache2.pid"),
            let line = try? File.readWhole("/proc/\(server.pid)/cmdline", limit: 1 << 20)
        else { return nil }
        let words = ByteString(line).split(on: 0)
        guard let at = words.firstIndex(of: "-d"), at + 1 < words.count, words[at + 1].hasPrefix("/") else {
            return nil
        }
        return words[at + 1]
    }

    /// - Returns: 0 when nothing keeps the server from starting, else 1.
    public func write(_ report: TreeReport) -> Int32 {
        Console.print(json ? report.json : report.text(all: all))
        return report.isFine ? 0 : 1
    }

    /// The place of a fault behind all the `Include`s on the way, and what is said of it.
    public static func innermost(_ error: ConfigError) -> (location: SourceLocation?, message: String) {
        var (location, message) = (error.location, error.message[...])
        let mark = "Syntax error on line "
        while message.hasPrefix(mark) {
            let rest = message.dropFirst(mark.count)
            let digits = rest.prefix { $0.isNumber }
            guard let line = Int(digits) else { break }
            let after = rest.dropFirst(digits.count)
            guard after.hasPrefix(" of ") else { break }
            let named = after.dropFirst(4)
            // A macro's use has colons of its own kind only in file names.
            guard let colon = named.range(of: ": ") else { break }
            location = SourceLocation(file: String(named[..<colon.lowerBound]), line: line)
            message = named[colon.upperBound...]
        }
        if let place = location { location = useOfMacro(place) ?? place }
        return (location, String(message))
    }
    /// `macro 'x' (…) used on line 7 of "/etc/…"`: that line.
    private static func useOfMacro(_ place: SourceLocation) -> SourceLocation? {
        guard place.file.hasPrefix("macro '"), let mark = place.file.range(of: "used on line ", last: true) else {
            return nil
        }
        let rest = place.file[mark.upperBound...]
        let digits = rest.prefix { $0.isNumber }
        guard let line = Int(digits), rest.hasSuffix("\"") else { return nil }
        let file = rest.dropFirst(digits.count).dropFirst(" of \"".count).dropLast()
        return SourceLocation(file: String(file), line: line)
    }
}

extension StringProtocol {
    /// Where a piece of text is, without the help of Foundation.
    fileprivate func range(of text: String, last: Bool = false) -> Range<Index>? {
        var found: Range<Index>?
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(text) {
                found = at..<index(at, offsetBy: text.count)
                if !last { return found }
            }
            at = index(after: at)
        }
        return found
    }
}
