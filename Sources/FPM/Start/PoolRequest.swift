// PHP: no counterpart
import Bytes
import Kernel

extension Launch {
    /// `--pool NAME reload|start|stop`: asks the supervisor that runs with the same configuration.
    /// - Returns: the code to exit with.
    public static func ask(_ action: ByteString, pool: ByteString, _ options: StartOptions) -> Int32 {
        let log = ErrorLog()
        let reader = ConfigReader(options, log)
        guard reader.read(options.configPath) else { return Code.configuration }
        let paths = PathRules(prefix: options.prefix)
        let pidFile = reader.global.pid.map { paths.full($0, system: StartOptions.stateDirectory) }
        guard let path = ControlSocket.path(pidFile: pidFile) else {
            return say("without a pid file the process manager has no control socket", code: Code.configuration)
        }
        do throws(Errno) {
            let answer = try ControlSocket.ask(path, "\(action) \(pool)")
            try File.writeAll(answer == "ok\n" ? 1 : 2, answer.bytes)
            return answer == "ok\n" ? Code.ok : Code.software
        } catch {
            return say("no process manager answers at \(path): \(error)", code: Code.software)
        }
    }
    private static func say(_ text: ByteString, code: Int32) -> Int32 {
        try? File.writeAll(2, ("martinet-fpm: \(text)\n" as ByteString).bytes)
        return code
    }
}
