// Apache: include/util_cfgtree.h
import Bytes

/// One directive or section of the tree that reading makes.
///
/// Conditional sections, includes and macros are gone: their directives stand in their place.
/// A node never changes after it was made, so threads may share it.
public final class Node: Sendable, CustomStringConvertible {
    /// The directive's own spelling when it is known, else as written. A section's begins with `<` and has no `>`.
    public let name: String
    /// What follows the name: variables expanded, continued lines joined, blanks at both ends removed, quotes kept.
    /// A section's ends with the `>`.
    public let arguments: ByteString
    public let location: SourceLocation
    /// Empty for a directive.
    public let children: [Node]

    public init(name: String, arguments: ByteString, location: SourceLocation, children: [Node] = []) {
        self.name = name
        self.arguments = arguments
        self.location = location
        self.children = children
    }
    public var isSection: Bool { name.utf8.first == UInt8(ascii: "<") }

    /// The tree as text, one directive a line, four blanks a level, each with its line number: for tests and dumps.
    public var description: String {
        var text = ""
        describe(into: &text, depth: 0)
        return text
    }
    private func describe(into text: inout String, depth: Int) {
        text += String(repeating: "    ", count: depth) + name
        if !arguments.isEmpty { text += " " + arguments.string }
        text += "  [\(location.line)]\n"
        for child in children { child.describe(into: &text, depth: depth + 1) }
    }
}
