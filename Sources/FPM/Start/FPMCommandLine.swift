// PHP: sapi/fpm/fpm/fpm_main.c, main; main/getopt.c; main/php_ini_builder.c
import Bytes

/// What `php-fpm` was asked to do.
public enum FPMCommand: Sendable {
    /// To run, or to check (`-t`).
    case run(StartOptions)
    /// `-v`, `-i`, `-m`
    case version(EngineSettings)
    case information(EngineSettings)
    case modules(EngineSettings)
    /// The usage, and the code to exit with.
    case usage(ByteString, code: Int32)
    /// `--pool NAME reload|start|stop`, which php-fpm does not have: a word to the running supervisor.
    case pool(name: ByteString, action: ByteString, StartOptions)
}

/// php-fpm's own way of reading options: `-yF`, `-y F`, `-y=F`, `--fpm-config F`, `--fpm-config=F`, `-nF`.
public struct FPMCommandLine {
    private struct Option {
        let letter: Character
        let name: ByteString
        let takesValue: Bool
    }
    private static let table: [Option] = [
        Option(letter: "c", name: "php-ini", takesValue: true),
        Option(letter: "d", name: "define", takesValue: true),
        Option(letter: "e", name: "profile-info", takesValue: false),
        Option(letter: "h", name: "help", takesValue: false),
        Option(letter: "i", name: "info", takesValue: false),
        Option(letter: "m", name: "modules", takesValue: false),
        Option(letter: "n", name: "no-php-ini", takesValue: false),
        Option(letter: "?", name: "usage", takesValue: false),
        Option(letter: "v", name: "version", takesValue: false),
        Option(letter: "y", name: "fpm-config", takesValue: true),
        Option(letter: "t", name: "test", takesValue: false),
        Option(letter: "p", name: "prefix", takesValue: true),
        Option(letter: "g", name: "pid", takesValue: true),
        Option(letter: "R", name: "allow-to-run-as-root", takesValue: false),
        Option(letter: "D", name: "daemonize", takesValue: false),
        Option(letter: "F", name: "nodaemonize", takesValue: false),
        Option(letter: "O", name: "force-stderr", takesValue: false),
    ]

    private let arguments: [ByteString]
    private var options = StartOptions()
    private var wantsInformation = false
    private var pool: ByteString?
    /// The argument that is looked at, and the letter in it; 0: at its beginning.
    private var at = 1
    private var letter = 0

