// Apache: modules/generators/mod_autoindex.c (make_parent_entry, make_autoindex_entry, find_item, find_desc, find_title)

import Bytes
import Expressions
import Kernel
import ServerCore

/// One line of a list.
struct IndexEntry: Sendable, Equatable {
    var name: ByteString
    var icon: ByteString?
    var alt: ByteString?
    var description: ByteString?
    /// -1 is "none".
    var size: Int64 = -1
    /// µs since 1970; -1 is "none".
    var modified: Int64 = -1
    /// A directory that comes before files.
    var isFolderFirst = false

    /// The parent is the only entry whose name is a path.
    var isParent: Bool { name.first == UInt8(ascii: "/") }
}

extension AutoindexDirectory {
    func item(
        in list: [IndexItem], path: ByteString, type: ByteString? = nil, encoding: ByteString? = nil, pathOnly: Bool
    ) -> ByteString? {
        let isSpecial = path.first == UInt8(ascii: "^")
        for item in list where isSpecial || Wildcard.matchesSimply(path, item.path) {
            if item.appliesTo.isEmpty { return item.data }
            if item.kind == .path || isSpecial {
                if Wildcard.matchesSimply(path, item.appliesTo) { return item.data }
            } else if !pathOnly {
                if let encoding {
                    if item.kind == .encoding, Wildcard.matchesSimply(encoding, item.appliesTo, ignoringCase: true) {
                        return item.data
                    }
                } else if item.kind == .type, let type,
                    Wildcard.matchesSimply(type, item.appliesTo, ignoringCase: true)
                {
                    return item.data
                }
            }
        }
        return nil
    }

