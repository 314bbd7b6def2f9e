// No Apache counterpart: the command line of `martinet site`
import Bytes
import Kernel

/// `martinet site VERB …`.
public enum SiteCommand {
    private static let usage: ByteString = """
        Usage: martinet site add NAME --user USER [--aliases NAME,…] [--php VERSION] [--root DIR] [--dry-run]
                             [--https [--ca URL|local] [--contact ADDRESS] [--agree-tos]]
               martinet site list [--json]
               martinet site show NAME [--json]
               martinet site enable NAME | disable NAME
               martinet site remove NAME [--keep-files] [--yes]
               martinet site doctor NAME [--json]
          --user        the user whose the files are and who PHP runs as; made when there is none
          --aliases     other names of the site, *.example.net among them
          --php         the version of PHP; the newest there is when it is left out
          --root        the directory to serve, relative to the user's home; www when it is left out
          --https       with a certificate and HTTP/2; plain requests are sent there. The certificate is from the CA that the
                        configuration names (MDCertificateAuthority), else Let's Encrypt, and renewed by the server; where that
                        CA cannot be reached or gives none for such names, of the authority of martinet ca, for development
          --ca          another CA (ACME), without which nothing is done; or "local": the authority of martinet ca
          --contact     whom the CA tells about certificates; --agree-tos accepts its terms of service
          --dry-run     says what would be done
          --keep-files  removes only configuration
          --yes         does not ask before files are deleted
          --sysroot DIR before the verb: works on the system below DIR, which does not run

        """
    /// What one call says.
    struct Options {
        var verb: ByteString = ""
        var names: [ByteString] = []
        var values: [ByteString: ByteString] = [:]
        var flags: Set<ByteString> = []
    }
    private static let valued: [ByteString: [ByteString]] = [
        "--user": ["add"], "--aliases": ["add"], "--php": ["add"], "--root": ["add"], "--ca": ["add"],
        "--contact": ["add"],
    ]
    private static let flagged: [ByteString: [ByteString]] = [
        "--dry-run": ["add"], "--json": ["list", "show", "doctor"], "--keep-files": ["remove"], "--yes": ["remove"],
        "--https": ["add"], "--agree-tos": ["add"],
    ]

    /// - Parameters:
    ///   - arguments: Those after `site`.
    ///   - directives: The module of each directive, by lower-case name, for what `.htaccess` files need; empty for those of
    ///     modules that are always there.
    /// - Returns: The status to exit with: 1 when something is wrong or was not done, 2 for wrong use.
    public static func run(_ arguments: [ByteString], directives: [ByteString: ByteString] = [:]) -> Int32 {
        do throws(SiteError) {
            let options = try read(arguments)
            if options.flags.contains("--help") || options.verb.isEmpty {
                Console.print(usage)
                return options.verb.isEmpty && !options.flags.contains("--help") ? 2 : 0
            }
            if let root = options.values["--sysroot"] {
                do throws(Errno) { try Process.changeRoot(root) } catch { throw SiteError(root, error) }
            }
            return try perform(options, directives)
        } catch {
            Console.error("martinet site: \(error.message)\n")
            if !error.cure.isEmpty { Console.error("  \(error.cure)\n") }
            return error.isUsage ? 2 : 1
        }
    }

    static func read(_ arguments: [ByteString]) throws(SiteError) -> Options {
        var options = Options()
        var rest = arguments[...]
        while let given = rest.popFirst() {
            guard given.hasPrefix("-") else {
                if options.verb.isEmpty { options.verb = given } else { options.names.append(given) }
                continue
            }
            let equals = given.firstIndex(of: UInt8(ascii: "="))
            let word = equals.map { given.upTo($0) } ?? given
            if word == "-h" || word == "--help" {
                options.flags.insert("--help")
            } else if let verbs = valued[word] ?? (word == "--sysroot" && options.verb.isEmpty ? [""] : nil) {
                guard verbs.contains(options.verb) else {
                    throw SiteError(usage: "\(word) does not belong to \(options.verb)")
                }
                guard let value = equals.map({ given.from($0 + 1) }) ?? rest.popFirst(), !value.isEmpty else {
                    throw SiteError(usage: "\(word) needs a value")
                }
                options.values[word] = value
            } else if let verbs = flagged[word], equals == nil {
                guard verbs.contains(options.verb) else {
                    throw SiteError(usage: "\(word) does not belong to \(options.verb)")
                }
                options.flags.insert(word)
            } else {
                throw SiteError(usage: "what is '\(given)'?")
            }
        }
        return options
    }

