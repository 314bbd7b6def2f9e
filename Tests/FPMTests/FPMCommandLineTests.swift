// PHP: main/getopt.c
import Bytes
import Testing

@testable import FPM

@Suite struct FPMCommandLineTests {
    private func parse(_ words: String) -> FPMCommand {
        FPMCommandLine.parse(["/usr/sbin/php-fpm8.2"] + words.split(separator: " ").map { ByteString($0) })
    }
    private func run(_ words: String) -> StartOptions? {
        if case .run(let options) = parse(words) { return options }
        return nil
    }

    @Test(arguments: [
        "-y /a -F", "-y/a -F", "-y=/a -F", "--fpm-config /a -F", "--fpm-config=/a --nodaemonize", "-Fy /a",
    ])
    func valuesAreAttachedOrSeparate(words: String) {
        let options = run(words)
        #expect(options?.configFile == "/a")
        #expect(options?.daemonize == false)
    }

    @Test func everyOption() {
        let options = run("-ttnR -O -D -p /p -g /g -c /ini -d a=b -d c -d e=<f -e --")
        #expect(options?.testLevel == 2)
        #expect(options?.engine.ignoresIni == true)
        #expect(options?.engine.compilesForDebuggers == true)
        #expect(options?.engine.iniPath == "/ini")
        #expect(options?.engine.iniLines == ["a=b", "c=1", "e=\"<f\""])
        #expect(options?.engine.version == "8.2")
        #expect(options?.allowsRoot == true)
        #expect(options?.forcesStandardError == true)
        #expect(options?.daemonize == true)
        #expect(options?.prefix == "/p")
        #expect(options?.pid == "/g")
    }

    @Test(arguments: [
        ("-h", 0), ("--help", 0), ("-?", 0), ("--usage", 0), ("-z", 64), ("--none", 64), ("-y", 64), ("-F x", 64),
        ("-", 64),
        ("-- x", 64), ("-t -h", 0), ("--pool", 64), ("--pool www", 64), ("--pool www restart", 64), ("-:", 64),
    ]) func usage(words: String, code: Int32) {
        guard case .usage(let text, let found) = parse(words) else {
            Issue.record("no usage for \(words)")
            return
        }
        #expect(found == code && text.hasPrefix("Usage: php-fpm8.2 [-n] [-e]"))
    }

    @Test func otherCommands() {
        guard case .version(let settings) = parse("-n -v") else { return #expect(Bool(false)) }
        #expect(settings.ignoresIni)
        guard case .information = parse("-i -n") else { return #expect(Bool(false)) }
        guard case .modules = parse("-m -z") else { return #expect(Bool(false)) }
        guard case .pool("www", "reload", let options) = parse("--pool www reload") else { return #expect(Bool(false)) }
        #expect(options.configPath == "/etc/php/8.2/fpm/php-fpm.conf")
    }

    @Test func configurationPaths() {
        #expect(run("-p /srv")?.configPath == "/srv/etc/php-fpm.conf")
        #expect(run("-y x.conf -p /srv")?.configPath == "x.conf")
    }
}
