// Apache: modules/mappers/mod_rewrite.c (hook_uri2file)

import Bytes
import Kernel
import ServerCore

/// Rules of a server: they see the URL before it is a file.
enum RewriteInServer {
    @Sendable static func translate(_ request: Request) -> Outcome {
        guard request[Rewrite.directory].engine.value(default: false),
            request.server[Rewrite.server].owner == ObjectIdentifier(request.server)
        else { return .declined }
        if request.hasEndedRewriting {
            RewriteLog.trace(request, 8, nil, "Declining, no further rewriting due to END flag")
            return .declined
        }
        // What is not a path must not meet patterns that were written for paths (CVE-2011-3368, CVE-2011-4317).
        let options = request[Rewrite.directory].options.value(default: [])
        if !options.contains(.allowAnyURI), request.unparsedURI == "*" || request.uri.first != UInt8(ascii: "/") {
            RewriteLog.trace(
                request, 8, nil,
                "Declining, request-URI '\(request.uri)' is not a URL-path. Consult the manual entry for the RewriteOptions directive for options and caveats about matching other strings."
            )
            return .declined
        }
        let oldArgs = request.args
        setScriptVariables(request)
        let action: RewriteAction
        var lastRule: RewriteRule?
        if let known = request.notes[RewriteNote.rewritten] {
            RewriteLog.trace(
                request, 2, nil,
                "uri already rewritten. Status \(known), Uri \(request.uri), r->filename \(request.filename ?? "")")
            action = known.decimal.flatMap(RewriteAction.init(rawValue:)) ?? .none
        } else {
            let oldName = request.filename
            if let name = oldName {
                RewriteLog.trace(
                    request, 2, nil,
                    "init rewrite engine with passed filename \(name). Original uri = \(request.uri)")
            } else {
                request.filename = request.uri
                RewriteLog.trace(request, 2, nil, "init rewrite engine with requested uri \(request.uri)")
            }
            (action, lastRule) = applyRewriteList(request.server[Rewrite.server].rules, to: request, directory: nil)
            if action == .waiting {
                request.filename = oldName
                return .suspended
            }
            request.notes.set(RewriteNote.rewritten, ByteString(decimal: action.rawValue))
        }
        return finish(request, action, lastRule, oldArgs)
    }

    /// SCRIPT_URL and SCRIPT_URI: what the client asked for, whatever becomes of it.
    private static func setScriptVariables(_ request: Request) {
        let url: ByteString?
        if let main = request.main {
            url = main.env["SCRIPT_URL"]
        } else {
            url = request.env["REDIRECT_SCRIPT_URL"] ?? request.uri
        }
        if let url { request.env.set("SCRIPT_URL", url) }
        request.env.set("SCRIPT_URI", request.serverURL + (url ?? ""))
    }

    private static func finish(
        _ request: Request, _ action: RewriteAction, _ lastRule: RewriteRule?, _ oldArgs: ByteString?
    ) -> Outcome {
        let name = request.filename ?? ""
        guard action != .none else {
            RewriteLog.trace(request, 1, nil, "pass through \(name)")
            return .declined
        }
        let scheme = RewriteURL.absolute(name)?.length
        if let outcome = action.outcome(request, isAbsolute: scheme != nil, "AH10410") { return outcome }
        if name.count > 6, name.hasPrefix("proxy:") { return proxy(request, action) }
        if let scheme { return redirectToURL(request, action, scheme, oldArgs, directory: nil) }
        if name.count > 12, name.hasPrefix("passthrough:") {
            request.uri = name.from(12)
            return .declined
        }
        return localPath(request, lastRule)
    }

    private static func proxy(_ request: Request, _ action: RewriteAction) -> Outcome {
        if let outcome = RewriteAction.refusalWithoutProxy(request, "AH00669") { return outcome }
        if action == .noEscape { request.notes.set("proxy-nocanon", "1") }
        request.filename = (request.filename ?? "") + request.pathInfo
        if let args = request.args, request.isProxyRequest || request.notes.contains("proxy-nocanon") {
            request.filename = (request.filename ?? "") + "?" + args
        }
        request.handler = "proxy-server"
        RewriteLog.trace(request, 1, nil, "go-ahead with proxy request \(request.filename ?? "") [OK]")
        return .ok
    }

    /// Escapes an absolute URL and its query, and answers with it. `request.status` says how when a rule did.
    static func redirectToURL(
        _ request: Request, _ action: RewriteAction, _ scheme: Int, _ oldArgs: ByteString?, directory: ByteString?
    ) -> Outcome {
        var url = request.filename ?? ""
        if action != .noEscape {
            RewriteLog.trace(request, 1, directory, "escaping \(url) for redirect")
            url = RewriteURL.escapeAbsolute(url, scheme: scheme)
        }
        if let args = request.args {
            // A query that no rule touched is as the client wrote it.
            let copies = action == .noEscape || args == oldArgs
            let query = copies ? args : args.escapedPath
            url = url + "?" + query
            RewriteLog.trace(
                request, 1, directory,
                "\(copies ? "copying" : "escaping") \(args) to query string for redirect \(copies ? "" : query)")
        }
        request.filename = url
        var status = 302
        if (300..<400).contains(request.status) {
            status = request.status
            request.status = 200
        }
        request.headersOut.set("Location", url)
        RewriteLog.trace(request, 1, directory, "redirect to \(url) [REDIRECT/\(status)]")
        return .status(status)
    }

    /// A path: of the file system when it begins like one, below DocumentRoot otherwise.
    private static func localPath(_ request: Request, _ lastRule: RewriteRule?) -> Outcome {
        let name = withHome(request.filename ?? "")
        request.filename = name
        RewriteLog.trace(request, 2, nil, "local path result: \(name)")
        guard name.first == UInt8(ascii: "/") else { return .status(400) }
        let options = request.server[Rewrite.server].options.value(default: [])
        let isReduced =
            !options.contains(.legacyPrefixDocRoot) && request.notes.contains("mod_rewrite_uri_reduced")
        let context = RewriteContext(request, directory: nil)
        let rule = options.contains(.unsafePrefixStat) ? nil : lastRule
        if !context.prefixExists(name, lastRule: rule) || isReduced {
            let uri = request.uri
            request.uri = name
            let outcome = request.translateBelowDocumentRoot()
            request.uri = uri
            guard outcome == .ok else {
                RewriteLog.trace(
                    request, 1, nil, "prefixing with document_root of \(request.filename ?? "") FAILED")
                return outcome
            }
            RewriteLog.trace(request, 2, nil, "prefixed with document_root to \(request.filename ?? "")")
        }
        RewriteLog.trace(request, 1, nil, "go-ahead with \(request.filename ?? "") [OK]")
        return .ok
    }

    /// `/~user/x`: below that user's home (expand_tildepaths).
    private static func withHome(_ path: ByteString) -> ByteString {
        guard path.hasPrefix("/~") else { return path }
        let end = path.bytes[2...].firstIndex(of: UInt8(ascii: "/")) ?? path.count
        guard end > 2, let user = Users.user(path[2..<end]), !user.home.isEmpty else { return path }
        guard end < path.count else { return user.home }
        let home = user.home.last == UInt8(ascii: "/") ? user.home.upTo(user.home.count - 1) : user.home
        return home + path.from(end)
    }
}
