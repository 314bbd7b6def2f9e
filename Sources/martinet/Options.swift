// Apache: server/main.c (main), server/mpm_unix.c (ap_mpm_rewrite_args), srclib/apr/misc/unix/getopt.c

import Bytes
import Kernel
import ServerCore

/// What the command line says, as httpd's.
struct Options {
    enum RunMode { case unknown, normal, configTest, configDump }
    enum Control: String { case start, restart, graceful, gracefulStop = "graceful-stop", stop }
    /// What ends the program before any configuration is read.
    enum Immediate { case version, modules, usage }

    var serverRoot: ByteString = Defaults.httpdRoot
    var configFile: ByteString?
    var before: [ByteString] = []
    var after: [ByteString] = []
    var defines: [ByteString] = []
    var control: Control?
    var mode = RunMode.unknown
    var startupLevel = LogLevel.warning
    var startupLog: ByteString?
    var showsCompileSettings = false
    var showsDirectives = false
    /// `-T`.
    var checksDocumentRoot = true
    var immediate: Immediate?
    /// What getopt says of the first bad option.
    var complaint: String?

    private static let withArgument: [Character] = ["C", "c", "D", "d", "E", "e", "f", "k"]
    /// Defines that make the program print and end; DUMP_CONFIG (mod_info's) is none of them, as in httpd.
    private static let dumps = ["DUMP_VHOSTS", "DUMP_RUN_CFG", "DUMP_MODULES", "DUMP_INCLUDES", "DUMP_HOOKS"]
    private static let flags: [Character] = ["v", "V", "l", "L", "t", "T", "S", "M", "h", "X", "?"]

    init(_ arguments: [String]) {
        var rest = arguments.dropFirst()
        while let word = rest.first, immediate == nil {
            guard word.hasPrefix("-"), word.count > 1 else {
                immediate = .usage
                return
            }
            rest.removeFirst()
            if word == "--" {
                if !rest.isEmpty { immediate = .usage }
                return
            }
            var letters = word.dropFirst()
            while let letter = letters.popFirst(), immediate == nil {
                if Self.flags.contains(letter) {
                    flag(letter)
                } else if Self.withArgument.contains(letter) {
                    if !letters.isEmpty {
                        option(letter, String(letters))
                    } else if let value = rest.popFirst() {
                        option(letter, value)
                    } else {
                        refuse("option requires an argument -- \(letter)")
                    }
                    break
                } else {
                    refuse("illegal option -- \(letter)")
                }
            }
        }
    }

    private mutating func refuse(_ text: String) {
        complaint = text
        immediate = .usage
    }
    private mutating func flag(_ letter: Character) {
        switch letter {
        case "v": immediate = .version
        case "l": immediate = .modules
        case "X": defines.append("DEBUG")
        case "t": if mode == .unknown { mode = .configTest }
        case "T": checksDocumentRoot = false
        case "S":
            mode = .configDump
            defines += ["DUMP_VHOSTS", "DUMP_RUN_CFG"]
        case "M":
            mode = .configDump
            defines.append("DUMP_MODULES")
        case "L":
            mode = .configDump
            showsDirectives = true
        case "V":
            mode = .configDump
            showsCompileSettings = true
        default: immediate = .usage
        }
    }
    private mutating func option(_ letter: Character, _ value: String) {
        let bytes = ByteString(value)
        switch letter {
        case "C": before.append(bytes)
        case "c": after.append(bytes)
        case "d": serverRoot = bytes
        case "D":
            defines.append(bytes)
            if Self.dumps.contains(value) { mode = .configDump }
        case "E": startupLog = bytes
        case "e":
            guard let level = LogLevel(bytes) else {
                immediate = .usage
                return
            }
            startupLevel = level
        case "f": configFile = bytes
        default:
            // A second -k, or one with another word, is not taken out of the arguments, and then httpd does not know it.
            guard control == nil, let known = Control(rawValue: value) else { return refuse("illegal option -- k") }
            control = known
        }
    }

    /// Absolute; the working directory changes later.
    var absoluteServerRoot: ByteString {
        let trimmed =
            serverRoot.count > 1 && serverRoot.hasSuffix("/") ? serverRoot.upTo(serverRoot.count - 1) : serverRoot
        if trimmed.hasPrefix("/") { return trimmed }
        guard let here = try? Directory.current() else { return trimmed }
        return trimmed == "." ? here : "\(here)/\(trimmed)"
    }
    /// `-f`, or Debian's name, or the one of a source installation.
    func configFile(in root: ByteString) -> ByteString {
        if let configFile { return configFile }
        if File.exists("\(root)/\(Defaults.configFile)") || !File.exists("\(root)/conf/httpd.conf") {
            return Defaults.configFile
        }
        return "conf/httpd.conf"
    }
}

/// What `-V` prints and what holds without options: Debian's values, so that tools find what they look for.
enum Defaults {
    static let httpdRoot: ByteString = "/etc/apache2"
    static let configFile: ByteString = "apache2.conf"
    static let pidFile: ByteString = "/run/apache2.pid"
    static let errorLog: ByteString = "logs/error_log"
}
