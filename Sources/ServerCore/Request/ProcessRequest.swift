// Apache: server/request.c ap_process_request_internal, server/config.c ap_invoke_handler,
//         modules/http/http_request.c ap_process_async_request

import Bytes
import HTTP
import Kernel

/// **The** way of a request. This file is the only place that runs the phases; docs/FLOW.md names the file of each.
enum ProcessRequest {
    /// A request as it came from the client, or an internal redirect: phases, handler, error documents.
    /// Afterwards `request.last` holds the answer.
    static func process(_ request: Request) async {
        var outcome = await suspending(request) { runFirst(request.configuration.hooks.quickHandler, $0) }
        if outcome == .declined {
            outcome = await resolveOrRecall(request)
            if outcome == .ok {
                let given = request.handler
                outcome = await callHandler(request)
                // Output filters see the handler's name still, error documents and loggers do not.
                if case .status = outcome { request.handler = given }
                await ErrorResponse.finish(request, outcome)
                request.handler = given
                return
            }
        }
        await ErrorResponse.finish(request, outcome)
    }

    /// Every phase up to and with fixups. Synchronous but for password checks and the like, which wait off the loop.
    static func resolve(_ request: Request) async -> Outcome {
        await suspending(request) { resolveNow($0) }
    }

    /// One synchronous attempt at all phases. `.suspended`: do `request.blockingWork` elsewhere, then call again; phases
    /// passed already are not run twice.
    static func resolveNow(_ request: Request) -> Outcome {
        while let phase = request.phase {
            let outcome = phase.run(request)
            switch outcome {
            case .ok: request.phase = phase.next
            case .declined: return .status(500)
            case .done, .status, .suspended: return outcome
            }
        }
        return .ok
    }

    /// Runs `attempt` until it no longer asks for blocking work.
    static func suspending(_ request: Request, _ attempt: (Request) -> Outcome) async -> Outcome {
        while true {
            let outcome = attempt(request)
            if outcome == .suspended, let work = request.loopWork {
                request.loopWork = nil
                request.doNotReuse()
                await work()
                continue
            }
            guard outcome == .suspended, let work = request.blockingWork else { return outcome }
            request.blockingWork = nil
            request.doNotReuse()
            request.blockingResult = await request.loop.blocking { BlockingResult(value: work()) }.value
        }
    }
    /// The same without a loop to wait on (subrequests): blocks.
    static func blocking(_ request: Request, _ attempt: (Request) -> Outcome) -> Outcome {
        while true {
            let outcome = attempt(request)
            guard outcome == .suspended, let work = request.blockingWork else { return outcome }
            request.blockingWork = nil
            request.doNotReuse()
            request.blockingResult = work()
        }
    }
    private struct BlockingResult: Sendable { let value: any Sendable }

    /// Inserts filters and finds the handler that takes the request.
    static func invokeHandler(_ request: Request) async -> Outcome {
        let given = request.handler
        defer { request.handler = given }
        return await callHandler(request)
    }
    /// As above; `request.handler` names the handler afterwards.
    private static func callHandler(_ request: Request) async -> Outcome {
        for insert in request.configuration.hooks.insertFilter.functions { insert(request) }
        for filter in request.outputFilters { filter.prepare?(request) }
        // The filter added first is the one the handler reads from.
        for filter in request.inputFilters.reversed() {
            if let body = request.body { request.body = filter.wrap(request, body) }
        }
        if !request.inputFilters.isEmpty { request.isBodyFiltered = true }
        request.inputFilters = []
        if request.handler == nil { request.handler = handlerFromType(request) ?? CoreHandler.name }
        let handlers = request.configuration.hooks.handlers
        for (handler, module) in zip(handlers.functions, handlers.modules) {
            let outcome = await handler(request)
            guard outcome != .declined else { continue }
            // What core serves is a function of the file, and so is where a request is sent on to; any other answer is
            // made anew each time.
            if module != Core.module.sourceName, request.next == nil { request.doNotReuse() }
            return outcome
        }
        if let handler = request.handler, handler != CoreHandler.name, let filename = request.filename {
            request.log(.warning, "core", "AH00523: handler \"\(handler)\" not found for: \(filename)")
        }
        return .status(500)
    }

