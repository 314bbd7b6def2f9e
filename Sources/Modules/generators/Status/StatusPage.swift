// Apache: modules/generators/mod_status.c status_handler

import Bytes
import HTTP
import Kernel
import ServerCore

/// One status page while it is written. The long and the short form say the same things in the same order.
struct StatusPage {
    let request: Request
    let options: ServerStatus.Options
    let board: ScoreboardSnapshot
    let isExtended: Bool
    let now: Int64
    let load: [ByteString]
    var text: [UInt8] = []

    /// Workers by what they do, of one child or of all.
    struct Counts: Equatable {
        var busy = 0
        var graceful = 0
        var idle = 0
    }
    private var counts = Counts()
    private var upTime: Int { Int(max(0, now - board.restarted) / 1_000_000) }

    init(
        _ request: Request, _ options: ServerStatus.Options, _ board: ScoreboardSnapshot, isExtended: Bool, now: Int64,
        load: [ByteString]
    ) {
        self.request = request
        self.options = options
        self.board = board
        self.isExtended = isExtended
        self.now = now
        self.load = load
    }

    mutating func write() {
        for child in board.children where !child.isQuiescing {
            let one = Self.count(child)
            counts.busy += one.busy
            counts.graceful += one.graceful
            if child.generation == board.generation { counts.idle += one.idle }
        }
        writeHead()
        if isExtended { writeTraffic() }
        writeWorkers()
        if request.configuration.mpm?.isAsync ?? true { writeProcesses() }
        writeMap()
        if isExtended, !options.isShort {
            writeRequests()
        } else if !options.isShort {
            say("<hr />To obtain a full report with current status information you need to use the ")
            say("<code>ExtendedStatus On</code> directive.\n")
        }
        for section in request.configuration.hooks.all(StatusSection.group) {
            text += section.text(request, options.isShort)
        }
        guard !options.isShort else { return }
        let signature = request.signature
        if !signature.isEmpty {
            say("<hr />\n")
            text.append(signature)
        }
        say("</body></html>\n")
    }

    static func count(_ child: ScoreboardSnapshot.Child) -> Counts {
        var counts = Counts()
        guard !child.isQuiescing else { return counts }
        for worker in child.workers {
            switch worker.state {
            case .ready: counts.idle += 1
            case .dead, .starting, .idleKill: break
            case .graceful: counts.graceful += 1
            default: counts.busy += 1
            }
        }
        return counts
    }

    mutating func say(_ words: ByteString) { text.append(words) }
    private var mpm: String { (request.configuration.mpm ?? .event).rawValue }

    // MARK: Head

    private mutating func writeHead() {
        let name = request.serverName
        let current = date(now)
        let restart = date(board.restarted)
        var uptime: [UInt8] = []
        Self.append(duration: upTime, to: &uptime)
        let description = ServerBanner.description(.full)
        if options.isShort {
            say("\(name)\nServerVersion: \(description)\nServerMPM: \(mpm)\nServer Built: \(ServerBanner.built)\n")
            say("CurrentTime: \(current)\nRestartTime: \(restart)\n")
            say(
                "ParentServerConfigGeneration: \(board.generation + 1)\nParentServerMPMGeneration: \(board.generation)\n"
            )
            say("ServerUptimeSeconds: \(upTime)\nServerUptime:\(ByteString(uptime))\n")
            say("Load1: \(load[0])\nLoad5: \(load[1])\nLoad15: \(load[2])\n")
            return
        }
        say("<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n")
        say("<html><head>\n<title>Apache Status</title>\n</head><body>\n<h1>Apache Server Status for ")
        say("\(name.escapedHTML) (via \(request.connection.localAddress.text))</h1>\n\n")
        say("<dl><dt>Server Version: \(description)</dt>\n<dt>Server MPM: \(mpm)</dt>\n")
        say("<dt>Server Built: \(ServerBanner.built)\n</dt></dl><hr /><dl>\n")
        say("<dt>Current Time: \(current)</dt>\n<dt>Restart Time: \(restart)</dt>\n")
        say("<dt>Parent Server Config. Generation: \(board.generation + 1)</dt>\n")
        say("<dt>Parent Server MPM Generation: \(board.generation)</dt>\n")
        say("<dt>Server uptime: \(ByteString(uptime))</dt>\n")
        say("<dt>Server load: \(load[0]) \(load[1]) \(load[2])</dt>\n")
    }
    private func date(_ time: Int64) -> ByteString {
        var bytes: [UInt8] = []
        LogTime.append(CivilTime(localMicroseconds: time), format: "%A, %d-%b-%Y %H:%M:%S %Z", to: &bytes)
        return ByteString(bytes)
    }
    /// " 1 day 2 hours 3 minutes 4 seconds", without what is zero.
    static func append(duration seconds: Int, to text: inout [UInt8]) {
        for (value, unit) in [
            (seconds / 86400, "day"), (seconds / 3600 % 24, "hour"), (seconds / 60 % 60, "minute"),
            (seconds % 60, "second"),
        ] where value != 0 {
            text.append(" \(value) \(unit)\(value == 1 ? "" : "s")" as ByteString)
        }
    }

