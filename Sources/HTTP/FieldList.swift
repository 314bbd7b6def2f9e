// Apache: server/util.c (ap_get_token, ap_getword, ap_size_list_item, ap_get_list_item, find_list_item, ap_find_token,
// ap_is_chunked, ap_parse_token_list_strict)
import Bytes

/// Reading field values piece by piece, with the tolerances of Apache's helpers.
public enum FieldList {
    private static let comma = UInt8(ascii: ",")
    private static let quote = UInt8(ascii: "\"")

    /// The bytes up to `stop`; `position` moves past it and past further `stop` bytes: `ap_getword`.
    public static func word(_ value: ByteString, _ position: inout Int, stop: UInt8) -> ByteString {
        let start = position
        while position < value.count, value[position] != stop { position += 1 }
        let word = value[start..<position]
        while position < value.count, value[position] == stop { position += 1 }
        return word
    }
    /// The bytes up to a blank; `position` moves past the blanks: `ap_getword_white`.
    public static func wordBeforeBlank(_ value: ByteString, _ position: inout Int) -> ByteString {
        let start = position
        while position < value.count, !ASCII.isSpace(value[position]) { position += 1 }
        let word = value[start..<position]
        while position < value.count, ASCII.isSpace(value[position]) { position += 1 }
        return word
    }
    /// The bytes up to the next `stop` only, so that empty words are seen: `ap_getword_nulls`.
    public static func wordOrEmpty(_ value: ByteString, _ position: inout Int, stop: UInt8) -> ByteString {
        let start = position
        while position < value.count, value[position] != stop { position += 1 }
        let word = value[start..<position]
        if position < value.count { position += 1 }
        return word
    }

    /// A token: up to `;`, `,` or (unless `acceptsBlanks`) a blank; quoted strings are kept whole: `ap_get_token`.
    public static func token(_ value: ByteString, _ position: inout Int, acceptsBlanks: Bool) -> ByteString {
        while position < value.count, ASCII.isSpace(value[position]) { position += 1 }
        let start = position
        while position < value.count, acceptsBlanks || !ASCII.isSpace(value[position]),
            value[position] != UInt8(ascii: ";"), value[position] != comma
        {
            let byte = value[position]
            position += 1
            guard byte == quote else { continue }
            while position < value.count {
                position += 1
                if value[position - 1] == quote { break }
            }
        }
        let token = value[start..<position]
        while position < value.count, ASCII.isSpace(value[position]) { position += 1 }
        return token
    }

    /// The next element of a comma-separated list as it stands, or nil at the end: `ap_size_list_item`.
    public static func item(_ value: ByteString, _ position: inout Int) -> Range<Int>? {
        skipSeparators(value, &position)
        let start = position
        var scan = QuoteScan()
        while position < value.count, scan.isInside || value[position] != comma {
            scan.take(value[position])
            position += 1
        }
        let range = start..<position
        guard !range.isEmpty else { return nil }
        skipSeparators(value, &position)
        return range
    }

    /// The next element in canonical form: lower case outside quotes and comments, single blanks, none around `=`, `/`
    /// and `;`: `ap_get_list_item`.
    public static func canonicalItem(_ value: ByteString, _ position: inout Int) -> ByteString? {
        guard let range = item(value, &position) else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(range.count)
        var canonical = CanonicalScan()
        for index in range { canonical.take(value[index]) { output.append($0) } }
        return ByteString(output)
    }

    /// True when a list has `item`, which is in canonical form: `ap_find_list_item`.
    public static func contains(_ value: ByteString, item wanted: ByteString) -> Bool {
        var position = 0
        while let range = item(value, &position) {
            var matched = 0
            var isEqual = true
            var canonical = CanonicalScan()
            for index in range {
                canonical.take(value[index]) { byte in
                    if matched >= wanted.count || ASCII.lower(wanted[matched]) != ASCII.lower(byte) { isEqual = false }
                    matched += 1
                }
            }
            if isEqual, matched == wanted.count { return true }
        }
        return false
    }

    private static func skipSeparators(_ value: ByteString, _ position: inout Int) {
        while position < value.count, value[position] == comma || ASCII.isSpace(value[position]) { position += 1 }
    }

