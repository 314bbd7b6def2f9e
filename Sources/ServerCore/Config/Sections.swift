// Apache: server/core.c (dirsection, urlsection, filesection, ifsection)

import Bytes
import ConfigLanguage
import Expressions

/// How a section's argument is compared.
public enum SectionPattern: Sendable {
    case exact(ByteString)
    case wildcard(ByteString)
    case regex(Regex)

    /// - Parameter regex: `text` compiled, where the section takes a regular expression.
    public init(_ text: ByteString, _ regex: Regex?) {
        self = regex.map { .regex($0) } ?? (Wildcard.isPattern(text) ? .wildcard(text) : .exact(text))
    }
    public var isRegex: Bool {
        if case .regex = self { return true }
        return false
    }
}

/// `<Directory>`, `<Location>`, `<Files>` and their `…Match` forms. Those of files are kept in the core configuration of
/// the scope they stand in, the others in their server.
public final class PathSection: @unchecked Sendable {
    public let pattern: SectionPattern
    public let text: ByteString
    public let config: PerDirectoryConfig
    /// Of a directory's path; 0 is `/`.
    public let components: Int
    init(_ text: ByteString, _ regex: Regex?, _ config: ConfigVector) {
        pattern = SectionPattern(text, regex)
        self.text = text
        self.config = PerDirectoryConfig(config)
        components = text == "/" ? 0 : text.bytes.count { $0 == UInt8(ascii: "/") }
    }
}

/// `<If>` with its `<ElseIf>`s and `<Else>`: each stands alone, with the kind that says how it chains.
public final class IfSection: @unchecked Sendable {
    public enum Kind: Sendable { case `if`, elseIf, `else` }
    public let kind: Kind
    /// Nil for `<Else>`.
    public let expression: Expression?
    public let config: PerDirectoryConfig
    init(kind: Kind, expression: Expression?, config: PerDirectoryConfig) {
        self.kind = kind
        self.expression = expression
        self.config = config
    }
}
