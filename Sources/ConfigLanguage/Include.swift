// Apache: server/core.c, include_config; server/util.c, ap_dir_nofnmatch and ap_dir_fnmatch.
import Bytes

extension ConfigReader {
    private static var maximumDepth: Int { 128 }

    /// The trees of all files that `name` stands for, in the byte order of their paths.
    func include(
        _ name: ByteString, isOptional: Bool, _ context: ReadingContext
    ) throws(ConfigError) -> [Node] {
        guard includeDepth < Self.maximumDepth else {
            throw ConfigError(
                "Exceeded maximum include depth of \(Self.maximumDepth), There appears to be a recursion.")
        }
        includeDepth += 1
        defer { includeDepth -= 1 }
        guard let path = serverRootRelative(name) else { throw ConfigError("Invalid Include path \(name)") }
        includeLine = context.source.line
        var search = FileSearch(isOptional: isOptional)
        if isFileNamePattern(path) {
            guard path.first == UInt8(ascii: "/") else {
                throw ConfigError("Include must have an absolute path, \(path)")
            }
            try matchPattern("/", path.from(1), &search)
        } else {
            try readTree(path, &search)
        }
        return search.nodes
    }

    private struct FileSearch {
        let isOptional: Bool
        var depth = 0
        var nodes: [Node] = []
    }

    /// One file, or all files below a directory.
    private func readTree(_ path: ByteString, _ search: inout FileSearch) throws(ConfigError) {
        let kind = environment.kind(of: path)
        guard kind == .directory else {
            if search.isOptional, kind == nil { return }
            do throws(ConfigError) {
                search.nodes += try readFile(path)
            } catch {
                // The inner place becomes part of the message, the outer one is this directive's.
                throw ConfigError(error.description)
            }
            return
        }
        search.depth += 1
        guard search.depth <= Self.maximumDepth else {
            throw ConfigError(
                "Include/IncludeOptional: Directory '\(path)' exceeds the maximum include directory nesting level "
                    + "of \(Self.maximumDepth). You have probably a recursion somewhere.")
        }
        for (name, _) in try list(path, search) ?? [] {
            try readTree(fullPath(path, name), &search)
        }
        search.depth -= 1
    }

    /// - Parameter pattern: What is left of the path, relative to `directory`; any of its parts may be a pattern.
    private func matchPattern(
        _ directory: ByteString, _ pattern: ByteString, _ search: inout FileSearch
    ) throws(ConfigError) {
        let slash = pattern.bytes.firstIndex(of: UInt8(ascii: "/"))
        let part = pattern.upTo(slash ?? pattern.count)
        let rest = slash.map { pattern.from($0 + 1) }
        guard isFileNamePattern(part) else {
            let path = fullPath(directory, part)
            guard let rest else { return try readTree(path, &search) }
            return try matchPattern(path, rest, &search)
        }
        guard let entries = try list(directory, search, missingIsFine: search.isOptional) else { return }
        // Inside a path only real directories go on: a symbolic link to one does not.
        let matching = entries.filter { (rest == nil || $0.kind == .directory) && fileNameMatches(part, $0.name) }
        if matching.isEmpty, !search.isOptional {
            throw ConfigError(
                "Include/IncludeOptional: No matches for the wildcard '\(part)' in '\(directory)', failing")
        }
        for (name, _) in matching {
            let path = fullPath(directory, name)
            if let rest { try matchPattern(path, rest, &search) } else { try readTree(path, &search) }
        }
    }

    /// Sorted by name. Nil when the directory does not exist and that is fine.
    private func list(
        _ directory: ByteString, _ search: FileSearch, missingIsFine: Bool = false
    ) throws(ConfigError) -> [(name: ByteString, kind: ConfigFileKind)]? {
        do throws(ConfigFileError) {
            return try environment.entries(of: directory)
                .filter { $0.name != "." && $0.name != ".." }
                .sorted { $0.name < $1.name }
        } catch {
            if missingIsFine, error.isMissing { return nil }
            throw ConfigError("Include/IncludeOptional: Could not open directory \(directory): \(error.message)")
        }
    }
}
