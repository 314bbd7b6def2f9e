// PHP: sapi/fpm/fpm/fpm_status.c (fpm_status_handle_request)
import Bytes
import HTTP
import Kernel

/// The status page of a pool (`pm.status_path`).
struct StatusPage {
    enum Format: Sendable, CaseIterable {
        case text, html, xml, json, openmetrics

        var contentType: ByteString {
            switch self {
            case .text: "text/plain"
            case .html: "text/html"
            case .xml: "text/xml"
            case .json: "application/json"
            case .openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }
    let format: Format
    /// With the processes.
    let isFull: Bool

    /// By the names in a query. As in PHP's FPM a name counts that is the beginning of a keyword: `?f` is `?full`.
    init(query: ByteString) {
        let names = query.split(on: UInt8(ascii: "&")).map(Self.name)
        func has(_ keyword: StaticString) -> Bool {
            let whole = ByteString(keyword)
            return names.contains { !$0.isEmpty && whole.hasPrefix($0) }
        }
        format =
            has("html") ? .html : has("xml") ? .xml : has("json") ? .json : has("openmetrics") ? .openmetrics : .text
        isFull = has("full")
    }
    private static func name(_ pair: ByteString) -> ByteString {
        let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.count
        let spaced = ByteString(pair.upTo(end).map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 })
        let name = ByteString(URLPath.percentDecoded(spaced).drop { $0 == UInt8(ascii: " ") })
        return name.upTo(name.firstIndex(of: UInt8(ascii: "[")) ?? name.count)
    }

    /// The answer. `showsQueueTimeouts`: with what PHP's FPM does not have.
    func task(_ status: PoolStatus, isHead: Bool, showsQueueTimeouts: Bool) -> ScriptTask {
        // PHP's FPM leaves the type to PHP where there is no body.
        if isHead { return .page(headers: TaskDecision.uncached, body: "") }
        let body = body(status, now: RealTime.now / 1_000_000, showsQueueTimeouts: showsQueueTimeouts)
        return .page(headers: TaskDecision.uncached + ["Content-Type: \(format.contentType)"], body: body)
    }

    func body(_ status: PoolStatus, now: Int64, showsQueueTimeouts: Bool) -> ByteString {
        var fields = poolFields(status, now: now)
        if showsQueueTimeouts { fields.append(("queue timeouts", .number(status.queueTimeouts))) }
        var page = StatusText()
        switch format {
        case .text:
            page.table(fields)
            if isFull {
                for process in status.processes {
                    page.add("\n************************\n")
                    page.table(processFields(process, now: now))
                }
            }
        case .html: htmlBody(fields, status, now, &page)
        case .xml: xmlBody(fields, status, now, &page)
        case .json: jsonBody(fields, status, now, &page)
        case .openmetrics: page.metrics(status, now: now, showsQueueTimeouts: showsQueueTimeouts)
        }
        return ByteString(page.bytes)
    }

