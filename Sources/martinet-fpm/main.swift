// PHP: sapi/fpm/fpm/fpm_main.c, main
import Bytes
import FPM
import Kernel
import PHPEngine

// Nothing may end or confuse a supervisor that is about to be born; it takes these up itself.
try? Signal.block([Signal.user1, Signal.user2, Signal.child])
try? Signal.ignore(Signal.pipe)

func fpm(_ arguments: [ByteString]) -> Int32 {
    switch FPMCommandLine.parse(arguments) {
    case .usage(let text, let code):
        try? File.writeAll(1, text.bytes)
        return code
    case .version(let settings): return show(.version, settings)
    case .information(let settings): return show(.information, settings)
    case .modules(let settings): return show(.modules, settings)
    case .pool(let name, let action, let options): return Launch.ask(action, pool: name, options)
    case .run(let options) where options.testLevel > 0: return Launch.test(options)
    case .run(let options): return Launch.run(options)
    }
}

// As bytes: paths need not be text.
let given = (try? File.readWhole("/proc/self/cmdline", limit: 8 << 20)) ?? []
let arguments = given.split(separator: 0, omittingEmptySubsequences: false).dropLast().map { ByteString(Array($0)) }
if ZygoteProcess.isMeant(by: arguments) {
    ZygoteProcess.run(engine: PHPEngine()) { start, scoreboard, engine, log in
        Worker.run(start, scoreboard: scoreboard, engine: engine, log: log)
    }
}
Process.exitNow(fpm(arguments))
