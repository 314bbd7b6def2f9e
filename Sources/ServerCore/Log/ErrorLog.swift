// Apache: server/log.c

import Bytes
import HTTP
import Kernel

extension CivilTime {
    /// Local time.
    public init(localMicroseconds time: Int64) {
        let seconds = time >= 0 ? time / 1_000_000 : (time - 999_999) / 1_000_000
        let local = CalendarTime(seconds: seconds, local: true)
        self.init(
            seconds: Int(seconds), microsecond: Int(time - seconds * 1_000_000), offset: local.offset,
            zone: .bytes(local.zone.bytes))
    }
}

/// Where a server's error messages go; shared by servers that name the same file.
public final class ErrorLog: @unchecked Sendable {
    /// -1 until logs are opened; messages go to standard error until then.
    public internal(set) var descriptor: Int32 = 2
    /// `ErrorLog syslog:…`.
    public internal(set) var syslog: Bool = false
    public init() {}
    public init(descriptor: Int32) { self.descriptor = descriptor }

    /// Appends one line, whole, with one write.
    public func write(_ line: [UInt8]) { try? File.writeAll(descriptor, line) }
}

/// Writes lines in Apache's default ErrorLogFormat:
/// `[time] [module:level] [pid N:tid N] (2)No such file or directory: [client A:P] AHnnnnn: text`.
///
/// A message that begins with a system error, `(2)No such …: AHnnnnn: text`, is parted around the client's address.
public enum ErrorLogLine {
    /// Where the text behind a system error begins; 0 when there is none.
    private static func textStart(_ message: ByteString) -> Int {
        guard message.count > 1, message[0] == UInt8(ascii: "("), ASCII.isDigit(message[1]) else { return 0 }
        return message.firstRange(of: ": AH").map { $0.lowerBound + 2 } ?? 0
    }

    public static func format(
        level: LogLevel, module: String, time: Int64, client: SocketAddress?, referer: ByteString?, message: ByteString
    ) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(160 + message.count)
        line.append("[")
        LogTime.appendError(CivilTime(localMicroseconds: time), to: &line)
        line.append("] [")
        line.append(contentsOf: module.utf8)
        line.append(":")
        line.append(level.name)
        line.append("] [pid ")
        line.append(decimal: Int(Process.id))
        line.append(":tid ")
        line.append(decimal: Int(Process.threadID))
        line.append("] ")
        let start = textStart(message)
        line.appendErrorLogItem(message.upTo(start))
        if let client {
            line.append("[client ")
            client.append(to: &line)
            line.append(":")
            line.append(decimal: Int(client.port))
            line.append("] ")
        }
        line.appendErrorLogItem(message.from(start))
        if let referer {
            line.append(", referer: ")
            line.appendErrorLogItem(referer)
        }
        line.append("\n")
        return line
    }
}

extension Request {
    /// Says something about this request in its server's error log, when `LogLevel` lets it through.
    /// `message` carries its AH number: `"AH01630: client denied by server configuration: …"`.
    public func log(_ level: LogLevel, _ module: String, _ message: @autoclosure () -> ByteString) {
        guard level <= logLevel(for: module) else { return }
        server.errorLog.write(
            ErrorLogLine.format(
                level: level, module: module, time: RealTime.now, client: useragentAddress,
                referer: headersInStorage["Referer"], message: message()))
    }
    /// How much a module may say here, for those that ask often (ap_get_request_module_loglevel).
    public func logLevel(for module: String) -> LogLevel {
        guard let own = perDirectory[Core.directory].logLevels else { return server.logLevels.level(for: module) }
        return own.merged(over: server.logLevels).level(for: module)
    }
}

extension Server {
    /// Says something that concerns no single request.
    public func log(_ level: LogLevel, _ module: String, _ message: @autoclosure () -> ByteString) {
        guard level <= logLevels.level(for: module) else { return }
        errorLog.write(
            ErrorLogLine.format(
                level: level, module: module, time: RealTime.now, client: nil, referer: nil, message: message()))
    }
}
