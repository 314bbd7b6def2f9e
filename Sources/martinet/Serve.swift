// No Apache counterpart: one directory served at once, as `php -S` and `caddy file-server` do.

import Bytes
import Kernel
import MPM
import ServerCore

/// `martinet serve DIR`: this server and the process manager for one directory, without any configuration of the host's and
/// without privileges. What the two are told are ordinary files, in a directory that is removed at the end.
struct Serve {
    private static let usage = """
        Usage: martinet serve [DIR] [--port N] [--address A] [--no-php]
          DIR        the directory to serve; the current one when it is left out
          --port     8080 when it is left out
          --address  127.0.0.1 when it is left out: only this machine can ask
          --no-php   does not start martinet-fpm; PHP files are not served then
        """

    private var directory: ByteString = "."
    private var port: UInt16 = 8080
    private var address: ByteString = "127.0.0.1"
    private var wantsPHP = true

    /// - Parameter arguments: Those after `serve`.
    /// - Returns: The status to exit with.
    static func run(_ arguments: [String]) -> Int32 {
        var serve = Serve()
        do throws(Complaint) {
            guard try serve.read(arguments) else {
                print(usage)
                return 0
            }
            return try serve.start()
        } catch {
            say("martinet serve: \(error.text)")
            return 1
        }
    }
    private struct Complaint: Error { let text: String }

    /// False when only help is wanted.
    private mutating func read(_ arguments: [String]) throws(Complaint) -> Bool {
        var rest = arguments[...]
        var named = false
        while let word = rest.popFirst() {
            switch word {
            case "-h", "--help": return false
            case "--no-php": wantsPHP = false
            case "--port":
                guard let value = rest.popFirst().flatMap({ UInt16($0) }), value > 0 else {
                    throw Complaint(text: "--port needs a number from 1 to 65535")
                }
                port = value
            case "--address":
                guard let value = rest.popFirst(), SocketAddress(ByteString(value), port: port) != nil else {
                    throw Complaint(text: "--address needs an IP address")
                }
                address = ByteString(value)
            default:
                guard !word.hasPrefix("-"), !named else { throw Complaint(text: "what is '\(word)'?\n\(Self.usage)") }
                directory = ByteString(word)
                named = true
            }
        }
        return true
    }

    private func start() throws(Complaint) -> Int32 {
        let site = try whole(directory)
        let run = try makeRunDirectory()
        defer { removeRunDirectory(run) }
        let account = Account(of: site)
        let fpm = wantsPHP ? processManager() : nil
        if wantsPHP, fpm == nil {
            say("martinet serve: martinet-fpm is not beside this program: PHP files are not served")
        }
        do throws(Errno) {
            if Process.userID == 0, let user = account {
                try File.setOwner(run, uid: user.uid, gid: user.gid)
            }
            try File.writeWhole(
                run + "/martinet.conf", serverConfiguration(site, run, account, hasPHP: fpm != nil).bytes)
            if fpm != nil { try File.writeWhole(run + "/fpm.conf", poolConfiguration(run, account).bytes) }
        } catch { throw Complaint(text: "cannot write below \(run): \(error.description)") }
        return try supervise(site, run, fpm)
    }

    // MARK: Where everything is

    private func whole(_ path: ByteString) throws(Complaint) -> ByteString {
        do throws(Errno) {
            let real = try File.realPath(path)
            guard try FileStatus(real).kind == .directory else {
                throw Errno.notDirectory
            }
            return real
        } catch { throw Complaint(text: "\(path): \(error.description)") }
    }
    private func makeRunDirectory() throws(Complaint) -> ByteString {
        let path: ByteString = "\(Environment.get("TMPDIR") ?? "/tmp")/martinet-serve.\(Process.id)"
        do throws(Errno) {
            try Directory.make(path, mode: 0o700)
        } catch { throw Complaint(text: "cannot make \(path): \(error.description)") }
        return path
    }
    private func removeRunDirectory(_ path: ByteString) {
        for entry in (try? Directory.entries(path)) ?? [] { try? File.unlink("\(path)/\(entry.name)") }
        try? Directory.remove(path)
    }
    private func processManager() -> ByteString? {
        guard let own = try? File.readLink("/proc/self/exe"), let slash = own.lastIndex(of: UInt8(ascii: "/")) else {
            return nil
        }
        let found: [ByteString] = [own.upTo(slash) + "/martinet-fpm", "/usr/sbin/martinet-fpm"]
        return found.first { File.isAccessible($0, execute: true) }
    }

    /// Who serves when root calls: the directory's owner, or where that is root, Debian's web user.
    private struct Account {
        var name: ByteString
        var group: ByteString
        var uid: UInt32
        var gid: UInt32
        init?(of directory: ByteString) {
            guard Process.userID == 0, let status = try? FileStatus(directory) else { return nil }
            name = status.uid == 0 ? "www-data" : Users.name(uid: status.uid) ?? "www-data"
            guard let user = Users.user(name), let group = Users.name(gid: user.gid) else { return nil }
            (uid, gid, self.group) = (user.uid, user.gid, group)
        }
    }

    // MARK: What the two are told

