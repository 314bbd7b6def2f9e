// Debian: apache2's /usr/sbin/a2query
import Bytes
import Kernel

/// Says what is enabled, and who enabled it. Maintainer scripts ask it.
enum Query {
    private static let configuration: ByteString = "/etc/apache2"
    private static let state: ByteString = "/var/lib/apache2"
    private static let mpms: [ByteString] = ["event", "worker", "prefork"]

    /// What ends the program: nothing of the asked is there.
    struct Miss: Error {
        var message: ByteString
        var status: Int32
    }
    /// What the server says of itself; the defaults hold when it does not answer.
    struct Facts {
        var api: ByteString = "20120211"
        var version: ByteString = "2.4.71"
        var mpm: ByteString?
        var modules: [ByteString] = []
    }

    /// - Returns: 0 found, 1 not found, 32 or 33 switched off by an administrator or by a package.
    static func run(program: ByteString, _ arguments: [ByteString]) -> Int32 {
        var options = Options()
        do throws(Miss) {
            var facts = Facts()
            askServer(&facts)
            try readModules(&facts)
            options = Options(arguments)
            for complaint in options.complaints { Console.error(complaint) }
            try answer(options, facts, program)
            return 0
        } catch {
            if !options.flags.contains("q") { Console.error("\(error.message)\n") }
            return error.status
        }
    }
    private static func answer(_ options: Options, _ facts: Facts, _ program: ByteString) throws(Miss) {
        let say: (ByteString) -> Void = { if !options.flags.contains("q") { Console.print($0) } }
        if let name = options.values["m"] { try state(of: name, "module", among: facts.modules, say) }
        if let name = options.values["s"] { try state(of: name, "site", among: names("sites-enabled", ".conf"), say) }
        if let name = options.values["c"] { try state(of: name, "conf", among: names("conf-enabled", ".conf"), say) }
        if options.flags.contains("a") { say("\(facts.api)\n") }
        if options.flags.contains("v") { say("\(facts.version)\n") }
        if options.flags.contains("M") { say("\(facts.mpm ?? "invalid")\n") }
        if options.flags.contains("d") { say("/usr/lib/apache2/modules/\n") }
        if options.flags.contains("h") || (options.flags.isEmpty && options.values.isEmpty) {
            Console.print(usage(program))
        }
    }

    private static func askServer(_ facts: inout Facts) {
        guard let result = try? Command.run(["apache2ctl", "-V"], capturing: true, quiet: true), result.status == 0
        else { return }
        for line in result.output.split(on: UInt8(ascii: "\n")) {
            if let value = value(of: "Server version:", in: line) {
                // "Apache/2.4.71 (Debian)"
                let number = value.split(on: 32)[0].filter { ASCII.isDigit($0) || $0 == UInt8(ascii: ".") }
                facts.version = ByteString(number)
            } else if let value = value(of: "Server MPM:", in: line) {
                facts.mpm = value
            } else if let value = value(of: "Magic Number:", in: line) {
                facts.api = value.split(on: UInt8(ascii: ":"))[0]
            }
        }
    }
    private static func value(of label: ByteString, in line: ByteString) -> ByteString? {
        line.firstRange(of: label).map { line.from($0.upperBound).trimmed() }
    }
    private static func readModules(_ facts: inout Facts) throws(Miss) {
        var found: ByteString?
        for name in try names("mods-enabled", ".load") {
            if let mpm = mpms.first(where: { name.contains("mpm_\($0)") }) {
                if found != nil {
                    throw Miss(
                        message: "There is more than one MPM loaded. Do not proceed due to undefined results", status: 1
                    )
                }
                found = mpm
                if facts.mpm == nil { facts.mpm = mpm }
            }
            facts.modules.append(name)
        }
    }
    private static func names(_ folder: ByteString, _ suffix: ByteString) throws(Miss) -> [ByteString] {
        let path: ByteString = "\(configuration)/\(folder)"
        do throws(Errno) {
            return try Directory.entries(path).map(\.name).filter { $0.hasSuffix(suffix) }
                .map { $0.upTo($0.count - suffix.count) }
        } catch {
            throw Miss(message: "\(path): \(error.text)", status: 1)
        }
    }

    private static func state(
        of given: ByteString, _ kind: ByteString, among enabled: [ByteString], _ say: (ByteString) -> Void
    ) throws(Miss) {
        var name = given.hasPrefix("mod") ? given.from(3) : given
        let suffixes = [name.firstRange(of: ".conf"), name.firstRange(of: ".load")].compactMap(\.self)
        if let suffix = suffixes.min(by: { $0.lowerBound < $1.lowerBound }) {
            name = name.upTo(suffix.lowerBound) + name.from(suffix.upperBound)
        }
        let markers = StateMarkers(directory: "\(state)/\(kind)")
        let matches = name.isEmpty || name == "0" ? enabled : enabled.filter { $0 == name }
        for match in matches {
            say("\(match) (enabled by \(text(markers.author(of: match, enabled: true))))\n")
        }
        guard matches.isEmpty else { return }
        let message: ByteString = "No \(kind) matches \(name)"
        guard let author = markers.author(of: name, enabled: false) else { throw Miss(message: message, status: 1) }
        throw Miss(message: "\(message) (disabled by \(text(author)))", status: author == .admin ? 32 : 33)
    }
    private static func text(_ author: StateMarkers.Author?) -> ByteString {
        switch author {
        case .admin: "site administrator"
        case .maint: "maintainer script"
        case nil: "unknown"
        }
    }

    /// perl's Getopt::Std.
    struct Options {
        var flags: Set<ByteString> = []
        var values: [ByteString: ByteString] = [:]
        var complaints: [ByteString] = []

        init() {}
        init(_ arguments: [ByteString]) {
            var rest = arguments[...]
            while let word = rest.first, word.count > 1, word.hasPrefix("-") {
                rest.removeFirst()
                if word == "--" { return }
                var letters = word.from(1)
                while let letter = letters.first.map({ ByteString([$0]) }) {
                    letters = letters.from(1)
                    switch letter {
                    case "m", "s", "c":
                        values[letter] = letters.isEmpty ? rest.popFirst() ?? "" : letters
                        letters = ""
                    case "h", "a", "v", "M", "d", "q": flags.insert(letter)
                    default: complaints.append("Unknown option: \(letter)\n")
                    }
                }
            }
        }
    }
    private static func usage(_ program: ByteString) -> ByteString {
        "Usage: \(program) -q -m [MODULE] -s [SITE] -c [CONF] -a -v -M -d -h \n"
            + row("-q", "suppress any output. Useful for invocation from scripts")
            + row("-m [MODULE]", "checks whether the module MODULE is enabled, lists all enabled")
            + row(nil, "modules if no argument was given")
            + row("-s [SITE]", "checks whether the site SITE is enabled, lists all sites if no")
            + row(nil, "argument was given")
            + row("-c [CONF]", "checks whether the configuration CONF is enabled, lists all")
            + row(nil, "configurations if no argument was given")
            + row("-a", "returns the current Apache 2 module magic version")
            + row("-v", "returns the current Apache 2 version") + row("-M", "returns the enabled Apache 2 MPM")
            + row("-d", "returns the Apache 2 module directory") + row("-h", "display this help")
    }
    private static func row(_ option: ByteString?, _ text: ByteString) -> ByteString {
        guard let option else { return "  \t        \(text)\n" }
        return option + ByteString([UInt8](repeating: 32, count: 13 - option.count)) + "\t\(text)\n"
    }
}
