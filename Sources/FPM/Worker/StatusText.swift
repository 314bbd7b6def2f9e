// PHP: sapi/fpm/fpm/fpm_status.c (the formats)
import Bytes

/// The status page while it is written.
struct StatusText {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ text: String) { bytes.append(contentsOf: text.utf8) }
    mutating func add(_ value: StatusPage.Value) {
        switch value {
        case .number(let number): bytes.append(decimal: number)
        case .decimal(let number): bytes.append(hundredths: number)
        case .text(let text): bytes.append(contentsOf: text.bytes)
        }
    }

    /// `name:` in 22 columns.
    mutating func table(_ fields: [(String, StatusPage.Value)]) {
        for (name, value) in fields {
            add("\(name):")
            add(String(repeating: " ", count: max(1, 21 - name.utf8.count)))
            add(value)
            add("\n")
        }
    }
    /// `<max-listen-queue>…</max-listen-queue>`
    mutating func element(_ field: (name: String, value: StatusPage.Value)) {
        let name = String(decoding: field.name.utf8.map { $0 == 32 ? UInt8(ascii: "-") : $0 }, as: UTF8.self)
        add("<\(name)>")
        add(field.value)
        add("</\(name)>")
    }
    /// `"pool":"www","start time":1`
    mutating func members(_ fields: [(String, StatusPage.Value)]) {
        for (index, (name, value)) in fields.enumerated() {
            add(index == 0 ? "\"\(name)\":" : ",\"\(name)\":")
            if case .text = value {
                add("\"")
                add(value)
                add("\"")
            } else {
                add(value)
            }
        }
    }

    private mutating func metric(_ name: String, _ kind: String, _ help: String, _ value: Int) {
        // One metric has its lines the other way round in PHP's FPM.
        let lines = ["# HELP phpfpm_\(name) \(help)\n", "# TYPE phpfpm_\(name) \(kind)\n"]
        for line in name == "listen_queue_length" ? lines.reversed() : lines { add(line) }
        add("phpfpm_\(name) \(value)\n")
    }
    mutating func metrics(_ status: PoolStatus, now: Int64, showsQueueTimeouts: Bool) {
        let manager = status.processManager.rawValue
        metric("up", "gauge", "Could pool \(status.pool) using a \(manager) PM on PHP-FPM be reached?", 1)
        metric(
            "start_since", "counter", "The number of seconds since FPM has started.", Int(now - status.startTime))
        metric(
            "accepted_connections", "counter", "The number of requests accepted by the pool.",
            status.acceptedConnections)
        metric(
            "listen_queue", "gauge", "The number of requests in the queue of pending connections.", status.listenQueue)
        metric(
            "max_listen_queue", "counter",
            "The maximum number of requests in the queue of pending connections since FPM has started.",
            status.maxListenQueue)
        metric(
            "listen_queue_length", "gauge", "The size of the socket queue of pending connections.",
            status.listenQueueLength)
        metric("idle_processes", "gauge", "The number of idle processes.", status.idleProcesses)
        metric("active_processes", "gauge", "The number of active processes.", status.activeProcesses)
        metric("total_processes", "gauge", "The number of idle + active processes.", status.totalProcesses)
        metric(
            "max_active_processes", "counter", "The maximum number of active processes since FPM has started.",
            status.maxActiveProcesses)
        metric(
            "max_children_reached", "counter",
            "The number of times, the process limit has been reached, when pm tries to start more children (works only for pm 'dynamic' and 'ondemand').",
            status.maxChildrenReached)
        metric(
            "slow_requests", "counter",
            "The number of requests that exceeded your 'request_slowlog_timeout' value.", status.slowRequests)
        if showsQueueTimeouts {
            metric(
                "queue_timeouts", "counter",
                "The number of connections that waited longer than your 'pm.queue_timeout' value.",
                status.queueTimeouts)
        }
        add("# EOF\n")
    }
}

/// Text in HTML and XML, as htmlspecialchars: `&`, `<`, `>`, `"`. Text that is not UTF-8 is dropped, characters that XML does not
/// allow become U+FFFD.
enum MarkupText {
    static func escape(_ text: ByteString) -> ByteString {
        guard let valid = String(validating: text.bytes, as: UTF8.self) else { return "" }
        var result: [UInt8] = []
        for scalar in valid.unicodeScalars {
            switch scalar {
            case "&": result.append("&amp;")
            case "<": result.append("&lt;")
            case ">": result.append("&gt;")
            case "\"": result.append("&quot;")
            case "\t", "\n", "\r", " "..."\u{D7FF}", "\u{E000}"..."\u{FFFD}", "\u{10000}"..."\u{10FFFF}":
                result.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
            default: result.append(contentsOf: [0xEF, 0xBF, 0xBD])
            }
        }
        return ByteString(result)
    }
}

/// Text in a JSON string, without its quotes.
enum JSONText {
    /// As json_encode: `/` and everything that is not ASCII is escaped; bytes that are not UTF-8 are left out.
    static func escape(_ text: ByteString) -> ByteString {
        var result: [UInt8] = []
        var decoder = UTF8()
        var input = text.bytes.makeIterator()
        while true {
            switch decoder.decode(&input) {
            case .scalarValue(let scalar): append(scalar, to: &result)
            case .error: continue
            case .emptyInput: return ByteString(result)
            }
        }
    }
    /// Only what would end the string, or may not be in one.
    static func escapeBreaking(_ text: ByteString) -> ByteString {
        guard text.contains(where: { $0 < 32 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) else {
            return text
        }
        return escape(text)
    }
    private static func append(_ scalar: Unicode.Scalar, to result: inout [UInt8]) {
        switch scalar {
        case "\"": result.append("\\\"")
        case "\\": result.append("\\\\")
        case "/": result.append("\\/")
        case "\u{8}": result.append("\\b")
        case "\u{C}": result.append("\\f")
        case "\n": result.append("\\n")
        case "\r": result.append("\\r")
        case "\t": result.append("\\t")
        case " "..."~": result.append(UInt8(truncatingIfNeeded: scalar.value))
        case "\u{7F}": result.append(0x7F)
        default:
            for unit in String(scalar).utf16 {
                result.append("\\u")
                for shift in [12, 8, 4, 0] as [UInt16] { result.append(ASCII.hexDigits[Int(unit >> shift & 15)]) }
            }
        }
    }
}
