// Apache: support/apachectl.in; Debian's /usr/sbin/apache2ctl
import Bytes
import Kernel

/// Starts, stops and asks the server with the environment that `envvars` sets.
struct Control {
    private let program: ByteString
    private let arguments: [ByteString]
    private let root: ByteString
    private let environment: [ByteString]
    private let values: [ByteString: ByteString]

    /// - Returns: The server's status, 1 for wrong use, 2 for `startssl`.
    static func run(program: ByteString, name: ByteString, _ arguments: [ByteString]) -> Int32 {
        let control = Control(program, name, arguments)
        control.raiseLimit()
        let verb = join(arguments)
        if ["", "usage", "help", "--help"].contains(verb) {
            control.sayUsage()
            return 1
        }
        guard control.makeDirectories(), let status = control.perform(verb) else { return 1 }
        if status != 0 {
            Console.print("Action '\(verb)' failed.\nThe Apache error log may have more information.\n")
        }
        return status
    }

    private init(_ program: ByteString, _ name: ByteString, _ arguments: [ByteString]) {
        self.program = program
        self.arguments = arguments
        var root = Environment.get("APACHE_CONFDIR") ?? ""
        if root.isEmpty { root = name.hasPrefix("apache2ctl-") ? "/etc/apache2-\(name.from(11))" : "/etc/apache2" }
        let given = Environment.get("APACHE_ENVVARS") ?? ""
        let result = ShellVariables.after(
            given.isEmpty ? "\(root)/envvars" : given, before: [("APACHE_CONFDIR", root)],
            names: [
                "APACHE_CONFDIR", "APACHE_ARGUMENTS", "APACHE_HTTPD", "APACHE_LYNX", "APACHE_STATUSURL",
                "APACHE_ULIMIT_MAX_FILES", "APACHE_RUN_DIR", "APACHE_RUN_USER", "APACHE_LOCK_DIR",
                "APACHE_STARTED_BY_SYSTEMD",
            ])
        environment = result.environment
        values = result.values
        self.root = result.values["APACHE_CONFDIR"] ?? root
    }
    private static func join(_ words: [ByteString]) -> ByteString {
        ByteString(joining: words)
    }
    private func value(_ name: ByteString, default other: ByteString) -> ByteString {
        values[name].flatMap { $0.isEmpty ? nil : $0 } ?? other
    }
    private func sayUsage() {
        Console.error(
            """
            Usage: \(program) start|stop|restart|graceful|graceful-stop|configtest|status|fullstatus|help
                   \(program) <apache2 args>
                   \(program) -h            (for help on <apache2 args>)

            """)
    }

    // MARK: Verbs