    /// - Parameter arguments: All of them, the program first. A number at the end of its name (`martinet-fpm8.3`) is the version
    ///   of the language.
    public static func parse(_ arguments: [ByteString]) -> FPMCommand {
        var line = FPMCommandLine(arguments)
        return line.command()
    }
    private init(_ arguments: [ByteString]) {
        self.arguments = arguments
        options.arguments = arguments
        let program = arguments.first ?? ""
        let number = ByteString(program.bytes.reversed().prefix { ASCII.isDigit($0) || $0 == 46 }.reversed())
        let parts = number.split(on: 46)
        if parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) { options.engine.version = number }
    }

    private mutating func command() -> FPMCommand {
        while at < arguments.count {
            let word = arguments[at]
            // A word without a dash, and "-", end the options; so does "--".
            guard letter > 0 || (word.first == UInt8(ascii: "-") && word.count > 1) else { break }
            if word == "--" {
                at += 1
                break
            }
            guard let (option, value) = next() else { return usage(64) }
            if let command = act(option, value) { return command }
        }
        if wantsInformation { return .information(options.engine) }
        if let pool {
            let actions: [ByteString] = ["reload", "start", "stop"]
            guard arguments.count == at + 1, actions.contains(arguments[at]) else { return usage(64) }
            return .pool(name: pool, action: arguments[at], options)
        }
        return at == arguments.count ? .run(options) : usage(64)
    }

    /// nil for an option there is not, or one without its value.
    private mutating func next() -> (option: Character, value: ByteString)? {
        let word = arguments[at]
        if word.hasPrefix("--") {
            let name = ByteString(word.from(2).prefix { $0 != UInt8(ascii: "=") })
            if name == "pool" { return value("P", in: word, from: 2 + name.count) }
            guard let option = FPMCommandLine.table.first(where: { $0.name == name }) else { return nil }
            if option.takesValue { return value(option.letter, in: word, from: 2 + name.count) }
            at += 1
            return (option.letter, "")
        }
        letter = Swift.max(1, letter)
        let wanted = Character(Unicode.Scalar(word[letter]))
        guard let option = FPMCommandLine.table.first(where: { $0.letter == wanted }) else { return nil }
        letter += 1
        if option.takesValue {
            let start = letter
            letter = 0
            return value(option.letter, in: word, from: start)
        }
        if letter == word.count {
            letter = 0
            at += 1
        }
        return (option.letter, "")
    }

    /// The rest of the word, behind a "=" where there is one, or the next word.
    private mutating func value(_ option: Character, in word: ByteString, from start: Int) -> (Character, ByteString)? {
        at += 1
        if start < word.count {
            return (option, word.from(word[start] == UInt8(ascii: "=") ? start + 1 : start))
        }
        guard at < arguments.count else { return nil }
        at += 1
        return (option, arguments[at - 1])
    }

    private mutating func act(_ option: Character, _ value: ByteString) -> FPMCommand? {
        switch option {
        case "c": options.engine.iniPath = value
        case "d": options.engine.iniLines.append(FPMCommandLine.iniLine(value))
        case "n": options.engine.ignoresIni = true
        case "e": options.engine.compilesForDebuggers = true
        case "y": options.configFile = value
        case "p": options.prefix = value
        case "g": options.pid = value
        case "t": options.testLevel += 1
        case "R": options.allowsRoot = true
        case "D": options.daemonize = true
        case "F": options.daemonize = false
        case "O": options.forcesStandardError = true
        case "i": wantsInformation = true
        case "P": pool = value
        case "m": return .modules(options.engine)
        case "v": return .version(options.engine)
        default: return usage(0)
        }
        return nil
    }

    /// `-d name=value` as ini text: a value that does not begin like a word is put into quotes; no value is 1.
    static func iniLine(_ definition: ByteString) -> ByteString {
        guard let equals = definition.firstIndex(of: UInt8(ascii: "=")) else { return definition + "=1" }
        let value = definition.from(equals + 1)
        guard let first = value.first, !ASCII.isAlnum(first), first != UInt8(ascii: "\""), first != UInt8(ascii: "'")
        else { return definition }
        return "\(definition.upTo(equals))=\"\(value)\""
    }

    private func usage(_ code: Int32) -> FPMCommand { .usage(FPMCommandLine.usage(arguments.first ?? ""), code: code) }

    /// - Parameter program: The first argument.
    static func usage(_ program: ByteString) -> ByteString {
        let slash = program.lastIndex(of: UInt8(ascii: "/"))
        let name = slash.map { program.from($0 + 1) } ?? "php"
        return """
            Usage: \(name) [-n] [-e] [-h] [-i] [-m] [-v] [-t] [-p <prefix>] [-g <pid>] [-c <file>] [-d foo[=bar]] \
            [-y <file>] [-D] [-F [-O]]
              -c <path>|<file> Look for php.ini file in this directory
              -n               No php.ini file will be used
              -d foo[=bar]     Define INI entry foo with value 'bar'
              -e               Generate extended information for debugger/profiler
              -h               This help
              -i               PHP information
              -m               Show compiled in modules
              -v               Version number
              -p, --prefix <dir>
                               Specify alternative prefix path to FastCGI process manager (default: /usr).
              -g, --pid <file>
                               Specify the PID file location.
              -y, --fpm-config <file>
                               Specify alternative path to FastCGI process manager config file.
              -t, --test       Test FPM configuration and exit
              -D, --daemonize  force to run in background, and ignore daemonize option from config file
              -F, --nodaemonize
                               force to stay in foreground, and ignore daemonize option from config file
              -O, --force-stderr
                               force output to stderr in nodaemonize even if stderr is not a TTY
              -R, --allow-to-run-as-root
                               Allow pool to run as root (disabled by default)

            """
    }
}