    /// A media type that the server's configuration gave is the name of a handler too: `AddType application/x-httpd-php .php`.
    private static func handlerFromType(_ request: Request) -> ByteString? {
        guard request.isContentTypeTrusted, let type = request.contentType else { return nil }
        var end = type.firstIndex(of: UInt8(ascii: ";")) ?? type.count
        if end == type.count { return type }
        while end > 0, type[end - 1] == UInt8(ascii: " ") { end -= 1 }
        return type.upTo(end)
    }

    static func runFirst(_ list: HookList<Hooks.Phase>, _ request: Request) -> Outcome {
        for function in list.functions {
            let outcome = function(request)
            if outcome != .declined { return outcome }
        }
        return .declined
    }
    static func runAll(_ list: HookList<Hooks.Phase>, _ request: Request) -> Outcome {
        for function in list.functions {
            let outcome = function(request)
            if outcome != .declined && outcome != .ok { return outcome }
        }
        return .ok
    }
}

/// The phases in order. A phase that suspends is entered again; those before it are not.
enum Phase {
    case normalizePath, preTranslate, unescape, translate, mapToStorage, locationAgain, headerParser, authorize, type,
        fixups

    var next: Phase? {
        switch self {
        case .normalizePath: .preTranslate
        case .preTranslate: .unescape
        case .unescape: .translate
        case .translate: .mapToStorage
        case .mapToStorage: .locationAgain
        case .locationAgain: .headerParser
        case .headerParser: .authorize
        case .authorize: .type
        case .type: .fixups
        case .fixups: nil
        }
    }

    func run(_ request: Request) -> Outcome {
        let configuration = request.configuration
        // A subrequest for a file skips what maps URLs to files.
        let isFileRequest = request.isFileSubrequest
        switch self {
        case .normalizePath: return normalizePath(request)
        case .preTranslate:
            guard !isFileRequest else { return .ok }
            // Modules see what <Location> says before the path is decoded; that merge is thrown away again.
            let saved = request.perDirectory
            walkLocationAndIf(request)
            let outcome = ProcessRequest.runFirst(configuration.hooks.preTranslateName, request)
            request.perDirectory = saved
            if outcome == .done { request.keepsPathEncoded = true }
            return outcome == .declined || outcome == .done ? .ok : outcome
        case .unescape: return request.keepsPathEncoded ? .ok : unescapePath(request)
        case .translate:
            guard !isFileRequest else { return .ok }
            walkLocationAndIf(request)
            return ProcessRequest.runFirst(configuration.hooks.translateName, request)
        case .mapToStorage:
            request.perDirectory = request.server.lookupDefaults
            let outcome = ProcessRequest.runFirst(configuration.hooks.mapToStorage, request)
            return outcome == .declined ? .ok : outcome
        case .locationAgain:
            walkLocationAndIf(request)
            return .ok
        case .headerParser:
            guard !request.isSubrequest else { return .ok }
            if let outcome = resolveRemoteHost(request) { return outcome }
            return ProcessRequest.runAll(configuration.hooks.headerParser, request)
        case .authorize: return Authorization.run(request)
        case .type:
            let outcome = ProcessRequest.runFirst(configuration.hooks.typeChecker, request)
            return outcome == .declined ? .ok : outcome
        case .fixups: return ProcessRequest.runAll(configuration.hooks.fixups, request)
        }
    }

    /// `HostnameLookups`: the client's name, asked of the resolver off the loop; `Double` asks for its addresses back.
    private func resolveRemoteHost(_ request: Request) -> Outcome? {
        let mode = request[Core.directory].hostnameLookups.value(default: .off)
        guard mode != .off, request.resolvedRemoteHost == nil else { return nil }
        if let answer = request.blockingResult as? ByteString {
            request.blockingResult = nil
            request.resolvedRemoteHost = answer.isEmpty ? request.useragentAddress.text : answer
            return nil
        }
        let address = request.remoteAddress
        request.blockingWork = {
            guard let name = Resolver.name(of: address) else { return ByteString() }
            guard mode == .double else { return name.lowercased }
            let back = (try? Resolver.addresses(of: name, port: 0)) ?? []
            return back.contains { $0.hasSameHost(as: address) } ? name.lowercased : ByteString()
        }
        return .suspended
    }

    private func walkLocationAndIf(_ request: Request) {
        locationWalk(request)
        ifWalk(request)
    }

