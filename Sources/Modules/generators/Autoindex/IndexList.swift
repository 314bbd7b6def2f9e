// Apache: modules/generators/mod_autoindex.c (output_directories, emit_link, terminate_description)

import Bytes
import HTTP
import Kernel

/// Writes the list itself: plain (`<ul>`), fancy (`<pre>`) or as a table.
struct IndexList {
    let config: AutoindexDirectory
    let query: IndexQuery
    var output: [UInt8] = []
    private var nameWidth: Int
    private var descriptionWidth: Int

    init(config: AutoindexDirectory, query: IndexQuery) {
        self.config = config
        self.query = query
        nameWidth = config.nameWidth.width
        descriptionWidth = config.descriptionWidth.width
    }

    private var options: IndexOptions { query.options }
    private var isXHTML: Bool { options.contains(.xhtml) }
    private var hasStyle: Bool { config.styleSheet != nil }

    mutating func emit(_ entries: [IndexEntry]) {
        if options.contains(.table) {
            let rule = tableHead()
            for (index, entry) in entries.enumerated() { tableRow(entry, index) }
            output += rule
            output.append("</table>\n")
        } else if options.contains(.fancy) {
            if config.nameWidth.adjust == .yes { nameWidth = max(nameWidth, entries.map(\.name.count).max() ?? 0) }
            if config.descriptionWidth.adjust == .yes {
                descriptionWidth = max(descriptionWidth, entries.compactMap(\.description?.count).max() ?? 0)
            }
            fancyHead()
            for (index, entry) in entries.enumerated() { fancyRow(entry, index) }
            output.append(options.contains(.suppressRules) ? "" : isXHTML ? "<hr />" : "<hr>")
            output.append("</pre>\n")
        } else {
            output.append("<ul>")
            for (index, entry) in entries.enumerated() {
                output.append("<li><a href=\"")
                output.append(anchor(entry))
                output.append("\"> ")
                output.append(shownName(entry, index).escapedHTML)
                output.append("</a></li>\n")
            }
            output.append("</ul>\n")
        }
    }

    // MARK: Pieces

    private func anchor(_ entry: IndexEntry) -> ByteString { entry.name.escapedWholePath.escapedHTML }
    private func shownName(_ entry: IndexEntry, _ index: Int) -> ByteString {
        index == 0 && entry.isParent ? "Parent Directory" : entry.name
    }
    /// A name cut to the column, and the blanks that fill it up.
    private func fitted(_ name: ByteString) -> (name: ByteString, padding: Int) {
        guard name.count > nameWidth else { return (name, nameWidth - name.count) }
        // With a width of 0 Apache's copy would be of negative length.
        guard nameWidth >= 3 else { return (name, 0) }
        return (name.upTo(nameWidth - 3) + "..>", 0)
    }
    private mutating func pad(_ count: Int) {
        if count > 0 { output.append(contentsOf: repeatElement(32, count: count)) }
    }

    private mutating func link(_ text: StaticString, _ column: IndexSortKey) {
        guard !options.contains(.suppressColumnSorting) else { return output.append(text) }
        output.append("<a href=\"?C=")
        output.append(column.rawValue)
        output.append(query.key == column && query.isAscending ? ";O=D" : ";O=A")
        output.append(query.columnArguments)
        output.append("\">")
        output.append(text)
        output.append("</a>")
    }
    /// An icon's attributes behind `alt` and the end of its tag.
    private mutating func closeImage() {
        if config.iconWidth != 0 {
            output.append(" width=\"")
            output.append(decimal: config.iconWidth)
            output.append("\"")
        }
        if config.iconHeight != 0 {
            output.append(" height=\"")
            output.append(decimal: config.iconHeight)
            output.append("\"")
        }
        output.append(isXHTML ? " />" : ">")
    }
    private mutating func image(_ icon: ByteString, _ alt: ByteString?) {
        output.append("<img src=\"")
        output.append(icon.escapedHTML)
        output.append("\" alt=\"[")
        output.append(alt ?? "   ")
        output.append("]\"")
        closeImage()
    }
    private mutating func date(_ microseconds: Int64) {
        let seconds = microseconds / 1_000_000
        let zone = CalendarTime(seconds: seconds, local: true)
        let time = CivilTime(seconds: Int(seconds), offset: zone.offset, zone: .bytes(zone.zone.bytes))
        LogTime.append(time, format: config.dateFormat ?? "%Y-%m-%d %H:%M", to: &output)
    }
    private var blankIcon: ByteString? { config.item(in: config.icons, path: "^^BLANKICON^^", pathOnly: true) }

