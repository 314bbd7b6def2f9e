// PHP: sapi/fpm/fpm/fpm_log.c (fpm_log_write, fpm_access_log_suppress)
import Bytes
import Kernel

/// What a line of the access log tells.
struct AccessRecord {
    var line: PoolScoreboard.RequestLine
    var facts: ScriptFacts
    var peer: SocketAddress
    /// Seconds since the epoch.
    var accepted: Int64
    /// Microseconds.
    var duration: Int
    /// Ticks of processor time.
    var user: Int64
    var system: Int64
    var variable: (ByteString) -> ByteString?
}

/// The pool's access log as one worker writes it: a line is one `write`.
final class AccessLog {
    private let format: AccessFormat
    private let descriptor: Int32
    private let pool: ByteString
    private let suppressed: [ByteString]
    /// Told when a line was cut.
    private let notice: (ByteString) -> Void
    private var output: [UInt8] = []
    /// Bytes of a line without its line feed.
    static let limit = 1024

    init(
        _ format: AccessFormat, descriptor: Int32, pool: ByteString, suppressed: [ByteString],
        notice: @escaping (ByteString) -> Void
    ) {
        self.format = format
        self.descriptor = descriptor
        self.pool = pool
        self.suppressed = suppressed
        self.notice = notice
    }

    func write(_ record: AccessRecord) {
        guard !isSuppressed(record) else { return }
        output.removeAll(keepingCapacity: true)
        for part in format.parts {
            append(part, record)
            guard output.count >= Self.limit else { continue }
            notice("the log buffer is full (\(Self.limit)). The access log request has been truncated.")
            // php-fpm's conversions need room for a NUL.
            if case .text = part {
                output.removeSubrange(Self.limit...)
            } else {
                output.removeSubrange((Self.limit - 1)...)
            }
            break
        }
        guard !output.isEmpty else { return }
        output.append(10)
        _ = File.write(descriptor, output)
    }

    /// Health checks and the like: `access.suppress_path`.
    private func isSuppressed(_ record: AccessRecord) -> Bool {
        guard !suppressed.isEmpty else { return false }
        return record.line.query.isEmpty && (record.line.method == "GET" || record.line.method == "HEAD")
            && (200..<300).contains(record.facts.status) && record.line.contentLength <= 0
            && suppressed.contains(record.line.uri)
    }

    private func append(_ part: AccessFormat.Part, _ record: AccessRecord) {
        switch part {
        case .text(let text): output.append(contentsOf: text.bytes)
        case .cpu(let which):
            let ticks =
                switch which {
                case .total: record.user + record.system
                case .user: record.user
                case .system: record.system
                }
            let seconds = Double(max(1, record.duration)) / 1_000_000
            output.append(hundredths: Double(ticks) / Double(ProcessTicks.perSecond) / seconds * 100)
        case .duration(.seconds): output.append(thousandths: (record.duration + 500) / 1000)
        case .duration(.milliseconds): output.append(thousandths: record.duration)
        case .duration(.microseconds): output.append(decimal: record.duration)
        case .memory(let divisor): output.append(decimal: record.facts.peakMemory / divisor)
        case .variable(let name): output.append(contentsOf: (record.variable(name) ?? "-").bytes)
        case .header(let name): output.append(contentsOf: Self.header(name, record.facts.headers).bytes)
        case .accepted(let format): output.append(contentsOf: CalendarTime.format(record.accepted, format).bytes)
        case .now(let format):
            output.append(contentsOf: CalendarTime.format(RealTime.now / 1_000_000, format).bytes)
        case .plain(let code): append(code, record)
        }
    }
    private func append(_ code: UInt8, _ record: AccessRecord) {
        func orDash(_ text: ByteString) -> [UInt8] { text.isEmpty ? [UInt8(ascii: "-")] : text.bytes }
        // Texts as the scoreboard keeps them.
        switch code {
        case UInt8(ascii: "f"): output.append(contentsOf: orDash(record.line.script.upTo(255)))
        case UInt8(ascii: "l"): output.append(decimal: record.line.contentLength)
        case UInt8(ascii: "m"): output.append(contentsOf: orDash(record.line.method.upTo(15)))
        case UInt8(ascii: "n"): output.append(contentsOf: orDash(pool))
        case UInt8(ascii: "p"): output.append(decimal: Int(Process.id))
        case UInt8(ascii: "P"): output.append(decimal: Int(Process.parentID))
        case UInt8(ascii: "q"): output.append(contentsOf: record.line.query.upTo(511).bytes)
        case UInt8(ascii: "Q"): if !record.line.query.isEmpty { output.append(UInt8(ascii: "?")) }
        case UInt8(ascii: "r"): output.append(contentsOf: record.line.uri.upTo(127).bytes)
        case UInt8(ascii: "R"):
            if record.peer == .none { output.append("-") } else { record.peer.append(to: &output) }
        case UInt8(ascii: "s"): output.append(decimal: record.facts.status)
        case UInt8(ascii: "u"): output.append(contentsOf: record.line.user.upTo(31).bytes)
        default: break
        }
    }
    /// The first header line with this name, in this case.
    private static func header(_ name: ByteString, _ lines: [ByteString]) -> ByteString {
        let start = name + ": "
        guard let line = lines.first(where: { $0.count > start.count && $0.hasPrefix(start) }) else { return "-" }
        return line.from(start.count)
    }
}

extension [UInt8] {
    /// `1.234` for 1234.
    mutating func append(thousandths number: Int) {
        append(decimal: number / 1000)
        append(UInt8(ascii: "."))
        append(decimal: number % 1000, width: 3)
    }
    /// Two digits after the point; not for infinite numbers.
    mutating func append(hundredths number: Double) {
        let whole = Int(exactly: (number * 100).rounded()) ?? 0
        append(decimal: whole / 100)
        append(UInt8(ascii: "."))
        append(decimal: whole % 100, width: 2)
    }
}
