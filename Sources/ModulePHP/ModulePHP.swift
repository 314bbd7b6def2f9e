// PHP: sapi/apache2handler/mod_php.c, apache_config.c, sapi_apache2.c (php_pre_config, php_apache_server_startup)

import Bytes
import Kernel
import Modules
import PHPLibrary
import ServerCore

/// php_module: PHP in the server's own processes, for prefork. Libphp and our shim are loaded only when the module is.
///
/// The parent starts PHP, so that its children share opcache's memory. In each child one thread runs scripts, one at a time; the loop
/// sends what they say (``ScriptExchange``).
public enum ModulePHP {
    struct ServerConfig: MergeableConfig {
        /// `PHPINIDir`
        var iniDirectory: ByteString?
        static func merged(_ base: ServerConfig, _ child: ServerConfig) -> ServerConfig {
            child.iniDirectory == nil ? base : child
        }
    }
    static let server = ConfigKey<ServerConfig>()

    public static let module = ModuleDefinition(
        "php", .generators,
        directives: PHPValues.rows + [
            Directive(
                "PHPINIDir", .server, "Directory containing the php.ini file",
                .take1 { context, word throws(DirectiveError) in
                    let main = context.configuration.mainServer!
                    guard main[server].iniDirectory == nil else {
                        throw DirectiveError(
                            "Only first PHPINIDir directive honored per configuration tree - subsequent ones ignored")
                    }
                    main[server].iniDirectory = context.serverRelative(word)
                })
        ]
    ) { hooks in
        hooks.onPreConfig(refuseThreads)
        hooks.onOpenLogs(start, order: .reallyLast)
        hooks.onChildInit(enterChild)
        hooks.onHandler(PHPHandler.handle)
    }.loadable(unless: obstacle)

    /// The version in `libphp8.2.so`; nil for a name without one, which means the newest that is installed.
    static func version(_ file: ByteString) -> ByteString? {
        guard let name = file.split(on: UInt8(ascii: "/")).last, name.hasPrefix("libphp"), name.hasSuffix(".so") else {
            return nil
        }
        let version = name[6..<name.count - 3]
        let isVersion =
            version.contains(UInt8(ascii: ".")) && version.allSatisfy { ASCII.isDigit($0) || $0 == UInt8(ascii: ".") }
        return isVersion ? version : nil
    }
    @Sendable private static func obstacle(_ file: ByteString) -> String? {
        do throws(LibraryFailure) {
            _ = try Installation.find(version(file))
            return nil
        } catch { return error.message }
    }

    @Sendable private static func refuseThreads(_ configuration: Configuration) throws(DirectiveError) {
        guard let mpm = configuration.mpm, mpm.isThreaded else { return }
        configuration.say(
            .crit, "php",
            "Apache is running a threaded MPM, but your PHP Module is not compiled to be threadsafe.  You need to recompile PHP."
        )
        throw DirectiveError("")
    }

    @Sendable private static func start(_ configuration: Configuration) throws(DirectiveError) {
        do throws(LibraryFailure) {
            try EmbeddedPHP.shared.start(configuration)
        } catch { throw DirectiveError("mod_php: \(error.message)") }
    }
    @Sendable private static func enterChild(_ configuration: Configuration) throws(DirectiveError) {
        do throws(Errno) {
            try EmbeddedPHP.shared.enterChild(configuration)
        } catch { throw DirectiveError("(\(error.rawValue))\(error): mod_php: no thread for scripts") }
    }
}
