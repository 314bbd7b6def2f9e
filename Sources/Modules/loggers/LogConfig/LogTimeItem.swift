// Apache: modules/loggers/mod_log_config.c (log_request_time)

import Bytes
import HTTP
import Kernel
import ServerCore

/// `%t` and `%{…}t`.
enum LogTimeItem {
    private enum Form {
        case common
        case seconds, milliseconds, microseconds
        case millisecondFraction, microsecondFraction
        case custom(ByteString)
    }

    static func writer(_ argument: ByteString) -> LogItemWriter {
        var rest = argument
        var isEnd = false
        var shown = argument
        if rest.hasPrefix("begin") {
            rest = rest.from(5)
        } else if rest.hasPrefix("end") {
            rest = rest.from(3)
            isEnd = rest.isEmpty || rest.first == UInt8(ascii: ":")
        }
        if rest.count < argument.count, rest.first == UInt8(ascii: ":") {
            rest = rest.from(1)
            shown = rest
        }
        return writer(form(rest, shown), atEnd: isEnd)
    }
    private static func form(_ text: ByteString, _ custom: ByteString) -> Form {
        switch text {
        case "": .common
        case "sec": .seconds
        case "msec": .milliseconds
        case "usec": .microseconds
        case "msec_frac": .millisecondFraction
        case "usec_frac": .microsecondFraction
        default: .custom(custom)
        }
    }

    private static func writer(_ form: Form, atEnd: Bool) -> LogItemWriter {
        switch form {
        case .common:
            return { request, moment, line in
                let time = atEnd ? moment.end() : request.requestTime
                request.connection.worker.appendLogTime(seconds: time / 1_000_000, to: &line)
                return true
            }
        case .custom(let format):
            return { request, moment, line in
                appendCustom(atEnd ? moment.end() : request.requestTime, format, &line)
                return true
            }
        default:
            return { request, moment, line in
                appendNumber(form, atEnd ? moment.end() : request.requestTime, &line)
                return true
            }
        }
    }
    private static func appendNumber(_ form: Form, _ time: Int64, _ line: inout [UInt8]) {
        switch form {
        case .seconds: line.append(decimal: Int(time / 1_000_000))
        case .milliseconds: line.append(decimal: Int(time / 1000))
        case .microseconds: line.append(decimal: Int(time))
        case .millisecondFraction: line.append(decimal: Int(time / 1000 % 1000), width: 3)
        case .microsecondFraction: line.append(decimal: Int(time % 1_000_000), width: 6)
        case .common, .custom: break
        }
    }
    private static func appendCustom(_ time: Int64, _ format: ByteString, _ line: inout [UInt8]) {
        let seconds = time / 1_000_000
        let zone = CalendarTime(seconds: seconds, local: true)
        let civil = CivilTime(
            seconds: Int(seconds), microsecond: Int(time % 1_000_000), offset: zone.offset,
            zone: .bytes(zone.zone.bytes))
        LogTime.append(civil, format: format, to: &line)
    }
}