    // MARK: Table

    /// Returns the ruled row that also ends the table.
    private mutating func tableHead() -> [UInt8] {
        var columns = 1
        output.append(
            hasStyle ? "  <table id=\"indexlist\">\n   <tr class=\"indexhead\">" : "  <table>\n   <tr>")
        if !options.contains(.suppressIcon) {
            output.append(hasStyle ? "<th class=\"indexcolicon\">" : "<th valign=\"top\">")
            if let icon = blankIcon {
                output.append("<img src=\"")
                output.append(icon.escapedHTML)
                output.append("\" alt=\"[ICO]\"")
                closeImage()
            } else {
                output.append("&nbsp;")
            }
            output.append("</th>")
            columns += 1
        }
        output.append(hasStyle ? "<th class=\"indexcolname\">" : "<th>")
        link("Name", .name)
        if !options.contains(.suppressLastModified) {
            output.append(hasStyle ? "</th><th class=\"indexcollastmod\">" : "</th><th>")
            link("Last modified", .lastModified)
            columns += 1
        }
        if !options.contains(.suppressSize) {
            output.append(hasStyle ? "</th><th class=\"indexcolsize\">" : "</th><th>")
            link("Size", .size)
            columns += 1
        }
        if !options.contains(.suppressDescription) {
            output.append(hasStyle ? "</th><th class=\"indexcoldesc\">" : "</th><th>")
            link("Description", .description)
            columns += 1
        }
        var rule: [UInt8] = []
        if !options.contains(.suppressRules) {
            rule.append(hasStyle ? "   <tr class=\"indexbreakrow\"><th colspan=\"" : "   <tr><th colspan=\"")
            rule.append(decimal: columns)
            rule.append(isXHTML ? "\"><hr /></th></tr>\n" : "\"><hr></th></tr>\n")
        }
        output.append("</th></tr>\n")
        output += rule
        return rule
    }

    private mutating func tableRow(_ entry: IndexEntry, _ index: Int) {
        if hasStyle {
            output.append("   <tr class=\"")
            output.append(index & 1 == 1 ? "odd" : "even")
            if let alt = entry.alt, options.contains(.addAltClass) {
                output.append("-")
                output.append(alt.lowercased)
            }
            output.append("\">")
        } else {
            output.append("<tr>")
        }
        let anchor = anchor(entry)
        if !options.contains(.suppressIcon) { tableIcon(entry, anchor) }
        output.append(hasStyle ? "<td class=\"indexcolname\">" : "<td>")
        output.append("<a href=\"")
        output.append(anchor)
        output.append("\">")
        let shown = shownName(entry, index)
        if config.nameWidth.adjust == .yes {
            output.append(shown.escapedHTML)
            output.append("</a>")
        } else {
            let (name, padding) = fitted(shown)
            output.append(name.escapedHTML)
            output.append("</a>")
            pad(padding)
        }
        if !options.contains(.suppressLastModified) {
            if entry.modified != -1 {
                output.append(hasStyle ? "</td><td class=\"indexcollastmod\">" : "</td><td align=\"right\">")
                date(entry.modified)
                output.append("  ")
            } else {
                output.append(hasStyle ? "</td><td class=\"indexcollastmod\">&nbsp;" : "</td><td>&nbsp;")
            }
        }
        if !options.contains(.suppressSize) {
            output.append(hasStyle ? "</td><td class=\"indexcolsize\">" : "</td><td align=\"right\">")
            IndexSize.append(entry.size, to: &output)
        }
        if !options.contains(.suppressDescription) {
            output.append(hasStyle ? "</td><td class=\"indexcoldesc\">" : "</td><td>")
            output.append(
                entry.description.map { config.descriptionWidth.adjust == .yes ? $0 : terminated($0) } ?? "&nbsp;")
        }
        output.append("</td></tr>\n")
    }
    private mutating func tableIcon(_ entry: IndexEntry, _ anchor: ByteString) {
        output.append(hasStyle ? "<td class=\"indexcolicon\">" : "<td valign=\"top\">")
        if options.contains(.iconsAreLinks) {
            output.append("<a href=\"")
            output.append(anchor)
            output.append("\">")
        }
        if let icon = entry.icon ?? config.defaultIcon { image(icon, entry.alt) } else { output.append("&nbsp;") }
        output.append(options.contains(.iconsAreLinks) ? "</a></td>" : "</td>")
    }