    private static func perform(_ options: Options, _ directives: [ByteString: ByteString]) throws(SiteError) -> Int32 {
        guard ["add", "list", "show", "enable", "disable", "remove", "doctor"].contains(where: { options.verb == $0 })
        else { throw SiteError(usage: "what is '\(options.verb)'?") }
        if options.verb == "list" {
            guard options.names.isEmpty else { throw SiteError(usage: "list takes no name") }
            SiteListing.list(Sites(HostFiles()), json: options.flags.contains("--json"))
            return 0
        }
        guard options.names.count == 1 else { throw SiteError(usage: "\(options.verb) takes one name") }
        let name = options.names[0].lowercased
        if options.verb == "add" { return try add(name, options) }
        let sites = Sites(HostFiles())
        let site = try sites.find(name)
        switch options.verb {
        case "show": SiteListing.show(site, sites, json: options.flags.contains("--json"))
        case "doctor": return SiteDoctor.run(site, sites, directives, json: options.flags.contains("--json"))
        case "enable": try SiteSwitch(site, sites).enable(say)
        case "disable": try SiteSwitch(site, sites).disable(say)
        default:
            try SiteRemove(site, sites, keepsFiles: options.flags.contains("--keep-files")).run(
                isAgreed: options.flags.contains("--yes"), say)
        }
        return 0
    }
    private static func add(_ name: ByteString, _ options: Options) throws(SiteError) -> Int32 {
        guard let user = options.values["--user"] else { throw SiteError(usage: "add needs --user") }
        var request = SiteAdd.Request(name: name, user: user)
        request.aliases = (options.values["--aliases"] ?? "").split(on: UInt8(ascii: ",")).map {
            $0.trimmed().lowercased
        }
        .filter { !$0.isEmpty }
        request.php = options.values["--php"]
        request.root = options.values["--root"]
        request.wantsHTTPS = options.flags.contains("--https")
        request.authority = options.values["--ca"]
        request.contact = options.values["--contact"]
        request.agreesToTerms = options.flags.contains("--agree-tos")
        let more =
            ["--ca", "--contact"].filter { options.values[$0] != nil } + (request.agreesToTerms ? ["--agree-tos"] : [])
        if let word = more.first, !request.wantsHTTPS { throw SiteError(usage: "\(word) needs --https") }
        let add = try SiteAdd(request)
        if let reason = add.https?.reason {
            say("\(reason): the certificate will be of this machine's own authority, for development")
        }
        if options.flags.contains("--dry-run") {
            for step in add.steps {
                say(step.title)
                guard !step.text.isEmpty else { continue }
                for line in step.text.split(on: 10).dropLast() { Console.print(line.isEmpty ? "\n" : "    \(line)\n") }
            }
            return 0
        }
        guard Process.userID == 0 else {
            throw SiteError("only root can do that", cure: "--dry-run shows what would be done")
        }
        try add.run(say)
        sayEnd(add)
        return 0
    }
    private static func sayEnd(_ add: SiteAdd) {
        let isSecure = add.https != nil
        let number = isSecure ? add.texts.securePort : add.texts.port
        let port: ByteString = number == (isSecure ? 443 : 80) ? "" : ":\(number)"
        say(
            "http\(isSecure ? "s" : "")://\(add.texts.name)\(port)/ is \(add.texts.documentRoot), its PHP runs as \(add.account.name)."
        )
        if !add.manager.isRunning {
            say("No process manager runs for PHP \(add.manager.files.version): start martinet-fpm.")
        }
        if case .local? = add.https?.source { say("martinet ca trust says how browsers come to trust it.") }
        if add.https?.reason != nil {
            say(
                "For a CA's certificate: martinet site remove \(add.texts.name) --keep-files, and add it again with --ca URL."
            )
        }
        if !add.server.isRunning { say("No server runs with \(add.files.apache): start martinet.") }
    }
    static func say(_ line: ByteString) { Console.print("\(line)\n") }
}

extension SiteError {
    private static let usageMark: ByteString = "martinet site --help says how it is used"
    init(usage: ByteString) { self.init(usage, cure: Self.usageMark) }
    var isUsage: Bool { cure == Self.usageMark }
}
