// Apache: modules/http/mod_mime.c

import Bytes
import ConfigLanguage
import Kernel
import ServerCore

/// mod_mime: what the extensions of a file's name say about it: type, charset, language, encoding, handler, filters.
public enum Mime {
    public static let module = ModuleDefinition("mime", .http, directives: directives) { hooks in
        hooks.onPostConfig(readTypes)
        hooks.onTypeChecker(findType)
    }

    public static let directory = ConfigKey<MimeDirectory>()
    public static let server = ConfigKey<MimeServer>()

    private static let directives: [Directive] = [
        add("AddCharset", "a charset (e.g., iso-2022-jp), followed by one or more file extensions", \.charset),
        add("AddEncoding", "an encoding (e.g., gzip), followed by one or more file extensions", \.encoding),
        add("AddHandler", "a handler name followed by one or more file extensions", \.handler),
        add(
            "AddInputFilter", "input filter name (or ; delimited names) followed by one or more file extensions",
            \.inputFilters),
        add("AddLanguage", "a language (e.g., fr), followed by one or more file extensions", \.language),
        add(
            "AddOutputFilter", "output filter name (or ; delimited names) followed by one or more file extensions",
            \.outputFilters),
        add("AddType", "a mime type followed by one or more file extensions", \.type),
        .word(
            "DefaultLanguage", .fileInfo, "language to use for documents with no other language file extension",
            in: directory, \.defaultLanguage),
        Directive(
            "MultiviewsMatch", .fileInfo, "NegotiatedOnly (default), Handlers and/or Filters, or Any",
            .iterate(multiviewsMatch)),
        remove("RemoveCharset", \.charset),
        remove("RemoveEncoding", \.encoding),
        remove("RemoveHandler", \.handler),
        remove("RemoveInputFilter", \.inputFilters),
        remove("RemoveLanguage", \.language),
        remove("RemoveOutputFilter", \.outputFilters),
        Directive(
            "RemoveType", .fileInfo, "one or more file extensions",
            .iterate { context, word in context[directory].add("", to: word, \.type) }),
        Directive(
            "TypesConfig", .server, "the MIME types config file",
            .take1 { context, path in context.server[server].typesFile = .set(path) }),
        .flag(
            "ModMimeUsePathInfo", .directory, "Set to 'yes' to allow mod_mime to use path info for type checking",
            in: directory, \.usePathInfo),
    ]

    private static func add(_ name: StaticString, _ usage: StaticString, _ field: ExtensionInfo.Field) -> Directive {
        Directive(
            name, .fileInfo, usage,
            .iterate2 { context, value, word in context[directory].add(value.lowercased, to: word, field) })
    }
    private static func remove(_ name: StaticString, _ field: ExtensionInfo.Field) -> Directive {
        Directive(
            name, .fileInfo, "one or more file extensions",
            .iterate { context, word in context[directory].remove(word, field) })
    }

    @Sendable private static func multiviewsMatch(_ context: DirectiveContext, _ word: ByteString)
        throws(DirectiveError)
    {
        try context.forbid(inside: ["location", "locationmatch"])
        let match = context[directory].multimatch
        if word.equalsIgnoringCase("Any") {
            guard match.subtracting(.any).isEmpty else {
                throw DirectiveError("Any is incompatible with NegotiatedOnly, Filters and Handlers")
            }
            context[directory].multimatch.insert(.any)
        } else if word.equalsIgnoringCase("NegotiatedOnly") {
            guard match.subtracting(.negotiated).isEmpty else {
                throw DirectiveError("NegotiatedOnly is incompatible with Any, Filters and Handlers")
            }
            context[directory].multimatch.insert(.negotiated)
        } else if word.equalsIgnoringCase("Filters") {
            guard match.isDisjoint(with: [.negotiated, .any]) else {
                throw DirectiveError("Filters is incompatible with Any and NegotiatedOnly")
            }
            context[directory].multimatch.insert(.filters)
        } else if word.equalsIgnoringCase("Handlers") {
            guard match.isDisjoint(with: [.negotiated, .any]) else {
                throw DirectiveError("Handlers is incompatible with Any and NegotiatedOnly")
            }
            context[directory].multimatch.insert(.handlers)
        } else {
            throw DirectiveError("Unrecognized option '\(word)'")
        }
    }

    /// Reads `TypesConfig` of the main server, once for each configuration (mime_post_config).
    @Sendable private static func readTypes(_ configuration: Configuration) throws(DirectiveError) {
        let path = configuration.serverRelative(configuration.mainServer[server].typesFile.value(default: "mime.types"))
        do throws(Errno) {
            let text = try File.readWhole(path, limit: 64 << 20)
            configuration.mainServer[server].types = MimeTypes(text)
        } catch {
            throw DirectiveError(
                "(\(error.rawValue))\(error.description): AH01597: could not open mime types config file \(path).")
        }
    }
}

