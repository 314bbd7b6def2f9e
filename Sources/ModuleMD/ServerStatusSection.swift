// Apache: modules/md/mod_md_status.c (md_domains_status_hook, md_ocsp_status_hook)

import ACME
import Bytes
import HTTP
import Kernel
import ServerCore

/// `MDServerStatus`: domains and staples on the page of mod_status.
enum ServerStatusSection {
    @Sendable static func text(_ request: Request, _ isShort: Bool) -> [UInt8] {
        guard let registry = request.configuration.managedDomains, registry.config.hasServerStatus else { return [] }
        let entries = registry.current(request.configuration).sorted { $0.domain.name < $1.domain.name }
        let rows = entries.map { StatusHandlers.domain($0, registry, withLog: false) }
        var page = StatusRows(isShort: isShort, config: registry.config)
        if isShort { page.stock(entries, registry) }
        page.table("Managed Certificates", "md_status", "ManagedDomain", rows, StatusRows.ofDomains)
        let staples = registry.stapling.certificates.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
            .map { staple($0, registry) }
        if isShort { page.stock(staples) }
        page.table("Managed Staplings", "md_ocsp_status", "ManagedStapling", staples, StatusRows.ofStaples)
        return page.text
    }
    private static func staple(_ certificate: StapledCertificate, _ registry: Registry) -> JSON {
        let status = CertificateStatus(registry.store, certificate.name, certificate.id)
        let renewAt = status.map { registry.config.statusRenewWindow.start(from: $0.from, to: $0.until) } ?? 0
        var json: JSON = [
            "domain": .string(certificate.name), "id": .string(certificate.id),
            "status": .string((status?.state ?? .unknown).rawValue), "url": .string(certificate.responder),
            "valid": status?.period ?? .null,
        ]
        if renewAt > 0 { json["renew-at"] = .string(RFC822.text(renewAt)) }
        if renewAt < RealTime.now / 1_000_000, let job = try? registry.store.json(.ocsp, certificate.name, "job.json") {
            json["renewal"] = job
        }
        return json
    }
}

/// The rows of such a section, in both forms.
struct StatusRows {
    let isShort: Bool
    let config: GlobalConfig
    private(set) var text: [UInt8] = []
    /// What lines of the short form begin with.
    private var prefix = ""

    typealias Cell = (label: String, write: @Sendable (inout StatusRows, JSON) -> Void)
    private static let now: @Sendable () -> Int64 = { RealTime.now / 1_000_000 }

    init(isShort: Bool, config: GlobalConfig) {
        self.isShort = isShort
        self.config = config
    }
    private mutating func say(_ words: String) { text += words.utf8 }
    private mutating func line(_ label: String, _ value: String) { say("\(prefix)\(label): \(value)\n") }
    private func escaped(_ words: String) -> String { ByteString(words).escapedHTML.string }

    mutating func table(_ title: String, _ style: String, _ name: String, _ rows: [JSON], _ cells: [Cell]) {
        guard !rows.isEmpty else { return }
        if !isShort {
            say("<hr>\n<h3>\(title)</h3>\n<table class='\(style)'><thead><tr>\n")
            for cell in cells { say("<th class=\"\(cell.label)\">\(cell.label)</th>") }
            say("</tr>\n</thead><tbody>")
        }
        for (index, row) in rows.enumerated() {
            if !isShort { say("<tr class=\"\(index % 2 == 0 ? "even" : "odd")\">") }
            for cell in cells {
                prefix = "\(name)[\(index)]"
                if !isShort { say("<td>") }
                cell.write(&self, row)
                if !isShort { say("</td>") }
            }
            if !isShort { say("</tr>") }
        }
        if !isShort { say("</td></tr>\n</tbody>\n</table>\n") }
        prefix = ""
    }

    // MARK: Counts

