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
    private let told = Told()

    /// Which running programs know already what is then taken back.
    private final class Told {
        enum Telling { case not, tried, done }
        var manager = false
        var server = Telling.not

        /// Where it did not work the first time it need not now.
        func reloadAgain(_ server: WebServer) throws(SiteError) {
            switch self.server {
            case .not: return
            case .tried: try? server.reload()
            case .done: try server.reload()
            }
        }
    }

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

    // MARK: The steps

    /// In their order. What they need of each other is looked up when they run.
    var steps: [Step] {
        [check("the configuration as it is", "it was wrong before anything was changed")] + (https?.firstSteps ?? [])
            + userSteps + directorySteps + poolSteps + (https?.certificateSteps ?? []) + serverSteps
            + [check("the configuration", "")] + reloadSteps
    }

    private func check(_ what: ByteString, _ note: ByteString) -> Step {
        Step(title: "check \(what) (\(files.apache), \(manager.files.file))") { (_) throws(SiteError) in
            let hint: ByteString = note.isEmpty ? "" : "\(note); "
            if let complaint = server.complaint() {
                throw SiteError(
                    complaint,
                    cure: "\(hint)mend it and try again (martinet doctor --apache \(files.apache) lists all there is)")
            }
            if let complaint = manager.complaint() { throw SiteError(complaint, cure: "\(hint)mend it and try again") }
        }
    }
    private var userSteps: [Step] {
        var steps: [Step] = []
        let (account, member) = (account, sites.tree.user)
        if isNewUser {
            steps.append(
                Step(title: "create the user \(account.name) without a password, with the home \(account.home)") {
                    (journal) throws(SiteError) in try account.make(journal)
                })
        }
        if isNewUser || !Account(name: member).isMember(of: account.group) {
            steps.append(
                Step(title: "add \(member) to the group \(account.group), so that the server can read the site's files")
                {
                    (journal) throws(SiteError) in try account.admit(member, journal)
                })
        }
        if !isNewUser, let home = try? FileStatus(account.home), home.mode & 0o005 != 0o005, home.mode & 0o050 != 0o050
        {
            steps.append(openHome(home.mode))
        }
        return steps
    }
    private func openHome(_ mode: UInt32) -> Step {
        let home = account.home
        let wanted = mode | 0o050
        return Step(title: "open \(home) to its group (mode \(ByteString(String(wanted, radix: 8))))") {
            (journal) throws(SiteError) in
            func set(_ mode: UInt32) throws(SiteError) {
                do throws(Errno) { try File.setMode(home, mode) } catch { throw SiteError(home, error) }
            }
            journal.record("close \(home) again") { () throws(SiteError) in try set(mode) }
            try set(wanted)
        }
    }
    private var directorySteps: [Step] {
        var steps: [Step] = []
        let (account, own) = (account, texts.logs)
        steps.append(
            Step(title: "make \(texts.logs) for logs, readable by \(account.name)") { (journal) throws(SiteError) in
                try makeLogs(journal)
            })
        let home = texts.home
        for (name, mode) in [("tmp", "700"), ("tmp/sessions", "700"), ("tmp/uploads", "700")]
            as [(ByteString, ByteString)]
        where !File.isThere("\(home)/\(name)") {
            steps.append(makeAsUser("\(home)/\(name)", mode))
        }
        if !File.isThere("\(home)/logs"), !File.isLink("\(home)/logs") {
            steps.append(
                Step(title: "link \(home)/logs to \(own)") { (journal) throws(SiteError) in
                    journal.record("remove \(home)/logs") { () throws(SiteError) in
                        if account.user != nil { try account.perform("[ ! -L \"$1\" ] || rm \"$1\"", ["\(home)/logs"]) }
                    }
                    try account.perform("ln -s \"$1\" \"$2\"", [own, "\(home)/logs"])
                })
        }
        let root = texts.documentRoot
        if !File.isDirectory(root) { steps.append(root.hasPrefix("\(home)/") ? makeAsUser(root, "750") : makeRoot()) }
        if ((try? Directory.entries(root)) ?? []).isEmpty { steps.append(firstPage) }
        return steps
    }
    private func makeLogs(_ journal: Journal) throws(SiteError) {
        let own = texts.logs
        guard let user = account.user else { throw SiteError("the user \(account.name) is gone") }
        let log: ByteString = "\(own)/php.log"
        try journal.makeDirectory(own, mode: 0o750)
        let isNew = !File.isThere(log)
        if isNew { try journal.write(log, "", mode: 0o640) }
        do throws(Errno) {
            try File.setOwner(own, uid: 0, gid: user.gid)
            if isNew { try File.setOwner(log, uid: user.uid, gid: user.gid) }
        } catch { throw SiteError(own, error) }
    }
    private func makeAsUser(_ path: ByteString, _ mode: ByteString) -> Step {
        let account = account
        return Step(title: "make \(path)") { (journal) throws(SiteError) in
            var first = path
            while !File.isThere(RelativePath.directory(of: first)) { first = RelativePath.directory(of: first) }
            let highest = first
            journal.record("remove \(path)") { () throws(SiteError) in
                guard account.user != nil else { return }
                try account.perform(
                    "cd \"$1\" 2>/dev/null || exit 0; rmdir -p \"$2\" 2>/dev/null || [ ! -e \"$2\" ]",
                    [RelativePath.directory(of: highest), path.from(RelativePath.directory(of: highest).count + 1)])
            }
            try account.perform("mkdir -p \"$1\"; chmod \(mode) \"$1\"", [path])
        }
    }
    /// Outside the home: root makes it and gives it away.
    private func makeRoot() -> Step {
        let (account, path) = (account, texts.documentRoot)
        return Step(title: "make \(path), owned by \(account.name)") { (journal) throws(SiteError) in
            try journal.makeDirectory(path, mode: 0o750)
            guard let user = account.user else { throw SiteError("the user \(account.name) is gone") }
            do throws(Errno) { try File.setOwner(path, uid: user.uid, gid: user.gid) } catch {
                throw SiteError(path, error)
            }
        }
    }
    private var firstPage: Step {
        let (account, path, page) = (account, "\(texts.documentRoot)/index.php" as ByteString, texts.page)
        return Step(title: "write \(path)", text: page) { (journal) throws(SiteError) in
            journal.record("remove \(path)") { () throws(SiteError) in
                if account.user != nil { try account.perform("rm -f \"$1\"", [path]) }
            }
            try account.perform("set -C; printf %s \"$2\" > \"$1\"", [path, page])
        }
    }

    private func file(_ path: ByteString, _ text: ByteString) -> Step {
        Step(title: "write \(path)", text: text) { (journal) throws(SiteError) in
            try journal.makeDirectory(RelativePath.directory(of: path), mode: 0o755)
            try journal.write(path, text)
        }
    }
    private var poolSteps: [Step] {
        var steps: [Step] = []
        let (manager, name, socket, told) = (manager, account.name, texts.socket, told)
        if pool == nil {
            let path = files.poolFile(manager.files.version, name)
            let text = texts.pool
            steps.append(
                Step(title: "write \(path)", text: text) { (journal) throws(SiteError) in
                    // Taken back after the file: the manager finds the pool gone.
                    journal.record("end the pool \(name)") { () throws(SiteError) in
                        guard told.manager else { return }
                        try manager.reload(pool: name)
                        _ = Patience.until(milliseconds: 5000) { !File.isThere(socket) }
                    }
                    try journal.makeDirectory(RelativePath.directory(of: path), mode: 0o755)
                    try journal.write(path, text)
                })
        }
        let rotation = files.rotationFile(account.name)
        if !File.isThere(rotation) { steps.append(file(rotation, texts.rotation)) }
        return steps
    }
    private var serverSteps: [Step] {
        let (files, server, told, name) = (files, server, told, texts.name)
        let path = files.file(ofSite: name)
        let text = texts.hosts
        var steps = [
            Step(title: "write \(path)", text: text) { (journal) throws(SiteError) in
                journal.record("reload the server") { () throws(SiteError) in try told.reloadAgain(server) }
                journal.keepLinks(["\(files.apache)/mods-enabled", files.enabled, files.state])
                try journal.write(path, text)
            }
        ]
        let wanted: [ByteString] = ["proxy", "proxy_fcgi"] + (https?.modules ?? [])
        let needed = wanted.filter { !sites.tree.isLoaded("\($0)_module") }
        if !needed.isEmpty {
            steps.append(
                Step(title: "enable the modules \(ByteString(joining: needed)) (a2enmod)") { (_) throws(SiteError) in
                    try Self.switchOn("a2enmod", needed)
                })
        }
        if let https { steps.append(https.portStep) }
        steps.append(
            Step(title: "enable the site (a2ensite \(name))") { (_) throws(SiteError) in
                try Self.switchOn("a2ensite", [name])
            })
        return steps
    }
    /// `a2enmod`, `a2ensite` and their counterparts.
    static func switchOn(_ tool: ByteString, _ names: [ByteString]) throws(SiteError) {
        guard let call = SwitchCall(name: tool), Switch.run(call, ["-q"] + names) == 0 else {
            throw SiteError("\(tool) \(ByteString(joining: names)) failed")
        }
    }
    private var reloadSteps: [Step] {
        var steps: [Step] = []
        let (manager, server, name, socket, told) = (manager, server, account.name, texts.socket, told)
        if pool == nil, manager.isRunning {
            steps.append(
                Step(title: "start the pool \(name) (\(manager.reloadCommand(pool: name)))") { (_) throws(SiteError) in
                    told.manager = true
                    try manager.reload(pool: name)
                    guard Patience.until(milliseconds: 10_000, { FastCGIProbe.ping(socket, "/fpm-ping") }) else {
                        throw SiteError(
                            "no pool answers at \(socket)", cure: "the error log of the process manager says why")
                    }
                })
        }
        if server.isRunning {
            steps.append(
                Step(title: "reload the server (\(server.reloadCommand))") { (_) throws(SiteError) in
                    told.server = .tried
                    try server.reload()
                    told.server = .done
                })
        }
        return steps
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
