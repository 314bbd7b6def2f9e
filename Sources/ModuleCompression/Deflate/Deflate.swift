// Apache: modules/filters/mod_deflate.c

import Bytes
import ServerCore

/// mod_deflate: gzip of answers (`DEFLATE`), and unpacking of answers and request bodies (`INFLATE`, `DEFLATE` as input
/// filter).
public enum Deflate {
    /// deflate_filter_config: a server that says anything of it says all of it (there is no merge function).
    public struct ServerConfig: MergeableConfig {
        /// Negative: without zlib's header.
        var window: Int32 = -15
        var memory: Int32 = 9
        /// zlib's own default.
        var level: Int32 = -1
        var bufferSize = 8096
        var notes = FilterNotes()
        var etag = ETagChange.addSuffix
        public init() {}
        public static func merged(_ base: ServerConfig, _ child: ServerConfig) -> ServerConfig { child }
    }
    /// deflate_dirconf_t; no merge function either.
    public struct DirectoryConfig: MergeableConfig {
        /// 0: as LimitRequestBody.
        var inflateLimit: Int64 = 0
        var ratioLimit = 200
        var ratioBurst = 3
        public init() {}
        public static func merged(_ base: DirectoryConfig, _ child: DirectoryConfig) -> DirectoryConfig { child }
    }
    static let server = ConfigKey<ServerConfig>()
    static let directory = ConfigKey<DirectoryConfig>()

    public static let module = ModuleDefinition("deflate", .filters, directives: rows) { hooks in
        hooks.addOutputFilter(
            OutputFilter("DEFLATE", .contentSet, preview: { _ in DeflateOutput.overhead + 1 }, DeflateOutput.apply))
        hooks.addOutputFilter(OutputFilter("INFLATE", .beforeResource, InflateOutput.apply))
        hooks.addInputFilter(InputFilter("DEFLATE", InflateInput.wrap))
    }

    private static let rows: [Directive] = [
        Directive("DeflateFilterNote", .server, "Set a note to report on compression ratio", .take12(setNote)),
        Directive(
            "DeflateWindowSize", .server, "Set the Deflate window size (1-15)",
            .take1 { context, word throws(DirectiveError) in
                context.server[server].window = try -number(word, 1...15, "DeflateWindowSize must be between 1 and 15")
            }),
        Directive(
            "DeflateBufferSize", .server, "Set the Deflate Buffer Size",
            .take1 { context, word throws(DirectiveError) in
                context.server[server].bufferSize = Int(
                    try number(word, 1...Int(Int32.max), "DeflateBufferSize should be positive"))
            }),
        Directive(
            "DeflateMemLevel", .server, "Set the Deflate Memory Level (1-9)",
            .take1 { context, word throws(DirectiveError) in
                context.server[server].memory = try number(word, 1...9, "DeflateMemLevel must be between 1 and 9")
            }),
        Directive(
            "DeflateCompressionLevel", .server, "Set the Deflate Compression Level (1-9)",
            .take1 { context, word throws(DirectiveError) in
                context.server[server].level = try number(word, 1...9, "Compression Level must be between 1 and 9")
            }),
        Directive(
            "DeflateAlterEtag", .server,
            "Set how mod_deflate should modify ETAG response headers: 'AddSuffix' (default), 'NoChange' (2.2.x behavior), 'Remove'",
            .take1(setETag)),
        Directive(
            "DeflateInflateLimitRequestBody", .all, "Set a limit on size of inflated input", .take1(setInflateLimit)),
        Directive(
            "DeflateInflateRatioLimit", .all,
            "Set the inflate ratio limit above which inflation is aborted (default: 200)",
            .take1 { context, word throws(DirectiveError) in
                context[directory].ratioLimit = Int(
                    try number(word, 1...Int(Int32.max), "DeflateInflateRatioLimit must be positive"))
            }),
        Directive(
            "DeflateInflateRatioBurst", .all,
            "Set the maximum number of following inflate ratios above limit (default: 3)",
            .take1 { context, word throws(DirectiveError) in
                context[directory].ratioBurst = Int(
                    try number(word, 1...Int(Int32.max), "DeflateInflateRatioBurst must be positive"))
            }),
    ]

    private static func number(_ word: ByteString, _ range: ClosedRange<Int>, _ message: String) throws(DirectiveError)
        -> Int32
    {
        let value = word.leadingInteger
        guard range.contains(value) else { throw DirectiveError(message) }
        return Int32(clamping: value)
    }
    @Sendable private static func setNote(_ context: DirectiveContext, _ first: ByteString, _ second: ByteString?)
        throws(DirectiveError)
    {
        guard context.server[server].notes.set(first, second) else {
            throw DirectiveError("Unknown note type \(first)")
        }
    }
    @Sendable private static func setETag(_ context: DirectiveContext, _ word: ByteString) throws(DirectiveError) {
        guard let change = ETagChange(word) else {
            throw DirectiveError("DeflateAlterETAG accepts only 'NoChange', 'AddSuffix', and 'Remove'")
        }
        context.server[server].etag = change
    }
    @Sendable private static func setInflateLimit(_ context: DirectiveContext, _ word: ByteString)
        throws(DirectiveError)
    {
        let (value, rest) = word.leadingNumber
        guard value != Int.max else { throw DirectiveError("DeflateInflateLimitRequestBody is not parsable.") }
        guard let value, rest.isEmpty, value >= 0 else {
            throw DirectiveError("DeflateInflateLimitRequestBody requires a non-negative integer.")
        }
        context[directory].inflateLimit = Int64(value)
    }
}
