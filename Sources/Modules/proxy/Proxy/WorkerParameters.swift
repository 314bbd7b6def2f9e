// Apache: modules/proxy/mod_proxy.c (set_worker_param), server/util.c (ap_timeout_parameter_parse)

import Bytes
import ServerCore

/// `key=value` of ProxyPass, ProxySet and `<Proxy>`: every one Apache knows is read and checked.
struct WorkerParameters: Sendable {
    /// Milliseconds.
    var timeout: UInt64?
    var connectionTimeout: UInt64?
    var acquire: UInt64?
    var ping: UInt64?
    /// Seconds after which a backend that could not be reached is tried again.
    var retry = 60
    /// Seconds an idle connection is kept; nil is without end.
    var ttl: Int?
    var max: Int?
    /// `enablereuse=on`, `disablereuse=off` were said.
    var reuses: Bool?
    var isDisabled = false
    var flushes = false
    var upgrade: ByteString?
    var ioBufferSize: Int?

    /// Takes one parameter; the result is Apache's complaint.
    mutating func set(_ key: ByteString, _ value: ByteString) -> String? {
        switch key.lowercased.string {
        case "loadfactor": return Self.number(value, 1...100) ? nil : "LoadFactor must be a number between 1..100"
        case "retry": return take(value, from: 0, "Retry must be a positive value") { $0.retry = $1 }
        case "ttl": return take(value, from: 1, "TTL must be at least one second") { $0.ttl = $1 }
        case "min": return take(value, from: 0, "Min must be a positive number") { _, _ in }
        case "max": return take(value, from: 0, "Max must be a positive number") { $0.max = $1 }
        case "smax": return take(value, from: 0, "Smax must be a positive number") { _, _ in }
        case "timeout":
            return take(value, from: 1, "Timeout must be at least one second") { $0.timeout = UInt64($1) * 1000 }
        case "acquire":
            return time(value, "ms", "Acquire timeout has wrong format", "Acquire must be at least one millisecond") {
                $0.acquire = $1
            }
        case "ping":
            return time(
                value, "s", "Ping/Pong timeout has wrong format", "Ping/Pong timeout must be at least one millisecond"
            ) { $0.ping = $1 }
        case "connectiontimeout":
            return time(
                value, "s", "Connectiontimeout has wrong format", "Connectiontimeout must be at least one millisecond."
            ) { $0.connectionTimeout = $1 }
        case "iobuffersize": return buffer(value, "IOBufferSize") { $0.ioBufferSize = $1 }
        case "receivebuffersize": return buffer(value, "ReceiveBufferSize") { _, _ in }
        case "responsefieldsize":
            return take(value, from: 0, "ResponseFieldSize must be greater than 0 bytes, or 0 for system default.") {
                _, _ in
            }
        case "keepalive": return flag(value, "KeepAlive must be On|Off") { _, _ in }
        case "disablereuse": return flag(value, "DisableReuse must be On|Off") { $0.reuses = !$1 }
        case "enablereuse": return flag(value, "EnableReuse must be On|Off") { $0.reuses = $1 }
        case "addressttl":
            return value == "-1" || Self.milliseconds(value, unit: "s").map { $0 % 1000 == 0 } ?? false
                ? nil : "AddressTTL must be -1 or a number of seconds not exceeding 2147483647"
        case "route": return value.count < 96 ? nil : "Route length must be < 96 characters"
        case "redirect": return value.count < 96 ? nil : "Redirect length must be < 96 characters"
        case "status": return status(value)
        case "flushpackets":
            guard ["on", "off", "auto"].contains(value.lowercased.string) else {
                return "flushpackets must be on|off|auto"
            }
            flushes = !value.equalsIgnoringCase("off")
            return nil
        case "flushwait":
            return Self.number(value, 0...1000)
                ? nil : "flushwait must be <= 1000, or 0 for system default of 10 millseconds."
        case "lbset": return Self.number(value, 0...99) ? nil : "lbset must be between 0 and 99"
        case "upgrade":
            upgrade = value.equalsIgnoringCase("ANY") ? "*" : value
            return nil
        case "flusher", "secret": return nil
        default: return "unknown Worker parameter"
        }
    }

    /// C's `atoi`.
    static func integer(_ text: ByteString) -> Int {
        var number = 0
        var at = 0
        let negative = text.first == UInt8(ascii: "-")
        if negative || text.first == UInt8(ascii: "+") { at = 1 }
        while at < text.count, ASCII.isDigit(text[at]) {
            number = Swift.min(number * 10 + Int(text[at] - 48), 1 << 40)
            at += 1
        }
        return negative ? -number : number
    }
    private static func number(_ text: ByteString, _ range: ClosedRange<Int>) -> Bool { range.contains(integer(text)) }

    /// ap_timeout_parameter_parse: a number and `ms`, `s`, `mi`, `h`.
    static func milliseconds(_ text: ByteString, unit standard: StaticString) -> UInt64? {
        let digits = text.bytes.prefix(while: ASCII.isDigit).count
        guard digits > 0, digits < 12, let number = UInt64(text.upTo(digits).string) else { return nil }
        let unit = digits == text.count ? ByteString(standard) : text.from(digits).lowercased
        if unit.hasPrefix("ms") { return number }
        if unit.hasPrefix("mi") { return number * 60_000 }
        if unit.hasPrefix("s") { return number * 1000 }
        return unit.hasPrefix("h") ? number * 3_600_000 : nil
    }

    private mutating func take(
        _ value: ByteString, from minimum: Int, _ complaint: String, _ store: (inout WorkerParameters, Int) -> Void
    ) -> String? {
        let number = Self.integer(value)
        guard number >= minimum else { return complaint }
        store(&self, number)
        return nil
    }
    private mutating func flag(
        _ value: ByteString, _ complaint: String, _ store: (inout WorkerParameters, Bool) -> Void
    ) -> String? {
        if value.equalsIgnoringCase("on") {
            store(&self, true)
        } else if value.equalsIgnoringCase("off") {
            store(&self, false)
        } else {
            return complaint
        }
        return nil
    }
    private mutating func time(
        _ value: ByteString, _ unit: StaticString, _ format: String, _ short: String,
        _ store: (inout WorkerParameters, UInt64) -> Void
    ) -> String? {
        guard let time = Self.milliseconds(value, unit: unit) else { return format }
        guard time >= 1 else { return short }
        store(&self, time)
        return nil
    }
    private mutating func buffer(
        _ value: ByteString, _ name: String, _ store: (inout WorkerParameters, Int) -> Void
    ) -> String? {
        let size = Self.integer(value)
        if size < 512, size != 0 { return "\(name) must be >= 512 bytes, or 0 for system default." }
        store(&self, size)
        return nil
    }
    /// `status=+D`: letters of proxy_wstat_tbl.
    private mutating func status(_ value: ByteString) -> String? {
        var on = true
        for byte in value.bytes {
            switch byte {
            case UInt8(ascii: "+"): on = true
            case UInt8(ascii: "-"): on = false
            default:
                switch ASCII.upper(byte) {
                case UInt8(ascii: "D"), UInt8(ascii: "S"), UInt8(ascii: "E"): isDisabled = on
                case UInt8(ascii: "I"), UInt8(ascii: "N"), UInt8(ascii: "H"), UInt8(ascii: "R"), UInt8(ascii: "C"):
                    break
                default: return "Unknown status parameter option"
                }
            }
        }
        return nil
    }
}
