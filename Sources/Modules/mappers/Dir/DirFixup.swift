// Apache: modules/mappers/mod_dir.c (fixup_dir, fixup_dflt)

import Bytes
import HTTP
import ServerCore

enum DirFixup {
    @Sendable static func fixup(_ request: Request) -> Outcome {
        if request.finfo?.kind == .directory { return directory(request) }
        if request.finfo == nil, request.handler == nil { return fallback(request) }
        return .declined
    }

    /// FallbackResource: answers what is no file.
    private static func fallback(_ request: Request) -> Outcome {
        guard let name = request[Dir.directory].fallback.value, !name.equalsIgnoringCase("disabled") else {
            return .declined
        }
        let sub = request.lookup(uri: withQuery(name, request))
        if isServable(sub) {
            request.fastRedirect(to: sub)
            return .ok
        }
        if (300..<400).contains(sub.status) { takeFields(of: sub, request) }
        return sub.status == 404 || sub.status == 200 ? .declined : .status(sub.status)
    }

    private static func directory(_ request: Request) -> Outcome {
        if request.handler == nil { request.handler = Dir.directoryType }
        guard request.pathInfo.isEmpty else { return .declined }
        if request.uri.last != UInt8(ascii: "/") { return addSlash(request) }
        // A rule of mod_rewrite has the request; its handler comes next.
        let isRewritten = request.handler == "redirect-handler"
        let isHandled =
            request[Dir.directory].checksHandler.value(default: false) && request.handler != Dir.directoryType
        if isRewritten || isHandled {
            if request.contentType == Dir.directoryType { request.contentType = nil }
            return .declined
        }
        return findIndex(request)
    }

    private static func addSlash(_ request: Request) -> Outcome {
        guard request[Dir.directory].slash.value(default: true) else { return .declined }
        if !request.methodNumber.isGet, request.isSet("redirect-carefully") { return .declined }
        let url = request.uri.escapedPath + "/"
        request.headersOut.set("Location", request.absoluteURL(withQuery(url, request)))
        return .status(301)
    }

    private static func findIndex(_ request: Request) -> Outcome {
        let setting = request[Dir.directory].indexNames
        let names = setting.value(default: ["index.html"])
        var lastError: Int?
        for (index, name) in names.enumerated() {
            let sub = request.lookup(uri: withQuery(name, request))
            if isServable(sub) {
                let status = request[Dir.directory].indexRedirect.value(default: 0)
                guard (300..<400).contains(status) else {
                    request.fastRedirect(to: sub)
                    return .ok
                }
                request.headersOut.set("Location", request.absoluteURL(sub.uri))
                return .status(status)
            }
            let isLast = index == names.count - 1
            if (300..<400).contains(sub.status) || (sub.status == 406 || sub.status == 401) && isLast {
                takeFields(of: sub, request)
                return .status(sub.status)
            }
            // Trouble with one name must not end in a listing of the directory.
            if sub.status != 404, sub.status != 200 { lastError = sub.status }
        }
        if let lastError { return .status(lastError) }
        // For mod_autoindex's message.
        request.notes.set("dir-index-names", joined(names))
        return .declined
    }

    /// 200 may be a file with PATH_INFO or nothing at all: an index must be a file.
    private static func isServable(_ sub: Request) -> Bool {
        sub.status == 200 && (sub.handler == "proxy-server" || sub.finfo?.kind == .regular)
    }
    private static func withQuery(_ url: ByteString, _ request: Request) -> ByteString {
        request.args.map { url + "?" + $0 } ?? url
    }
    private static func takeFields(of sub: Request, _ request: Request) {
        request.notes = request.notes.overlaid(with: sub.notes)
        request.headersOut = request.headersOut.overlaid(with: sub.headersOut)
        request.errHeadersOut = request.errHeadersOut.overlaid(with: sub.errHeadersOut)
    }
    private static func joined(_ names: [ByteString]) -> ByteString {
        ByteString(Array(names.map(\.bytes).joined(separator: [UInt8(ascii: ",")])))
    }
}
