// A process manager whose language does what a line says: for tests of the supervisor, without PHP and FastCGI.
// usage: fpm-double CONFIGURATION [ENGINE-FAILURE-FILE]
import Bytes
import FPM
import Kernel

let arguments = CommandLine.arguments.map { ByteString($0) }
if ZygoteProcess.isMeant(by: arguments) {
    ZygoteProcess.run(engine: DoubleEngine()) { start, scoreboard, _, _ in
        DoubleWorker(start: start, scoreboard: scoreboard).run()
    }
}
let log = ErrorLog()
try? Signal.block(Supervisor.handled)
guard arguments.count > 1, let config = DoubleConfig.read(arguments[1], log) else {
    log(.error, "usage: fpm-double CONFIGURATION")
    Process.exitNow(ExitCode.usage)
}
log.level = config.logLevel
_ = log.closeStandardStreams()
let listeners = DoubleListeners()
var options = SupervisorOptions(
    arguments: arguments,
    readAgain: { DoubleConfig.read(arguments[1], log)?.config },
    listen: { listeners.listen($0, log) })
options.controlPath = arguments[1] + ".control"
options.handOver = { list in listeners.handOver(list) }
options.release = { pool in if let path = pool.listen { try? File.unlink(path) } }
options.engine.iniPath = arguments.count > 2 ? arguments[2] : nil
Process.exitNow(Supervisor.run(config: config.config, options: options, log: log))
