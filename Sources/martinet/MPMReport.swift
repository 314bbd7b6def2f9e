// No Apache counterpart: what the three MPMs cost on this machine, measured

import Bytes
import Kernel
import LoadGenerator

/// `martinet mpm-report`: one site, a static page and a PHP page, under prefork with php_module, and under worker and event with
/// martinet-fpm: memory with idle kept connections and under load, requests a second, latencies. As a table, and as JSON or SVG
/// where asked.
struct MPMReport {
    private static let usage = """
        Usage: martinet mpm-report [--json FILE] [--svg FILE] [--seconds N] [--clients N] [--idle N,N…]
                                    [--rounds N]
          --seconds  how long each page is asked for (3)
          --clients  connections that ask at once (32)
          --idle     numbers of idle kept connections to measure memory with (100,1000)
          --rounds   how often all three are measured, one after the other (1): of memory the median is told, of loads the
                     round with the median of requests a second
        """

    /// PSS in kB.
    struct Memory {
        /// Idle kept connections; nil: under load.
        var connections: Int?
        var server: Int
        /// Of the process manager and its workers.
        var fpm: Int
        var total: Int { server + fpm }
    }
    struct Row {
        var mpm: String
        /// Where PHP runs.
        var php: String
        var name: String { "\(mpm) + \(php)" }
        var memory: [Memory] = []
        var page = LoadResult()
        var script = LoadResult()
    }
    private struct Complaint: Error { let text: String }

    private var json: ByteString?
    private var svg: ByteString?
    private var seconds = 3
    private var clients = 32
    private var idle = [0, 100, 1000]
    private var rounds = 1