    /// Removes `/./`, `//` and `/../` before anything looks at the path.
    private func normalizePath(_ request: Request) -> Outcome {
        // What is for another server is its business.
        if request.isProxyRequest { return .ok }
        guard URLPath.normalize(&request.uri.bytes, normalizeFlags(request).union(.decodeUnreserved)) else {
            request.log(.error, "core", "AH10244: invalid URI path (\(request.unparsedURI))")
            return .status(400)
        }
        return .ok
    }
    private func normalizeFlags(_ request: Request) -> URLPath.NormalizeFlags {
        var flags: URLPath.NormalizeFlags = [.notAboveRoot]
        if request.server[Core.server].mergeSlashes.value(default: true) { flags.insert(.mergeSlashes) }
        if request.isFileSubrequest { flags.insert(.allowRelative) }
        return flags
    }

    /// Decodes %XX; `%2F` as `AllowEncodedSlashes` says.
    private func unescapePath(_ request: Request) -> Outcome {
        let slashes = request[Core.directory].allowEncodedSlashes.value(default: .off)
        var flags: URLPath.UnescapeFlags = .keepUnreserved
        if slashes == .off { flags.insert(.forbidSlashes) }
        if slashes == .noDecode { flags.insert(.keepSlashes) }
        if let status = URLPath.unescape(&request.uri.bytes, flags) {
            if status == .notFound, slashes == .off {
                request.log(
                    .info, "core",
                    "AH00026: found %2f (encoded '/') in URI path (\(request.unparsedURI)), returning 404")
            }
            // C's end of a string.
            if let end = request.uri.firstIndex(of: 0) { request.uri = request.uri.upTo(end) }
            return .status(status.code)
        }
        // Decoded slashes may have made new "/../".
        if slashes == .on { _ = URLPath.normalize(&request.uri.bytes, normalizeFlags(request)) }
        return .ok
    }
}

/// Access control, authentication and authorisation, tied together by `Satisfy`.
enum Authorization {
    /// Steps that may suspend are remembered in the request, so that a check is not made twice.
    enum Step { case access, accessEx, user, authorize, finished }

    static func run(_ request: Request) -> Outcome {
        // Who passed under this very configuration need not show a ticket again.
        if request.authorizationStep == .access, let earlier = request.previous ?? request.main,
            earlier.perDirectory === request.perDirectory
        {
            request.user = earlier.user
            request.authType = earlier.authType
            return .ok
        }
        let configuration = request.configuration
        let satisfyAny = request.configuration.satisfy?(request) == .any
        while request.authorizationStep != .finished {
            switch request.authorizationStep {
            case .access:
                let outcome = ProcessRequest.runAll(configuration.hooks.accessChecker, request)
                if outcome == .suspended { return outcome }
                if satisfyAny {
                    request.authorizationStep = outcome == .ok ? .finished : .accessEx
                } else {
                    guard outcome == .ok else { return outcome }
                    request.authorizationStep = .accessEx
                }
            case .accessEx:
                let outcome = ProcessRequest.runFirst(configuration.hooks.accessCheckerEx, request)
                switch outcome {
                case .ok: request.authorizationStep = .finished
                case .declined: request.authorizationStep = .user
                default: return outcome
                }
            case .user:
                let outcome = ProcessRequest.runFirst(configuration.hooks.checkUserID, request)
                guard outcome == .ok else { return outcome == .declined ? refuse(request) : outcome }
                guard request.user != nil else {
                    return noAuthentication(request, satisfyAny ? "AH00028" : "AH00027")
                }
                request.authorizationStep = .authorize
            case .authorize:
                let outcome = ProcessRequest.runFirst(configuration.hooks.authChecker, request)
                guard outcome == .ok else { return outcome == .declined ? .status(500) : outcome }
                request.authorizationStep = .finished
            case .finished: break
            }
        }
        return .ok
    }
    private static func refuse(_ request: Request) -> Outcome {
        request.log(.error, "core", "AH00025: configuration error:  couldn't check user: \(request.uri)")
        return .status(500)
    }
    private static func noAuthentication(_ request: Request, _ number: String) -> Outcome {
        request.log(
            .error, "core",
            "\(number): No authentication done but request not allowed without authentication for \(request.uri). Authentication not configured?"
        )
        return .status(500)
    }
}

/// `Satisfy All|Any` (mod_access_compat answers through ``Configuration/satisfy``).
public enum Satisfy: Sendable { case all, any, unspecified }
