// Debian: a2ensite, a2dissite
import Bytes
import Kernel

/// `martinet site enable` and `disable`: as the a2 tools do it, checked, and with the server told.
struct SiteSwitch {
    private let site: Site
    private let sites: Sites
    private let server: WebServer

    init(_ site: Site, _ sites: Sites) {
        self.site = site
        self.sites = sites
        server = WebServer(sites.tree)
    }

    /// The name of the site's file, which must hold nothing else.
    static func fileName(_ site: Site, _ sites: Sites) throws(SiteError) -> ByteString {
        guard let name = sites.files.siteName(of: site.file) else {
            throw SiteError("\(site.host.location) is not a file of \(sites.files.available)", cure: "edit it there")
        }
        let real = try? File.realPath(site.file)
        for other in sites.all where other.name != site.name {
            if let host = other.hosts.first(where: { (try? File.realPath(ByteString($0.location.file))) == real }) {
                throw SiteError(
                    "\(host.location) in the same file is \(other.name)", cure: "give each a file of its own")
            }
        }
        return name
    }
    func enable(_ say: (ByteString) -> Void) throws(SiteError) {
        if site.isEnabled { return say("\(site.name) is enabled already") }
        try change("a2ensite", say)
        say("\(site.name) is enabled")
    }
    func disable(_ say: (ByteString) -> Void) throws(SiteError) {
        if !site.isEnabled { return say("\(site.name) is disabled already") }
        try change("a2dissite", say)
        say("\(site.name) is disabled")
    }
    private func change(_ tool: ByteString, _ say: (ByteString) -> Void) throws(SiteError) {
        guard Process.userID == 0 else { throw SiteError("only root can do that") }
        let name = try Self.fileName(site, sites)
        let journal = Journal()
        journal.keepLinks([sites.files.enabled, sites.files.state])
        do throws(SiteError) {
            try SiteAdd.switchOn(tool, [name])
            if let complaint = server.complaint() {
                throw SiteError("\(complaint)\nThe site was left as it was.", cure: "mend it and try again")
            }
            guard server.isRunning else { return }
            say("reload the server (\(server.reloadCommand))")
            try server.reload()
        } catch {
            _ = journal.undo()
            throw error
        }
    }
}
