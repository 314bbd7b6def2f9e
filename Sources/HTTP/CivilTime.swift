// Apache: APR's apr_time_exp_t (apr_time_exp_gmt, apr_time_exp_lt)

/// A moment split into calendar fields, in some offset from UTC. Pure arithmetic: no zone files, no locale.
public struct CivilTime: Sendable, Hashable {
    public var year: Int
    /// 1 to 12.
    public var month: Int
    /// 1 to 31.
    public var day: Int
    public var hour: Int
    public var minute: Int
    public var second: Int
    public var microsecond: Int
    /// 0 is Sunday.
    public var weekday: Int
    /// 1 to 366.
    public var yearDay: Int
    /// Seconds east of UTC.
    public var offset: Int
    /// The zone's abbreviation; `GMT` for offset 0 unless told otherwise.
    public var zone: StaticOrBytes

    /// The name of a zone: a constant or what the zone file says.
    public enum StaticOrBytes: Sendable, Hashable {
        case gmt
        case bytes([UInt8])
    }

    /// Seconds that years 0 to 9999 can hold; others are clamped, so that no number traps.
    public static let range = -62_167_219_200...253_402_300_799

    /// Splits `seconds` since 1970 UTC, seen `offset` seconds east of UTC.
    public init(seconds: Int, microsecond: Int = 0, offset: Int = 0, zone: StaticOrBytes = .gmt) {
        let clamped = min(max(seconds, Self.range.lowerBound), Self.range.upperBound)
        let local = min(max(clamped + offset, Self.range.lowerBound), Self.range.upperBound)
        var days = local / 86_400
        var rest = local % 86_400
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        hour = rest / 3600
        minute = rest / 60 % 60
        second = rest % 60
        weekday = (days % 7 + 11) % 7
        self.microsecond = microsecond
        self.offset = offset
        self.zone = zone
        // Days are counted from 1 March of year 0, in cycles of 400 years: a leap day is the last day of its year.
        let shifted = days + 719_468
        let cycle = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfCycle = shifted - cycle * 146_097
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0)
        yearDay = dayOfYear + (monthFromMarch < 10 ? 60 : -305) + (monthFromMarch < 10 && Self.isLeap(year) ? 1 : 0)
    }

    public static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    /// Days from 1970-01-01 to a date of the Gregorian calendar.
    public static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let cycle = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfCycle = shifted - cycle * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfCycle = yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear
        return cycle * 146_097 + dayOfCycle - 719_468
    }
}
