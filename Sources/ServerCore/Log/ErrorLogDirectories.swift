// Apache: server/core.c (core_check_config, check_errorlog_dir)

import Bytes
import Kernel

/// Where error logs are to be written must exist before the server starts.
enum ErrorLogDirectories {
    @Sendable static func check(_ configuration: Configuration) throws(DirectiveError) {
        // Apache's list of virtual hosts runs from the last to the first.
        let servers = [configuration.mainServer!] + configuration.virtualHosts.reversed()
        let lines = servers.compactMap { problem($0, configuration) }
        if !lines.isEmpty { throw DirectiveError(lines.joined(separator: "\n")) }
    }
    private static func problem(_ server: Server, _ configuration: Configuration) -> String? {
        guard let name = server.errorLogName, name.first != UInt8(ascii: "|"), name != "syslog",
            !name.hasPrefix("syslog:")
        else { return nil }
        let path = configuration.serverRelative(name)
        let directory = path.upTo((path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)
        let failure: Errno
        do throws(Errno) {
            if try FileStatus(directory).isDirectory { return nil }
            failure = .notDirectory
        } catch { failure = error }
        let what =
            server.location.map { "error log of vhost defined at \($0.file):\($0.line)" } ?? "main error log"
        return
            "(\(failure.rawValue))\(failure.description): AH02291: Cannot access directory '\(directory)' for \(what)"
    }
}
