// PHP: sapi/fpm/fpm/fpm.c, fpm_init; fpm_main.c, main
import Bytes
import Kernel

/// The way from the command line to a running supervisor.
public enum Launch {
    /// Codes the program ends with (`FPM_EXIT_*`).
    public enum Code {
        public static let ok: Int32 = 0
        public static let usage: Int32 = 64
        public static let software: Int32 = 70
        public static let configuration: Int32 = 78
    }

    /// `-t` and `-tt`: everything goes to the log.
    /// - Returns: the code to exit with.
    public static func test(_ options: StartOptions) -> Int32 {
        let log = ErrorLog()
        guard log.closeStandardStreams(), FPMConfig.load(options, for: .start, log) != nil else {
            log(.error, "FPM initialization failed")
            return Code.configuration
        }
        return Code.ok
    }
}
