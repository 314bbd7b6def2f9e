// Apache: server/util.c (ap_escape_html2, ap_os_escape_path, ap_escape_urlencoded, ap_escape_logitem, …)
import Bytes

/// Appends escaped text to an output buffer.
extension [UInt8] {
    /// For HTML text and attributes; with `toASCII` also every byte above 0x7F, as `&#233;`.
    public mutating func appendEscapedHTML(_ text: some Sequence<UInt8>, toASCII: Bool = false) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "<"): append("&lt;")
            case UInt8(ascii: ">"): append("&gt;")
            case UInt8(ascii: "&"): append("&amp;")
            case UInt8(ascii: "\""): append("&quot;")
            case 0x80... where toASCII:
                append("&#")
                append(decimal: Int(byte))
                append(UInt8(ascii: ";"))
            default: append(byte)
            }
        }
    }

    /// Every byte of `set` becomes %xx with lower-case digits.
    @inlinable public mutating func appendPercentEscaped(_ text: some Sequence<UInt8>, _ set: ByteSet) {
        for byte in text {
            if set.contains(byte) { appendHexPair(UInt8(ascii: "%"), byte) } else { append(byte) }
        }
    }

    /// A file name or path as a URL. When it could be read as a scheme (`a:b`), `./` comes first unless `isPartial`.
    public mutating func appendEscapedPath(_ path: some Collection<UInt8>, isPartial: Bool = true) {
        if !isPartial {
            scan: for byte in path {
                if byte == UInt8(ascii: "/") { break scan }
                if byte == UInt8(ascii: ":") {
                    append("./")
                    break scan
                }
            }
        }
        appendPercentEscaped(path, .escapePath)
    }

    /// For a query: blanks become `+`.
    public mutating func appendURLEncoded(_ text: some Sequence<UInt8>) {
        for byte in text {
            if byte == 32 {
                append(UInt8(ascii: "+"))
            } else if ByteSet.escapeURLEncoded.contains(byte) {
                appendHexPair(UInt8(ascii: "%"), byte)
            } else {
                append(byte)
            }
        }
    }

    /// For the access log: `\n`, `\"`, `\\`, `\x1f`.
    public mutating func appendLogItem(_ text: some Sequence<UInt8>) {
        for byte in text {
            if ByteSet.escapeLogItem.contains(byte) { appendBackslashed(byte) } else { append(byte) }
        }
    }
    /// A range of a buffer for the access log; the usual clean text is copied at once.
    public mutating func appendLogItem(_ span: borrowing Span<UInt8>, _ range: Range<Int>) {
        var start = range.lowerBound
        for index in range where ByteSet.escapeLogItem.contains(span[index]) {
            append(span, start..<index)
            appendBackslashed(span[index])
            start = index + 1
        }
        append(span, start..<range.upperBound)
    }

    /// For the error log: as the access log, but quotation marks stay.
    public mutating func appendErrorLogItem(_ text: some Sequence<UInt8>) {
        for byte in text {
            if byte != UInt8(ascii: "\""), ByteSet.escapeLogItem.contains(byte) {
                appendBackslashed(byte)
            } else {
                append(byte)
            }
        }
    }

    /// A backslash before every `"` that has none.
    public mutating func appendEscapedQuotes(_ text: some Sequence<UInt8>) {
        var isEscaped = false
        for byte in text {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                append(UInt8(ascii: "\\"))
            }
            append(byte)
        }
    }

    /// A backslash before everything a Bourne shell reads as syntax.
    public mutating func appendEscapedShellCommand(_ text: some Sequence<UInt8>) {
        for byte in text {
            if ByteSet.escapeShellCommand.contains(byte) { append(UInt8(ascii: "\\")) }
            append(byte)
        }
    }

    private mutating func appendBackslashed(_ byte: UInt8) {
        append(UInt8(ascii: "\\"))
        switch byte {
        case 8: append(UInt8(ascii: "b"))
        case 9: append(UInt8(ascii: "t"))
        case 10: append(UInt8(ascii: "n"))
        case 11: append(UInt8(ascii: "v"))
        case 13: append(UInt8(ascii: "r"))
        case UInt8(ascii: "\\"), UInt8(ascii: "\""): append(byte)
        default: appendHexPair(UInt8(ascii: "x"), byte)
        }
    }

    /// A prefix and two lower-case hexadecimal digits.
    @inlinable mutating func appendHexPair(_ prefix: UInt8, _ byte: UInt8) {
        append(prefix)
        append(ASCII.hexDigits[Int(byte >> 4)])
        append(ASCII.hexDigits[Int(byte & 15)])
    }
}

/// The same, as new values.
extension ByteString {
    private func made(_ body: (inout [UInt8]) -> Void) -> ByteString {
        var output: [UInt8] = []
        output.reserveCapacity(count + count / 4 + 4)
        body(&output)
        return ByteString(output)
    }
    /// `ap_escape_html`.
    public var escapedHTML: ByteString { made { $0.appendEscapedHTML(self) } }
    /// `ap_escape_path_segment`: `/` and `;` are escaped too.
    public var escapedPathSegment: ByteString { made { $0.appendPercentEscaped(self, .escapePathSegment) } }
    /// `ap_escape_uri`.
    public var escapedPath: ByteString { made { $0.appendEscapedPath(self) } }
    /// `ap_os_escape_path` with `partial` 0.
    public var escapedWholePath: ByteString { made { $0.appendEscapedPath(self, isPartial: false) } }
    /// `ap_escape_urlencoded`.
    public var urlEncoded: ByteString { made { $0.appendURLEncoded(self) } }
    /// `ap_escape_logitem`.
    public var escapedLogItem: ByteString { made { $0.appendLogItem(self) } }
    /// `ap_escape_errorlog_item`.
    public var escapedErrorLogItem: ByteString { made { $0.appendErrorLogItem(self) } }
    /// `ap_escape_quotes`.
    public var escapedQuotes: ByteString { made { $0.appendEscapedQuotes(self) } }
    /// `ap_escape_shell_cmd`.
    public var escapedShellCommand: ByteString { made { $0.appendEscapedShellCommand(self) } }
}
