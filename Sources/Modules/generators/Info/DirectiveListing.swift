// Apache: modules/generators/mod_info.c mod_info_module_cmds

import Bytes
import ConfigLanguage
import ServerCore

/// Directives as they stand in their files, with the sections around them.
struct DirectiveListing {
    /// A page's part, or lines that could be read again (`-D DUMP_CONFIG`).
    enum Form { case html, text }
    /// Lower-cased names to show; nil shows all.
    let names: Set<ByteString>?
    let form: Form
    private(set) var text = ByteString()
    private var file: String?

    init(_ names: Set<ByteString>?, _ form: Form = .html) {
        self.names = names
        self.form = form
    }

    mutating func write(_ nodes: [Node]) { _ = write(nodes, in: [], shown: 0) }

    /// - Parameter shown: How many of `parents` are open in the text.
    /// - Returns: How many are open now.
    private mutating func write(_ nodes: [Node], in parents: [Node], shown: Int) -> Int {
        var shown = shown
        let level = parents.count
        for node in nodes {
            if !node.children.isEmpty {
                if write(node.children, in: parents + [node], shown: shown) > level {
                    shown = level
                    close(node, level)
                }
            } else if names?.contains(ByteString(node.name).lowercased) ?? true {
                for depth in shown..<max(shown, level) { open(parents[depth], depth) }
                shown = level
                line(node.location, level, number: node.location.line)
                switch form {
                case .html:
                    text.append(
                        "\(ByteString(node.name).escapedHTML) <i>\(node.arguments.escapedHTML)</i></tt></dd>\n")
                case .text: text.append("\(node.name) \(node.arguments)\n")
                }
            }
        }
        return shown
    }

    private mutating func open(_ node: Node, _ depth: Int) {
        line(node.location, depth, number: node.location.line)
        switch form {
        case .html: text.append("\(ByteString(node.name).escapedHTML) \(node.arguments.escapedHTML)</tt></dd>\n")
        case .text: text.append("\(node.name) \(node.arguments)\n")
        }
    }
    private mutating func close(_ node: Node, _ depth: Int) {
        line(node.location, depth, number: 0)
        if form == .text { return text.append("</\(ByteString(node.name).from(1))>\n") }
        let name = node.isSection ? "&lt;/\(ByteString(node.name).from(1).escapedHTML)&gt;" : "/\(node.name)"
        text.append(ByteString("\(name)</tt></dd>"))
    }

    /// The start of a line: a heading where the file changes, the number in four places, the indentation.
    private mutating func line(_ location: SourceLocation, _ depth: Int, number: Int) {
        if file != location.file {
            switch form {
            case .html:
                text.append("<dd><tt><strong>In file: \(ByteString(location.file).escapedHTML)</strong></tt></dd>\n")
            case .text: text.append("# In file: \(location.file)\n")
            }
            file = location.file
        }
        let blank = form == .html ? "&nbsp;" : " "
        let digits = number == 0 ? "" : "\(number)"
        let padding = String(repeating: blank, count: max(0, 4 - digits.utf8.count))
        let indentation = String(repeating: blank + blank, count: depth)
        switch form {
        case .html: text.append(ByteString("<dd><tt>\(padding)\(digits):&nbsp;"))
        // The number is a line of its own; there is none before the end of a section.
        case .text: if number > 0 { text.append(ByteString("\(indentation)#\(padding)\(digits):\n")) }
        }
        text.append(ByteString(indentation))
    }
}
