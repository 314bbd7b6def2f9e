// Apache: the tutorial's steps for one user with a pool and a virtual host
import Bytes
import Kernel

/// `martinet site add`: what is to be made is found out first, then made step by step; a step that fails takes back all.
struct SiteAdd {
    struct Request {
        var name: ByteString
        var user: ByteString
        var aliases: [ByteString] = []
        var php: ByteString?
        var root: ByteString?
        var wantsHTTPS = false
        /// `local`, or a CA's URL or known name; nil for the one that the configuration names.
        var authority: ByteString?
        var contact: ByteString?
        var agreesToTerms = false
    }
    struct Step {
        /// In the imperative, as `--dry-run` prints it.
        let title: ByteString
        /// A file's text, for `--dry-run`.
        var text: ByteString = ""
        let run: (Journal) throws(SiteError) -> Void
    }

    let sites: Sites
    let files: HostFiles
    let account: Account
    let texts: SiteTexts
    let server: WebServer
    let manager: PHPManager
    /// The user's pool where one is there already.
    let pool: PoolSection?
    let isNewUser: Bool
    let https: SiteHTTPS?
    let told = Told()

    // MARK: Finding out

    init(_ request: Request) throws(SiteError) {
        files = HostFiles()
        try Self.checkNames(request)
        guard File.isThere("\(files.apache)/apache2.conf") else {
            throw SiteError("\(files.apache)/apache2.conf is not there", cure: "install martinet or apache2")
        }
        sites = Sites(files)
        account = Account(name: request.user)
        isNewUser = account.user == nil
        let version = try Self.version(request.php, files)
        guard let managed = sites.managers.first(where: { $0.version == version }) else {
            throw SiteError(
                "\(files.managerFile(version)) is not there", cure: "install martinet-fpm or php\(version)-fpm")
        }
        server = WebServer(sites.tree)
        manager = PHPManager(managed)
        let user = request.user
        pool = managed.pools.first { $0.user == user && !$0.listen.isEmpty }
        let home = account.home
        https = request.wantsHTTPS ? try SiteHTTPS(request, sites) : nil
        texts = SiteTexts(
            name: request.name, aliases: request.aliases, user: user, group: account.group, home: home,
            documentRoot: try Self.documentRoot(request, home, sites),
            socket: pool?.listen ?? "\(files.sockets)/\(user).sock",
            serverUser: sites.tree.user, serverGroup: sites.tree.group, logs: files.logDirectory(user),
            port: sites.tree.plainPort, pidFile: sites.tree.pidFile, certificate: https?.source,
            securePort: sites.tree.securePort ?? 443)
        try checkUser()
        try checkPlaces(managed)
    }
    private static func checkNames(_ request: Request) throws(SiteError) {
        guard SiteTexts.isHostName(request.name),
            request.name.contains(UInt8(ascii: ".")) || request.name == "localhost"
        else { throw SiteError("'\(request.name)' is not the name of a site", cure: "give it as in example.net") }
        for alias in request.aliases where !SiteTexts.isHostName(alias, isAlias: true) {
            throw SiteError(
                "'\(alias)' is not the name of a site", cure: "give aliases as in www.example.net,*.example.org")
        }
    }
    private static func version(_ wanted: ByteString?, _ files: HostFiles) throws(SiteError) -> ByteString {
        let all = files.versions
        if let wanted {
            guard all.contains(wanted) else {
                let there = all.isEmpty ? "none" : ByteString(joining: all)
                throw SiteError(
                    "there is no \(files.managerFile(wanted)) (versions there are: \(there))",
                    cure: "install martinet-fpm or php\(wanted)-fpm")
            }
            return wanted
        }
        guard let newest = all.last else {
            throw SiteError(
                "no \(files.php)/VERSION/fpm/php-fpm.conf is there", cure: "install martinet-fpm or php8.2-fpm")
        }
        return newest
    }
    /// `~/www`, or where that is another site's, a directory with the site's name.
    private static func documentRoot(
        _ request: Request, _ home: ByteString, _ sites: Sites
    ) throws(SiteError) -> ByteString {
        if let root = request.root {
            let path = VirtualHost.withoutSlash(root.hasPrefix("/") ? root : "\(home)/\(root)")
            let isPlain = path.allSatisfy { ASCII.isAlnum($0) || "/._-+@".utf8.contains($0) }
            guard isPlain, !path.split(on: UInt8(ascii: "/")).contains(".."), path.count > 1 else {
                throw SiteError("--root \(root): letters, digits and . _ - + @ may stand in it")
            }
            return path
        }
        let first: ByteString = "\(home)/www"
        let isTaken = sites.all.contains { site in site.hosts.contains { $0.documentRoot?.text == first } }
        return isTaken ? "\(home)/\(request.name)" : first
    }
    private func checkUser() throws(SiteError) {
        let name = account.name
        if isNewUser {
            guard Account.isName(name) else {
                throw SiteError("'\(name)' cannot be a user's name", cure: "small letters, digits, - and _ make one")
            }
            if Users.group(name) != nil { throw SiteError("there is a group \(name), but no such user") }
            if File.isThere(account.home) { throw SiteError("\(account.home) is there, but no user \(name)") }
            return
        }
        if account.user?.uid == 0 || name == sites.tree.user {
            throw SiteError("sites of \(name) would have no wall to the server", cure: "name a user of their own")
        }
        if !File.isDirectory(account.home) { throw SiteError("the home of \(name), \(account.home), is not there") }
    }
    private func checkPlaces(_ managed: PoolFiles) throws(SiteError) {
        let file = files.file(ofSite: texts.name)
        if File.isThere(file) || File.isLink(file) {
            throw SiteError(
                "\(file) is there already", cure: "martinet site show \(texts.name); martinet site remove \(texts.name)"
            )
        }
        for name in [texts.name] + texts.aliases {
            for site in sites.all where site.isEnabled {
                let ports: [ByteString] =
                    ["", "*", "\(texts.port)"] + (https == nil ? [] : ["\(texts.securePort)"])
                let taken = site.hosts.first { host in
                    host.answers(to: name) && host.addresses.contains { ports.contains(VirtualHost.port($0)) }
                }
                if let taken { throw SiteError("\(name) is served already: \(taken.location)") }
            }
        }
        guard pool == nil else { return }
        let own = files.poolFile(managed.version, account.name)
        if File.isThere(own) { throw SiteError("\(own) is there, but has no pool of the user \(account.name)") }
        for other in sites.pools {
            if other.version == managed.version, other.name.equalsIgnoringCase(account.name) {
                throw SiteError("a pool [\(other.name)] of the user \(other.user) is there: \(other.location)")
            }
            if Sites.isSame(other.listen, texts.socket) {
                throw SiteError("\(texts.socket) is the socket of another pool: \(other.location(of: "listen"))")
            }
        }
    }

    // MARK: Carrying it out

    /// - Parameter say: Told each step before it is done.
    func run(_ say: (ByteString) -> Void) throws(SiteError) {
        let journal = Journal()
        for step in steps {
            say(step.title)
            do throws(SiteError) { try step.run(journal) } catch {
                let left = journal.undo()
                var text: ByteString = "could not \(step.title):\n    \(error.message)\n"
                text += left.isEmpty ? "Everything was put back." : "Put back, except:"
                for line in left { text += "\n    could not \(line)" }
                throw SiteError(text, cure: error.cure)
            }
        }
        https?.awaitCertificate(server, say)
    }
}