    // MARK: Traffic

    private mutating func writeTraffic() {
        let kilobytes = Double(board.bytes >> 10)
        let cpu = Double(board.cpu.user + board.cpu.system) / 1e6
        let requests = Double(board.accesses)
        let seconds = Double(upTime)
        func general(_ value: Double, _ digits: Int = 6) -> ByteString {
            var bytes: [UInt8] = []
            bytes.append(general: value, digits)
            return ByteString(bytes)
        }
        let user = general(Double(board.cpu.user / 10_000) / 100)
        let system = general(Double(board.cpu.system / 10_000) / 100)
        if options.isShort {
            say(
                "Total Accesses: \(board.accesses)\nTotal kBytes: \(board.bytes >> 10)\nTotal Duration: \(board.duration)\n"
            )
            say("CPUUser: \(user)\nCPUSystem: \(system)\nCPUChildrenUser: 0\nCPUChildrenSystem: 0\n")
            if cpu >= 0.01 { say("CPULoad: \(general(cpu / seconds * 100))\n") }
            say("Uptime: \(upTime)\n")
            if upTime > 0 {
                say("ReqPerSec: \(general(requests / seconds))\nBytesPerSec: \(general(1024 * kilobytes / seconds))\n")
            }
            if board.accesses > 0 {
                say("BytesPerReq: \(general(1024 * kilobytes / requests))\n")
                say("DurationPerReq: \(general(Double(board.duration) / requests))\n")
            }
            return
        }
        say("<dt>Total accesses: \(board.accesses) - Total Traffic: ")
        Self.append(kilobytes: board.bytes >> 10, to: &text)
        say(" - Total Duration: \(board.duration)</dt>\n<dt>CPU Usage: u\(user) s\(system) cu0 cs0")
        say(cpu >= 0.01 ? " - \(general(cpu / seconds * 100, 3))% CPU load</dt>\n" : "</dt>\n")
        say("<dt>")
        if upTime > 0 {
            say("\(general(requests / seconds, 3)) requests/sec - ")
            Self.append(bytes: UInt64(1024 * kilobytes / seconds), to: &text)
            say("/second")
        }
        if board.accesses > 0 {
            if upTime > 0 { say(" - ") }
            Self.append(bytes: UInt64(1024 * kilobytes / requests), to: &text)
            say("/request - \(general(Double(board.duration) / requests)) ms/request")
        }
        say("</dt>\n")
    }
    /// format_byte_out.
    static func append(bytes: UInt64, to text: inout [UInt8]) {
        let value = Double(bytes)
        if bytes < 5 * 1024 { return text.append("\(bytes) B" as ByteString) }
        let (size, unit): (Double, StaticString) =
            bytes < 1_048_576 / 2
            ? (1024, " kB") : bytes < 1_073_741_824 / 2 ? (1_048_576, " MB") : (1_073_741_824, " GB")
        text.append(fixed: value / size, 1)
        text.append(unit)
    }
    /// format_kbyte_out.
    static func append(kilobytes: UInt64, to text: inout [UInt8]) {
        if kilobytes < 1024 { return text.append("\(kilobytes) kB" as ByteString) }
        let isMega = kilobytes < 1_048_576
        text.append(fixed: Double(kilobytes) / (isMega ? 1024 : 1_048_576), 1)
        text.append(isMega ? " MB" : " GB")
    }

    // MARK: Workers and processes

    private mutating func writeWorkers() {
        if options.isShort {
            say("BusyWorkers: \(counts.busy)\nGracefulWorkers: \(counts.graceful)\nIdleWorkers: \(counts.idle)\n")
        } else {
            say(
                "<dt>\(counts.busy) requests currently being processed, \(counts.graceful) workers gracefully restarting, "
            )
            say("\(counts.idle) idle workers</dt>\n</dl>")
        }
    }