    /// md_status_take_stock
    mutating func stock(_ entries: [Registry.Entry], _ registry: Registry) {
        var (complete, renewing, errored, ready) = (0, 0, 0, 0)
        for entry in entries {
            switch entry.domain.state {
            case .complete, .incomplete:
                if entry.domain.state == .complete { complete += 1 }
                guard entry.stock.shouldRenew else { continue }
                renewing += 1
                let job = Job(registry.store, entry.domain.name)
                if job.errors > 0 || job.last.map({ $0.status != 0 }) ?? false {
                    errored += 1
                } else if job.isFinished {
                    ready += 1
                }
            default: errored += 1
            }
        }
        prefix = "ManagedCertificates"
        line("Total", "\(entries.count)")
        line("OK", "\(complete)")
        line("Renew", "\(renewing)")
        line("Errored", "\(errored)")
        line("Ready", "\(ready)")
    }
    /// md_ocsp_get_summary
    mutating func stock(_ staples: [JSON]) {
        func count(_ state: String) -> String { "\(staples.count { $0["status"].string == state })" }
        prefix = "ManagedStaplings"
        line("Total", "\(staples.count)")
        line("OK", count("good"))
        line("Renew", count("revoked"))
        line("Errored", count("unknown"))
    }

    // MARK: Cells

    static let ofDomains: [Cell] = [
        ("Domain", { $0.plain("Domain", $1["name"].string) }),
        ("Names", { $0.names($1["domains"].strings) }),
        ("Status", { $0.state($1) }),
        ("Valid", { $0.period("Valid", $1["cert"]["valid"]) }),
        ("CA", { $0.authorities($1["ca"]) }),
        ("Stapling", { if $1["stapling"].bool == true { $0.plain("Stapling", "on") } }),
        ("CheckAt", { $0.checks($1["cert"]) }),
        ("Activity", { $0.activity($1) }),
    ]
    static let ofStaples: [Cell] = [
        ("Domain", { $0.plain("Domain", $1["domain"].string) }),
        ("CertificateID", { $0.plain("CertificateID", $1["id"].string) }),
        ("OCSPStatus", { $0.plain("OCSPStatus", $1["status"].string) }),
        ("StaplingValid", { $0.period("StaplingValid", $1["valid"]) }),
        (
            "Responder",
            { rows, row in
                if let url = row["url"].string { rows.link("Responder", "", url, 0) }
            }
        ),
        (
            "Activity",
            { rows, row in
                rows.prefix += rows.isShort ? "Activity" : ""
                rows.time("Refresh", seconds(row["renew-at"]))
                rows.job(row["renewal"], separator: ": ")
            }
        ),
    ]
    private static func seconds(_ json: JSON) -> Int64 { json.string.flatMap(RFC822.parse) ?? 0 }

    private mutating func plain(_ label: String, _ value: String?) {
        guard let value else { return }
        if isShort { line(label, value) } else { say(escaped(value)) }
    }
    private mutating func names(_ names: [String]) {
        guard isShort else {
            return say("<div style=\"max-width:400px;\">\(escaped(names.joined(separator: " ")))</div>")
        }
        for (index, name) in names.enumerated() { line("Names[\(index)]", name) }
    }
    private mutating func state(_ row: JSON) {
        let words: String
        switch row["state"].integer {
        case 1: words = row["state-descr"].string.map { "incomplete: \($0)" } ?? "incomplete"
        case 2, 3:
            let until = Self.seconds(row["cert"]["valid"]["until"])
            words = until == 0 || until > Self.now() ? "good" : "expired"
        case 4: words = "error"
        case 5: words = "missing information"
        default: words = "unknown"
        }
        plain("Status", words)
    }
    private mutating func period(_ label: String, _ period: JSON) {
        let (from, until) = (Self.seconds(period["from"]), Self.seconds(period["until"]))
        let isLater = from > Self.now()
        if isShort {
            if isLater { line("\(label)From", date(from)) }
            if until > 0 { line("\(label)Until", date(until)) }
            return
        }
        func span(_ title: String, _ time: Int64) -> String {
            "<span title='\(escaped(title))' style='white-space: nowrap;'>\(date(time))</span>"
        }
        let begin = period["from"].string ?? ""
        if isLater { say("from \(span(begin, from))") }
        guard until > 0 else { return }
        let end = period["until"].string ?? ""
        say("\(isLater ? " " : "")until \(span(begin.isEmpty ? end : "\(begin) - \(end)", until))")
    }
    private func date(_ time: Int64) -> String { RFC3339.date(time) }

