// Debian: apache2's /usr/sbin/a2enmod
import Bytes
import Kernel

/// Enables and disables modules, sites and pieces of configuration: symbolic links in `mods-enabled`, `sites-enabled`
/// and `conf-enabled`.
struct Switch {
    let call: SwitchCall
    let options: SwitchOptions
    let available: ByteString
    let enabled: ByteString
    let modulesEnabled: ByteString
    let markers: StateMarkers
    /// Something changed that a running server does not know yet.
    var needsReload = false
    var needsCacheCleaner = false

    /// What ends the program.
    struct Failure: Error {
        var message: ByteString
        var status: Int32
    }

    /// - Returns: 0, or 1 when something could not be done, 2 for wrong options.
    static func run(_ call: SwitchCall, _ arguments: [ByteString]) -> Int32 {
        let options = SwitchOptions(arguments)
        if !options.complaints.isEmpty {
            for complaint in options.complaints { Console.error(complaint) }
            return 2
        }
        do throws(Failure) {
            try readEnvironment(call)
            var work = Switch(call, options)
            return try work.all()
        } catch {
            Console.error(error.message)
            return error.status
        }
    }

    private init(_ call: SwitchCall, _ options: SwitchOptions) {
        self.call = call
        self.options = options
        let root = Self.variable("APACHE_CONFDIR") ?? "/etc/apache2\(call.instance)"
        let name: ByteString = "APACHE_\(call.folder.uppercased)"
        available = Self.variable("\(name)_AVAILABLE") ?? "\(root)/\(call.folder)-available"
        enabled = Self.variable("\(name)_ENABLED") ?? "\(root)/\(call.folder)-enabled"
        modulesEnabled = Self.variable("APACHE_MODS_ENABLED") ?? "\(root)/mods-enabled"
        let state = Self.variable("APACHE_STATE_DIRECTORY") ?? "/var/lib/apache2"
        markers = StateMarkers(directory: "\(state)/\(call.kindText)")
    }
    /// An empty variable counts as none.
    private static func variable(_ name: ByteString) -> ByteString? {
        Environment.get(name).flatMap { $0.isEmpty ? nil : $0 }
    }
    /// What `envvars` exports becomes our environment.
    private static func readEnvironment(_ call: SwitchCall) throws(Failure) {
        let root = variable("APACHE_CONFDIR") ?? "/etc/apache2\(call.instance)"
        let file = variable("APACHE_ENVVARS") ?? "\(root)/envvars"
        Environment.set("LANG", "C")
        guard File.isAccessible(file, read: true) else { return }
        let (status, lines) = ShellVariables.exported(by: file)
        if status != 0 { throw Failure(message: "Could not read \(file)\n", status: status) }
        for line in lines {
            guard let equals = line.lastIndex(of: UInt8(ascii: "=")) else {
                throw Failure(message: "Could not parse \(file)\n", status: 255)
            }
            Environment.set(line.upTo(equals), line.from(equals + 1))
        }
    }

    private mutating func all() throws(Failure) -> Int32 {
        var status: Int32 = 0
        var targets: [ByteString] = []
        for name in options.names.isEmpty ? askForNames() : options.names {
            let short = withoutSuffix(name)
            let found = matching(short)
            if found.isEmpty {
                error("No \(call.kindText) found matching \(short)!\n")
                status = 1
            }
            targets += found
        }
        for target in dependentsFirst(targets) where try !act(on: target) { status = 1 }
        if needsReload { sayHowToActivate() }
        return status
    }
    private func askForNames() -> [ByteString] {
        let choices = ByteString(joining: matching("*"))
        Console.print("Your choices are: \(choices)\n")
        Console.print("Which \(call.kindText)(s) do you want to \(call.verbText) (wildcards ok)?\n")
        guard let line = Console.readLine() else { return [] }
        let words = line.words()
        return line.first.map(ASCII.isSpace) == true && !words.isEmpty ? [""] + words : words
    }
    private func matching(_ pattern: ByteString) -> [ByteString] {
        let folder = call.verb == .enable ? available : enabled
        return FileGlob.names("\(folder)/\(pattern)\(call.suffix)").map {
            withoutSuffix($0.hasPrefix("\(folder)/") ? $0.from(folder.count + 1) : $0)
        }
    }
    /// Debian's pattern for the suffix begins with a dot that stands for any byte.
    private func withoutSuffix(_ name: ByteString) -> ByteString {
        name.count >= 5 && name.hasSuffix(call.suffix.from(1)) ? name.upTo(name.count - 5) : name
    }
    private func sayHowToActivate() {
        let verb: ByteString = call.verb == .enable ? "start" : "stop"
        var text: ByteString = "To activate the new configuration, you need to run:\n"
        if Command.isUnderSystemd {
            text += "  systemctl \(call.activation) apache2\(serviceInstance)\n"
            if needsCacheCleaner { text += "  systemctl \(verb) apache-htcacheclean\(serviceInstance)\n" }
        } else {
            text += "  service apache2\(call.instance) \(call.activation)\n"
            if needsCacheCleaner { text += "  service apache-htcacheclean\(call.instance) \(verb)\n" }
        }
        info(text)
    }
    /// systemd's `@intern.service` for `-intern`.
    var serviceInstance: ByteString { call.instance.isEmpty ? "" : "@\(call.instance.from(1)).service" }

    func info(_ text: ByteString) { if !options.quiet { Console.print(text) } }
    func error(_ text: ByteString) { Console.error("ERROR: \(text)") }
    func warning(_ text: ByteString) { Console.error("WARNING: \(text)") }
}
