// No Apache counterpart: the figures of MPMReport as a picture

import LoadGenerator

/// An SVG with bars, in colours for light and for dark pages.
enum MPMReportPlot {
    private static let width = 830
    private static let left = 232
    private static let barWidth = 400
    private static let style = """
        text{font:12px system-ui,sans-serif;fill:#1f2328}.h{font-size:15px;font-weight:600}.n{fill:#59636e}
        .server{fill:#3b7dd8}.fpm{fill:#e08a3c}.page{fill:#7a8aa0}.script{fill:#2f9e6e}.page2{fill:#aab6c4}.script2{fill:#8fd0b3}
        .axis{stroke:#d0d7de}
        @media (prefers-color-scheme:dark){text{fill:#e6edf3}.n{fill:#9198a1}.server{fill:#5a9bf0}.fpm{fill:#f0a35e}
        .page{fill:#8b98a9}.script{fill:#45b886}.page2{fill:#5c6877}.script2{fill:#2b6d52}.axis{stroke:#3d444d}}
        """

    private struct Drawing {
        var y = 30
        var parts: [String] = []

        mutating func title(_ text: String, _ key: [(String, String)]) {
            parts.append("<text class=\"h\" x=\"16\" y=\"\(y)\">\(text)</text>")
            var x = 16
            for (style, name) in key {
                parts.append(
                    "<rect class=\"\(style)\" x=\"\(x)\" y=\"\(y + 11)\" width=\"11\" height=\"11\" rx=\"2\"/>")
                parts.append("<text class=\"n\" x=\"\(x + 16)\" y=\"\(y + 21)\">\(name)</text>")
                x += 34 + name.count * 7
            }
            y += 40
        }
        mutating func group(_ name: String) {
            parts.append("<text x=\"16\" y=\"\(y + 13)\">\(name)</text>")
        }
        /// One bar of pieces, with its name at the left and its value at the right.
        mutating func bar(_ name: String, _ pieces: [(style: String, share: Double)], _ value: String) {
            parts.append("<text class=\"n\" x=\"\(left - 8)\" y=\"\(y + 13)\" text-anchor=\"end\">\(name)</text>")
            var x = Double(left)
            for piece in pieces where piece.share > 0 {
                let wide = max(1.5, piece.share * Double(barWidth))
                parts.append(
                    "<rect class=\"\(piece.style)\" x=\"\(tenths(x))\" y=\"\(y + 2)\" width=\"\(tenths(wide))\" height=\"14\" rx=\"2\"/>"
                )
                x += wide
            }
            parts.append("<text x=\"\(tenths(x + 7))\" y=\"\(y + 13)\">\(value)</text>")
            y += 19
        }
        mutating func gap(_ height: Int, line: Bool = false) {
            y += height
            guard line else { return }
            parts.append("<path class=\"axis\" d=\"M16 \(y)H\(width - 16)\"/>")
            y += 30
        }
        private func tenths(_ value: Double) -> String {
            let whole = Int((value * 10).rounded())
            return "\(whole / 10).\(whole % 10)"
        }
    }

    static func svg(_ rows: [MPMReport.Row]) -> String {
        var drawing = Drawing()
        drawMemory(rows, &drawing)
        drawing.gap(6, line: true)
        drawSpeed(rows, &drawing)
        drawing.gap(6, line: true)
        drawLatency(rows, &drawing)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(drawing.y + 10)" width="\(width)" height="\(drawing.y + 10)">
            <style>\(style)</style>
            \(drawing.parts.joined(separator: "\n"))
            </svg>

            """
    }
    private static func drawMemory(_ rows: [MPMReport.Row], _ drawing: inout Drawing) {
        drawing.title("Memory of all processes (PSS)", [("server", "server"), ("fpm", "martinet-fpm")])
        let most = Double(max(1, rows.flatMap { $0.memory.map(\.total) }.max() ?? 1))
        for row in rows {
            drawing.group(row.name)
            for one in row.memory {
                drawing.bar(
                    MPMReportText.label(one),
                    [("server", Double(one.server) / most), ("fpm", Double(one.fpm) / most)],
                    "\(MPMReportText.megabytes(one.total)) MB")
            }
            drawing.gap(8)
        }
    }
    private static func drawSpeed(_ rows: [MPMReport.Row], _ drawing: inout Drawing) {
        drawing.title("Requests a second", [("page", "static page"), ("script", "PHP page")])
        let most = max(1, rows.map { max($0.page.perSecond, $0.script.perSecond) }.max() ?? 1)
        for row in rows {
            drawing.group(row.name)
            for (name, style, load) in [("static", "page", row.page), ("PHP", "script", row.script)] {
                drawing.bar(name, [(style, load.perSecond / most)], "\(Int(load.perSecond))")
            }
            drawing.gap(8)
        }
    }
    private static func drawLatency(_ rows: [MPMReport.Row], _ drawing: inout Drawing) {
        drawing.title(
            "Latency",
            [("page", "static, median"), ("page2", "to p99"), ("script", "PHP, median"), ("script2", "to p99")])
        let most = Double(max(1, rows.map { max($0.page.percentile(0.99), $0.script.percentile(0.99)) }.max() ?? 1))
        for row in rows {
            drawing.group(row.name)
            for (name, style, load) in [("static", "page", row.page), ("PHP", "script", row.script)] {
                let (middle, end) = (load.percentile(0.5), load.percentile(0.99))
                drawing.bar(
                    name, [(style, Double(middle) / most), (style + "2", Double(end - middle) / most)],
                    "\(MPMReportText.milliseconds(middle)) / \(MPMReportText.milliseconds(load.percentile(0.9))) / \(MPMReportText.milliseconds(end)) ms"
                )
            }
            drawing.gap(8)
        }
    }
}
