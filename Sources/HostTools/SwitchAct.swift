// Debian: apache2's /usr/sbin/a2enmod (doit)
import Bytes
import Kernel

extension Switch {
    /// One module, site or piece of configuration; first what it depends on.
    /// - Returns: Whether it is now as asked.
    mutating func act(on given: ByteString) throws(Failure) -> Bool {
        var name = given
        var options: Pair?
        if call.kind == .module {
            if call.verb == .enable, name == "cgi", try hasThreadedMPM() {
                Console.print("Your MPM seems to be threaded. Selecting cgid instead of cgi.\n")
                name = "cgid"
            }
            let pair = Pair(target: "\(available)/\(name).conf", link: "\(enabled)/\(name).conf")
            if File.isThere(pair.target) { options = pair }
        }
        let pair = Pair(target: "\(available)/\(name)\(call.suffix)", link: "\(enabled)/\(name)\(call.suffix)")
        guard File.isThere(pair.target) else { return missing(name, pair) }
        guard try dependenciesAgree(name, pair) else { return false }
        return call.verb == .enable ? try enable(name, pair, options) : try disable(name, pair, options)
    }
    struct Pair {
        var target: ByteString
        var link: ByteString
    }

    private func missing(_ name: ByteString, _ pair: Pair) -> Bool {
        if File.isDangling(pair.link) {
            if call.verb == .disable {
                // A module's other file may dangle too.
                for link in [pair.link, "\(enabled)/\(name).conf"] where File.isDangling(link) {
                    info("removing dangling symlink \(link)\n")
                    try? File.unlink(link)
                }
                return true
            }
            error("\(pair.link) is a dangling symlink!\n")
        }
        if options.purge {
            _ = mark(name)
            return true
        }
        error("\(call.kindTitle) \(name) does not exist!\n")
        return false
    }

    // MARK: Enabling

    private mutating func enable(_ name: ByteString, _ pair: Pair, _ options: Pair?) throws(Failure) -> Bool {
        switch try check(pair) {
        case .wrong(let why):
            error("\(call.kindTitle) \(name) not properly enabled: \(why)\n")
            return false
        case .right:
            guard let options else { break }
            switch try check(options) {
            case .right: break
            case .wrong(let why): return refuse(name, why)
            case .missing:
                Console.print("Enabling config file \(name).conf.\n")
                try add(options)
                return true
            }
        case .missing:
            if let options {
                switch try check(options) {
                case .right: break
                case .wrong(let why): return refuse(name, why)
                case .missing: try add(options)
                }
            }
            Console.print("Enabling \(call.kindText) \(name).\n")
            special(name)
            try add(pair)
            return mark(name)
        }
        info("\(call.kindTitle) \(name) already enabled\n")
        return true
    }
    private func refuse(_ name: ByteString, _ why: ByteString) -> Bool {
        error("Config file \(name).conf not properly enabled: \(why)\n")
        return false
    }

    // MARK: Disabling

    private mutating func disable(_ name: ByteString, _ pair: Pair, _ options: Pair?) throws(Failure) -> Bool {
        if File.isThere(pair.link) || File.isLink(pair.link) {
            special(name)
            if call.kind == .module, Self.essential.contains(name), !self.options.force { try confirm(name) }
            try remove(pair.link)
            if let options, File.isThere(options.link) { try remove(options.link) }
            _ = mark(name)
            Console.print("\(call.kindTitle) \(name) disabled.\n")
        } else if let options, File.isThere(options.link) {
            Console.print("Disabling stale config file \(name).conf.\n")
            try remove(options.link)
        } else {
            info("\(call.kindTitle) \(name) already disabled\n")
            if self.options.purge { _ = mark(name) }
        }
        return true
    }
    private static let essential: Set<ByteString> = [
        "alias", "auth_basic", "authn_file", "authz_host", "authz_user", "autoindex", "deflate", "dir", "env", "filter",
        "logio", "mime", "negotiation", "setenvif", "unixd", "version", "watchdog",
    ]
    private func confirm(_ name: ByteString) throws(Failure) {
        Console.print(
            """
            WARNING: The following essential module will be disabled.
            This might result in unexpected behavior and should NOT be done
            unless you know exactly what you are doing!
             \(name)

            To continue type in the phrase 'Yes, do as I say!' or retry by passing '-f': 
            """)
        guard Console.readLine() == ("Yes, do as I say!" as ByteString) else {
            Console.print("Aborting\n")
            throw Failure(message: "", status: 1)
        }
    }

