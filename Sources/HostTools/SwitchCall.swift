// Debian: a2enmod's command line, which perl's Getopt::Long reads
import Bytes

/// What is to be switched, and which way, by the name of the program: `a2enmod`, `a2dissite-intern`.
struct SwitchCall {
    enum Verb { case enable, disable }
    enum Kind { case module, site, conf }

    let verb: Verb
    let kind: Kind
    /// `-intern` of the instance whose tree is `/etc/apache2-intern`; or empty.
    let instance: ByteString

    init?(name: ByteString) {
        var rest: ByteString
        if name.hasPrefix("a2en") {
            (verb, rest) = (.enable, name.from(4))
        } else if name.hasPrefix("a2dis") {
            (verb, rest) = (.disable, name.from(5))
        } else {
            return nil
        }
        if rest.hasPrefix("mod") {
            (kind, rest) = (.module, rest.from(3))
        } else if rest.hasPrefix("site") {
            (kind, rest) = (.site, rest.from(4))
        } else if rest.hasPrefix("conf") {
            (kind, rest) = (.conf, rest.from(4))
        } else {
            return nil
        }
        guard rest.isEmpty || (rest.hasPrefix("-") && rest.count > 1) else { return nil }
        instance = rest
    }

    var verbText: ByteString { verb == .enable ? "enable" : "disable" }
    var kindText: ByteString {
        switch kind {
        case .module: "module"
        case .site: "site"
        case .conf: "conf"
        }
    }
    /// At the beginning of a sentence.
    var kindTitle: ByteString {
        switch kind {
        case .module: "Module"
        case .site: "Site"
        case .conf: "Conf"
        }
    }
    /// The first half of the directories' names.
    var folder: ByteString {
        switch kind {
        case .module: "mods"
        case .site: "sites"
        case .conf: "conf"
        }
    }
    var suffix: ByteString { kind == .module ? ".load" : ".conf" }
    var activation: ByteString { kind == .module ? "restart" : "reload" }
}

struct SwitchOptions {
    var quiet = false
    var force = false
    /// A package's script calls, not a person.
    var maintenance = false
    /// Forget that there ever was such a thing.
    var purge = false
    var names: [ByteString] = []
    var complaints: [ByteString] = []

    /// Short options may be bundled, long ones shortened; names may stand between them.
    init(_ arguments: [ByteString]) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if word == "--" {
                names += rest
                return
            }
            if word.hasPrefix("--") {
                long(word.from(2))
            } else if word.hasPrefix("-"), word.count > 1 {
                for letter in word.from(1) where !set(ByteString([letter])) {
                    complaints.append("Unknown option: \(ByteString([letter]))\n")
                }
            } else {
                names.append(word)
            }
        }
    }
    private mutating func long(_ text: ByteString) {
        let pieces = text.split(on: UInt8(ascii: "="))
        let name = pieces[0]
        let all: [ByteString] = ["quiet", "force", "maintmode", "purge"]
        guard !name.isEmpty, let known = all.first(where: { $0.hasPrefix(name.lowercased) }) else {
            complaints.append("Unknown option: \(name.lowercased)\n")
            return
        }
        if pieces.count > 1 {
            complaints.append("Option \(name.lowercased) does not take an argument\n")
        } else {
            _ = set(known.upTo(1))
        }
    }
    private mutating func set(_ letter: ByteString) -> Bool {
        switch letter {
        case "q": quiet = true
        case "f": force = true
        case "m": maintenance = true
        case "p": purge = true
        default: return false
        }
        return true
    }
}
