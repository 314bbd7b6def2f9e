// Apache: server/util_expr_eval.c, server/util.c
import Bytes

/// Functions of the language that need no request.
enum ExpressionFunctions {
    /// C's `strtoll`: blanks, a sign, digits; what follows is ignored, and too large a number is the largest.
    static func number(_ text: ByteString) -> Int {
        var index = 0
        while index < text.count, ASCII.isSpace(text[index]) { index += 1 }
        var isNegative = false
        if index < text.count, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") {
            isNegative = text[index] == UInt8(ascii: "-")
            index += 1
        }
        var value = 0
        while index < text.count, ASCII.isDigit(text[index]) {
            let digit = Int(text[index] &- 48)
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) =
                isNegative
                ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            if tooLarge || overflow { return isNegative ? .min : .max }
            value = sum
            index += 1
        }
        return value
    }

    /// `-T`: not empty, "0", "off", "false" or "no".
    static func isTrue(_ text: ByteString) -> Bool {
        !(text.isEmpty || text == "0" || text.equalsIgnoringCase("off") || text.equalsIgnoringCase("false")
            || text.equalsIgnoringCase("no"))
    }

    static func format(_ part: TimeVariable, _ time: ExpressionTime) -> ByteString {
        var output: [UInt8] = []
        switch part {
        case .year: output.append(decimal: time.year, width: 4)
        case .month: output.append(decimal: time.month, width: 2)
        case .day: output.append(decimal: time.day, width: 2)
        case .hour: output.append(decimal: time.hour, width: 2)
        case .minute: output.append(decimal: time.minute, width: 2)
        case .second: output.append(decimal: time.second, width: 2)
        case .weekday: output.append(decimal: time.weekday)
        case .all:
            output.append(decimal: time.year, width: 4)
            for number in [time.month, time.day, time.hour, time.minute, time.second] {
                output.append(decimal: number, width: 2)
            }
        }
        return ByteString(output)
    }

    /// `ap_os_escape_path`: percent-encodes, with lower-case digits, what a URL's path must not have.
    static func escape(_ text: ByteString) -> ByteString {
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        for byte in text {
            if ASCII.isAlnum(byte) || allowedInPath.contains(byte) {
                output.append(byte)
            } else {
                appendEscape(UInt8(ascii: "%"), byte, to: &output)
            }
        }
        return ByteString(output)
    }

    private static let allowedInPath = Array("$-_.+!*'(),:;@&=/~".utf8)

    private static func appendEscape(_ mark: UInt8, _ byte: UInt8, to output: inout [UInt8]) {
        output.append(mark)
        output.append(ASCII.hexDigits[Int(byte >> 4)])
        output.append(ASCII.hexDigits[Int(byte & 15)])
    }

    enum Unescaped: Equatable {
        case text(ByteString)
        case badEscape, forbidden
    }

    /// `ap_unescape_url_keep2f`: `%2f` stays, `%00` is forbidden.
    static func unescape(_ text: ByteString) -> Unescaped {
        var output: [UInt8] = []
        var isForbidden = false
        var index = 0
        while index < text.count {
            let byte = text[index]
            guard byte == UInt8(ascii: "%") else {
                output.append(byte)
                index += 1
                continue
            }
            guard index + 2 < text.count, let high = ASCII.hexValue(text[index + 1]),
                let low = ASCII.hexValue(text[index + 2])
            else { return .badEscape }
            let decoded = high << 4 | low
            if decoded == 0 { isForbidden = true }
            if decoded == UInt8(ascii: "/") {
                output.append(contentsOf: text.bytes[index..<index + 3])
            } else {
                output.append(decoded)
            }
            index += 3
        }
        return isForbidden ? .forbidden : .text(ByteString(output))
    }

    /// `apr_pescape_ldap` for both names and filters.
    static func escapeLDAP(_ text: ByteString) -> ByteString {
        var output: [UInt8] = []
        for byte in text {
            if byte < 32 || byte > 126 || specialInLDAP.contains(byte) {
                appendEscape(UInt8(ascii: "\\"), byte, to: &output)
            } else {
                output.append(byte)
            }
        }
        return ByteString(output)
    }

    private static let specialInLDAP = Array("\"+,;<>\\()*".utf8)
}
