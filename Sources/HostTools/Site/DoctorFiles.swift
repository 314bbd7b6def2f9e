// namei(1): whether the server and the pool's user get to the files, and others do not
import Bytes
import ConfigLanguage
import Kernel

extension SiteDoctor {
    mutating func examineFiles() {
        guard let root = site.documentRoot else {
            return find(
                Finding(
                    "root-missing", site.host.location, "the site has no DocumentRoot of its own",
                    cure:
                        "write DocumentRoot \(site.user.map { Account(name: $0).home } ?? "")/www there && \(server.reloadCommand)"
                ))
        }
        guard let real = try? File.realPath(root.text), let status = try? FileStatus(real), status.isDirectory else {
            let user = site.user ?? "root"
            return find(
                Finding(
                    "root-missing", root.location, "DocumentRoot \(root.text) is not there",
                    cure: "install -d -o \(user) -g \(Account(name: user).group) -m 750 \(root.text)"))
        }
        examineVisitor(real)
        examineOwner(root, real, status)
        examineSecrets(real)
    }

    private mutating func examineVisitor(_ root: ByteString) {
        guard let visitor else { return }
        if let obstacle = visitor.obstacle(to: root) {
            let cure = visitor.cure(for: obstacle)
            return find(
                Finding(
                    "root-closed", obstacle.path,
                    "\(visitor.name) cannot walk through it (\(obstacle.status.rights)), so the server reads nothing of \(root)",
                    cure: "\(cure) && \(server.reloadCommand)"))
        }
        examineGroups(root, visitor)
        for entry in ((try? Directory.entries(root)) ?? []).prefix(1000).sorted(by: { $0.name < $1.name }) {
            let path: ByteString = "\(root)/\(entry.name)"
            guard !entry.name.hasPrefix("."), !entry.name.hasSuffix(".php"), let status = try? FileStatus(path) else {
                continue
            }
            if status.isRegular, !visitor.reallyMay(.read, path, status) {
                find(
                    Finding(
                        "file-closed", path, "\(visitor.name) cannot read it (\(status.rights))",
                        cure: visitor.groups.contains(status.gid)
                            ? "chmod g+r \(path)" : "chgrp \(group) \(path) && chmod g+r \(path)"))
                return
            }
            if status.isDirectory, !visitor.reallyMay(.search, path, status) {
                find(
                    Finding(
                        "file-closed", path, "\(visitor.name) cannot walk through it (\(status.rights))",
                        cure: "chmod -R g+rX \(path)", isWarning: true))
                return
            }
        }
    }
    private var group: ByteString { site.user.map { Account(name: $0).group } ?? sites.tree.group }

    /// A process keeps the groups it began with.
    private mutating func examineGroups(_ root: ByteString, _ visitor: Identity) {
        guard let running = server.running, let user = site.user, let gid = Users.group(Account(name: user).group),
            visitor.groups.contains(gid)
        else { return }
        let serving = running.children.compactMap { Self.groups(ofProcess: $0, of: visitor.uid) }
        guard !serving.isEmpty, !serving.contains(where: { $0.contains(gid) }),
            Identity(name: visitor.name, uid: visitor.uid, groups: visitor.groups.subtracting([gid])).obstacle(
                byModeTo: root)
        else { return }
        find(
            Finding(
                "groups-old", "/proc/\(running.pid)",
                "the server runs since before \(visitor.name) was in the group \(Account(name: user).group)",
                cure: server.reloadCommand))
    }
    /// nil for processes of other users.
    private static func groups(ofProcess pid: Int32, of uid: UInt32) -> Set<UInt32>? {
        guard let text = try? File.readWhole("/proc/\(pid)/status", limit: 1 << 20) else { return nil }
        var groups: Set<UInt32> = []
        for line in ByteString(text).split(on: 10) {
            let words = line.words()
            if words.first == "Uid:", words.count > 2, words[2].decimal != Int(uid) { return nil }
            if words.first == "Gid:" || words.first == "Groups:" {
                groups.formUnion(words.dropFirst().compactMap { $0.decimal.flatMap { UInt32(exactly: $0) } })
            }
        }
        return groups
    }

