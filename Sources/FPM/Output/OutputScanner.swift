// PHP: sapi/fpm/fpm/fpm_stdio.c, fpm_stdio_child_said

/// Splits what a worker writes into text and ends of lines.
///
/// A line ends at a line feed, or at the marker that a worker writes after each request so that text without a line feed
/// comes out. Both may be split over reads in any way.
struct OutputScanner {
    /// What a worker writes to its standard error after each request.
    static let marker: [UInt8] = [0, 102, 115, 99, 102, 0]

    enum Piece: Equatable {
        case text(ArraySlice<UInt8>)
        case end
    }
    /// How many bytes of the marker the last read ended with.
    private var matched = 0

    /// Calls `body` with the pieces of `bytes` in order; no text is empty.
    mutating func scan(_ bytes: [UInt8], _ body: (Piece) -> Void) {
        var start = 0
        for (index, byte) in bytes.enumerated() {
            if matched > 0 {
                if byte == Self.marker[matched] {
                    matched += 1
                    if matched == Self.marker.count {
                        matched = 0
                        start = index + 1
                        body(.end)
                    }
                    continue
                }
                body(.text(Self.marker[0..<matched]))
                matched = 0
                start = index
            }
            if byte == Self.marker[0] {
                if start < index { body(.text(bytes[start..<index])) }
                matched = 1
            } else if byte == UInt8(ascii: "\n") {
                if start < index { body(.text(bytes[start..<index])) }
                body(.end)
                start = index + 1
            }
        }
        if matched == 0, start < bytes.count { body(.text(bytes[start...])) }
    }
    /// Nothing more will come: the beginning of a marker was text.
    mutating func close(_ body: (Piece) -> Void) {
        if matched > 0 { body(.text(Self.marker[0..<matched])) }
        matched = 0
    }
}
