// Apache: modules/generators/mod_autoindex.c (add_opts)

import Bytes
import ServerCore

extension Autoindex {
    private static let optionNames: [(StaticString, IndexOptions)] = [
        ("FancyIndexing", .fancy), ("FoldersFirst", .foldersFirst), ("HTMLTable", .table),
        ("IconsAreLinks", .iconsAreLinks), ("IgnoreCase", .ignoreCase), ("IgnoreClient", .ignoreClient),
        ("ScanHTMLTitles", .scanHTMLTitles), ("SuppressColumnSorting", .suppressColumnSorting),
        ("SuppressDescription", .suppressDescription), ("SuppressHTMLPreamble", .suppressPreamble),
        ("SuppressIcon", .suppressIcon), ("SuppressLastModified", .suppressLastModified),
        ("SuppressSize", .suppressSize), ("SuppressRules", .suppressRules), ("TrackModified", .trackModified),
        ("VersionSort", .versionSort), ("XHTML", .xhtml), ("ShowForbidden", .showForbidden),
        ("AddAltClass", .addAltClass),
    ]

    @Sendable static func indexOptions(_ context: DirectiveContext, _ words: [ByteString]) throws(DirectiveError) {
        var config = context[directory]
        for word in words {
            let sign = word.first == UInt8(ascii: "+") || word.first == UInt8(ascii: "-") ? word.first : nil
            let name = sign == nil ? word : word.from(1)
            let option: IndexOptions
            if let known = optionNames.first(where: { name.equalsIgnoringCase($0.0) }) {
                option = known.1
            } else {
                option = []
                try setValue(name, sign, &config)
            }
            switch sign {
            case nil:
                config.options.formUnion(option)
                config.added = []
                config.removed = []
            case UInt8(ascii: "+"):
                config.added.formUnion(option)
                config.removed.subtract(option)
            default:
                config.removed.formUnion(option)
                config.added.subtract(option)
            }
        }
        if config.options.contains(.none), config.options != .none {
            throw DirectiveError("Cannot combine other IndexOptions keywords with 'None'")
        }
        change(context) { $0 = config }
    }

    /// Options that are more than on or off.
    private static func setValue(
        _ name: ByteString, _ sign: UInt8?, _ config: inout AutoindexDirectory
    ) throws(DirectiveError) {
        let isMinus = sign == UInt8(ascii: "-")
        func refuseMinus(_ option: String) throws(DirectiveError) {
            if isMinus { throw DirectiveError("Cannot combine '-' with \(option)=n") }
        }
        if name.equalsIgnoringCase("None") {
            guard sign == nil else { throw DirectiveError("Cannot combine '+' or '-' with 'None' keyword") }
            config.options = .none
            config.added = []
            config.removed = []
        } else if name.equalsIgnoringCase("IconWidth") {
            config.iconWidth = isMinus ? 0 : 20
        } else if name.hasPrefixIgnoringCase("IconWidth=") {
            try refuseMinus("IconWidth")
            config.iconWidth = integer(name.from(10))
        } else if name.equalsIgnoringCase("IconHeight") {
            config.iconHeight = isMinus ? 0 : 22
        } else if name.hasPrefixIgnoringCase("IconHeight=") {
            try refuseMinus("IconHeight")
            config.iconHeight = integer(name.from(11))
        } else if name.equalsIgnoringCase("NameWidth") || name.hasPrefixIgnoringCase("NameWidth=") {
            try setWidth(&config.nameWidth, "NameWidth", 5, name, isMinus)
        } else if name.equalsIgnoringCase("DescriptionWidth") || name.hasPrefixIgnoringCase("DescriptionWidth=") {
            try setWidth(&config.descriptionWidth, "DescriptionWidth", 12, name, isMinus)
        } else if name.hasPrefixIgnoringCase("Type=") {
            config.type = name.from(5)
        } else if name.hasPrefixIgnoringCase("Charset=") {
            config.charset = name.from(8)
        } else if name.equalsIgnoringCase("UseOldDateFormat") {
            config.dateFormat = "%d-%b-%Y %H:%M"
        } else {
            throw DirectiveError("Invalid directory indexing option")
        }
    }

    private static func setWidth(
        _ width: inout IndexWidth, _ option: String, _ least: Int, _ word: ByteString, _ isMinus: Bool
    ) throws(DirectiveError) {
        guard word.count > option.utf8.count else {
            guard isMinus else { throw DirectiveError("\(option) with no value may only appear as '-\(option)'") }
            width = IndexWidth(width: 23, adjust: .no)
            return
        }
        if isMinus { throw DirectiveError("Cannot combine '-' with \(option)=n") }
        let text = word.from(option.utf8.count + 1)
        if text.first == UInt8(ascii: "*") {
            width.adjust = .yes
            return
        }
        let value = integer(text)
        guard value == 0 || value >= least else {
            throw DirectiveError("\(option) value must be greater than \(least)")
        }
        width = IndexWidth(width: value, adjust: .no)
    }

    /// C's atoi, within what a column may be wide.
    private static func integer(_ text: ByteString) -> Int {
        var value = 0
        for byte in text.bytes {
            guard ASCII.isDigit(byte) else { break }
            value = min(value * 10 + Int(byte &- 48), 100_000)
        }
        return value
    }
}
