// PHP: sapi/fpm/fpm/fpm_conf.c, fpm_conf_load_ini_file and fpm_conf_ini_parser_include.
import Bytes

/// What reading an FPM configuration asks of its host.
public protocol IniSource: ConfigSource, IniEnvironment {
    /// An `include` pattern as an absolute one (`fpm_evaluate_full_path`).
    func fullIncludePath(_ pattern: ByteString) -> ByteString
    /// A line for the log at level WARNING.
    func logIniWarning(_ message: String)
}

/// A statement with its place.
public struct IniEntry: Sendable, Hashable {
    public let statement: IniStatement
    public let location: SourceLocation
}

/// Why an FPM configuration could not be read: log lines of level ERROR, the innermost file's first.
public struct IniError: Error, Sendable, Hashable {
    public let messages: [String]
    public init(messages: [String]) { self.messages = messages }
}

/// Reads `php-fpm.conf` and what it includes, line by line.
///
/// The statements come in the order FPM acts on them. `include` is carried out here and is not among them; sections
/// go on across files. Names, sections and `$pool` mean nothing here: that is the caller's.
/// FPM's own line numbers go wrong behind an `include`; these do not.
public struct IniFile {
    /// Acts on a statement; what it throws ends the reading.
    public typealias Action = (IniEntry) throws(IniError) -> Void
    private let source: any IniSource
    private var depth = 0

    public static func read(_ path: ByteString, _ source: any IniSource) throws(IniError) -> [IniEntry] {
        var entries: [IniEntry] = []
        try read(path, source) { (entry) throws(IniError) in entries.append(entry) }
        return entries
    }
    /// Hands over each statement as soon as it is read, so that messages come in the file's order.
    /// - Throws: What reading or `act` throws, and after it a line for every `include` on the way there.
    public static func read(_ path: ByteString, _ source: any IniSource, act: Action) throws(IniError) {
        var file = IniFile(source: source)
        try file.read(path, act)
    }
    private init(source: any IniSource) { self.source = source }

    private mutating func read(_ path: ByteString, _ act: Action) throws(IniError) {
        guard !path.isEmpty else { throw IniError(messages: ["configuration filename is empty"]) }
        let contents: [UInt8]
        do throws(ConfigFileError) {
            contents = try source.contents(of: path)
        } catch {
            let reason = "\(error.message) (\(error.code))"
            throw IniError(messages: ["failed to open configuration file '\(path)': \(reason)"])
        }
        guard depth <= 4 else { throw IniError(messages: ["failed to include more than 5 files recursively"]) }
        depth += 1
        defer { depth -= 1 }
        let name = path.string
        var number = 0
        for line in contents.split(separator: 10, omittingEmptySubsequences: false) {
            number += 1
            if !line.isEmpty { try readLine(Array(line), SourceLocation(file: name, line: number), act) }
        }
    }

    private mutating func readLine(_ line: [UInt8], _ location: SourceLocation, _ act: Action) throws(IniError) {
        let statements: [IniStatement]
        do throws(ConfigError) {
            statements = try IniParser.parse(line, source)
        } catch {
            // PHP itself says "in Unknown on line 1": for it each line is a text of its own.
            throw IniError(messages: ["PHP:  \(error.message) in \(location.file) on line \(location.line)"])
        }
        var included: ByteString?
        for statement in statements {
            guard case .entry("include", let value?) = statement else {
                if case .entry(_, nil) = statement {
                    throw IniError(messages: ["[\(location)] value is NULL for a ZEND_INI_PARSER_ENTRY"])
                }
                try act(IniEntry(statement: statement, location: location))
                continue
            }
            guard included == nil else { throw IniError(messages: ["[\(location)] two includes at the same time !"]) }
            included = value
        }
        if let included { try include(source.fullIncludePath(included), location, act) }
    }

    private mutating func include(_ pattern: ByteString, _ location: SourceLocation, _ act: Action) throws(IniError) {
        let place = "from \(location.file) at line \(location.line)"
        let paths: [ByteString]
        do throws(ConfigFileError) {
            paths = try fileNames(matching: pattern, in: source)
        } catch {
            throw IniError(messages: ["Unable to globalize '\(pattern)' (ret=2) \(place)."])
        }
        guard !paths.isEmpty else {
            return source.logIniWarning("Nothing matches the include pattern '\(pattern)' \(place).")
        }
        for path in paths where source.kind(of: path) != .directory {
            do throws(IniError) {
                try read(path, act)
            } catch {
                throw IniError(messages: error.messages + ["Unable to include \(path) \(place)"])
            }
        }
    }
}

/// The existing paths that an absolute pattern stands for, in byte order: glob(3) with GLOB_ERR.
/// - Throws: When a directory that has to be searched cannot be read; what is no directory (20) is passed over.
public func fileNames(
    matching pattern: ByteString, in source: any ConfigSource
) throws(ConfigFileError) -> [ByteString] {
    var paths: [ByteString] = ["/"]
    for part in pattern.split(on: UInt8(ascii: "/")) where !part.isEmpty {
        guard isFileNamePattern(part) else {
            paths = paths.map { fullPath($0, part) }
            continue
        }
        var found: [ByteString] = []
        for directory in paths {
            do throws(ConfigFileError) {
                for entry in try source.entries(of: directory)
                where entry.name != "." && entry.name != ".." && fileNameMatches(part, entry.name) {
                    found.append(fullPath(directory, entry.name))
                }
            } catch {
                if error.code != 20 { throw error }
            }
        }
        paths = found
    }
    return paths.filter { source.kind(of: $0) != nil }.sorted()
}
