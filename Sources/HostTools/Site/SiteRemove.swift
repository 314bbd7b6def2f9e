// No Apache counterpart: the way back from `martinet site add`
import Bytes
import Kernel

/// `martinet site remove`: configuration always; files of the site, and the user when `martinet site add` made it, with
/// consent.
struct SiteRemove {
    private let site: Site
    private let sites: Sites
    private let keepsFiles: Bool
    private let server: WebServer
    private let fileName: ByteString

    init(_ site: Site, _ sites: Sites, keepsFiles: Bool) throws(SiteError) {
        guard Process.userID == 0 else { throw SiteError("only root can do that") }
        self.site = site
        self.sites = sites
        self.keepsFiles = keepsFiles
        server = WebServer(sites.tree)
        fileName = try SiteSwitch.fileName(site, sites)
    }

    /// The pool that goes with the site: alone in its file, and nobody else's.
    private var pool: (section: PoolSection, file: ByteString, manager: PHPManager)? {
        guard let section = site.pool, sites.others(using: section, than: site).isEmpty,
            let managed = sites.managers.first(where: { $0.version == section.version }),
            managed.pools.count > 1
        else { return nil }
        let file = ByteString(section.location.file)
        let isAlone = !managed.pools.contains { $0.name != section.name && ByteString($0.location.file) == file }
        return isAlone && file != managed.file ? (section, file, PHPManager(managed)) : nil
    }
    /// What belongs to the user goes when no other site is the user's.
    private var isLastOfUser: Bool {
        !sites.all.contains { $0.name != site.name && $0.user == site.user }
    }
    private var account: Account? { site.user.map { Account(name: $0) } }
    private var deletesUser: Bool { !keepsFiles && isLastOfUser && account?.isOurs == true }
    /// The document root, if it lies in the user's home and no other site is served from in it.
    private var documentRoot: ByteString? {
        guard !keepsFiles, let root = site.documentRoot?.text, let account, let real = try? File.realPath(root),
            real.hasPrefix("\(account.home)/"), (try? FileStatus(root))?.uid == account.user?.uid
        else { return nil }
        let isShared = sites.all.contains { other in
            other.name != site.name
                && other.hosts.contains { host in
                    guard let text = host.documentRoot?.text else { return false }
                    return text == root || text.hasPrefix("\(root)/")
                }
        }
        return isShared ? nil : root
    }
    private var logs: [ByteString] {
        guard !keepsFiles, let user = site.user else { return [] }
        let folder = sites.files.logDirectory(user)
        return site.hosts.flatMap(\.logs).map(\.text).filter { RelativePath.directory(of: $0) == folder }
            .flatMap { FileGlob.names("\($0)*") }
    }

    func run(isAgreed: Bool, _ say: (ByteString) -> Void) throws(SiteError) {
        let (root, logs, deletesUser) = (documentRoot, logs, deletesUser)
        if !isAgreed { try ask(root, deletesUser) }
        try removeConfiguration(say)
        for log in Set(logs).sorted() {
            say("delete \(log)")
            try Journal.remove(log)
        }
        if deletesUser, let account {
            say("delete the user \(account.name) with \(account.home)")
            if account.isMember(of: account.group), let member = Optional(sites.tree.user),
                Account(name: member).isMember(of: account.group)
            {
                try Account.run(["gpasswd", "--delete", member, account.group])
            }
            try account.delete()
            let folder = sites.files.logDirectory(account.name)
            if File.isDirectory(folder) { try Account.run(["rm", "-rf", "--", folder]) }
            try? Directory.remove(sites.files.logs)
        } else if let root, let account {
            say("delete \(root)")
            try account.perform("rm -rf -- \"$1\"", [root])
        }
    }
    private func ask(_ root: ByteString?, _ deletesUser: Bool) throws(SiteError) {
        guard deletesUser || root != nil else { return }
        if deletesUser, let account {
            Console.print("This deletes the user \(account.name) with all of \(account.home)")
        } else {
            Console.print("This deletes \(root ?? "")")
        }
        Console.print(" (--keep-files removes configuration only). Go on? [y/N] ")
        guard let line = Console.readLine(), ["y", "yes"].contains(where: { line.trimmed().lowercased == $0 }) else {
            throw SiteError("nothing was removed", cure: "--yes answers that question")
        }
    }

    /// One of the local authority, made for this site.
    private func isOwnCertificate(_ file: ByteString) -> Bool {
        let files = sites.files
        return [files.certificateFile(site.name), files.keyFile(site.name)].contains(file) && File.isThere(file)
    }
    /// Checked before anybody is told, and put back when it is wrong then.
    private func removeConfiguration(_ say: (ByteString) -> Void) throws(SiteError) {
        let (files, pool) = (sites.files, pool)
        let journal = Journal()
        do throws(SiteError) {
            journal.keepLinks([files.enabled, files.state])
            if site.isEnabled {
                say("disable the site (a2dissite \(fileName))")
                try SiteAdd.switchOn("a2dissite", ["-p", fileName])
            }
            say("delete \(files.file(ofSite: fileName))")
            try journal.delete(files.file(ofSite: fileName))
            if let pool {
                say("delete \(pool.file)")
                try journal.delete(pool.file)
            }
            if let user = site.user, isLastOfUser, File.isThere(files.rotationFile(user)) {
                say("delete \(files.rotationFile(user))")
                try journal.delete(files.rotationFile(user))
            }
            for host in site.hosts {
                for file in host.certificates + host.certificateKeys where isOwnCertificate(file.text) {
                    say("delete \(file.text)")
                    try journal.delete(file.text)
                }
            }
            if let complaint = server.complaint() ?? pool?.manager.complaint() {
                throw SiteError("\(complaint)\nNothing was removed.", cure: "mend it and try again")
            }
        } catch {
            _ = journal.undo()
            throw error
        }
        try? Directory.remove(files.certificates)
        if site.isEnabled, server.isRunning {
            say("reload the server (\(server.reloadCommand))")
            try server.reload()
        }
        if let pool, pool.manager.isRunning {
            say("end the pool \(pool.section.name) (\(pool.manager.reloadCommand(pool: pool.section.name)))")
            try pool.manager.reload(pool: pool.section.name)
        }
    }
}