    private mutating func examineOwner(_ root: VirtualHost.Value, _ real: ByteString, _ status: FileStatus) {
        guard let pool = site.pool, let runner = Identity(pool.user) else { return }
        if status.uid != runner.uid {
            let owner = Users.name(uid: status.uid) ?? "\(status.uid)"
            find(
                Finding(
                    "owner-differs", pool.location(of: "user"),
                    "PHP runs as \(pool.user), but \(root.text) belongs to \(owner)",
                    cure: "chown -R \(pool.user):\(Account(name: pool.user).group) \(real)", isWarning: owner == "root")
            )
        }
        guard pool.value("chroot") == nil else { return }
        if let obstacle = runner.obstacle(to: real) {
            return find(
                Finding(
                    "script-closed", obstacle.path,
                    "PHP runs as \(pool.user), who cannot walk through it (\(obstacle.status.rights))",
                    cure: runner.cure(for: obstacle)))
        }
        let names = ((try? Directory.entries(real)) ?? []).map(\.name).filter { $0.hasSuffix(".php") }.sorted()
        for name in (names.contains("index.php") ? ["index.php"] : []) + names {
            let path: ByteString = "\(real)/\(name)"
            guard let script = try? FileStatus(path), !runner.reallyMay(.read, path, script) else { continue }
            find(
                Finding(
                    "script-closed", path, "PHP runs as \(pool.user), who cannot read it (\(script.rights))",
                    cure: "chown \(pool.user):\(Account(name: pool.user).group) \(path) && chmod u+r \(path)"))
            return
        }
    }

    // MARK: What others must not see

    /// Where applications keep passwords.
    private static let secrets: [ByteString] = [
        "wp-config.php", ".env", ".env.local", "configuration.php", "config.php", "config.inc.php", "settings.php",
        "LocalSettings.php", "local.xml", "parameters.php", "parameters.yml", "auth.json", ".my.cnf",
    ]
    private mutating func examineSecrets(_ root: ByteString) {
        if let user = site.user, user != "root", let account = Optional(Account(name: user)), account.user != nil,
            let status = try? FileStatus(account.home), status.isDirectory, status.mode & 0o005 != 0,
            root.hasPrefix("\(account.home)/"), status.uid == account.user?.uid
        {
            find(
                Finding(
                    "home-open", account.home, "every user of this machine can look into it (\(status.rights))",
                    cure:
                        "adduser \(sites.tree.user) \(account.group) && chmod o-rwx,g+rx \(account.home) && \(server.reloadCommand)"
                ))
        }
        // Somebody of no group: what stands in the way of all others.
        let stranger = Identity(name: "", uid: .max - 1, groups: [])
        guard !stranger.obstacle(byModeTo: root) else { return }
        var folders = [root, RelativePath.directory(of: root)]
        folders += ((try? Directory.entries(root)) ?? []).filter { $0.kind == .directory }.prefix(100).map {
            "\(root)/\($0.name)"
        }
        for folder in folders {
            for name in Self.secrets {
                let path: ByteString = "\(folder)/\(name)"
                guard let status = try? FileStatus(link: path), status.isRegular, stranger.may(.read, status),
                    !stranger.obstacle(byModeTo: folder)
                else { continue }
                find(
                    Finding(
                        "secret-open", path, "every user of this machine can read it (\(status.rights))",
                        cure: "chmod o-rwx \(path)"))
            }
        }
    }
}

extension Identity {
    /// Whether a directory on the way is closed by its mode alone.
    func obstacle(byModeTo path: ByteString) -> Bool {
        Self.directories(of: path).contains { directory in
            guard let status = try? FileStatus(directory), status.isDirectory else { return false }
            return !may(.search, status)
        }
    }
}
