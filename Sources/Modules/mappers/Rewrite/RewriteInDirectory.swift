// Apache: modules/mappers/mod_rewrite.c (hook_fixup, hook_mimetype, handler_redirect)

import Bytes
import ServerCore

/// Rules of a directory: the file is known already, so what they make of it is asked for anew.
enum RewriteInDirectory {
    @Sendable static func fixup(_ request: Request) -> Outcome {
        guard request[Rewrite.directory].engine.value(default: false) else { return .declined }
        let config = request[Rewrite.directory]
        guard let directory = config.directory else { return .declined }
        let options = config.options.value(default: [])
        let isProxy = request.filename?.hasPrefix("proxy:") ?? false
        // `/dir` without its slash is mod_dir's to redirect.
        if !isProxy, !options.contains(.allowNoSlash), let name = request.filename,
            name.count == directory.count - 1, directory.hasPrefix(name)
        {
            return .declined
        }
        if request.hasEndedRewriting {
            RewriteLog.trace(request, 8, directory, "Declining, no further rewriting due to END flag")
            return .declined
        }
        let allowed = request[Core.directory].effectiveOptions
        guard !allowed.isDisjoint(with: [.followSymLinks, .symLinksIfOwnerMatch]) else {
            request.log(
                .error, "rewrite",
                "AH00670: Options FollowSymLinks and SymLinksIfOwnerMatch are both off, so the RewriteRule directive is also forbidden due to its similar ability to circumvent directory restrictions : \(request.filename ?? "")"
            )
            return .status(403)
        }
        return run(request, config, directory, options)
    }

    private static func run(
        _ request: Request, _ config: RewriteDirectoryConfig, _ directory: ByteString, _ options: RewriteOptions
    ) -> Outcome {
        let oldName = request.filename
        let oldArgs = request.args
        if request.filename == nil {
            request.filename = request.uri
            RewriteLog.trace(request, 2, directory, "init rewrite engine with requested uri \(request.uri)")
        }
        let (action, _) = applyRewriteList(config.rules, to: request, directory: directory)
        if action == .waiting {
            request.filename = oldName
            return .suspended
        }
        let name = request.filename ?? ""
        guard action != .none else {
            RewriteLog.trace(request, 1, directory, "pass through \(name)")
            request.filename = oldName
            return .declined
        }
        let scheme = RewriteURL.absolute(name)?.length
        if let outcome = action.outcome(request, isAbsolute: scheme != nil, "AH10411") { return outcome }
        if name.count > 6, name.hasPrefix("proxy:") { return proxy(request, action, directory) }
        if let scheme {
            if let base = config.base.value { replaceInURL(request, scheme, directory, base) }
            return RewriteInServer.redirectToURL(request, action, scheme, oldArgs, directory: directory)
        }
        return redirectInside(request, config, directory, options, oldName)
    }

    private static func proxy(_ request: Request, _ action: RewriteAction, _ directory: ByteString) -> Outcome {
        if let outcome = RewriteAction.refusalWithoutProxy(request, "AH10160") { return outcome }
        if action == .noEscape { request.notes.set("proxy-nocanon", "1") }
        if let args = request.args, request.notes.contains("proxy-nocanon") {
            request.filename = (request.filename ?? "") + "?" + args
        }
        request.handler = "proxy-server"
        RewriteLog.trace(request, 1, directory, "go-ahead with proxy request \(request.filename ?? "") [OK]")
        return .ok
    }

    /// A relative substitution with [R] has the directory's path in its URL: RewriteBase takes its place.
    private static func replaceInURL(
        _ request: Request, _ scheme: Int, _ directory: ByteString, _ base: ByteString
    ) {
        let url = request.filename ?? ""
        guard let slash = url.bytes[scheme...].firstIndex(of: UInt8(ascii: "/")), slash + 1 < url.count else { return }
        let context = RewriteContext(request, directory: directory)
        context.trace(2, "trying to replace prefix \(directory) with \(base)")
        let path = url.from(slash + 1)
        let prefix = directory.first == UInt8(ascii: "/") ? directory.from(1) : directory
        let replaced = RewriteURL.substitutePrefix(path, prefix, base.from(1), context)
        if replaced != path { request.filename = url.upTo(slash + 1) + replaced }
    }

    /// Turns the path into a URL again and leaves the rest to ``redirect(_:)``.
    private static func redirectInside(
        _ request: Request, _ config: RewriteDirectoryConfig, _ directory: ByteString, _ options: RewriteOptions,
        _ oldName: ByteString?
    ) -> Outcome {
        var name = request.filename ?? ""
        if name.count > 12, name.hasPrefix("passthrough:") { name = name.from(12) }
        request.filename = name
        guard name.first == UInt8(ascii: "/") else { return .status(400) }
        if name == oldName {
            RewriteLog.trace(request, 1, directory, "initial URL equal rewritten URL: \(name) [IGNORING REWRITE]")
            return .ok
        }
        let context = RewriteContext(request, directory: directory)
        let before = name
        if let base = config.base.value {
            context.trace(2, "trying to replace prefix \(directory) with \(base)")
            name = RewriteURL.substitutePrefix(name, directory, base, context)
        } else {
            let root = request.documentRoot
            let length = root.last == UInt8(ascii: "/") ? root.count - 1 : root.count
            if name.count > length, name.hasPrefix(root.upTo(length)), name[length] == UInt8(ascii: "/") {
                context.trace(2, "strip document_root prefix: \(name) -> \(name.from(length))")
                name = name.from(length)
            }
        }
        if name == before, !options.contains(.ignoreContextInfo) {
            let root = request.contextDocumentRoot ?? request.documentRoot
            let prefix = request.contextPrefix ?? ""
            context.trace(2, "trying to replace context docroot \(root) with context prefix \(prefix)")
            name = RewriteURL.substitutePrefix(name, root, prefix, context)
        }
        request.notes.set("redirect-keeps-vary", "")
        context.trace(1, "internal redirect with \(name) [INTERNAL REDIRECT]")
        request.filename = "redirect:" + name
        request.handler = Rewrite.redirectHandler
        return .ok
    }

    /// [T] and [H].
    @Sendable static func forceType(_ request: Request) -> Outcome {
        if let type = request.notes[RewriteNote.forcedType], !type.isEmpty {
            RewriteLog.trace(
                request, 1, nil, "force filename \(request.filename ?? "") to have MIME-type '\(type)'")
            request.setContentType(type, isTrusted: true)
        }
        if let handler = request.notes[RewriteNote.forcedHandler], !handler.isEmpty {
            RewriteLog.trace(
                request, 1, nil, "force filename \(request.filename ?? "") to have the Content-handler '\(handler)'")
            request.handler = handler
        }
        return .ok
    }

    @Sendable static func redirect(_ request: Request) async -> Outcome {
        guard request.handler == Rewrite.redirectHandler, let name = request.filename, name.hasPrefix("redirect:")
        else { return .declined }
        let url = name.from(9)
        return await request.internalRedirect(to: request.args.map { url + "?" + $0 } ?? url)
    }
}
