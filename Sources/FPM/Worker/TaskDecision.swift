// PHP: sapi/fpm/fpm/fpm_main.c (main), fpm_php.c (fpm_php_limit_extensions), fpm_status.c (fpm_status_handle_request)
import Bytes

/// What is to be done with a request, by the pool's section.
struct TaskDecision {
    let pingPath: ByteString?
    let pingResponse: ByteString
    let statusPath: ByteString?
    /// Empty: every extension is allowed.
    let limitExtensions: [ByteString]

    init(_ pool: PoolConfig) {
        pingPath = pool.pingPath
        pingResponse = pool.pingResponse
        statusPath = pool.statusPath
        limitExtensions = pool.limitExtensions
    }

    /// `statusPage` makes the status page, when it is that.
    func task(
        method: ByteString?, paths: RequestPaths, isHead: Bool, statusPage: () -> ScriptTask
    ) -> ScriptTask {
        guard method != nil else { return .nothing }
        if let uri = paths.uri {
            if let pingPath, uri == pingPath {
                return .page(
                    headers: ["Content-Type: text/plain"] + Self.uncached, body: isHead ? "" : pingResponse)
            }
            if let statusPath, uri == statusPath { return statusPage() }
        }
        guard let script = paths.script else {
            return .refuse(
                status: 404, body: "File not found.\n", level: .debug, message: "Primary script unknown")
        }
        if !allows(script) {
            return .refuse(
                status: 403, body: "Access denied.\n", level: .notice,
                message: "Access to the script '\(script)' has been denied (see security.limit_extensions)")
        }
        return .script
    }
    static let uncached: [ByteString] = [
        "Expires: Thu, 01 Jan 1970 00:00:00 GMT",
        "Cache-Control: no-cache, no-store, must-revalidate, max-age=0",
    ]

    /// A name that is nothing but the extension is not allowed.
    private func allows(_ script: ByteString) -> Bool {
        limitExtensions.isEmpty || limitExtensions.contains { script.count > $0.count && script.hasSuffix($0) }
    }
}