    private mutating func authorities(_ ca: JSON) {
        let urls = ca["url"].string.map { [$0] } ?? ca["urls"].strings
        for (index, url) in urls.enumerated() { link("CA", index == 0 ? "" : "\(index)", url, index) }
    }
    private mutating func link(_ label: String, _ number: String, _ url: String, _ index: Int) {
        let name = KnownAuthority.name(of: url)
        guard isShort else {
            return say("\(index > 0 ? " " : "")<a href='\(escaped(url))'>\(escaped(name))</a>")
        }
        line("\(label)Name\(number)", name)
        line("\(label)URL\(number)", url)
    }
    /// `MDCertificateCheck`
    private mutating func checks(_ certificates: JSON) {
        for member in certificates.members {
            guard let fingerprint = member.value["sha256-fingerprint"].string else { continue }
            let url = config.checkerURL + fingerprint
            guard isShort else {
                say("<a href=\"\(url)\">\(config.checkerName)[\(member.name)]</a><br>")
                continue
            }
            line("CheckAtType", member.name)
            line("CheckAtName", config.checkerName)
            line("CheckAtURL", url)
            line("CheckAtFingerprint", fingerprint)
        }
    }

    // MARK: Activity

    private mutating func activity(_ row: JSON) {
        if isShort { prefix += "Activity" }
        if !row["renewal"].isNull { return job(row["renewal"], separator: "") }
        let time = Self.seconds(row["renew-at"])
        if time > Self.now() {
            self.time("Renew", time)
        } else if time > 0 {
            say(isShort ? "\(prefix): Pending\n" : "Pending")
        } else if row["renew-mode"].integer == ManagedDomain.RenewMode.manual.rawValue {
            say(isShort ? "\(prefix): Manual renew\n" : "Manual renew")
        }
    }
    /// print_time
    private mutating func time(_ label: String, _ time: Int64) {
        guard time > 0 else { return }
        let delta = time - Self.now()
        if isShort { return line(label, "\(delta)") }
        let title = "<span title='\(RFC822.text(time))'"
        if delta.magnitude >= 4 * 86400 {
            say("\(label) \(title) style='white-space: nowrap;'>\(date(time))</span>")
        } else {
            let length = Duration.describe(Int64(delta.magnitude) * 1000, roughly: true)
            say("\(label) \(title)>\(delta > 0 ? "in " : "")\(length)\(delta > 0 ? "" : " ago")</span>")
        }
    }
    /// print_job_summary
    private mutating func job(_ job: JSON, separator: String) {
        guard !job.isNull else { return }
        var words = separator
        let isFinished = job["finished"].bool ?? false
        if let status = job["last"]["status"].integer, status != 0 {
            let text = StatusCode.text(status)
            let problem = job["last"]["problem"].string
            words += " Error[\(text)]: \(problem ?? "")"
            if isShort {
                line("LastStatus", text)
                line("LastProblem", problem ?? "(null)")
            }
        }
        if isShort { line("Finished", isFinished ? "yes" : "no") }
        if isFinished {
            let count = job["cert"].members.count { $0.name != "valid" }
            words +=
                count > 0
                ? "  finished, \(count) new certificate\(count > 1 ? "s" : "") staged." : "  finished successfully."
            if isShort { line("NewStaged", "\(count)") }
        } else if let detail = job["last"]["detail"].string {
            words += " \(detail)"
            if isShort { line("LastDetail", detail) }
        }
        if !isShort { say(escaped(words)) }
        let next = Self.seconds(job["next-run"])
        if next > Self.now(), !isFinished {
            time(isShort ? "NextRun" : "\nNext run", next)
        } else if !words.isEmpty {
            say(isShort ? "\(prefix): Ongoing\n" : "\nOngoing...")
        }
    }
}
