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
    var smax: Int?
    var receiveBufferSize: Int?
    var responseFieldSize: Int?
    var keepsAlive = false
    /// `status=`, before anything happened.
    var status: WorkerStatus = []
    /// What balancers look at.
    /// Hundredths.
    var loadFactor = 100
    var set = 0
    var route: ByteString = ""
    var redirect: ByteString = ""
    var flushes = false
    var upgrade: ByteString?
    var ioBufferSize: Int?

    /// Takes one parameter; the result is Apache's complaint.
    mutating func set(_ key: ByteString, _ value: ByteString) -> String? {
        switch key.lowercased.string {
        case "loadfactor": return loadFactor(value)
        case "retry": return take(value, from: 0, "Retry must be a positive value") { $0.retry = $1 }
        case "ttl": return take(value, from: 1, "TTL must be at least one second") { $0.ttl = $1 }
        case "min": return take(value, from: 0, "Min must be a positive number") { _, _ in }
        case "max": return take(value, from: 0, "Max must be a positive number") { $0.max = $1 }
        case "smax": return take(value, from: 0, "Smax must be a positive number") { $0.smax = $1 }
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
        case "receivebuffersize": return buffer(value, "ReceiveBufferSize") { $0.receiveBufferSize = $1 }
        case "responsefieldsize":
            return take(value, from: 0, "ResponseFieldSize must be greater than 0 bytes, or 0 for system default.") {
                $0.responseFieldSize = $1 == 0 ? nil : $1
            }
        case "keepalive": return flag(value, "KeepAlive must be On|Off") { $0.keepsAlive = $1 }
        case "disablereuse": return flag(value, "DisableReuse must be On|Off") { $0.reuses = !$1 }
        case "enablereuse": return flag(value, "EnableReuse must be On|Off") { $0.reuses = $1 }
        case "addressttl":
            return value == "-1" || Self.milliseconds(value, unit: "s").map { $0 % 1000 == 0 } ?? false
                ? nil : "AddressTTL must be -1 or a number of seconds not exceeding 2147483647"
        case "route":
            guard value.count < 96 else { return "Route length must be < 96 characters" }
            route = value
            return nil
        case "redirect":
            guard value.count < 96 else { return "Redirect length must be < 96 characters" }
            redirect = value
            return nil
        case "status": return status.apply(value)
        case "flushpackets":
            guard ["on", "off", "auto"].contains(value.lowercased.string) else {
                return "flushpackets must be on|off|auto"
            }
            flushes = !value.equalsIgnoringCase("off")
            return nil
        case "flushwait":
            return Self.number(value, 0...1000)
                ? nil : "flushwait must be <= 1000, or 0 for system default of 10 millseconds."
        case "lbset":
            guard Self.number(value, 0...99) else { return "lbset must be between 0 and 99" }
            set = Self.integer(value)
            return nil
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
    /// A number with up to two decimal places, from 1 to 100, kept as hundredths.
    private mutating func loadFactor(_ value: ByteString) -> String? {
        guard let number = Double(value.string), number >= 1, number <= 100 else {
            return "LoadFactor must be a number between 1..100"
        }
        loadFactor = Int(number * 100)
        return nil
    }
}

/// What is known of a backend's health, and what was configured (PROXY_WORKER_…).
struct WorkerStatus: OptionSet, Sendable {
    let rawValue: UInt64
    static let ignoreErrors = WorkerStatus(rawValue: 0x0002)
    static let drain = WorkerStatus(rawValue: 0x0004)
    static let disabled = WorkerStatus(rawValue: 0x0020)
    static let stopped = WorkerStatus(rawValue: 0x0040)
    static let inError = WorkerStatus(rawValue: 0x0080)
    static let hotStandby = WorkerStatus(rawValue: 0x0100)
    static let healthCheckFailed = WorkerStatus(rawValue: 0x0400)
    static let hotSpare = WorkerStatus(rawValue: 0x0800)

    static let unusable: WorkerStatus = [.disabled, .stopped, .inError, .healthCheckFailed]
    var isUsable: Bool { isDisjoint(with: Self.unusable) }

    /// `+D-E`: letters of proxy_wstat_tbl. The result is Apache's complaint.
    mutating func apply(_ letters: ByteString) -> String? {
        var on = true
        for byte in letters.bytes {
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") {
                on = byte == UInt8(ascii: "+")
                continue
            }
            guard let flag = Self.flag(ASCII.upper(byte)) else { return "Unknown status parameter option" }
            if on { insert(flag) } else { remove(flag) }
        }
        return nil
    }
    static let letters: [(letter: UInt8, flag: WorkerStatus, text: ByteString)] = [
        (UInt8(ascii: "I"), .ignoreErrors, "Ign "), (UInt8(ascii: "N"), .drain, "Drn "),
        (UInt8(ascii: "D"), .disabled, "Dis "), (UInt8(ascii: "S"), .stopped, "Stop "),
        (UInt8(ascii: "E"), .inError, "Err "), (UInt8(ascii: "H"), .hotStandby, "Stby "),
        (UInt8(ascii: "R"), .hotSpare, "Spar "), (UInt8(ascii: "C"), .healthCheckFailed, "HcFl "),
    ]
    private static func flag(_ letter: UInt8) -> WorkerStatus? { letters.first { $0.letter == letter }?.flag }
}