    // MARK: Fancy

    private mutating func fancyHead() {
        output.append("<pre>")
        if !options.contains(.suppressIcon) {
            if let icon = blankIcon {
                output.append("<img src=\"")
                output.append(icon.escapedHTML)
                output.append("\" alt=\"Icon \"")
                closeImage()
                output.append(" ")
            } else {
                output.append("      ")
            }
        }
        link("Name", .name)
        pad(nameWidth - 4)
        output.append(" ")
        if !options.contains(.suppressLastModified) {
            link("Last modified", .lastModified)
            output.append("      ")
        }
        if !options.contains(.suppressSize) {
            link("Size", .size)
            output.append("  ")
        }
        if !options.contains(.suppressDescription) { link("Description", .description) }
        output.append(options.contains(.suppressRules) ? "\n" : isXHTML ? "<hr />" : "<hr>")
    }

    private mutating func fancyRow(_ entry: IndexEntry, _ index: Int) {
        let anchor = anchor(entry)
        if !options.contains(.suppressIcon) {
            if options.contains(.iconsAreLinks) {
                output.append("<a href=\"")
                output.append(anchor)
                output.append("\">")
            }
            if let icon = entry.icon ?? config.defaultIcon { image(icon, entry.alt) } else { output.append("     ") }
            output.append(options.contains(.iconsAreLinks) ? "</a> " : " ")
        }
        let (name, padding) = fitted(shownName(entry, index))
        output.append("<a href=\"")
        output.append(anchor)
        output.append("\">")
        output.append(name.escapedHTML)
        output.append("</a>")
        pad(padding)
        output.append(" ")
        if !options.contains(.suppressLastModified) {
            if entry.modified != -1 {
                date(entry.modified)
                output.append("  ")
            } else {
                output.append("                   ")
            }
        }
        if !options.contains(.suppressSize) {
            IndexSize.append(entry.size, to: &output)
            output.append("  ")
        }
        if !options.contains(.suppressDescription), let text = entry.description { output.append(terminated(text)) }
        output.append("\n")
    }

    /// A description cut to its column: tags count nothing, entities one.
    private func terminated(_ text: ByteString) -> ByteString {
        var room = descriptionWidth
        if config.descriptionWidth.adjust == .unset {
            if options.contains(.suppressIcon) { room += 6 }
            if options.contains(.suppressLastModified) { room += 19 }
            if options.contains(.suppressSize) { room += 7 }
        }
        var at = 0
        while at < text.count, room > 0 || text[at] == UInt8(ascii: "<") {
            switch text[at] {
            case UInt8(ascii: "<"):
                while at < text.count, text[at] != UInt8(ascii: ">") { at += 1 }
                if at >= text.count { return text }
            case UInt8(ascii: "&"):
                room -= 1
                while at < text.count, text[at] != UInt8(ascii: ";") { at += 1 }
                if at >= text.count { return text }
            default: room -= 1
            }
            at += 1
        }
        guard room == 0, at < text.count, at > 0 else { return text }
        return text.upTo(at - 1) + ">"
    }
}

/// Sizes in four columns (apr_strfsize): ` 42 `, `1.5K`, ` 23M`.
enum IndexSize {
    static func append(_ size: Int64, to output: inout [UInt8]) {
        guard size >= 0 else { return output.append("  - ") }
        if size < 973 {
            appendPadded(Int(size), to: &output)
            output.append(" ")
            return
        }
        var whole = size
        var rest: Int64 = 0
        for unit in ByteString("KMGTPE").bytes {
            rest = whole & 1023
            whole >>= 10
            guard whole < 973 else { continue }
            if whole < 9 || (whole == 9 && rest < 973) {
                rest = (rest * 5 + 256) / 512
                if rest >= 10 {
                    whole += 1
                    rest = 0
                }
                output.append(decimal: Int(whole))
                output.append(".")
                output.append(decimal: Int(rest))
            } else {
                if rest >= 512 { whole += 1 }
                appendPadded(Int(whole), to: &output)
            }
            output.append(unit)
            return
        }
        output.append("****")
    }
    private static func appendPadded(_ number: Int, to output: inout [UInt8]) {
        if number < 100 { output.append(32) }
        if number < 10 { output.append(32) }
        output.append(decimal: number)
    }
}
