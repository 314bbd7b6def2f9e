// Apache: server/core.c default_handler, core_map_to_storage, ap_core_translate, core_override_type;
//         modules/http/http_protocol.c ap_send_http_options, ap_send_http_trace, ap_set_etag

import Bytes
import Expressions
import HTTP
import Kernel

/// What core itself does with a request: map it below DocumentRoot, give it its handler, serve a plain file.
enum CoreHandler {
    static let name: ByteString = "default-handler"

    static func register(_ hooks: inout Hooks) {
        hooks.onCheckConfig(ErrorLogDirectories.check)
        hooks.onTranslateName(translate, order: .reallyLast)
        hooks.onMapToStorage(mapToStorage, order: .reallyLast)
        hooks.onMapToStorage(trace, order: .middle)
        hooks.onMapToStorage(optionsOfServer, order: .middle)
        hooks.onFixups(overrideType, order: .reallyFirst)
        hooks.onInsertFilter(insertConfiguredFilters, order: .middle)
        hooks.onHandler(offerProtocols, order: .reallyFirst)
        hooks.onHandler(handle, order: .reallyLast)
    }

    /// Tells the client with its first answer which protocols are preferred here to the one that is spoken
    /// (core_upgrade_handler).
    @Sendable static func offerProtocols(_ request: Request) async -> Outcome {
        let connection = request.connection
        guard connection.keepAlives == 0, connection.secondary == nil, !request.isSubrequest,
            let protocols = request.server[Core.server].protocols.value, request.headersInStorage["Upgrade"] == nil
        else { return .declined }
        let preferred = protocols.prefix { $0 != "http/1.1" }
        guard !preferred.isEmpty else { return .declined }
        var names = ByteString()
        for name in preferred { names.append(names.isEmpty ? name : "," + name) }
        request.headersOut.set("Upgrade", names)
        request.headersOut.set("Connection", "Upgrade")
        return .declined
    }

    /// URL below DocumentRoot (ap_core_translate).
    @Sendable static func translate(_ request: Request) -> Outcome {
        guard !request.isProxyRequest else { return .status(403) }
        guard !request.uri.isEmpty, request.uri.first == UInt8(ascii: "/") || request.uri == "*" else {
            request.log(
                .error, "core",
                "AH00126: Invalid URI in request '\(request.requestLine)'")
            return .status(400)
        }
        let root = request.server[Core.server].documentRoot.value(default: "/var/www/html")
        let path: ByteString
        if let serverPath = request.server.path, request.uri.hasPrefix(serverPath),
            serverPath.last == UInt8(ascii: "/") || request.uri.count == serverPath.count
                || request.uri[serverPath.count] == UInt8(ascii: "/")
        {
            path = request.uri.from(serverPath.count)
        } else {
            path = request.uri
        }
        // Never above the root, whatever was decoded into the path.
        guard let canonical = canonicalPath(path.first == UInt8(ascii: "/") ? path : "/" + path) else {
            request.log(.error, "core", "AH00127: Cannot map \(request.requestLine) to file")
            return .status(403)
        }
        request.filename = root + canonical
        request.canonicalFilename = request.filename
        return .ok
    }

    @Sendable static func mapToStorage(_ request: Request) -> Outcome {
        let outcome = directoryWalk(request)
        guard outcome == .ok else { return outcome }
        filesWalk(request)
        return .ok
    }

    /// `OPTIONS *` is an answer without more, and without Allow (http_core.c http_send_options).
    @Sendable static func optionsOfServer(_ request: Request) -> Outcome {
        request.methodNumber == .options && request.uri == "*" ? .done : .declined
    }

    /// TRACE echoes the request as it came (ap_send_http_trace); `TraceEnable off` refuses.
    @Sendable static func trace(_ request: Request) -> Outcome {
        guard request.methodNumber == .trace else { return .declined }
        let enabled = request.server[Core.server].traceEnable.value(default: .on)
        if enabled == .off {
            request.notes.set("error-notes", "TRACE denied by server configuration")
            return .status(405)
        }
        switch request.bodyFraming {
        case .none: break
        case .length(let length) where enabled == .extended && length > TraceBody.limit:
            request.notes.set("error-notes", TraceBody.tooLong)
            return .status(413)
        case .length, .chunked:
            guard enabled == .extended else {
                request.notes.set("error-notes", "TRACE with a request body is not allowed")
                return .status(413)
            }
        }
        var echo: [UInt8] = []
        echo.append(request.requestLine)
        echo.append("\r\n")
        request.headersIn.appendFieldLines(to: &echo)
        echo.append("\r\n")
        request.contentType = "message/http"
        request.isLengthUntold = true
        if let body = request.body {
            request.responseBody = .stream(TraceBody(request, head: ByteString(echo), body))
        } else {
            request.responseBody = .bytes(ByteString(echo))
        }
        return .done
    }