    private mutating func writeProcesses() {
        if !options.isShort {
            say(
                "\n\n<table rules=\"all\" cellpadding=\"1%\">\n<tr><th rowspan=\"2\">Slot</th><th rowspan=\"2\">PID</th>"
            )
            say("<th rowspan=\"2\">Stopping</th><th colspan=\"2\">Connections</th>\n<th colspan=\"3\">Threads</th>")
            say("<th colspan=\"4\">Async connections</th></tr>\n<tr><th>total</th><th>accepting</th><th>busy</th>")
            say(
                "<th>graceful</th><th>idle</th><th>wait-io</th><th>writing</th><th>keep-alive</th><th>closing</th></tr>\n"
            )
        }
        var (connections, writing, keepAlive, closing, stopping) = (0, 0, 0, 0, 0)
        for child in board.children {
            connections += child.connections
            writing += child.writing
            keepAlive += child.keepAlive
            closing += child.closing
            if child.isQuiescing { stopping += 1 }
            guard !options.isShort else { continue }
            let own = Self.count(child)
            let old = child.generation == board.generation ? "" : " (old gen)"
            say("<tr><td>\(child.slot)</td><td>\(child.pid)</td><td>\(child.isQuiescing ? "yes" : "no")\(old)</td>")
            say("<td>\(child.connections)</td><td>\(child.isNotAccepting ? "no" : "yes")</td>")
            say("<td>\(own.busy)</td><td>\(own.graceful)</td><td>\(own.idle)</td><td>0</td>")
            say("<td>\(child.writing)</td><td>\(child.keepAlive)</td><td>\(child.closing)</td></tr>\n")
        }
        let processes = board.children.count
        if options.isShort {
            say("Processes: \(processes)\nStopping: \(stopping)\nConnsTotal: \(connections)\nConnsAsyncWaitIO: 0\n")
            say("ConnsAsyncWriting: \(writing)\nConnsAsyncKeepAlive: \(keepAlive)\nConnsAsyncClosing: \(closing)\n")
        } else {
            say("<tr><td>Sum</td><td>\(processes)</td><td>\(stopping)</td><td>\(connections)</td><td>&nbsp;</td>")
            say(
                "<td>\(counts.busy)</td><td>\(counts.graceful)</td><td>\(counts.idle)</td><td>0</td><td>\(writing)</td>"
            )
            say("<td>\(keepAlive)</td><td>\(closing)</td></tr>\n</table>\n")
        }
    }

    /// One letter for each worker there may be, 64 in a line.
    private mutating func writeMap() {
        say(options.isShort ? "Scoreboard: " : "<pre>")
        var written = 0
        for slot in 0..<max(board.serverLimit, (board.children.map(\.slot).max() ?? -1) + 1) {
            let child = board.children.first { $0.slot == slot }
            for index in 0..<board.workersPerChild {
                let state = child.flatMap { index < $0.workers.count ? $0.workers[index].state : nil } ?? .dead
                text.append(state.rawValue)
                if written % 64 == 63, !options.isShort { say("\n") }
                written += 1
            }
        }
        if options.isShort { return say("\n") }
        say("</pre>\n<p>Scoreboard Key:<br />\n\"<b><code>_</code></b>\" Waiting for Connection, \n")
        say("\"<b><code>S</code></b>\" Starting up, \n\"<b><code>R</code></b>\" Reading Request,<br />\n")
        say("\"<b><code>W</code></b>\" Sending Reply, \n\"<b><code>K</code></b>\" Keepalive (read), \n")
        say("\"<b><code>D</code></b>\" DNS Lookup,<br />\n\"<b><code>C</code></b>\" Closing connection, \n")
        say("\"<b><code>L</code></b>\" Logging, \n\"<b><code>G</code></b>\" Gracefully finishing,<br /> \n")
        say("\"<b><code>I</code></b>\" Idle cleanup of worker, \n")
        say("\"<b><code>.</code></b>\" Open slot with no current process<br />\n</p>\n")
        if !isExtended { writeProcessKey() }
    }
    private mutating func writeProcessKey() {
        say("PID Key: <br />\n<pre>\n")
        var column = 0
        for child in board.children {
            for worker in child.workers where worker.state != .dead {
                say("   \(child.pid) in state: ")
                text.append(worker.state.rawValue)
                column += 1
                say(column >= 3 ? " \n" : " ,")
                if column >= 3 { column = 0 }
            }
        }
        say("\n</pre>\n")
    }
}
