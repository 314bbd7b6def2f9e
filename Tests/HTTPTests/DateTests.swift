import Bytes
import Testing

@testable import HTTP

@Suite struct DateTests {
    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_827_696, "Tue, 29 Feb 2000 12:34:56 GMT"), (1_795_381_200, "Sun, 22 Nov 2026 21:00:00 GMT"),
        (-1, "Wed, 31 Dec 1969 23:59:59 GMT"), (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
    ]) func format(_ seconds: Int, _ text: String) {
        #expect(HTTPDate.string(seconds).string == text)
        #expect(HTTPDate.parse(ByteString(text)) == seconds)
    }

    @Test(
        arguments: [
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777), ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("Sun, 6 Nov 1994 08:49:37 GMT", 784_111_777), ("  x 06 Nov 1994 08:49:37 anything", 784_111_777),
            ("Sun Nov  6 08:49:37 1994; length=5", 784_111_777), ("Sun, 06 Nov 1994 08:49:37", nil),
            ("Sun, 31 Apr 1994 08:49:37 GMT", nil), ("Sun, 29 Feb 1999 08:49:37 GMT", nil),
            ("Sun, 29 Feb 2000 00:00:00 GMT", 951_782_400), ("06 Nov 1994 08:49:37 GMT", nil), ("", nil), ("x ", nil),
            ("Sun, 06 Nov 1994 24:49:37 GMT", nil), ("Sun, 06 nov 1994 08:49:37 GMT", nil),
            ("Sun, 06 Nov 1894 08:49:37 GMT", nil), ("Friday, 01-Jan-69 00:00:00 GMT", 3_124_224_000),
        ] as [(String, Int?)]) func parse(_ text: String, _ seconds: Int?)
    {
        #expect(HTTPDate.parse(ByteString(text)) == seconds)
    }

    @Test func everyDayOfManyYears() {
        for day in stride(from: -300_000, through: 300_000, by: 37) {
            let time = CivilTime(seconds: day * 86_400)
            #expect(CivilTime.days(year: time.year, month: time.month, day: time.day) == day)
            let first = CivilTime.days(year: time.year, month: 1, day: 1)
            #expect(time.yearDay == day - first + 1)
            #expect(time.weekday == ((day + 4) % 7 + 7) % 7)
        }
        for seconds in [Int.min, Int.max] { _ = CivilTime(seconds: seconds, offset: 3600) }
    }

    @Test func logForms() {
        let time = CivilTime(seconds: 1_795_381_200, microsecond: 1234, offset: -5 * 3600 - 1800)
        var out: [UInt8] = []
        LogTime.appendCommon(time, to: &out)
        #expect(ByteString(out) == "[22/Nov/2026:15:30:00 -0530]")
        out = []
        LogTime.appendError(time, to: &out)
        #expect(ByteString(out) == "Sun Nov 22 15:30:00.001234 2026")
        out = []
        LogTime.appendCompact(time, microseconds: true, to: &out)
        #expect(ByteString(out) == "2026-11-22 15:30:00.001234")
    }

    /// Expected values are those of glibc's `date` in the C locale.
    @Test(arguments: [
        ("%a %A %b %B %h", "Sun Sunday Nov November Nov"), ("%c", "Sun Nov 22 21:05:09 2026"),
        ("%C %d %D %e %F", "20 22 11/22/26 22 2026-11-22"), ("%g %G %V %U %W", "26 2026 47 47 46"),
        ("%H %I %j %k %l %m %M", "21 09 326 21  9 11 05"), ("%n%t%%", "\n\t%"),
        ("%p %P %r %R", "PM pm 09:05:09 PM 21:05"),
        ("%s %S %T %u %w", "1795381509 09 21:05:09 7 0"), ("%x %X %y %Y %z %Z", "11/22/26 21:05:09 26 2026 +0000 GMT"),
        ("%-d/%-m/%_H %^a %#p", "22/11/21 SUN pm"), ("100%", "100%"), ("%Ey %Od", "26 22"), ("%q", "%q"),
    ]) func strftime(_ format: String, _ expected: String) {
        var out: [UInt8] = []
        LogTime.append(CivilTime(seconds: 1_795_381_509), format: ByteString(format), to: &out)
        #expect(ByteString(out).string == expected)
    }

    @Test(arguments: [
        (2005, 1, 1, "53 2004"), (2005, 1, 2, "53 2004"), (2008, 12, 29, "01 2009"), (2010, 1, 3, "53 2009"),
        (2026, 1, 1, "01 2026"), (2024, 12, 30, "01 2025"),
    ]) func isoWeeks(_ year: Int, _ month: Int, _ day: Int, _ expected: String) {
        var out: [UInt8] = []
        let time = CivilTime(seconds: CivilTime.days(year: year, month: month, day: day) * 86_400)
        LogTime.append(time, format: "%V %G", to: &out)
        #expect(ByteString(out).string == expected)
    }
}
