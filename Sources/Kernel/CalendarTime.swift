// Apache: srclib/apr/time/unix/time.c
import Bytes
import CLinux

/// A moment as a calendar shows it.
public struct CalendarTime: Sendable, Hashable {
    public var year: Int
    /// 1–12.
    public var month: Int
    /// 1–31.
    public var day: Int
    public var hour: Int
    public var minute: Int
    /// 0–60.
    public var second: Int
    /// 0 is Sunday.
    public var weekday: Int
    /// 0–365.
    public var dayOfYear: Int
    public var isDaylightSaving: Bool
    /// Seconds east of Greenwich.
    public var offset: Int
    /// "CET".
    public var zone: ByteString

    /// In the zone of this process (`TZ`), or in UTC. Moments no calendar holds are taken for the epoch.
    public init(seconds: Int64, local: Bool) {
        var fields = [Int32](repeating: 0, count: 10)
        var name: ByteString = "UTC"
        unsafe fields.withUnsafeMutableBufferPointer { room in
            unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16) { text in
                guard let start = text.baseAddress else { return }
                if unsafe clinux_calendar(seconds, local ? 1 : 0, room.baseAddress, start) < 0 {
                    _ = unsafe clinux_calendar(0, local ? 1 : 0, room.baseAddress, start)
                }
                name = unsafe ByteString(cString: start)
            }
        }
        year = Int(fields[0])
        month = Int(fields[1]) + 1
        day = Int(fields[2])
        hour = Int(fields[3])
        minute = Int(fields[4])
        second = Int(fields[5])
        weekday = Int(fields[6])
        dayOfYear = Int(fields[7])
        isDaylightSaving = fields[8] > 0
        offset = Int(fields[9])
        zone = name
    }
    /// Seconds since the epoch of a date and time of day; fields out of range carry over.
    public static func seconds(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, local: Bool = false
    ) -> Int64 {
        let fields = [year, month - 1, day, hour, minute, second].map { Int32(clamping: $0) }
        return unsafe fields.withUnsafeBufferPointer { unsafe clinux_seconds($0.baseAddress, local ? 1 : 0) }
    }
}

extension CalendarTime {
    /// `strftime` in the zone of this process; empty when the text has more than `limit` bytes.
    public static func format(_ seconds: Int64, _ format: ByteString, limit: Int = 128) -> ByteString {
        var text = ByteString()
        _ = unsafe format.withCPath { pattern -> Int32 in
            unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: limit + 1) { room in
                let count = unsafe clinux_format_time(seconds, pattern, room.baseAddress, room.count)
                text = unsafe ByteString(UnsafeRawBufferPointer(room).prefix(count))
                return 0
            }
        }
        return text
    }
}
