// PHP: sapi/fpm/fpm/fpm_unix.c, fpm_sockets.c, seen from the server's side
import Bytes
import ConfigLanguage
import FastCGI
import Kernel

extension SiteDoctor {
    mutating func examinePool() {
        guard let socket = site.socket else {
            guard site.documentRoot.map({ hasScripts($0.text) }) ?? false else { return }
            return find(
                Finding(
                    "no-handler", site.host.location, "nothing hands PHP files to a pool: their source is sent",
                    cure:
                        "write into the virtual host: <FilesMatch \"\\.php$\"> SetHandler \"proxy:unix:\(sites.files.sockets)/\(site.user ?? "USER").sock|fcgi://localhost\" </FilesMatch>"
                ))
        }
        guard let pool = site.pool else {
            let listens = sites.pools.map(\.listen).filter { !$0.isEmpty }
            let there: ByteString = listens.isEmpty ? "" : " (there are: \(ByteString(joining: listens)))"
            return find(
                Finding(
                    "no-pool", socket.location, "no pool listens on \(socket.text)\(there)",
                    cure: "grep -rn '^listen *=' \(sites.files.php)/*/fpm/pool.d"))
        }
        if Users.user(pool.user) == nil {
            find(
                Finding(
                    "no-user", pool.location(of: "user"), "there is no user \(pool.user)",
                    cure: "adduser --disabled-password \(pool.user)"))
        }
        guard let manager, manager.isRunning else { return }
        guard !socket.text.hasPrefix("/") || examineSocket(socket.text, pool, manager) else { return }
        examineScripts(socket.text, pool, manager)
        examineLog(pool)
    }
    private func hasScripts(_ root: ByteString) -> Bool {
        ((try? Directory.entries(root)) ?? []).contains { $0.name.hasSuffix(".php") }
    }

    /// Whether it is one that can be asked.
    private mutating func examineSocket(_ path: ByteString, _ pool: PoolSection, _ manager: PHPManager) -> Bool {
        let reload = manager.reloadCommand(pool: pool.name)
        guard let status = try? FileStatus(path) else {
            find(
                Finding(
                    "socket-missing", path,
                    "is not there: the process manager does not know the pool \(pool.name) (\(pool.location))",
                    cure: reload))
            return false
        }
        guard status.kind == .socket else {
            find(Finding("socket-missing", path, "is no socket", cure: "rm \(path) && \(reload)"))
            return false
        }
        guard let visitor else { return true }
        if let obstacle = visitor.obstacle(to: RelativePath.directory(of: path)) {
            find(
                Finding(
                    "socket-closed", obstacle.path,
                    "\(visitor.name) cannot walk through it (\(obstacle.status.rights)) to \(path)",
                    cure: visitor.cure(for: obstacle)))
        } else if !visitor.reallyMay(.write, path, status) {
            let file = ByteString(pool.location.file)
            find(
                Finding(
                    "socket-closed", path,
                    "\(visitor.name) cannot write to it (\(status.rights)); listen.owner is \(pool.value("listen.owner") ?? "not set") (\(pool.location(of: "listen.owner")))",
                    // A reload keeps the socket that is open, and its owner.
                    cure: Self.ownerCure(file, pool, sites.tree.user)
                        + " && chown \(sites.tree.user):\(sites.tree.group) \(path) && chmod 660 \(path)"))
        }
        return true
    }
    private static func ownerCure(_ file: ByteString, _ pool: PoolSection, _ user: ByteString) -> ByteString {
        if let mode = pool.entries["listen.mode"], pool.value("listen.owner") == user {
            return "sed -i '\(mode.location.line)s/=.*/= 0660/' \(ByteString(mode.location.file))"
        }
        if let owner = pool.entries["listen.owner"] {
            return "sed -i '\(owner.location.line)s/=.*/= \(user)/' \(ByteString(owner.location.file))"
        }
        return "sed -i '\(pool.location(of: "listen").line)a listen.owner = \(user)' \(file)"
    }

    /// Speaks to the pool as the server does.
    private mutating func examineScripts(_ socket: ByteString, _ pool: PoolSection, _ manager: PHPManager) {
        let ping = pool.value("ping.path")
        let root = site.documentRoot?.text ?? "/"
        // A script that is not there: the answer 404 comes from PHP, and nothing is run.
        let script = ping ?? "\(root)/no-such-script-\(Process.id).php"
        let reload = manager.reloadCommand(pool: pool.name)
        let log = manager.files.global["error_log"]?.text ?? "/var/log/php\(manager.files.version)-fpm.log"
        do throws(FastCGIProbe.Failure) {
            let answer = try FastCGIProbe.ask(socket, script: script, name: ping ?? script.from(root.count))
            guard answer.status != 200, answer.status != 404 else { return }
            let said = answer.errors.trimmed()
            find(
                Finding(
                    "php-refuses", socket, "PHP answers with \(answer.status)\(said.isEmpty ? "" : ": \(said)")",
                    cure: "tail \(log)"))
        } catch {
            switch error {
            case .cannotConnect(let reason):
                find(Finding("php-unreachable", socket, "nobody answers there: \(reason.text)", cure: reload))
            case .saysNothing:
                find(
                    Finding(
                        "php-unreachable", socket,
                        "no answer within ten seconds: all processes of the pool may be busy",
                        cure: "tail \(log)\n\(reload)"))
            case .saysNonsense:
                find(
                    Finding(
                        "php-unreachable", socket, "who answers there does not speak FastCGI",
                        cure: "ss -xlp | grep \(socket)"))
            }
        }
    }

    /// PHP writes its log itself, as the pool's user.
    private mutating func examineLog(_ pool: PoolSection) {
        let setting = pool.entries["php_admin_value[error_log]"] ?? pool.entries["php_value[error_log]"]
        guard let setting, setting.text.hasPrefix("/"), let runner = Identity(pool.user) else { return }
        let folder = RelativePath.directory(of: setting.text)
        let account = Account(name: pool.user)
        if let status = try? FileStatus(setting.text) {
            guard runner.obstacle(to: folder) != nil || !runner.reallyMay(.write, setting.text, status) else { return }
            find(
                Finding(
                    "log-closed", setting.location,
                    "PHP runs as \(pool.user), who cannot write to \(setting.text) (\(status.rights))",
                    cure: "chown \(pool.user):\(account.group) \(setting.text)"))
        } else if let status = try? FileStatus(folder) {
            guard runner.obstacle(to: folder) != nil || !runner.reallyMay(.write, folder, status) else { return }
            find(
                Finding(
                    "log-closed", setting.location, "PHP runs as \(pool.user), who cannot make \(setting.text)",
                    cure: "install -o \(pool.user) -g \(account.group) -m 640 /dev/null \(setting.text)"))
        } else {
            find(
                Finding(
                    "log-closed", setting.location, "\(folder) is not there",
                    cure: "install -d -o \(pool.user) -g \(account.group) -m 750 \(folder)"))
        }
    }
}