    private static let modules: [ByteString] = [
        "mpm_event", "authz_core", "authz_host", "access_compat", "alias", "autoindex", "deflate", "dir", "env",
        "expires",
        "filter", "headers", "mime", "negotiation", "proxy", "proxy_fcgi", "reqtimeout", "rewrite", "setenvif",
        "status",
    ]
    private func serverConfiguration(
        _ site: ByteString, _ run: ByteString, _ account: Account?, hasPHP: Bool
    ) -> ByteString {
        var text = ByteString()
        for module in Self.modules { text.append("LoadModule \(module)_module modules/mod_\(module).so\n") }
        if let account { text.append("User \(account.name)\nGroup \(account.group)\n") }
        let host = address.contains(UInt8(ascii: ":")) ? "[\(address)]" : address
        if !File.exists("/etc/mime.types") { text.append("AddType text/html .html\nAddType text/css .css\n") }
        text.append(
            """
            ServerRoot "\(run)"
            ServerName localhost
            Listen \(host):\(port)
            PidFile "\(run)/martinet.pid"
            DefaultRuntimeDir "\(run)"
            ErrorLog "/dev/stderr"
            LogFormat "%h \\"%r\\" %>s %O %{ms}T ms" short
            CustomLog "/dev/stdout" short
            TypesConfig \(File.exists("/etc/mime.types") ? "/etc/mime.types" : "/dev/null")
            DocumentRoot "\(site)"
            DirectoryIndex index.html index.php
            AddOutputFilterByType DEFLATE text/html text/css text/plain application/javascript application/json
            <Directory "/">
                AllowOverride None
                Require all denied
            </Directory>
            <Directory "\(site)">
                Options Indexes FollowSymLinks
                AllowOverride All
                Require all granted
            </Directory>
            <FilesMatch "^\\.ht">
                Require all denied
            </FilesMatch>

            """)
        if hasPHP {
            text.append(
                """
                <FilesMatch "\\.php$">
                    SetHandler "proxy:unix:\(run)/php.sock|fcgi://localhost"
                </FilesMatch>

                """)
            // A front controller without rules of its own is found as by other development servers.
            if File.exists(site + "/index.php"), !File.exists(site + "/.htaccess") {
                text.append("FallbackResource /index.php\n")
            }
        } else {
            text.append("<FilesMatch \"\\.php$\">\n    Require all denied\n</FilesMatch>\n")
        }
        return text
    }
    private func poolConfiguration(_ run: ByteString, _ account: Account?) -> ByteString {
        var text: ByteString = """
            [global]
            error_log = /dev/stderr
            daemonize = no
            [serve]
            listen = \(run)/php.sock
            pm = ondemand
            pm.max_children = 8
            catch_workers_output = yes
            decorate_workers_output = no

            """
        if let account {
            text.append("user = \(account.name)\ngroup = \(account.group)\n")
            text.append("listen.owner = \(account.name)\nlisten.group = \(account.group)\n")
        }
        return text
    }

    // MARK: The two programs

    private func supervise(_ site: ByteString, _ run: ByteString, _ fpm: ByteString?) throws(Complaint) -> Int32 {
        do throws(Errno) {
            let own = try File.readLink("/proc/self/exe")
            let signals = try SignalSource([Signal.interrupt, Signal.terminate, Signal.hangUp, Signal.child])
            var children: [Int32] = []
            if let fpm {
                children.append(
                    try Process.spawn(
                        fpm, arguments: [fpm, "-F", "-O", "-y", run + "/fpm.conf"], environment: Environment.all,
                        directory: nil))
                Self.awaitSocket(run + "/php.sock")
            }
            children.append(
                try Process.spawn(
                    own, arguments: [own, "-DFOREGROUND", "-d", run, "-f", run + "/martinet.conf"],
                    environment: Environment.all, directory: nil))
            let host = address.contains(UInt8(ascii: ":")) ? "[\(address)]" : address
            print("Serving \(site) at http://\(host):\(port)/\(fpm == nil ? "" : " with PHP") (Ctrl-C ends it)")
            return Self.wait(signals, children)
        } catch { throw Complaint(text: error.description) }
    }
    /// The first request must find PHP there. A process manager that cannot start says why itself, so this gives up after
    /// five seconds.
    private static func awaitSocket(_ path: ByteString) {
        let end = MonotonicTime.milliseconds + 5000
        while !File.exists(path), MonotonicTime.milliseconds < end { MonotonicTime.sleep(milliseconds: 5) }
    }
    /// Waits for a signal, or for one of the two to end; ends what is left.
    private static func wait(_ signals: borrowing SignalSource, _ all: [Int32]) -> Int32 {
        var children = all
        var status: Int32?
        while !children.isEmpty {
            let signal = signals.wait(milliseconds: -1)
            while let exit = Process.reap() {
                children.removeAll { $0 == exit.pid }
                if status == nil { status = exit.code ?? 1 }
            }
            if let signal, signal != Signal.child, status == nil { status = 0 }
            if status != nil { for child in children { try? Process.kill(child, Signal.terminate) } }
        }
        return status ?? 0
    }
}