    // MARK: Links

    enum Link { case right, missing, wrong(ByteString) }

    /// How a link stands. One that points nowhere is removed.
    func check(_ pair: Pair) throws(Failure) -> Link {
        guard File.isThere(pair.link) else {
            if File.isLink(pair.link) {
                info("Removing dangling link \(pair.link)")
                do throws(Errno) { try File.unlink(pair.link) } catch {
                    throw Failure(message: "Could not remove \(pair.link)\n", status: error.rawValue)
                }
            }
            return .missing
        }
        guard File.isLink(pair.link) else { return .wrong("\(pair.link) is a real file, not touching it") }
        guard (try? File.realPath(pair.link)) == (try? File.realPath(pair.target)) else {
            return .wrong("\(pair.link) exists but does not point to \(pair.target), not touching it")
        }
        return .right
    }
    private mutating func add(_ pair: Pair) throws(Failure) {
        let text = RelativePath.from(RelativePath.directory(of: pair.link), to: pair.target)
        do throws(Errno) { try File.link(text, at: pair.link) } catch {
            throw Failure(message: "Could not create \(pair.link): \(error.text)\n", status: error.rawValue)
        }
        needsReload = true
    }
    private mutating func remove(_ link: ByteString) throws(Failure) {
        if File.isLink(link) {
            do throws(Errno) { try File.unlink(link) } catch {
                throw Failure(message: "Could not remove \(link): \(error.text)\n", status: error.rawValue)
            }
        } else if File.isThere(link) {
            error("\(link) is not a symbolic link, not deleting\n")
            return
        }
        needsReload = true
    }

    // MARK: Modules that are more than a link

    private mutating func special(_ name: ByteString) {
        guard call.kind == .module else { return }
        if name == "ssl", call.verb == .enable {
            info(
                "See /usr/share/doc/apache2/README.Debian.gz on how to configure SSL and create self-signed certificates.\n"
            )
        }
        guard name == "cache_disk" else { return }
        needsCacheCleaner = true
        let verb: ByteString = call.verb == .enable ? "Enabling" : "Disabling"
        var command: [ByteString]
        if File.isDirectory("/run/systemd"), File.isAccessible("/bin/systemctl", execute: true) {
            let service: ByteString = "apache-htcacheclean\(serviceInstance)"
            info("\(verb) external service \(service)\n")
            command = ["systemctl", call.verbText, service]
        } else {
            let service: ByteString = "apache-htcacheclean\(call.instance)"
            info("\(verb) external service \(service)\n")
            command = ["update-rc.d", service, call.verbText]
        }
        if Command.status(command) != 0 {
            warning("'\(ByteString(joining: command))' failed\n")
        } else if call.verb == .enable {
            info("The service will be started on next reboot.\n")
        }
    }
    /// Asks the server, and where it cannot answer the links.
    private func hasThreadedMPM() throws(Failure) -> Bool {
        let program: ByteString = "/usr/sbin/apache2ctl"
        if File.isAccessible(program, execute: true), let result = try? Command.run([program, "-V"], capturing: true) {
            let lines = result.output.split(on: UInt8(ascii: "\n")).filter { $0.contains("threaded") }
            if lines.contains(where: { $0.contains(" no") }) { return false }
            if lines.contains(where: { $0.contains(" yes") }) { return true }
            if let line = lines.first {
                throw Failure(message: "Can't parse output from apache2ctl -V:\n\(line)\n\n", status: 1)
            }
        }
        if File.isThere("\(enabled)/mpm_prefork.load") { return false }
        if File.isThere("\(enabled)/mpm_worker.load") || File.isThere("\(enabled)/mpm_event.load") { return true }
        error("Can't determine enabled MPM")
        return false
    }
    func mark(_ name: ByteString) -> Bool {
        markers.set(
            name, enabled: call.verb == .enable, byMaintenance: options.maintenance, forget: options.purge,
            complain: error)
    }
}
