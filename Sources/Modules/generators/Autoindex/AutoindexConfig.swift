// Apache: modules/generators/mod_autoindex.c (autoindex_config_rec, merge_autoindex_configs, push_item, add_desc)

import Bytes
import Expressions
import ServerCore

/// `IndexOptions` that are on or off.
struct IndexOptions: OptionSet, Sendable, Hashable {
    let rawValue: UInt32
    static let none = IndexOptions(rawValue: 1 << 0)
    static let iconsAreLinks = IndexOptions(rawValue: 1 << 1)
    static let scanHTMLTitles = IndexOptions(rawValue: 1 << 2)
    static let suppressIcon = IndexOptions(rawValue: 1 << 3)
    static let suppressLastModified = IndexOptions(rawValue: 1 << 4)
    static let suppressSize = IndexOptions(rawValue: 1 << 5)
    static let suppressDescription = IndexOptions(rawValue: 1 << 6)
    static let suppressPreamble = IndexOptions(rawValue: 1 << 7)
    static let suppressColumnSorting = IndexOptions(rawValue: 1 << 8)
    static let suppressRules = IndexOptions(rawValue: 1 << 9)
    static let foldersFirst = IndexOptions(rawValue: 1 << 10)
    static let versionSort = IndexOptions(rawValue: 1 << 11)
    static let trackModified = IndexOptions(rawValue: 1 << 12)
    static let fancy = IndexOptions(rawValue: 1 << 13)
    static let table = IndexOptions(rawValue: 1 << 14)
    static let ignoreClient = IndexOptions(rawValue: 1 << 15)
    static let ignoreCase = IndexOptions(rawValue: 1 << 16)
    static let xhtml = IndexOptions(rawValue: 1 << 17)
    static let showForbidden = IndexOptions(rawValue: 1 << 18)
    static let addAltClass = IndexOptions(rawValue: 1 << 19)
    /// No option was said without `+` or `-`.
    static let unset = IndexOptions(rawValue: 1 << 20)
}

enum IndexSortKey: UInt8, Sendable {
    case name = 78  // N
    case lastModified = 77  // M
    case size = 83  // S
    case description = 68  // D
}

/// A column's width: as said, as wide as its widest entry, or not said.
struct IndexWidth: Sendable, Equatable {
    enum Adjust: Sendable { case no, yes, unset }
    var width = 23
    var adjust = Adjust.unset
}

/// What a name, type or encoding means: an icon, an alternate text, or that a file is not listed.
struct IndexItem: Sendable, Equatable {
    enum Kind: Sendable { case path, type, encoding, other }
    let kind: Kind
    let appliesTo: ByteString
    let path: ByteString
    let data: ByteString

    init(_ kind: Kind, _ word: ByteString, _ path: ByteString?, _ data: ByteString) {
        var name = word
        if kind == .path, name == "**DIRECTORY**" { name = "^^DIRECTORY^^" }
        if kind == .encoding { name = name.lowercased }
        self.kind = kind
        self.path = (path ?? "") + "*"
        self.data = data
        appliesTo = kind == .path && !Wildcard.isMatchExpression(name) ? "*" + name : name
    }
}

/// One `AddDescription`.
struct IndexDescription: Sendable, Equatable {
    let pattern: ByteString
    let text: ByteString
    /// The pattern has a slash: compare with the whole path.
    let isFullPath: Bool
    let isWildcard: Bool

    init(_ text: ByteString, for name: ByteString) {
        isFullPath = name.contains(UInt8(ascii: "/"))
        isWildcard = isFullPath || Wildcard.isPattern(name)
        pattern = isWildcard ? "\(isFullPath ? "*/" : "*")\(name)*" : name
        self.text = text
    }
}

/// mod_autoindex's per-directory configuration.
struct AutoindexDirectory: MergeableConfig {
    var defaultIcon: ByteString?
    var styleSheet: ByteString?
    var headInsert: ByteString?
    var header: ByteString?
    var readme: ByteString?
    var options: IndexOptions = .unset
    var added: IndexOptions = []
    var removed: IndexOptions = []
    var nameWidth = IndexWidth()
    var descriptionWidth = IndexWidth()
    /// 0 is "not said".
    var iconWidth = 0
    var iconHeight = 0
    var sortKey: IndexSortKey?
    var isAscending: Bool?
    var icons: [IndexItem] = []
    var alts: [IndexItem] = []
    var descriptions: [IndexDescription] = []
    var ignored: [IndexItem] = []
    var resetsIgnored = false
    var type: ByteString?
    var charset: ByteString?
    var dateFormat: ByteString?
    var needsMerge = false

    init() {}

    /// What holds for a request: `+` and `-` options are counted in when scopes are merged.
    var settled: AutoindexDirectory { needsMerge ? Self.merged(AutoindexDirectory(), self) : self }

    static func merged(_ base: AutoindexDirectory, _ child: AutoindexDirectory) -> AutoindexDirectory {
        var result = AutoindexDirectory()
        result.defaultIcon = child.defaultIcon ?? base.defaultIcon
        result.styleSheet = child.styleSheet ?? base.styleSheet
        result.headInsert = child.headInsert ?? base.headInsert
        result.header = child.header ?? base.header
        result.readme = child.readme ?? base.readme
        result.iconHeight = child.iconHeight != 0 ? child.iconHeight : base.iconHeight
        result.iconWidth = child.iconWidth != 0 ? child.iconWidth : base.iconWidth
        result.type = child.type ?? base.type
        result.charset = child.charset ?? base.charset
        result.dateFormat = child.dateFormat ?? base.dateFormat
        result.alts = child.alts + base.alts
        result.descriptions = child.descriptions + base.descriptions
        result.icons = child.icons + base.icons
        result.ignored = child.resetsIgnored ? child.ignored : child.ignored + base.ignored
        mergeOptions(base, child, into: &result)
        result.nameWidth = child.nameWidth.adjust == .unset ? base.nameWidth : child.nameWidth
        result.descriptionWidth =
            child.descriptionWidth.adjust == .unset ? base.descriptionWidth : child.descriptionWidth
        result.sortKey = child.sortKey ?? base.sortKey
        result.isAscending = child.isAscending ?? base.isAscending
        return result
    }
    /// Options without a sign end all inheritance; with signs they add up.
    private static func mergeOptions(
        _ base: AutoindexDirectory, _ child: AutoindexDirectory, into result: inout AutoindexDirectory
    ) {
        if child.options == .none {
            result.options = .none
            return
        }
        if child.options == .unset {
            result.added = base.added.union(child.added).subtracting(child.removed)
            result.removed = base.removed.union(child.removed)
            result.options = base.options.subtracting(.none)
        } else {
            result.options = child.options
        }
        result.options = result.options.union(result.added).subtracting(result.removed)
    }
}
