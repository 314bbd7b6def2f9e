// No Apache counterpart: the figures of MPMReport, for people and programs

/// A table for the terminal, JSON, and a plot of the memory of idle connections.
enum MPMReportText {
    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
    private static func milliseconds(_ microseconds: Int64) -> String {
        let hundredths = microseconds % 1000 / 10
        return "\(microseconds / 1000).\(hundredths < 10 ? "0" : "")\(hundredths)"
    }

    static func table(_ rows: [MPMReport.Row]) -> String {
        var lines: [String] = []
        let counts = rows.first?.idle.map { "\($0.count) idle" } ?? []
        let head = counts + ["load", "req/s", "p50 ms", "p95 ms", "p99 ms", "errors"]
        lines.append("Memory in MB of all processes (PSS):")
        lines.append(pad("", 8) + head.map { pad($0, 11) }.joined())
        for row in rows {
            let memory = (row.idle.map(\.kilobytes) + [row.loadKilobytes]).map {
                "\($0 / 1024).\($0 % 1024 * 10 / 1024)"
            }
            let speed = ["\(Int(row.load.perSecond))"]
            let latencies = [0.5, 0.95, 0.99].map { milliseconds(row.load.percentile($0)) }
            let cells = memory + speed + latencies + ["\(row.load.errors)"]
            lines.append(row.mpm + pad("", 8 - row.mpm.count) + cells.map { pad($0, 11) }.joined())
        }
        return lines.joined(separator: "\n")
    }
    static func json(_ rows: [MPMReport.Row]) -> String {
        let objects = rows.map { row in
            let idle = row.idle.map { "{\"connections\": \($0.count), \"pssKilobytes\": \($0.kilobytes)}" }
            let latencies = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)].map { name, share in
                "\"\(name)\": \(row.load.percentile(share))"
            }
            return """
                {"mpm": "\(row.mpm)", "idle": [\(idle.joined(separator: ", "))], "loadPssKilobytes": \(row.loadKilobytes), \
                "requestsPerSecond": \(Int(row.load.perSecond)), "errors": \(row.load.errors), \
                "latencyMicroseconds": {\(latencies.joined(separator: ", "))}}
                """
        }
        return "[\n" + objects.joined(separator: ",\n") + "\n]\n"
    }
    /// A bar for each MPM and number of idle connections.
    static func svg(_ rows: [MPMReport.Row]) -> String {
        let most = max(1, rows.flatMap { $0.idle.map(\.kilobytes) }.max() ?? 1)
        var y = 40
        var parts: [String] = []
        for row in rows {
            for one in row.idle {
                let width = max(1, one.kilobytes * 420 / most)
                parts.append("<text x=\"10\" y=\"\(y + 13)\">\(row.mpm), \(one.count) idle</text>")
                parts.append("<rect x=\"150\" y=\"\(y)\" width=\"\(width)\" height=\"16\" fill=\"#4477aa\"/>")
                parts.append("<text x=\"\(156 + width)\" y=\"\(y + 13)\">\(one.kilobytes / 1024) MB</text>")
                y += 22
            }
            y += 10
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="660" height="\(y)" font-family="sans-serif" font-size="12">
            <text x="10" y="20" font-size="14">Memory (PSS) with idle kept connections</text>
            \(parts.joined(separator: "\n"))
            </svg>

            """
    }
}
