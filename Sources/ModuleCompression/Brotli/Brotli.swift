// Apache: modules/filters/mod_brotli.c (directives)

import Bytes
import ServerCore

/// mod_brotli: the output filter `BROTLI_COMPRESS`.
public enum Brotli {
    /// brotli_server_config_t: a server that says anything of it says all of it (there is no merge function).
    public struct ServerConfig: MergeableConfig {
        /// About as fast and as large in memory as mod_deflate.
        var quality: UInt32 = 5
        var window: UInt32 = 18
        /// 0: the library chooses.
        var block: UInt32 = 0
        var etag = ETagChange.addSuffix
        var notes = FilterNotes()
        public init() {}
        public static func merged(_ base: ServerConfig, _ child: ServerConfig) -> ServerConfig { child }
    }
    static let server = ConfigKey<ServerConfig>()

    public static let module = ModuleDefinition("brotli", .filters, directives: rows) { hooks in
        hooks.addOutputFilter(OutputFilter("BROTLI_COMPRESS", .contentSet, BrotliOutput.apply))
    }

    private static let rows: [Directive] = [
        Directive("BrotliFilterNote", .server, "Set a note to report on compression ratio", .take12(setNote)),
        Directive(
            "BrotliCompressionQuality", .server,
            "Compression quality between 0 and 11 (higher quality means slower compression)",
            .take1 { context, word throws(DirectiveError) in
                context.server[server].quality = try number(
                    word, 0...11, "BrotliCompressionQuality must be between 0 and 11")
            }),
        Directive(
            "BrotliCompressionWindow", .server,
            "Sliding window size between 10 and 24 (larger windows can improve compression, but require more memory)",
            .take1 { context, word throws(DirectiveError) in
                context.server[server].window = try number(
                    word, 10...24, "BrotliCompressionWindow must be between 10 and 24")
            }),
        Directive(
            "BrotliCompressionMaxInputBlock", .server,
            "Maximum input block size between 16 and 24 (larger block sizes require more memory)",
            .take1 { context, word throws(DirectiveError) in
                context.server[server].block = try number(
                    word, 16...24, "BrotliCompressionMaxInputBlock must be between 16 and 24")
            }),
        Directive(
            "BrotliAlterETag", .server,
            "Set how mod_brotli should modify ETag response headers: 'AddSuffix' (default), 'NoChange', 'Remove'",
            .take1 { context, word throws(DirectiveError) in
                guard let change = ETagChange(word) else {
                    throw DirectiveError("BrotliAlterETag accepts only 'AddSuffix', 'NoChange' and 'Remove'")
                }
                context.server[server].etag = change
            }),
    ]

    private static func number(
        _ word: ByteString, _ range: ClosedRange<Int>, _ message: String
    ) throws(DirectiveError) -> UInt32 {
        let value = word.leadingInteger
        guard range.contains(value) else { throw DirectiveError(message) }
        return UInt32(value)
    }
    @Sendable private static func setNote(
        _ context: DirectiveContext, _ first: ByteString, _ second: ByteString?
    ) throws(DirectiveError) {
        guard context.server[server].notes.set(first, second) else {
            throw DirectiveError("Unknown BrotliFilterNote type '\(first)'")
        }
    }
}