    /// A value and how it is written.
    enum Value {
        case number(Int)
        case decimal(Double)
        /// Already written for the format.
        case text(ByteString)
    }
    private var isSeconds: Bool { format == .xml || format == .json }
    private func time(_ seconds: Int64) -> Value {
        if isSeconds { return .number(Int(seconds)) }
        return .text(CalendarTime.format(seconds, AccessFormat.usualTime))
    }
    private func poolFields(_ status: PoolStatus, now: Int64) -> [(String, Value)] {
        [
            ("pool", .text(plain(status.pool))), ("process manager", .text(ByteString(status.processManager.rawValue))),
            ("start time", time(status.startTime)), ("start since", .number(Int(now - status.startTime))),
            ("accepted conn", .number(status.acceptedConnections)), ("listen queue", .number(status.listenQueue)),
            ("max listen queue", .number(status.maxListenQueue)),
            ("listen queue len", .number(status.listenQueueLength)),
            ("idle processes", .number(status.idleProcesses)), ("active processes", .number(status.activeProcesses)),
            ("total processes", .number(status.totalProcesses)),
            ("max active processes", .number(status.maxActiveProcesses)),
            ("max children reached", .number(status.maxChildrenReached)),
            ("slow requests", .number(status.slowRequests)),
        ]
    }
    private func processFields(_ one: ProcessStatus, now: Int64) -> [(String, Value)] {
        func orDash(_ text: ByteString) -> Value { .text(text.isEmpty ? "-" : escaped(text)) }
        var uri: ByteString = one.requestURI.isEmpty ? "-" : escaped(one.requestURI)
        if !one.queryString.isEmpty { uri = "\(uri)?\(escaped(one.queryString))" }
        return [
            ("pid", .number(Int(one.pid))), ("state", .text(ByteString(one.state.name))),
            ("start time", time(one.startTime)), ("start since", .number(Int(now - one.startTime))),
            ("requests", .number(one.requests)), ("request duration", .number(Int(one.requestDuration))),
            ("request method", orDash(one.requestMethod)),
            (format == .text ? "request URI" : "request uri", .text(uri)),
            ("content length", .number(one.contentLength)), ("user", orDash(one.user)), ("script", orDash(one.script)),
            ("last request cpu", .decimal(one.lastRequestCPU)),
            ("last request memory", .number(one.lastRequestMemory)),
        ]
    }
    /// What the client chose.
    private func escaped(_ text: ByteString) -> ByteString {
        switch format {
        case .html, .xml: MarkupText.escape(text)
        case .json: JSONText.escape(text)
        case .text, .openmetrics: text
        }
    }
    /// The pool's name: PHP's FPM writes it as it is; here what would break the page is escaped.
    private func plain(_ text: ByteString) -> ByteString {
        switch format {
        case .html, .xml: MarkupText.escape(text)
        case .json: JSONText.escapeBreaking(text)
        case .text, .openmetrics: text
        }
    }

    private func htmlBody(_ fields: [(String, Value)], _ status: PoolStatus, _ now: Int64, _ page: inout StatusText) {
        page.add(
            """
            <!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
            <html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
            <head><title>PHP-FPM Status Page</title></head>
            <body>
            <table>

            """)
        for (name, value) in fields {
            page.add("<tr><th>\(name)</th><td>")
            page.add(value)
            page.add("</td></tr>\n")
        }
        page.add("</table>\n")
        guard isFull else { return page.add("</body></html>") }
        page.add("<table border=\"1\">\n<tr>")
        for (name, _) in processFields(ProcessStatus(), now: now) { page.add("<th>\(name)</th>") }
        page.add("</tr>\n")
        for process in status.processes {
            page.add("<tr>")
            for (_, value) in processFields(process, now: now) {
                page.add("<td>")
                page.add(value)
                page.add("</td>")
            }
            page.add("</tr>\n")
        }
        page.add("</table></body></html>")
    }

    private func xmlBody(_ fields: [(String, Value)], _ status: PoolStatus, _ now: Int64, _ page: inout StatusText) {
        page.add("<?xml version=\"1.0\" ?>\n<status>\n")
        for field in fields {
            page.element(field)
            page.add("\n")
        }
        guard isFull else { return page.add("</status>") }
        page.add("<processes>\n")
        for process in status.processes {
            page.add("<process>")
            for field in processFields(process, now: now) { page.element(field) }
            page.add("</process>\n")
        }
        page.add("</processes>\n</status>")
    }

    private func jsonBody(_ fields: [(String, Value)], _ status: PoolStatus, _ now: Int64, _ page: inout StatusText) {
        page.add("{")
        page.members(fields)
        if isFull {
            page.add(", \"processes\":[")
            for (index, process) in status.processes.enumerated() {
                page.add(index == 0 ? "{" : ",{")
                page.members(processFields(process, now: now))
                page.add("}")
            }
            page.add("]")
        }
        page.add("}")
    }
}
