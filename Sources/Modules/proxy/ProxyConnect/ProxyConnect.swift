// Apache: modules/proxy/mod_proxy_connect.c

import Bytes
import HTTP
import ServerCore

/// CONNECT of forward proxying: bytes are passed both ways between the client and any server whose port `AllowCONNECT` names.
public enum ProxyConnect {
    public static let module = ModuleDefinition(
        "proxy_connect", .proxy,
        directives: [
            Directive(
                "AllowCONNECT", .server, "A list of ports or port ranges which CONNECT may connect to",
                .iterate { context, word throws(DirectiveError) in
                    context.server[Config.server].ports.append(try range(word))
                })
        ]
    ) { hooks in
        hooks.addProvider(
            ProxyScheme(canonicalize: { _, _ in .ok }, serve: { request, url, _ in await serve(request, url) }),
            to: ProxyScheme.group, as: name)
    }
    /// Under which this module is found: no scheme is spelt so.
    static let name: ByteString = "CONNECT"

    struct Config: MergeableConfig {
        var ports: [ClosedRange<Int>] = []
        static let server = ConfigKey<Config>()
        static func merged(_ base: Config, _ child: Config) -> Config { Config(ports: base.ports + child.ports) }
        /// HTTPS and NNTP over TLS where nothing is said.
        func allows(_ port: UInt16) -> Bool {
            ports.isEmpty ? port == 443 || port == 563 : ports.contains { $0.contains(Int(port)) }
        }
    }
    private static func range(_ word: ByteString) throws(DirectiveError) -> ClosedRange<Int> {
        guard let first = word.bytes.first, ASCII.isDigit(first) else {
            throw DirectiveError("AllowCONNECT: port numbers must be numeric")
        }
        let parts = word.split(on: UInt8(ascii: "-"))
        guard parts.count <= 2, let low = parts[0].decimal, let high = parts.count > 1 ? parts[1].decimal : low else {
            throw DirectiveError(
                "Cannot parse '\(parts.count > 1 ? word.from(parts[0].count + 1) : word)' as port number")
        }
        // A range that runs backwards holds no port.
        return low <= high ? low...high : -1...(-1)
    }

    private static func serve(_ request: Request, _ url: ByteString) async -> Outcome {
        guard let target = ProxyTarget("connect://\(url)"), target.hasPort else {
            return ProxyHandler.error(request, 400, "URI cannot be parsed: \(url)")
        }
        request.log(.debug, "proxy_connect", "AH01019: connecting \(url) to \(target.host):\(target.port)")
        // A stream of HTTP/2 is no connection that could be given away.
        guard request.connection.secondary == nil else { return .status(501) }
        let backend: Backend
        switch await Backend.find(request, target, nil, module: "proxy_connect") {
        case .backend(let found): backend = found
        case .refused(let outcome): return outcome
        }
        guard request.server[Config.server].allows(target.port) else {
            return ProxyHandler.error(request, 403, "Connect to remote machine blocked")
        }
        guard await BackendPool.of(request).enter(backend) else { return .status(503) }
        guard let stream = await backend.open(request, nil) else {
            BackendPool.of(request).leave(backend)
            return .status(503)
        }
        let exchange = HTTPExchange(request, backend, stream, nil)
        var opening: [UInt8] = []
        opening.append("HTTP/1.0 200 Connection Established\r\nProxy-agent: \(request.configuration.banner)\r\n\r\n")
        request.hasOwnHead = true
        request.responseBody = .stream(Tunnel(request, exchange, opening: opening))
        return .ok
    }
}
