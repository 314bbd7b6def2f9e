// APR-util: misc/apr_date.c (apr_date_parse_http); APR: apr_rfc822_date
import Bytes

/// Dates of HTTP fields (RFC 9110, section 5.6.7), as seconds since 1970 UTC.
public enum HTTPDate {
    /// Bytes of a formatted date.
    public static let count = 29

    /// Appends "Sun, 06 Nov 1994 08:49:37 GMT".
    public static func append(_ seconds: Int, to output: inout [UInt8]) {
        let time = CivilTime(seconds: seconds)
        append(name: Self.days, at: time.weekday, to: &output)
        output.append(", ")
        append2(time.day, to: &output)
        output.append(32)
        append(name: Self.months, at: time.month - 1, to: &output)
        output.append(32)
        append2(time.year / 100, to: &output)
        append2(time.year % 100, to: &output)
        output.append(32)
        appendClock(time, to: &output)
        output.append(" GMT")
    }

    /// The date as a field value.
    public static func string(_ seconds: Int) -> ByteString {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        append(seconds, to: &bytes)
        return ByteString(bytes)
    }

    /// Reads the three forms of RFC 9110 as leniently as Apache: the weekday may be anything up to a blank, what
    /// follows the clock is ignored, a day of one digit will do. Nil for anything else.
    public static func parse(_ value: borrowing Span<UInt8>) -> Int? {
        var at = 0
        while at < value.count, ASCII.isSpace(value[at]) { at += 1 }
        at = value.firstIndex(of: 32, from: at, to: value.count) + 1
        guard at < value.count else { return nil }
        let form: Form
        if matches(value, at, "## @$$ #### ##:##:## ", isOpen: true) {
            form = Form(year: at + 7, shortYear: false, month: at + 3, clock: at + 12)
        } else if matches(value, at, "##-@$$-## ##:##:## ", isOpen: true) {
            form = Form(year: at + 7, shortYear: true, month: at + 3, clock: at + 10)
        } else if matches(value, at, "@$$ ~# ##:##:## ####", isOpen: true) {
            form = Form(year: at + 16, shortYear: false, month: at, clock: at + 7)
            let tens = value[at + 4] == 32 ? 0 : Int(value[at + 4] &- 48)
            return assemble(value, form, day: tens * 10 + Int(value[at + 5] &- 48))
        } else if matches(value, at, "# @$$ #### ##:##:## ", isOpen: true) {
            form = Form(year: at + 6, shortYear: false, month: at + 2, clock: at + 11)
            return assemble(value, form, day: Int(value[at] &- 48))
        } else {
            return nil
        }
        return assemble(value, form, day: two(value, at))
    }
    public static func parse(_ value: ByteString) -> Int? { parse(value.bytes.span) }

    // MARK: - Parsing

    /// Where the pieces of a date are.
    private struct Form {
        var year: Int
        var shortYear: Bool
        var month: Int
        var clock: Int
    }

    private static func two(_ value: borrowing Span<UInt8>, _ at: Int) -> Int {
        Int(value[at] &- 48) * 10 + Int(value[at + 1] &- 48)
    }

    private static func assemble(_ value: borrowing Span<UInt8>, _ form: Form, day: Int) -> Int? {
        var year = two(value, form.year)
        if form.shortYear {
            year += year < 70 ? 2000 : 1900
        } else {
            guard year >= 19 else { return nil }
            year = year * 100 + two(value, form.year + 2)
        }
        let hour = two(value, form.clock)
        let minute = two(value, form.clock + 3)
        let second = two(value, form.clock + 6)
        guard day > 0, day <= 31, hour < 24, minute < 60, second < 62 else { return nil }
        guard let month = month(value, form.month), !(day == 31 && [4, 6, 9, 11].contains(month)) else { return nil }
        if month == 2, day > (CivilTime.isLeap(year) ? 29 : 28) { return nil }
        return CivilTime.days(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second
    }

    private static func month(_ value: borrowing Span<UInt8>, _ at: Int) -> Int? {
        for index in 0..<12
        where months[index * 3] == value[at] && months[index * 3 + 1] == value[at + 1]
            && months[index * 3 + 2] == value[at + 2]
        {
            return index + 1
        }
        return nil
    }

    /// `apr_date_checkmask`: `#` a digit, `@` an upper-case and `$` a lower-case letter, `~` a digit or a blank.
    private static func matches(
        _ value: borrowing Span<UInt8>, _ start: Int, _ mask: StaticString, isOpen: Bool
    ) -> Bool {
        let length = mask.utf8CodeUnitCount
        guard value.count - start >= length else { return false }
        return mask.withUTF8Buffer { mask in
            for index in 0..<length {
                let byte = value[start + index]
                let fits =
                    switch unsafe mask[index] {
                    case UInt8(ascii: "#"): ASCII.isDigit(byte)
                    case UInt8(ascii: "@"): byte &- 65 < 26
                    case UInt8(ascii: "$"): byte &- 97 < 26
                    case UInt8(ascii: "~"): byte == 32 || ASCII.isDigit(byte)
                    default: unsafe mask[index] == byte
                    }
                if !fits { return false }
            }
            return true
        }
    }

    // MARK: - Pieces other formats share

    static let days = Array("SunMonTueWedThuFriSat".utf8)
    static let months = Array("JanFebMarAprMayJunJulAugSepOctNovDec".utf8)

    @inline(__always) static func append(name names: [UInt8], at index: Int, to output: inout [UInt8]) {
        output.append(names[index * 3])
        output.append(names[index * 3 + 1])
        output.append(names[index * 3 + 2])
    }
    /// Two digits; `number` is 0 to 99.
    @inline(__always) static func append2(_ number: Int, to output: inout [UInt8]) {
        output.append(UInt8(truncatingIfNeeded: 48 + number / 10))
        output.append(UInt8(truncatingIfNeeded: 48 + number % 10))
    }
    static func appendClock(_ time: CivilTime, to output: inout [UInt8]) {
        append2(time.hour, to: &output)
        output.append(UInt8(ascii: ":"))
        append2(time.minute, to: &output)
        output.append(UInt8(ascii: ":"))
        append2(time.second, to: &output)
    }
}
