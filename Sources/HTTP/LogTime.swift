// Apache: modules/loggers/mod_log_config.c (%t), server/log.c (error log time); C's strftime
import Bytes

/// Times as logs write them, in the C locale.
public enum LogTime {
    /// Appends "[22/Nov/2026:21:00:00 +0000]", the common log format.
    public static func appendCommon(_ time: CivilTime, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "["))
        HTTPDate.append2(time.day, to: &output)
        output.append(UInt8(ascii: "/"))
        HTTPDate.append(name: HTTPDate.months, at: time.month - 1, to: &output)
        output.append(UInt8(ascii: "/"))
        output.append(decimal: time.year)
        output.append(UInt8(ascii: ":"))
        HTTPDate.appendClock(time, to: &output)
        output.append(32)
        appendOffset(time, to: &output)
        output.append(UInt8(ascii: "]"))
    }

    /// Appends "Sun Nov 22 21:00:00.123456 2026", the time of the error log; without microseconds when not wanted.
    public static func appendError(_ time: CivilTime, microseconds: Bool = true, to output: inout [UInt8]) {
        HTTPDate.append(name: HTTPDate.days, at: time.weekday, to: &output)
        output.append(32)
        HTTPDate.append(name: HTTPDate.months, at: time.month - 1, to: &output)
        output.append(32)
        HTTPDate.append2(time.day, to: &output)
        output.append(32)
        HTTPDate.appendClock(time, to: &output)
        if microseconds {
            output.append(UInt8(ascii: "."))
            output.append(decimal: time.microsecond, width: 6)
        }
        output.append(32)
        output.append(decimal: time.year)
    }

    /// Appends "2026-11-22 21:00:00", the compact form of `ErrorLogFormat %{c}t`.
    public static func appendCompact(_ time: CivilTime, microseconds: Bool, to output: inout [UInt8]) {
        appendISODate(time, to: &output)
        output.append(32)
        HTTPDate.appendClock(time, to: &output)
        if microseconds {
            output.append(UInt8(ascii: "."))
            output.append(decimal: time.microsecond, width: 6)
        }
    }

    /// Appends "+0000": hours and minutes east of UTC.
    public static func appendOffset(_ time: CivilTime, to output: inout [UInt8]) {
        output.append(UInt8(ascii: time.offset < 0 ? "-" : "+"))
        let minutes = time.offset.magnitude / 60
        HTTPDate.append2(Int(minutes / 60 % 100), to: &output)
        HTTPDate.append2(Int(minutes % 60), to: &output)
    }

    static func appendISODate(_ time: CivilTime, to output: inout [UInt8]) {
        output.append(decimal: time.year)
        output.append(UInt8(ascii: "-"))
        HTTPDate.append2(time.month, to: &output)
        output.append(UInt8(ascii: "-"))
        HTTPDate.append2(time.day, to: &output)
    }

    // MARK: - strftime

    /// Appends `time` by a C `strftime` format, in the C locale. An unknown conversion is copied as it stands.
    public static func append(_ time: CivilTime, format: ByteString, to output: inout [UInt8]) {
        let bytes = format.bytes
        var at = 0
        while at < bytes.count {
            guard bytes[at] == UInt8(ascii: "%"), at + 1 < bytes.count else {
                output.append(bytes[at])
                at += 1
                continue
            }
            var end = at + 1
            // glibc: one flag, then E or O, which the C locale ignores.
            var flag: UInt8 = 0
            if [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "0"), UInt8(ascii: "^"), UInt8(ascii: "#")]
                .contains(bytes[end])
            {
                flag = bytes[end]
                end += 1
            }
            if end < bytes.count, bytes[end] == UInt8(ascii: "E") || bytes[end] == UInt8(ascii: "O") { end += 1 }
            guard end < bytes.count, append(time, conversion: bytes[end], flag, to: &output) else {
                output.append(contentsOf: bytes[at..<min(end + 1, bytes.count)])
                at = end + 1
                continue
            }
            at = end + 1
        }
    }

    /// A number of `width` digits, padded as the flag says.
    private static func number(_ value: Int, _ width: Int, pad: UInt8, _ flag: UInt8, _ output: inout [UInt8]) {
        let pad =
            switch flag {
            case UInt8(ascii: "-"): UInt8(0)
            case UInt8(ascii: "_"): UInt8(32)
            case UInt8(ascii: "0"): UInt8(48)
            default: pad
            }
        var bound = 10
        var missing = width - 1
        while missing > 0, value >= bound {
            bound *= 10
            missing -= 1
        }
        if pad != 0 { output.append(contentsOf: repeatElement(pad, count: max(missing, 0))) }
        output.append(decimal: value)
    }

    private static func text(_ text: StaticString, _ flag: UInt8, _ output: inout [UInt8], upTo count: Int = .max) {
        let upper = flag == UInt8(ascii: "^") || flag == UInt8(ascii: "#")
        for byte in ByteString(text).bytes.prefix(count) { output.append(upper ? ASCII.upper(byte) : byte) }
    }

    private static func append(
        _ time: CivilTime, conversion: UInt8, _ flag: UInt8, to output: inout [UInt8]
    ) -> Bool {
        let zero = UInt8(48)
        let blank = UInt8(32)
        let hour12 = time.hour % 12 == 0 ? 12 : time.hour % 12
        switch conversion {
        case UInt8(ascii: "a"): text(dayNames[time.weekday], flag, &output, upTo: 3)
        case UInt8(ascii: "A"): text(dayNames[time.weekday], flag, &output)
        case UInt8(ascii: "b"), UInt8(ascii: "h"): text(monthNames[time.month - 1], flag, &output, upTo: 3)
        case UInt8(ascii: "B"): text(monthNames[time.month - 1], flag, &output)
        case UInt8(ascii: "C"): number(time.year / 100, 2, pad: zero, flag, &output)
        case UInt8(ascii: "d"): number(time.day, 2, pad: zero, flag, &output)
        case UInt8(ascii: "e"): number(time.day, 2, pad: blank, flag, &output)
        case UInt8(ascii: "g"): number(time.isoWeek.year % 100, 2, pad: zero, flag, &output)
        case UInt8(ascii: "G"): number(time.isoWeek.year, 1, pad: zero, flag, &output)
        case UInt8(ascii: "H"): number(time.hour, 2, pad: zero, flag, &output)
        case UInt8(ascii: "I"): number(hour12, 2, pad: zero, flag, &output)
        case UInt8(ascii: "j"): number(time.yearDay, 3, pad: zero, flag, &output)
        case UInt8(ascii: "k"): number(time.hour, 2, pad: blank, flag, &output)
        case UInt8(ascii: "l"): number(hour12, 2, pad: blank, flag, &output)
        case UInt8(ascii: "m"): number(time.month, 2, pad: zero, flag, &output)
        case UInt8(ascii: "M"): number(time.minute, 2, pad: zero, flag, &output)
        case UInt8(ascii: "S"): number(time.second, 2, pad: zero, flag, &output)
        case UInt8(ascii: "u"): number(time.weekday == 0 ? 7 : time.weekday, 1, pad: zero, flag, &output)
        case UInt8(ascii: "U"): number((time.yearDay + 6 - time.weekday) / 7, 2, pad: zero, flag, &output)
        case UInt8(ascii: "V"): number(time.isoWeek.week, 2, pad: zero, flag, &output)
        case UInt8(ascii: "w"): number(time.weekday, 1, pad: zero, flag, &output)
        case UInt8(ascii: "W"): number((time.yearDay + 6 - (time.weekday + 6) % 7) / 7, 2, pad: zero, flag, &output)
        case UInt8(ascii: "y"): number(time.year % 100, 2, pad: zero, flag, &output)
        case UInt8(ascii: "Y"): number(time.year, 1, pad: zero, flag, &output)
        default: return appendComposite(time, conversion, flag, to: &output)
        }
        return true
    }

    private static func appendComposite(
        _ time: CivilTime, _ conversion: UInt8, _ flag: UInt8, to output: inout [UInt8]
    ) -> Bool {
        switch conversion {
        case UInt8(ascii: "c"): append(time, format: "%a %b %e %H:%M:%S %Y", to: &output)
        case UInt8(ascii: "D"), UInt8(ascii: "x"): append(time, format: "%m/%d/%y", to: &output)
        case UInt8(ascii: "F"): appendISODate(time, to: &output)
        case UInt8(ascii: "p"):
            let isLower = flag == UInt8(ascii: "#")
            output.append(time.hour < 12 ? (isLower ? "am" : "AM") : (isLower ? "pm" : "PM"))
        case UInt8(ascii: "P"): output.append(time.hour < 12 ? "am" : "pm")
        case UInt8(ascii: "r"): append(time, format: "%I:%M:%S %p", to: &output)
        case UInt8(ascii: "R"): append(time, format: "%H:%M", to: &output)
        case UInt8(ascii: "T"), UInt8(ascii: "X"): HTTPDate.appendClock(time, to: &output)
        case UInt8(ascii: "s"): output.append(decimal: time.seconds)
        case UInt8(ascii: "z"): appendOffset(time, to: &output)
        case UInt8(ascii: "Z"):
            switch time.zone {
            case .gmt: output.append("GMT")
            case .bytes(let name): output.append(contentsOf: name)
            }
        case UInt8(ascii: "n"): output.append(10)
        case UInt8(ascii: "t"): output.append(9)
        case UInt8(ascii: "%"): output.append(UInt8(ascii: "%"))
        default: return false
        }
        return true
    }

    private static let dayNames: [StaticString] = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]
    private static let monthNames: [StaticString] = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
}

extension CivilTime {
    /// Seconds since 1970 UTC.
    public var seconds: Int {
        Self.days(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    }

    /// The week of ISO 8601 and the year it belongs to.
    var isoWeek: (year: Int, week: Int) {
        let monday = (weekday + 6) % 7
        let week = (yearDay - 1 - monday + 10) / 7
        if week < 1 { return (year - 1, Self.weeks(in: year - 1)) }
        if week > Self.weeks(in: year) { return (year + 1, 1) }
        return (year, week)
    }
    private static func weeks(in year: Int) -> Int {
        let first = (days(year: year, month: 1, day: 1) % 7 + 11) % 7
        return first == 4 || (first == 3 && isLeap(year)) ? 53 : 52
    }
}
