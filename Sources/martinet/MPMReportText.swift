// No Apache counterpart: the figures of MPMReport, for people and programs

import LoadGenerator

/// A table for the terminal, and JSON.
enum MPMReportText {
    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
    static func milliseconds(_ microseconds: Int64) -> String {
        let hundredths = microseconds % 1000 / 10
        return "\(microseconds / 1000).\(hundredths < 10 ? "0" : "")\(hundredths)"
    }
    static func megabytes(_ kilobytes: Int) -> String { "\(kilobytes / 1024).\(kilobytes % 1024 * 10 / 1024)" }
    static func label(_ memory: MPMReport.Memory) -> String { memory.connections.map { "\($0) idle" } ?? "under load" }
    static let percentiles: [(name: String, share: Double)] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)]

    static func table(_ rows: [MPMReport.Row]) -> String {
        var lines = ["Memory (PSS of all processes) in MB; of that FPM's:"]
        lines.append(pad("", 20) + (rows.first?.memory ?? []).map { pad(label($0), 16) }.joined())
        for row in rows {
            let cells = row.memory.map {
                pad(megabytes($0.total) + ($0.fpm > 0 ? " (\(megabytes($0.fpm)))" : ""), 16)
            }
            lines.append(row.name + pad("", 20 - row.name.count) + cells.joined())
        }
        lines.append("")
        lines.append(
            pad("", 34) + (["req/s"] + percentiles.map { "\($0.name) ms" } + ["errors"]).map { pad($0, 10) }.joined())
        for row in rows {
            for (name, load) in [("static page", row.page), ("PHP page", row.script)] {
                let cells =
                    ["\(Int(load.perSecond))"] + percentiles.map { milliseconds(load.percentile($0.share)) }
                    + ["\(load.errors)"]
                let title = "\(row.name), \(name)"
                lines.append(title + pad("", 34 - title.count) + cells.map { pad($0, 10) }.joined())
            }
        }
        return lines.joined(separator: "\n")
    }

    static func json(_ rows: [MPMReport.Row]) -> String {
        "[\n" + rows.map(object).joined(separator: ",\n") + "\n]\n"
    }
    private static func object(_ row: MPMReport.Row) -> String {
        let memory = row.memory.map { one in
            let what = one.connections.map { "\"idleConnections\": \($0)" } ?? "\"load\": true"
            return "    {\(what), \"serverPssKilobytes\": \(one.server), \"fpmPssKilobytes\": \(one.fpm)}"
        }
        return """
              {
                "mpm": "\(row.mpm)",
                "php": "\(row.php)",
                "memory": [
            \(memory.joined(separator: ",\n"))
                ],
                "static": \(object(row.page)),
                "script": \(object(row.script))
              }
            """
    }
    private static func object(_ load: LoadResult) -> String {
        let latencies = percentiles.map { "\"\($0.name)\": \(load.percentile($0.share))" }.joined(separator: ", ")
        return
            "{\"requests\": \(load.requests), \"requestsPerSecond\": \(Int(load.perSecond)), \"errors\": \(load.errors), \"latencyMicroseconds\": {\(latencies)}}"
    }
}