/// What one extension means; nil is "nothing said".
public struct ExtensionInfo: Sendable, Equatable {
    typealias Field = any WritableKeyPath<ExtensionInfo, ByteString?> & Sendable

    /// Empty after RemoveType, which hides what `TypesConfig` says too.
    var type: ByteString?
    var encoding: ByteString?
    var language: ByteString?
    var handler: ByteString?
    var charset: ByteString?
    var inputFilters: ByteString?
    var outputFilters: ByteString?

    /// What `child` says, else what this says (overlay_extension_mappings).
    func overlaid(by child: ExtensionInfo) -> ExtensionInfo {
        var result = self
        result.type = child.type ?? type
        result.encoding = child.encoding ?? encoding
        result.language = child.language ?? language
        result.handler = child.handler ?? handler
        result.charset = child.charset ?? charset
        result.inputFilters = child.inputFilters ?? inputFilters
        result.outputFilters = child.outputFilters ?? outputFilters
        return result
    }
}

/// `MultiviewsMatch`: extensions that say nothing for negotiation and still count as known.
public struct Multimatch: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let any = Multimatch(rawValue: 1)
    public static let negotiated = Multimatch(rawValue: 2)
    public static let handlers = Multimatch(rawValue: 4)
    public static let filters = Multimatch(rawValue: 8)
}

/// mod_mime's per-directory configuration (mime_dir_config).
public struct MimeDirectory: MergeableConfig {
    /// By extension, lower case, without its dot.
    var extensions: [ByteString: ExtensionInfo] = [:]
    var removals: [(extension: ByteString, field: ExtensionInfo.Field)] = []
    var defaultLanguage: Setting<ByteString> = .inherited
    public var multimatch: Multimatch = []
    var usePathInfo: Setting<Bool> = .inherited

    public init() {}

    mutating func add(_ value: ByteString, to word: ByteString, _ field: ExtensionInfo.Field) {
        extensions[Self.key(word).lowercased, default: ExtensionInfo()][keyPath: field] = value
    }
    mutating func remove(_ word: ByteString, _ field: ExtensionInfo.Field) {
        removals.append((Self.key(word).lowercased, field))
    }
    private static func key(_ word: ByteString) -> ByteString { word.first == UInt8(ascii: ".") ? word.from(1) : word }

    /// Removals take effect in merges only: what is removed may be added again in the same scope before
    /// (merge_mime_dir_configs).
    public static func merged(_ base: MimeDirectory, _ child: MimeDirectory) -> MimeDirectory {
        var result = child
        if child.extensions.isEmpty {
            result.extensions = base.extensions
        } else {
            result.extensions = base.extensions.merging(child.extensions) { $0.overlaid(by: $1) }
        }
        for (name, field) in child.removals where result.extensions[name] != nil {
            result.extensions[name]?[keyPath: field] = nil
        }
        result.removals = []
        result.defaultLanguage = child.defaultLanguage.or(base.defaultLanguage)
        result.multimatch = child.multimatch.isEmpty ? base.multimatch : child.multimatch
        result.usePathInfo = child.usePathInfo.or(base.usePathInfo)
        return result
    }
}

/// mod_mime's server configuration: `TypesConfig` and, in the main server, what it says.
public struct MimeServer: MergeableConfig {
    var typesFile: Setting<ByteString> = .inherited
    var types = MimeTypes()

    public init() {}
    public static func merged(_ base: MimeServer, _ child: MimeServer) -> MimeServer {
        var result = child
        result.typesFile = child.typesFile.or(base.typesFile)
        return result
    }
}

/// A `mime.types` file: media types by extension.
struct MimeTypes: Sendable {
    private(set) var byExtension: [ByteString: ByteString] = [:]

    init() {}
    /// Lines of a type and its extensions; a later line wins.
    init(_ text: [UInt8]) {
        var start = 0
        while start < text.count {
            var line = Self.line(of: text, &start)
            // A backslash at the end joins the next line (ap_cfg_getline).
            while line.last == UInt8(ascii: "\\"), start < text.count {
                line.removeLast()
                line += Self.line(of: text, &start)
            }
            let trimmed = ByteString(line).trimmed()
            guard !trimmed.isEmpty, trimmed.first != UInt8(ascii: "#") else { continue }
            var words = ArgumentWords(trimmed)
            let type = words.next()
            while !words.isAtEnd { byExtension[words.next().lowercased] = type }
        }
    }
    private static func line(of text: [UInt8], _ start: inout Int) -> [UInt8] {
        let end = text[start...].firstIndex(of: 10) ?? text.count
        defer { start = end + 1 }
        return Array(text[start..<end])
    }
}
