// PHP: sapi/fpm/fpm/fpm_status.c, the openmetrics page
import Bytes
import Kernel

/// The figures of all pools on one page, with a label for the pool. The names are those of PHP's FPM.
enum MetricsPage {
    private struct Family {
        let name: String
        let type: String
        let help: String
        let value: @Sendable (PoolStatus) -> Int

        init(_ name: String, _ type: String, _ help: String, _ value: @escaping @Sendable (PoolStatus) -> Int) {
            self.name = name
            self.type = type
            self.help = help
            self.value = value
        }
    }
    private static let families: [Family] = [
        Family("up", "gauge", "Could pool be reached?") { _ in 1 },
        Family("start_since", "gauge", "The number of seconds since FPM has started.") {
            max(0, Int(RealTime.now / 1_000_000 - $0.startTime))
        },
        Family(
            "accepted_connections", "counter", "The number of requests accepted by the pool."
        ) { $0.acceptedConnections },
        Family(
            "listen_queue", "gauge", "The number of requests in the queue of pending connections."
        ) { $0.listenQueue },
        Family(
            "max_listen_queue", "gauge",
            "The maximum number of requests in the queue of pending connections since FPM has started."
        ) { $0.maxListenQueue },
        Family(
            "listen_queue_length", "gauge", "The size of the socket queue of pending connections."
        ) { $0.listenQueueLength },
        Family("idle_processes", "gauge", "The number of idle processes.") { $0.idleProcesses },
        Family("active_processes", "gauge", "The number of active processes.") {
            $0.activeProcesses
        },
        Family("total_processes", "gauge", "The number of idle + active processes.") {
            $0.totalProcesses
        },
        Family(
            "max_active_processes", "gauge", "The maximum number of active processes since FPM has started."
        ) { $0.maxActiveProcesses },
        Family(
            "max_children_reached", "counter",
            """
            The number of times, the process limit has been reached, when pm tries to start more children \
            (works only for pm 'dynamic' and 'ondemand').
            """
        ) { $0.maxChildrenReached },
        Family(
            "slow_requests", "counter", "The number of requests that exceeded your 'request_slowlog_timeout' value."
        ) { $0.slowRequests },
        Family(
            "queue_timeouts", "counter",
            "The number of connections that were refused because they waited longer than 'pm.queue_timeout'."
        ) { $0.queueTimeouts },
        Family(
            "queued_connections", "counter",
            "The number of connections that found every worker busy and were served later (pools with 'pm.queue_timeout')."
        ) { $0.queuedConnections },
        Family("queue_wait_microseconds", "counter", "How long these connections waited for a worker, all together.") {
            $0.queueWait
        },
    ]

    static func text(_ pools: [PoolStatus]) -> ByteString {
        var page: ByteString = ""
        for family in families {
            page +=
                "# HELP phpfpm_\(family.name) \(family.help)\n# TYPE phpfpm_\(family.name) \(family.type)\n"
                as ByteString
            for pool in pools {
                page += "phpfpm_\(family.name){pool=\"\(escaped(pool.pool))\"} \(family.value(pool))\n" as ByteString
            }
        }
        return page + "# EOF\n"
    }
    private static func escaped(_ text: ByteString) -> ByteString {
        ByteString(
            text.flatMap { byte -> [UInt8] in
                switch byte {
                case 10: Array("\\n".utf8)
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): [UInt8(ascii: "\\"), byte]
                default: [byte]
                }
            })
    }
}
