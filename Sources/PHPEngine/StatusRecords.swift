// PHP: sapi/fpm/fpm/fpm_status.c, fpm_status_export_to_zval
import Bytes
import FPM
import Kernel

/// A nested array as the shim reads it: see `pool_status` in martinet_php.h.
struct Records {
    private(set) var bytes: [UInt8] = []

    mutating func text(_ name: StaticString, _ value: ByteString) { add("s", name, value) }
    mutating func integer(_ name: StaticString, _ value: Int) { add("i", name, ByteString(decimal: value)) }
    mutating func number(_ name: StaticString, _ value: Double) { add("d", name, "\(value.isFinite ? value : 0)") }
    mutating func begin(_ name: StaticString) {
        bytes.append(UInt8(ascii: "["))
        bytes.append(name)
        bytes.append(0)
    }
    mutating func end() { bytes.append(UInt8(ascii: "]")) }

    private mutating func add(_ kind: StaticString, _ name: StaticString, _ value: ByteString) {
        bytes.append(kind)
        bytes.append(name)
        bytes.append(0)
        bytes += value.bytes.prefix { $0 != 0 }
        bytes.append(0)
    }
}

extension PoolStatus {
    /// What `fpm_get_status()` returns at `now` (seconds since the epoch).
    func records(now: Int64) -> [UInt8] {
        var records = Records()
        records.text("pool", pool)
        records.text("process-manager", ByteString(processManager.rawValue))
        records.integer("start-time", Int(startTime))
        records.integer("start-since", Int(now &- startTime))
        records.integer("accepted-conn", acceptedConnections)
        records.integer("listen-queue", listenQueue)
        records.integer("max-listen-queue", maxListenQueue)
        records.integer("listen-queue-len", listenQueueLength)
        records.integer("idle-processes", idleProcesses)
        records.integer("active-processes", activeProcesses)
        records.integer("total-processes", totalProcesses)
        records.integer("max-active-processes", maxActiveProcesses)
        records.integer("max-children-reached", maxChildrenReached)
        records.integer("slow-requests", slowRequests)
        records.begin("procs")
        for process in processes { process.add(to: &records, now: now) }
        records.end()
        return records.bytes
    }
}

extension ProcessStatus {
    fileprivate func add(to records: inout Records, now: Int64) {
        let isIdle = state == .accepting
        records.begin("")
        records.integer("pid", Int(pid))
        records.text("state", ByteString(state.name))
        records.integer("start-time", Int(startTime))
        records.integer("start-since", Int(now &- startTime))
        records.integer("requests", requests)
        records.integer("request-duration", Int(requestDuration))
        records.text("request-method", requestMethod.orDash)
        records.text("request-uri", requestURI)
        records.text("query-string", queryString)
        records.integer("request-length", contentLength)
        records.text("user", user.orDash)
        records.text("script", script.orDash)
        records.number("last-request-cpu", isIdle ? lastRequestCPU : 0)
        records.integer("last-request-memory", isIdle ? lastRequestMemory : 0)
        records.end()
    }
}

extension ByteString {
    fileprivate var orDash: ByteString { isEmpty ? "-" : self }
}
