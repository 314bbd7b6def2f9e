// Apache: modules/generators/mod_autoindex.c (index_directory, the query string)

import Bytes
import HTTP

/// What a client's query asks of a list: `C=` column, `O=` order, `F=` format, `V=` version sort, `P=` pattern.
struct IndexQuery {
    var key: IndexSortKey
    var isAscending: Bool
    var options: IndexOptions
    var pattern: ByteString?
    /// What the links of the columns' heads repeat.
    var columnArguments = ByteString()

    init(_ config: AutoindexDirectory, query: ByteString?) {
        key = config.sortKey ?? .name
        isAscending = config.isAscending ?? true
        options = config.options
        if options.contains(.ignoreClient) {
            options.insert(.suppressColumnSorting)
        } else if let query {
            read(query)
        }
    }

    /// The first thing that is not understood ends the reading.
    private mutating func read(_ query: ByteString) {
        var (format, versions, escaped) = (ByteString(), ByteString(), ByteString())
        var at = 0
        while at + 1 < query.count, query[at + 1] == UInt8(ascii: "=") {
            let letter = query[at]
            if letter == UInt8(ascii: "P") {
                var end = at + 2
                while end < query.count, !Self.isSeparator(query[end]) { end += 1 }
                readPattern(query[(at + 2)..<end], &escaped)
                at = end + 1
                continue
            }
            guard at + 2 < query.count, at + 3 >= query.count || Self.isSeparator(query[at + 3]) else { break }
            let value = query[at + 2]
            guard apply(letter, value) else { break }
            if letter == UInt8(ascii: "F") { format = ";F=" + ByteString([value]) }
            if letter == UInt8(ascii: "V") { versions = ";V=" + ByteString([value]) }
            at += 4
        }
        columnArguments = format + versions + escaped
    }
    private static func isSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "&") || byte == UInt8(ascii: ";") }

    private mutating func apply(_ letter: UInt8, _ value: UInt8) -> Bool {
        switch (letter, value) {
        case (UInt8(ascii: "C"), _):
            guard let wanted = IndexSortKey(rawValue: value) else { return false }
            key = wanted
        case (UInt8(ascii: "O"), UInt8(ascii: "A")): isAscending = true
        case (UInt8(ascii: "O"), UInt8(ascii: "D")): isAscending = false
        case (UInt8(ascii: "F"), UInt8(ascii: "0")): options.subtract([.fancy, .table])
        case (UInt8(ascii: "F"), UInt8(ascii: "1")):
            options.insert(.fancy)
            options.remove(.table)
        case (UInt8(ascii: "F"), UInt8(ascii: "2")): options.formUnion([.fancy, .table])
        case (UInt8(ascii: "V"), UInt8(ascii: "0")): options.remove(.versionSort)
        case (UInt8(ascii: "V"), UInt8(ascii: "1")): options.insert(.versionSort)
        default: return false
        }
        return true
    }
    private mutating func readPattern(_ text: ByteString, _ escaped: inout ByteString) {
        pattern = nil
        guard !text.isEmpty else { return }
        var bytes = text.bytes
        guard URLPath.unescape(&bytes) == nil else { return }
        pattern = ByteString(bytes)
        escaped = ";P=" + ByteString(bytes).escapedPath
    }
}
