// Apache: server/main.c (usage)

import MPM

/// `-h`: what httpd prints, so that scripts which read it find their options.
enum Usage {
    static func write(_ program: String) {
        let pad = String(repeating: " ", count: program.count)
        say("Usage: \(program) [-D name] [-d directory] [-f file]")
        say("       \(pad) [-C \"directive\"] [-c \"directive\"]")
        say("       \(pad) [-k start|restart|graceful|graceful-stop|stop]")
        say("       \(pad) [-v] [-V] [-h] [-l] [-L] [-t] [-T] [-S] [-X]")
        say("Options:")
        for (option, text) in options {
            say("  \(option)\(String(repeating: " ", count: max(0, 19 - option.count))): \(text)")
        }
    }
    private static let options = [
        ("-D name", "define a name for use in <IfDefine name> directives"),
        ("-d directory", "specify an alternate initial ServerRoot"),
        ("-f file", "specify an alternate ServerConfigFile"),
        ("-C \"directive\"", "process directive before reading config files"),
        ("-c \"directive\"", "process directive after reading config files"),
        ("-e level", "show startup errors of level (see LogLevel)"),
        ("-E file", "log startup errors to file"),
        ("-v", "show version number"),
        ("-V", "show compile settings"),
        ("-h", "list available command line options (this page)"),
        ("-l", "list compiled in modules"),
        ("-L", "list available configuration directives"),
        ("-t -D DUMP_VHOSTS", "show parsed vhost settings"),
        ("-t -D DUMP_RUN_CFG", "show parsed run settings"),
        ("-S", "a synonym for -t -D DUMP_VHOSTS -D DUMP_RUN_CFG"),
        ("-t -D DUMP_MODULES", "show all loaded modules "),
        ("-M", "a synonym for -t -D DUMP_MODULES"),
        ("-t -D DUMP_INCLUDES", "show all included configuration files"),
        ("-t", "run syntax check for config files"),
        ("-T", "start without DocumentRoot(s) check"),
        ("-X", "debug mode (only one worker, do not detach)"),
    ]
}
