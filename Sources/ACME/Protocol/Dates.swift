// Apache: srclib/apr/time/unix/timestr.c (apr_rfc822_date), apr_date.c, modules/md/md_time.c (md_time_parse_rfc3339)

import Kernel

/// `Mon, 02 Jan 2006 15:04:05 GMT`, as the files of the store have it.
public enum RFC822 {
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// - Parameter seconds: Since the epoch.
    public static func text(_ seconds: Int64) -> String {
        let time = CalendarTime(seconds: seconds, local: false)
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        let day = days[min(6, max(0, time.weekday))]
        let month = months[min(11, max(0, time.month - 1))]
        return
            "\(day), \(two(time.day)) \(month) \(time.year) \(two(time.hour)):\(two(time.minute)):\(two(time.second)) GMT"
    }
    /// Seconds since the epoch.
    public static func parse(_ text: String) -> Int64? {
        let words = text.split(separator: " ")
        guard words.count >= 5, let day = Int(words[1]), let month = months.firstIndex(of: String(words[2])),
            let year = Int(words[3])
        else { return nil }
        let clock = words[4].split(separator: ":").compactMap { Int($0) }
        guard clock.count == 3 else { return nil }
        return CivilDate.seconds(year, month + 1, day, clock[0], clock[1], clock[2])
    }
}

/// `2006-01-02T15:04:05Z`, with or without fraction and offset.
public enum RFC3339 {
    /// The date alone: `2006-01-02`.
    /// - Parameter seconds: Since the epoch.
    public static func date(_ seconds: Int64) -> String {
        let time = CalendarTime(seconds: seconds, local: false)
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        return "\(time.year)-\(two(time.month))-\(two(time.day))"
    }
    /// Seconds since the epoch.
    public static func parse(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        func number(_ from: Int, _ count: Int) -> Int? {
            guard from + count <= bytes.count else { return nil }
            return Int(String(decoding: bytes[from..<from + count], as: UTF8.self))
        }
        guard let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2),
            let minute = number(14, 2), let second = number(17, 2),
            let seconds = CivilDate.seconds(year, month, day, hour, minute, second)
        else { return nil }
        guard let sign = bytes.dropFirst(19).lastIndex(where: { $0 == 43 || $0 == 45 }) else { return seconds }
        guard let hours = number(sign + 1, 2), let minutes = number(sign + 4, 2) else { return nil }
        let offset = Int64(hours * 3600 + minutes * 60)
        return bytes[sign] == 43 ? seconds - offset : seconds + offset
    }
}

enum CivilDate {
    static func seconds(_ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int) -> Int64? {
        guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
            (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        // Days since the epoch, months counted from March (Howard Hinnant, "chrono-compatible low-level date algorithms").
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return Int64(days * 86400 + hour * 3600 + minute * 60 + second)
    }
}
