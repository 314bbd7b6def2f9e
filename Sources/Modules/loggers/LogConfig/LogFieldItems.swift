// Apache: modules/loggers/mod_log_config.c (log_header_out, log_cookie)

import Bytes
import ServerCore

/// `%{…}o` and `%{…}C`.
enum LogFieldItems {
    private static let cookie: ByteString = "Cookie"

    static func responseField(_ name: ByteString) -> LogItemWriter {
        if name.equalsIgnoringCase("Content-Type") {
            return { request, _, line in
                guard let type = request.contentType else {
                    return LogItems.escaped(&line) { request.headersOut.append(valueOf: name, to: &$0) }
                }
                return LogItems.escaped(&line) { appendWithoutParameters(type, &$0) }
            }
        }
        if name.equalsIgnoringCase("Set-Cookie") {
            return { request, _, line in
                let values = request.headersOut.values(of: name)
                guard !values.isEmpty else { return false }
                return LogItems.text(ByteString(values.joined(separator: ByteString(", "))), &line)
            }
        }
        return { request, _, line in
            LogItems.escaped(&line) { request.headersOut.append(valueOf: name, to: &$0) }
        }
    }

    /// A media type without what follows its semicolon (ap_field_noparam).
    private static func appendWithoutParameters(_ type: ByteString, _ line: inout [UInt8]) -> Bool {
        let start = line.count
        for byte in type.bytes {
            if byte == UInt8(ascii: ";") { break }
            line.append(byte)
        }
        while line.count > start, ASCII.isSpace(line[line.count - 1]) { line.removeLast() }
        return true
    }

    /// Appends the first cookie of that name, in any case, that has a value. The Cookie field is appended to the line
    /// and cut down to the value there, so that nothing is allocated.
    static func appendCookie(_ name: ByteString, _ request: Request, _ line: inout [UInt8]) -> Bool {
        let start = line.count
        guard request.append(header: cookie, to: &line) else { return false }
        guard let value = find(name, in: line, from: start) else {
            line.removeSubrange(start...)
            return false
        }
        line.removeSubrange(value.upperBound...)
        line.removeSubrange(start..<value.lowerBound)
        return true
    }

    /// The value of a cookie within `bytes[start...]`.
    static func find(_ name: ByteString, in bytes: [UInt8], from start: Int) -> Range<Int>? {
        var at = start
        while at < bytes.count {
            var end = at
            while end < bytes.count, bytes[end] != UInt8(ascii: ";") { end += 1 }
            defer { at = end + 1 }
            var low = at
            while low < end, bytes[low] == UInt8(ascii: "=") { low += 1 }
            var equals = low
            while equals < end, bytes[equals] != UInt8(ascii: "=") { equals += 1 }
            guard equals > low, equals + 1 < end else { continue }
            var high = equals
            while low < high, bytes[low] == 32 || bytes[low] == 9 { low += 1 }
            while high > low, ASCII.isSpace(bytes[high - 1]) { high -= 1 }
            guard matches(name, bytes, low, high) else { continue }
            var first = equals + 1
            while first < end, bytes[first] == 32 || bytes[first] == 9 { first += 1 }
            var last = end
            while last > first, ASCII.isSpace(bytes[last - 1]) { last -= 1 }
            return first..<last
        }
        return nil
    }
    private static func matches(_ name: ByteString, _ bytes: [UInt8], _ low: Int, _ high: Int) -> Bool {
        guard high - low == name.count else { return false }
        for offset in 0..<name.count where ASCII.lower(bytes[low + offset]) != ASCII.lower(name[offset]) {
            return false
        }
        return true
    }
}
