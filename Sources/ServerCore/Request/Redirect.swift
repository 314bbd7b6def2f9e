// Apache: modules/http/http_request.c internal_internal_redirect, ap_internal_fast_redirect;
//         server/request.c ap_sub_req_method_uri, ap_sub_req_lookup_file; server/core.c ap_is_recursion_limit_exceeded

import Bytes
import HTTP

extension Request {
    /// Answers this request with another URL of this server, as if the client had asked for it.
    /// Handlers return what this returns.
    public func internalRedirect(to newURI: ByteString, handler: ByteString? = nil) async -> Outcome {
        guard let redirected = redirected(to: newURI) else { return .status(500) }
        if let handler { redirected.handler = handler }
        let outcome = ProcessRequest.runAll(configuration.hooks.postReadRequest, redirected)
        if case .status = outcome {
            await ErrorResponse.finish(redirected, outcome)
        } else {
            await ProcessRequest.process(redirected)
        }
        return .done
    }

    private func redirected(to newURI: ByteString) -> Request? {
        guard !recursionLimitExceeded else { return nil }
        let new = Request(connection: connection, server: server, method: method, unparsedURI: newURI)
        new.setTarget(newURI)
        new.previous = self
        next = new
        new.main = main
        copyFacts(to: new)
        new.requestLine = requestLine
        new.vlistValidator = vlistValidator
        new.hostPort = hostPort
        new.status = status
        new.isHeadOnly = isHeadOnly
        new.headersInStorage = headersInStorage
        if Status(status).isRedirect, let location = headersOut["Location"] { new.headersOut.set("Location", location) }
        if notes.contains("redirect-keeps-vary"), let vary = headersOut["Vary"] { new.headersOut.set("Vary", vary) }
        new.errHeadersOut = errHeadersOut
        for (name, value) in env.pairs { new.env.add("REDIRECT_\(name)", value) }
        new.env.set("REDIRECT_STATUS", ByteString(decimal: status))
        new.noCache = noCache
        new.noLocalCopy = noLocalCopy
        new.allowed = allowed
        new.body = body
        new.bodyFraming = bodyFraming
        return new
    }
    private func copyFacts(to new: Request) {
        new.protocolNumber = protocolNumber
        new.assumedHTTP09 = assumedHTTP09
        new.hostname = hostname
        new.requestTime = requestTime
        new.useragentAddress = useragentAddress
        new.expectingContinue = expectingContinue
        new.dependencies = dependencies
    }

    var recursionLimitExceeded: Bool {
        var redirects = 0
        var subrequests = 0
        var request: Request? = self
        while let current = request {
            if current.previous != nil { redirects += 1 } else if current.main != nil { subrequests += 1 }
            request = current.previous ?? current.main
        }
        let redirectLimit = server[Core.server].redirectLimit.value(default: 10)
        let subrequestLimit = server[Core.server].subrequestLimit.value(default: 10)
        if redirects >= redirectLimit {
            log(
                .error, "core",
                "AH00124: Request exceeded the limit of \(redirectLimit) internal redirects due to probable configuration error. Use 'LimitInternalRecursion' to increase the limit if necessary. Use 'LogLevel debug' to get a backtrace."
            )
            return true
        }
        if subrequests >= subrequestLimit {
            log(
                .error, "core",
                "AH00125: Request exceeded the limit of \(subrequestLimit) subrequest nesting levels due to probable configuration error. Use 'LimitInternalRecursion' to increase the limit if necessary. Use 'LogLevel debug' to get a backtrace."
            )
            return true
        }
        return false
    }

    /// Sets `uri` and `args` from an origin-form target.
    public func setTarget(_ target: ByteString) {
        if let question = target.firstIndex(of: UInt8(ascii: "?")) {
            uri = target.upTo(question)
            args = target.from(question + 1)
        } else {
            uri = target
            args = nil
        }
    }

    /// Walks another URL of this server through the phases without answering it (ap_sub_req_lookup_uri).
    /// `status` of the result is 200 when it may be served; then `finfo`, `filename`, `contentType`, `handler` … tell how.
    public func lookup(uri newURI: ByteString, method: ByteString = "GET") -> Request {
        let sub = makeSubrequest(method: method)
        let absolute: ByteString
        if newURI.first == UInt8(ascii: "/") {
            absolute = newURI
        } else {
            absolute = parentDirectory(uri.isEmpty ? "/" : uri) + newURI
        }
        sub.unparsedURI = absolute
        sub.setTarget(absolute)
        return resolveSubrequest(sub)
    }

