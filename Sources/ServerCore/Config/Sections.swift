// Apache: server/core.c (dirsection, urlsection, filesection, ifsection)

import Bytes
import ConfigLanguage
import Expressions

/// How a section's argument is compared.
public enum SectionPattern: Sendable {
    case exact(ByteString)
    case wildcard(ByteString)
    case regex(Regex)
}

/// `<Directory>`, `<DirectoryMatch>`.
public final class DirectorySection: @unchecked Sendable {
    public let pattern: SectionPattern
    public let text: ByteString
    /// Path components; regular expressions come after all others.
    public let components: Int
    public let config: PerDirectoryConfig
    init(pattern: SectionPattern, text: ByteString, components: Int, config: PerDirectoryConfig) {
        self.pattern = pattern
        self.text = text
        self.components = components
        self.config = config
    }
}

/// `<Location>`, `<LocationMatch>`.
public final class LocationSection: @unchecked Sendable {
    public let pattern: SectionPattern
    public let text: ByteString
    public let config: PerDirectoryConfig
    init(pattern: SectionPattern, text: ByteString, config: PerDirectoryConfig) {
        self.pattern = pattern
        self.text = text
        self.config = config
    }
}

/// `<Files>`, `<FilesMatch>`: kept in the core configuration of the scope they stand in.
public final class FilesSection: @unchecked Sendable {
    public let pattern: SectionPattern
    public let text: ByteString
    public let config: PerDirectoryConfig
    init(pattern: SectionPattern, text: ByteString, config: PerDirectoryConfig) {
        self.pattern = pattern
        self.text = text
        self.config = config
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
