// Apache: server/main.c (ap_config_generation), server/log.c (ap_open_logs)

import Bytes
import Kernel
import ServerCore

/// One configuration with what it opened: sockets, logs. Its children serve it until a newer one takes over.
final class Generation: @unchecked Sendable {
    let number: Int
    let configuration: Configuration
    let plan: ProcessPlan
    let listeners: Listeners

    init(number: Int, _ loaded: LoadedConfiguration, listeners: Listeners) {
        self.number = number
        configuration = loaded.configuration
        plan = loaded.plan
        self.listeners = listeners
    }

    /// Opens the error logs of all servers, then what modules log to.
    /// - Returns: Why not, line by line; nil when all is open.
    func openLogs(_ program: String) -> [String]? {
        let configuration = configuration
        let main = configuration.mainServer!
        do throws(OpeningError) {
            let log = try open(main.errorLogName ?? "logs/error_log", program)
            main.errorLog = log
            replaceStandardError()
            for server in configuration.virtualHosts {
                server.errorLog =
                    try server.errorLogName.map { name throws(OpeningError) in try open(name, program) } ?? log
            }
        } catch { return error.lines }
        for step in configuration.hooks.openLogs.functions {
            do throws(DirectiveError) { try step(configuration) } catch { return [error.message] }
        }
        return nil
    }
    /// Starts the programs behind `|`.
    func startPrograms() {
        for (command, error) in configuration.logs.startPrograms() {
            say("(\(error.rawValue))\(error): AH00104: unable to start piped log program '\(command)'")
        }
    }
    /// What this process and programs it starts say goes to the main error log from now on (ap_open_logs).
    func replaceStandardError() {
        let log = configuration.mainServer.errorLog
        if !log.isSyslog {
            try? Descriptor.replace(2, by: log.descriptor)
        } else if let null = try? File.open("/dev/null", .writeOnly) {
            try? null.replace(2)
        }
    }
    private struct OpeningError: Error { let lines: [String] }

    private func open(_ name: ByteString, _ program: String) throws(OpeningError) -> ErrorLog {
        if name == "syslog" || name.hasPrefix("syslog:") {
            guard let log = SystemLog.open(name, program) else {
                throw OpeningError(lines: ["AH10036: \(program): could not open syslog error log \(name.from(7))."])
            }
            return log
        }
        let path = name.first == UInt8(ascii: "|") ? name : configuration.serverRelative(name)
        do throws(Errno) {
            return ErrorLog(descriptor: try configuration.logs.open(path))
        } catch {
            let cause = "(\(error.rawValue))\(error)"
            throw OpeningError(lines: [
                name.first == UInt8(ascii: "|")
                    ? "\(cause): AH00089: Couldn't start ErrorLog process '\(name.from(1))'."
                    : "\(cause): AH00091: \(program): could not open error log file \(path)."
            ])
        }
    }
    /// Closes what only this generation uses.
    func close(except next: Generation?) {
        listeners.close(except: next?.listeners ?? Listeners())
        configuration.logs.close()
    }
}
