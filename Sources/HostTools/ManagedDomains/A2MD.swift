// mod_md: a2md, its command-line program

import ACME
import Bytes
import Kernel

/// `a2md`: the store of mod_md from the command line.
enum A2MD {
    /// MOD_MD_VERSION of the mod_md whose store this is.
    private static let version = "2.6.10"
    static let usage: ByteString = """
        usage: a2md [options] command [arguments]
          -a, --acme URL      the directory of the CA
          -C, --cafile FILE   certificates to trust when talking with the CA
          -d, --dir DIR       the store (default: md)
          -j, --json          answer in JSON
          -p, --proxy URL     a proxy on the way to the CA
          -q, --quiet         no complaints
          -t, --terms WORD    `accepted`, or the URL of the terms of service that are agreed to
          -v, --verbose       say more
          -V, --version       say which mod_md this goes with
        commands:
          list [NAME...]                      domains of the store with their state
          add NAME [ALIAS...]                 a new domain
          update NAME domains NAME...         other names for its certificate
          update NAME ca URL [PROTOCOL] | account [ID] | agreement [WORD] | contacts ADDRESS...
          drive [-c CHALLENGE] [--force] [NAME...]
                                              get certificates that are due, and use them
          revoke [-r REASON] NAME...          ask the CA to revoke what the domain has
          acme newreg ADDRESS... | validate ACCOUNT | delreg ACCOUNT | newkey ACCOUNT
          store add NAME [ALIAS...] | remove [-f] NAME... | list | update NAME [domains NAME...]
                                              the store as it is, unchecked

        """

    struct Options {
        var authority: String?
        var agreement: String?
        var directory: ByteString = "md"
        var isJSON = false
        var isQuiet = false
        var verbosity = 0
        var settings = RenewalSettings(userAgent: "Martinet a2md mod_md/\(A2MD.version)")
    }
    /// Why a command did nothing.
    struct Failure: Error {
        var status: Int
        var detail: String
        init(_ status: Int, _ detail: String) {
            self.status = status
            self.detail = detail
        }
        init(_ error: ACMEError) { self.init(error.status, error.detail ?? error.description) }
        init(_ error: Store.Failure) {
            switch error {
            case .notFound: self.init(StatusCode.notFound, "\(error)")
            case .system(let number, _): self.init(Int(number.rawValue), "\(error)")
            case .damaged: self.init(StatusCode.invalid, "\(error)")
            }
        }
        static let usage = Failure(StatusCode.badArgument, "")
    }

    /// - Returns: The status to exit with.
    static func run(_ arguments: [ByteString]) -> Int32 {
        var options = Options()
        do throws(Failure) {
            guard let rest = try read(arguments, &options) else {
                Console.print("version: \(ByteString(version))\n")
                return 0
            }
            let output = try command(rest, options)
            finish(options, 0, output)
            return 0
        } catch {
            if error.detail.isEmpty {
                Console.error(usage)
            } else if !options.isQuiet {
                Console.error(ByteString("a2md: \(error.detail) (\(error.status): \(StatusCode.text(error.status)))\n"))
            }
            finish(options, error.status, Output())
            return 1
        }
    }
    /// What a command has to say: domains, or lines of its own.
    struct Output {
        var domains: [JSON] = []
        var lines: [String] = []
    }
    private static func finish(_ options: Options, _ status: Int, _ output: Output) {
        if options.isJSON {
            var json: JSON = ["status": .integer(Int64(status))]
            if status != 0 { json["description"] = .string(StatusCode.text(status)) }
            json["output"] = .array(output.domains)
            Console.print(ByteString(json.text(indented: true)) + "\n")
            return
        }
        for line in output.lines { Console.print(ByteString(line + "\n")) }
        for domain in output.domains {
            let state = ["unknown", "incomplete", "complete", "expired", "error", "missing information"]
            let number = domain["state"].integer ?? 0
            let renew = domain["renew"].bool == true ? ", to be renewed" : ""
            Console.print(
                ByteString(
                    "\(domain["name"].string ?? ""): \(state.indices.contains(number) ? state[number] : "?")\(renew): \(domain["domains"].strings.joined(separator: " "))\n"
                ))
        }
    }

    // MARK: Arguments

    /// - Returns: What follows the options; nil when only the version was asked for.
    private static func read(_ arguments: [ByteString], _ options: inout Options) throws(Failure) -> [String]? {
        var words = OptionWords(
            arguments.map(\.string), values: "aCdpt",
            names: [
                "acme": "a", "cafile": "C", "dir": "d", "json": "j", "proxy": "p", "quiet": "q", "terms": "t",
                "verbose": "v", "version": "V", "help": "h",
            ])
        while let (option, value) = try words.next() {
            switch option {
            case "a":
                if let fault = URIWords.fault(value) { throw Failure(StatusCode.invalid, "\(value): \(fault)") }
                options.authority = value
            case "C": options.settings.certificatesFile = value
            case "d": options.directory = ByteString(value)
            case "j": options.isJSON = true
            case "p": options.settings.proxy = value
            case "q": options.isQuiet = true
            case "t": options.agreement = value
            case "v": options.verbosity += 1
            case "V": return nil
            default: throw .usage
            }
        }
        return words.rest
    }
    private static func command(_ words: [String], _ options: Options) throws(Failure) -> Output {
        let rest = Array(words.dropFirst())
        guard let name = words.first else { throw .usage }
        guard ["list", "add", "update", "drive", "revoke", "acme", "store"].contains(name) else { throw .usage }
        let store: Store
        do throws(Store.Failure) { store = try Store(options.directory) } catch { throw Failure(error) }
        let registry = StoreCommands(store: store, options: options)
        switch name {
        case "list": return try registry.list(rest)
        case "add": return try registry.add(rest)
        case "update": return try registry.update(rest)
        case "drive": return try registry.drive(rest)
        case "revoke": return try registry.revoke(rest)
        case "acme": return try registry.account(rest)
        default: return try registry.plain(rest)
        }
    }
}

/// Options before other words: `-vv`, `-d DIR`, `-dDIR`, `--dir DIR`, `--dir=DIR`.
struct OptionWords {
    private(set) var rest: [String]
    private let values: String
    private let names: [String: Character]
    private var cluster: Substring = ""

    init(_ words: [String], values: String, names: [String: Character]) {
        rest = words
        self.values = values
        self.names = names
    }
    /// The next option with its value, which is empty for one that takes none.
    mutating func next() throws(A2MD.Failure) -> (Character, String)? {
        if let letter = cluster.popFirst() { return try finish(letter) }
        guard let word = rest.first, word.hasPrefix("-"), word != "-" else { return nil }
        rest.removeFirst()
        if word == "--" { return nil }
        guard word.hasPrefix("--") else {
            cluster = word.dropFirst()
            return try next()
        }
        let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let letter = names[String(parts[0])] else { throw .usage }
        if parts.count == 2 {
            guard values.contains(letter) else { throw .usage }
            return (letter, String(parts[1]))
        }
        return try finish(letter)
    }
    private mutating func finish(_ letter: Character) throws(A2MD.Failure) -> (Character, String) {
        guard values.contains(letter) else { return (letter, "") }
        if !cluster.isEmpty {
            defer { cluster = "" }
            return (letter, String(cluster))
        }
        guard !rest.isEmpty else { throw .usage }
        return (letter, rest.removeFirst())
    }
}
