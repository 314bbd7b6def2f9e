// Apache: modules/proxy/mod_proxy_fcgi.c

import Bytes
import Expressions
import HTTP
import Kernel
import ServerCore

/// FastCGI applications behind `fcgi://` URLs, php-fpm above all.
public enum ProxyFCGI {
    enum BackendType: Sendable { case fpm, generic }
    /// One `ProxyFCGISetEnvIf`.
    struct SetEnvIf: Sendable {
        var condition: Expression
        var name: ByteString
        /// Nil removes.
        var value: Expression?
    }
    struct DirectoryConfig: MergeableConfig {
        var backendType: Setting<BackendType> = .inherited
        var setEnvIf: [SetEnvIf] = []
        static func merged(_ base: DirectoryConfig, _ child: DirectoryConfig) -> DirectoryConfig {
            var result = child
            result.backendType = child.backendType.or(base.backendType)
            result.setEnvIf = base.setEnvIf + child.setEnvIf
            return result
        }
        var mayBeFPM: Bool { backendType.value(default: .fpm) == .fpm }
    }
    static let directory = ConfigKey<DirectoryConfig>()
    static let defaultPort: UInt16 = 8000

    public static let module = ModuleDefinition(
        "proxy_fcgi", .proxy,
        directives: [
            Directive(
                "ProxyFCGIBackendType", .fileInfo, "Specify the type of FastCGI server: 'Generic', 'FPM'",
                .take1 { context, value throws(DirectiveError) in
                    switch value.lowercased.string {
                    case "generic": context[directory].backendType = .set(.generic)
                    case "fpm": context[directory].backendType = .set(.fpm)
                    default:
                        throw DirectiveError(
                            "ProxyFCGIBackendType requires one of the following arguments: 'GENERIC', 'FPM'")
                    }
                }),
            Directive(
                "ProxyFCGISetEnvIf", .fileInfo, "expr-condition env-name expr-value", .take23(setEnvIf)),
        ] + PHPValues.rows
    ) { hooks in
        hooks.addProvider(
            ProxyScheme(
                canonicalize: { request, url in canonicalize(request, url.from(5)) },
                serve: { request, url, worker in await serve(request, url, worker) }),
            to: ProxyScheme.group, as: "fcgi")
    }

    @Sendable private static func setEnvIf(
        _ context: DirectiveContext, _ condition: ByteString, _ name: ByteString, _ value: ByteString?
    ) throws(DirectiveError) {
        func parse(_ text: ByteString, isString: Bool) throws(DirectiveError) -> Expression {
            do throws(DirectiveError) {
                return isString ? try context.parseString(text) : try context.parseCondition(text)
            } catch { throw DirectiveError("Could not parse expression \"\(text)\": \(error.message)") }
        }
        let condition = try parse(condition, isString: false)
        guard name.first == UInt8(ascii: "!") else {
            let value = try parse(value ?? "", isString: true)
            context[directory].setEnvIf.append(SetEnvIf(condition: condition, name: name, value: value))
            return
        }
        if let value {
            throw DirectiveError(
                "Third argument (\"\(value)\") is not allowed when using ProxyFCGISetEnvIf's unset mode (\(name))")
        }
        guard name.count > 1 else { throw DirectiveError("ProxyFCGISetEnvIf: \"!\" is not a valid variable name") }
        context[directory].setEnvIf.append(SetEnvIf(condition: condition, name: name.from(1), value: nil))
    }

    // MARK: The URL

    /// `url` is what follows `fcgi:`. Makes the file name `proxy:fcgi://host:port/path` (proxy_fcgi_canon).
    static func canonicalize(_ request: Request, _ url: ByteString) -> Outcome {
        let location: ProxyURL.Location
        switch ProxyURL.parse(afterScheme: url) {
        case .location(let parsed): location = parsed
        case .malformed(let complaint):
            request.log(.error, "proxy_fcgi", "AH01059: error parsing URL \(url): \(complaint)")
            return .status(400)
        }
        let port: ByteString = location.port == 0 || location.port == defaultPort ? "" : ":\(location.port)"
        let host = location.host.contains(UInt8(ascii: ":")) ? "[\(location.host)]" : location.host
        var path = location.path
        if request.notes.contains("proxy-sethandler") || request.notes.contains("proxy-nocanon")
            || request.notes.contains("proxy-noencode")
        {
            let mayBeFPM = request[directory].mayBeFPM
            if path.contains(where: { $0 < 32 || $0 == 127 || mayBeFPM && $0 == UInt8(ascii: "?") }) {
                request.log(
                    .error, "proxy_fcgi",
                    "AH10414: To be forwarded path contains control characters\(mayBeFPM ? " or '?'" : "") (\(path))")
                return .status(403)
            }
        } else {
            let keeps = request[Core.directory].allowEncodedSlashes.value(default: .off) == .noDecode
            guard let encoded = ProxyURL.encodePath(path, keepsEncodedSlashes: keeps) else { return .status(400) }
            path = encoded
        }
        request.filename = "proxy:fcgi://\(host)\(port)/\(path)"
        if let kind = request.env["proxy-fcgi-pathinfo"] { splitPathInfo(request, kind, path) }
        return .ok
    }

