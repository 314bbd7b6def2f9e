// Apache: modules/generators/mod_status.c status_handler (the table of requests)

import Bytes
import HTTP
import Kernel
import ServerCore

extension StatusPage {
    /// What every worker did last: the part that ExtendedStatus adds.
    mutating func writeRequests() {
        if options.hasNoTable {
            say("<hr /><h2>Server Details</h2>\n\n")
        } else {
            say("\n\n<table border=\"0\"><tr><th>Srv</th><th>PID</th><th>Acc</th><th>M</th><th>CPU\n</th><th>SS</th>")
            say("<th>Req</th><th>Dur</th><th>Conn</th><th>Child</th><th>Slot</th><th>Client</th><th>Protocol</th>")
            say("<th>VHost</th><th>Request</th></tr>\n\n")
        }
        for child in board.children {
            for worker in child.workers
            where worker.accesses != 0 || (worker.state != .ready && worker.state != .dead) {
                if options.hasNoTable { writeParagraph(child, worker) } else { writeRow(child, worker) }
            }
        }
        if !options.hasNoTable { writeKey() }
    }

    private func seconds(_ worker: ScoreboardSnapshot.Worker) -> Int {
        worker.started == 0 ? 0 : Int(max(0, now - worker.started) / 1_000_000)
    }
    private func milliseconds(_ worker: ScoreboardSnapshot.Worker) -> Int {
        worker.started == 0 ? 0 : Int(max(0, worker.stopped - worker.started) / 1000)
    }

    private mutating func writeRow(_ child: ScoreboardSnapshot.Child, _ worker: ScoreboardSnapshot.Worker) {
        let pid = worker.state == .dead ? "-" : "\(child.pid)"
        say("<tr><td><b>\(child.slot)-\(child.generation)</b></td><td>\(pid)</td><td>")
        say("\(worker.connectionAccesses)/\(worker.childAccesses)/\(worker.accesses)</td><td>")
        switch worker.state {
        case .ready, .dead, .graceful, .idleKill: text.append(worker.state.rawValue)
        default:
            say("<b>")
            text.append(worker.state.rawValue)
            say("</b>")
        }
        say("\n</td><td>")
        text.append(fixed: Double(child.cpu.user + child.cpu.system) / 1e6, 2)
        say("</td><td>\(seconds(worker))</td><td>\(milliseconds(worker))</td><td>\(worker.duration)</td><td>")
        text.append(fixed: Double(worker.connectionBytes) / 1024, 1)
        say("</td><td>")
        text.append(fixed: Double(worker.childBytes) / 1_048_576, 2)
        say("</td><td>")
        text.append(fixed: Double(worker.bytes) / 1_048_576, 2)
        say("\n</td><td>\(worker.client.escapedHTML)</td><td>\(worker.protocolName.escapedHTML)</td>")
        say("<td nowrap>\(worker.virtualHost.escapedHTML)</td>")
        say("<td nowrap>\(worker.request.escapedLogItem.escapedHTML)</td></tr>\n\n")
    }

    private mutating func writeParagraph(_ child: ScoreboardSnapshot.Child, _ worker: ScoreboardSnapshot.Worker) {
        let pid = worker.state == .dead ? "-" : "\(child.pid)"
        say("<b>Server \(child.slot)-\(child.generation)</b> (\(pid)): ")
        say("\(worker.connectionAccesses)|\(worker.childAccesses)|\(worker.accesses) [\(Self.words(worker.state))] u")
        text.append(general: Double(child.cpu.user) / 1e6)
        say(" s")
        text.append(general: Double(child.cpu.system) / 1e6)
        say(" cu0 cs0\n \(seconds(worker)) \(milliseconds(worker)) \(worker.duration)(")
        Self.append(bytes: worker.connectionBytes, to: &text)
        say("|")
        Self.append(bytes: worker.childBytes, to: &text)
        say("|")
        Self.append(bytes: worker.bytes, to: &text)
        say(")\n <i>\(worker.client.escapedHTML) {\(worker.request.escapedLogItem.escapedHTML)}</i> ")
        say("<i>(\(worker.protocolName.escapedHTML))</i> <b>[\(worker.virtualHost.escapedHTML)]</b><br />\n\n")
    }
    private static func words(_ state: WorkerState) -> ByteString {
        switch state {
        case .ready: "Ready"
        case .starting: "Starting"
        case .reading: "<b>Read</b>"
        case .writing: "<b>Write</b>"
        case .keepAlive: "<b>Keepalive</b>"
        case .logging: "<b>Logging</b>"
        case .lookingUp: "<b>DNS lookup</b>"
        case .closing: "<b>Closing</b>"
        case .dead: "Dead"
        case .graceful: "Graceful"
        case .idleKill: "Dying"
        }
    }

    private mutating func writeKey() {
        say("</table>\n <hr /> <table>\n <tr><th>Srv</th><td>Child Server number - generation</td></tr>\n ")
        say("<tr><th>PID</th><td>OS process ID</td></tr>\n ")
        say("<tr><th>Acc</th><td>Number of accesses this connection / this child / this slot</td></tr>\n ")
        say("<tr><th>M</th><td>Mode of operation</td></tr>\n")
        say("<tr><th>CPU</th><td>CPU usage, number of seconds</td></tr>\n")
        say("<tr><th>SS</th><td>Seconds since beginning of most recent request</td></tr>\n ")
        say("<tr><th>Req</th><td>Milliseconds required to process most recent request</td></tr>\n ")
        say("<tr><th>Dur</th><td>Sum of milliseconds required to process all requests</td></tr>\n ")
        say("<tr><th>Conn</th><td>Kilobytes transferred this connection</td></tr>\n ")
        say("<tr><th>Child</th><td>Megabytes transferred this child</td></tr>\n ")
        say("<tr><th>Slot</th><td>Total megabytes transferred this slot</td></tr>\n </table>\n")
    }
}