    /// - Returns: Nil when the reason to end was already said.
    private func perform(_ verb: ByteString) -> Int32? {
        switch verb {
        case "start": return start()
        case "stop", "graceful-stop": return server(["-k", verb])
        case "restart", "graceful":
            return server(["-t"], quiet: true) == 0 ? server(["-k", verb]) : server(["-t"])
        case "startssl", "sslstart", "start-SSL":
            Console.print(
                """
                The startssl option is no longer supported.
                Please edit httpd.conf to include the SSL configuration settings
                and then use apachectl start.

                """)
            return 2
        case "configtest": return server(["-t"])
        case "status":
            _ = status(untilProcesses: true)
            return 0
        case "fullstatus": return status(untilProcesses: false) ? 0 : nil
        default: return server(arguments)
        }
    }
    private func server(_ words: [ByteString], quiet: Bool = false) -> Int32 {
        let standard: ByteString = File.isThere("/usr/sbin/apache2") ? "/usr/sbin/apache2" : "/usr/sbin/martinet"
        var command = value("APACHE_HTTPD", default: standard).words()
        if root != "/etc/apache2" { command += ["-d", root] }
        command += (values["APACHE_ARGUMENTS"] ?? "").words() + words
        do throws(Errno) {
            return try Command.run(command, environment: environment, quiet: quiet).status
        } catch {
            if !quiet { Console.error("\(program): \(command[0]): \(error.text)\n") }
            return error == .notFound ? 127 : 126
        }
    }
    private func start() -> Int32 {
        let run = value("APACHE_RUN_DIR", default: "/var/run/apache2")
        for entry in (try? Directory.entries(run)) ?? [] where entry.name.contains("ssl_scache") {
            try? File.unlink("\(run)/\(entry.name)")
        }
        guard value("APACHE_STARTED_BY_SYSTEMD", default: "").isEmpty, Command.isUnderSystemd else {
            return server(["-k", "start"])
        }
        // A server that systemd did not start is one that it does not know.
        let prefix: ByteString = "/etc/apache2-"
        let instance = root.hasPrefix(prefix) ? root.from(prefix.count) : root
        let service: ByteString = root == "/etc/apache2" ? "apache2" : "apache2@\(instance)"
        Console.print("Invoking 'systemctl start \(service)'.\nUse 'systemctl status \(service)' for more info.\n")
        return Command.status(["systemctl", "start", service])
    }
    /// mod_status's page through a browser that writes text; up to the line that ends in "process", or all of it.
    private func status(untilProcesses: Bool) -> Bool {
        let browser = value("APACHE_LYNX", default: "www-browser -dump")
        let address = value("APACHE_STATUSURL", default: "http://localhost:80/server-status")
        let words = browser.words() + address.words()
        let result = try? Command.run(words, environment: environment, capturing: true)
        var output = result?.output ?? ""
        if untilProcesses {
            var lines: [ByteString] = []
            for line in output.split(on: UInt8(ascii: "\n")) {
                lines.append(line)
                if line.hasSuffix("process") {
                    lines.append("")
                    break
                }
            }
            output = ByteString(lines.map(\.bytes).joined(separator: [10]))
        }
        Console.print(output)
        if result?.status == 0 { return true }
        Console.error(
            """
            '\(browser) \(address)' failed.
            Maybe you need to install a package providing www-browser or you
            need to adjust the APACHE_LYNX variable in /etc/apache2/envvars

            """)
        return false
    }

    // MARK: Before

    /// For configurations with many log files.
    private func raiseLimit() {
        guard Process.userID == 0 else { return }
        let words = value("APACHE_ULIMIT_MAX_FILES", default: "ulimit -n 8192").words()
        if words.count == 3, words[0] == "ulimit", words[1] == "-n", let count = words[2].decimal, count > 0 {
            let limit = Process.Limit(soft: UInt64(count), hard: UInt64(count))
            if (try? Process.setLimit("nofile", limit)) != nil { return }
        } else if words == ["true"] || words == [":"] {
            return
        }
        Console.error("Setting ulimit failed. See README.Debian for more information.\n")
    }
    private func makeDirectories() -> Bool {
        let run = value("APACHE_RUN_DIR", default: "/var/run/apache2")
        let lock = value("APACHE_LOCK_DIR", default: "/var/lock/apache2")
        if !File.isDirectory(run) { try? Directory.makeAll(run) }
        return make("\(run)/socks") && make(lock)
    }
    /// Under another name first, so that nobody sees it with the wrong owner.
    private func make(_ path: ByteString) -> Bool {
        if File.isDirectory(path) { return true }
        let owner = value("APACHE_RUN_USER", default: "www-data")
        guard !File.isThere(path) else {
            Console.print(
                "\(path) already exists but is not a directory owned by \(owner).\nPlease fix manually. Aborting.\n")
            return false
        }
        let draft: ByteString = "\(path).\(Process.id)"
        do throws(Errno) {
            try Directory.make(draft, mode: 0o755)
            try File.setMode(draft, 0o755)
            guard let user = Users.user(owner) else { throw .invalid }
            try File.setOwner(draft, uid: user.uid, gid: Process.groupID)
            try File.rename(draft, to: path)
            return true
        } catch {
            try? Directory.remove(draft)
            // Somebody else may have been quicker.
            if let status = try? FileStatus(path), status.isDirectory, status.uid == Users.user(owner)?.uid {
                return true
            }
            Console.print("Cannot create \(path) with owner \(owner).\nPlease fix manually. Aborting.\n")
            return false
        }
    }
}