    private static func splitPathInfo(_ request: Request, _ kind: ByteString, _ path: ByteString) {
        func decoded(_ text: ByteString) -> ByteString {
            var bytes = text.bytes
            _ = URLPath.unescape(&bytes, .keepSlashes)
            return ByteString(bytes)
        }
        switch kind.lowercased.string {
        case "full": request.notes.set("proxy-fcgi-walk", "/" + path)
        case "first-dot", "last-dot":
            let dot =
                kind.equalsIgnoringCase("first-dot")
                ? path.firstIndex(of: UInt8(ascii: ".")) : path.lastIndex(of: UInt8(ascii: "."))
            guard let dot, let slash = path.bytes[dot...].firstIndex(of: UInt8(ascii: "/")) else { return }
            request.pathInfo = decoded(path.from(slash))
            if let name = request.filename { request.filename = name.upTo(name.count - (path.count - slash)) }
        case "unescape": request.pathInfo = decoded("/" + path)
        default: request.pathInfo = "/" + path
        }
    }

    // MARK: Serving

    static func serve(_ request: Request, _ url: ByteString, _ worker: ProxyWorker?) async -> Outcome {
        guard case .location(let location) = ProxyURL.parse(afterScheme: url.from(5)) else {
            return ProxyHandler.error(request, 400, "URI has no hostname: \(url)")
        }
        let port = location.port == 0 ? defaultPort : location.port
        let parameters = worker?.parameters ?? WorkerParameters()
        if let refusal = ProxyHandler.refuseDisabled(request, worker, "FCGI", location.host, port) { return refusal }
        let timeout = Backend.timeout(worker, request)
        var backend = Backend(
            endpoints: [], host: location.host, port: port, timeout: timeout,
            connectTimeout: parameters.connectionTimeout ?? timeout)
        if let socket = worker?.socket ?? request.notes["uds_path"] {
            backend.endpoints = [.unix(socket)]
        } else {
            let addresses = await BackendPool.of(request).resolve(location.host, port)
            guard !addresses.isEmpty else {
                return ProxyHandler.error(request, 500, "DNS lookup failure for: \(location.host)")
            }
            backend.endpoints = addresses.map { .ip($0) }
        }
        backend.take(worker, request)
        if worker != nil {
            backend.isReusable = parameters.reuses ?? false
        } else {
            request.env.set("proxy-nokeepalive", "1")
        }
        var manners = manners
        let isSteady = worker?.socket != nil || request.notes.contains("uds_path")
        manners.keepsRecipe =
            isSteady && request[directory].setEnvIf.isEmpty && !request.notes.contains("proxy-fcgi-walk")
        return await FastCGIAnswer.answer(request, backend, manners)
    }
    /// Serves a request whose walk and variables are known.
    static func serve(_ request: Request, _ recipe: ScriptRecipe) async -> Outcome {
        await FastCGIAnswer.answer(request, recipe.backend, manners, recipe)
    }
    private static let manners = FastCGIAnswer.Manners(environment: fillEnvironment) { request, status in
        request.isInitial && request[Proxy.directory].overrides(status)
    }

    /// What the application is told (send_environment).
    @Sendable static func fillEnvironment(_ request: Request) -> Outcome? {
        let proxyName = request.filename
        findScript(request)
        if request.filename == proxyName, let name = proxyName, !request[directory].mayBeFPM,
            name.hasPrefix("proxy:fcgi://")
        {
            var stripped = name.from(13)
            if let args = request.args, !args.isEmpty, let question = stripped.firstIndex(of: UInt8(ascii: "?")),
                stripped.from(question + 1) == args
            {
                stripped = stripped.upTo(question)
            }
            request.filename = stripped.firstIndex(of: UInt8(ascii: "/")).map { stripped.from($0) }
        }
        CGIEnvironment.addCommonVariables(request)
        CGIEnvironment.addCGIVariables(request)
        PHPValues.addVariables(request)
        request.filename = proxyName
        return fixVariables(request)
    }

    /// `proxy-fcgi-pathinfo=full`: the longest beginning of the path that is a file is the script.
    private static func findScript(_ request: Request) {
        guard let path = request.notes["proxy-fcgi-walk"] else { return }
        for base in ["", request.documentRoot] as [ByteString] {
            let whole = base + path
            var end = whole.count
            while end > base.count {
                let name = whole.upTo(end)
                if request.files.status(name)?.kind == .regular {
                    request.filename = name
                    request.pathInfo = whole.from(end)
                    return
                }
                end = name.lastIndex(of: UInt8(ascii: "/")) ?? 0
            }
        }
    }

    /// `ProxyFCGISetEnvIf` has the last word (fix_cgivars).
    private static func fixVariables(_ request: Request) -> Outcome? {
        for entry in request[directory].setEnvIf {
            var matches = ExpressionMatches()
            do throws(ExpressionFailure) {
                guard try request.evaluate(entry.condition, matches: &matches) else { continue }
            } catch {
                request.log(
                    .error, "proxy_fcgi", "AH10241: fix_cgivars: Condition eval returned -1: \(error.message)")
                return .status(503)
            }
            guard let value = entry.value else {
                request.env.unset(entry.name)
                continue
            }
            do throws(ExpressionFailure) {
                request.env.set(entry.name, try request.string(value, matches: &matches))
            } catch {
                request.log(
                    .info, "proxy_fcgi",
                    "AH03514: Error evaluating expression for replacement of \(entry.name): '\(error.message)'")
            }
        }
        return nil
    }
}
