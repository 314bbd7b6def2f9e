// Apache: modules/generators/mod_info.c mod_info_module_cmds

import Bytes
import ConfigLanguage
import ServerCore

/// Directives as they stand in their files, with the sections around them.
struct DirectiveListing {
    /// Lower-cased names to show; nil shows all.
    let names: Set<ByteString>?
    private(set) var text = ByteString()
    private var file: String?

    init(_ names: Set<ByteString>?) { self.names = names }

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
                text.append("\(ByteString(node.name).escapedHTML) <i>\(node.arguments.escapedHTML)</i></tt></dd>\n")
            }
        }
        return shown
    }

    private mutating func open(_ node: Node, _ depth: Int) {
        line(node.location, depth, number: node.location.line)
        text.append("\(ByteString(node.name).escapedHTML) \(node.arguments.escapedHTML)</tt></dd>\n")
    }
    private mutating func close(_ node: Node, _ depth: Int) {
        line(node.location, depth, number: 0)
        let name = node.isSection ? "&lt;/\(ByteString(node.name).from(1).escapedHTML)&gt;" : "/\(node.name)"
        text.append(ByteString("\(name)</tt></dd>"))
    }

    /// The start of a line: a heading where the file changes, the number in four places, the indentation.
    private mutating func line(_ location: SourceLocation, _ depth: Int, number: Int) {
        if file != location.file {
            text.append("<dd><tt><strong>In file: \(ByteString(location.file).escapedHTML)</strong></tt></dd>\n")
            file = location.file
        }
        let digits = number == 0 ? "" : "\(number)"
        let padding = String(repeating: "&nbsp;", count: max(0, 4 - digits.utf8.count))
        text.append(ByteString("<dd><tt>\(padding)\(digits):&nbsp;"))
        text.append(ByteString(String(repeating: "&nbsp;&nbsp;", count: depth)))
    }
}
