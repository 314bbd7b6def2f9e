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
    }
    private static let families: [Family] = [
        Family(name: "up", type: "gauge", help: "Could pool be reached?") { _ in 1 },
        Family(name: "start_since", type: "gauge", help: "The number of seconds since FPM has started.") {
            max(0, Int(RealTime.now / 1_000_000 - $0.startTime))
        },
        Family(
            name: "accepted_connections", type: "counter",
            help: "The number of requests accepted by the pool."
        ) { $0.acceptedConnections },
        Family(
            name: "listen_queue", type: "gauge",
            help: "The number of requests in the queue of pending connections."
        ) { $0.listenQueue },
        Family(
            name: "max_listen_queue", type: "gauge",
            help: "The maximum number of requests in the queue of pending connections since FPM has started."
        ) { $0.maxListenQueue },
        Family(
            name: "listen_queue_length", type: "gauge",
            help: "The size of the socket queue of pending connections."
        ) { $0.listenQueueLength },
        Family(name: "idle_processes", type: "gauge", help: "The number of idle processes.") { $0.idleProcesses },
        Family(name: "active_processes", type: "gauge", help: "The number of active processes.") {
            $0.activeProcesses
        },
        Family(name: "total_processes", type: "gauge", help: "The number of idle + active processes.") {
            $0.totalProcesses
        },
        Family(
            name: "max_active_processes", type: "gauge",
            help: "The maximum number of active processes since FPM has started."
        ) { $0.maxActiveProcesses },
        Family(
            name: "max_children_reached", type: "counter",
            help: """
                The number of times, the process limit has been reached, when pm tries to start more children \
                (works only for pm 'dynamic' and 'ondemand').
                """
        ) { $0.maxChildrenReached },
        Family(
            name: "slow_requests", type: "counter",
            help: "The number of requests that exceeded your 'request_slowlog_timeout' value."
        ) { $0.slowRequests },
        Family(
            name: "queue_timeouts", type: "counter",
            help: "The number of connections that were refused because they waited longer than 'pm.queue_timeout'."
        ) { $0.queueTimeouts },
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