    func description(of path: ByteString) -> ByteString? {
        let name = path.from((path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)
        for entry in descriptions {
            let subject = entry.isFullPath ? path : name
            if entry.isWildcard ? Wildcard.matches(entry.pattern, subject) : subject.contains(entry.pattern) {
                return entry.text
            }
        }
        return nil
    }

    func ignores(_ path: ByteString) -> Bool {
        let name = path.from((path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)
        return ignored.contains { item in
            let pattern = item.appliesTo.from((item.appliesTo.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)
            return Wildcard.matchesSimply(path, item.path) && Wildcard.matchesSimply(name, pattern)
        }
    }
}

/// Collects the entries of a directory.
struct IndexCollector {
    let request: Request
    let config: AutoindexDirectory
    let options: IndexOptions
    /// `P=`.
    let pattern: ByteString?
    let sortsByDate: Bool
    /// With its slash.
    let directory: ByteString

    /// Nil when the directory cannot be read.
    func collect() -> [IndexEntry]? {
        let names: [DirectoryEntry]
        do throws(Errno) { names = try Directory.entries(directory) } catch {
            request.log(
                .error, "autoindex",
                "(\(error.rawValue))\(error.description): AH01275: Can't open directory for index: \(directory)")
            return nil
        }
        var entries: [IndexEntry] = []
        if let parent = parent() { entries.append(parent) }
        for name in names {
            var kind = name.kind
            if kind == .symlink || kind == .other {
                guard let status = try? FileStatus(directory + name.name) else { continue }
                kind = status.kind
            }
            if let entry = entry(name.name, isDirectory: kind == .directory) { entries.append(entry) }
        }
        return entries
    }

    private func parent() -> IndexEntry? {
        var uri = request.uri
        while uri.last == UInt8(ascii: "/") { uri = uri.upTo(uri.count - 1) }
        guard let slash = uri.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        // IndexIgnore and the others know the parent as "..".
        let path = directory + ".."
        guard !config.ignores(path) else { return nil }
        var entry = IndexEntry(name: uri.upTo(slash + 1))
        guard options.contains(.fancy) else { return entry }
        entry.icon = find(config.icons, path) ?? find(config.icons, "^^DIRECTORY^^")
        entry.alt = find(config.alts, path) ?? find(config.alts, "^^DIRECTORY^^") ?? "PARENTDIR"
        entry.description = config.description(of: path)
        return entry
    }
    private func find(_ list: [IndexItem], _ path: ByteString) -> ByteString? {
        config.item(in: list, path: path, pathOnly: true)
    }

    private func entry(_ name: ByteString, isDirectory: Bool) -> IndexEntry? {
        if let pattern, !Wildcard.matches(pattern, name, [.noEscape, .period]) { return nil }
        guard !config.ignores(directory + name) else { return nil }
        let sub = request.lookup(file: name)
        let isForbidden = sub.status == 401 || sub.status == 403
        guard let status = sub.finfo, status.isDirectory || status.isRegular,
            (200..<400).contains(sub.status) || isForbidden && options.contains(.showForbidden)
        else { return nil }
        var entry = IndexEntry(name: isDirectory ? name + "/" : name)
        if !options.isDisjoint(with: [.fancy, .table]) { describe(&entry, sub, status, isDirectory) }
        if sortsByDate, entry.modified < 0 { entry.modified = 0 }
        return entry
    }

    private func describe(
        _ entry: inout IndexEntry, _ sub: Request, _ status: FileStatus, _ isDirectory: Bool
    ) {
        entry.modified = status.modifiedMicroseconds
        var path = sub.filename ?? ""
        if isDirectory {
            entry.isFolderFirst = options.contains(.foldersFirst)
            if path.last == UInt8(ascii: "/") { path = path.upTo(path.count - 1) }
            entry.icon = find(config.icons, path) ?? find(config.icons, "^^DIRECTORY^^")
            entry.alt = find(config.alts, path) ?? find(config.alts, "^^DIRECTORY^^") ?? "DIR"
        } else {
            let type = sub.contentType.map(IndexCollector.withoutParameters)
            entry.icon = config.item(
                in: config.icons, path: path, type: type, encoding: sub.contentEncoding, pathOnly: false)
            entry.alt = config.item(
                in: config.alts, path: path, type: type, encoding: sub.contentEncoding, pathOnly: false)
            entry.size = status.size
        }
        entry.description = config.description(of: path)
        if entry.description == nil, options.contains(.scanHTMLTitles) { entry.description = title(sub) }
    }

    static func withoutParameters(_ type: ByteString) -> ByteString {
        type.firstIndex(of: UInt8(ascii: ";")).map { type.upTo($0).trimmed() } ?? type
    }
    static func isHTML(_ type: ByteString) -> Bool {
        let type = withoutParameters(type)
        return type.equalsIgnoringCase("text/html") || type.equalsIgnoringCase("application/xhtml+xml")
    }

    /// The title of an HTML document, looked for in its first 8 kB.
    private func title(_ sub: Request) -> ByteString? {
        guard sub.status == 200, let type = sub.contentType, sub.contentEncoding == nil, let path = sub.filename,
            Self.isHTML(type) || type == "text/x-server-parsed-html",
            let file = try? File.open(path)
        else { return nil }
        var text: [UInt8] = []
        guard case .bytes = File.read(file.raw, into: &text, count: 8191) else { return nil }
        return Self.title(in: text)
    }
    static func title(in text: [UInt8]) -> ByteString? {
        let tag = Array("<title>".utf8)
        var matched = 0
        var at = 0
        while at < text.count, text[at] != 0 {
            if ASCII.lower(text[at]) == tag[matched] {
                matched += 1
                at += 1
                if matched == tag.count { break }
            } else {
                matched = 0
                at += 1
            }
        }
        guard matched == tag.count else { return nil }
        let end = text[at...].firstIndex { $0 == UInt8(ascii: "<") || $0 == 0 } ?? text.count
        var title = Array(text[at..<end])
        // Leading line ends go one at a time, each hides the byte behind it from being looked at again.
        var start = 0
        for index in title.indices where title[index] == 13 || title[index] == 10 {
            if index == start { start += 1 } else { title[index] = 32 }
        }
        return ByteString(Array(title[start...]))
    }
}
