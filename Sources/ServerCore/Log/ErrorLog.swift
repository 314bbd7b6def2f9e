// Apache: server/log.c

import Bytes
import Expressions
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
    /// Standard error until logs are opened.
    public let descriptor: Int32
    /// `ErrorLog syslog:…`: the facility, and the tag that begins each message.
    private let syslog: (facility: Int, tag: ByteString)?
    public init(descriptor: Int32 = 2) {
        self.descriptor = descriptor
        syslog = nil
    }
    /// A connected socket of the system log; -1 where there is none.
    public init(syslog descriptor: Int32, facility: Int, tag: ByteString) {
        self.descriptor = descriptor
        syslog = (facility, tag)
    }
    public var isSyslog: Bool { syslog != nil }

    /// Appends one line, whole, with one write.
    public func write(_ line: [UInt8], level: LogLevel = .error) {
        guard let syslog else {
            try? File.writeAll(descriptor, line)
            return
        }
        // The system log has its own time: ours is left out.
        var text = ByteString("<\(syslog.facility * 8 + min(level.rawValue, 7))>\(syslog.tag)[\(Process.id)]: ").bytes
        let message = line.starts(with: "[".utf8) ? ByteString(line).firstRange(of: "] ").map { $0.upperBound } ?? 0 : 0
        text.append(contentsOf: line[message...].prefix { $0 != UInt8(ascii: "\n") })
        _ = File.write(descriptor, text)
    }
}

/// What one message is about, as `ErrorLogFormat` may name it.
struct ErrorLogMessage {
    /// Nil in the lines that stand once before a connection's or a request's messages, as is the module.
    var level: LogLevel?
    var module: String?
    let time: Int64
    let server: Server
    var connection: Connection?
    var request: Request?
    var text: ByteString

    /// Writes the line: `[time] [module:level] [pid N:tid N] [client A:P] AHnnnnn: text` unless `ErrorLogFormat` says
    /// otherwise; before the first one of a connection or request, the lines that say what it is.
    func write() {
        if let connection, !connection.hasLogged {
            connection.hasLogged = true
            writeOnce(server.errorLogConnectionFormats ?? [], nil)
        }
        if let request, request.beginsLogging() {
            writeOnce(server.errorLogRequestFormats ?? [], request.main ?? request)
        }
        var line: [UInt8] = []
        line.reserveCapacity(160 + text.count)
        if let format = server.errorLogFormat {
            guard append(format, to: &line) else { return }
        } else {
            appendStandard(to: &line)
        }
        finish(&line)
    }
    private func writeOnce(_ formats: [[ErrorLogItem]], _ request: Request?) {
        var about = self
        (about.level, about.module, about.request, about.text) = (nil, nil, request, "")
        for format in formats {
            var line: [UInt8] = []
            if about.append(format, to: &line), !line.isEmpty { finish(&line) }
        }
    }
    private func finish(_ line: inout [UInt8]) {
        line.append("\n")
        server.errorLog.write(line, level: level ?? .error)
    }

    private func appendStandard(to line: inout [UInt8]) {
        line.append("[")
        LogTime.appendError(CivilTime(localMicroseconds: time), to: &line)
        line.append("] [")
        line.append(contentsOf: (module ?? "").utf8)
        line.append(":")
        line.append(level?.name ?? "")
        line.append("] [pid ")
        line.append(decimal: Int(Process.id))
        line.append(":tid ")
        line.append(decimal: Int(Process.threadID))
        line.append("] ")
        // A message that begins with a system error, "(2)No such …: AHnnnnn: text", is parted around the client's address.
        let start = Self.textStart(text)
        line.appendErrorLogItem(text.upTo(start))
        if let client = request?.useragentAddress {
            line.append("[client ")
            client.append(to: &line)
            line.append(":")
            line.append(decimal: Int(client.port))
            line.append("] ")
        }
        line.appendErrorLogItem(text.from(start))
        if let referer = request?.headersInStorage["Referer"] {
            line.append(", referer: ")
            line.appendErrorLogItem(referer)
        }
    }

    /// Where the text behind a system error begins; 0 when there is none.
    private static func textStart(_ message: ByteString) -> Int {
        guard message.count > 1, message[0] == UInt8(ascii: "("), ASCII.isDigit(message[1]) else { return 0 }
        return message.firstRange(of: ": AH").map { $0.lowerBound + 2 } ?? 0
    }

    /// server/log.c do_errorlog_format: a field whose items have no value is left out whole; false leaves out the line.
    private func append(_ items: [ErrorLogItem], to line: inout [UInt8]) -> Bool {
        var fieldStart = line.count
        var skipping = false
        for item in items {
            if item.isFieldSeparator {
                skipping = false
                fieldStart = line.count
            }
            if case .message = item.content {
                line.appendErrorLogItem(text.from(Self.textStart(text)))
                continue
            }
            guard !skipping else { continue }
            let before = line.count
            let isWanted = item.minimumLevel <= level?.rawValue ?? Int.max
            if isWanted {
                appendItem(item.content, to: &line)
                guard line.count == before else { continue }
                if item.isRequired { return false }
            }
            if isWanted, item.nullAsHyphen {
                line.append("-")
            } else {
                line.removeSubrange(fieldStart...)
                skipping = true
            }
        }
        return true
    }