    /// SetHandler and ForceType (core_override_type).
    @Sendable static func overrideType(_ request: Request) -> Outcome {
        let core = request[Core.directory]
        if case .set(let type?) = core.forcedType { request.contentType = type }
        if case .set(let expression?) = core.handlerExpression {
            guard let handler = try? request.string(expression) else { return .status(500) }
            if handler != "none" { request.handler = handler }
        } else if case .set(let handler?) = core.handler {
            request.handler = handler
        } else if case .set(nil) = core.handler {
            request.handler = nil
        }
        switch core.acceptPathInfo.value(default: .default) {
        case .default: break
        case .on: request.usedPathInfo = .on
        case .off: request.usedPathInfo = .off
        }
        return .ok
    }

    /// SetOutputFilter, SetInputFilter.
    @Sendable static func insertConfiguredFilters(_ request: Request) {
        let configuration = request.configuration
        for name in request[Core.directory].outputFilters {
            guard let filter = configuration.hooks.outputFilters[name.lowercased] else {
                unknownFilter(name, request)
                continue
            }
            request.outputFilters.append(filter)
        }
        for name in request[Core.directory].inputFilters {
            guard let filter = configuration.hooks.inputFilters[name.lowercased] else {
                unknownFilter(name, request)
                continue
            }
            request.inputFilters.append(filter)
        }
    }
    private static func unknownFilter(_ name: ByteString, _ request: Request) {
        request.log(.error, "core", "AH00082: an unknown filter was not added: \(name)")
    }

    /// Serves a plain file.
    @Sendable static func handle(_ request: Request) async -> Outcome {
        request.allowed |= Method.get.bit | Method.options.bit | Method.post.bit
        if let refusal = await request.discardBody() { return .status(refusal) }
        switch request.methodNumber {
        case .get, .head, .post: return serveFile(request)
        case .options: return request.answerOptions()
        case .other:
            request.log(.error, "core", "AH00135: Invalid method in request \(request.requestLine)")
            return .status(501)
        default: return .status(405)
        }
    }

    private static func serveFile(_ request: Request) -> Outcome {
        let name = request.filename ?? ""
        guard let status = request.finfo, status.kind != .directory, status.kind != .symlink else {
            if request.finfo?.kind == .directory {
                request.log(.info, "core", "AH00129: Attempt to serve directory: \(name)")
            } else {
                request.log(.info, "core", "AH00128: File does not exist: \(name)\(request.pathInfo)")
            }
            return .status(404)
        }
        if request.usedPathInfo != .on, !request.pathInfo.isEmpty {
            request.log(.info, "core", "AH00130: File does not exist: \(name)\(request.pathInfo)")
            return .status(404)
        }
        guard request.methodNumber.isGet || request.deliverScript else {
            request.log(.error, "core", "AH00131: This resource does not accept the \(request.method) method.")
            return .status(405)
        }
        let descriptor: Descriptor
        do throws(Errno) {
            descriptor = try File.open(name, .readOnly)
        } catch {
            request.log(
                .error, "core",
                "(\(error.rawValue))\(error.description): AH00132: file permissions deny server access: \(name)")
            return .status(403)
        }
        let file = OpenFile(descriptor)
        request.setValidators(from: status)
        request.headersOut.set("Accept-Ranges", request[Core.directory].refusesRanges ? "none" : "bytes")
        request.headersOut.set("Content-Length", ByteString(decimal: status.size))
        if request[Core.directory].contentDigest.value(default: false),
            let bytes = try? File.readWhole(name, limit: 1 << 30)
        {
            request.headersOut.set("Content-MD5", Base64.encode(Digest.md5(bytes)))
        }
        if request.isPreconditionFailed { return .ok }
        request.responseBody = status.size == 0 ? .none : .pieces([.file(file, offset: 0, count: status.size)])
        return .ok
    }

}