    static func run(_ arguments: [String]) -> Int32 {
        if arguments.contains("--help") || arguments.contains("-h") {
            print(usage)
            return 0
        }
        var report = MPMReport()
        do throws(Complaint) {
            try report.read(arguments)
            try report.measure()
            return 0
        } catch {
            print("martinet mpm-report: \(error.text)")
            return 1
        }
    }
    private mutating func read(_ arguments: [String]) throws(Complaint) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--"), let value = rest.popFirst() else { throw Complaint(text: Self.usage) }
            let number = Int(value).flatMap { $0 > 0 && $0 <= 100_000 ? $0 : nil }
            switch (word, number) {
            case ("--json", _): json = ByteString(value)
            case ("--svg", _): svg = ByteString(value)
            case ("--seconds", let number?): seconds = number
            case ("--clients", let number?): clients = number
            case ("--rounds", let number?): rounds = number
            case ("--idle", _): idle = [0] + value.split(separator: ",").compactMap { Int($0) }.filter { $0 > 0 }
            default: throw Complaint(text: Self.usage)
            }
        }
    }

    // MARK: Measuring

    private func measure() throws(Complaint) {
        let mpms = ["prefork", "worker", "event"]
        var measured: [[Row]] = mpms.map { _ in [] }
        for round in 1...rounds {
            for (index, mpm) in mpms.enumerated() {
                print("measuring \(mpm)\(rounds > 1 ? ", round \(round) of \(rounds)" : "") …")
                do throws(Errno) {
                    measured[index].append(try measure(mpm))
                } catch { throw Complaint(text: "\(mpm): \(error.description)") }
            }
        }
        let rows = measured.compactMap(Self.median)
        print(MPMReportText.table(rows))
        do throws(Errno) {
            if let json { try File.writeWhole(json, Array(MPMReportText.json(rows).utf8)) }
            if let svg { try File.writeWhole(svg, Array(MPMReportPlot.svg(rows).utf8)) }
        } catch { throw Complaint(text: "cannot write: \(error.description)") }
    }
    /// Of an even number the lower of the two in the middle, so that every figure was seen.
    static func median(_ rows: [Row]) -> Row? {
        guard var row = rows.first else { return nil }
        let middle = (rows.count - 1) / 2
        for index in row.memory.indices {
            let cells = rows.compactMap { $0.memory.count > index ? $0.memory[index] : nil }
            row.memory[index] = cells.sorted { $0.total < $1.total }[(cells.count - 1) / 2]
        }
        row.page = rows.map(\.page).sorted { $0.perSecond < $1.perSecond }[middle]
        row.script = rows.map(\.script).sorted { $0.perSecond < $1.perSecond }[middle]
        return row
    }
    private func measure(_ mpm: String) throws(Errno) -> Row {
        let run: ByteString = "\(Environment.get("TMPDIR") ?? "/tmp")/martinet-report.\(Process.id)"
        try Directory.make(run, mode: 0o755)
        defer { remove(run) }
        let port = UInt16(20_000 + Int(Process.id) % 10_000)
        try File.writeWhole("\(run)/page.html", Array(repeating: UInt8(ascii: "x"), count: 612))
        try File.writeWhole("\(run)/page.php", Array("<?php echo str_repeat('x', 612);".utf8))
        try File.writeWhole("\(run)/server.conf", configuration(mpm, run, port).bytes)
        let own = try File.readLink("/proc/self/exe")
        let manager = mpm == "prefork" ? nil : try startManager(run, beside: own)
        defer { end(manager) }
        let pid = try Process.spawn(
            own, arguments: [own, "-DFOREGROUND", "-d", run, "-f", "\(run)/server.conf"], environment: Environment.all,
            directory: nil)
        defer { end(pid) }
        func memory(_ connections: Int?) -> Memory {
            Memory(
                connections: connections, server: ProcessMemory.ofTree(pid),
                fpm: manager.map { ProcessMemory.ofTree($0) } ?? 0)
        }
        let page = LoadGenerator(.ip(.loopback(port: port)), host: "localhost", path: "/page.html")
        let script = LoadGenerator(.ip(.loopback(port: port)), host: "localhost", path: "/page.php")
        // Until both answer.
        for _ in 0..<50 {
            if try page.hold(1, {}) == 1, try script.hold(1, {}) == 1 { break }
        }
        var row = Row(mpm: mpm, php: manager == nil ? "php_module" : "FPM")
        // What load and many connections have started goes only slowly: so they come last.
        row.memory.append(memory(0))
        var loaded: Memory?
        row.page = try page.load(connections: clients, milliseconds: UInt64(seconds) * 1000)
        row.script = try script.load(connections: clients, milliseconds: UInt64(seconds) * 1000) {
            loaded = memory(nil)
        }
        for count in idle where count > 0 {
            var held: Memory?
            let number = try script.hold(count) { held = memory(nil) }
            if var held {
                held.connections = number
                row.memory.append(held)
            }
        }
        if let loaded { row.memory.append(loaded) }
        return row
    }
    private func startManager(_ run: ByteString, beside own: ByteString) throws(Errno) -> Int32 {
        let beside = own.upTo((own.lastIndex(of: UInt8(ascii: "/")) ?? 0) + 1) + "martinet-fpm"
        let program = File.isAccessible(beside, execute: true) ? beside : "/usr/sbin/martinet-fpm"
        try File.writeWhole("\(run)/fpm.conf", pool(run).bytes)
        return try Process.spawn(
            program, arguments: [program, "-F", "-y", "\(run)/fpm.conf"], environment: Environment.all,
            directory: nil)
    }
    private func end(_ pid: Int32?) {
        guard let pid else { return }
        try? Process.kill(pid, Signal.terminate)
        _ = Process.reap(pid, wait: true)
    }
    private func remove(_ run: ByteString) {
        for entry in (try? Directory.entries(run)) ?? [] { try? File.unlink("\(run)/\(entry.name)") }
        try? Directory.remove(run)
    }

    private func configuration(_ mpm: String, _ run: ByteString, _ port: UInt16) -> ByteString {
        let most = (idle.max() ?? 0) + clients + 50
        let modules =
            ["mpm_\(mpm)", "authz_core", "dir", "mime"] + (mpm == "prefork" ? ["php"] : ["proxy", "proxy_fcgi"])
        var text: ByteString = ""
        for name in modules { text.append("LoadModule \(name)_module mod_\(name).so\n") }
        let handler: ByteString =
            mpm == "prefork" ? "application/x-httpd-php" : "proxy:unix:\(run)/php.sock|fcgi://localhost"
        text.append("<FilesMatch \"\\.php$\">\nSetHandler \"\(handler)\"\n</FilesMatch>\n")
        if Process.userID == 0 { text.append("User www-data\nGroup www-data\n") }
        text.append(
            """
            ServerRoot "\(run)"
            ServerName localhost
            Listen 127.0.0.1:\(Int(port))
            PidFile "\(run)/martinet.pid"
            DefaultRuntimeDir "\(run)"
            ErrorLog "\(run)/error.log"
            TypesConfig /dev/null
            DocumentRoot "\(run)"
            KeepAliveTimeout 300
            MaxKeepAliveRequests 0

            """)
        if mpm == "prefork" {
            text.append("ServerLimit \(most)\nMaxRequestWorkers \(most)\n")
        } else {
            let children = (most + 24) / 25
            text.append("ThreadsPerChild 25\nServerLimit \(children)\nMaxRequestWorkers \(children * 25)\n")
        }
        return text
    }

    /// As many workers as clients could keep busy on a machine of this size.
    private func pool(_ run: ByteString) -> ByteString {
        let workers = 4 * max(1, Process.availableProcessors)
        var text: ByteString = """
            [global]
            error_log = \(run)/fpm.log
            log_level = error
            daemonize = no
            [report]
            listen = \(run)/php.sock
            listen.backlog = 4096
            pm = dynamic
            pm.max_children = \(workers)
            pm.start_servers = 2
            pm.min_spare_servers = 1
            pm.max_spare_servers = \(workers)

            """
        if Process.userID == 0 {
            text.append("user = www-data\ngroup = www-data\nlisten.owner = www-data\nlisten.group = www-data\n")
        }
        return text
    }
}

/// Memory of a process and its descendants.
enum ProcessMemory {
    /// Σ of PSS in kB.
    static func ofTree(_ root: Int32) -> Int {
        var pids = [root]
        var index = 0
        while index < pids.count {
            let pid = pids[index]
            index += 1
            pids += text("/proc/\(pid)/task/\(pid)/children").split(separator: " ").compactMap { Int32($0) }
        }
        return pids.reduce(0) { $0 + proportional($1) }
    }
    private static func proportional(_ pid: Int32) -> Int {
        for line in text("/proc/\(pid)/smaps_rollup").split(separator: "\n") where line.hasPrefix("Pss:") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        }
        return 0
    }
    private static func text(_ path: String) -> String {
        let bytes = (try? File.readWhole(ByteString(path), limit: 1 << 16)) ?? []
        return ByteString(bytes).string
    }
}