    /// Walks a file of this request's directory, or an absolute file name, through the phases (ap_sub_req_lookup_file).
    ///
    /// With `mergingPathInfo` the PATH_INFO and query of this request are the subrequest's too, as for a name that was
    /// read from the directory (ap_sub_req_lookup_dirent).
    public func lookup(file name: ByteString, mergingPathInfo: Bool = false) -> Request {
        let sub = makeSubrequest(method: "GET")
        sub.isFileSubrequest = true
        let directory = parentDirectory(filename ?? "/")
        let path = name.first == UInt8(ascii: "/") ? name : directory + name
        guard let canonical = canonicalPath(path) else {
            sub.status = 403
            return sub
        }
        sub.filename = canonical
        // Within the same directory the URL is known too. It is decoded again on its way.
        if canonical.hasPrefix(directory) {
            let own = uri.hasSuffix(pathInfo) ? uri.upTo(uri.count - pathInfo.count) : uri
            var url = parentDirectory(own) + canonical.from(directory.count)
            if mergingPathInfo {
                url = url + pathInfo
                sub.pathInfo = pathInfo
                sub.args = args
            }
            sub.uri = url.escapedPath
        } else {
            sub.uri = canonical.escapedPath
        }
        sub.unparsedURI = sub.uri
        return resolveSubrequest(sub)
    }

    private func makeSubrequest(method: ByteString) -> Request {
        let sub = Request(connection: connection, server: server, method: method, unparsedURI: "")
        sub.main = self
        copyFacts(to: sub)
        sub.requestLine = requestLine
        sub.headersInStorage = headersInStorage
        for name: ByteString in [
            "Content-Encoding", "Content-Language", "Content-Length", "Content-Location", "Content-Type",
            "Content-Range", "Last-Modified", "Transfer-Encoding", "If-Match", "If-Modified-Since",
            "If-Unmodified-Since", "If-None-Match", "If-Range", "Range",
        ] { sub.headersInStorage.unset(name) }
        sub.env = env
        sub.allowed = allowed
        return sub
    }

    private func resolveSubrequest(_ sub: Request) -> Request {
        if sub.recursionLimitExceeded {
            sub.status = 500
            return sub
        }
        var outcome = ProcessRequest.runFirst(configuration.hooks.quickHandler, sub)
        if outcome == .declined { outcome = ProcessRequest.blocking(sub) { ProcessRequest.resolveNow($0) } }
        if case .status(let status) = outcome { sub.status = status }
        dependencies.formUnion(sub.dependencies)
        return sub
    }

    /// Answers a subrequest made with `lookup` and returns its body; nil when its handler refused (ap_run_sub_req).
    public func run(_ sub: Request) async -> [UInt8]? {
        let outcome = await ProcessRequest.invokeHandler(sub)
        guard outcome == .ok || outcome == .done else { return nil }
        let answer = sub.last
        if !answer.isPrepared { ErrorResponse.finishContent(answer) }
        let source = answer.responseBody.asSource()
        var body: [UInt8] = []
        do throws(BodyError) {
            while let piece = try await source.next() { body.append(piece) }
        } catch { return nil }
        return body
    }

    /// Takes over where `other` leads, without running the phases again (ap_internal_fast_redirect).
    public func fastRedirect(to other: Request) {
        noCache = noCache && other.noCache
        noLocalCopy = noLocalCopy && other.noLocalCopy
        mtime = other.mtime
        uri = other.uri
        filename = other.filename
        canonicalFilename = other.canonicalFilename
        pathInfo = other.pathInfo
        args = other.args
        finfo = other.finfo
        handler = other.handler
        setContentType(other.contentType, isTrusted: other.isContentTypeTrusted)
        contentEncoding = other.contentEncoding
        contentLanguages = other.contentLanguages
        perDirectory = other.perDirectory
        notes = notes.overlaid(with: other.notes)
        headersOut = headersOut.overlaid(with: other.headersOut)
        errHeadersOut = errHeadersOut.overlaid(with: other.errHeadersOut)
        env = env.overlaid(with: other.env)
        outputFilters = other.outputFilters
        usedPathInfo = other.usedPathInfo
        moduleState.merge(other.moduleState) { $1 }
    }
}
