// Apache: server/main.c (show_compile_settings), server/buildmark.c

import Bytes
import ServerCore

/// `-v` and `-V`.
enum VersionText {
    /// Tools look for the first words and for a date; ours has none that changes with each build.
    static let built = ServerBanner.built
    static var server: String { "Apache/\(ServerBanner.apacheVersion) (Martinet/\(ServerBanner.martinetVersion))" }

    static func write() {
        print("Server version: \(server)")
        print("Server built:   \(built)")
    }
    /// - Parameter configuration: Says which MPM is loaded.
    static func writeSettings(_ configuration: Configuration) {
        write()
        let mpm = configuration.mpm?.rawValue ?? ""
        print("Server's Module Magic Number: \(ServerBanner.moduleMagicNumber)")
        print("Server loaded:  APR 1.7.2, APR-UTIL 1.6.3, PCRE 10.42 2022-12-11")
        print("Compiled using: APR 1.7.2, APR-UTIL 1.6.3, PCRE 10.42 2022-12-11")
        print("Architecture:   \(Int.bitWidth)-bit")
        print("Server MPM:     \(mpm)")
        if !mpm.isEmpty {
            print("  threaded:     \(mpm == "prefork" ? "no" : "yes (fixed thread count)")")
            print("    forked:     yes (variable process count)")
        }
        print("Server compiled with....")
        for line in settings { print(" -D \(line)") }
    }
    private static var settings: [String] {
        [
            "APR_HAS_SENDFILE",
            "APR_HAS_MMAP",
            "APR_HAVE_IPV6 (IPv4-mapped addresses enabled)",
            "APR_USE_PROC_PTHREAD_SERIALIZE",
            "APR_USE_PTHREAD_SERIALIZE",
            "SINGLE_LISTEN_UNSERIALIZED_ACCEPT",
            "APR_HAS_OTHER_CHILD",
            "AP_HAVE_RELIABLE_PIPED_LOGS",
            "DYNAMIC_MODULE_LIMIT=256",
            "HTTPD_ROOT=\"\(Defaults.httpdRoot)\"",
            "DEFAULT_PIDLOG=\"\(Defaults.pidFile)\"",
            "DEFAULT_SCOREBOARD=\"logs/apache_runtime_status\"",
            "DEFAULT_ERRORLOG=\"\(Defaults.errorLog)\"",
            "AP_TYPES_CONFIG_FILE=\"mime.types\"",
            "SERVER_CONFIG_FILE=\"\(Defaults.configFile)\"",
        ]
    }
}
