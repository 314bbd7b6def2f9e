// PHP: sapi/apache2handler/sapi_apache2.c, php_handler

import Bytes
import CPHPABI
import HTTP
import Kernel
import Modules
import ServerCore

/// Decides whether a request is PHP's, and hands it over.
enum PHPHandler {
    private static let source: ByteString = "application/x-httpd-php-source"

    @Sendable static func handle(_ request: Request) async -> Outcome {
        let switches = switches(request)
        guard let name = request.handler, isOurs(name, request, switches) else { return .declined }
        if request.usedPathInfo == .off, !request.pathInfo.isEmpty { return .status(404) }
        guard switches.engine else { return .declined }
        guard let file = request.finfo else {
            request.log(.error, "php", "script '\(request.filename ?? "")' not found or unable to stat")
            return .status(404)
        }
        if file.isDirectory {
            request.log(.error, "php", "attempt to invoke directory '\(request.filename ?? "")' as script")
            return .status(403)
        }
        CGIEnvironment.addCommonVariables(request)
        CGIEnvironment.addCGIVariables(request)
        for field: ByteString in ["Content-Length", "Last-Modified", "Expires", "ETag"] {
            request.headersOut.unset(field)
        }
        request.noLocalCopy = true
        if switches.lastModified {
            var date: [UInt8] = []
            HTTPDate.append(Int(file.modified), to: &date)
            request.headersOut.set("Last-Modified", ByteString(date))
        }
        let exchange = ScriptExchange(request, isSource: name.hasPrefix(source), values: values(request))
        EmbeddedPHP.shared.inbox.put(.script(exchange))
        return await exchange.answer(request)
    }

    private static func isOurs(_ name: ByteString, _ request: Request, _ switches: EmbeddedPHP.Switches) -> Bool {
        if name == "application/x-httpd-php" || name == source || name == "php-script" { return true }
        return switches.xbithack && name == "text/html" && (request.finfo?.mode ?? 0) & 0o100 != 0
    }

    // MARK: php_value and the like

    private static func switches(_ request: Request) -> EmbeddedPHP.Switches {
        var switches = EmbeddedPHP.shared.switches
        let entries = request[PHPValues.directory].entries
        guard !entries.isEmpty else { return switches }
        if let entry = entries["engine"] { switches.engine = isOn(entry.value) }
        if let entry = entries["xbithack"] { switches.xbithack = isOn(entry.value) }
        if let entry = entries["last_modified"] { switches.lastModified = isOn(entry.value) }
        return switches
    }
    /// zend_ini_parse_bool.
    static func isOn(_ value: ByteString) -> Bool {
        value.equalsIgnoringCase("true") || value.equalsIgnoringCase("yes") || value.equalsIgnoringCase("on")
            || value.leadingInteger != 0
    }
    /// As the shim reads them (`values` in martinet_php_apache.h).
    private static func values(_ request: Request) -> [UInt8] {
        let config = request[PHPValues.directory]
        var bytes: [UInt8] = []
        for name in config.names {
            guard let entry = config.entries[name] else { continue }
            bytes.append(entry.isAdmin ? UInt8(ascii: "a") : entry.isHtaccess ? UInt8(ascii: "h") : UInt8(ascii: "v"))
            bytes += name.bytes + [0] + entry.value.bytes + [0]
        }
        return bytes
    }
}