extension Request {
    /// The echo of a TRACE request (ap_send_http_trace).
    public func answerTrace() -> Outcome { CoreHandler.trace(self) }
    /// `Allow` for OPTIONS (ap_send_http_options).
    public func answerOptions() -> Outcome {
        if assumedHTTP09 { return .declined }
        headersOut.set("Content-Length", "0")
        headersOut.set("Allow", allowLine)
        return .ok
    }
    /// Maps `uri` below DocumentRoot into `filename`, as core does when no module did (ap_core_translate).
    public func translateBelowDocumentRoot() -> Outcome { CoreHandler.translate(self) }
    /// Sets Last-Modified and ETag from a file (ap_update_mtime, ap_set_last_modified, ap_set_etag).
    public func setValidators(from status: FileStatus) {
        updateMtime(status.modifiedMicroseconds)
        setLastModified()
        setETag(status)
    }
    /// The newest of the times that went into the answer, in µs (ap_update_mtime).
    public func updateMtime(_ time: Int64) { if time > mtime { mtime = time } }
    /// Last-Modified from `mtime`, never later than now.
    public func setLastModified() {
        guard mtime > 0 else { return }
        var text: [UInt8] = []
        HTTPDate.append(Int(min(mtime, requestTime) / 1_000_000), to: &text)
        headersOut.set("Last-Modified", ByteString(text))
    }
    /// ETag as `FileETag` says (modules/http/http_etag.c).
    public func setETag(_ status: FileStatus) {
        let core = self[Core.directory]
        var bits = core.etagBits.subtracting(core.etagRemove).union(core.etagAdd)
        if bits.contains(.none), !bits.contains(.digest) {
            notes.set("no-etag", "omit")
            return
        }
        if bits.isEmpty { bits = [.mtime, .size] }
        var parts: EntityTag.Parts = []
        if bits.contains(.inode) { parts.insert(.inode) }
        if bits.contains(.size) { parts.insert(.size) }
        if bits.contains(.mtime) { parts.insert(.modificationTime) }
        // A file of this very second gets a weak tag, which the next second's request must not see.
        if requestTime - mtime < 2_000_000 { doNotReuse() }
        if bits.contains(.digest), let name = filename, let bytes = try? File.readWhole(name, limit: 1 << 30) {
            doNotReuse()
            headersOut.set("ETag", "\"\(Base64.encode(Digest.sha1(bytes)))\"")
            return
        }
        var tag: [UInt8] = []
        EntityTag.append(
            inode: status.inode, size: UInt64(clamping: status.size), modified: Int(mtime), now: Int(requestTime),
            parts: parts, variants: vlistValidator, to: &tag)
        headersOut.set("ETag", ByteString(tag))
    }
    /// Evaluates If-* against the validators set so far; true when the answer is 304 or 412, which is set
    /// (ap_meets_conditions).
    public var isPreconditionFailed: Bool {
        guard !noLocalCopy, !Status(status).isError else { return false }
        var conditions = Conditions()
        conditions.ifMatch = header("If-Match")
        conditions.ifNoneMatch = header("If-None-Match")
        conditions.ifModifiedSince = header("If-Modified-Since")
        conditions.ifUnmodifiedSince = header("If-Unmodified-Since")
        conditions.ifRange = header("If-Range")
        conditions.hasRange = header("Range") != nil
        switch conditions.evaluate(methodNumber, validators) {
        case .proceed: return false
        case .notModified: status = 304
        case .preconditionFailed: status = 412
        }
        responseBody = .none
        return true
    }
    /// What the answer's fields say of its representation.
    var validators: Conditions.Validators {
        Conditions.Validators(
            entityTag: headersOut["ETag"], lastModified: headersOut["Last-Modified"].flatMap { HTTPDate.parse($0) },
            now: Int(requestTime / 1_000_000))
    }
    /// Reads and forgets the request body (ap_discard_request_body); a status when that is refused.
    public func discardBody() async -> Int? {
        // Where the connection ends anyway nobody needs to read what comes.
        guard let body, !isSubrequest, connection.keepAlive != .close else { return nil }
        guard !Status(status).dropsConnection else {
            connection.keepAlive = .close
            return nil
        }
        do throws(BodyError) {
            while try await body.next() != nil {}
            return nil
        } catch {
            connection.keepAlive = .close
            return error.requestStatus
        }
    }
}
