// Apache: the tutorial's steps for one user with a pool and a virtual host
import Bytes
import Kernel

extension SiteAdd {
    /// Which running programs know already what is then taken back.
    final class Told {
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
}