    private func appendItem(_ content: ErrorLogItem.Content, to line: inout [UInt8]) {
        switch content {
        case .message: break
        case .literal(let text): line.append(text)
        case .directive(let letter, let argument): appendDirective(letter, argument, to: &line)
        }
    }
    private func appendDirective(_ letter: UInt8, _ argument: ByteString?, to line: inout [UInt8]) {
        switch letter {
        case UInt8(ascii: "a"):
            let address = argument?.first == UInt8(ascii: "c") ? nil : request?.useragentAddress
            if let address = address ?? connection?.remoteAddress { line.append(address.textWithPort) }
        case UInt8(ascii: "A"): if let connection { line.append(connection.localAddress.textWithPort) }
        case UInt8(ascii: "e"):
            if let value = request?.env[argument ?? ""] { line.appendErrorLogItem(value) }
        case UInt8(ascii: "E"):
            // Messages begin with what the system said, where it said something.
            let start = Self.textStart(text)
            if start > 2 { line.appendErrorLogItem(text.upTo(start - 2)) }
        case UInt8(ascii: "i"):
            if let value = request?.headersInStorage[argument ?? ""] { line.appendErrorLogItem(value) }
        case UInt8(ascii: "k"): if let connection { line.append(decimal: connection.keepAlives) }
        case UInt8(ascii: "l"): if let level { line.append(level.name) }
        case UInt8(ascii: "L"): appendLogID(argument, to: &line)
        case UInt8(ascii: "m"): if let module { line.append(contentsOf: module.utf8) }
        case UInt8(ascii: "n"):
            if let value = request?.notes[argument ?? ""] { line.appendErrorLogItem(value) }
        case UInt8(ascii: "P"): line.append(decimal: Int(Process.id))
        case UInt8(ascii: "T"): line.append(decimal: Int(Process.threadID))
        case UInt8(ascii: "t"): appendTime(argument ?? "", to: &line)
        case UInt8(ascii: "v"): line.append(server.serverName ?? server.configuration.hostName)
        case UInt8(ascii: "V"): if let request { line.append(request.serverName) }
        // %F names a line of Apache's sources.
        default: break
        }
    }
    /// `%{C}L` gives the connection's only where no request's is to be had.
    private func appendLogID(_ argument: ByteString?, to line: inout [UInt8]) {
        if let argument, argument.equalsIgnoringCase("c") {
            if argument == "c" || request == nil, let id = connection?.logID { line.append(id) }
        } else if let id = request?.logID {
            line.append(id)
        }
    }
    private func appendTime(_ argument: ByteString, to line: inout [UInt8]) {
        let moment = CivilTime(localMicroseconds: time)
        let micro = argument.contains(UInt8(ascii: "u"))
        if argument.contains(UInt8(ascii: "c")) {
            LogTime.appendCompact(moment, microseconds: micro, to: &line)
        } else {
            LogTime.appendError(moment, microseconds: micro, to: &line)
        }
    }
    /// Letters that `ErrorLogFormat` knows.
    static func isKnown(_ letter: UInt8) -> Bool { "aAeEFiklLmnPtTvV".utf8.contains(letter) }
}

extension Request {
    /// Says something about this request in its server's error log, when `LogLevel` lets it through.
    /// `message` carries its AH number: `"AH01630: client denied by server configuration: …"`.
    public func log(_ level: LogLevel, _ module: String, _ message: @autoclosure () -> ByteString) {
        // Notices pass every LogLevel (log_error_core).
        guard level == .notice || level <= logLevel(for: module) else { return }
        // It is to be said of each request like this one.
        doNotReuse()
        ErrorLogMessage(
            level: level, module: module, time: RealTime.now, server: server, connection: connection, request: self,
            text: message()
        ).write()
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
        guard level == .notice || level <= logLevels.level(for: module) else { return }
        ErrorLogMessage(
            level: level, module: module, time: RealTime.now, server: self, text: message()
        ).write()
    }
}

extension Connection {
    /// How much a module may say of this connection.
    public func logLevel(for module: String) -> LogLevel { server.logLevels.level(for: module) }
    /// Says something about this connection, in the error log of the server that it belongs to by now (ap_log_cerror).
    public func log(_ level: LogLevel, _ module: String, _ message: @autoclosure () -> ByteString) {
        guard level == .notice || level <= server.logLevels.level(for: module) else { return }
        ErrorLogMessage(
            level: level, module: module, time: RealTime.now, server: server, connection: self, text: message()
        ).write()
    }
}
