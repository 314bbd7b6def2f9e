// PHP: sapi/fpm/fpm/zlog.c, zlog_stream_buf_append, zlog_stream_finish

/// Lines of the log made of text that comes in pieces: each begins with a prefix, none is longer than a limit.
///
/// Longer text goes on in further lines, each with its own prefix; all but the last are exactly as long as the limit allows.
struct OutputLine {
    /// Bytes of a line, the line feed among them.
    var limit: Int
    /// Gathers a line before it is given away; else text is given away at once.
    var buffers: Bool
    /// Puts the text between quotes.
    var quotes: Bool
    /// Bytes of the present line; 0: none has begun.
    private var length = 0
    /// Bytes of text that still fit, the closing quote and the line feed being counted already.
    private var room = 0
    private var held: [UInt8] = []

    init(limit: Int, buffers: Bool, quotes: Bool) {
        self.limit = limit
        self.buffers = buffers
        self.quotes = quotes
    }
    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")

    /// Adds text; what can be written is appended to `out`. `prefix` begins each line that begins here.
    mutating func append(_ text: ArraySlice<UInt8>, prefix: [UInt8], to out: inout [UInt8]) {
        var rest = text
        while !rest.isEmpty {
            if length == 0 {
                add(prefix[...], &out)
                // A prefix that leaves no room still gets one byte of text.
                room = max(1, limit - length - (quotes ? 1 : 0) - 1)
            }
            if room == 0 {
                end(&out)
                continue
            }
            let piece = rest.prefix(room)
            add(piece, &out)
            room -= piece.count
            rest = rest.dropFirst(piece.count)
        }
    }
    /// Ends the line that has begun, if one has; `suffix` follows the quotes.
    mutating func finish(suffix: [UInt8] = [], prefix: [UInt8], to out: inout [UInt8]) {
        guard length > 0 else { return }
        guard !suffix.isEmpty, quotes else { return end(&out) }
        add([Self.quote], &out)
        let fitting = max(0, limit - length - 1)
        add(suffix.prefix(fitting), &out)
        end(&out, quoted: false)
        guard suffix.count > fitting else { return }
        add(prefix.dropLast(), &out)
        add(suffix.dropFirst(fitting), &out)
        end(&out, quoted: false)
    }
    private mutating func add(_ bytes: ArraySlice<UInt8>, _ out: inout [UInt8]) {
        length += bytes.count
        if buffers { held += bytes } else { out += bytes }
    }
    private mutating func end(_ out: inout [UInt8], quoted: Bool = true) {
        if quotes, quoted { add([Self.quote], &out) }
        add([Self.lineFeed], &out)
        out += held
        held = []
        length = 0
    }
}
