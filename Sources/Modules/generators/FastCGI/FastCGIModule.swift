// mod_fastcgi 2.4.7 (Debian's libapache2-mod-fastcgi, gone since Debian 10): its directives for applications that
// somebody else starts, php-fpm above all

import Bytes
import ServerCore

/// `FastCgiExternalServer`: a file name stands for an application that listens on a socket. The file need not exist.
public enum FastCGIModule {
    struct External: Sendable {
        /// `-socket`, absolute.
        var socket: ByteString?
        /// `-host`.
        var host: ByteString = "localhost"
        var port: UInt16 = 0
        /// Seconds.
        var idleTimeout = 30
        var connectTimeout = 0
        var passedHeaders: [ByteString] = []
    }
    /// By server: the same file name may stand for another socket in each virtual host.
    struct ServerConfig: MergeableConfig {
        var externals: [ByteString: External] = [:]
        var directory: Setting<ByteString> = .inherited
        static func merged(_ base: ServerConfig, _ child: ServerConfig) -> ServerConfig {
            var result = child
            result.externals = base.externals.merging(child.externals) { $1 }
            result.directory = child.directory.or(base.directory)
            return result
        }
    }
    static let server = ConfigKey<ServerConfig>()
    static let handlerName: ByteString = "fastcgi-script"
    static let defaultDirectory: ByteString = "/var/lib/apache2/fastcgi"

    public static let module = ModuleDefinition(
        "fastcgi", .generators, isStatic: true, directives: FastCGIDirectives.rows
    ) { hooks in
        hooks.onFixups(fixup)
        hooks.onHandler(handle)
    }

    /// A file name that stands for an application has its handler without being told.
    @Sendable static func fixup(_ request: Request) -> Outcome {
        guard let name = request.filename, external(name, request) != nil else { return .declined }
        request.handler = handlerName
        return .ok
    }
    private static func external(_ name: ByteString, _ request: Request) -> External? {
        let externals = request.server[server].externals
        guard !externals.isEmpty else { return nil }
        return externals[name]
    }

    @Sendable static func handle(_ request: Request) async -> Outcome {
        guard request.handler == handlerName else { return .declined }
        guard let name = request.filename, let external = external(name, request) else {
            request.log(
                .error, "fastcgi",
                "no FastCgiExternalServer is defined for \(request.filename ?? request.uri), and this server starts no FastCGI applications itself"
            )
            return .status(500)
        }
        let connect = external.connectTimeout > 0 ? UInt64(external.connectTimeout) * 1000 : nil
        var backend = Backend(
            endpoints: [], host: external.host, port: external.port, timeout: UInt64(external.idleTimeout) * 1000,
            connectTimeout: connect ?? request.server.timeoutMilliseconds, module: "fastcgi")
        if let socket = external.socket {
            backend.endpoints = [.unix(socket)]
        } else {
            backend.endpoints = await BackendPool.of(request).resolve(external.host, external.port).map { .ip($0) }
            guard !backend.endpoints.isEmpty else {
                request.log(.error, "fastcgi", "FastCGI: failed to find the address of \(external.host)")
                return .status(503)
            }
        }
        let headers = external.passedHeaders
        return await FastCGIAnswer.answer(
            request, backend,
            FastCGIAnswer.Manners(
                environment: { fillEnvironment($0, headers) }, redirectsInternally: true))
    }

    private static func fillEnvironment(_ request: Request, _ passedHeaders: [ByteString]) -> Outcome? {
        CGIEnvironment.addCommonVariables(request)
        CGIEnvironment.addCGIVariables(request)
        for name in passedHeaders {
            guard let value = request.header(name) else { continue }
            // mod_fastcgi used the field's own name; php-fpm looks for Authorization under the name CGI gives it.
            request.env.set(name, value)
            request.env.set(variableName(name), value)
        }
        PHPValues.addVariables(request)
        return nil
    }
    private static func variableName(_ field: ByteString) -> ByteString {
        var name = ByteString("HTTP_")
        for byte in field.bytes { name.append(ASCII.isAlnum(byte) ? ASCII.upper(byte) : UInt8(ascii: "_")) }
        return name
    }
}
