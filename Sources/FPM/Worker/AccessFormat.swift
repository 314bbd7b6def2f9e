// PHP: sapi/fpm/fpm/fpm_log.c (fpm_log_write)
import Bytes
import Kernel

/// `access.format`, taken apart once.
public struct AccessFormat: Sendable {
    enum Part: Sendable {
        case text(ByteString)
        /// `%C`, in percent
        case cpu(CPU)
        /// `%d`
        case duration(Unit)
        /// `%M`: the peak divided by this
        case memory(Int)
        /// `%{NAME}e`
        case variable(ByteString)
        /// `%{Name}o`
        case header(ByteString)
        /// `%t` (of the acceptance) and `%T` (now), as strftime
        case accepted(ByteString)
        case now(ByteString)
        /// The others, which have no modifier.
        case plain(UInt8)
    }
    enum CPU: Sendable { case total, user, system }
    enum Unit: Sendable { case seconds, milliseconds, microseconds }

    let parts: [Part]
    var wantsHeaders: Bool {
        parts.contains { if case .header = $0 { true } else { false } }
    }

    /// What is wrong with a format, as php-fpm warns at start; nil: nothing.
    public static func check(_ format: ByteString) -> String? {
        do throws(Failure) {
            _ = try AccessFormat(format)
            return nil
        } catch { return error.message.string }
    }
    /// Why a format is refused.
    public struct Failure: Error, Sendable {
        public let message: ByteString
    }

    public init(_ format: ByteString) throws(Failure) {
        var parts: [Part] = []
        var text = ByteString()
        var at = 0
        while at < format.count {
            guard format[at] == UInt8(ascii: "%") else {
                text.append(format[at])
                at += 1
                continue
            }
            at += 1
            var modifier = ByteString()
            while at < format.count, format[at] == UInt8(ascii: "{") {
                let start = at + 1
                while at < format.count, format[at] != UInt8(ascii: "}") { at += 1 }
                guard at + 1 < format.count else {
                    throw Failure(message: "missing closing embrace in the access.format")
                }
                modifier = format[start..<min(at, start + 128)]
                at += 1
            }
            guard at < format.count else { break }
            let part = try Self.part(format[at], modifier)
            at += 1
            if case .plain(UInt8(ascii: "%")) = part {
                text.append(UInt8(ascii: "%"))
                continue
            }
            if !text.isEmpty { parts.append(.text(text)) }
            text = ""
            parts.append(part)
        }
        if !text.isEmpty { parts.append(.text(text)) }
        self.parts = parts
    }

    private static func part(_ code: UInt8, _ modifier: ByteString) throws(Failure) -> Part {
        let letter = ByteString([code])
        switch code {
        case UInt8(ascii: "C"): return .cpu(try cpu(modifier))
        case UInt8(ascii: "d"): return .duration(try unit(modifier))
        case UInt8(ascii: "M"): return .memory(try divisor(modifier))
        case UInt8(ascii: "e"):
            guard !modifier.isEmpty else {
                throw Failure(message: "the name of the environment variable must be set between embraces for %e")
            }
            return .variable(modifier)
        case UInt8(ascii: "o"):
            guard !modifier.isEmpty else {
                throw Failure(message: "the name of the header must be set between embraces for %o")
            }
            return .header(modifier)
        case UInt8(ascii: "t"): return .accepted(modifier.isEmpty ? usualTime : modifier)
        case UInt8(ascii: "T"): return .now(modifier.isEmpty ? usualTime : modifier)
        default:
            guard "%flmnpPqQrRsu".utf8.contains(code) else {
                throw Failure(message: "Invalid token in the access.format (%\(letter))")
            }
            guard modifier.isEmpty else { throw Failure(message: "embrace is not allowed for modifier %\(letter)") }
            return .plain(code)
        }
    }
    static let usualTime: ByteString = "%d/%b/%Y:%H:%M:%S %z"

    private static func cpu(_ modifier: ByteString) throws(Failure) -> CPU {
        if modifier.isEmpty || modifier.equalsIgnoringCase("total") { return .total }
        if modifier.equalsIgnoringCase("user") { return .user }
        if modifier.equalsIgnoringCase("system") { return .system }
        throw Failure(
            message: "only 'total', 'user' or 'system' are allowed as a modifier for %C ('\(modifier)')")
    }
    private static func unit(_ modifier: ByteString) throws(Failure) -> Unit {
        let name = modifier.lowercased
        switch name {
        case "", "seconds": return .seconds
        case "milliseconds", "milli", "miliseconds", "mili": return .milliseconds
        case "microseconds", "micro": return .microseconds
        default:
            throw Failure(
                message:
                    "only 'seconds', 'milli', 'milliseconds', 'micro' or 'microseconds' are allowed as a modifier for %d ('\(modifier)')"
            )
        }
    }
    private static func divisor(_ modifier: ByteString) throws(Failure) -> Int {
        let name = modifier.lowercased
        switch name {
        case "", "bytes": return 1
        case "kilobytes", "kilo": return 1024
        case "megabytes", "mega": return 1024 * 1024
        default:
            throw Failure(
                message:
                    "only 'bytes', 'kilo', 'kilobytes', 'mega' or 'megabytes' are allowed as a modifier for %M ('\(modifier)')"
            )
        }
    }
}
