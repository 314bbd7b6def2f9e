// Apache: modules/mappers/mod_dir.c

import Bytes
import ServerCore

/// Serves directories by their index files and adds the slash that a directory's URL must have.
public enum Dir {
    static let directory = ConfigKey<DirConfig>()
    /// The handler of directories (DIR_MAGIC_TYPE).
    public static let directoryType: ByteString = "httpd/unix-directory"

    public static let module = ModuleDefinition(
        "dir", .mappers,
        directives: [
            .word("FallbackResource", .indexes, "Set a default handler", in: directory, \.fallback),
            Directive("DirectoryIndex", .indexes, "a list of file names", .rawArgs(addIndex)),
            .flag("DirectorySlash", .indexes, "On or Off", in: directory, \.slash),
            .flag("DirectoryCheckHandler", .indexes, "On or Off", in: directory, \.checksHandler),
            Directive("DirectoryIndexRedirect", .indexes, "On, Off, or a 3xx status code.", .take1(setRedirect)),
        ]
    ) { hooks in hooks.onFixups(DirFixup.fixup, order: .last) }

    @Sendable private static func addIndex(_ context: DirectiveContext, _ line: ByteString) throws(DirectiveError) {
        let words = line.argumentWords
        if words.count == 1, words[0].equalsIgnoringCase("disabled") {
            context[Dir.directory].indexNames = .set([])
            return
        }
        let before = context[Dir.directory].indexNames.value(default: [])
        context[Dir.directory].indexNames = .set(before + words)
    }

    @Sendable private static func setRedirect(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        let status: Int
        switch word.lowercased {
        case "on", "temp": status = 302
        case "off": status = 0
        case "permanent": status = 301
        case "seeother": status = 303
        default:
            guard let first = word.first, ASCII.isDigit(first) else {
                throw DirectiveError("DirectoryIndexRedirect ON|OFF|permanent|temp|seeother|3xx")
            }
            status = CInteger.parse(word)
            guard (300..<400).contains(status) else {
                throw DirectiveError("DirectoryIndexRedirect only accepts values between 300 and 399")
            }
        }
        context[Dir.directory].indexRedirect = .set(status)
    }
}

/// dir_config_rec.
struct DirConfig: MergeableConfig {
    /// Empty is `DirectoryIndex disabled`.
    var indexNames: Setting<[ByteString]> = .inherited
    var slash: Setting<Bool> = .inherited
    var checksHandler: Setting<Bool> = .inherited
    /// A status, or 0 for off.
    var indexRedirect: Setting<Int> = .inherited
    var fallback: Setting<ByteString> = .inherited

    static func merged(_ base: DirConfig, _ child: DirConfig) -> DirConfig {
        var result = DirConfig()
        result.indexNames = child.indexNames.or(base.indexNames)
        result.slash = child.slash.or(base.slash)
        result.checksHandler = child.checksHandler.or(base.checksHandler)
        result.indexRedirect = child.indexRedirect.or(base.indexRedirect)
        result.fallback = child.fallback.or(base.fallback)
        return result
    }
}
