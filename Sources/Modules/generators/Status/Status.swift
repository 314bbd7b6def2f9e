// Apache: modules/generators/mod_status.c

import Bytes
import HTTP
import Kernel
import ServerCore

/// mod_status: what the server does at this moment.
public enum ServerStatus {
    public static let module = ModuleDefinition("status", .generators, directives: []) { hooks in
        hooks.onCheckConfig { configuration in
            // Who loads this module wants the long form unless ExtendedStatus says otherwise.
            if configuration.process.extendedStatus == nil { configuration.process.extendedStatus = true }
        }
        hooks.onHandler(handle)
    }

    /// `?refresh=N`, `?notable`, `?auto`, wherever they stand in the query.
    struct Options: Equatable {
        var refresh: Int?
        var hasNoTable = false
        var isShort = false

        init(_ query: ByteString?) {
            guard let query else { return }
            if let found = query.firstRange(of: "refresh") {
                let rest = query.from(found.upperBound)
                let seconds = rest.first == UInt8(ascii: "=") ? rest.from(1).leadingInteger : 0
                refresh = seconds < 1 ? 10 : seconds
            }
            hasNoTable = query.contains("notable")
            isShort = query.contains("auto")
        }
    }

    @Sendable private static func handle(_ request: Request) async -> Outcome {
        guard let handler = request.handler, handler == "server-status" || handler == "application/x-httpd-status"
        else {
            return .declined
        }
        guard let board = request.configuration.scoreboard else {
            request.log(.error, "status", "AH01237: Server status unavailable in inetd mode")
            return .status(500)
        }
        request.allowed = Method.get.bit
        guard request.methodNumber.isGet else { return .declined }
        let options = Options(request.args)
        request.contentType = options.isShort ? "text/plain; charset=ISO-8859-1" : "text/html; charset=ISO-8859-1"
        if let seconds = options.refresh { request.headersOut.set("Refresh", ByteString(decimal: seconds)) }
        var page = StatusPage(
            request, options, board(), isExtended: request.configuration.process.extendedStatus ?? true,
            now: RealTime.now, load: loadAverages())
        page.write()
        request.responseBody = .bytes(ByteString(page.text))
        return .ok
    }

    private static func loadAverages() -> [ByteString] {
        guard let bytes = try? File.readWhole("/proc/loadavg", limit: 256) else { return ["0.00", "0.00", "0.00"] }
        let words = ByteString(bytes).words()
        return words.count < 3 ? ["0.00", "0.00", "0.00"] : Array(words[0..<3])
    }
}
