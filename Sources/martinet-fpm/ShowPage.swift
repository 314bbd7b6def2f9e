// PHP: sapi/fpm/fpm/fpm_main.c, main
import Bytes
import FPM
import Kernel
import PHPEngine

/// `-v`, `-i`, `-m`: the only times this process loads PHP; it ends afterwards. Returns its exit code.
func show(_ page: PHPEngine.Page, _ settings: EngineSettings) -> Int32 {
    let engine = PHPEngine()
    let log = ErrorLog()
    engine.log = { level, text in log.message(level, ByteString(text)) }
    do throws(EngineFailure) { try engine.start(settings) } catch {
        try? File.writeAll(2, ByteString("martinet-fpm: \(error.message)\n").bytes)
        return Launch.Code.software
    }
    let isShown = engine.print(page)
    engine.stop()
    return isShown ? 0 : Launch.Code.software
}
