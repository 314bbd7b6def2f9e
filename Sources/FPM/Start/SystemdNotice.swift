// PHP: sapi/fpm/fpm/fpm_systemd.c; sd_notify(3)
import Bytes
import Kernel

/// What systemd is told about a service of `Type=notify`. Without `NOTIFY_SOCKET` nothing is sent.
public struct SystemdNotice {
    private let global: GlobalConfig
    private let log: ErrorLog
    private let socket = Environment.get("NOTIFY_SOCKET")
    private var lastRequests = 0

    public init(_ global: GlobalConfig, _ log: ErrorLog) {
        self.global = global
        self.log = log
    }

    /// Between two calls of ``beat(_:)``, in milliseconds; 0: never.
    public var interval: Int { global.systemdInterval }

    /// Settles `systemd_interval` and the watchdog; times of `[global]` become milliseconds.
    static func configure(_ global: inout GlobalConfig, _ log: ErrorLog) {
        var interval = 0
        if let watchdog = Environment.get("WATCHDOG_USEC") {
            // Half the time that systemd allows.
            interval = watchdog.leadingInteger / 2000
            log(.debug, "WATCHDOG_USEC=\(watchdog), interval=\(interval)")
        }
        if interval > 1000 {
            if (global.systemdIntervalSetting ?? 0) > 0 { log(.warning, "systemd_interval option ignored") }
            log(.notice, "systemd watchdog configured to \(seconds(interval))sec")
            global.systemdWatchdog = true
            global.systemdInterval = interval
        } else {
            global.systemdInterval = Swift.min(global.systemdIntervalSetting ?? 10, Int(Int32.max)) * 1000
        }
    }

    /// Connections are accepted from now on.
    public func ready() {
        if send("READY=1\nSTATUS=Ready to handle connections\nMAINPID=\(Process.id)") {
            log(.debug, "have notify start to systemd")
        } else {
            log(.warning, "failed to notify start to systemd")
        }
        if interval > 0 {
            log(.notice, "systemd monitor interval set to \(interval)ms")
        } else {
            log(.notice, "systemd monitor disabled")
        }
    }

    /// A reload begins; ``ready()`` ends it.
    public func reloading() {
        _ = send("RELOADING=1\nMONOTONIC_USEC=\(MonotonicTime.microseconds)\nSTATUS=Reloading")
    }

    /// The figures of all pools together, every ``interval``.
    public mutating func beat(_ pools: [PoolStatus]) {
        guard interval > 0 else { return }
        let active = pools.reduce(0) { $0 + $1.activeProcesses }
        let idle = pools.reduce(0) { $0 + $1.idleProcesses }
        let requests = pools.reduce(0) { $0 &+ $1.acceptedConnections }
        let slow = pools.reduce(0) { $0 &+ $1.slowRequests }
        let rate = Swift.max(0, requests &- lastRequests) &* 100_000 / interval
        lastRequests = requests
        let cents = rate % 100
        let traffic = "\(rate / 100).\(cents < 10 ? "0" : "")\(cents)"
        let watchdog = global.systemdWatchdog ? "WATCHDOG=1\n" : ""
        let status =
            "Processes active: \(active), idle: \(idle), Requests: \(requests), slow: \(slow), Traffic: \(traffic)"
        if !send("READY=1\n\(watchdog)STATUS=\(status)req/sec") {
            log(.notice, "failed to notify status to systemd")
        }
    }

    private func send(_ text: ByteString) -> Bool {
        guard let socket, !socket.isEmpty else { return true }
        guard let connection = try? Socket.datagram(to: socket) else { return false }
        if case .bytes = Socket.send(connection.raw, text.bytes) { return true }
        return false
    }

    /// Milliseconds as seconds with three digits that count, as printf's `%.3g`.
    static func seconds(_ milliseconds: Int) -> String {
        var whole = milliseconds / 1000
        let decimals = whole >= 100 ? 0 : whole >= 10 ? 1 : whole >= 1 ? 2 : 3
        var unit = 1
        for _ in decimals..<3 { unit *= 10 }
        // The last digit is rounded.
        var digits = (milliseconds + unit / 2) / unit
        var places = decimals
        while places > 0, digits % 10 == 0 {
            digits /= 10
            places -= 1
        }
        var scale = 1
        for _ in 0..<places { scale *= 10 }
        whole = digits / scale
        if places == 0 { return "\(whole)" }
        let rest = "\(digits % scale)"
        return "\(whole)." + String(repeating: "0", count: places - rest.utf8.count) + rest
    }
}