    /// True when one of the value's tokens is `token`, whatever separates them. As in Apache a token that is only the
    /// beginning of `token` counts too (`clo` for `close`): `ap_find_token`.
    public static func hasToken(_ value: ByteString, _ token: StaticString) -> Bool {
        hasToken(value.bytes.span, 0..<value.count, token)
    }
    /// As above, in a buffer.
    public static func hasToken(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ token: StaticString
    ) -> Bool {
        var at = range.lowerBound
        let length = token.utf8CodeUnitCount
        while true {
            while at < range.upperBound, !ByteSet.token.contains(bytes[at]) { at += 1 }
            guard at < range.upperBound else { return false }
            let start = at
            while at < range.upperBound, ByteSet.token.contains(bytes[at]) { at += 1 }
            if at - start <= length, isPrefix(bytes, start..<at, of: token) { return true }
        }
    }
    private static func isPrefix(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, of token: StaticString) -> Bool {
        token.withUTF8Buffer { token in
            for index in 0..<range.count
            where unsafe ASCII.lower(bytes[range.lowerBound + index]) != ASCII.lower(token[index]) { return false }
            return true
        }
    }

    /// True when the last coding is `chunked`: `ap_is_chunked`.
    public static func isChunked(_ value: ByteString) -> Bool {
        if value.equalsIgnoringCase("chunked") { return true }
        let start = value.count - 7
        guard start > 0, value.from(start).equalsIgnoringCase("chunked"),
            ASCII.isSpace(value[start - 1]) || value[start - 1] == comma
        else { return false }
        var at = start - 1
        while at > 0, value[at] == 32 { at -= 1 }
        return value[at] == comma || value[at] == 32
    }

    /// The tokens of a list that may hold nothing but tokens; nil when it holds something else and `skipsInvalid` is
    /// off: `ap_parse_token_list_strict`.
    public static func tokens(_ value: ByteString, skipsInvalid: Bool = false) -> [ByteString]? {
        var tokens: [ByteString] = []
        for piece in value.split(on: comma) {
            let token = piece.trimmedBlanks
            if token.allSatisfy(ByteSet.token.contains) {
                if !token.isEmpty { tokens.append(token) }
            } else if !skipsInvalid {
                return nil
            }
        }
        return tokens
    }
}

extension ByteString {
    /// Without SP and HT at either end.
    var trimmedBlanks: ByteString {
        var low = 0
        var high = count
        while low < high, self[low] == 32 || self[low] == 9 { low += 1 }
        while high > low, self[high - 1] == 32 || self[high - 1] == 9 { high -= 1 }
        return low == 0 && high == count ? self : self[low..<high]
    }
}

/// Knows whether the scan of a value is inside a quoted string, a comment or a quoted pair.
struct QuoteScan: Sendable {
    private(set) var inPair = false
    private(set) var inString = false
    private(set) var comments = 0
    var isInside: Bool { inPair || inString || comments > 0 }
    var isQuoted: Bool { inString || comments > 0 }

    mutating func take(_ byte: UInt8) {
        if inPair {
            inPair = false
            return
        }
        switch byte {
        case UInt8(ascii: "\\"): inPair = true
        case UInt8(ascii: "\""): if comments == 0 { inString.toggle() }
        case UInt8(ascii: "("): if !inString { comments += 1 }
        case UInt8(ascii: ")"): if comments > 0 { comments -= 1 }
        default: break
        }
    }
}

/// Turns an element of a list into its canonical form, byte by byte.
struct CanonicalScan: Sendable {
    private var scan = QuoteScan()
    private var blank = Blank.none
    private enum Blank: Sendable {
        case none, pending
        /// After `=`, `/` or `;`: blanks are dropped.
        case dropped
    }

    mutating func take(_ byte: UInt8, _ emit: (UInt8) -> Void) {
        if scan.inPair {
            scan.take(byte)
            emit(byte)
            return
        }
        let wasQuoted = scan.isQuoted
        scan.take(byte)
        switch byte {
        case 32, 9:
            if blank != .none { return }
            if wasQuoted { emit(byte) } else { blank = .pending }
        case UInt8(ascii: "="), UInt8(ascii: "/"), UInt8(ascii: ";"):
            if !wasQuoted { blank = .dropped }
            emit(byte)
        case UInt8(ascii: ")"):
            emit(byte)
            blank = .none
        default:
            if blank == .pending { emit(32) }
            let isSyntax = byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "(")
            emit(wasQuoted || isSyntax ? byte : ASCII.lower(byte))
            blank = .none
        }
    }
}
