// Apache: server/mpm_unix.c (ap_process_child_status), modules/debugging/mod_log_forensic.c in spirit

import Bytes
import Kernel
import ServerCore

/// What the error log says of a child that a signal ended, with the requests it had at work.
enum CrashReport {
    /// More than these are counted, not listed.
    private static let limit = 8

    static func log(_ parent: Parent, _ child: Parent.ChildRecord, _ signal: Int32) {
        // Those we send ourselves, and users do.
        if [Signal.terminate, Signal.hangUp, Signal.user1, Signal.kill].contains(signal) { return }
        parent.log(.notice, "AH00052: child pid \(child.pid) exit signal \(name(signal)) (\(signal))", module: "core")
        let working = parent.board.working(child.slot)
        if working.isEmpty { parent.log(.error, "child pid \(child.pid) had no request at work") }
        for (index, worker) in working.prefix(limit).enumerated() {
            let role = index == 0 ? "was working on" : "had also begun"
            if worker.request.isEmpty {
                parent.log(.error, "child pid \(child.pid) was reading a request, client \(worker.client)")
                continue
            }
            parent.log(
                .error,
                "child pid \(child.pid) \(role) \"\(worker.request)\" for \(worker.virtualHost), client \(worker.client)"
            )
        }
        if working.count > limit {
            parent.log(.error, "child pid \(child.pid) had \(working.count - limit) more requests at work")
        }
    }
    /// As strsignal(3).
    static func name(_ signal: Int32) -> String {
        switch signal {
        case 2: "Interrupt"
        case 3: "Quit"
        case 4: "Illegal instruction"
        case 5: "Trace/breakpoint trap"
        case 6: "Aborted"
        case 7: "Bus error"
        case 8: "Floating point exception"
        case 9: "Killed"
        case 10: "User defined signal 1"
        case 11: "Segmentation fault"
        case 12: "User defined signal 2"
        case 13: "Broken pipe"
        case 14: "Alarm clock"
        case 24: "CPU time limit exceeded"
        case 25: "File size limit exceeded"
        case 31: "Bad system call"
        default: "Unknown signal \(signal)"
        }
    }
}
