// Apache: server/core.c (parse_errorlog_string)
import Bytes

/// A part of an `ErrorLogFormat`.
public struct ErrorLogItem: Sendable, Equatable {
    public enum Content: Sendable, Equatable {
        case literal(ByteString)
        /// A letter and the text between its braces (nil without braces).
        case directive(UInt8, argument: ByteString?)
        /// `%M`.
        case message
    }
    public var content: Content
    /// A new field begins: when the field turns out empty, it is left out with its literals.
    public var isFieldSeparator = false
    /// `+`: without a value, the whole line is left out.
    public var isRequired = false
    /// `-`: without a value, log a hyphen.
    public var nullAsHyphen = false
    /// Log only at this level or above (less severe); 0: always.
    public var minimumLevel = 0
}

extension FormatString {
    /// `ErrorLogFormat` (main), or its `connection` and `request` forms.
    /// - Parameter isKnown: whether a letter has a meaning; `M` is known here.
    public static func parseErrorLog(
        _ format: ByteString, isMain: Bool, isKnown: (UInt8) -> Bool
    ) throws(FormatError) -> [ErrorLogItem] {
        var reader = FormatReader(text: format)
        var items: [ErrorLogItem] = []
        var seenMessage = false
        while reader.peek != nil {
            let item = try reader.errorLogItem(isKnown)
            if item.content == .message {
                guard isMain else {
                    throw FormatError(
                        message: "%M cannot be used in once-per-request or once-per-connection formats")
                }
                seenMessage = true
            }
            if isMain, item.isRequired {
                throw FormatError(message: "The '+' flag cannot be used in the main error log format")
            }
            if !isMain, item.minimumLevel > 0 {
                throw FormatError(
                    message: "The loglevel cannot be used as a condition in once-per-request or "
                        + "once-per-connection formats")
            }
            if item.minimumLevel > 15 {
                throw FormatError(message: "The specified loglevel modifier is out of range")
            }
            items.append(item)
        }
        if isMain, !seenMessage {
            throw FormatError(message: "main ErrorLogFormat must contain message format string '%M'")
        }
        return items
    }
}

extension FormatReader {
    fileprivate mutating func errorLogItem(_ isKnown: (UInt8) -> Bool) throws(FormatError) -> ErrorLogItem {
        var item = ErrorLogItem(content: .literal(""))
        guard peek == UInt8(ascii: "%") else {
            item.isFieldSeparator = peek == UInt8(ascii: " ")
            item.content = .literal(errorLogText())
            return item
        }
        position += 1
        // "% " separates fields without writing a blank; the item behind it carries the mark.
        while peek == UInt8(ascii: " ") {
            item.isFieldSeparator = true
            position += 1
            guard peek == UInt8(ascii: "%") else {
                if peek == UInt8(ascii: " ") { item.isFieldSeparator = true }
                item.content = .literal(errorLogText())
                return item
            }
            position += 1
        }
        if peek == UInt8(ascii: "%") {
            position += 1
            item.content = .literal("%")
            return item
        }
        var argument: ByteString?
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "{"): argument = braces()
            case UInt8(ascii: "+"):
                item.isRequired = true
                position += 1
            case UInt8(ascii: "-"):
                item.nullAsHyphen = true
                position += 1
            case 48...57: item.minimumLevel = number()
            case UInt8(ascii: "M"):
                position += 1
                item.content = .message
                return item
            default:
                guard isKnown(byte) else {
                    let shown = String(decoding: [byte], as: UTF8.self)
                    throw FormatError(message: "Unrecognized error log format directive %\(shown)")
                }
                position += 1
                item.content = .directive(byte, argument: argument)
                return item
            }
        }
        throw FormatError(message: "Ran off end of error log format parsing args to some directive")
    }

    /// Literal text up to a `%` or to a blank that does not lead it: the blank starts the next field.
    private mutating func errorLogText() -> ByteString {
        var output: [UInt8] = []
        var atStart = true
        while let byte = peek, byte != UInt8(ascii: "%"), byte != UInt8(ascii: " ") || atStart {
            position += 1
            if byte == UInt8(ascii: "\\") {
                guard let escaped = next() else {
                    output.append(byte)
                    break
                }
                output.append(Self.escape(escaped, orBackslash: true) ?? escaped)
            } else {
                if byte != UInt8(ascii: " ") { atStart = false }
                output.append(byte)
            }
        }
        return ByteString(output)
    }
}
