// PHP: sapi/fpm/fpm/zlog.c, fpm_stdio.c
import Bytes
import Kernel

/// The supervisor's log, and after ``becomeWorker()`` a worker's.
///
///     log(.notice, "fpm is running, pid \(Process.id)")
///     log(.error, "failed to open error_log (\(path))", error)
///     log(.warning, pool: pool.name, "child \(pid) exited")
///
/// Lines are `[22-Nov-2026 18:52:20] NOTICE: text`; a worker's have no time. Nothing here throws: what cannot be written is
/// lost. One thread only.
public final class ErrorLog {
    /// Where lines go besides standard error.
    enum Target: Equatable {
        /// Nothing was opened, or standard error is what the user looks at.
        case standardError
        case file
        case syslog
    }

    /// Lines of lower levels are dropped.
    public var level = LogLevel.notice
    /// `log_limit`: bytes of a line, its line feed among them. Holds for lines with an error number and for ``message``;
    /// other lines of the supervisor may have 2048 bytes, as php-fpm's.
    public var limit = 1024
    /// Gets the text of every line, of those below ``level`` too: a worker sends it to the client of its request.
    public var listener: ((LogLevel, ByteString) -> Void)?

    /// The opened `error_log`, whether lines go there or not; -1 with syslog and before ``open(_:forceStandardError:)``.
    /// Its number never changes.
    public internal(set) var descriptor: Int32 = -1
    /// Standard error as it was when the program started; -1 when it was not kept.
    public internal(set) var originalStandardError: Int32 = -1
    public internal(set) var isWorker = false
    var target = Target.standardError
    /// Whether `error_log` is syslog; lines may go to standard error all the same.
    var isSyslog = false
    /// Whether this program's lines belong in `error_log`: not when a user looks at standard error.
    var usesErrorLog = false
    /// From here on lines go to one place; before, from level notice on, to standard error as well.
    var isStarted = false
    var path: ByteString = ""

    public init() {}

    /// php-fpm formats into this much.
    private static let room = 2048

    /// One line; `error` is appended as `: No such file or directory (2)`.
    public func callAsFunction(
        _ level: LogLevel, _ text: @autoclosure () -> ByteString, _ error: Errno? = nil,
        function: StaticString = #function, line: Int = #line
    ) {
        guard level >= self.level || listener != nil else { return }
        let message = text()
        listener?(level, message.count < Self.room ? message : message.upTo(Self.room - 4) + "...")
        guard level >= self.level else { return }
        var bytes = prefix(level, function: function, line: line)
        bytes.append(contentsOf: message.bytes)
        var isCut = bytes.count >= Self.room
        if let error, !isCut {
            bytes.append(contentsOf: ": \(error) (\(error.rawValue))".utf8)
            isCut = bytes.count >= Swift.min(limit, Self.room)
        }
        if isCut { ErrorLog.cut(&bytes, to: Swift.min(limit, Self.room) - 1) }
        write(level, bytes)
    }

    /// The same with `[pool NAME] ` before the text.
    public func callAsFunction(
        _ level: LogLevel, pool: ByteString, _ text: @autoclosure () -> ByteString, _ error: Errno? = nil,
        function: StaticString = #function, line: Int = #line
    ) {
        self(level, "[pool \(pool)] \(text())", error, function: function, line: line)
    }

    /// A text of any length, cut to ``limit``: `NOTICE: PHP message: …`. The ``listener`` gets exactly the cut text. Below
    /// ``level`` the text is written without its level, as php-fpm does.
    public func message(
        _ level: LogLevel, _ text: ByteString, function: StaticString = #function, line: Int = #line
    ) {
        var bytes = level >= self.level ? prefix(level, function: function, line: line) : []
        let start = bytes.count
        bytes.append(contentsOf: text.bytes)
        if bytes.count >= limit { ErrorLog.cut(&bytes, to: limit - 1) }
        listener?(level, ByteString(bytes[Swift.min(start, bytes.count)...]))
        write(level, bytes)
    }

    /// What a line begins with: time, level, at level debug the place.
    public func prefix(_ level: LogLevel, function: StaticString = #function, line: Int = #line) -> [UInt8] {
        let isDebug = self.level == .debug
        let name = String(describing: function)
        let place = isDebug ? "\(name.prefix { $0 != "(" })(), line \(line): " : ""
        if target == .syslog { return Array("[\(level.name)] \(place)".utf8) }
        if isWorker { return Array("\(level.name): \(place)".utf8) }
        let process = isDebug ? "pid \(Process.id), " : ""
        return ErrorLog.time(RealTime.now, showingMicroseconds: isDebug)
            + Array("\(level.name): \(process)\(place)".utf8)
    }

    /// `[22-Nov-2026 18:52:20] `, local time.
    static func time(_ now: Int64, showingMicroseconds: Bool) -> [UInt8] {
        let months: [StaticString] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let moment = CalendarTime(seconds: now / 1_000_000, local: true)
        var text: [UInt8] = [UInt8(ascii: "[")]
        text.append(decimal: moment.day, width: 2)
        text.append("-")
        text.append(months[Swift.max(0, Swift.min(11, moment.month - 1))])
        text.append("-")
        text.append(decimal: moment.year, width: 4)
        text.append(" ")
        text.append(decimal: moment.hour, width: 2)
        text.append(":")
        text.append(decimal: moment.minute, width: 2)
        text.append(":")
        text.append(decimal: moment.second, width: 2)
        if showingMicroseconds {
            text.append(".")
            text.append(decimal: Int(now % 1_000_000), width: 6)
        }
        text.append("] ")
        return text
    }

    /// Shortens to `count` bytes of which the last three are dots.
    static func cut(_ bytes: inout [UInt8], to count: Int) {
        guard bytes.count > count, count >= 3 else { return }
        bytes.removeSubrange((count - 3)...)
        bytes.append("...")
    }

    /// Writes a whole line; the line feed is added here.
    func write(_ level: LogLevel, _ bytes: [UInt8]) {
        let line = bytes + [10]
        switch target {
        case .standardError: try? File.writeAll(2, line)
        case .file: try? File.writeAll(descriptor, line)
        case .syslog: ErrorLog.toSystem(level, bytes)
        }
        // Until the start is complete there may be somebody who looks.
        if target != .standardError, !isStarted, level >= .notice { try? File.writeAll(2, line) }
    }

    /// php-fpm gives every line the priority of its `log_level`; here each has its own.
    private static func toSystem(_ level: LogLevel, _ text: [UInt8]) {
        let priority: Int32 =
            switch level {
            case .debug: 7
            case .notice: 5
            case .warning: 4
            case .error: 3
            case .alert: 1
            }
        for line in text.split(separator: 10) { SystemLog.write(priority: priority, ByteString(line)) }
    }

    /// In a fresh worker: lines go to its standard error without the time, and the supervisor adds what is missing.
    public func becomeWorker() {
        if isSyslog { SystemLog.close() }
        isWorker = true
        isStarted = true
        target = .standardError
    }
}
