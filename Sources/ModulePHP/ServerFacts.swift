// PHP: sapi/apache2handler/php_functions.c (PHP_MINFO_FUNCTION(apache), apache_get_version, apache_get_modules)

import Bytes
import CPHPABI
import Kernel
import ServerCore

/// What phpinfo() and the functions of apache2handler tell of the server.
enum ServerFacts {
    static func bytes(_ number: Int32, _ server: Server) -> [UInt8] {
        switch Int(number) {
        case MARTINET_FACT_VERSION: server.configuration.banner.bytes
        case MARTINET_FACT_MODULES: modules(server.configuration)
        default: lines(server)
        }
    }

    private static func modules(_ configuration: Configuration) -> [UInt8] {
        var bytes: [UInt8] = []
        for name in configuration.loaded {
            guard let module = configuration.module(name) else { continue }
            if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
            bytes += module.sourceName.dropLast(2).utf8
        }
        return bytes
    }

    private static func lines(_ server: Server) -> [UInt8] {
        var bytes: [UInt8] = []
        func add(_ name: StaticString, _ value: String) {
            bytes.append(name)
            bytes.append(0)
            bytes += value.utf8
            bytes.append(0)
        }
        let configuration = server.configuration
        let process = configuration.process
        add("Apache API Version", String(ServerBanner.moduleMagicNumber.prefix { $0 != ":" }))
        add("Server Administrator", "\(server.serverAdmin ?? "[no address given]")")
        add("Hostname:Port", "\(server.serverName ?? configuration.hostName):\(server.port)")
        let user = Process.userID
        add("User/Group", "\(Users.name(uid: user) ?? process.user)(\(user))/\(Process.groupID)")
        let isKept = server.keepAlive.value(default: true)
        let limit = server.maxKeepAliveRequests.value(default: 100)
        add(
            "Max Requests",
            "Per Child: \(process.maxConnectionsPerChild) - Keep Alive: \(isKept ? "on" : "off") - Max Per Connection: \(limit)"
        )
        add(
            "Timeouts",
            "Connection: \(server.timeoutMilliseconds / 1000) - Keep-Alive: \(server.keepAliveTimeout.value(default: 5000) / 1000)"
        )
        add("Virtual Server", server.isVirtual ? "Yes" : "No")
        add("Server Root", "\(configuration.serverRoot)")
        return bytes
    }
}
